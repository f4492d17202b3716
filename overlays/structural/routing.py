"""Which share of tokens an expert sees when all experts are chosen equally often."""

import numpy as np
from numpy.typing import NDArray

from ...graph.kinds import NodeKind
from ...graph.model_graph import ModelGraph
from .regions import inside

__all__ = ["chosen_share", "mixture_of"]


def chosen_share(graph: ModelGraph) -> NDArray[np.float64]:
    """Return ``top_k / experts`` on all nodes of routed experts, 1 on all others, shape (N,).

    NaN where the number of experts that a token takes is not known.
    """
    share = np.ones(len(graph))
    routed = np.flatnonzero(inside(graph, NodeKind.EXPERTS, NodeKind.EXPERT))
    share[routed] = np.nan
    counts, chosen = (_attribute(graph, key) for key in ("experts", "top_k"))
    mixture = mixture_of(graph, routed)
    found = mixture >= 0
    with np.errstate(divide="ignore", invalid="ignore"):
        share[routed[found]] = (chosen / counts)[mixture[found]]
    share[share > 1] = np.nan
    return share


def mixture_of(graph: ModelGraph, nodes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the mixture of experts that each node lies in, -1 where it lies in none."""
    mixtures = graph.of_kind(NodeKind.MOE)
    if not len(mixtures):
        return np.full(len(nodes), -1)
    last = mixtures[np.maximum(np.searchsorted(mixtures, nodes, "right") - 1, 0)]
    return np.where((last <= nodes) & (nodes < last + graph.size[last]), last, -1)


def _attribute(graph: ModelGraph, key: str) -> NDArray[np.float64]:
    values = np.full(len(graph), np.nan)
    column = graph.attributes.get(key)
    if column is not None:
        values[column.ids] = column.values
    return values
