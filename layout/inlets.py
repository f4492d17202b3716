"""Inlets and outlets: where flow from outside goes on inside a container, down to the parts that read or make it."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..graph.hashing import mix
from ..graph.kinds import EdgeKind
from ..graph.model_graph import ModelGraph

__all__ = ["SHARED", "Shared", "Stretches", "inner_stretches", "runs_of_only_children"]

# What one part hands to this many siblings that follow each other (a mask to every layer) is a port at each.
SHARED = 4


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
    above = head[np.maximum(graph.parent, 0)]
    strength = (kind == EdgeKind.DATA) * np.int32(4) + provenance
    rows: list[NDArray[np.int32]] = []
    table = np.stack([head[deep], outer, lifted, other, strength], dtype=np.int32, casting="same_kind")
    while True:
        table = table[:, table[0] != table[2]]
        if not table.shape[1]:
            break
        table = _first_of_each(table, n)
        rows.append(table)
        table = table.copy()
        table[0] = above[table[0]]
    if not rows:
        none, codes = np.empty(0, np.int32), np.empty(0, np.uint8)
        return Stretches(none, codes, codes, none), Shared(none, none, codes, codes, np.empty(0, np.bool_))
    found = _first_of_each(np.concatenate(rows, 1), n)
    shared = _are_shared(graph, found, above, follows)
    child, others, code = found[0], found[3], found[4]
    kinds = np.where(code >= 4, EdgeKind.DATA, EdgeKind.ROUTED).astype(np.uint8)
    tags = (code % 4).astype(np.uint8)
    ported = Shared(
        child[shared], others[shared], kinds[shared], tags[shared],
        np.zeros(int(shared.sum()), np.bool_),
    )  # fmt: skip
    return _stretches(graph, found[:, ~shared]), ported


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


def _stretches(graph: ModelGraph, found: NDArray[np.int32]) -> Stretches:
    """Return one row a child, with a number for what it reads."""
    child, code = found[0], found[4]
    if not len(child):
        none, codes = np.empty(0, np.int32), np.empty(0, np.uint8)
        return Stretches(none, codes, codes, none)
    starts = np.flatnonzero(np.append(True, child[1:] != child[:-1]))
    each = child[starts]
    reads = np.add.reduceat(mix(found[1].astype(np.uint64)), starts)
    strongest = np.minimum.reduceat(code, starts)
    # Number the sets of sources within each container, by the first child that reads them.
    owner = graph.parent[each].astype(np.int64)
    order = np.lexsort((each, reads, owner))
    fresh = np.append(True, (owner[order][1:] != owner[order][:-1]) | (reads[order][1:] != reads[order][:-1]))
    leader = np.repeat(each[order][fresh], np.diff(np.append(np.flatnonzero(fresh), len(order))))
    group = np.empty(len(each), np.int64)
    group[order] = leader - owner[order]  # the leader's distance to its parent: the same in all equal containers
    return Stretches(
        each,
        np.where(strongest >= 4, EdgeKind.DATA, EdgeKind.ROUTED).astype(np.uint8),
        (strongest % 4).astype(np.uint8),
        group.astype(np.int32),
    )
