"""What one frame shows: where it is seen from, and the drawn boxes with their colours."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ...graph.model_graph import ModelGraph
from ...layout.placement import Placement
from ..cameras.camera import Camera, Viewport
from ..cameras.corners import corners_of
from ..cameras.framing import rising
from ..detail.cut import Cut
from ..easing import smooth
from ..pointing.pick import hidden_points
from ..pointing.spotlight import DIMMED, Spotlight
from .paint import Paint

__all__ = ["KEPT_ANGLE", "REACH", "Frame", "View", "focus_share", "in_focus", "painted"]

KEPT_ANGLE = 4.0  # degrees that the eye may turn before a moving frame gets new meshes
_KEPT_ZOOM, _KEPT_WAY = 0.04, 0.1  # parts of the distance that it may come nearer or move
_HIDES_PX = 4.0  # lower boxes hide no writing
_WRITING_PX = 5.0  # from the middle of a number to its ends
# Plates of the focus's ancestors reach far out of the frustum; beyond this many distances they are cut off.
REACH = 60.0
_SMALL_PX = 16.0
_DEPTH_STEPS = 16 * 2.0**-24  # from level to level, of all that a depth buffer of 24 bits tells apart
_LEAST_STEP = 1e-6  # ... and that single precision tells apart
_MOST_STEPS = 2e-3  # for the deepest level: more would be seen when the eye moves on before the next mesh
_FADE = 0.62  # share of the plate's colour in what is not in focus


@dataclass(frozen=True)
class View:
    """How a frame is seen.

    Attributes
    ----------
    camera : Camera
    viewport : tuple of int
        Width and height in device pixels.
    scale : float
        Device pixels of a text pixel.
    moving : bool
        The camera is on its way: speed counts more than finish.
    """

    camera: Camera
    viewport: Viewport
    scale: float
    moving: bool

    @property
    def anchor(self) -> NDArray[np.float64]:
        """The plan point that meshes are drawn relative to: near it, single precision is exact enough."""
        return np.asarray(self.camera.target)

    def is_near(self, other: "View") -> bool:
        """Return whether what was drawn for another view may be shown in this one: in moving frames, from near it."""
        before, now = other.camera, self.camera
        return self == other or (
            self.moving
            and other.moving
            and (self.viewport, self.scale) == (other.viewport, other.scale)
            and now.orthographic == before.orthographic
            and abs(now.azimuth - before.azimuth) < KEPT_ANGLE
            and abs(now.elevation - before.elevation) < KEPT_ANGLE
            and abs(now.distance / before.distance - 1) < _KEPT_ZOOM
            and float(np.abs(self.anchor - other.anchor).max()) < _KEPT_WAY * now.distance
        )


@dataclass(frozen=True, eq=False)
class Frame:
    """The drawn boxes of a frame, one row a box of the cut.

    Attributes
    ----------
    view : View
    cut : Cut
    above : ndarray of int, shape (K,)
        The node that each box stands on.
    center, size : ndarray, shape (K, 3)
        The boxes in plan coordinates: the placement's, but taller where an overlay makes closed ones tall, and flatter
        while they rise from a container that opens.
    sunk : ndarray of float64, shape (K,)
        How far the fronts of those that are not tall, and what lies on them, are below the placement's; 0 where a deck
        stands on one, since that does not sink.
    tall : ndarray of bool, shape (K,)
        Which of them these are.
    rising : ndarray of bool, shape (K,)
        Which boxes do not touch the plate that they are on: plates of a deck, and what stands beside the last of them.
    colors, behind : ndarray of uint8, shape (K, 3)
        Each box's front face by its kind, and the plate that it stands on.
    datum : ndarray of float32, shape (K, 3)
        What an overlay says: value, share of the value's colour in the face, share of the plate's in that.
    flanks : ndarray of uint8, shape (K, 3)
        Each box's sides by its kind: those of a container that opens turn into a plate's as its children rise.
    flank_share : ndarray of float32, shape (K,)
        Share of the value's colour in them.
    paint : Paint
        The overlays.
    quiet : ndarray of bool, shape (K,)
        What is not in focus: only the focus's neighbours are named there.
    dimmed : ndarray of bool, shape (K,)
        What is outside of the spotlight: nothing is named there.
    """

    view: View
    cut: Cut
    above: NDArray[np.integer]
    center: NDArray[np.float64]
    size: NDArray[np.float64]
    sunk: NDArray[np.float64]
    tall: NDArray[np.bool_]
    rising: NDArray[np.bool_]
    colors: NDArray[np.uint8]
    behind: NDArray[np.uint8]
    datum: NDArray[np.float32]
    flanks: NDArray[np.uint8]
    flank_share: NDArray[np.float32]
    paint: Paint
    quiet: NDArray[np.bool_]
    dimmed: NDArray[np.bool_]

    @classmethod
    def of(
        cls,
        graph: ModelGraph,
        placement: Placement,
        view: View,
        cut: Cut,
        faces: NDArray[np.uint8],
        plates: NDArray[np.uint8],
        paint: Paint,
        focus: int,
        fade: float,
        spotlight: Spotlight,
    ) -> "Frame":
        """Colour a cut; what is not in focus fades by so much towards what it stands on.

        Parameters
        ----------
        faces, plates : ndarray of uint8, shape (N, 3)
            Every node's colour as a closed box, and as a plate.
        spotlight : Spotlight
            Decides instead of the focus where it lights some parts.
        """
        center, size = paint.boxes(placement, cut)
        front = placement.center[:, 2].take(cut.nodes) + placement.size[:, 2].take(cut.nodes) / 2
        holds_deck = placement.top[cut.nodes] - front > 1e-6 * np.minimum(size[:, 0], size[:, 1])
        look = (faces, plates, paint, focus, fade, spotlight)
        colors, behind, datum = painted(graph, cut.nodes, cut.opened, *look)
        flanks, flank_share = colors.copy(), datum[:, 1].copy()
        opens = np.flatnonzero(cut.opened & (cut.rise < 1))
        closed, _, closed_datum = painted(graph, cut.nodes[opens], np.zeros(len(opens), bool), *look)
        rise = cut.rise[opens]
        flanks[opens] = np.rint(closed + (colors[opens] - closed.astype(np.float64)) * rise[:, None])
        flank_share[opens] = closed_datum[:, 1] + (datum[opens, 1] - closed_datum[:, 1]) * rise
        return cls(
            view,
            cut,
            np.maximum(graph.parent[cut.nodes], 0),
            center,
            size,
            np.where(holds_deck, 0.0, front - center[:, 2] - size[:, 2] / 2),
            paint.is_tall(cut),
            rising(graph, placement, cut.nodes) if holds_deck.any() else np.zeros(len(cut), bool),
            colors,
            behind,
            datum,
            flanks,
            flank_share,
            paint,
            ~in_focus(graph, focus, cut.nodes) if fade > _FADE / 2 and not spotlight else np.zeros(len(cut), bool),
            spotlight.of_boxes(cut.nodes, cut.opened) == DIMMED,
        )

    @cached_property
    def depths(self) -> tuple[float, float]:
        """The nearest and the farthest depth that the camera must show."""
        camera = self.view.camera
        # What is smaller reaches out by less than the margin.
        large = np.flatnonzero(self.cut.long_px > _SMALL_PX * self.view.scale)
        low, high = self._corners(large)
        if not len(large):
            return camera.reach - 0.5 * camera.distance, camera.reach + camera.distance
        depth = camera.to_view((low + high) / 2 + self.view.anchor)[:, 2]
        reach = (high - low) / 2 @ np.abs(camera.axes[2])
        near, far = float((depth - reach).min()), float((depth + reach).max())
        if camera.orthographic:
            air = 0.02 * (far - near) + 0.01 * camera.distance
            return near - air, far + air
        return max(0.95 * near, 0.01 * camera.distance), max(1.05 * far, 0.02 * camera.distance)

    @cached_property
    def bounds(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Lower and upper corners of the boxes, relative to the view's anchor, each of shape (K, 3).

        Plates that reach far out of the view are cut off, so that single precision is enough for what is in it.
        """
        return self._corners(slice(None))

    def _corners(self, rows: NDArray[np.int64] | slice) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        center, half = self.center[rows] - self.view.anchor, self.size[rows] / 2
        reach = REACH * self.view.camera.distance
        low, high = center - half, center + half
        np.maximum(low[:, :2], -reach, out=low[:, :2])
        np.minimum(high[:, :2], reach, out=high[:, :2])
        return low, high

    @cached_property
    def step(self) -> float:
        """How far each level is drawn towards the eye, so that no plate fights with the one below it.

        A share of the depth or, in a parallel projection, a length. It is a power of two: a camera that moves a little
        does not change it.
        """
        (near, far), deepest = self.depths, max(1, int(self.cut.level.max(initial=1)))
        if self.view.camera.orthographic:
            return 2.0 ** math.ceil(math.log2(_DEPTH_STEPS * (far - near)))
        step = max(_DEPTH_STEPS * (far / near - 1), _LEAST_STEP)
        return 2.0 ** math.floor(math.log2(min(2 * step, _MOST_STEPS / deepest)))

    def layered(self, points: NDArray[np.float64], level: NDArray[np.floating | np.integer]) -> NDArray[np.float64]:
        """Return points as they are drawn: nearer to the eye by a hair for each level, at the same pixel.

        Parameters
        ----------
        points : ndarray, shape (K, ..., 3)
            Relative to the view's anchor.
        level : ndarray, shape (K,)
            How many boxes are below: `Cut.level` for a box itself, half a level more for what lies on its front.
        """
        camera = self.view.camera
        share = (self.step * level).reshape(-1, *(1,) * (points.ndim - 1))
        if camera.orthographic:
            return points + share * camera.axes[2]
        return points + share * (camera.reach * camera.axes[2] - points)

    def shown(self, rows: NDArray[np.integer]) -> NDArray[np.uint8]:
        """Return the colours of front faces as they are seen, which text must stand out from, shape (len, 3)."""
        return self.paint.shown(self.datum[rows], self.colors[rows], self.behind[rows])

    def hidden(self, rows: NDArray[np.integer]) -> NDArray[np.bool_]:
        """Return of which boxes' fronts a tall box hides the middle; while moving nobody reads, and it is not asked."""
        found = np.zeros(len(rows), bool)
        if self.view.moving or not self.tall.any():
            return found
        camera, viewport = self.view.camera, self.view.viewport
        tall = np.flatnonzero(self.tall & (self.size[:, 2] * self.cut.unit_px > _HIDES_PX * self.view.scale))
        px, depth = camera.project(corners_of(self.center[tall], self.size[tall]), viewport)
        low, high = px.min(1), px.max(1)
        reaches_eye = depth.min(1) <= 0  # its corners on the screen mean nothing then
        # Around the middle, too, where writing reaches: a few pixels to each side.
        reach = np.array([(0, 0), (_WRITING_PX, 0), (-_WRITING_PX, 0), (0, _WRITING_PX), (0, -_WRITING_PX)])
        front = self.center[rows] + self.size[rows] * (0.0, 0.0, 0.5)
        at, _ = camera.project(front, viewport)
        for k, row in enumerate(rows.tolist()):
            beside = _WRITING_PX * self.view.scale
            near = (low < at[k] + beside).all(1) & (high > at[k] - beside).all(1)
            near = (near | reaches_eye) & (tall != row)
            if near.any():
                points = np.repeat(front[k][None], len(reach), 0)
                points[:, :2] += reach * self.view.scale / self.cut.unit_px[row]
                boxes = tall[near]
                found[k] = hidden_points(points, self.center[boxes], self.size[boxes], camera.eye).any()
        return found


def painted(
    graph: ModelGraph,
    nodes: NDArray[np.integer],
    opened: NDArray[np.bool_],
    faces: NDArray[np.uint8],
    plates: NDArray[np.uint8],
    paint: Paint,
    focus: int,
    fade: float,
    spotlight: Spotlight,
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.float32]]:
    """Return what fronts of nodes look like, drawn or not: colours by kind, those of the plates behind them, and datum.

    All are as in `Frame`; the parameters are those of `Frame.of`.
    """
    behind = plates.take(np.maximum(graph.parent.take(nodes), 0), 0)
    colors = faces.take(nodes, 0)
    colors[opened] = plates.take(nodes[opened], 0)
    if spotlight:
        share = spotlight.of_boxes(nodes, opened)
    else:
        share = np.where(in_focus(graph, focus, nodes), 0.0, fade) if fade else np.zeros(len(nodes))
    muted = 1 - (1 - share) * (1 - paint.muted(nodes, opened))
    some = np.flatnonzero(muted)
    part = muted[some, None]
    colors[some] = np.rint(colors[some] * (1 - part) + behind[some] * part).astype(np.uint8)
    return colors, behind, paint.data(nodes, opened, share)


def in_focus(graph: ModelGraph, focus: int, nodes: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Return which nodes are the focus, in it, or plates that it stands on."""
    stop = focus + graph.size[focus]
    inside = (nodes >= focus) & (nodes < stop)
    return inside | ((nodes < focus) & (nodes + graph.size[nodes] >= stop))


def focus_share(placement: Placement, focus: int, camera: Camera, viewport: Viewport) -> float:
    """Return how much the rest recedes: not at all unless the focus fills a good part of the view."""
    if focus == 0:
        return 0.0
    half = np.maximum(placement.size[focus][:2] / 2, 1e-300)
    filled = float((2 * half * camera.unit_px(viewport) / np.asarray(viewport)).max())
    away = float((np.abs(np.asarray(camera.target)[:2] - placement.center[focus][:2]) / half).max())
    return _FADE * float(smooth((filled - 0.35) / 0.25) * (1 - smooth((away - 1.0) / 0.5)))
