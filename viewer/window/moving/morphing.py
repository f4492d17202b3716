"""Another arrangement as a movement: the parts go from where they were to where they are, and the camera along."""

from collections.abc import Callable

from PySide6.QtCore import QElapsedTimer, QObject, QTimer

from ....layout.placement import Placement
from ...cameras.camera import Camera, eased
from ...cameras.morph import Morph, between_cameras

__all__ = ["Morphing"]

_DURATION = 600  # milliseconds
_TOO_SLOW = 100  # milliseconds of the first frame: such a machine shows the end at once


class Morphing(QObject):
    """One movement at a time.

    Parameters
    ----------
    show : callable
        Shows a placement on the way, and None at its end: the last one that was given to the view.
    move : callable
        Takes the camera of each step, and what is to be in force at the end: a camera, or None to frame the focus.
    """

    def __init__(
        self,
        show: Callable[[Placement | None], None],
        move: Callable[[Camera | None], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._show, self._move = show, move
        self._clock = QElapsedTimer()
        self._steps = self._last = 0
        self._timer = QTimer(self, interval=0)  # as fast as frames come out
        self._timer.timeout.connect(self._step)
        self._morph: Morph | None = None
        self._cameras: tuple[Camera, Camera] | None = None
        self._final: Camera | None = None
        self.step: Placement | None = None

    @property
    def running(self) -> bool:
        """Whether parts are on their way; `step` is where they are."""
        return self._timer.isActive()

    def run(self, before: Placement, after: Placement, start: Camera, end: Camera, final: Camera | None) -> None:
        """Move from one placement to another, with the camera from `start` to `end`, where `final` comes into force."""
        self._morph, self._cameras, self._final = Morph(before, after), (start, end), final
        self._clock.start()
        self._steps, self._last = 0, 0
        self._go(0.0)
        self._timer.start()

    def release(self) -> None:
        """Leave the camera where it is: somebody else moves it now."""
        self._cameras = None

    def stop(self) -> None:
        """Show no more steps."""
        self._timer.stop()
        self._morph = self._cameras = self.step = None

    def _finish(self) -> None:
        led = self._cameras is not None
        self.stop()
        self._show(None)
        if led:
            self._move(self._final)

    def _step(self) -> None:
        now = self._clock.elapsed()
        took, self._last = now - self._last, now
        self._steps += 1
        # The first frame comes between two of the first steps.
        if now >= _DURATION or (self._steps <= 2 and took > _TOO_SLOW):
            self._finish()
        else:
            self._go(eased(now / _DURATION))

    def _go(self, share: float) -> None:
        assert self._morph is not None
        self.step = self._morph.at(share)
        self._show(self.step)
        if self._cameras is not None:
            self._move(between_cameras(*self._cameras, share))
