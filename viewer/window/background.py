"""Work that takes seconds, in threads of its own; its results arrive in the GUI thread."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from threading import Thread
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from ...errors import ArchvizError

__all__ = ["Background"]

_POLL = 20  # milliseconds


@dataclass(frozen=True)
class _Job:
    future: "Future[Any]"
    done: Callable[[Any], object]


class Background(QObject):
    """Runs one job of each kind; a newer one, or `cancel`, drops the result of the one before."""

    changed = Signal()  # what is under way has changed
    failed = Signal(str)  # why a job came to nothing

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs: dict[str, _Job] = {}
        # Polled: a signal from a thread that outlives the window would have no sender.
        self._timer = QTimer(self, interval=_POLL)
        self._timer.timeout.connect(self._poll)

    def busy(self, kind: str) -> bool:
        """Whether a job of a kind is under way."""
        return kind in self._jobs

    def run(self, kind: str, work: Callable[[], Any], done: Callable[[Any], object], *, abandon: bool = True) -> None:
        """Call `work` in a thread, and `done` with its result in this one; what it raises is told by `failed`.

        Parameters
        ----------
        abandon : bool
            Nobody waits for it when the program ends; without it, the program ends when the work is done.
        """
        future: Future[Any] = Future()
        self._jobs[kind] = _Job(future, done)
        Thread(target=_fulfil, args=(future, work), daemon=abandon, name=f"archviz3d {kind}").start()
        self._timer.start()
        self.changed.emit()

    def cancel(self, kind: str | None = None) -> None:
        """Forget a job of a kind, or all: what runs already runs to its end, and nobody looks at the result."""
        for dropped in list(self._jobs) if kind is None else [kind]:
            self._jobs.pop(dropped, None)
        self.changed.emit()

    def _poll(self) -> None:
        for kind in [kind for kind, job in self._jobs.items() if job.future.done()]:
            job = self._jobs.pop(kind, None)
            if job is None:  # the job before it has dropped it
                continue
            self.changed.emit()
            try:
                result = job.future.result()
            except ArchvizError as error:
                self.failed.emit(str(error))
            except BaseException as error:
                # Nobody must wait for ever for what has failed; the traceback is for those who can repair it.
                self.failed.emit(self.tr("internal error: {error}").format(error=f"{type(error).__name__}: {error}"))
                raise
            else:
                job.done(result)
        if not self._jobs:
            self._timer.stop()


def _fulfil(future: "Future[Any]", work: Callable[[], Any]) -> None:
    try:
        future.set_result(work())
    except BaseException as error:  # noqa: BLE001  `result` raises it again, where somebody sees it
        future.set_exception(error)
