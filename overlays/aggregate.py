"""What a container shows: an honest summary of the values in it."""

from enum import StrEnum
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..graph.model_graph import ModelGraph

__all__ = ["Aggregate", "aggregated", "inherited"]


class Aggregate(StrEnum):
    """How values of parts become a value of what they are part of."""

    SUM = "sum"
    MEAN = "mean"
    MAX = "max"
    MIN = "min"
    NORM = "norm"  # the root of the sum of squares, as norms of gradients add
    MOST = "most"  # of categories: the one that most parts have; the lowest of several
    NONE = "none"


def aggregated(
    graph: ModelGraph, ids: NDArray[np.int32], values: NDArray[np.float32], aggregate: Aggregate
) -> NDArray[np.float32]:
    """Return a value for every node: its own, else the aggregate of the values nearest below it, else NaN.

    A value inside of a part that has one of its own counts for that part alone, so nothing is counted twice.

    Parameters
    ----------
    ids : ndarray of int32, shape (K,)
        Nodes with a value of their own, ascending.
    values : ndarray of float32, shape (K,)
        None of them NaN.

    Returns
    -------
    ndarray of float32, shape (N,)
    """
    out = np.full(len(graph), np.nan, np.float32)
    if len(ids):
        containers = _containers(graph, ids) if aggregate is not Aggregate.NONE else np.empty(0, np.int64)
        if len(containers):
            # A container's nearest values are those in its slice that no valued part in it holds.
            with np.errstate(over="ignore"):
                summaries = _summaries(graph, containers, ids, values, aggregate).astype(np.float32)
            out[containers] = np.where(np.isfinite(summaries), summaries, np.nan)  # beyond what can be shown
        out[ids] = values
    return out


def _containers(graph: ModelGraph, ids: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return all nodes above `ids`, the deepest first."""
    above = np.zeros(len(graph), bool)
    level = ids
    while len(level):
        level = np.unique(graph.parent[level])
        level = level[level >= 0]
        level = level[~above[level]]
        above[level] = True
    found = np.flatnonzero(above)
    return found[np.argsort(-graph.depth[found], kind="stable")]


def _summaries(
    graph: ModelGraph,
    containers: NDArray[np.int64],
    ids: NDArray[np.int32],
    values: NDArray[np.float32],
    aggregate: Aggregate,
) -> NDArray[np.float64]:
    n = len(graph)
    valued = np.zeros(n, bool)
    valued[ids] = True
    if aggregate is Aggregate.MOST:
        most, winner = np.zeros(len(containers)), np.full(len(containers), np.nan)
        for code in np.unique(values).tolist():
            count = _bottom_up(graph, containers, valued, ids, (values == code).astype(np.float64), np.add)
            winner[count > most] = code
            np.maximum(most, count, out=most)
        return winner
    wide = values.astype(np.float64)
    if aggregate in (Aggregate.MAX, Aggregate.MIN):
        return _bottom_up(
            graph, containers, valued, ids, wide, np.maximum if aggregate is Aggregate.MAX else np.minimum
        )
    total = _bottom_up(graph, containers, valued, ids, wide**2 if aggregate is Aggregate.NORM else wide, np.add)
    if aggregate is Aggregate.MEAN:
        return total / _bottom_up(graph, containers, valued, ids, np.ones(len(ids)), np.add)
    return np.sqrt(total) if aggregate is Aggregate.NORM else total


def _bottom_up(
    graph: ModelGraph,
    containers: NDArray[np.int64],
    valued: NDArray[np.bool_],
    ids: NDArray[np.int32],
    values: NDArray[np.float64],
    join: np.ufunc,
) -> NDArray[np.float64]:
    """Return `values` joined from parts to containers, level by level from the deepest; one entry a container."""
    start = 0.0 if join is np.add else -np.inf if join is np.maximum else np.inf
    held = np.full(len(graph), start)  # what a node hands up
    collected = np.full(len(graph), start)  # what it holds
    held[ids] = values
    parts = np.unique(np.concatenate([ids.astype(np.int64), containers]))
    parts = parts[graph.parent[parts] >= 0]
    parts = parts[np.argsort(-graph.depth[parts], kind="stable")]
    depths = graph.depth[parts]
    bounds = np.flatnonzero(np.diff(depths, prepend=-1, append=-1))
    for begin, end in pairwise(bounds.tolist()):
        level = parts[begin:end]
        handed = np.where(valued[level], held[level], collected[level])
        join.at(collected, graph.parent[level], handed)
    return collected[containers]


def inherited(graph: ModelGraph, tops: NDArray[np.bool_], values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return for each node the value of the top that it lies in; no top lies in another."""
    ids = np.flatnonzero(tops)
    nodes = np.arange(len(graph))
    if not len(ids):
        return np.full(len(graph), np.nan, np.float32)
    nearest = ids[np.maximum(np.searchsorted(ids, nodes, "left") - 1, 0)]
    inside = (nodes > nearest) & (nodes < nearest + graph.size[nearest])
    return np.where(inside, values[nearest], np.nan).astype(np.float32)
