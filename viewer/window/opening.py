"""Opening a model without stopping the window: read in another process, laid out in another thread."""

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from ...errors import ArchvizError
from ...graph.model_graph import ModelGraph
from ...layout import place
from ...layout.placement import Placement
from ...loaders.opening import Opening

__all__ = ["ModelOpener"]

_POLL = 30  # milliseconds


class ModelOpener(QObject):
    """Opens one model at a time; opening another one drops the first.

    `finished` comes before `opened` and `failed`, and on a cancel.
    """

    progressed = Signal(str, object)  # what is being done, share of it that is done or None
    opened = Signal(object, object)  # ModelGraph, Placement
    failed = Signal(str)
    finished = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._name = ""
        self._aspect = 16 / 9
        self._reading: Opening | None = None
        self._placing: Future[Placement] | None = None
        self._graph: ModelGraph | None = None
        self._thread = ThreadPoolExecutor(1, "layout")
        self._timer = QTimer(self, interval=_POLL)
        self._timer.timeout.connect(self._poll)

    @property
    def busy(self) -> bool:
        """Whether something is being opened."""
        return self._timer.isActive()

    def open(self, model: str | ModelGraph, aspect: float, reading: Opening | None = None) -> None:
        """Start to open a path, or a graph that only needs its layout.

        Parameters
        ----------
        aspect : float
            Width over height that the model is laid out for.
        reading : Opening, optional
            One that was started for this path already.
        """
        self.cancel()
        self._aspect = aspect
        if isinstance(model, str):
            self._name = Path(model).name or model
            try:
                self._reading = reading or _started(model)
            except ArchvizError as error:
                self.failed.emit(str(error))
                return
            self.progressed.emit(self.tr("Reading {name}").format(name=self._name), None)
        else:
            self._name = model.name
            self._lay_out(model)
        self._timer.start()

    def cancel(self) -> None:
        """Stop what is under way; the worker process is gone when this returns."""
        if not self.busy:
            return
        self._stop()
        self.finished.emit()

    def _stop(self) -> None:
        self._timer.stop()
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None
        if self._placing is not None:
            self._placing.cancel()  # where it runs already, it runs to its end, and nobody looks at the result
            self._placing = None
        self._graph = None

    # ---------------------------------------------------------------- polling
    def _poll(self) -> None:
        try:
            if self._reading is not None:
                self._poll_reading(self._reading)
            elif self._placing is not None and self._placing.done():
                graph, placement = self._graph, self._placing.result()
                self._stop()
                self.finished.emit()
                self.opened.emit(graph, placement)
        except ArchvizError as error:
            self._stop()
            self.finished.emit()
            self.failed.emit(str(error))

    def _poll_reading(self, reading: Opening) -> None:
        if reading.poll():
            graph = reading.result()
            self._reading = None
            self._lay_out(graph)
        else:
            step, fraction = reading.progress
            text = self.tr("Reading {name}").format(name=self._name)
            self.progressed.emit(f"{text}: {step}" if step else text, fraction)

    def _lay_out(self, graph: ModelGraph) -> None:
        self._graph = graph
        self.progressed.emit(self.tr("Laying out {name}").format(name=self._name), None)
        self._placing = self._thread.submit(place, graph, self._aspect)


def _started(path: str) -> Opening:
    reading = Opening(path)
    reading.start()
    return reading
