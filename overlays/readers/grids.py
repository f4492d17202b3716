"""Arrays without names: rows are the model's layers, columns the experts or heads in them."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ...graph.kinds import NodeKind
from ...graph.model_graph import ModelGraph
from ..names.cells import LAYER_KINDS, nearest, numbers_of_names
from .places import Places
from .reading import input_error, quoted

__all__ = ["grid_places"]

Grid = tuple[NDArray[np.int32], tuple[int, ...]]
"""The codes of an array's places, row by row, and the shape that the array must have."""


def grid_places(path: str, graph: ModelGraph, shapes: Mapping[str, tuple[int, ...]]) -> tuple[Places, dict[str, Grid]]:
    """Return the places of arrays ``[layers, experts]`` or ``[layers, heads]``, with or without steps before them.

    The rows are the layers that have experts (or heads), in order, or all layers; layers of multi-token prediction
    may be among them or not.

    Raises
    ------
    InputError
        When an array fits neither experts nor heads, or both, or others in the file are of the other kind.
    """
    fits = {kind: _layers_by_shape(graph, kind) for kind in (NodeKind.EXPERT, NodeKind.HEAD)}
    kinds: dict[str, NodeKind] = {}
    for name, shape in shapes.items():
        found = [kind for kind, known in fits.items() if shape[-2:] in known]
        if len(found) != 1 or len(shape) not in (2, 3):
            raise input_error(path, *_no_fit(name, shape, fits, bool(found) and len(shape) in (2, 3)))
        kinds[name] = found[0]
    if len(set(kinds.values())) > 1:
        raise input_error(path, "has arrays of experts and arrays of heads", "write a file for each")
    kind = next(iter(kinds.values()))
    places = Places(path, graph, kind)
    grids: dict[str, Grid] = {}
    for name, shape in shapes.items():
        keys = [(layer, cell) for layer in fits[kind][shape[-2:]] for cell in range(shape[-1])]
        grids[name] = np.array(places.codes(keys), np.int32), shape[-2:]
    return places, grids


def _layers_by_shape(graph: ModelGraph, kind: NodeKind) -> dict[tuple[int, ...], list[int]]:
    """Return the numbers of the layers that the rows of an array are, by the shapes that it may have."""
    number = numbers_of_names(graph)
    layers = graph.of_kind(*LAYER_KINDS)
    holder = nearest(graph, np.isin(graph.kind, LAYER_KINDS))[graph.of_kind(kind)]
    count = np.bincount(holder[holder >= 0], minlength=len(graph))[layers]
    is_main = graph.kind[layers] == NodeKind.LAYER
    found: dict[tuple[int, ...], list[int]] = {}
    widths = np.unique(count[count > 0])
    if len(widths) != 1:  # no experts, or not as many in each layer
        return found
    # Rows of the layers that have experts come before rows of all layers, where both have one number.
    for chosen in (count > 0, np.ones(len(layers), bool)):
        for rows in (chosen & is_main, chosen):
            found.setdefault((int(rows.sum()), int(widths[0])), number[layers[rows]].tolist())
    return found


def _no_fit(
    name: str, shape: tuple[int, ...], fits: Mapping[NodeKind, Mapping[tuple[int, ...], list[int]]], is_both: bool
) -> tuple[str, str]:
    if is_both:
        problem = f"its array {quoted(name)} of shape {shape} could be experts or heads"
        return problem, "add an array 'paths' that says where each value belongs"
    known = [f"{rows} x {width} ({kind.name.lower()}s)" for kind in fits for rows, width in fits[kind]]
    problem = f"its array {quoted(name)} has the shape {shape}"
    remedy = f"without an array 'paths', {' or '.join(known)} is needed" if known else "add an array 'paths'"
    return problem, remedy
