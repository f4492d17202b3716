"""A film that is made in a thread, while the window goes on."""

from collections.abc import Callable
from threading import Event

from PySide6.QtCore import QObject, QTimer, Signal

from ..films.film import Cancelled
from .background import Background

__all__ = ["FilmJob"]

_FILM = "film"
_POLL = 100  # milliseconds


class FilmJob(QObject):
    """Makes one film at a time; it ends, and leaves no file, when it is cancelled or this object is deleted."""

    progressed = Signal(int, int)  # frames that are drawn, and all
    finished = Signal()  # the film is there
    cancelled = Signal()  # it is not, because nobody wants it any more
    failed = Signal(str)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._background = Background(self)
        self._background.failed.connect(self._fail)
        self._stop = Event()
        self._done = (0, 0)
        self._timer = QTimer(self, interval=_POLL)
        self._timer.timeout.connect(lambda: self.progressed.emit(*self._done))

    @property
    def busy(self) -> bool:
        """Whether a film is being made."""
        return self._background.busy(_FILM)

    def start(self, render: Callable[[Callable[[int, int], None]], None]) -> None:
        """Begin a film; `render` is called in a thread with what it must tell its progress to."""
        self._stop = stop = Event()
        self.destroyed.connect(stop.set)
        self._done = (0, 0)

        def tell(done: int, count: int) -> None:
            if stop.is_set():
                raise Cancelled
            self._done = (done, count)

        def work() -> bool:
            try:
                render(tell)
            except Cancelled:
                return False
            return True

        # The program waits for the thread: one that is cancelled still has a file to remove.
        self._background.run(_FILM, work, self._end, abandon=False)
        self._timer.start()

    def cancel(self) -> None:
        """End the film after the frame that is being drawn."""
        self._stop.set()

    def _end(self, there: bool) -> None:
        self._timer.stop()
        (self.finished if there else self.cancelled).emit()

    def _fail(self, problem: str) -> None:
        self._timer.stop()
        self.failed.emit(problem)
