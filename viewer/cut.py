"""The cut: which nodes are drawn as boxes in one frame, chosen by their size on the screen."""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ..graph.kinds import NodeKind
from ..graph.model_graph import ModelGraph
from ..layout.placement import Placement
from .camera import Camera, Viewport
from .covering import Covering

__all__ = ["MOVING_BUDGET", "STILL_BUDGET", "Cut", "CutTree", "choose_cut"]

STILL_BUDGET = 60_000
MOVING_BUDGET = 32_000

# A container opens when its children get at least this many square pixels each and it is not a mere sliver.
_OPEN_AREA_PER_CHILD = 8.0
_OPEN_SIDE = 20.0
# A spine of a row, and what is in it, is narrow for its area.
_OPEN_SIDE_OF_SPINE = 7.0
_SPINE = 6.0  # height over width
# An expert is a tile until one looks at it, and so is a matrix with its scales and bias.
_OPEN_SIDE_OF_EXPERT = 96.0
_OPEN_SIDE_OF_TENSORS = 170.0
_OPEN_SIDE_FOR_PICTURES = 28.0  # either, where the tensors' faces show their weights
_DROP_AREA = 0.8
_DROP_SIDE = 1.2


@dataclass(frozen=True, eq=False)
class CutTree:
    """What the cut needs of a graph and its placement, made once per model.

    Attributes
    ----------
    graph, placement
        What is shown.
    hidden : ndarray of bool, shape (N,), optional
        Nodes that are not drawn, with all that is inside them. A container opens as if they were there.
    child_order, child_start : ndarray
        Drawn children of node `i` are ``child_order[child_start[i] : child_start[i + 1]]``.
    covering : Covering or None
        What plates of decks hide.
    open_side, open_side_for_pictures : ndarray of float32, shape (N,)
        Smallest projected side, in pixels, at which a node opens; infinite for leaves. The second one where tensors
        show pictures of their weights: they are reached sooner.
    """

    graph: ModelGraph
    placement: Placement
    hidden: NDArray[np.bool_] | None = None
    child_order: NDArray[np.int64] = field(init=False)
    child_start: NDArray[np.int64] = field(init=False)
    covering: Covering | None = field(init=False)
    open_side: NDArray[np.float32] = field(init=False)
    open_side_for_pictures: NDArray[np.float32] = field(init=False)

    def __post_init__(self) -> None:
        graph, n = self.graph, len(self.graph)
        placed = self.placement.size[:, :2].min(1) > 0
        drawn = placed if self.hidden is None else placed & ~self.hidden
        children = np.flatnonzero(drawn[1:]) + 1  # a node that the layout left out is never drawn
        parent = graph.parent[children]
        order = children[np.argsort(parent, kind="stable")]
        counts = np.bincount(parent, minlength=n)
        inner = np.bincount(graph.parent[1:][graph.kind[1:] != NodeKind.TENSOR], minlength=n)
        leaf = graph.child_count == 0
        side = np.where(inner > 0, _OPEN_SIDE, _OPEN_SIDE_OF_TENSORS)
        width, height = self.placement.size[:, 0], self.placement.size[:, 1]
        side = np.where((inner > 0) & (height > _SPINE * width), _OPEN_SIDE_OF_SPINE, side)
        is_expert = np.isin(graph.kind, (NodeKind.EXPERT, NodeKind.SHARED_EXPERT))
        side[is_expert] = np.maximum(side[is_expert], _OPEN_SIDE_OF_EXPERT)
        set_once = object.__setattr__
        set_once(self, "covering", Covering.of(graph, self.placement, drawn))
        set_once(self, "child_order", order)
        set_once(self, "child_start", np.concatenate([[0], np.cumsum(counts)]))
        sooner = np.minimum(side, np.where(inner > 0, side, _OPEN_SIDE_FOR_PICTURES))
        set_once(self, "open_side", np.where(leaf, np.inf, side).astype(np.float32))
        set_once(self, "open_side_for_pictures", np.where(leaf, np.inf, sooner).astype(np.float32))

    def children(self, nodes: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the drawn children of all `nodes`, one node's after the other's."""
        start = self.child_start[nodes]
        count = self.child_start[nodes + 1] - start
        within = np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count, count)
        return self.child_order[np.repeat(start, count) + within]


@dataclass(frozen=True, eq=False)
class Cut:
    """The drawn boxes of one frame, parents before children.

    Attributes
    ----------
    nodes : ndarray of int64, shape (K,)
    opened : ndarray of bool, shape (K,)
        Whether a box is a plate with its children on it.
    px : ndarray of float64, shape (K, 2)
        Projected width and height of the front face, in pixels.
    short_px, long_px : ndarray of float64, shape (K,)
        The smaller and the larger of the two.
    unit_px : ndarray of float64, shape (K,)
        Pixels of a plan unit at the box's depth.
    room : ndarray of float64, shape (K,), or None
        In a deck, the distance from each box's back to the plate before it, infinite where there is none.
    """

    nodes: NDArray[np.int64]
    opened: NDArray[np.bool_]
    px: NDArray[np.float64]
    short_px: NDArray[np.float64]
    long_px: NDArray[np.float64]
    unit_px: NDArray[np.float64]
    room: NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return len(self.nodes)


def choose_cut(
    tree: CutTree,
    camera: Camera,
    viewport: Viewport,
    budget: int = STILL_BUDGET,
    scale: float = 1.0,
    pictures: bool = False,
) -> Cut:
    """Choose what to draw: containers open level by level, the largest on the screen first.

    The same camera and viewport always give the same cut.

    Parameters
    ----------
    budget : int
        Boxes at most. What does not fit stays closed.
    scale : float
        Device pixels of a text pixel: a finer screen shows the same things, more finely.
    pictures : bool
        Tensors show pictures of their weights.
    """
    open_side = tree.open_side_for_pictures if pictures else tree.open_side
    frontier = np.zeros(1, np.int64)
    left = budget - 1
    found: list[tuple[NDArray[np.generic], ...]] = []
    while len(frontier):
        px, unit, shown = _project_boxes(tree.placement, frontier, camera, viewport)
        if tree.covering is not None:
            shown &= ~tree.covering.hides(tree.placement, frontier, camera, viewport)
        area = px[:, 0] * px[:, 1] / scale**2
        long_px = np.maximum(px[:, 0], px[:, 1])
        shown &= (area >= _DROP_AREA) & (long_px >= _DROP_SIDE * scale)
        frontier, px, long_px, unit, area = frontier[shown], px[shown], long_px[shown], unit[shown], area[shown]
        short_px = np.minimum(px[:, 0], px[:, 1])
        count = tree.child_start[frontier + 1] - tree.child_start[frontier]
        wide = short_px >= open_side[frontier] * scale
        opened = wide & (area >= _OPEN_AREA_PER_CHILD * count)
        candidates = np.flatnonzero(opened)
        by_area = candidates[np.argsort(-area[candidates], kind="stable")]
        too_many = by_area[np.cumsum(count[by_area]) > left]
        opened[too_many] = False
        left -= int(count[opened].sum())
        found.append((frontier, opened, px, short_px, long_px, unit))
        frontier = tree.children(frontier[opened])
    cut = Cut(*(np.concatenate(column) for column in zip(*found, strict=True)))
    return cut if tree.covering is None else replace(cut, room=tree.covering.room(tree.placement, cut.nodes))


def _project_boxes(
    placement: Placement, nodes: NDArray[np.int64], camera: Camera, viewport: Viewport
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Return projected sizes of front faces, pixels per unit, and whether each box may be in the frustum."""
    center, size = placement.center[nodes], placement.size[nodes]
    axes = camera.axes
    view = camera.to_view(center)
    reach = (size / 2) @ np.abs(axes).T  # half sizes of the box's bounds in the view frame
    focal = camera.focal_px(viewport)
    # What rises above a box may be in view while the box itself is not.
    rise = np.maximum(placement.top[nodes] - center[:, 2] - size[:, 2] / 2, 0.0)[:, None] / 2
    middle, all_of_it = view + rise * axes[:, 2] * (1, 1, -1), reach + rise * np.abs(axes[:, 2])
    deepest = middle[:, 2] + all_of_it[:, 2]
    tan_x, tan_y = viewport[0] / 2 / focal, viewport[1] / 2 / focal
    shown = (
        (deepest > 0)
        & (np.abs(middle[:, 0]) - all_of_it[:, 0] <= tan_x * deepest)
        & (np.abs(middle[:, 1]) - all_of_it[:, 1] <= tan_y * deepest)
    )
    # A plate that reaches past the eye has no one depth: the target's is as good as any.
    depth = np.where(view[:, 2] - reach[:, 2] > 0, view[:, 2], np.minimum(np.abs(view[:, 2]), camera.distance))
    scale = focal / np.maximum(depth, 1e-300)
    flat = np.linalg.norm(axes[:2, :2], axis=0)  # foreshortening of u and v
    return size[:, :2] * scale[:, None] * flat, scale, shown
