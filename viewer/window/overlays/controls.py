"""How an overlay is drawn: scale, colour map, range, and another overlay as height."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QLabel, QLineEdit, QToolButton, QWidget

from ....errors import UsageError
from ....options import check_range
from ....overlays.book import OverlayBook
from ....overlays.overlay import Figure, Overlay, Scale
from ...state import ViewState
from ..labels import text_label
from .colormap_combo import ColormapCombo
from .number_text import number_text, parsed_number
from .still_combo import StillCombo
from .words import scale_word

__all__ = ["OverlayControls"]

_FIELD = 40  # pixels that a number has in the narrowest panel


class OverlayControls(QWidget):
    """Sets `scale`, `colormap` and `range` of a state, and asks for a height."""

    height_chosen = Signal(object)  # an overlay's name, or None
    reset_wanted = Signal()

    def __init__(self, state: ViewState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._overlay: Overlay | None = None
        self._limits = (0.0, 1.0)
        self._automatic = ""  # the colour map that is drawn where none is chosen; "" until it is
        self.scale = StillCombo()
        self.colors = ColormapCombo()
        self.low, self.high = QLineEdit(), QLineEdit()
        self.low.setToolTip(self.tr("What is lower has the lowest colour"))
        self.high.setToolTip(self.tr("What is higher has the highest colour"))
        self.automatic = QToolButton()
        self.automatic.setText(self.tr("Auto range"))
        self.automatic.setToolTip(self.tr("A range that leaves out the extreme hundredth at both ends"))
        self.automatic.setCheckable(True)
        self.automatic.setProperty("role", "chip")
        self.height_choice = StillCombo()
        for combo in (self.scale, self.height_choice):
            combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            combo.setMinimumContentsLength(4)
        self.reset = QToolButton()
        self.reset.setText(self.tr("Reset"))
        self.reset.setToolTip(self.tr("Scale, colours, range, height and filter as they were at first"))
        self.problem = text_label("", "problem")
        self.problem.hide()
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        self._limits_row = QWidget()
        limits = QHBoxLayout(self._limits_row)
        limits.setContentsMargins(0, 0, 0, 0)
        limits.setSpacing(4)
        for widget, stretch in ((self.low, 1), (QLabel("–"), 0), (self.high, 1)):
            limits.addWidget(widget, stretch)
        head = QHBoxLayout()
        title = QLabel(self.tr("Display"))
        title.setObjectName("sectionTitle")
        title.setIndent(0)
        head.addWidget(title, 1)
        head.addWidget(self.automatic)
        head.addWidget(self.reset)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(1, 1)
        self._numeric: list[QWidget] = [self.scale, self.colors, self._limits_row]
        for field in (self.low, self.high):
            field.setMinimumWidth(_FIELD)
        titles = (self.tr("Scale"), self.tr("Colours"), self.tr("Range"))
        for row, (title, widget) in enumerate(zip(titles, tuple(self._numeric), strict=True)):
            label = _title(title)
            grid.addWidget(label, row + 1, 0)
            grid.addWidget(widget, row + 1, 1)
            self._numeric.append(label)
        self._numeric.append(self.automatic)  # categories have no such things
        grid.addLayout(head, 0, 0, 1, 2)
        grid.addWidget(_title(self.tr("Height")), 4, 0)
        grid.addWidget(self.height_choice, 4, 1)
        grid.addWidget(self.problem, 5, 0, 1, 2)

    def _connect(self) -> None:
        self.scale.activated.connect(self._take_scale)
        self.colors.chosen.connect(self._take_colors)
        self.colors.refused.connect(self._refuse)
        for field in (self.low, self.high):
            field.editingFinished.connect(self._take_limits)
        self.automatic.clicked.connect(self._take_automatic)
        self.height_choice.activated.connect(lambda row: self.height_chosen.emit(self.height_choice.itemData(row)))
        self.reset.clicked.connect(self.reset_wanted)
        events = self._state.events
        for signal in (events.scale, events.colormap, events.range, events.height, events.theme):
            signal.connect(self.follow)

    # ---------------------------------------------------------------- what is shown
    def show_book(self, book: OverlayBook) -> None:
        """Offer a model's overlays as heights: amounts, and nothing that is only a picture or a category."""
        self.height_choice.clear()
        self.height_choice.addItem(self.tr("none"), None)
        for recipe in book.recipes:
            fits = recipe.missing(book.graph) is None and recipe.group != "weights"
            if fits and not (book.is_made(recipe.name) and book.get(recipe.name).figure is Figure.CATEGORY):
                self.height_choice.addItem(recipe.title, recipe.name)
        self.follow()

    def show_overlay(self, overlay: Overlay, has_positive: bool) -> None:
        """Show the controls of an overlay; without a positive value it has no logarithmic scale."""
        self._overlay = overlay
        self._automatic = ""
        self._forget_typing()
        for widget in self._numeric:
            widget.setVisible(overlay.figure is not Figure.CATEGORY)
        self.scale.clear()
        for scale in Scale:
            if scale is not Scale.LOG or has_positive:
                self.scale.addItem(scale_word(scale), scale.value)
        self.follow()

    def show_limits(self, low: float, high: float) -> None:
        """Show the range that is in force."""
        self._limits = (low, high)
        figure = Figure.PLAIN if self._overlay is None else self._overlay.figure
        for field, value in ((self.low, low), (self.high, high)):
            if not field.isModified():  # never under the user's hands
                field.setText(number_text(figure, value))
                field.setCursorPosition(0)
        self.automatic.setChecked(self._state.range is None)

    def show_colors(self, drawn: str) -> None:
        """Name the colour map that is drawn, which depends on overlay, scale and theme where none is chosen."""
        automatic = drawn if self._state.colormap is None else ""
        if automatic != self._automatic:
            self._automatic = automatic
            self.colors.show_map(self._state.colormap, automatic)

    def follow(self) -> None:
        """Show what the state says."""
        self.problem.hide()
        row = self.height_choice.findData(self._state.height)
        self.height_choice.setCurrentIndex(max(row, 0))
        if self._overlay is not None:
            self.scale.setCurrentIndex(self.scale.findData(self._state.scale or self._overlay.scale.value))
            self.colors.show_map(self._state.colormap, self._automatic)

    # ---------------------------------------------------------------- from the user
    def _take_scale(self, row: int) -> None:
        scale = Scale(self.scale.itemData(row))
        limits = self._state.range
        if scale is Scale.LOG and limits is not None and limits[0] <= 0:
            self._state.range = None  # it has no place on this scale
        own = self._overlay is not None and self._overlay.scale is scale
        self._state.scale = None if own else scale.value

    def _take_colors(self, name: str | None) -> None:
        self._state.colormap = name
        self.follow()

    def _take_automatic(self) -> None:
        self._forget_typing()
        self._state.range = None
        self.show_limits(*self._limits)

    def _take_limits(self) -> None:
        if self._overlay is None or not (self.low.isModified() or self.high.isModified()):
            return  # a field was only left: its rounded number must not replace the exact one
        figure = self._overlay.figure
        try:
            low, high = (
                parsed_number(figure, field.text()) if field.isModified() else value
                for field, value in zip((self.low, self.high), self._limits, strict=True)
            )
            limits = check_range((low, high))
            scale = Scale(self._state.scale or self._overlay.scale)
            if scale is Scale.LOG and limits[0] <= 0:
                raise UsageError(self.tr("A logarithmic scale starts above zero"))
        except UsageError as error:
            self._refuse(str(error))
            return
        self.problem.hide()
        self._forget_typing()
        self._state.range = limits
        self.show_limits(*limits)

    def _forget_typing(self) -> None:
        self.low.setModified(False)
        self.high.setModified(False)

    def _refuse(self, text: str) -> None:
        self.problem.setText(text)
        self.problem.show()


def _title(text: str) -> QLabel:
    label = QLabel(text)
    label.setObjectName("factLabel")
    label.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    return label
