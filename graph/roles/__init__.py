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
from .facts import note_block_facts, note_heads, note_model_facts
from .flow import infer_flow
from .forms import KIND_OF_FORM, form_of_class
from .fused import Fused, count_slices, find_fused
from .heads import Heads, find_heads, heads_branch
from .insertion import Branch, rewrite
from .notes import RESERVED, Notes
from .parts import Part, fold

__all__ = ["RESERVED", "recognise"]

# Derived nodes beyond this come from a hostile file: a hole of a terabyte costs it nothing.
_MAX_DERIVED = 1_000_000


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
    parts = classify(root, classes)
    warnings: list[str] = []

    heads: list[tuple[Part, Heads]] = []
    fused: list[Fused] = []
    room = _MAX_DERIVED
    for part in parts:
        if part.kind == NodeKind.ATTENTION:
            found = find_heads(graph, part, facts, warnings)
            if found is not None and (room := room - len(part.ids) * (found.heads + 1)) >= 0:
                heads.append((part, found))
        elif part.kind == NodeKind.EXPERTS:
            room -= count_slices(part)
            split = find_fused(graph, part) if room >= 0 else None
            if split is not None:
                fused.append(split)
    if room < 0:
        warnings.append(f"not all heads and experts are shown: they would be more than {_MAX_DERIVED:,} nodes")

    kind = graph.kind.copy()
    for part in parts:
        if part.kind != part.declared:
            kind[part.ids] = part.kind
    branches: list[Branch] = [heads_branch(graph, part, found.heads) for part, found in heads]
    branches += [split.branch for split in fused]
    removed = [tensor.ids for split in fused for tensor in split.tensors]
    rewritten = rewrite(
        replace(graph, kind=kind), branches, np.concatenate(removed) if removed else np.empty(0, np.int32)
    )
    for part in root.walk():
        if part.role:
            part.new_ids = rewritten.position[part.ids]

    notes = Notes()
    for (part, _), ids in zip(heads, rewritten.branches, strict=False):
        part.children.append(Part(part.node, "heads", part, kind=NodeKind.HEADS, role="heads", new_ids=ids[:, 0]))
    for split, ids in zip(fused, rewritten.branches[len(heads) :], strict=True):
        split.stand_in(ids)
        split.annotate(graph, notes, rewritten.position[split.part.ids])

    modules: list[Part] = []
    for part in root.walk():
        if part.form != "tensor":
            modules.append(part)
        if part.new_ids is not None:
            notes.add("role", part.new_ids, part.role)
    new = rewritten.graph
    note_heads(heads, notes)
    note_block_facts(modules, facts, notes)
    note_model_facts(new, modules, facts, notes, warnings)
    return replace(
        new,
        signature=signatures(new.parent, new.size, new.kind, new.name_code, new.names, new.shape_code, new.shapes),
        edges=new.edges + infer_flow(graph, new, modules),
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
