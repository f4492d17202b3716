"""The panel of overlays: the list, and for the one that is shown what it is, how it is drawn, and its extremes."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QSplitter, QVBoxLayout, QWidget

from ....overlays.book import OverlayBook
from ....overlays.overlay import Figure, Overlay
from ...coloring import Coloring, node_coloring
from ...state import ViewState
from .about import OverlayAbout
from .controls import OverlayControls
from .extremes import Extremes
from .filter_box import OverlayFilter
from .listing import OverlayList
from .own_values import OwnValues, counted_parts
from .prepared import known_overlay, prepare_overlay

__all__ = ["OverlayPanel"]


class OverlayPanel(QWidget):
    """Follows a state whose overlays are made already; what takes time is asked for by signals.

    Parameters
    ----------
    state : ViewState
    """

    chosen = Signal(object)  # an overlay's name for colour, or None
    height_chosen = Signal(object)  # one for height, or None
    reset_wanted = Signal()
    selected = Signal(int)
    entered = Signal(int)
    left = Signal()  # the user is done here

    def __init__(self, state: ViewState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("overlayPanel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._state = state
        self._book: OverlayBook | None = None
        self._overlay: Overlay | None = None
        self._reports: dict[str, str] = {}
        self.list = OverlayList()
        self.about = OverlayAbout()
        self.filter = OverlayFilter(state)
        self.controls = OverlayControls(state)
        self.extremes = Extremes()
        page = QWidget()
        page.setObjectName("overlayPage")
        sections = QVBoxLayout(page)
        sections.setContentsMargins(14, 12, 12, 12)
        sections.setSpacing(14)
        for section in (self.about, self.filter, self.controls):
            sections.addWidget(section)
        sections.addStretch(1)
        self._settings = QScrollArea()
        self._settings.setObjectName("overlaySettings")
        self._settings.setWidget(page)
        self._settings.setWidgetResizable(True)
        self._settings.setFrameShape(QFrame.Shape.NoFrame)
        self._settings.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._parts = QSplitter(Qt.Orientation.Vertical)
        for part, share in ((self.list, 25), (self._settings, 50), (self.extremes, 25)):
            self._parts.addWidget(part)
            self._parts.setStretchFactor(self._parts.count() - 1, share)
        self._parts.setSizes([215, 430, 215])
        self._parts.setChildrenCollapsible(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._parts)
        self._show_parts()
        self._connect()

    def _connect(self) -> None:
        self.list.chosen.connect(self.chosen)
        self.list.left.connect(self.left)
        self.controls.height_chosen.connect(self.height_chosen)
        self.controls.reset_wanted.connect(self.reset_wanted)
        self.extremes.selected.connect(self.selected)
        self.extremes.entered.connect(self.entered)
        self.extremes.left.connect(self.left)
        events = self._state.events
        events.overlay.connect(self._on_overlay)
        events.selection.connect(self.extremes.follow)
        for signal in (events.range, events.scale):
            signal.connect(self._show_limits)
        for signal in (events.step, events.keep):
            signal.connect(self._show_values)

    # ---------------------------------------------------------------- the model
    def show_book(self, book: OverlayBook) -> None:
        """Show the overlays of a model."""
        self.clear()
        self._book = book
        self.list.show_book(book)
        self.controls.show_book(book)

    def clear(self) -> None:
        """Show no model's overlays."""
        self._book = self._overlay = None
        self._reports.clear()
        self.list.clear()
        self.extremes.clear()
        self._show_parts()

    def show_added(self, names: list[str], report: str) -> None:
        """List overlays that a file brought; `report` says how well the file fits the model."""
        if self._book is not None:
            self._reports.update(dict.fromkeys(names, report))
            self.list.show_book(self._book)
            self.controls.show_book(self._book)

    # ---------------------------------------------------------------- what follows the state
    def show_coloring(self, coloring: Coloring | None) -> None:
        """Show the colour map that the scene draws with, and the range that it found for what is on the screen."""
        if coloring is not None and coloring.overlay is self._overlay:
            self.controls.show_colors(coloring.colormap)
            if self._state.range is None:
                self.controls.show_limits(coloring.low, coloring.high)

    def _on_overlay(self, name: str | None) -> None:
        if self._book is None:
            return
        self._overlay = known_overlay(self._book, name)
        self.list.follow(name)
        self._show_parts()
        if name is None or self._overlay is None:
            self.extremes.clear()
            return
        prepared = prepare_overlay(self._book, name)
        self.about.show_overlay(self._overlay, self._reports.get(name, ""))
        self.filter.show_overlay(self._overlay, prepared.filters)
        self.controls.show_overlay(self._overlay, prepared.has_positive)
        self._show_limits()
        self._show_values()
        self._settings.verticalScrollBar().setValue(0)
        self.extremes.to_top()

    def _show_parts(self) -> None:
        shown = self._overlay is not None
        pictures = self._overlay is not None and self._overlay.surface is not None
        self._settings.setVisible(shown)
        self.extremes.setVisible(shown and not pictures)

    def _show_limits(self) -> None:
        state, overlay = self._state, self._overlay
        if self._book is None or state.overlay is None or overlay is None or overlay.figure is Figure.CATEGORY:
            return
        if state.range is not None:
            self.controls.show_limits(*state.range)
        elif overlay.surface is None:
            coloring = node_coloring(self._book, state.overlay, step=state.step, scale=state.scale)
            self.controls.show_limits(coloring.low, coloring.high)

    def _show_values(self) -> None:
        """Show the values of a step, and how many of them the filter keeps."""
        state, overlay = self._state, self._overlay
        if self._book is None or overlay is None:
            return
        if overlay.surface is not None:  # nobody has counted what is in the files
            self.filter.show_count("")
            return
        graph = self._book.graph
        own = OwnValues.of(overlay, state.step)
        kept = own.within(state.keep)
        filtered = state.keep is not None
        self.filter.show_count(counted_parts(graph, kept.ids, own.ids if filtered else None))
        self.extremes.fill(graph, overlay, kept, state.selection, kept=filtered)
