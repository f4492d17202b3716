"""The cut: which nodes are drawn as boxes in one frame, chosen by their size on the screen."""

from copy import copy
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ...graph.model_graph import ModelGraph
from ...layout.placement import Placement
from ..cameras.camera import Camera, Viewport
from ..cameras.framing import rising
from ..easing import smooth
from .chains import Chains, before, reached
from .covering import Covering
from .thresholds import opening_sides

__all__ = ["MOVING_BUDGET", "STILL_BUDGET", "Cut", "CutTree", "choose_cut"]

STILL_BUDGET = 60_000
MOVING_BUDGET = 32_000

# A container opens when its children get at least this many square pixels each and it is not a mere sliver.
_OPEN_AREA_PER_CHILD = 8.0
_RISEN = 1.7  # so many times as large, what stands on it has its full height
_SOFT_BUDGET = 0.15  # share of the budget in which that comes to nothing: its end is no edge either
_FLATTEST_PX = 1e-4  # the least height of a box: a ray meets its front before the one below
_COVERED_PX = 0.7
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
    chains : Chains or None
        Long chains of only children.
    covering : Covering or None
        What plates of decks hide.
    apart : ndarray of bool, shape (N,), or None
        What stands free of the plate that it is on, and so does not sink into it; None where nothing does.
    open_side, open_side_for_pictures : ndarray of float32, shape (N,)
        Smallest projected side, in pixels, at which a node opens: see `opening_sides`.
    """

    graph: ModelGraph
    placement: Placement
    hidden: NDArray[np.bool_] | None = None
    child_order: NDArray[np.int64] = field(init=False)
    child_start: NDArray[np.int64] = field(init=False)
    chains: Chains | None = field(init=False)
    covering: Covering | None = field(init=False)
    apart: NDArray[np.bool_] | None = field(init=False)
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
        set_once = object.__setattr__
        set_once(self, "covering", Covering.of(graph, self.placement, drawn))
        set_once(self, "child_order", order)
        set_once(self, "child_start", np.concatenate([[0], np.cumsum(counts)]))
        is_deck = self.placement.arrangement == "deck"
        set_once(self, "chains", None if is_deck else Chains.of(self.child_start, order))
        set_once(self, "apart", rising(graph, self.placement, np.arange(n)) if is_deck else None)
        side, for_pictures = opening_sides(graph, self.placement)
        set_once(self, "open_side", side)
        set_once(self, "open_side_for_pictures", for_pictures)

    def moved(self, placement: Placement) -> "CutTree":
        """Return the same tree for a placement on the way from this one to another, made in no time."""
        tree = copy(self)
        for name, value in (("placement", placement), ("covering", None), ("apart", None)):
            object.__setattr__(tree, name, value)
        return tree

    def children(self, nodes: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the drawn children of all `nodes`, one node's after the other's."""
        start = self.child_start[nodes]
        count = self.child_start[nodes + 1] - start
        within = np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count, count)
        return self.child_order[np.repeat(start, count) + within]

    def last_links(self, nodes: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return for nodes in long chains of only children the last container of theirs, the others as they are."""
        if self.chains is None:
            return nodes
        end = self.chains.end[nodes]
        is_leaf = self.child_start[end + 1] == self.child_start[end]
        return np.maximum(end - is_leaf, nodes)

    def openness(
        self, nodes: NDArray[np.int64], px: NDArray[np.float64], pixel: float, pictures: bool
    ) -> NDArray[np.float64]:
        """Return how large nodes are on the screen, in sizes at which they open, shape (K,); 0 for leaves.

        Parameters
        ----------
        px : ndarray, shape (K, 2)
            Projected width and height in device pixels.
        pixel : float
            So many device pixels count as one.
        pictures : bool
            Tensors show pictures of their weights.
        """
        side = (self.open_side_for_pictures if pictures else self.open_side)[nodes]
        return np.minimum(np.minimum(px[:, 0], px[:, 1]) / (side * pixel), self.roominess(nodes, px, pixel))

    def roominess(self, nodes: NDArray[np.int64], px: NDArray[np.float64], pixel: float) -> NDArray[np.float64]:
        """Return the same for the room of their children alone: 1 where each has 8 square pixels."""
        count = np.maximum(self.child_start[nodes + 1] - self.child_start[nodes], 1)
        return np.sqrt(px[:, 0] * px[:, 1] / (_OPEN_AREA_PER_CHILD * count)) / pixel


@dataclass(frozen=True, eq=False)
class Cut:
    """The drawn boxes of one frame, parents before children.

    Of plates that cover one another, in long chains of only children, some are left out.

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
    rise : ndarray of float64, shape (K,)
        How far what stands on a box has risen, 0 to 1: while a box opens it grows out of its face.
    stand : ndarray of float64, shape (K,)
        Share of its height that a box has: the rise of what it stands on, but never quite nothing.
    drop : ndarray of float64, shape (K,)
        How far a box's foot has sunk with what it stands on, in plan units.
    level : ndarray of int64, shape (K,)
        How many boxes it stands on.
    room : ndarray of float64, shape (K,), or None
        In a deck, the distance from each box's back to the plate before it, infinite where there is none.
    """

    nodes: NDArray[np.int64]
    opened: NDArray[np.bool_]
    px: NDArray[np.float64]
    short_px: NDArray[np.float64]
    long_px: NDArray[np.float64]
    unit_px: NDArray[np.float64]
    rise: NDArray[np.float64]
    stand: NDArray[np.float64]
    drop: NDArray[np.float64]
    level: NDArray[np.int64]
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
    detail: float = 1.0,
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
    detail : float
        A factor on the sizes on the screen at which containers open: the larger, the coarser.
    """
    nodes, left = np.zeros(1, np.int64), budget - 1
    ground, drop, level = np.ones(1), np.zeros(1), np.zeros(1, np.int64)  # what is known of the nodes from below
    found: list[tuple[NDArray[np.generic], ...]] = []
    while len(nodes):
        start = None
        if tree.chains is not None:
            nodes, of, start = tree.chains.links(nodes)
            ground, drop, level = ground[of], drop[of], level[of]
        px, unit, shown = _project_boxes(tree.placement, nodes, camera, viewport)
        if tree.covering is not None:
            shown &= ~tree.covering.hides(tree.placement, nodes, camera, viewport)
        area = px[:, 0] * px[:, 1]
        short_px, long_px = np.minimum(px[:, 0], px[:, 1]), np.maximum(px[:, 0], px[:, 1])
        shown &= (area >= _DROP_AREA * scale**2) & (long_px >= _DROP_SIDE * scale)
        count = tree.child_start[nodes + 1] - tree.child_start[nodes]
        openness = tree.openness(nodes, px, scale * detail, pictures)
        opened = shown & (openness >= 1)
        if start is not None:
            opened &= reached(opened, start)
        by_area = np.flatnonzero(opened)
        by_area = by_area[np.argsort(-area[by_area], kind="stable")]
        room = (left - np.cumsum(count[by_area])) / max(_SOFT_BUDGET * left, 1)
        rise = np.zeros(len(nodes))
        rise[by_area] = smooth(np.minimum((openness[by_area] - 1) / (_RISEN - 1), room))
        opened[by_area[room < 0]] = False
        drawn = shown
        if start is not None:
            shown &= reached(opened, start)
            opened &= shown
            rise[~opened] = 0.0
            goes_on = start[1:] == start[:-1]  # the next row is the next link
            ground[1:][goes_on] = rise[:-1][goes_on]
            # What is covered up to its very edge, or as far as one sees, is not drawn: a few of a thousand plates.
            steps = np.floor(px / (_COVERED_PX * scale))
            covered = (steps[1:] == steps[:-1]).all(1) | _fills_view(tree.placement, nodes[1:], camera, viewport)
            drawn = shown.copy()
            drawn[:-1] &= ~(goes_on & shown[1:] & covered)
            level = level + before(drawn.astype(np.float64), start).astype(np.int64)
        left -= int(count[opened].sum())

        stand, sinks = ground, np.zeros(len(nodes))
        if ground.min() < 1:
            height = tree.placement.size[nodes, 2]
            stand = np.minimum(np.maximum(ground, _FLATTEST_PX / np.maximum(unit * height, 1e-300)), 1.0)
            sinks = height * (1 - stand)
        if start is not None:
            drop = drop + before(sinks, start)
        rows = np.flatnonzero(drawn)
        found.append(
            tuple(column[rows] for column in (nodes, opened, px, short_px, long_px, unit, rise, stand, drop, level))
        )
        inner = np.flatnonzero(opened if tree.chains is None else opened & (tree.chains.end[nodes] == nodes))
        times = count[inner]
        nodes, level = tree.children(nodes[inner]), np.repeat(level[inner] + drawn[inner], times)
        ground, drop = np.repeat(rise[inner], times), np.repeat((drop + sinks)[inner], times)
        if tree.apart is not None:
            free = tree.apart[nodes]
            ground[free], drop[free] = 1.0, 0.0
    cut = Cut(*(np.concatenate(column) for column in zip(*found, strict=True)))
    return cut if tree.covering is None else replace(cut, room=tree.covering.room(tree.placement, cut.nodes))


def _fills_view(
    placement: Placement, nodes: NDArray[np.int64], camera: Camera, viewport: Viewport
) -> NDArray[np.bool_]:
    """Return which nodes' fronts are all that is seen of what is behind them."""
    center, half = placement.center[nodes], placement.size[nodes] / 2
    filled = np.ones(len(nodes), bool)
    for corner in ((0, 0), (viewport[0], 0), (0, viewport[1]), viewport):
        start, way = camera.ray(corner, viewport)
        if way[2] > -1e-9:
            return np.zeros(len(nodes), bool)
        reach = (center[:, 2] + half[:, 2] - start[2]) / way[2]
        beside = np.abs(start[:2] + reach[:, None] * way[:2] - center[:, :2])
        filled &= (reach > 0) & (beside < half[:, :2]).all(1)
    return filled


def _project_boxes(
    placement: Placement, nodes: NDArray[np.int64], camera: Camera, viewport: Viewport
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Return projected sizes of front faces, pixels per unit, and whether each box may be in the frustum."""
    center, size = placement.center.take(nodes, 0), placement.size.take(nodes, 0)
    axes = camera.axes
    view = axes @ (center - camera.eye).T  # a row each of right, up and depth: whole rows are worked on at once
    view[2] *= -1.0
    reach = np.abs(axes) @ (size.T / 2)  # half sizes of the box's bounds in the view frame
    middle, all_of_it = view, reach
    # What rises above a box may be in view while the box itself is not.
    rise = placement.top.take(nodes) - center[:, 2] - size[:, 2] / 2
    if (rise > 0).any():
        half = np.maximum(rise, 0.0) / 2
        middle = view + (axes[:, 2] * (1, 1, -1))[:, None] * half
        all_of_it = reach + np.abs(axes[:, 2])[:, None] * half
    deepest = middle[2] + all_of_it[2]
    unit = camera.units_px(np.maximum(deepest, 1e-200), viewport)  # times any size, still a number
    shown = deepest > 0
    for side in (0, 1):
        shown &= unit * (np.abs(middle[side]) - all_of_it[side]) <= viewport[side] / 2
    # A plate that reaches past the eye has no one depth: the target's is as good as any.
    depth = np.where(view[2] - reach[2] > 0, view[2], np.minimum(np.abs(view[2]), camera.distance))
    scale = camera.units_px(depth, viewport)
    flat = np.linalg.norm(axes[:2, :2], axis=0)  # foreshortening of u and v
    return size[:, :2] * scale[:, None] * flat, scale, shown
