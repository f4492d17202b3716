"""A spotlight: some parts keep their colours, all else recedes."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from ...graph.model_graph import ModelGraph
from .hiding import outermost

__all__ = ["DIMMED", "Spotlight", "gathered"]

DIMMED = 0.84  # share of the plate's colour in what recedes
_PARTLY = 0.5  # ... of that, in what holds some of the lit parts without showing them, and in ways out of them


class Spotlight:
    """A set of parts as ranges of node ids, which answers for many nodes at once.

    Parameters
    ----------
    graph : ModelGraph
    nodes : iterable of int
        What is lit, with all that is inside; empty where nothing is dimmed.
    """

    def __init__(self, graph: ModelGraph, nodes: Iterable[int]) -> None:
        self._start = np.array(sorted(outermost(graph, nodes)), np.int64)
        self._stop = self._start + graph.size[self._start]
        self._size = graph.size

    def __bool__(self) -> bool:
        return len(self._start) > 0

    def lit(self, nodes: NDArray[np.integer]) -> NDArray[np.bool_]:
        """Return which nodes are lit, or in a part that is."""
        if not self:
            return np.ones(len(nodes), np.bool_)
        last = np.searchsorted(self._start, nodes, "right") - 1
        return (last >= 0) & (nodes < self._stop[last])

    def holds(self, nodes: NDArray[np.integer]) -> NDArray[np.bool_]:
        """Return which nodes have something lit strictly inside them."""
        first, last = (np.searchsorted(self._start, ends, "left") for ends in (nodes + 1, nodes + self._size[nodes]))
        return last > first

    def of_boxes(self, nodes: NDArray[np.integer], opened: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return the share of the plate's colour in drawn boxes: 0 where they are lit, or plates under what is lit."""
        if not self:
            return np.zeros(len(nodes))
        holds = self.holds(nodes) & ~self.lit(nodes)
        return DIMMED * np.where(self.lit(nodes) | (holds & opened), 0.0, np.where(holds, _PARTLY, 1.0))

    def of_routes(
        self, source: NDArray[np.integer], target: NDArray[np.integer], owner: NDArray[np.integer]
    ) -> NDArray[np.float64]:
        """Return the share of the plate's colour in routes: 0 between what is lit or holds it, some at lit ends.

        What leaves a container that holds something lit may or may not come from there: it recedes in part.
        """
        if not self:
            return np.zeros(len(source))
        lit = [self.lit(ends) for ends in (source, target)]
        met = [lit[k] | self.holds(ends) for k, ends in enumerate((source, target))]
        leaves = (target == owner) & (source != owner) & ~lit[0]
        on_way, touched = met[0] & met[1] & ~leaves, lit[0] | lit[1] | (met[0] & leaves)
        return DIMMED * np.where(on_way, 0.0, np.where(touched, _PARTLY, 1.0))


def gathered(graph: ModelGraph, nodes: NDArray[np.integer]) -> frozenset[int]:
    """Return the fewest nodes that hold just what is in some nodes: a container stands for all that is in it."""
    bounds = np.zeros(len(graph) + 1, np.int64)
    np.add.at(bounds, nodes, 1)
    np.add.at(bounds, nodes + graph.size[nodes], -1)
    leaf = graph.child_count == 0
    lit = (np.cumsum(bounds)[:-1] > 0) & leaf
    full = graph.subtree_sums(lit) == graph.subtree_sums(leaf)
    return frozenset(np.flatnonzero(full & ~np.append(False, full[graph.parent[1:]])).tolist())
