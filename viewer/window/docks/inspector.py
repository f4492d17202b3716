"""Everything that is known of the selected part, to read and to copy."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ....graph.model_graph import ModelGraph
from ..labels import breakable, facts_grid, text_label
from .facts import describe
from .icons import NodeIcons
from .sections import Section
from .words import capital, kind_word, node_title

__all__ = ["Inspector"]


class Inspector(QScrollArea):
    """Name, path, kind and facts of one node."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("inspector")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._shown: tuple[ModelGraph, int, NodeIcons] | None = None
        self._first: Section | None = None
        self._column = QVBoxLayout()
        self._first_place = QWidget()

    @property
    def path(self) -> str | None:
        """The path of the node that is described, None where there is none."""
        return self._shown[0].path(self._shown[1]) if self._shown is not None else None

    def copy_path(self) -> None:
        """Put the path of the part that is told of into the clipboard."""
        QGuiApplication.clipboard().setText(self.path or "")

    def show_node(self, graph: ModelGraph, node: int, icons: NodeIcons, first: Section | None = None) -> None:
        """Describe a node; a section of what is looked at now comes before all others."""
        if self._shown == (graph, node, icons):
            if self._first != first:
                self._show_first(first)
            return
        self._shown = (graph, node, icons)
        page = QWidget()
        page.setObjectName("inspectorPage")
        column = self._column = QVBoxLayout(page)
        column.setContentsMargins(16, 14, 16, 16)
        column.setSpacing(6)
        column.addLayout(self._kind_row(graph, node, icons))
        name = text_label(
            capital(node_title(graph, node)) if graph.name_of(node).isdecimal() else breakable(graph.name_of(node)),
            "inspectorName",
        )
        column.addWidget(name)
        path = graph.path(node)
        if path:
            column.addLayout(self._path_row(path))
        self._first_place = QWidget()
        column.addWidget(self._first_place)
        self._show_first(first)
        for section in describe(graph, node):
            column.addSpacing(10)
            column.addWidget(text_label(section.title, "sectionTitle"))
            column.addLayout(facts_grid(section))
        column.addStretch(1)
        self.setWidget(page)  # deletes the page before it

    def clear(self) -> None:
        """Show nothing."""
        self._shown = None
        self.setWidget(QWidget())

    def _show_first(self, section: Section | None) -> None:
        """Change the section before all others, and nothing else: it may change many times a second."""
        self._first = section
        place = QWidget()
        if section is not None:
            column = QVBoxLayout(place)
            column.setContentsMargins(0, 10, 0, 0)
            column.setSpacing(6)
            column.addWidget(text_label(section.title, "sectionTitle"))
            column.addLayout(facts_grid(section))
        self._column.replaceWidget(self._first_place, place)
        self._first_place.hide()
        self._first_place.deleteLater()
        self._first_place = place
        place.setVisible(section is not None)

    def _kind_row(self, graph: ModelGraph, node: int, icons: NodeIcons) -> QHBoxLayout:
        kind = graph.kind_of(node)
        row = QHBoxLayout()
        row.setSpacing(6)
        mark = QLabel()
        mark.setPixmap(icons.icon(node).pixmap(12, 12))
        row.addWidget(mark)
        row.addWidget(text_label(capital(kind_word(kind)), "kindWord"), 1)
        return row

    def _path_row(self, path: str) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(6)
        text = text_label(breakable(path), "inspectorPath")
        row.addWidget(text, 1)
        copy = QToolButton()
        copy.setObjectName("copyPath")
        copy.setText(self.tr("Copy"))
        copy.setToolTip(self.tr("Copy the path"))
        copy.clicked.connect(self.copy_path)
        row.addWidget(copy, 0, Qt.AlignmentFlag.AlignTop)
        return row
