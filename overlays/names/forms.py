"""What different writings of one path have in common: wrappers, prefixes, separators, brackets."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...graph.kinds import NodeKind, Provenance
from ...graph.model_graph import ModelGraph

__all__ = ["AMBIGUOUS", "PREFIXES", "WRAPPERS", "FormIndex", "literal_paths", "parts_of"]

AMBIGUOUS = -2

# Modules that wrap another one and are left out wherever they stand: DDP and DataParallel, torch.compile, FSDP,
# activation checkpointing, PEFT.
WRAPPERS = frozenset(
    ["module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module", "_forward_module", "base_layer"]
)
# What a path may begin with and another one of the same model not: classes with a head around a bare model.
PREFIXES = frozenset(
    ["model", "transformer", "base_model", "language_model", "backbone", "bert", "roberta", "gpt_neox"]
)
_WEIGHT = ".weight"
# Attributes that hold what the model's file calls a node: Model Explorer's id, the name of an ONNX node or initializer.
_DECLARED = ("id", "node", "initializer")
_SLICES = (NodeKind.HEADS, NodeKind.HEAD, NodeKind.EXPERTS, NodeKind.EXPERT)


def parts_of(name: str) -> list[str]:
    """Return the parts of a name in any writing: "module.layers/3/experts[17]" is layers, 3, experts, 17."""
    if "[" in name:
        name = name.replace("[", ".").replace("]", "")
    parts = name.replace("/", ".").split(".")
    return parts if WRAPPERS.isdisjoint(parts) and all(parts) else [p for p in parts if p and p not in WRAPPERS]


def literal_paths(graph: ModelGraph) -> dict[str, int]:
    """Return the node of every path, as `ModelGraph.id_of` takes them, and of every name that its file has for it.

    Containers that stand for a block, but are no part of its names in the file, may be left out.
    """
    codes: list[int] = graph.name_code.tolist()
    names = [graph.names[code] for code in codes]
    parents: list[int] = graph.parent.tolist()
    derived = (graph.provenance == Provenance.DERIVED) & ~np.isin(graph.kind, _SLICES)
    derived &= graph.kind != NodeKind.TENSOR
    seen_through = (derived & (graph.provenance[0] != Provenance.DERIVED)).tolist()
    paths, short = [""] * len(names), [""] * len(names)
    for i in range(1, len(names)):
        above = parents[i]
        paths[i] = f"{paths[above]}.{names[i]}" if above else names[i]
        short[i] = short[above] if seen_through[i] else f"{short[above]}.{names[i]}" if short[above] else names[i]
    found = _declared(graph)
    for i in range(len(names) - 1, -1, -1):  # the first node of a short path has it
        if not seen_through[i]:
            found[short[i]] = i
    found.update(zip(paths, range(len(names)), strict=True))
    return found


def _declared(graph: ModelGraph) -> dict[str, int]:
    """Return the node of every name that the model's file has for one, where it has it once."""
    found: dict[str, int] = {}
    for key in _DECLARED:
        column = graph.attributes.get(key)
        if column is None:
            continue
        names = [value if isinstance(value, str) else "" for value in column.values]
        times = Counter(names)
        found.update(
            (name, node) for name, node in zip(names, column.ids.tolist(), strict=True) if name and times[name] == 1
        )
    return found


class FormIndex:
    """Nodes by the common form of their paths.

    Parameters
    ----------
    graph : ModelGraph
    """

    def __init__(self, graph: ModelGraph) -> None:
        self._graph = graph
        self._ids = _forms(graph)

    def find(self, names: Sequence[str]) -> NDArray[np.int32]:
        """Return the node of each name, -1 where there is none, `AMBIGUOUS` where there are several."""
        return np.fromiter((self._find(_stripped(parts_of(name))) for name in names), np.int32, len(names))

    def _find(self, parts: list[str]) -> int:
        form = ".".join(parts)
        found = self._ids.get(form, -1)
        if found == -1 and form.endswith(_WEIGHT):  # a module named for its only weight, where it has no tensors
            found = self._ids.get(form.removesuffix(_WEIGHT), -1)
        return found


def _stripped(parts: list[str]) -> list[str]:
    """Return parts without what a path may begin with, down to the last one."""
    at = 0
    while at < len(parts) - 1 and parts[at] in PREFIXES:
        at += 1
    return parts[at:]


def _forms(graph: ModelGraph) -> dict[str, int]:
    """Return the node of each form of a path: what `_stripped` and `parts_of` make of it, made along the tree."""
    codes: list[int] = graph.name_code.tolist()
    names = [graph.names[code] for code in codes]
    parents: list[int] = graph.parent.tolist()
    forms = [""] * len(names)
    found: dict[str, int] = {}
    inner = (graph.size > 1).tolist()
    plain = {name: ".".join(parts_of(name)) for name in graph.names}
    for i in range(1, len(names)):
        above, name = forms[parents[i]], plain[names[i]]
        if not name or (not above and name in PREFIXES and inner[i]):
            forms[i] = above
            continue
        form = forms[i] = f"{above}.{name}" if above else name
        found[form] = AMBIGUOUS if form in found else i
    return found
