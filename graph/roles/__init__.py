"""What is a layer, a head, an expert: names, shapes, classes and configs become kinds, derived nodes and flow."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kinds import NodeKind
from ..model_graph import ModelGraph
from ..signatures import signatures
from .classify import classify
from .config import read_config
from .derived import find_derived
from .facts import note_block_facts, note_heads, note_model_facts
from .flow import infer_flow
from .forms import KIND_OF_FORM, form_of_class
from .insertion import rewrite
from .known_flow import add_inferred
from .notes import RESERVED, Notes
from .parts import Part, fold

__all__ = ["RESERVED", "recognise"]


def recognise(graph: ModelGraph, config: Mapping[str, Any] | None = None) -> ModelGraph:
    """Give nodes their kinds, add heads and fused experts as nodes, and infer the flow of known blocks.

    What no rule knows stays a plain module and gets no flow: wrong is worse than plain.

    Parameters
    ----------
    graph : ModelGraph
        As a loader made it. Kinds that it declares stay.
    config : mapping, optional
        The model's Hugging Face config.

    Returns
    -------
    ModelGraph
        With the same parameters and bytes in total.
    """
    facts = read_config(config)
    classes = _classes(graph)
    root = fold(graph, _signature_with_classes(graph, classes))
    parts = classify(root, classes, facts.norms_first)
    warnings: list[str] = []

    derived = find_derived(graph, parts, facts, warnings)
    kind = graph.kind.copy()
    for part in parts:
        if part.kind != part.declared:
            kind[part.ids] = part.kind
    rewritten = rewrite(replace(graph, kind=kind), derived.branches(graph), derived.removed)
    for part in root.walk():
        if part.role:
            part.new_ids = rewritten.position[part.ids]
    notes = Notes()
    derived.stand_in(graph, rewritten, notes)

    modules: list[Part] = []
    for part in root.walk():
        if part.form != "tensor":
            modules.append(part)
        if part.new_ids is not None:
            notes.add("role", part.new_ids, part.role or None)
    new = rewritten.graph
    note_heads(derived.heads, notes)
    note_block_facts(modules, facts, notes)
    note_model_facts(new, modules, facts, notes, warnings)
    return replace(
        new,
        signature=signatures(new.parent, new.size, new.kind, new.name_code, new.names, new.shape_code, new.shapes),
        edges=add_inferred(new, infer_flow(graph, new, modules)),
        attributes=notes.joined(new.attributes),
        warnings=(*new.warnings, *dict.fromkeys(warnings)),
    )


def _classes(graph: ModelGraph) -> dict[int, str]:
    column = graph.attributes.get("class")
    if column is None:
        return {}
    return {node: name for node, name in zip(column.ids.tolist(), column.values, strict=True) if isinstance(name, str)}


def _signature_with_classes(graph: ModelGraph, classes: Mapping[int, str]) -> NDArray[np.uint64]:
    """Return signatures that tell apart modules of equal structure whose classes say different things."""
    if not classes:
        return graph.signature
    kind = graph.kind.copy()
    for node, name in classes.items():
        form = form_of_class(name)
        if form is not None and kind[node] == NodeKind.MODULE:
            kind[node] = KIND_OF_FORM[form]
    return signatures(graph.parent, graph.size, kind, graph.name_code, graph.names, graph.shape_code, graph.shapes)
