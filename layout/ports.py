"""Ports: labelled tabs on the edges of boxes for flow that is not drawn as a line."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..graph.model_graph import ModelGraph
from .inlets import Shared
from .lift import Ends, lifted_ends
from .placement import Ports, Routes

__all__ = ["EdgeRoutes", "edge_routes", "set_ports"]

# Along the edge of a box, from the top, as parts of its height: below its name, above where lines arrive most.
_FIRST, _LAST = 0.12, 0.88
_FEW = 5  # up to so many stand as if there were so many: at the top
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
    graph: ModelGraph, ends: Ends, shared: Shared, center: NDArray[np.float64], size: NDArray[np.float64]
) -> Ports:
    """Give ports to both ends of each edge without a line, and to the parts inside that read what many read.

    Parameters
    ----------
    graph : ModelGraph
    ends : (ndarray, ndarray)
        What `lifted_ends` returns of it.
    shared : Shared
    center, size : ndarray of float64, shape (N, 3)
        Boxes; what has no size is hidden and has no ports.
    """
    edges, lone, far = graph.edges, np.flatnonzero(ends[0] < 0), shared.sibling
    source, target = np.append(edges.source[lone], shared.other[far]), np.append(edges.target[lone], shared.child[far])
    kind = np.append(edges.kind[lone], shared.kind[far])
    provenance = np.append(edges.provenance[lone], shared.provenance[far])
    inner = ~far
    node = np.concatenate([target, shared.child[inner], source])
    other = np.concatenate([source, shared.other[inner], target])
    outgoing = np.repeat([False, True], [len(node) - len(source), len(source)])
    kinds = np.concatenate([kind, shared.kind[inner], kind])
    tags = np.concatenate([provenance, shared.provenance[inner], provenance])
    placed = (size[node, 0] > 0) & (size[other, 0] > 0)
    # One port a pair; what goes out has one in all, and says how many read it.
    order = np.lexsort((tags, kinds, other, outgoing, node))
    order = order[placed[order]]
    node, other, outgoing = node[order], other[order], outgoing[order]
    fresh = np.ones(len(node), np.bool_)
    fresh[1:] = (node[1:] != node[:-1]) | (outgoing[1:] != outgoing[:-1]) | (other[1:] != other[:-1])
    node, other, outgoing, order = node[fresh], other[fresh], outgoing[fresh], order[fresh]
    first = np.ones(len(node), np.bool_)
    first[1:] = ~outgoing[1:] | ~outgoing[:-1] | (node[1:] != node[:-1])
    starts = np.flatnonzero(first)
    count = np.diff(np.append(starts, len(node)))
    kinds, tags = kinds[order], tags[order]
    if len(starts):
        kinds, tags = np.minimum.reduceat(kinds, starts), np.minimum.reduceat(tags, starts)
    node, outgoing = node[starts], outgoing[starts]
    other = np.where(count > 1, -1, other[starts])
    return Ports(
        node.astype(np.int32), other.astype(np.int32), outgoing, count.astype(np.int32), kinds.astype(np.uint8),
        tags.astype(np.uint8), _points(node, outgoing, center, size),
    )  # fmt: skip


def _points(
    node: NDArray[np.int32], outgoing: NDArray[np.bool_], center: NDArray[np.float64], size: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return where ports are: one below the other on the left edge of a box for what comes in, on the right for out."""
    side = node * 2 + outgoing  # sorted
    starts = np.flatnonzero(np.append(True, side[1:] != side[:-1])[: len(side)])
    many = np.diff(np.append(starts, len(side)))
    ordinal = np.arange(len(side)) - np.repeat(starts, many)
    place = _FIRST + (_LAST - _FIRST) * (ordinal + 0.5) / np.maximum(np.repeat(many, many), _FEW)
    half = size[node] / 2
    edge = _IN * np.minimum(half[:, 0], half[:, 1])
    point = center[node].copy()
    point[:, 0] += np.where(outgoing, 1, -1) * (half[:, 0] - edge)
    point[:, 1] += half[:, 1] * (1 - 2 * place)
    point[:, 2] += half[:, 2] + _LIFT * np.minimum(size[node, 0], size[node, 1])
    return point
