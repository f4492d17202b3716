"""The filter: chips for what is often looked for, fields for any other bounds, and how many parts it keeps."""

from math import inf

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QToolButton, QVBoxLayout, QWidget

from ....errors import UsageError
from ....overlays.overlay import Figure, Overlay
from ...state import ViewState
from ..docks.flow_layout import FlowLayout
from ..labels import plain_tip, text_label
from .filters import Filter
from .number_text import number_text, parsed_number

__all__ = ["OverlayFilter"]

_FIELD = 40  # pixels that a number has in the narrowest panel


class OverlayFilter(QWidget):
    """Sets `state.keep`; a second click on the active chip clears it."""

    def __init__(self, state: ViewState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._figure = Figure.PLAIN
        self._filters: tuple[Filter, ...] = ()
        self.chips: list[QToolButton] = []
        self.count = QLabel()
        self.count.setObjectName("filterCount")
        self.low, self.high = QLineEdit(), QLineEdit()
        self.low.setPlaceholderText(self.tr("from"))
        self.high.setPlaceholderText(self.tr("to"))
        self.clear_button = QToolButton()
        self.clear_button.setText("✕")
        self.clear_button.setToolTip(self.tr("Clear the filter"))
        self._problem = text_label("", "problem")
        self._problem.hide()

        head = QHBoxLayout()
        title = QLabel(self.tr("Filter"))
        title.setObjectName("sectionTitle")
        title.setIndent(0)
        head.addWidget(title)
        head.addStretch(1)
        head.addWidget(self.count)
        self._flow = FlowLayout(6)
        self._bounds = QWidget()
        bounds = QHBoxLayout(self._bounds)
        bounds.setContentsMargins(0, 0, 0, 0)
        bounds.setSpacing(6)
        bounds.addWidget(self.low, 1)
        bounds.addWidget(QLabel("–"))
        bounds.addWidget(self.high, 1)
        bounds.addWidget(self.clear_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(head)
        column.addLayout(self._flow)
        column.addWidget(self._bounds)
        column.addWidget(self._problem)
        for field in (self.low, self.high):
            field.setMinimumWidth(_FIELD)
            field.editingFinished.connect(self._take_bounds)
        self.clear_button.clicked.connect(self._clear)
        state.events.keep.connect(self._follow)

    def show_overlay(self, overlay: Overlay, filters: tuple[Filter, ...]) -> None:
        """Offer what makes sense for an overlay: bounds of one's own, and some filters."""
        self._figure = overlay.figure
        self._filters = filters
        while self._flow.count():
            item = self._flow.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.deleteLater()
        self.chips = [self._chip(offered) for offered in self._filters]
        self._bounds.setVisible(overlay.figure is not Figure.CATEGORY)
        self._follow(self._state.keep)

    def show_count(self, text: str) -> None:
        """Say how many parts there are, or are kept."""
        self.count.setText(text)

    def _chip(self, offered: Filter) -> QToolButton:
        chip = QToolButton(self)
        chip.setText(offered.title)
        chip.setToolTip(plain_tip(offered.tip))
        chip.setCheckable(True)
        chip.setProperty("role", "chip")
        chip.setCursor(Qt.CursorShape.PointingHandCursor)
        chip.clicked.connect(lambda checked: self._toggle(offered, checked))
        self._flow.addWidget(chip)
        chip.show()
        return chip

    def _follow(self, keep: tuple[float, float] | None) -> None:
        for chip, offered in zip(self.chips, self._filters, strict=True):
            chip.setChecked(offered.keep == keep)
        low, high = keep or (-inf, inf)
        self.low.setText(number_text(self._figure, low))
        self.high.setText(number_text(self._figure, high))
        self.clear_button.setEnabled(keep is not None)
        self._problem.hide()

    # ---------------------------------------------------------------- from the user
    def _toggle(self, offered: Filter, checked: bool) -> None:
        self._state.keep = offered.keep if checked else None

    def _clear(self) -> None:
        self._state.keep = None
        self._follow(None)  # what was typed goes, too, where it was no filter yet

    def _take_bounds(self) -> None:
        if not (self.low.isModified() or self.high.isModified()):
            return  # a field was only left: its rounded number must not replace the exact one
        before = self._state.keep or (-inf, inf)
        try:
            keep = (self._bound(self.low, before[0], -inf), self._bound(self.high, before[1], inf))
            if keep[0] > keep[1]:
                raise UsageError(self.tr("The lower bound comes first"))
        except UsageError as error:
            self._problem.setText(str(error))
            self._problem.show()
            return
        self._state.keep = None if keep == (-inf, inf) else keep
        self._follow(self._state.keep)

    def _bound(self, field: QLineEdit, before: float, endless: float) -> float:
        if not field.isModified():
            return before
        return parsed_number(self._figure, field.text()) if field.text().strip() else endless
