"""The parts with the highest or the lowest values; with a filter, those that it keeps."""

from PySide6.QtCore import QItemSelectionModel, QModelIndex, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QButtonGroup,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QTableView,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ....graph.model_graph import ModelGraph
from ....overlays.overlay import Overlay
from ..docks.tree_model import NodeRole
from .extremes_model import PART, VALUE, ExtremesModel
from .own_values import OwnValues

__all__ = ["Extremes"]

_ROW = 25  # pixels
_VALUE_WIDTH = 96


class Extremes(QWidget):
    """A table that selects the part of its current row, and enters it on a double-click or Return."""

    selected = Signal(int)
    entered = Signal(int)
    left = Signal()  # a row was clicked: the keys are the scene's again

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = ExtremesModel(self)
        self._title = QLabel()
        self._title.setObjectName("sectionTitle")
        self._title.setIndent(0)
        self.highest, self.lowest = QToolButton(), QToolButton()
        either = QButtonGroup(self)
        for button, text in ((self.highest, self.tr("Highest")), (self.lowest, self.tr("Lowest"))):
            button.setText(text)
            button.setCheckable(True)
            button.setProperty("role", "chip")
            either.addButton(button)
        self.highest.setChecked(True)
        self.table = _Table()
        self.table.setModel(self._model)
        self.table.sortByColumn(VALUE, Qt.SortOrder.DescendingOrder)
        self.table.setSortingEnabled(True)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(PART, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(VALUE, QHeaderView.ResizeMode.Interactive)
        header.resizeSection(VALUE, _VALUE_WIDTH)

        top = QHBoxLayout()
        top.setContentsMargins(14, 8, 12, 6)
        top.setSpacing(6)
        top.addWidget(self._title, 1)
        top.addWidget(self.highest)
        top.addWidget(self.lowest)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(top)
        column.addWidget(self.table, 1)

        self.highest.clicked.connect(lambda: self._sort(Qt.SortOrder.DescendingOrder))
        self.lowest.clicked.connect(lambda: self._sort(Qt.SortOrder.AscendingOrder))
        header.sortIndicatorChanged.connect(self._on_sorted)
        self.table.selectionModel().currentChanged.connect(self._choose)
        self.table.clicked.connect(self.left)
        self.table.entered_row.connect(lambda index: self.entered.emit(index.data(NodeRole)))

    def fill(self, graph: ModelGraph, overlay: Overlay, own: OwnValues, selection: int | None, *, kept: bool) -> None:
        """Show values; `kept` says that a filter chose them."""
        self._title.setText(self.tr("Kept") if kept else self.tr("Extremes"))
        place = self.table.verticalScrollBar().value()
        self._model.fill(graph, overlay, own)
        self._mark(selection)
        self.table.verticalScrollBar().setValue(place)  # the rows of another step are the same parts

    def to_top(self) -> None:
        """Scroll to the first row, as for other values."""
        self.table.scrollToTop()

    def clear(self) -> None:
        """Show nothing."""
        self._model.clear()

    def follow(self, node: int | None) -> None:
        """Make the table's selection agree with one made elsewhere."""
        current = self.table.currentIndex()
        if not current.isValid() or self._model.node(current.row()) != node:
            row = self._mark(node)
            if row >= 0:
                self.table.scrollTo(self._model.index(row, PART))

    def _mark(self, node: int | None) -> int:
        row = self._model.row_of(node)
        selection = self.table.selectionModel()
        selection.clear()
        if row >= 0:
            flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
            selection.setCurrentIndex(self._model.index(row, PART), flags)
        return row

    # ---------------------------------------------------------------- from the user
    def _sort(self, order: Qt.SortOrder) -> None:
        self.table.sortByColumn(VALUE, order)
        self.table.scrollToTop()

    def _on_sorted(self, column: int, order: Qt.SortOrder) -> None:
        if column == VALUE:
            (self.highest if order == Qt.SortOrder.DescendingOrder else self.lowest).setChecked(True)

    def _choose(self, index: QModelIndex) -> None:
        if index.isValid():
            self.selected.emit(index.data(NodeRole))


class _Table(QTableView):
    """Rows of one height: a hundred thousand of them take no time."""

    entered_row = Signal(QModelIndex)

    def __init__(self) -> None:
        super().__init__()
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(_ROW)
        self.horizontalHeader().setHighlightSections(False)
        self.setVerticalScrollMode(QTableView.ScrollMode.ScrollPerPixel)
        self.doubleClicked.connect(self.entered_row)

    def keyPressEvent(self, e: QKeyEvent) -> None:
        if e.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self.entered_row.emit(self.currentIndex())
        else:
            super().keyPressEvent(e)
