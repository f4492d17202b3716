"""What one frame shows: where it is seen from, and the drawn boxes with their colours."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...graph.model_graph import ModelGraph
from ...layout.placement import Placement
from ..camera import Camera, Viewport
from ..cut import Cut
from ..framing import rising
from ..pick import hidden_points
from .paint import Paint

__all__ = ["Frame", "View", "focus_share", "in_focus"]

_HIDES_PX = 4.0  # lower boxes hide no writing
_WRITING_PX = 5.0  # from the middle of a number to its ends
_CORNERS = np.array([[i, j, k] for i in (-1, 1) for j in (-1, 1) for k in (-1, 1)], np.float64)
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
        The boxes in plan coordinates: the placement's, but taller where an overlay makes closed ones tall.
    tall : ndarray of bool, shape (K,)
        Which of them these are.
    rising : ndarray of bool, shape (K,)
        Which boxes do not touch the plate that they are on: plates of a deck, and what stands beside the last of them.
    colors, behind : ndarray of uint8, shape (K, 3)
        Each box's front face by its kind, and the plate that it stands on.
    datum : ndarray of float32, shape (K, 3)
        What an overlay says: value, share of the value's colour in the face, share of the plate's in that.
    paint : Paint
        The overlays.
    quiet : ndarray of bool, shape (K,)
        What is not in focus: only the focus's neighbours are named there.
    """

    view: View
    cut: Cut
    above: NDArray[np.integer]
    center: NDArray[np.float64]
    size: NDArray[np.float64]
    tall: NDArray[np.bool_]
    rising: NDArray[np.bool_]
    colors: NDArray[np.uint8]
    behind: NDArray[np.uint8]
    datum: NDArray[np.float32]
    paint: Paint
    quiet: NDArray[np.bool_]

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
    ) -> "Frame":
        """Colour a cut; what is not in focus fades by so much towards what it stands on.

        Parameters
        ----------
        faces, plates : ndarray of uint8, shape (N, 3)
            Every node's colour as a closed box, and as a plate.
        """
        above = np.maximum(graph.parent[cut.nodes], 0)
        behind = plates[above]
        center, size = paint.boxes(placement, cut)
        colors = np.where(cut.opened[:, None], plates[cut.nodes], faces[cut.nodes])
        outside = ~in_focus(graph, focus, cut.nodes)
        share = np.where(outside, fade, 0.0)
        muted = (1 - (1 - share) * (1 - paint.muted(cut)))[:, None]
        mixed = np.rint(colors * (1 - muted) + behind * muted).astype(np.uint8)
        datum = paint.data(cut, share)
        return cls(
            view,
            cut,
            above,
            center,
            size,
            paint.is_tall(cut),
            rising(graph, placement, cut.nodes),
            mixed,
            behind,
            datum,
            paint,
            outside & (fade > _FADE / 2),
        )

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
        corners = self.center[tall][:, None] + self.size[tall][:, None] / 2 * _CORNERS
        px, depth = camera.project(corners, viewport)
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
    return _FADE * _smooth((filled - 0.35) / 0.25) * (1 - _smooth((away - 1.0) / 0.5))


def _smooth(t: float) -> float:
    t = min(max(t, 0.0), 1.0)
    return t * t * (3 - 2 * t)
