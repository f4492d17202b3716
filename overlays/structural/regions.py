"""Which nodes lie in what is set apart from the model itself."""

import numpy as np
from numpy.typing import NDArray

from ...graph.kinds import NodeKind
from ...graph.model_graph import ModelGraph

__all__ = ["inside", "subtrees"]


def inside(graph: ModelGraph, *kinds: NodeKind) -> NDArray[np.bool_]:
    """Return which nodes lie in a subtree whose top is of one of `kinds`, shape (N,)."""
    return subtrees(graph, graph.of_kind(*kinds))


def subtrees(graph: ModelGraph, tops: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which nodes lie in the subtrees of `tops`, shape (N,)."""
    steps = np.zeros(len(graph) + 1, np.int32)
    np.add.at(steps, tops, 1)
    np.add.at(steps, tops + graph.size[tops], -1)
    return np.cumsum(steps[:-1]) > 0
