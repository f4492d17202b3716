"""Everything that is known of the selected part, to read and to copy."""

import re

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ...graph.model_graph import ModelGraph
from .facts import describe
from .icons import NodeIcons
from .sections import Section
from .words import capital, kind_word, node_title

__all__ = ["Inspector"]

_LONG = 9  # characters that fit into a line in any case


class Inspector(QScrollArea):
    """Name, path, kind and facts of one node."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("inspector")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._shown: tuple[ModelGraph, int, NodeIcons] | None = None

    @property
    def path(self) -> str | None:
        """The path of the node that is described, None where there is none."""
        return self._shown[0].path(self._shown[1]) if self._shown is not None else None

    def show_node(self, graph: ModelGraph, node: int, icons: NodeIcons) -> None:
        """Describe a node."""
        if self._shown == (graph, node, icons):
            return
        self._shown = (graph, node, icons)
        page = QWidget()
        page.setObjectName("inspectorPage")
        column = QVBoxLayout(page)
        column.setContentsMargins(16, 14, 16, 16)
        column.setSpacing(6)
        column.addLayout(self._kind_row(graph, node, icons))
        name = _text(
            capital(node_title(graph, node)) if graph.name_of(node).isdecimal() else _breakable(graph.name_of(node)),
            "inspectorName",
        )
        column.addWidget(name)
        path = graph.path(node)
        if path:
            column.addLayout(self._path_row(path))
        for section in describe(graph, node):
            column.addSpacing(10)
            column.addWidget(_text(section.title, "sectionTitle"))
            column.addLayout(_facts_grid(section))
        column.addStretch(1)
        self.setWidget(page)  # deletes the page before it

    def clear(self) -> None:
        """Show nothing."""
        self._shown = None
        self.setWidget(QWidget())

    def _kind_row(self, graph: ModelGraph, node: int, icons: NodeIcons) -> QHBoxLayout:
        kind = graph.kind_of(node)
        row = QHBoxLayout()
        row.setSpacing(6)
        mark = QLabel()
        mark.setPixmap(icons.icon(node).pixmap(12, 12))
        row.addWidget(mark)
        row.addWidget(_text(capital(kind_word(kind)), "kindWord"), 1)
        return row

    def _path_row(self, path: str) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(6)
        text = _text(_breakable(path), "inspectorPath")
        row.addWidget(text, 1)
        copy = QToolButton()
        copy.setObjectName("copyPath")
        copy.setText(self.tr("Copy"))
        copy.setToolTip(self.tr("Copy the path"))
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(path))
        row.addWidget(copy, 0, Qt.AlignmentFlag.AlignTop)
        return row


def _facts_grid(section: Section) -> QGridLayout:
    grid = QGridLayout()
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(12)
    grid.setVerticalSpacing(5)
    grid.setColumnMinimumWidth(0, 112)
    grid.setColumnStretch(1, 1)
    for row, fact in enumerate(section.facts):
        grid.addWidget(_text(_breakable(fact.label), "factLabel"), row, 0, Qt.AlignmentFlag.AlignTop)
        value = QVBoxLayout()
        value.setSpacing(0)
        value.addWidget(_text(_breakable(fact.text), "factText"))
        if fact.detail:
            value.addWidget(_text(_breakable(fact.detail), "factDetail"))
        value.addStretch(1)
        grid.addLayout(value, row, 1)
    return grid


def _breakable(text: str) -> str:
    """Let a long path or name break after dots, slashes and underscores and before capitals, with zero-width spaces."""
    return re.sub(r"(?<=[._/])|(?<=[a-z0-9])(?=[A-Z])", "\u200b", text) if len(text) > _LONG else text


def _text(text: str, name: str) -> QLabel:
    label = QLabel(text)
    label.setObjectName(name)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setIndent(0)  # a style sheet with padding would indent it otherwise
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
    return label
