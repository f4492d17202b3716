"""Ports: labelled tabs on the edges of boxes for flow that is not drawn as a line."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..graph.kinds import EdgeKind
from ..graph.model_graph import ModelGraph
from .inlets import Shared
from .lift import Ends, lifted_ends
from .placement import Ports, Routes

__all__ = ["EdgeRoutes", "edge_routes", "set_ports"]

# Along the edge of a box, from the top, as parts of its height: below its name, above where lines arrive most.
_FIRST, _LAST = 0.12, 0.88
_FEW = 5  # up to so many stand as if there were so many: at the top
_SEPARATE = 6  # ports of one kind for what comes in; of more, one says how many they are
_IN = 0.02  # from the edge, as a part of the smaller side
_LIFT = 0.004  # above the face


@dataclass(frozen=True, eq=False)
class EdgeRoutes:
    """How each edge of a graph is drawn.

    Attributes
    ----------
    route : ndarray of int64, shape (E,)
        The route that draws it, -1 for an edge with ports.
    source, target : ndarray of int64, shape (E,)
        What the line or the ports join: the edge's ends, or the containers that they are in.
    """

    route: NDArray[np.int64]
    source: NDArray[np.int64]
    target: NDArray[np.int64]


def edge_routes(graph: ModelGraph, routes: Routes) -> EdgeRoutes:
    """Return which route draws each edge of a graph."""
    edges, n = graph.edges, len(graph)
    source, target = lifted_ends(graph)
    key = routes.source.astype(np.int64) * n + routes.target
    order = np.argsort(key, kind="stable")
    wanted = source * n + target
    found = np.full(len(source), -1, np.int64)
    if len(order):
        at = order[np.minimum(np.searchsorted(key[order], wanted), len(order) - 1)]
        found = np.where((key[at] == wanted) & (source >= 0), at, -1)
    apart = source < 0
    return EdgeRoutes(found, np.where(apart, edges.source, source), np.where(apart, edges.target, target))


def set_ports(
    graph: ModelGraph,
    ends: Ends,
    shared: Shared,
    tail: NDArray[np.int32],
    center: NDArray[np.float64],
    size: NDArray[np.float64],
) -> Ports:
    """Give ports to both ends of each edge without a line, and to the parts inside that read what many read.

    Parameters
    ----------
    graph : ModelGraph
    ends : (ndarray, ndarray)
        What `lifted_ends` returns of it.
    shared : Shared
    tail : ndarray of int32, shape (N,)
        The node that is seen of each: of a container that its only child fills, that child.
    center, size : ndarray of float64, shape (N, 3)
        Boxes; what has no size is hidden and has no ports.
    """
    edges, lone, far = graph.edges, np.flatnonzero(ends[0] < 0), shared.sibling
    source, target = np.append(edges.source[lone], shared.other[far]), np.append(edges.target[lone], shared.child[far])
    kind = np.append(edges.kind[lone], shared.kind[far])
    provenance = np.append(edges.provenance[lone], shared.provenance[far])
    inner = ~far
    node = np.concatenate([target, shared.child[inner], source]).astype(np.int64)
    other = np.concatenate([source, shared.other[inner], target]).astype(np.int64)
    outgoing = np.repeat([False, True], [len(node) - len(source), len(source)])
    kinds = np.concatenate([kind, shared.kind[inner], kind])
    tags = np.concatenate([provenance, shared.provenance[inner], provenance])
    placed = (size[node, 0] > 0) & (size[other, 0] > 0)
    # One a pair ...
    order = np.lexsort((tags, other, kinds, outgoing, node))
    order = order[placed[order]]
    side = (node * 2 + outgoing) * len(EdgeKind) + kinds
    order = order[_changes(side[order], other[order])]
    # ... but what goes out has one for all that read it, and so has what comes in from more than can be read.
    starts = np.flatnonzero(_changes(side[order]))
    count = np.diff(np.append(starts, len(order)))
    together = (count > _SEPARATE) | outgoing[order[starts]]
    starts = np.flatnonzero(_changes(side[order]) | ~np.repeat(together, count))
    count = np.diff(np.append(starts, len(order)))
    first = order[starts]
    strongest = np.minimum.reduceat(tags[order], starts) if len(starts) else tags[order]
    return Ports(
        node[first].astype(np.int32), np.where(count > 1, -1, other[first]).astype(np.int32), outgoing[first],
        count.astype(np.int32), kinds[first], strongest, _points(node[first], outgoing[first], tail, center, size),
    )  # fmt: skip


def _changes(*columns: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which rows of sorted columns differ from the row before."""
    fresh = np.ones(len(columns[0]), np.bool_)
    if len(fresh):
        fresh[1:] = np.any([column[1:] != column[:-1] for column in columns], axis=0)
    return fresh


def _points(
    node: NDArray[np.int64],
    outgoing: NDArray[np.bool_],
    tail: NDArray[np.int32],
    center: NDArray[np.float64],
    size: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return where ports are: one below the other on the left edge of a box for what comes in, on the right for out."""
    face = tail[node]
    side = face.astype(np.int64) * 2 + outgoing
    order = np.argsort(side, kind="stable")
    starts = np.flatnonzero(_changes(side[order]))
    many = np.diff(np.append(starts, len(side)))
    ordinal, among = np.empty(len(side)), np.empty(len(side))
    ordinal[order] = np.arange(len(side)) - np.repeat(starts, many)
    among[order] = np.repeat(many, many)
    place = _FIRST + (_LAST - _FIRST) * (ordinal + 0.5) / np.maximum(among, _FEW)
    half = size[face] / 2
    edge = _IN * np.minimum(half[:, 0], half[:, 1])
    point = center[face].copy()
    point[:, 0] += np.where(outgoing, 1, -1) * (half[:, 0] - edge)
    point[:, 1] += half[:, 1] * (1 - 2 * place)
    point[:, 2] += half[:, 2] + _LIFT * np.minimum(size[face, 0], size[face, 1])
    return point
