"""Layers, experts and heads by their numbers."""

import re
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ...graph.kinds import NodeKind
from ...graph.model_graph import ModelGraph

__all__ = ["LAYER_KINDS", "cell_ids", "nearest", "numbers_of_names"]

LAYER_KINDS = (NodeKind.LAYER, NodeKind.MTP)


def cell_ids(
    graph: ModelGraph, kind: NodeKind, layers: NDArray[np.int64], cells: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """Return the experts or heads with these numbers in the layers with those.

    Parameters
    ----------
    kind : NodeKind
        EXPERT or HEAD; LAYER for whole layers, where `cells` does not count.
    layers : ndarray of int64, shape (K,)
        As the model's paths count: DeepSeek-V3's layer 3 is its first with experts.
    cells : ndarray of int64, shape (K,)

    Returns
    -------
    ids : ndarray of int32, shape (K,)
        -1 where there is none, or more than one.
    ambiguous : ndarray of bool, shape (K,)
        Where there is more than one, as in a model with an encoder and a decoder.
    """
    of_layers = kind is NodeKind.LAYER
    nodes = graph.of_kind(*(LAYER_KINDS if of_layers else (kind,)))
    number = numbers_of_names(graph)
    layer_nodes = nearest(graph, np.isin(graph.kind, LAYER_KINDS))[nodes]
    layer = np.where(layer_nodes >= 0, number[layer_nodes], -1)
    cell = np.zeros(len(nodes), np.int64) if of_layers else number[nodes]
    numbered = (layer >= 0) & (cell >= 0)
    nodes, key = nodes[numbered], _key(layer[numbered], cell[numbered])
    if not len(nodes):
        return np.full(len(layers), -1, np.int32), np.zeros(len(layers), bool)
    unique, first, count = np.unique(key, return_index=True, return_counts=True)
    wanted = _key(layers, np.zeros_like(cells) if of_layers else cells)
    at = np.minimum(np.searchsorted(unique, wanted), len(unique) - 1)
    found = unique[at] == wanted
    ambiguous = found & (count[at] > 1)
    return np.where(found & ~ambiguous, nodes[first[at]], -1).astype(np.int32), ambiguous


def nearest(graph: ModelGraph, wanted: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return, for every node, itself or the nearest node above it that is `wanted`; -1 where there is none."""
    found = np.where(wanted, np.arange(len(graph)), -1)
    order = np.argsort(graph.depth, kind="stable")
    bounds = np.searchsorted(graph.depth[order], np.arange(1, int(graph.depth.max()) + 2))
    for start, end in pairwise(bounds):
        level = order[start:end]
        found[level] = np.where(wanted[level], level, found[graph.parent[level]])
    return found


def numbers_of_names(graph: ModelGraph) -> NDArray[np.int64]:
    """Return the number that each node's name is or ends with ("17", "layer_17"); -1 where it has none."""
    found = (re.search(r"(\d{1,9})$", name, re.ASCII) for name in graph.names)
    return np.array([int(match[1]) if match else -1 for match in found], np.int64)[graph.name_code]


def _key(layers: NDArray[np.int64], cells: NDArray[np.int64]) -> NDArray[np.int64]:
    return (layers << 32) | cells
