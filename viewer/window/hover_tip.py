"""The tip beside the cursor: what is under it, in one glance."""

from PySide6.QtCore import QCoreApplication, QPoint, Qt
from PySide6.QtWidgets import QLabel, QWidget

from ...graph.kinds import NodeKind
from ...graph.model_graph import ModelGraph
from ..numbers import people_count, people_shape
from .words import kind_word, node_title

__all__ = ["HoverTip", "tip_html"]

_GAP = 18  # pixels between the cursor's hot spot and the tip


class HoverTip(QLabel):
    """A small panel over the scene that follows the cursor and stays inside the scene."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("hoverTip")
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._area = parent
        self.hide()

    def tell(self, graph: ModelGraph, node: int, cursor: QPoint, value: str | None = None) -> None:
        """Show what `node` is, and its value where one is shown, beside the cursor."""
        text = tip_html(graph, node, value)
        if text != self.text():
            self.setText(text)
            self.adjustSize()
        area = self._area.rect()
        x, y = cursor.x() + _GAP, cursor.y() + _GAP
        if x + self.width() > area.right():
            x = cursor.x() - _GAP - self.width()
        if y + self.height() > area.bottom():
            y = cursor.y() - _GAP - self.height()
        self.move(max(0, x), max(0, y))
        self.show()


def tip_html(graph: ModelGraph, node: int, value: str | None = None) -> str:
    """Return name, value, kind, parameters and shape of a node as rich text."""
    title = node_title(graph, node)
    if graph.kind_of(node) == NodeKind.TENSOR and graph.parent[node] > 0:
        title = f"{graph.name_of(int(graph.parent[node]))}.{title}"  # most tensors are called "weight"
    kind = kind_word(graph.kind_of(node))
    facts = [] if title.startswith(kind) else [kind]
    parameters = int(graph.total_parameters[node])
    if parameters:
        facts.append(
            QCoreApplication.translate("HoverTip", "{count} parameters").format(count=people_count(parameters))
        )
    elif graph.kind_of(node) == NodeKind.HEAD:
        dimension = next(filter(None, (graph.attribute(above, "head_dim") for above in graph.ancestors(node))), None)
        if dimension is not None:
            facts.append(QCoreApplication.translate("HoverTip", "{count} dimensions").format(count=dimension))
    shape, dtype = graph.shape_of(node), graph.dtype_of(node)
    if shape is not None:
        facts.append(f"{people_shape(shape)} {dtype or ''}".strip())
    lines = [f"<b>{_escape(title)}</b>", *(_escape(line) for line in (value, " · ".join(facts)) if line)]
    return "<br>".join(lines)


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
