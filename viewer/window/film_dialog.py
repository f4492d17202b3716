"""What a film is to show, and how far it is."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QDialog,
    QDoubleSpinBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QRadioButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from ...errors import ArchvizError
from ...graph.model_graph import ModelGraph
from ...layout.placement import Placement
from ...options import LONGEST_FILM, MOST_FPS
from ...overlays.book import OverlayBook
from ..films.film import render_film
from ..films.flight import Stop
from ..films.formats import check_film
from ..films.ways import Way
from ..pointing.hiding import hidden_by
from ..state import ViewState
from .film_job import FilmJob
from .moving.history import Place
from .save_picture import picture_size

if TYPE_CHECKING:
    from .main_window import MainWindow

__all__ = ["FilmDialog", "FilmScene", "open_film_dialog"]

_SIZES = ((1280, 720), (1920, 1080), (3840, 2160))


@dataclass(frozen=True, eq=False)
class FilmScene:
    """What a window shows as its film is asked for.

    Attributes
    ----------
    places : sequence of Place
        Where the user has been, the first one first.
    viewport : tuple of int
        The size of the view, device pixels.
    """

    graph: ModelGraph
    placement: Placement
    state: ViewState
    book: OverlayBook
    places: Sequence[Place]
    viewport: tuple[int, int]


class FilmDialog(QDialog):
    """Asks for the way, length, size and file of a film, and makes it beside the window.

    Parameters
    ----------
    scene : FilmScene
    """

    saved = Signal(str)  # what to tell

    def __init__(self, scene: FilmScene, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("filmDialog")
        self.setWindowTitle(self.tr("Save film"))
        self._scene = scene
        self._path = ""
        self.job = FilmJob(self)
        state = scene.state
        self.turntable = QRadioButton(self.tr("Turn around what is in view"))
        self.history = QRadioButton(self.tr("Fly through the places visited (back and forward)"))
        self.selection = QRadioButton(self.tr("Fly to the selected part"))
        self.history.setEnabled(len(scene.places) > 1)
        self.selection.setEnabled(state.selection is not None and state.selection != state.focus)
        self.turntable.setChecked(True)
        self.seconds = QDoubleSpinBox(minimum=0.1, maximum=LONGEST_FILM, value=8.0, decimals=1)
        self.seconds.setSuffix(self.tr(" s"))
        self.fps = QSpinBox(minimum=1, maximum=MOST_FPS, value=30)
        self.size_box = QComboBox()
        for title, size in self._sizes():
            self.size_box.addItem(title, size)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.note = QLabel()
        self.note.setTextFormat(Qt.TextFormat.PlainText)
        self.note.setWordWrap(True)
        self.save_button = QPushButton(self.tr("Save…"))
        self.save_button.setDefault(True)
        self.close_button = QPushButton(self.tr("Close"))
        self._lay_out()
        self._set_busy(False)
        self.turntable.toggled.connect(self.seconds.setEnabled)
        self.save_button.clicked.connect(self._ask_and_start)
        self.close_button.clicked.connect(self.reject)
        self.finished.connect(self.deleteLater)
        self.job.progressed.connect(self._on_progress)
        self.job.finished.connect(self._on_finished)
        self.job.cancelled.connect(lambda: self._rest(self.tr("Cancelled; there is no file.")))
        self.job.failed.connect(self._rest)

    def _sizes(self) -> list[tuple[str, tuple[int, int]]]:
        own = picture_size(self._scene.viewport)
        sizes = [(self.tr("As the view, {width} × {height}").format(width=own[0], height=own[1]), own)]
        return sizes + [(f"{width} × {height}", (width, height)) for width, height in _SIZES]

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        self._form = QWidget()
        column.addWidget(self._form)
        rows = QFormLayout(self._form)
        rows.setContentsMargins(0, 0, 0, 0)
        self._ways = QButtonGroup(self)
        for button in (self.turntable, self.history, self.selection):
            self._ways.addButton(button)
            rows.addRow(button)
        rows.addRow(self.tr("Length"), self.seconds)
        rows.addRow(self.tr("Frames a second"), self.fps)
        rows.addRow(self.tr("Size"), self.size_box)
        column.addWidget(self.note)
        column.addWidget(self.bar)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.save_button)
        buttons.addWidget(self.close_button)
        column.addLayout(buttons)
        self.setMinimumWidth(420)

    # ---------------------------------------------------------------- what is asked for
    def way(self) -> tuple[Way, ViewState]:
        """Return where the camera is to go, and the state from which it starts."""
        state = replace(self._scene.state, hover=None)
        if self.turntable.isChecked():
            return Way(self.seconds.value()), state
        if self.selection.isChecked() and state.selection is not None:
            return Way(stops=(Stop(state.selection),)), state
        first, *others = self._scene.places
        stops = tuple(Stop(place.focus, place.camera) for place in others)
        return Way(stops=stops), replace(state, focus=first.focus, camera=first.camera)

    def _ask_and_start(self) -> None:
        graph = self._scene.graph
        name = f"{graph.name} {graph.path(self._scene.state.focus)}".strip().replace("/", "_")
        chosen, _ = QFileDialog.getSaveFileName(
            self,
            self.tr("Save film"),
            str(Path.home() / f"{name}.mp4"),
            self.tr("Films") + " (*.mp4 *.webm *.gif);;" + self.tr("Numbered pictures, name-%04d.png") + " (*.png)",
        )
        if chosen:
            self.start(str(Path(chosen) if Path(chosen).suffix else Path(chosen).with_suffix(".mp4")))

    def start(self, path: str) -> None:
        """Make the film as it is asked for now."""
        size: tuple[int, int] = tuple(self.size_box.currentData())
        try:
            check_film(path, size, self.fps.value())
        except ArchvizError as error:
            self.note.setText(str(error))
            return
        scene, self._path = self._scene, path
        way, state = self.way()

        render = partial(
            render_film, scene.graph, scene.placement, state, way, size, path, fps=self.fps.value(), book=scene.book
        )
        self.job.start(lambda tell: render(progress=tell))
        self.note.setText(self.tr("Saving {path}").format(path=path))
        self._set_busy(True)

    # ---------------------------------------------------------------- how far it is
    def _on_progress(self, done: int, count: int) -> None:
        self.bar.setRange(0, count)
        self.bar.setValue(done)

    def _on_finished(self) -> None:
        self._set_busy(False)
        self.saved.emit(self.tr("Saved {path}").format(path=self._path))
        self.accept()

    def _rest(self, note: str) -> None:
        self.note.setText(note)
        self._set_busy(False)

    def _set_busy(self, busy: bool) -> None:
        self._form.setEnabled(not busy)
        self.save_button.setEnabled(not busy)
        self.bar.setVisible(busy)
        self.bar.setRange(0, 0)
        self.close_button.setText(self.tr("Cancel") if busy else self.tr("Close"))
        self.close_button.setEnabled(True)

    def reject(self) -> None:
        if not self.job.busy:
            super().reject()
            return
        self.job.cancel()
        self.close_button.setEnabled(False)  # until the frame that is being drawn is done
        self.note.setText(self.tr("Cancelling …"))


def open_film_dialog(window: "MainWindow") -> None:
    """Ask for a film of what a window shows; while one is being made, show how far it is."""
    there = window.findChild(FilmDialog)
    if isinstance(there, FilmDialog) and there.isVisible():
        there.raise_()
        there.activateWindow()
        return
    if window.graph is None or window.placement is None or window.book is None:
        return
    history, state = window.view.navigator.history, window.state
    places = [*history.behind, Place(state.focus, state.camera), *reversed(history.ahead)]
    shown = [place for place in places if hidden_by(window.graph, state.hidden, place.focus) is None]
    scene = FilmScene(window.graph, window.placement, replace(state), window.book, shown, window.view.viewport())
    dialog = FilmDialog(scene, window)
    dialog.saved.connect(lambda text: window.statusBar().showMessage(text, 8000))
    dialog.show()
