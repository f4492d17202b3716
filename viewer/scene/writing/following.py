"""Labels between two moving frames in which they are placed: each goes with the box that it names."""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ...cameras.camera import Camera
from ..frame import Frame
from .label_ink import Written
from .label_layout import PlacedLabel, Rect

__all__ = ["Following"]

_FRAMES = 5  # at most: a label that could be shown now waits for a sixth of a second
_TURN, _ZOOM, _PAN = (
    20.0,
    2.0,
    0.6,
)  # degrees, times as near, parts of the distance: beyond, another part is in view
_LEAST_SLOPE = 0.1  # of the lines of sight, for their meeting with a front to mean anything


@dataclass(eq=False)
class Following:
    """The labels of a moving frame, and what they are written on, for a few frames after it.

    Placing labels takes half of a moving frame, and they stay nearly where they are: a label keeps its point in the
    plane of the front that it names, and is exactly where it was placed as long as nothing moves.

    Parameters
    ----------
    frame : Frame
        The frame that they were placed in.
    focus : int
    plain : bool
        Names are in plain words.
    written : list of Written
    """

    frame: Frame
    focus: int
    plain: bool
    written: list[Written]
    _left: int = field(default=_FRAMES, init=False)
    _places: NDArray[np.float64] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        frame = self.frame
        rows = np.array([one.label.candidate.row for one in self.written], np.int64)
        rects = np.array([one.label.rect for one in self.written], np.float64).reshape(-1, 4)
        align = np.array([one.label.spot.align for one in self.written], np.float64).reshape(-1, 2)
        self._nodes, self._rows, self._sizes = frame.cut.nodes[rows], rows, rects[:, 2:] - rects[:, :2]
        self._shift = self._sizes * align  # from the upper left corner to the point that stays on the front
        front = frame.center[rows] + frame.size[rows] * (0.0, 0.0, 0.5)
        met = _met(frame.view.camera, rects[:, :2] + self._shift, frame.view.viewport, front)
        self._places = (met - front) / _across(frame, rows)

    def serves(self, frame: Frame, focus: int, plain: bool) -> bool:
        """Return whether the labels may go on in a frame: a moving one, seen from nearly the same place."""
        mine, view = self.frame.view, frame.view
        before, now = mine.camera, view.camera
        return (
            self._left > 0
            and view.moving
            and mine.moving
            and (focus, plain) == (self.focus, self.plain)
            and (mine.viewport, mine.scale) == (view.viewport, view.scale)
            and now.orthographic == before.orthographic
            and abs(now.azimuth - before.azimuth) < _TURN
            and abs(now.elevation - before.elevation) < _TURN
            and 1 / _ZOOM < now.distance / before.distance < _ZOOM
            and float(np.abs(view.anchor - mine.anchor).max()) < _PAN * now.distance
            and frame.paint.coloring is self.frame.paint.coloring
        )

    def moved(self, frame: Frame, taken: list[Rect]) -> list[Written]:
        """Return the labels where their boxes are now, without those that would be cut off or meet what counts more."""
        self._left -= 1
        view, nodes = frame.view, frame.cut.nodes
        if not len(nodes):
            return []
        row_of = np.full(int(max(nodes.max(), self._nodes.max(initial=0))) + 1, -1, np.int64)
        row_of[nodes] = np.arange(len(nodes))
        rows = row_of[self._nodes]
        front = frame.center[rows] + frame.size[rows] * (0.0, 0.0, 0.5)
        places = front + self._places * _across(frame, rows)
        points, depth = view.camera.project(places, view.viewport)
        low = np.rint(points - self._shift)
        high = low + self._sizes
        stays = (rows >= 0) & (depth > 0) & (low >= 0).all(1) & (high <= view.viewport).all(1)
        for left, top, right, bottom in taken:
            stays &= ~((low < (right, bottom)).all(1) & (high > (left, top)).all(1))
        # The most important come first: what has come to lie on one of them goes.
        meet = stays & stays[:, None]
        for side in (0, 1):
            meet &= (low[:, None, side] < high[:, side]) & (high[:, None, side] > low[:, side])
        stays &= ~np.tril(meet, -1).any(1)
        rects, new_rows, same = np.concatenate([low, high], 1).tolist(), rows.tolist(), (rows == self._rows).tolist()
        found: list[Written] = []
        for k in np.flatnonzero(stays).tolist():
            one, old = self.written[k], self.written[k].label
            candidate = old.candidate if same[k] else replace(old.candidate, row=new_rows[k])
            label = PlacedLabel(candidate, old.block, old.spot, tuple(rects[k]), old.way, old.crosses)
            found.append(Written(label, one.ground, one.plate))
        return found


def _across(frame: Frame, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return what places on fronts are parts of: their width and height, and plan units in depth, shape (K, 3)."""
    return np.maximum(np.column_stack([frame.size[rows, :2], np.ones(len(rows))]), 1e-300)


def _met(
    camera: Camera, px: NDArray[np.float64], viewport: tuple[int, int], front: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return where the lines of sight through pixels meet the planes of fronts, shape (K, 3).

    Seen from the side, a front has no such point: then it is the plane through its middle that faces the eye.
    """
    unit = camera.focal_px(viewport)
    aside = np.column_stack([px[:, 0] - viewport[0] / 2, viewport[1] / 2 - px[:, 1]])
    if camera.orthographic:
        start = camera.eye + aside / camera.unit_px(viewport) @ camera.axes[:2]
        way = np.broadcast_to(-camera.axes[2], start.shape)
    else:
        start = np.broadcast_to(camera.eye, front.shape)
        way = np.column_stack([aside / unit, np.full(len(px), -1.0)]) @ camera.axes
    normal = np.where((way[:, 2] < -_LEAST_SLOPE)[:, None], (0.0, 0.0, 1.0), camera.axes[2])
    reach = ((front - start) * normal).sum(1) / (way * normal).sum(1)
    return start + reach[:, None] * way
