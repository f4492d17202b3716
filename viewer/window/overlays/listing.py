"""The list of what can be shown on a model, in groups, with a search field above it."""

from PySide6.QtCore import QEvent, QItemSelectionModel, QModelIndex, QObject, Qt, Signal
from PySide6.QtGui import QFont, QKeyEvent, QResizeEvent, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QLineEdit, QTreeView, QVBoxLayout, QWidget

from ....overlays.book import OverlayBook
from ....overlays.recipe import Recipe
from ..labels import plain_tip
from .words import group_title

__all__ = ["OverlayList"]

_NAME = Qt.ItemDataRole.UserRole  # an overlay's name; "" for none of them
_UNIT_WIDTH = 96


class OverlayList(QWidget):
    """One click shows an overlay; those that the model has nothing for are grey and say why."""

    chosen = Signal(object)  # a name, or None for the colours of kinds
    left = Signal()  # the user is done here

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._book: OverlayBook | None = None
        self._busy: str | None = None
        self._shown: str | None = None
        self.search = QLineEdit()
        self.search.setObjectName("search")
        self.search.setPlaceholderText(self.tr("Find an overlay…"))
        self.search.setClearButtonEnabled(True)
        self._rows = QStandardItemModel(0, 2, self)
        self.view = _list_view()
        self.view.setModel(self._rows)
        header = self.view.header()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Interactive)
        header.resizeSection(1, _UNIT_WIDTH)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        top = QVBoxLayout()
        top.setContentsMargins(12, 4, 12, 8)
        top.addWidget(self.search)
        column.addLayout(top)
        column.addWidget(self.view, 1)
        self.search.textChanged.connect(self._filter)
        self.search.returnPressed.connect(self._take_first)
        self.view.clicked.connect(self._choose)
        self.view.clicked.connect(self.left)
        for widget in (self.search, self.view):
            widget.installEventFilter(self)

    def show_book(self, book: OverlayBook) -> None:
        """List the overlays of a model, as after a file brought more."""
        self._book = book
        self._rows.removeRows(0, self._rows.rowCount())
        self._rows.appendRow(_row("", self.tr("None (kinds)"), "", self.tr("Each part in the colour of its kind")))
        groups: dict[str, QStandardItem] = {}
        for recipe in book.recipes:
            group = groups.get(recipe.group)
            if group is None:
                group = groups[recipe.group] = _heading(group_title(recipe.group))
                self._rows.appendRow([group, _plain("")])
            group.appendRow(_recipe_row(recipe, recipe.missing(book.graph)))
        self.view.expandAll()
        for row in range(self._rows.rowCount()):
            if self._rows.item(row).hasChildren():
                self.view.setFirstColumnSpanned(row, QModelIndex(), True)
        self._filter(self.search.text())
        self.follow(self._shown)

    def clear(self) -> None:
        """List nothing."""
        self._book = self._shown = self._busy = None
        self.search.clear()
        self._rows.removeRows(0, self._rows.rowCount())

    def follow(self, name: str | None) -> None:
        """Highlight the overlay that is shown."""
        self._shown = name
        flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
        index = self.index_of(name)
        self.view.selectionModel().setCurrentIndex(index, flags)
        if index.isValid():
            self.view.scrollTo(index)

    def show_busy(self, name: str | None) -> None:
        """Say that an overlay is being made; None when there is none."""
        for other, text in ((self._busy, None), (name, self.tr("computing…"))):
            index = self.index_of(other)
            if other is not None and index.isValid() and self._book is not None:
                self._rows.itemFromIndex(index.siblingAtColumn(1)).setText(text or self._book.recipe(other).unit)
        self._busy = name

    def index_of(self, name: str | None) -> QModelIndex:
        """Return the row of an overlay, or of None."""
        for item in _leaves(self._rows):
            if item.data(_NAME) == (name or ""):
                return item.index()
        return QModelIndex()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.view.scrollTo(self.view.currentIndex())  # the list shrinks when an overlay is shown below it

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() == Qt.Key.Key_Escape:
                if watched is self.search and self.search.text():
                    self.search.clear()
                else:
                    self.left.emit()
                return True
            if watched is self.search and event.key() == Qt.Key.Key_Down:
                self.view.setFocus(Qt.FocusReason.TabFocusReason)
                return True
            if watched is self.view and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
                self._choose(self.view.currentIndex())
                return True
        return super().eventFilter(watched, event)

    # ---------------------------------------------------------------- from the user
    def _choose(self, index: QModelIndex) -> None:
        name = index.siblingAtColumn(0).data(_NAME)
        if name is not None and index.flags() & Qt.ItemFlag.ItemIsEnabled:
            self.chosen.emit(name or None)

    def _take_first(self) -> None:
        """Show the first overlay that the search has left."""
        for item in _leaves(self._rows):
            index = item.index()
            if self.search.text() and item.isEnabled() and not self.view.isRowHidden(index.row(), index.parent()):
                self._choose(index)
                return

    def _filter(self, text: str) -> None:
        """Show only what has all the typed words in its name, title, unit, definition or group."""
        words = text.casefold().split()
        for row in range(self._rows.rowCount()):
            group = self._rows.item(row)
            for child in range(group.rowCount()):
                hidden = not self._matches(group.child(child), group.text(), words)
                self.view.setRowHidden(child, group.index(), hidden)
            empty = all(self.view.isRowHidden(child, group.index()) for child in range(group.rowCount()))
            # Of the rows without a group there is one, and it is no answer to a search.
            self.view.setRowHidden(row, QModelIndex(), bool(words) and empty)

    def _matches(self, item: QStandardItem, group: str, words: list[str]) -> bool:
        if self._book is None:
            return True
        recipe = self._book.recipe(item.data(_NAME))
        text = " ".join((recipe.name, recipe.title, recipe.unit, recipe.definition, group)).casefold()
        return all(word in text for word in words)


def _recipe_row(recipe: Recipe, missing: str | None) -> list[QStandardItem]:
    row = _row(recipe.name, recipe.title, recipe.unit, missing or recipe.definition)
    for item in row:
        item.setEnabled(missing is None)
    return row


def _row(name: str, title: str, unit: str, tip: str) -> list[QStandardItem]:
    row = [_plain(title), _plain(unit)]
    row[0].setData(name, _NAME)
    row[1].setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    for item in row:
        item.setToolTip(plain_tip(tip))
    return row


def _heading(title: str) -> QStandardItem:
    item = _plain(title)
    item.setFlags(Qt.ItemFlag.ItemIsEnabled)
    font = item.font()
    font.setWeight(QFont.Weight.DemiBold)
    item.setFont(font)
    return item


def _plain(text: str) -> QStandardItem:
    item = QStandardItem(text)
    item.setEditable(False)
    return item


def _leaves(rows: QStandardItemModel) -> list[QStandardItem]:
    tops = [rows.item(row) for row in range(rows.rowCount())]
    return [leaf for top in tops for leaf in ([top.child(k) for k in range(top.rowCount())] or [top])]


def _list_view() -> QTreeView:
    view = QTreeView()
    view.setObjectName("overlayList")
    view.setHeaderHidden(True)
    view.setRootIsDecorated(False)
    view.setItemsExpandable(False)
    view.setIndentation(10)
    view.setUniformRowHeights(True)
    view.setAllColumnsShowFocus(True)
    view.setExpandsOnDoubleClick(False)
    view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    view.setTextElideMode(Qt.TextElideMode.ElideRight)
    view.header().setStretchLastSection(False)
    return view
