"""The table of an overlay's extremes for Qt: rows are looked up in columns of numpy when Qt asks for them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from ....graph.model_graph import ModelGraph
from ....overlays.overlay import Overlay
from ...words.captions import title_parts
from ...words.figures import value_text, value_with_unit
from ..docks.tree_model import NodeRole
from ..labels import plain_tip
from .own_values import OwnValues

__all__ = ["PART", "VALUE", "ExtremesModel"]

PART, VALUE = range(2)
_Index = QModelIndex | QPersistentModelIndex


class ExtremesModel(QAbstractTableModel):
    """One row for each node with a value of its own: in plain words where it is, and the value."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._graph: ModelGraph | None = None
        self._overlay: Overlay | None = None
        self._own = OwnValues(np.empty(0, np.int32), np.empty(0, np.float32))
        self._rows: NDArray[np.int64] = np.empty(0, np.int64)
        self._column, self._order = VALUE, Qt.SortOrder.DescendingOrder

    def fill(self, graph: ModelGraph, overlay: Overlay, own: OwnValues) -> None:
        """Show values, in the order that was asked for last."""
        self.beginResetModel()
        self._graph, self._overlay, self._own = graph, overlay, own
        self._arrange()
        self.endResetModel()

    def clear(self) -> None:
        """Show nothing."""
        self.beginResetModel()
        self._graph = self._overlay = None
        self._rows = self._rows[:0]
        self.endResetModel()

    def node(self, row: int) -> int:
        """Return the node of a row."""
        return int(self._own.ids[self._rows[row]])

    def row_of(self, node: int | None) -> int:
        """Return the row of a node, -1 where it has none."""
        if node is None or self._graph is None:
            return -1
        found = np.flatnonzero(self._own.ids[self._rows] == node)
        return int(found[0]) if len(found) else -1

    # ---------------------------------------------------------------- Qt's side
    def rowCount(self, parent: _Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def columnCount(self, parent: _Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else 2

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        graph, overlay = self._graph, self._overlay
        if graph is None or overlay is None or not 0 <= index.row() < len(self._rows):
            return None
        node = self.node(index.row())
        if role == Qt.ItemDataRole.DisplayRole:
            return _where(graph, node) if index.column() == PART else value_text(overlay, self._value(index.row()))
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(f"{graph.path(node) or graph.name}\n{value_with_unit(overlay, self._value(index.row()))}")
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() == VALUE:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return node if role == NodeRole else None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            unit = self._overlay.unit if self._overlay is not None else ""
            return self.tr("Part") if section == PART else unit or self.tr("Value")
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if section == VALUE else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        nodes = [self.node(index.row()) for index in before]
        self._column, self._order = column, order
        self._arrange()
        places = {int(self._own.ids[k]): row for row, k in enumerate(self._rows.tolist())} if before else {}
        after = [self.index(places[node], index.column()) for index, node in zip(before, nodes, strict=True)]
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()

    # ---------------------------------------------------------------- order
    def _arrange(self) -> None:
        if self._column == PART:  # the order of the model's parts
            rows = np.arange(len(self._own.ids))
            self._rows = rows if self._order == Qt.SortOrder.AscendingOrder else rows[::-1]
        else:  # equal values stay in the order of the parts
            keys = self._own.values if self._order == Qt.SortOrder.AscendingOrder else -self._own.values
            self._rows = np.argsort(keys, kind="stable")

    def _value(self, row: int) -> float:
        return float(self._own.values[self._rows[row]])


def _where(graph: ModelGraph, node: int) -> str:
    """Return a part in plain words without the model's name: "layer 17 › expert 103"."""
    parts = title_parts(graph, node)
    return " › ".join(name for name, _ in parts[1:] or parts)
