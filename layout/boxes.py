"""Boxes of all nodes, from templates: a few numpy operations a level of the tree."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..graph.kinds import NodeKind
from ..graph.model_graph import ModelGraph
from .footprint import STANDS, footprints, rim
from .template import Template
from .tree import Tree

__all__ = ["HEIGHT", "TINIEST", "Boxes", "Frames", "set_boxes"]

HEIGHT = 1000.0  # of the root plate, in plan units

# Thickness: plates as part of their smaller side; tiles higher, so that their sides are seen from the side.
_PLATE = 0.025
_TILE = 0.3
_TILE_OF_PARENT = 0.1
_WEIGHTLESS = 0.4  # height of a leaf that is no tensor, of that of one that is: an activation is nothing to stand out
_IS_TILE = np.isin(np.arange(256), (NodeKind.EXPERT, NodeKind.HEAD))  # by kind
TINIEST = 1e-250  # even the last of thousands of ever smaller boxes has a size


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
    n, heads, level = len(graph), tree.heads, tree.level_start.tolist()
    # What is kept comes first: then all memory above it can be given back (200 MB of a million nodes).
    center, extent, template = np.zeros((n, 3)), np.zeros((n, 3)), np.full(n, -1, np.int64)
    # Until the last lines, lower corners and fronts stand in the places of centres.
    low, front, size, thickness = center[:, :2], center[:, 2], extent[:, :2], extent[:, 2]
    is_leaf = graph.child_count == 0  # a container whose children are all hidden stays a plate
    nested = np.cumsum(1.0 / np.arange(1, int(tree.step.max()) + 2) ** 2) - 1.0  # heights of the plates of a run
    low[0], size[0] = (-aspect * HEIGHT / 2, -HEIGHT / 2), (aspect * HEIGHT, HEIGHT)
    thickness[0] = front[0] = _PLATE * size[0].min()
    if templates:
        template[tree.tail[0]] = 0  # of the last member of a run, whose children it sets
        unit_low = np.concatenate([t.low for t in templates])
        unit_size = np.concatenate([t.size for t in templates])
        unit_child = np.concatenate([t.child for t in templates])
        lengths = np.array([len(t.child) for t in templates])
        start = np.cumsum(lengths) - lengths
        for first, last, end in zip(level, level[1:], level[2:], strict=False):
            around = heads[first:last]
            around = around[tree.count[tree.tail[around]] > 0]
            tail = tree.tail[around]
            count, step, outer = tree.count[tail], tree.step[tail], size[around]
            smaller = _smaller(outer)
            edge = (rim(step) * smaller)[:, None]
            ground = front[around] + _PLATE * smaller * nested[step]
            of = np.repeat(np.arange(len(around)), count)
            slot = np.repeat(start[template[tail]], count) + tree.index[last:end]
            inner = (outer - 2 * edge).take(of, axis=0)

            nodes = heads[last:end]
            tails, kinds = tree.tail[nodes], graph.kind[nodes]
            own = np.maximum(unit_size.take(slot, axis=0) * inner, TINIEST)
            low[nodes] = (low[around] + edge).take(of, axis=0) + unit_low.take(slot, axis=0) * inner
            size[nodes] = own
            template[tails] = unit_child[slot]
            least, of_tile = _smaller(own), _IS_TILE[kinds]
            tile = np.minimum(_TILE * least, (_TILE_OF_PARENT * smaller)[of])
            tile[(graph.shape_code[tails] < 0) & ~of_tile] *= _WEIGHTLESS
            thick = np.where(is_leaf[nodes] | of_tile, tile, _PLATE * least)
            thickness[nodes], front[nodes] = thick, ground[of] + thick

    inside = np.flatnonzero(tree.step)
    above, down = tree.head[inside], tree.step[inside]
    smaller = _smaller(size[above])
    edge = (rim(down) * smaller)[:, None]
    low[inside] = low[above] + edge
    size[inside] = size[above] - 2 * edge
    _fit_leaves(graph, inside, low, size)
    plate = _PLATE * smaller / (1.0 + down) ** 2
    tile = np.minimum(_TILE * _smaller(size[inside]), _TILE_OF_PARENT * smaller)
    thickness[inside] = np.where(is_leaf[inside], tile, plate)
    front[inside] = front[above] + _PLATE * smaller * nested[down - 1] + thickness[inside]

    low += size / 2
    front -= thickness / 2
    np.maximum(thickness, TINIEST, out=thickness)
    return Boxes(center, extent, template)


def _smaller(size: NDArray[np.float64]) -> NDArray[np.float64]:
    # Much faster than min(axis=1) over two columns.
    return np.minimum(size[:, 0], size[:, 1])


def _fit_leaves(
    graph: ModelGraph, inside: NDArray[np.int64], low: NDArray[np.float64], size: NDArray[np.float64]
) -> None:
    """Give tensors that are only children their proportions, about the centre of their box, in place."""
    parent_kind = graph.kind[graph.parent[inside]]
    drawn = (graph.child_count[inside] == 0) & (graph.shape_code[inside] >= 0) & ~STANDS[parent_kind]
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
