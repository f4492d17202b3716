"""Inlets and outlets: where flow from outside goes on inside a container, down to the parts that read or make it."""

from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..graph.hashing import mix
from ..graph.kinds import EdgeKind
from ..graph.model_graph import ModelGraph

__all__ = ["SHARED", "Shared", "Stretches", "inner_stretches", "runs_of_only_children"]

# What one part hands to this many siblings that follow each other (a mask to every layer) is a port at each.
SHARED = 4
_NO_FLOW = 8  # above all codes of kind and provenance
_LITTLE = 16  # one edge to so many nodes
_MOST_PAIRS = 4  # of parts and sources, for each node and edge: beyond that nothing is looked at for being shared


@dataclass(frozen=True, eq=False)
class Stretches:
    """One row a container's child that flow reaches from outside of the container, or leaves it from.

    Attributes
    ----------
    child : ndarray of int32, shape (K,)
    kind, provenance : ndarray of uint8, shape (K,)
    group : ndarray of int32, shape (K,)
        Children of one container that read the same have the same number.
    """

    child: NDArray[np.int32]
    kind: NDArray[np.uint8]
    provenance: NDArray[np.uint8]
    group: NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Shared:
    """One row a part that reads something shared, for which there is a port and no line.

    Attributes
    ----------
    child : ndarray of int32, shape (K,)
        The part.
    other : ndarray of int32, shape (K,)
        What it reads from.
    kind, provenance : ndarray of uint8, shape (K,)
    sibling : ndarray of bool, shape (K,)
        The two are siblings, and no line joins them; otherwise there is one to a container around the part.
    """

    child: NDArray[np.int32]
    other: NDArray[np.int32]
    kind: NDArray[np.uint8]
    provenance: NDArray[np.uint8]
    sibling: NDArray[np.bool_]


def runs_of_only_children(graph: ModelGraph, streams: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which nodes are folded into the box of their parent: only children.

    Parameters
    ----------
    streams : ndarray of bool, shape (N,)
        Containers with a residual stream of their own keep their plan, even around a single child.
    """
    only = np.zeros(len(graph), np.bool_)
    parent = graph.parent[1:]
    only[1:] = (graph.child_count[parent] == 1) & ~streams[parent]
    return only


def inner_stretches(
    graph: ModelGraph,
    only: NDArray[np.bool_],
    deep: NDArray[np.int64],
    lifted: NDArray[np.int64],
    outer: NDArray[np.int64],
    other: NDArray[np.int64],
    kind: NDArray[np.uint8],
    provenance: NDArray[np.uint8],
    follows: NDArray[np.bool_],
) -> tuple[Stretches, Shared]:
    """Follow the ends of edges from where they are lifted to down to where they really are.

    Parameters
    ----------
    graph : ModelGraph
    only : ndarray of bool, shape (N,)
        Only children: they have no place of their own in their parent.
    deep, lifted : ndarray of int64, shape (M,)
        One end of each edge, and the ancestor-or-self that it is lifted to.
    outer, other : ndarray of int64, shape (M,)
        The other end of the edge, and what that is lifted to.
    kind, provenance : ndarray of uint8, shape (M,)
    follows : ndarray of bool, shape (N,)
        Nodes that come after a sibling.
    """
    n = len(graph)
    head = np.maximum.accumulate(np.where(only, 0, np.arange(n, dtype=np.int32)))
    goes_on = np.flatnonzero(head[deep] != lifted)  # most end in what they are lifted to
    if not len(goes_on):
        none, codes = np.empty(0, np.int32), np.empty(0, np.uint8)
        return Stretches(none, codes, codes, none), Shared(none, none, codes, codes, np.empty(0, np.bool_))
    deep, lifted, outer, other = deep[goes_on], lifted[goes_on], outer[goes_on], other[goes_on]
    codes = ((kind[goes_on] == EdgeKind.DATA) * 4 + provenance[goes_on]).astype(np.int32)
    above = head[np.maximum(graph.parent, 0)]
    # Only what many read can be shared: those pairs of part and source are followed one by one, all else is summed,
    # unless it is so little that the sums over all nodes would take longer.
    many = np.bincount(outer, minlength=n)[outer] >= SHARED
    if len(goes_on) < n // _LITTLE:
        many[:] = True
    table = np.stack([head[deep], outer, lifted, other, codes], dtype=np.int32, casting="same_kind")
    found = _pairs(graph, table[:, many], above)
    if found is None:
        many[:] = False
        found = table[:, :0]
    shared = _are_shared(graph, found, above, follows)
    few = ~many
    reads, code = np.zeros(n, np.uint64), np.full(n, _NO_FLOW, np.int32)
    if few.any():
        reads, code = _sums(graph, deep[few], lifted[few], outer[few], codes[few])
    lines = found[:, ~shared]
    np.add.at(reads, lines[0], mix(lines[1].astype(np.uint64)))
    np.minimum.at(code, lines[0], lines[4])
    ported = Shared(
        found[0, shared], found[3, shared], _kinds(found[4, shared]), (found[4, shared] % 4).astype(np.uint8),
        np.zeros(int(shared.sum()), np.bool_),
    )  # fmt: skip
    return _stretches(graph, np.flatnonzero((code < _NO_FLOW) & ~only).astype(np.int32), reads, code), ported


def _kinds(codes: NDArray[np.int32]) -> NDArray[np.uint8]:
    return np.where(codes >= 4, EdgeKind.DATA, EdgeKind.ROUTED).astype(np.uint8)


def _sums(
    graph: ModelGraph, deep: NDArray[np.int64], lifted: NDArray[np.int64], outer: NDArray[np.int64],
    codes: NDArray[np.int32],
) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:  # fmt: skip
    """Return for each node a hash of what it reads from outside of its parent, and the strongest code among that.

    Edges that end in a subtree, less those that are lifted to a node in it: two differences of prefix sums, whatever
    the depth.
    """
    n = len(graph)
    code = np.full(n, _NO_FLOW, np.int32)
    stop = np.arange(n) + graph.size
    for strength in np.unique(codes)[::-1].tolist():
        some = np.flatnonzero(codes == strength)
        enter = np.bincount(deep[some], minlength=n) - np.bincount(lifted[some], minlength=n)
        total = np.append(0, np.cumsum(enter))
        code[total[stop] > total[:-1]] = strength
    marks, own = mix(outer.astype(np.uint64)), np.zeros(n + 1, np.uint64)
    np.add.at(own, deep + 1, marks)
    np.subtract.at(own, lifted + 1, marks)
    np.cumsum(own, out=own)
    return own[stop] - own[:-1], code


def _pairs(graph: ModelGraph, table: NDArray[np.int32], above: NDArray[np.int32]) -> NDArray[np.int32] | None:
    """Return one column for each pair of a part and a source outside of its parent; None where these are too many.

    Columns are (part, source, what both are lifted to, strength). The deepest parts climb first, so that what meets
    goes on as one.
    """
    most = _MOST_PAIRS * (len(graph) + len(graph.edges))
    waiting: dict[int, list[NDArray[np.int32]]] = {}
    deepest: list[int] = []  # a heap of the depths that wait, negative
    _wait(waiting, deepest, graph, table)
    rows: list[NDArray[np.int32]] = []
    count = 0
    while waiting:
        table = np.concatenate(waiting.pop(-heappop(deepest)), 1)
        table = table[:, table[0] != table[2]]
        if not table.shape[1]:
            continue
        table = _first_of_each(table, len(graph))
        rows.append(table)
        count += table.shape[1]
        if count > most:
            return None
        table = table.copy()
        table[0] = above[table[0]]
        _wait(waiting, deepest, graph, table)
    if not rows:
        return table[:, :0]
    found = np.concatenate(rows, 1)
    return found[:, np.argsort(_pair(found, len(graph)), kind="stable")]


def _wait(
    waiting: dict[int, list[NDArray[np.int32]]], deepest: list[int], graph: ModelGraph, table: NDArray[np.int32]
) -> None:
    """Put the columns of a table where those of their depth wait."""
    depth = graph.depth[table[0]]
    order = np.argsort(depth, kind="stable")
    depth = depth[order]
    bounds = [0, *(np.flatnonzero(np.diff(depth)) + 1).tolist(), len(depth)]
    for start, stop in pairwise(bounds):
        if start < stop:
            here = int(depth[start])
            if here not in waiting:
                heappush(deepest, -here)
            waiting.setdefault(here, []).append(table[:, order[start:stop]])


def _pair(table: NDArray[np.int32], n: int) -> NDArray[np.int64]:
    """Return one number for node and outer end."""
    return table[0].astype(np.int64) * n + table[1]


def _first_of_each(table: NDArray[np.int32], n: int) -> NDArray[np.int32]:
    """Return one column for each pair of (node, outer end): the strongest."""
    order = np.lexsort((table[4], _pair(table, n)))
    table = table[:, order]
    first = np.ones(len(order), np.bool_)
    first[1:] = (table[0, 1:] != table[0, :-1]) | (table[1, 1:] != table[1, :-1])
    return table[:, first]


def _are_shared(
    graph: ModelGraph, found: NDArray[np.int32], above: NDArray[np.int32], follows: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Return which pairs of (child, outer end) are one of many, among siblings that follow each other."""
    n = len(graph)
    child, outer = found[0], found[1]
    if not len(child):
        return np.zeros(0, np.bool_)
    family = graph.parent[child].astype(np.int64) * n + outer
    order = np.argsort(family, kind="stable")
    starts = np.flatnonzero(np.append(True, family[order][1:] != family[order][:-1]))
    sizes = np.diff(np.append(starts, len(order)))
    chained = np.add.reduceat(follows[child[order]].astype(np.int64), starts)
    many = np.repeat((sizes >= SHARED) & (2 * chained >= sizes), sizes)
    shared = np.zeros(len(order), np.bool_)
    shared[order] = many
    # What is inside of a part with a port has its own: the line would have nowhere to come from.
    pair = _pair(found, n)  # sorted: `found` is
    by_depth = np.argsort(graph.depth[child], kind="stable")
    depth = graph.depth[child][by_depth]
    bounds = [0, *(np.flatnonzero(np.diff(depth)) + 1).tolist(), len(depth)]
    for start, stop in pairwise(bounds):
        rows = by_depth[start:stop]
        up: NDArray[np.int64] = above[child[rows]].astype(np.int64) * n + outer[rows]
        place = np.minimum(np.searchsorted(pair, up), len(pair) - 1)
        shared[rows] |= (pair[place] == up) & shared[place]
    return shared


def _stretches(
    graph: ModelGraph, child: NDArray[np.int32], reads: NDArray[np.uint64], code: NDArray[np.int32]
) -> Stretches:
    """Return one row a child, with a number for what it reads."""
    # Number the sets of sources within each container, by the first child that reads them.
    owner = graph.parent[child].astype(np.int64)
    order = np.lexsort((child, reads[child], owner))
    same = (owner[order][1:] == owner[order][:-1]) & (reads[child][order][1:] == reads[child][order][:-1])
    fresh = np.append(True, ~same)[: len(child)]
    leader = np.repeat(child[order][fresh], np.diff(np.append(np.flatnonzero(fresh), len(order))))
    group = np.empty(len(child), np.int64)
    group[order] = leader - owner[order]  # the leader's distance to its parent: the same in all equal containers
    return Stretches(child, _kinds(code[child]), (code[child] % 4).astype(np.uint8), group.astype(np.int32))
