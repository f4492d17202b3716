"""What a file turned out to hold, between reading and building: the model, what lies beside it, facts about it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from ..graph import GraphBuilder, ModelGraph, NodeKind, Provenance
from ..graph.roles import RESERVED, recognise
from .files import input_error, plain_text
from .huggingface import display_name
from .limits import LoadLimits
from .quantisation import note_quantisation
from .tensor_table import TensorTable, add_tensors
from .untyped import is_sequence

__all__ = ["Checkpoint", "Report", "build_graph", "module_attributes", "short_attributes", "shown_value"]

Report = Callable[[str, float | None], None]
"""Told what is being read, and how much of it is done (0 to 1, None when that is not known)."""

_MAX_ATTRIBUTES = 200
_MAX_TEXT = 200
_MAX_LIST = 16


@dataclass(slots=True)
class Checkpoint:
    """A model's tensors and everything else that its file says.

    Attributes
    ----------
    model : TensorTable
        Hangs on the root.
    beside : list of (str, NodeKind, TensorTable)
        Subtrees of their own: optimizer state, or further modules.
    attributes : mapping
        Of the root.
    config : mapping or None
        A Hugging Face style configuration: sizes that names and shapes do not tell.
    warnings : list of str
        What a user should know about how it was read.
    refine : callable, optional
        What the file's names say beyond a tree: called with the graph before its roles are recognised.
    """

    model: TensorTable
    beside: list[tuple[str, NodeKind, TensorTable]] = field(default_factory=list[tuple[str, NodeKind, TensorTable]])
    attributes: Mapping[str, Any] = field(default_factory=dict[str, Any])
    config: Mapping[str, Any] | None = None
    warnings: list[str] = field(default_factory=list[str])
    refine: Callable[[ModelGraph], ModelGraph] | None = None


def build_graph(path: str, format: str, checkpoint: Checkpoint, limits: LoadLimits, name: str = "") -> ModelGraph:
    """Build the graph of a checkpoint and recognise its roles.

    Raises
    ------
    InputError
        When there is neither a tensor nor a module.
    """
    tables = [checkpoint.model, *(table for _, _, table in checkpoint.beside)]
    if not any(table.names or table.modules for table in tables):
        raise input_error(path, "holds no tensor and no module", "a model's weights are needed")
    if sum(len(table.names) + len(table.modules) for table in tables) > limits.nodes:
        raise input_error(path, "has too many modules and tensors", f"at most {limits.nodes:,} are shown")
    provenance = Provenance.DERIVED if checkpoint.model.derived else Provenance.DECLARED
    shown = name or plain_text(display_name(path, checkpoint.config))
    builder = GraphBuilder(shown, format, path, provenance, limits.names)
    quantised = note_quantisation(checkpoint.model, checkpoint.config, checkpoint.warnings)
    add_tensors(builder, checkpoint.model)
    for key, kind, table in checkpoint.beside:
        add_tensors(builder, table, builder.node(0, key, kind))
    builder.annotate(0, **{**quantised, **checkpoint.attributes})
    for warning in checkpoint.warnings:
        builder.warn(plain_text(warning, 4000))
    graph = builder.build()
    return recognise(checkpoint.refine(graph) if checkpoint.refine else graph, checkpoint.config)


def short_attributes(values: Mapping[Any, Any], prefix: str = "") -> dict[str, Any]:
    """Return the plain and short values of a mapping as attributes: numbers, short texts, short lists of those."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        if len(found) == _MAX_ATTRIBUTES:
            break
        if (isinstance(key, str) or (isinstance(key, int) and _is_scalar(key))) and _is_short(value):
            name = plain_text(str(key), 80)
            found[f"{prefix}.{name}" if prefix else name] = shown_value(value)
    return found


def module_attributes(class_name: str, values: Mapping[Any, Any]) -> dict[str, Any]:
    """Return the attributes of a module from its class and its ``__dict__``: sizes, heads, strides."""
    public = {
        key: value for key, value in values.items() if isinstance(key, str) and key[:1] != "_" and key != "training"
    }
    found = short_attributes(public)
    named = {f"module.{key}" if key in RESERVED else key: value for key, value in found.items()}
    return {**named, "class": plain_text(class_name)}


def _is_short(value: Any) -> bool:
    if is_sequence(value):
        return len(value) <= _MAX_LIST and all(_is_scalar(item) for item in value)
    return _is_scalar(value)


def _is_scalar(value: Any) -> bool:
    # Numbers beyond 64 bits fit neither JSON readers nor the worker's wire.
    if type(value) is int:
        return -(2**63) <= value < 2**63
    return type(value) in (float, bool) or (type(value) is str and len(value) <= _MAX_TEXT)


def shown_value(value: Any) -> Any:
    """Return a plain value as it is shown and exported: texts made safe, infinities as texts, since JSON has none."""
    if is_sequence(value):
        return [shown_value(item) for item in value]
    if isinstance(value, float) and not isfinite(value):
        return str(value)
    return plain_text(value) if isinstance(value, str) else value
