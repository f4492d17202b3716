"""The tip beside the cursor: what is under it, in one glance."""

from collections.abc import Sequence
from math import inf

from PySide6.QtCore import QCoreApplication, QPoint, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtWidgets import QLabel, QWidget

from ....graph.kinds import EdgeKind, NodeKind
from ....graph.model_graph import ModelGraph
from ...words.captions import caption_of
from ...words.numbers import grouped, people_count, people_shape
from ...words.plain_words import plain_name
from ...words.route_facts import WayFacts
from ..docks.words import kind_word, node_title, provenance_words

__all__ = ["HoverTip", "tip_html", "tip_place", "way_html"]

_GAP = 18  # pixels between the cursor's hot spot and the tip
_PUSHED = 1e7  # more than any label covers
translate = QCoreApplication.translate  # under this name Qt's lupdate finds the texts


class HoverTip(QLabel):
    """A small panel over the scene that follows the cursor, inside the scene and beside what must be read."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("hoverTip")
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._area = parent
        self.hide()

    def tell(self, text: str, cursor: QPointF, free: Sequence[QRectF] = ()) -> None:
        """Show rich text beside the cursor.

        Parameters
        ----------
        free : sequence of QRectF
            What it must not cover, if there is another place: the labels of the part that it tells of.
        """
        if text != self.text():
            self.setText(text)
            self.adjustSize()
        self.move(tip_place(self.size(), cursor.toPoint(), self._area.rect(), free))
        self.show()


def tip_place(size: QSize, cursor: QPoint, area: QRect, free: Sequence[QRectF]) -> QPoint:
    """Return where a tip goes: the first of its four places around the cursor that covers least, inside an area."""
    best, least = QPoint(), inf
    for below in (True, False):
        for right in (True, False):
            x = cursor.x() + _GAP if right else cursor.x() - _GAP - size.width()
            y = cursor.y() + _GAP if below else cursor.y() - _GAP - size.height()
            wanted = QRect(QPoint(x, y), size)
            x = max(area.left(), min(x, area.right() - size.width()))
            y = max(area.top(), min(y, area.bottom() - size.height()))
            tip = QRect(QPoint(x, y), size)
            covered = sum(_shared(QRectF(tip), rect) for rect in free)
            # What is pushed back into the area covers the cursor, and so what one looks at.
            cost = covered + (_PUSHED if tip != wanted else 0)
            if cost < least:
                best, least = tip.topLeft(), cost
    return best


def _shared(a: QRectF, b: QRectF) -> float:
    both = a.intersected(b)
    return both.width() * both.height()


def tip_html(graph: ModelGraph, node: int, value: str | None = None, plain: bool = False) -> str:
    """Return name, value, kind, parameters and shape of a node as rich text; in plain words, the file's name too."""
    given = node_title(graph, node)
    title = _called(graph, node, plain)
    if graph.kind_of(node) == NodeKind.TENSOR and graph.parent[node] > 0:
        above = int(graph.parent[node])  # most tensors are called "weight"
        whole, part = graph.name_of(above), _called(graph, above, plain)
        given, title = (
            f"{whole}.{given}",
            f"{whole}.{title}" if part == node_title(graph, above) else f"{part} · {title}",
        )
    kind = kind_word(graph.kind_of(node))
    facts = [] if title.lower().startswith(kind.lower()) else [kind]
    if title != given:
        facts.insert(0, given)
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


def way_html(graph: ModelGraph, way: WayFacts, plain: bool = False) -> str:
    """Return the ends of a route or port, what flows there, and how that is known, as rich text."""
    ends = [_end(graph, end, way.source if k else way.target, plain) for k, end in enumerate((way.source, way.target))]
    if way.stream:  # between a part and the stream of the container that it is in
        for k, (end, other) in enumerate(((way.source, way.target), (way.target, way.source))):
            if end >= 0 and other >= 0 and graph.parent[other] == end:
                ends[k] = translate("HoverTip", "residual stream")
    kind = {
        EdgeKind.DATA: translate("HoverTip", "data flow"),
        EdgeKind.RESIDUAL: translate("HoverTip", "residual stream"),
        EdgeKind.ROUTED: translate("HoverTip", "routed: some of them for each token"),
        EdgeKind.TIED: translate("HoverTip", "the same storage"),
    }[way.kind]
    flowing = " ".join(filter(None, [people_shape(way.shape) if way.shape is not None else "", way.dtype]))
    count = translate("HoverTip", "{count} edges").format(count=grouped(way.count)) if way.count > 1 else ""
    known = " · ".join(provenance_words(provenance, live=not graph.source) for provenance in sorted(way.provenances))
    lines = [" · ".join(filter(None, line)) for line in ((kind, flowing, count), (known,))]
    return "<br>".join([f"<b>{_escape(' → '.join(ends))}</b>", *(_escape(line) for line in lines)])


def _called(graph: ModelGraph, node: int, plain: bool) -> str:
    """Return a node's title, in plain words where these are wanted and known."""
    if plain and graph.kind_of(node) == NodeKind.OPERATOR:
        return caption_of(graph, node, plain).name
    return (plain_name(graph, node) if plain else None) or node_title(graph, node)


def _end(graph: ModelGraph, node: int, other: int, plain: bool) -> str:
    if node < 0:
        return translate("HoverTip", "several parts")
    above = int(graph.parent[node])
    if graph.kind_of(node) == NodeKind.TENSOR and above > 0:
        part = _called(graph, above, plain)
        return f"{graph.name_of(above)}.{graph.name_of(node)}" if part == node_title(graph, above) else part
    # Two parts of one name, as of two layers, are told apart by what they are in.
    same = other >= 0 and graph.name_of(other) == graph.name_of(node) and above > 0
    name = _called(graph, node, plain)
    return f"{_called(graph, above, plain)} › {name}" if same else name


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
