"""The tree of the model with a search field above it."""

from PySide6.QtCore import QEvent, QItemSelectionModel, QModelIndex, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QHeaderView, QLabel, QLineEdit, QStackedWidget, QTreeView, QVBoxLayout, QWidget

from ....graph.model_graph import ModelGraph
from ...pointing.hiding import hidden_by
from ..labels import plain_tip
from .icons import NodeIcons
from .tree_model import NodeRole, TreeModel, hidden_look
from .words import node_title

__all__ = ["TreePanel"]

_PAUSE = 120  # milliseconds after the last letter until the search
_NARROW = 330  # pixels
_MOST = 500  # results that are listed


class TreePanel(QWidget):
    """Selects nodes by browsing and by searching; follows the selection that others make."""

    selected = Signal(int)
    entered = Signal(int)
    left = Signal()  # the user is done here

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("treePanel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._graph: ModelGraph | None = None
        self._model: TreeModel | None = None
        self._hidden: frozenset[int] = frozenset()
        self.search = QLineEdit()
        self.search.setObjectName("search")
        self.search.setPlaceholderText(self.tr("Find a part…"))
        self.search.setClearButtonEnabled(True)
        self.search.installEventFilter(self)
        self.tree = _tree_view()
        self.results = _tree_view()
        self.results.setRootIsDecorated(False)
        self.results.setTextElideMode(Qt.TextElideMode.ElideLeft)  # what tells equal parts apart is at the end
        self._pages = QStackedWidget()
        self._pages.addWidget(self.tree)
        self._pages.addWidget(self.results)
        self._count = QLabel()
        self._count.setObjectName("resultCount")
        self._count.hide()

        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        top = QVBoxLayout()
        top.setContentsMargins(12, 4, 12, 8)
        top.setSpacing(0)
        top.addWidget(self.search)
        top.addWidget(self._count)
        column.addLayout(top)
        column.addWidget(self._pages, 1)

        self._pause = QTimer(self, singleShot=True, interval=_PAUSE)
        self._pause.timeout.connect(self._find)
        self.search.textChanged.connect(self._pause.start)
        self.search.returnPressed.connect(self._take_first)
        for view in (self.tree, self.results):  # a double-click, or the Return key
            view.activated.connect(self._enter)
            view.installEventFilter(self)

    def show_model(self, graph: ModelGraph, icons: NodeIcons) -> None:
        """Show a model's tree, opened where it is worth looking."""
        self._graph = graph
        self.search.clear()
        old = self._model
        self._model = TreeModel(graph, icons, self)
        self._model.show_hidden(self._hidden)
        self.tree.setModel(self._model)
        if old is not None:
            old.deleteLater()
        self.tree.selectionModel().currentChanged.connect(self._choose)
        _size_columns(self.tree, stretched=0, fixed={1: 98, 2: 76})
        # Down through containers that hold only one thing, so that the first look shows something.
        node = 0
        while True:
            self.tree.expand(self._model.index_of(node))
            children = graph.children(node)
            containers = children[graph.child_count[children] > 0]
            if len(children) > 3 or len(containers) != 1:
                break
            node = int(containers[0])

    def show_icons(self, icons: NodeIcons) -> None:
        """Change the icons, as for another theme."""
        if self._model is not None:
            self._model.show_icons(icons)

    def show_hidden(self, hidden: frozenset[int]) -> None:
        """Mark the parts that the scene hides, in the tree and among what was found."""
        self._hidden = hidden
        if self._model is not None:
            self._model.show_hidden(hidden)
            self.tree.viewport().update()
        found = self.results.model()
        if isinstance(found, QStandardItemModel):
            for row in range(found.rowCount()):
                self._mark(found.item(row, 0))

    def clear(self) -> None:
        """Show no model."""
        self._graph = None
        self.search.clear()
        self.tree.setModel(None)
        if self._model is not None:
            self._model.deleteLater()
            self._model = None

    def follow(self, node: int | None) -> None:
        """Make the tree's selection agree with one made elsewhere."""
        if self._model is None:
            return
        selection = self.tree.selectionModel()
        if node is None:
            selection.clear()
        elif not selection.currentIndex().isValid() or self._model.node(selection.currentIndex()) != node:
            index = self._model.index_of(node)
            flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
            selection.setCurrentIndex(index, flags)
            self.tree.scrollTo(index, QTreeView.ScrollHint.PositionAtCenter)

    def focus_search(self) -> None:
        """Let the user type a search."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() == Qt.Key.Key_Escape:
                if watched is self.search and self.search.text():
                    self.search.clear()
                else:
                    self.left.emit()
                return True
            if watched is self.search and event.key() == Qt.Key.Key_Down:
                (self.results if self.search.text() else self.tree).setFocus(Qt.FocusReason.TabFocusReason)
                return True
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        # Deep down a narrow tree would show kinds and no names; the coloured squares tell kinds, too.
        self.tree.setColumnHidden(1, self.width() < _NARROW)

    # ---------------------------------------------------------------- from the user
    def _choose(self, index: QModelIndex) -> None:
        if index.isValid():
            self.selected.emit(index.data(NodeRole))

    def _enter(self, index: QModelIndex) -> None:
        self.entered.emit(index.siblingAtColumn(0).data(NodeRole))

    def _take_first(self) -> None:
        self._find()
        model = self.results.model()
        if self.search.text() and model is not None and model.rowCount():
            self.entered.emit(model.index(0, 0).data(NodeRole))

    def _find(self) -> None:
        self._pause.stop()
        text = self.search.text().strip()
        self._pages.setCurrentWidget(self.results if text else self.tree)
        self._count.setVisible(bool(text))
        if not text or self._graph is None or self._model is None:
            return
        graph = self._graph
        hits = graph.find(text, _MOST + 1)
        more = len(hits) > _MOST
        found = QStandardItemModel(0, 2, self.results)
        found.setHorizontalHeaderLabels([self.tr("Name"), self.tr("In")])
        for node in hits[:_MOST]:
            name = QStandardItem(node_title(graph, node))
            name.setData(node, NodeRole)
            name.setIcon(self._model.index_of(node).data(Qt.ItemDataRole.DecorationRole))
            path = graph.path(node)
            name.setToolTip(plain_tip(path))
            self._mark(name)
            row = [name, QStandardItem(path.rpartition(".")[0])]
            for item in row:
                item.setEditable(False)
            found.appendRow(row)
        old = self.results.model()
        self.results.setModel(found)
        _size_columns(self.results, stretched=1, fixed={0: 130})
        if old is not None:
            old.deleteLater()
        self.results.selectionModel().currentChanged.connect(lambda index: self._choose(index.siblingAtColumn(0)))
        if more:
            self._count.setText(self.tr("the first {count} of many").format(count=_MOST))
        else:
            self._count.setText(self.tr("{count} found").format(count=len(hits)) if hits else self.tr("nothing found"))

    def _mark(self, name: QStandardItem) -> None:
        """Show by its look whether a part that was found is hidden."""
        graph = self._graph
        hides = graph is not None and hidden_by(graph, self._hidden, name.data(NodeRole)) is not None
        for role in (Qt.ItemDataRole.FontRole, Qt.ItemDataRole.ForegroundRole):
            name.setData(hidden_look(role) if hides else None, role)


def _tree_view() -> QTreeView:
    view = QTreeView()
    view.setUniformRowHeights(True)  # without it Qt asks every row for its height
    view.setAlternatingRowColors(False)
    view.setAllColumnsShowFocus(True)
    view.setIndentation(13)
    view.setExpandsOnDoubleClick(False)  # a double-click flies there
    view.setVerticalScrollMode(QTreeView.ScrollMode.ScrollPerPixel)
    view.setTextElideMode(Qt.TextElideMode.ElideRight)
    view.header().setStretchLastSection(False)
    view.header().setMinimumSectionSize(60)
    view.header().setHighlightSections(False)
    view.setHeaderHidden(False)
    return view


def _size_columns(view: QTreeView, stretched: int, fixed: dict[int, int]) -> None:
    header = view.header()
    header.setSectionResizeMode(stretched, QHeaderView.ResizeMode.Stretch)
    for column, width in fixed.items():
        header.setSectionResizeMode(column, QHeaderView.ResizeMode.Interactive)
        header.resizeSection(column, width)
