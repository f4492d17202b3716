"""Edges of plates on the screen: what is written beside a box does not stand across one."""

import numpy as np

from ..frame import Frame
from .faces import front_corners
from .occupancy import Rect

__all__ = ["Rims"]

_AIR = 1.5  # text pixels


class Rims:
    """The edges of the opened boxes of a frame, without those that reach behind the eye."""

    def __init__(self, frame: Frame) -> None:
        self._air = _AIR * frame.view.scale
        rows = np.flatnonzero(frame.cut.opened)
        px, depth = frame.view.camera.project(front_corners(frame.center, frame.size, rows), frame.view.viewport)
        ahead = (depth > 0) & (np.roll(depth, -1, axis=1) > 0)
        self._from, to = px[ahead], np.roll(px, -1, axis=1)[ahead]
        self._low, self._high = np.minimum(self._from, to), np.maximum(self._from, to)
        along = to - self._from
        self._normal = np.stack([-along[:, 1], along[:, 0]], 1)

    def meet(self, rect: Rect) -> bool:
        """Return whether an edge runs through a rectangle or close to it (separating axes)."""
        left, top, right, bottom = rect[0] - self._air, rect[1] - self._air, rect[2] + self._air, rect[3] + self._air
        near = np.flatnonzero((self._low < (right, bottom)).all(1) & (self._high > (left, top)).all(1))
        corners = np.array([(left, top), (right, top), (right, bottom), (left, bottom)])
        side = np.einsum("ki,kci->kc", self._normal[near], corners - self._from[near][:, None])
        return bool(((side.min(1) < 0) & (side.max(1) > 0)).any())
