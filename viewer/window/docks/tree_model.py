"""The model's tree for Qt: rows are looked up in the graph when Qt asks for them, and nothing is copied."""

from typing import Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QFont, QGuiApplication, QPalette

from ....graph.model_graph import ModelGraph
from ...pointing.hiding import hidden_by
from ...words.numbers import people_count
from ..labels import plain_tip
from .icons import NodeIcons
from .words import kind_word

__all__ = ["NodeRole", "TreeModel", "hidden_look"]

NodeRole = Qt.ItemDataRole.UserRole
"""The item role that gives a row's node id."""

# A view asks for every child of a row that opens, so a container with 10^5 tensors would stall it:
# beyond this many, children arrive in portions as the view scrolls.
_PORTION = 2000

_NAME, _KIND, _PARAMETERS = range(3)
_Index = QModelIndex | QPersistentModelIndex


_LOOKS = (Qt.ItemDataRole.FontRole, Qt.ItemDataRole.ForegroundRole)


def hidden_look(role: int) -> Any:
    """Return the font or the colour of a part that the scene hides: struck out, and grey."""
    if role == Qt.ItemDataRole.ForegroundRole:
        return QGuiApplication.palette().brush(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Text)
    font = QFont()
    font.setStrikeOut(True)
    return font


class TreeModel(QAbstractItemModel):
    """Nodes of one ModelGraph as rows: name, kind, parameters of the subtree.

    An index carries its node's id, so going from node to row and back takes no lookup table.
    """

    def __init__(self, graph: ModelGraph, icons: NodeIcons, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._graph = graph
        self._shown: dict[int, int] = {}
        self._icons = icons
        self._hidden: frozenset[int] = frozenset()

    def node(self, index: _Index) -> int:
        """Return the node id of a row."""
        return int(index.internalId())

    def index_of(self, node: int) -> QModelIndex:
        """Return the name cell of a node, fetching its row first where the view has not got there yet."""
        row = int(self._graph.sibling_index[node])
        parent = int(self._graph.parent[node])
        if parent >= 0 and row >= self._row_count(parent):
            self._fetch(parent, row + 1)
        return self.createIndex(row, _NAME, node)

    def show_icons(self, icons: NodeIcons) -> None:
        """Change the icons, as for another theme."""
        self._icons = icons
        self.layoutChanged.emit()

    def show_hidden(self, hidden: frozenset[int]) -> None:
        """Mark the parts that the scene hides; the view that shows this model must be drawn again."""
        self._hidden = hidden

    # ---------------------------------------------------------------- Qt's side
    def columnCount(self, parent: _Index | None = None) -> int:
        return 3

    def rowCount(self, parent: _Index | None = None) -> int:
        if parent is None or not parent.isValid():
            return 1  # the model itself
        return 0 if parent.column() else self._row_count(self.node(parent))

    def hasChildren(self, parent: _Index | None = None) -> bool:
        if parent is None or not parent.isValid():
            return True
        return parent.column() == 0 and bool(self._graph.child_count[self.node(parent)])

    def index(self, row: int, column: int, parent: _Index | None = None) -> QModelIndex:
        if parent is None or not parent.isValid():
            return self.createIndex(row, column, 0) if row == 0 else QModelIndex()
        children = self._graph.children(self.node(parent))
        if not 0 <= row < len(children):
            return QModelIndex()
        return self.createIndex(row, column, int(children[row]))

    def parent(self, child: _Index | None = None) -> Any:
        # QObject.parent() shares this name: Qt calls it with an index, people without.
        if child is None:
            return super().parent()
        node = self.node(child) if child.isValid() else 0
        if node == 0:
            return QModelIndex()
        parent = int(self._graph.parent[node])
        return self.createIndex(int(self._graph.sibling_index[parent]), 0, parent)

    def canFetchMore(self, parent: _Index) -> bool:
        if not parent.isValid():
            return False
        node = self.node(parent)
        # A numpy.bool_ here crashes PySide.
        return self._row_count(node) < int(self._graph.child_count[node])

    def fetchMore(self, parent: _Index) -> None:
        node = self.node(parent)
        self._fetch(node, self._row_count(node) + _PORTION)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        node = self.node(index)
        column = index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            if column == _NAME:
                return self._graph.name_of(node)
            if column == _KIND:
                return kind_word(self._graph.kind_of(node))
            return people_count(int(self._graph.total_parameters[node]))
        if role == Qt.ItemDataRole.DecorationRole and column == _NAME:
            return self._icons.icon(node)
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(self._graph.path(node) or self._graph.name)
        if role == Qt.ItemDataRole.TextAlignmentRole and column == _PARAMETERS:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if role == NodeRole:
            return node
        if role in _LOOKS and hidden_by(self._graph, self._hidden, node) is not None:
            return hidden_look(role)
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return (self.tr("Name"), self.tr("Kind"), self.tr("Parameters"))[section]
        if role == Qt.ItemDataRole.TextAlignmentRole and section == _PARAMETERS:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None

    # ---------------------------------------------------------------- portions
    def _row_count(self, node: int) -> int:
        return min(int(self._graph.child_count[node]), self._shown.get(node, _PORTION))

    def _fetch(self, node: int, rows: int) -> None:
        first = self._row_count(node)
        last = min(rows, int(self._graph.child_count[node])) - 1
        self.beginInsertRows(self.index_of(node), first, last)
        self._shown[node] = rows
        self.endInsertRows()
