"""Boxes of all nodes, from templates: a few numpy operations a level of the tree."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..graph.kinds import NodeKind
from ..graph.model_graph import ModelGraph
from .footprint import STANDING, footprints, rim
from .template import Template
from .tree import Tree

__all__ = ["HEIGHT", "Boxes", "Frames", "set_boxes"]

HEIGHT = 1000.0  # of the root plate, in plan units

# Thickness: plates as part of their smaller side; tiles higher, so that their sides are seen from the side.
_PLATE = 0.025
_TILE = 0.3
_TILE_OF_PARENT = 0.1
_TILES = (NodeKind.EXPERT, NodeKind.HEAD)
_TINIEST = 1e-250  # even the last of thousands of ever smaller boxes has a size


@dataclass(frozen=True, slots=True)
class Frames:
    """Where the children of some containers stand: lower left corner, extent, and height of the front face."""

    low: NDArray[np.float64]
    size: NDArray[np.float64]
    front: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Boxes:
    """Boxes of all nodes.

    Attributes
    ----------
    center, size : ndarray of float64, shape (N, 3)
    template : ndarray of int64, shape (N,)
        Template by which a container's children are set; -1 for leaves and for containers of one child.
    """

    center: NDArray[np.float64]
    size: NDArray[np.float64]
    template: NDArray[np.int64]

    def frame(self, nodes: NDArray[np.int64]) -> Frames:
        """Return where the children of containers stand."""
        size = self.size[nodes]
        low = self.center[nodes] - size / 2
        return Frames(low[:, :2], size[:, :2], low[:, 2] + size[:, 2])


def set_boxes(graph: ModelGraph, tree: Tree, templates: list[Template], aspect: float) -> Boxes:
    """Set templates into place from the root down.

    Only the heads of runs are set level by level; what follows a head has a closed form in its box.
    """
    n = len(graph)
    low, size, front = np.empty((n, 2)), np.empty((n, 2)), np.empty(n)
    thickness, template = np.empty(n), np.full(n, -1, np.int64)
    lengths = np.array([len(t.child) for t in templates] or [0])
    start = np.cumsum(lengths) - lengths
    if templates:
        unit_low = np.concatenate([t.low for t in templates])
        unit_size = np.concatenate([t.size for t in templates])
        unit_child = np.concatenate([t.child for t in templates])
        template[0] = 0
    else:
        unit_low = unit_size = np.empty((0, 2))
        unit_child = np.empty(0, np.int32)
    is_leaf = tree.count == 0
    is_tile = is_leaf | np.isin(graph.kind, _TILES)
    nested = np.cumsum(1.0 / np.arange(1, int(tree.step.max()) + 2) ** 2) - 1.0  # heights of the plates of a run
    low[0], size[0] = (-aspect * HEIGHT / 2, -HEIGHT / 2), (aspect * HEIGHT, HEIGHT)
    thickness[0] = front[0] = _PLATE * size[0].min()
    for first, last in zip(tree.level_start[1:].tolist(), tree.level_start[2:].tolist(), strict=False):
        heads = tree.heads[first:last]
        tail = graph.parent[heads]
        above = tree.head[tail]
        around = size[above]
        smaller = _smaller(around)
        edge = (rim(tree.step[tail]) * smaller)[:, None]
        inner = around - 2 * edge
        slot = start[template[above]] + tree.index[first:last]
        low[heads] = low[above] + edge + unit_low[slot] * inner
        own = np.maximum(unit_size[slot] * inner, _TINIEST)
        size[heads] = own
        template[heads] = unit_child[slot]
        least = _smaller(own)
        thick = np.where(is_tile[heads], np.minimum(_TILE * least, _TILE_OF_PARENT * smaller), _PLATE * least)
        thickness[heads] = thick
        front[heads] = front[above] + _PLATE * smaller * nested[tree.step[tail]] + thick

    head, step = tree.head, tree.step
    inside = np.flatnonzero(step)
    above, down = head[inside], step[inside]
    smaller = _smaller(size[above])
    edge = (rim(down) * smaller)[:, None]
    low[inside] = low[above] + edge
    size[inside] = size[above] - 2 * edge
    _fit_leaves(graph, tree, inside, low, size)
    plate = _PLATE * smaller / (1.0 + down) ** 2
    tile = np.minimum(_TILE * _smaller(size[inside]), _TILE_OF_PARENT * smaller)
    thickness[inside] = np.where(is_leaf[inside], tile, plate)
    front[inside] = front[above] + _PLATE * smaller * nested[down - 1] + thickness[inside]

    # A run's template belongs to its last member.
    moved = np.full(n, -1, np.int64)
    heads = tree.heads
    moved[tree.tail[heads]] = template[heads]
    thickness = np.maximum(thickness, _TINIEST)
    return Boxes(np.column_stack([low + size / 2, front - thickness / 2]), np.column_stack([size, thickness]), moved)


def _smaller(size: NDArray[np.float64]) -> NDArray[np.float64]:
    # Much faster than min(axis=1) over two columns.
    return np.minimum(size[:, 0], size[:, 1])


def _fit_leaves(
    graph: ModelGraph, tree: Tree, inside: NDArray[np.int64], low: NDArray[np.float64], size: NDArray[np.float64]
) -> None:
    """Give tensors that are only children their proportions, about the centre of their box, in place."""
    parent_kind = graph.kind[graph.parent[inside]]
    drawn = (tree.count[inside] == 0) & (graph.shape_code[inside] >= 0) & ~np.isin(parent_kind, STANDING)
    leaves = inside[drawn]
    natural = footprints(graph.shapes)[graph.shape_code[leaves]]
    ratio = natural[:, 0] / natural[:, 1]
    box = size[leaves]
    vector = np.array([len(shape) == 1 for shape in graph.shapes] + [False])[graph.shape_code[leaves]]
    ratio = np.where(vector & (box[:, 0] < box[:, 1]), 1.0 / ratio, ratio)
    width = np.minimum(box[:, 0], box[:, 1] * ratio)
    new = np.column_stack([width, width / ratio])
    low[leaves] += (box - new) / 2
    size[leaves] = new
