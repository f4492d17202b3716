"""Edges lifted to siblings: what the children of each container have to do with each other."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..graph.kinds import EdgeKind
from ..graph.model_graph import ModelGraph
from .inlets import SHARED, Shared, inner_stretches, runs_of_only_children
from .ranks import feedback, longest_paths

__all__ = ["Ends", "Lifted", "lift", "lifted_ends"]

# When several edges lift to the same pair of siblings, the pair is drawn once, as the strongest kind.
_RANK_OF_KIND = np.array([2, 0, 1, 3], np.int64)  # by EdgeKind: data, residual, routed, tied
_KIND_OF_RANK = np.argsort(_RANK_OF_KIND)
Ends = tuple[NDArray[np.int64], NDArray[np.int64]]
_FAR = 24  # steps of flow: what one part hands to several siblings beyond is a port at each


@dataclass(frozen=True, eq=False)
class Lifted:
    """One row a stretch of flow on the plate of one container, sorted by (owner, source, target).

    Both ends are children of the owner, or one is the owner itself: a container that reads from or adds to its own
    residual stream, if the kind is RESIDUAL; otherwise flow from outside that enters at its edge, or leaves there.

    Attributes
    ----------
    owner, source, target : ndarray of int32, shape (M,)
    kind, provenance : ndarray of uint8, shape (M,)
        `EdgeKind` and the strongest `Provenance` among the edges that were merged.
    group : ndarray of int32, shape (M,)
        Entering stretches of one container with the same number carry the same.
    backward : ndarray of bool, shape (M,)
        Closes a cycle between siblings.
    """

    owner: NDArray[np.int32]
    source: NDArray[np.int32]
    target: NDArray[np.int32]
    kind: NDArray[np.uint8]
    provenance: NDArray[np.uint8]
    group: NDArray[np.int32]
    backward: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.owner)

    def taken(self, rows: NDArray[np.bool_]) -> "Lifted":
        """Return some of the rows."""
        return Lifted(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})

    @property
    def on_lane(self) -> NDArray[np.bool_]:
        """Rows between a container's own residual stream and a child."""
        return ((self.source == self.owner) | (self.target == self.owner)) & (self.kind == EdgeKind.RESIDUAL)


def lift(graph: ModelGraph, ends: Ends | None = None) -> tuple[Lifted, Shared]:
    """Lift a graph's edges to the children of their ends' lowest common container, and follow them inside.

    Ties are left out (a shared storage is a port with a label, not a line across the scene).

    Parameters
    ----------
    graph : ModelGraph
    ends : (ndarray, ndarray), optional
        What `lifted_ends` returns of it.

    Returns
    -------
    Lifted
    Shared
        Parts that read what many others read, too: they have ports.
    """
    edges = graph.edges
    ends = ends or lifted_ends(graph)
    drawn = np.flatnonzero(ends[0] >= 0)
    source, target = ends[0][drawn], ends[1][drawn]
    kind, provenance = edges.kind[drawn], edges.provenance[drawn]
    owner = np.where(graph.parent[target] == source, source, np.where(graph.parent[source] == target, target, -1))
    owner = np.where(owner >= 0, owner, graph.parent[source]).astype(np.int64)
    between = (source != owner) & (target != owner)
    streams = np.zeros(len(graph), np.bool_)
    streams[owner[~between & (kind == EdgeKind.RESIDUAL)]] = True
    only = runs_of_only_children(graph, streams)
    follows = np.zeros(len(graph), np.bool_)
    follows[target[between]] = True

    inner = kind != EdgeKind.RESIDUAL  # streams have lanes
    deep_source, deep_target = edges.source[drawn].astype(np.int64), edges.target[drawn].astype(np.int64)
    enters = inner & (target != owner)
    entering, shared = inner_stretches(
        graph, only, deep_target[enters], target[enters], deep_source[enters], source[enters],
        kind[enters], provenance[enters], follows,
    )  # fmt: skip
    leaves = inner & (source != owner)
    # What leaves has a line in any case: few parts of a container are read outside.
    nobody = np.zeros(len(graph), np.bool_)
    leaving, _ = inner_stretches(
        graph, only, deep_source[leaves], source[leaves], deep_target[leaves], target[leaves],
        kind[leaves], provenance[leaves], nobody,
    )  # fmt: skip
    out, into = graph.parent[leaving.child], graph.parent[entering.child]
    merged = _merged(
        np.concatenate([owner, into, out]),
        np.concatenate([source, into, leaving.child]),
        np.concatenate([target, entering.child, out]),
        np.concatenate([kind, entering.kind, leaving.kind]),
        np.concatenate([provenance, entering.provenance, leaving.provenance]),
        np.concatenate([np.zeros(len(owner), np.int32), entering.group, np.zeros(len(out), np.int32)]),
    )
    _set_backward(merged)
    far = _far_and_shared(graph, merged)
    return merged.taken(~far), Shared(
        np.concatenate([shared.child, merged.target[far]]),
        np.concatenate([shared.other, merged.source[far]]),
        np.concatenate([shared.kind, merged.kind[far]]),
        np.concatenate([shared.provenance, merged.provenance[far]]),
        np.concatenate([shared.sibling, far[far]]),
    )


def _far_and_shared(graph: ModelGraph, lifted: Lifted) -> NDArray[np.bool_]:
    """Return which rows lead from one part to many siblings far along the flow: a mask to all blocks of a flat graph.

    Many that stand beside each other, as experts do, are no such case: they are a fan.
    """
    far = np.zeros(len(lifted), np.bool_)
    if not len(lifted):
        return far
    n = len(graph)
    between = (lifted.source != lifted.owner) & (lifted.target != lifted.owner)
    inputs = np.bincount(lifted.target[between], minlength=n)
    joins = between & (inputs[lifted.target] > 1)  # has other input, too
    key = lifted.owner.astype(np.int64) * n + lifted.source
    starts = np.flatnonzero(np.append(True, key[1:] != key[:-1]))
    sizes = np.diff(np.append(starts, len(key)))
    several = np.add.reduceat(joins.astype(np.int64), starts) >= np.maximum(SHARED, sizes / 2)
    wide = np.maximum.reduceat(lifted.target, starts) - lifted.source[starts] > _FAR
    chosen = starts[several & wide & (lifted.source[starts] != lifted.owner[starts])]
    shares = np.zeros(n, np.bool_)
    shares[lifted.source[chosen]] = True
    for owner in np.unique(lifted.owner[chosen]).tolist():
        rows = np.arange(bisect_left(lifted.owner, owner), bisect_right(lifted.owner, owner))
        rows = rows[between[rows]]
        children = np.unique(np.concatenate([lifted.source[rows], lifted.target[rows]]))
        a = np.searchsorted(children, lifted.source[rows]).tolist()
        b = np.searchsorted(children, lifted.target[rows]).tolist()
        rank = np.array(longest_paths(len(children), list(zip(a, b, strict=True))))
        long = (rank[b] - rank[a] > _FAR) & (lifted.kind[rows] != EdgeKind.RESIDUAL)
        many = np.bincount(np.array(a)[long], minlength=len(children)) >= SHARED
        # All that such a part hands out: half lines and half ports would say that they differ.
        far[rows] = many[a] & shares[lifted.source[rows]] & (lifted.kind[rows] != EdgeKind.RESIDUAL)
    return far


def _merged(
    owner: NDArray[Any], source: NDArray[Any], target: NDArray[Any],
    kind: NDArray[np.uint8], provenance: NDArray[np.uint8], group: NDArray[np.int32],
) -> Lifted:  # fmt: skip
    """Return one row a pair: of the strongest kind and the strongest provenance."""
    strength = _RANK_OF_KIND[kind] * 4 + provenance
    order = np.lexsort((strength, target, source, owner))
    a, b, c = source[order], target[order], owner[order]
    first = np.ones(len(order), np.bool_)
    first[1:] = (a[1:] != a[:-1]) | (b[1:] != b[:-1]) | (c[1:] != c[:-1])
    chosen = order[first]
    # The strongest provenance may belong to another edge of the pair than the strongest kind.
    starts = np.flatnonzero(first)
    strongest = np.minimum.reduceat(provenance[order], starts) if len(starts) else provenance[order]
    return Lifted(
        owner[chosen].astype(np.int32),
        source[chosen].astype(np.int32),
        target[chosen].astype(np.int32),
        _KIND_OF_RANK[strength[chosen] // 4].astype(np.uint8),
        strongest.astype(np.uint8),
        group[chosen].astype(np.int32),
        np.zeros(len(chosen), np.bool_),
    )


def _set_backward(lifted: Lifted) -> None:
    """Flag, in place, the rows that close cycles: only where some row leads back in model order can there be any."""
    between = (lifted.source != lifted.owner) & (lifted.target != lifted.owner)
    known: dict[bytes, list[bool]] = {}  # equal containers have equal cycles
    for owner in np.unique(lifted.owner[between & (lifted.source > lifted.target)]).tolist():
        rows = np.arange(bisect_left(lifted.owner, owner), bisect_right(lifted.owner, owner))
        rows = rows[between[rows]]
        ends = np.concatenate([lifted.source[rows], lifted.target[rows]]) - owner
        key = ends.tobytes()
        if key not in known:
            children, place = np.unique(ends, return_inverse=True)
            pairs = list(zip(place[: len(rows)].tolist(), place[len(rows) :].tolist(), strict=True))
            back = feedback(len(children), pairs)
            known[key] = [pair in back for pair in pairs]
        lifted.backward[rows] = known[key]


def lifted_ends(graph: ModelGraph) -> Ends:
    """Return, for every edge of a graph, the two nodes that it is lifted to; -1 for an edge that is not drawn."""
    edges = graph.edges
    none = np.full(len(edges), -1, np.int64)
    if not len(edges):
        return none, none
    source, target = edges.source.astype(np.int64), edges.target.astype(np.int64)
    size = graph.size.astype(np.int64)
    reads = (source <= target) & (target < source + size[source])
    adds = (target <= source) & (source < target + size[target])
    drawn = (edges.kind != EdgeKind.TIED) & (source != target)
    # A container that feeds its only child, which fills it, has no room for a line.
    single = graph.child_count == 1
    drawn &= (edges.kind == EdgeKind.RESIDUAL) | ~((reads & single[source]) | (adds & single[target]))
    tables = _ancestor_tables(graph)
    lifted_source = np.where(reads, source, _climb(tables, size, source, target))
    lifted_target = np.where(adds, target, _climb(tables, size, target, source))
    return np.where(drawn, lifted_source, none), np.where(drawn, lifted_target, none)


def _ancestor_tables(graph: ModelGraph) -> list[NDArray[np.int32]]:
    """Return the ancestors of all nodes at distances 1, 2, 4 ... (the root's ancestor is itself)."""
    up = graph.parent.copy()
    up[0] = 0
    tables = [up]
    deepest = int(graph.depth.max())
    while (1 << len(tables)) < deepest:
        tables.append(tables[-1][tables[-1]])
    return tables


def _climb(
    tables: list[NDArray[np.int32]], size: NDArray[np.int64], node: NDArray[np.int64], other: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the highest ancestor-or-self of each `node` that does not contain `other` (binary lifting)."""
    at = node
    for table in reversed(tables):
        higher = table[at].astype(np.int64)
        free = (other < higher) | (other >= higher + size[higher])
        at = np.where(free, higher, at)
    return at
