"""Where one is, as a path of buttons."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from ...graph.model_graph import ModelGraph
from .docks.words import node_title
from .labels import plain_tip

__all__ = ["Breadcrumb"]

_LONGEST = 28  # characters of a name that are shown


class Breadcrumb(QWidget):
    """The focus and what holds it; a click goes there."""

    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("breadcrumb")
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(12, 4, 12, 4)
        self._row.setSpacing(0)
        self._row.addStretch(1)
        self.steps: list[QToolButton] = []
        # A deep path must not widen the window.
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def show_path(self, graph: ModelGraph, node: int) -> None:
        """Show the way from the model to `node`."""
        while self._row.count() > 1:
            item = self._row.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.deleteLater()
        self.steps.clear()
        way = [*reversed(list(graph.ancestors(node))), node]
        for place, step in enumerate(way):
            if place:
                arrow = QLabel("›", self)
                arrow.setObjectName("crumbArrow")
                self._row.insertWidget(2 * place - 1, arrow)
                arrow.show()
            button = self._button(graph, step, is_last=place == len(way) - 1)
            self._row.insertWidget(2 * place, button)
            button.show()
            self.steps.append(button)

    def _button(self, graph: ModelGraph, node: int, is_last: bool) -> QToolButton:
        name = node_title(graph, node)
        button = QToolButton(self)
        button.setText(name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…")
        button.setToolTip(plain_tip(graph.path(node) or name))
        button.setProperty("current", is_last)
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(lambda: self.chosen.emit(node))
        return button
