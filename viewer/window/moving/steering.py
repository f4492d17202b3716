"""Steering: zoom, turn and move, about what is under the cursor."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF

from ...cameras.camera import Camera

if TYPE_CHECKING:
    from ..model_view import ModelView

__all__ = ["Steering"]

_TURN = 0.3  # degrees a pixel
_NEAREST, _FARTHEST = 1e-5, 4.0  # distances that zooming stays within, relative to the view of the whole model


class Steering:
    """Changes the camera of a view.

    Parameters
    ----------
    view : ModelView

    Attributes
    ----------
    whole : float
        The distance from which the whole model is seen.
    """

    def __init__(self, view: "ModelView") -> None:
        self._view = view
        self.whole = 1.0
        self._grabbed: NDArray[np.float64] | None = None
        self._at = QPointF()
        self._zoomed: tuple[QPointF, Camera] | None = None  # where the last zoom was, and what it made

    def zoom(self, factor: float, at: QPointF | None = None) -> None:
        """Zoom by a factor, so that what is under the point, or else in the middle, stays there."""
        view = self._view
        view.navigator.interrupt()
        at = at or QPointF(view.width() / 2, view.height() / 2)
        camera = view.camera()
        # Of a turn of the wheel, all steps keep the one point that was under the cursor at first.
        if self._zoomed != (at, camera):
            camera = self._aimed(camera, at)
        distance = min(max(camera.distance / factor, _NEAREST * self.whole), _FARTHEST * self.whole)
        if distance != camera.distance:
            camera = camera.zoomed(camera.distance / distance, view.device(at), view.viewport())
            self._zoomed = at, camera
            view.state.camera = camera

    def grab(self, at: QPointF) -> None:
        """Take hold of what is under a point of the widget: `turn` goes around it, and `move` moves it."""
        self._at = at
        self._grabbed = self._view.scene.surface(self._view.device(at), self._view.camera())

    def let_go(self) -> None:
        """Hold nothing, and forget where the last zoom was."""
        self._grabbed = self._zoomed = None

    def turn(self, dx: float, dy: float) -> None:
        """Go around what was grabbed, as far as the cursor went (widget pixels)."""
        self.orbit(-dx * _TURN, dy * _TURN, self._grabbed)

    def orbit(self, azimuth: float, elevation: float, pivot: NDArray[np.float64] | None = None) -> None:
        """Go around a point, by default what is in the middle of the view, by so many degrees."""
        view = self._view
        view.navigator.interrupt()
        camera = view.camera()
        if pivot is None:
            camera = self._aimed(camera, QPointF(view.width() / 2, view.height() / 2))
        view.state.camera = camera.orbited(azimuth, elevation, pivot)

    def move(self, dx: float, dy: float) -> None:
        """Move what was grabbed with the cursor, which went so far (widget pixels)."""
        view = self._view
        camera = view.camera()
        if self._grabbed is not None:
            camera = camera.aimed(self._grabbed)
        start, self._at = self._at, self._at + QPointF(dx, dy)
        view.state.camera = camera.panned(view.device(start), view.device(self._at), view.viewport())

    def shift(self, right: float, up: float) -> None:
        """Go to the side, by shares of the view."""
        view = self._view
        view.navigator.interrupt()
        self.grab(QPointF(view.width() / 2, view.height() / 2))
        self.move(-right * view.width(), up * view.height())

    def _aimed(self, camera: Camera, at: QPointF) -> Camera:
        point = self._view.scene.surface(self._view.device(at), camera)
        return camera if point is None else camera.aimed(point)
