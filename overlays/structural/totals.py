"""Sums over containers that are shown only where nearly all of what they sum is known."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...graph.model_graph import ModelGraph
from ..overlay import Aggregate
from .formula import Found

__all__ = ["subtree_totals", "summed"]


def subtree_totals(graph: ModelGraph, column: NDArray[Any]) -> NDArray[np.float64]:
    """Return, for every node, the sum of an own-value column over its subtree, as floats, shape (N,)."""
    prefix = np.zeros(len(graph) + 1)
    np.cumsum(column, out=prefix[1:])
    ids = np.arange(len(graph))
    return prefix[ids + graph.size] - prefix[ids]


def summed(graph: ModelGraph, own: NDArray[np.float64], weight: NDArray[Any], tolerance: float = 0.0) -> Found:
    """Return `own` values with sums on containers, none where too much of a container is not known.

    Parameters
    ----------
    own : ndarray of float64, shape (N,)
        NaN where a node has no value or where it is not known.
    weight : ndarray, shape (N,)
        How much each node matters; a node with a weight and without a value is one that is not known.
    tolerance : float
        Share of a container's weight that may be unknown.
    """
    unknown = np.isnan(own)
    all_weight = subtree_totals(graph, weight)
    unknown_weight = subtree_totals(graph, np.where(unknown, weight, 0))
    has_values = subtree_totals(graph, ~unknown) > 0
    complete = unknown_weight <= tolerance * all_weight
    if complete[has_values].all():
        return Found(own, Aggregate.SUM)
    sums = subtree_totals(graph, np.where(unknown, 0, own))
    return Found(np.where(has_values & complete, sums, np.nan), Aggregate.NONE)
