"""Overlays in the window: makes and reads them in threads, changes the state, and joins panel and timeline to it."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal

from ....errors import ArchvizError
from ....graph.model_graph import ModelGraph
from ....overlays.book import OverlayBook
from ....overlays.readers import ReadOverlays, read_overlays
from ...state import ViewState
from ..background import Background
from ..docks.sections import Section
from ..model_view import ModelView
from .facts import overlay_section
from .panel import OverlayPanel
from .prepared import is_prepared, known_overlay, prepare_overlay
from .timeline import Timeline

__all__ = ["OverlayController", "is_overlay_file"]

_COLOR, _HEIGHT, _FILE = "color", "height", "file"
_TABLES = (".csv", ".tsv", ".jsonl", ".ndjson")  # formats in which no model comes
_EITHER = (".json", ".npz")


def is_overlay_file(path: str) -> bool:
    """Whether a file may hold overlays, by its name."""
    return Path(path).suffix.lower() in (*_TABLES, *_EITHER)


class OverlayController(QObject):
    """Sets `overlay` and `height` of a state once they are made, with all that depends on them.

    Parameters
    ----------
    state : ViewState
        Never names an overlay that is still to be made: drawing it would stop the window.
    view : ModelView
        Draws the state.

    Attributes
    ----------
    panel : OverlayPanel
    timeline : Timeline
    """

    failed = Signal(str)
    reading = Signal(bool)  # whether a file is being read
    added = Signal(str)  # a file brought overlays: how well it fits the model
    changed = Signal()  # other values are shown

    def __init__(self, state: ViewState, view: ModelView, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state, self._view = state, view
        self._book: OverlayBook | None = None
        self._wanted: str | None = None  # what was chosen last and may still be under way
        self._background = Background(self)
        self.panel = OverlayPanel(state)
        self.timeline = Timeline(state, lambda: not view.stale)
        self._connect()

    def _connect(self) -> None:
        panel, events = self.panel, self._state.events
        panel.chosen.connect(self.choose)
        panel.height_chosen.connect(self.choose_height)
        panel.reset_wanted.connect(self.reset)
        panel.selected.connect(partial(setattr, self._state, "selection"))
        panel.entered.connect(self._view.navigator.go_to)
        panel.left.connect(self._view.setFocus)
        self._background.failed.connect(self.failed)
        self._background.changed.connect(self._tell)
        # Queued: widgets do not change amid a frame.
        self._view.drawn.connect(self._on_drawn, Qt.ConnectionType.QueuedConnection)
        for signal in (events.overlay, events.height, events.step):
            signal.connect(self._on_values)

    def show_book(self, book: OverlayBook) -> None:
        """Choose from a model's overlays from now on."""
        self.clear()
        self._book = book
        self.panel.show_book(book)

    def clear(self) -> None:
        """Choose from nothing; what is under way is forgotten."""
        self._background.cancel()
        self._book = None
        self.timeline.show_steps(())
        self.panel.clear()

    # ---------------------------------------------------------------- choosing
    def choose(self, name: str | None) -> None:
        """Colour the parts by an overlay, or by their kinds; range, scale, colours and filter start afresh."""
        self._background.cancel(_COLOR)
        self._wanted = name
        if name != self._state.overlay:
            self._make(_COLOR, name, partial(self._show, name))

    def choose_height(self, name: str | None) -> None:
        """Make the parts as tall as an overlay says, or as the layout does."""
        self._background.cancel(_HEIGHT)
        self._make(_HEIGHT, name, partial(setattr, self._state, "height", name))

    def reset(self) -> None:
        """Show the overlay as it was shown first."""
        self._background.cancel(_HEIGHT)
        state = self._state
        state.height = state.range = state.scale = state.colormap = state.keep = None

    def open_file(self, path: str, otherwise: Callable[[str, str], object] | None = None) -> None:
        """Read a file's overlays and show the first.

        Parameters
        ----------
        otherwise : callable, optional
            Gets the path, and why it holds no overlay, where it may still be a model.
        """
        book = self._book
        if book is None:
            return
        if Path(path).suffix.lower() in _TABLES:
            otherwise = None
        read = partial(_read, path, book.graph, otherwise is None)
        self._background.run(_FILE, read, partial(self._add, path, otherwise))

    def stop_reading(self) -> None:
        """Forget the file that is being read."""
        self._background.cancel(_FILE)

    def facts(self, node: int) -> Section | None:
        """Return what the overlays say of a node, for the inspector; None where none is shown."""
        return None if self._book is None else overlay_section(self._book, self._state, node)

    @property
    def steps(self) -> tuple[str, ...]:
        """The names of the steps that are shown: those of the colours, else those of the heights."""
        for name in (self._state.overlay, self._state.height):
            overlay = known_overlay(self._book, name)
            if overlay is not None and len(overlay.steps) > 1:
                return overlay.steps
        return ()

    # ---------------------------------------------------------------- making
    def _make(self, kind: str, name: str | None, then: Callable[[], object]) -> None:
        """Call `then` once all is there that showing an overlay needs, at once for None."""
        book = self._book
        if book is None:
            return
        if name is None or is_prepared(book, name):
            then()
        else:
            self._background.run(kind, partial(prepare_overlay, book, name), lambda _: then())

    def _show(self, name: str | None) -> None:
        """Change the state to another overlay; what depends on the last one goes first."""
        state = self._state
        before, overlay = self.steps, known_overlay(self._book, name)
        state.keep = state.range = state.scale = state.colormap = None
        if overlay is None or overlay.steps != before:
            state.step = 0
        state.overlay = name

    def _add(self, path: str, otherwise: Callable[[str, str], object] | None, read: ReadOverlays | str) -> None:
        if isinstance(read, str):
            if otherwise is not None:
                otherwise(path, read)
        elif self._book is not None:
            self._forget(path)
            names = self._book.add_file(read.overlays, path)
            report = read.report.summary()
            self.panel.show_added(names, "\n".join([report, *read.warnings]))
            self.added.emit(f"{Path(path).name}: {report}")
            self.choose(names[0])

    def _forget(self, path: str) -> None:
        """Show no overlay of a file that is read again."""
        names = self._book.names_of_file(path) if self._book is not None else []
        for field in ("overlay", "height"):
            if getattr(self._state, field) in names:
                setattr(self._state, field, None)

    # ---------------------------------------------------------------- following
    def _tell(self) -> None:
        self.panel.list.show_busy(self._wanted if self._background.busy(_COLOR) else None)
        self.panel.list.follow(self._state.overlay)  # until it is made, the one before it is still shown
        self.reading.emit(self._background.busy(_FILE))

    def _on_values(self) -> None:
        self.timeline.show_steps(self.steps)
        self.changed.emit()

    def _on_drawn(self) -> None:
        self.panel.show_coloring(self._view.scene.coloring)


def _read(path: str, graph: ModelGraph, strict: bool) -> ReadOverlays | str:
    """Return a file's overlays; unless `strict`, why it holds none."""
    try:
        return read_overlays(path, graph)
    except ArchvizError as error:
        if strict:
            raise
        return str(error)
