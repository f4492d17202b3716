"""Edges lifted to siblings: what the children of each container have to do with each other."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..graph.kinds import EdgeKind
from ..graph.model_graph import ModelGraph

__all__ = ["Lifted", "lift", "lifted_ends"]

# When several edges lift to the same pair of siblings, the pair is drawn once, as the strongest kind.
_RANK_OF_KIND = np.array([2, 0, 1, 3], np.int64)  # by EdgeKind: data, residual, routed, tied
_KIND_OF_RANK = np.argsort(_RANK_OF_KIND)


@dataclass(frozen=True, eq=False)
class Lifted:
    """One row a pair of siblings that data flows between, sorted by (owner, source, target).

    A container that reads from or adds to its own residual stream stands as one end itself.

    Attributes
    ----------
    owner, source, target : ndarray of int32, shape (M,)
        The container, and two children of it (or the container itself and one child).
    kind, provenance : ndarray of uint8, shape (M,)
        `EdgeKind` and the strongest `Provenance` among the edges that were merged.
    """

    owner: NDArray[np.int32]
    source: NDArray[np.int32]
    target: NDArray[np.int32]
    kind: NDArray[np.uint8]
    provenance: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.owner)


def lift(graph: ModelGraph) -> Lifted:
    """Lift a graph's edges to the children of their ends' lowest common container.

    Ties are left out (a shared storage is a port with a label, not a line across the scene), and so is
    flow between a container and its own insides that is no residual stream.
    """
    edges = graph.edges
    ends = lifted_ends(graph)
    drawn = ends[0] >= 0
    if not drawn.any():
        none = np.empty(0, np.int32)
        return Lifted(none, none, none, np.empty(0, np.uint8), np.empty(0, np.uint8))
    lifted_source, lifted_target = ends[0][drawn], ends[1][drawn]
    kind, provenance = edges.kind[drawn].astype(np.int64), edges.provenance[drawn].astype(np.int64)

    # One row a pair: sort by (source, target, rank of kind, provenance), keep the first of each pair.
    strength = _RANK_OF_KIND[kind] * 4 + provenance
    order = np.lexsort((strength, lifted_target, lifted_source))
    a, b = lifted_source[order], lifted_target[order]
    first = np.ones(len(order), np.bool_)
    first[1:] = (a[1:] != a[:-1]) | (b[1:] != b[:-1])
    chosen = order[first]
    # The strongest provenance may belong to another edge of the pair than the strongest kind.
    strongest = np.minimum.reduceat(provenance[order], np.flatnonzero(first))
    a, b = lifted_source[chosen], lifted_target[chosen]
    owner = np.where(graph.parent[b] == a, a, np.where(graph.parent[a] == b, b, graph.parent[a]))
    by_owner = np.argsort(owner, kind="stable")
    return Lifted(
        owner[by_owner].astype(np.int32),
        a[by_owner].astype(np.int32),
        b[by_owner].astype(np.int32),
        _KIND_OF_RANK[strength[chosen] // 4][by_owner].astype(np.uint8),
        strongest[by_owner].astype(np.uint8),
    )


def lifted_ends(graph: ModelGraph) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
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
    drawn &= (edges.kind == EdgeKind.RESIDUAL) | ~(reads | adds)
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
