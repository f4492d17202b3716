"""Smooth flights of the camera from where it is to where it should be."""

import math
from collections.abc import Callable

from PySide6.QtCore import QElapsedTimer, QObject, QTimer, Signal

from ...cameras.camera import Camera
from .motion import is_reduced

__all__ = ["Flight"]

_SHORTEST, _LONGEST = 400, 800  # milliseconds


class Flight(QObject):
    """One flight at a time; a new one starts from wherever the last one has got to.

    Parameters
    ----------
    move : callable
        Takes each camera on the way.
    """

    landed = Signal()

    def __init__(self, move: Callable[[Camera], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._move = move
        self._clock = QElapsedTimer()
        self._timer = QTimer(self)
        self._timer.setInterval(0)  # as fast as frames come out; what has passed is read from the clock
        self._timer.timeout.connect(self._step)
        self._start: Camera | None = None
        self.end: Camera | None = None  # where the last one leads, or led
        self._duration = _SHORTEST

    @property
    def flying(self) -> bool:
        """Whether a flight is under way."""
        return self._timer.isActive()

    def fly(self, start: Camera, end: Camera) -> None:
        """Fly from `start` to `end`, longer for longer ways; where motion is reduced, be there at once."""
        if is_reduced():
            self._timer.stop()
            self._move(end)
            self.landed.emit()
            return
        self._start, self.end = start, end
        self._duration = flight_time(start, end)
        self._clock.start()
        self._timer.start()

    def interrupt(self) -> None:
        """Stop where the camera is now."""
        self._timer.stop()

    def _step(self) -> None:
        assert self._start is not None
        assert self.end is not None
        t = self._clock.elapsed() / self._duration
        if t >= 1.0:
            self._timer.stop()
            self._move(self.end)
            self.landed.emit()
        else:
            self._move(Camera.between(self._start, self.end, t))


def flight_time(start: Camera, end: Camera) -> int:
    """Return milliseconds: the shortest for a step, the longest from one end of the model to the other."""
    zoom = abs(math.log2(max(start.distance, 1e-9) / max(end.distance, 1e-9)))
    shift = math.dist(start.target, end.target) / max(start.distance, end.distance, 1e-9)
    around = abs((end.azimuth - start.azimuth + 180) % 360 - 180)
    turn = (around + abs(start.elevation - end.elevation)) / 90.0
    share = min(1.0, 0.15 * zoom + 0.5 * shift + 0.5 * turn)
    return round(_SHORTEST + share * (_LONGEST - _SHORTEST))
