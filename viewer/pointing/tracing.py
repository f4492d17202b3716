"""What leads to a part, and where it leads: walks along the data flow of a graph."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...graph.kinds import EdgeKind, Provenance
from ...graph.model_graph import ModelGraph
from ...layout.lift import lifted_ends

__all__ = ["Flow", "Trace"]

Ids = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Trace:
    """What a walk along the flow met.

    Attributes
    ----------
    parts : ndarray of int64
        Ascending; what the walk began at is not among them.
    inferred : bool
        Whether some of the flow on the way is inferred from names and shapes.
    """

    parts: Ids
    inferred: bool


class Flow:
    """The data flow of a graph, ready to be walked; ties are no flow.

    Data goes from part to part. A part is a container without known flow inside it, or a leaf beside such flow. Each
    node has two points, where data comes in and where it goes out:

    - An edge leads from where its source goes out to where its target comes in.
    - What comes into a container goes to what in it has no input from inside it; what in it has no output inside it
      goes out of it.
    - A residual stream is made of the RESIDUAL edges between a container and what is inside it, in the order of the
      edges. It begins where the container comes in and ends where it goes out; what reads from it gets what was added
      before, not what is added later.

    Parameters
    ----------
    graph : ModelGraph
    """

    def __init__(self, graph: ModelGraph) -> None:
        self._graph = graph
        n, edges = len(graph), graph.edges
        flows = np.flatnonzero((edges.kind != EdgeKind.TIED) & (edges.source != edges.target))
        source, target = edges.source[flows].astype(np.int64), edges.target[flows].astype(np.int64)
        reads = (source < target) & (target < source + graph.size[source])
        adds = (target < source) & (source < target + graph.size[target])
        self._whole = _without_flow_inside(graph, source, target)
        self._is_part = self._whole & ~np.append(False, self._whole[graph.parent[1:]])
        # The points that each edge joins: node i comes in at i and goes out at n + i.
        self._tail = np.where(reads, source, n + source)
        self._head = np.where(adds, n + target, target)
        self._ends, self._inferred = (source, target), edges.provenance[flows] == Provenance.INFERRED
        along = np.flatnonzero((reads | adds) & (edges.kind[flows] == EdgeKind.RESIDUAL))
        stream, self._points = self._lead_along_streams(along, np.where(reads, source, target)[along], adds[along])
        lifted_source, lifted_target = (ends[flows] for ends in lifted_ends(graph))
        # Lifting leaves out what only joins a container and its only child, which is the next node.
        lifted_source = np.where(adds & (lifted_source < 0), target + 1, lifted_source)
        lifted_target = np.where(reads & (lifted_target < 0), source + 1, lifted_target)
        enters = ~np.append(True, self._whole[graph.parent[1:]])
        leaves = enters.copy()
        enters[lifted_target[~adds]] = leaves[lifted_source[~reads]] = False
        enters, leaves = np.flatnonzero(enters), np.flatnonzero(leaves)
        self._ways = np.concatenate(
            [
                np.stack([self._tail, self._head]),
                stream,
                np.stack([graph.parent[enters], enters]),
                np.stack([n + leaves, n + graph.parent[leaves]]),
            ],
            1,
        )

    def upstream(self, nodes: Iterable[int], *, direct: bool = False) -> Trace:
        """Return the parts whose data reaches some nodes, or anything inside them, in linear time.

        Parameters
        ----------
        direct : bool
            Only those from which it comes through no other part.
        """
        return self._walk(nodes, True, direct)

    def downstream(self, nodes: Iterable[int], *, direct: bool = False) -> Trace:
        """Return the parts that the data of some nodes, or of anything inside them, reaches; else as `upstream`."""
        return self._walk(nodes, False, direct)

    def _walk(self, nodes: Iterable[int], back: bool, direct: bool) -> Trace:
        from scipy.sparse import csr_array
        from scipy.sparse.csgraph import breadth_first_order

        n, start = len(self._graph), self._points
        begun = np.zeros(n, np.bool_)
        for node in nodes:
            begun[self._graph.subtree(self._part_with(node))] = True
        first = np.flatnonzero(begun) + (0 if back else n)
        through = np.flatnonzero(self._is_part)
        ways = [
            self._ways[::-1] if back else self._ways,
            np.stack([np.full(len(first), start), first]),
            np.stack([n + through, through] if back else [through, n + through])[:, : 0 if direct else None],
        ]
        tail, head = np.concatenate(ways, 1)
        matrix = csr_array((np.ones(len(tail)), (tail, head)), shape=(start + 1, start + 1))
        reached = np.zeros(start + 1, np.bool_)
        reached[breadth_first_order(matrix, start, return_predecessors=False)] = True
        parts = np.flatnonzero(self._is_part & (reached[:n] | reached[n : 2 * n]) & ~begun)
        used = reached[self._head if back else self._tail] & ~(begun[self._ends[0]] & begun[self._ends[1]])
        return Trace(parts, bool((used & self._inferred).any()))

    def _part_with(self, node: int) -> int:
        """Return the part that a node is in, or the node itself where there is flow inside it."""
        while node and self._whole[self._graph.parent[node]]:
            node = int(self._graph.parent[node])
        return node

    def _lead_along_streams(self, along: Ids, owner: Ids, adds: Mask) -> tuple[Ids, int]:
        """Join edges to the right points of residual streams, in place.

        Returns
        -------
        ways : ndarray, shape (2, K)
            From each point of a stream to the next one.
        count : int
            Points in all.
        """
        n = len(self._graph)
        order = np.argsort(owner, kind="stable")
        along, owner, adds = along[order], owner[order], adds[order]
        added = np.bincount(owner[adds], minlength=n)  # to each stream
        before = np.cumsum(adds) - adds
        before -= (np.cumsum(added) - added)[owner]  # what was added to other streams
        extra = np.maximum(added - 1, 0)
        base = 2 * n - 1 + np.cumsum(extra) - extra

        def point(owner: Ids, place: Ids) -> Ids:
            between = np.where(place == added[owner], n + owner, base[owner] + place)
            return np.where(place == 0, owner, between)

        self._tail[along[~adds]] = point(owner[~adds], before[~adds])
        self._head[along[adds]] = following = point(owner[adds], before[adds] + 1)
        return np.stack([point(owner[adds], before[adds]), following]), int(2 * n + extra.sum())


def _without_flow_inside(graph: ModelGraph, source: Ids, target: Ids) -> Mask:
    """Return which nodes have no end of an edge strictly inside them."""
    ends = np.zeros(len(graph), np.int64)
    ends[source] = ends[target] = 1
    return graph.subtree_sums(ends) == ends
