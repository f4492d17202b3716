"""Plates that stand before others: what is written behind one of them must not be drawn."""

import numpy as np

from ..frame import Frame
from .label_layout import Rect

__all__ = ["Covers"]

_FRONT = np.array([[-1, 1, 1], [1, 1, 1], [1, -1, 1], [-1, -1, 1]], np.float64)


class Covers:
    """The drawn plates of a frame that rise above the one that they are on, as quadrilaterals on the screen."""

    def __init__(self, frame: Frame) -> None:
        rows = np.flatnonzero(frame.rising)
        corners = frame.center[rows][:, None, :] + frame.size[rows][:, None, :] / 2 * _FRONT
        px, depth = frame.view.camera.project(corners, frame.view.viewport)
        ahead = (depth > 0).all(1) if len(rows) else np.zeros(0, bool)
        self._fronts = frame.center[:, 2] + frame.size[:, 2] / 2
        self._quads = px[ahead]
        self._backs = (frame.center[rows, 2] - frame.size[rows, 2] / 2)[ahead]
        edges = np.roll(self._quads, -1, axis=1) - self._quads
        self._normals = np.stack([-edges[..., 1], edges[..., 0]], -1)

    def hides(self, row: int, rect: Rect) -> bool:
        """Return whether a plate before a row's front covers some of a rectangle on the screen (separating axes)."""
        beyond = np.flatnonzero(self._backs >= self._fronts[row])
        if not len(beyond):
            return False
        quads, normals = self._quads[beyond], self._normals[beyond]
        left, top, right, bottom = rect
        meet = (quads.min(1) < (right, bottom)).all(1) & (quads.max(1) > (left, top)).all(1)
        if not meet.any():
            return False
        quads, normals = quads[meet], normals[meet]
        corners = np.array([(left, top), (right, top), (right, bottom), (left, bottom)])
        own = np.einsum("kei,kci->kec", normals, quads)
        its = np.einsum("kei,ci->kec", normals, corners)
        return bool(((own.min(2) < its.max(2)) & (its.min(2) < own.max(2))).all(1).any())
