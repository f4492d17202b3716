"""At which size on the screen a container opens: a question of its structure, whatever it is in the model."""

import numpy as np
from numpy.typing import NDArray

from ...graph.kinds import NodeKind
from ...graph.model_graph import ModelGraph
from ...layout.placement import Placement

__all__ = ["opening_sides"]

_SIDE = 20.0
# A spine of a row, and what is in it, is narrow for its area.
_SIDE_OF_SPINE = 7.0
_SPINE = 6.0  # height over width
# One of many small equal parts side by side is a tile until one looks at it; so is a matrix with its scales and bias.
_SIDE_OF_TILE = 96.0
_MANY, _SMALL = 4, 32  # how many parts, of how many nodes each
_SIDE_OF_TENSORS = 170.0
_SIDE_FOR_PICTURES = 28.0  # of the latter, where the tensors' faces show their weights


def opening_sides(graph: ModelGraph, placement: Placement) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the smallest projected side, in pixels, at which each node opens; infinite for leaves.

    Returns
    -------
    side, for_pictures : ndarray of float32, shape (N,)
        The second one where tensors show pictures of their weights: they are reached sooner.
    """
    n = len(graph)
    inner = np.bincount(graph.parent[1:][graph.kind[1:] != NodeKind.TENSOR], minlength=n) > 0
    leaf = graph.child_count == 0
    side = np.where(inner, _SIDE, _SIDE_OF_TENSORS)
    width, height = placement.size[:, 0], placement.size[:, 1]
    side = np.where(inner & (height > _SPINE * width), _SIDE_OF_SPINE, side)
    tiles = _tiles(graph, placement)
    side[tiles] = np.maximum(side[tiles], _SIDE_OF_TILE)
    sooner = np.where(inner, side, _SIDE_FOR_PICTURES)
    return np.where(leaf, np.inf, side).astype(np.float32), np.where(leaf, np.inf, sooner).astype(np.float32)


def _tiles(graph: ModelGraph, placement: Placement) -> NDArray[np.int64]:
    """Return the small containers that are many and equal and side by side: nothing flows from one to the next."""
    nodes = np.flatnonzero((graph.child_count > 0) & (graph.size <= _SMALL) & (graph.parent >= 0))
    nodes = nodes[np.argsort(graph.parent[nodes], kind="stable")]
    if not len(nodes):
        return nodes
    parent, signature = graph.parent[nodes], graph.signature[nodes]
    starts = np.concatenate([[True], (parent[1:] != parent[:-1]) | (signature[1:] != signature[:-1])])
    run = np.cumsum(starts) - 1
    routes, feeds = placement.routes, np.zeros(len(graph), bool)
    joined = (graph.parent[routes.source] == graph.parent[routes.target]) & (routes.source != routes.target)
    joined &= graph.signature[routes.source] == graph.signature[routes.target]
    feeds[routes.source[joined]] = True
    length, feeding = np.bincount(run), np.bincount(run, feeds[nodes])
    return nodes[((length >= _MANY) & (feeding == 0))[run]]
