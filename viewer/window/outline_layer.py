"""Outlines in a layer of their own above the scene, which need not be rendered again for them."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

__all__ = ["OutlineLayer"]

_WIDTH = 1.8


class OutlineLayer(QWidget):
    """Covers its parent and lets everything through, mouse and pixels, but some outlines."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self._marks: dict[str, tuple[QPolygonF, QColor]] = {}

    def mark(self, what: str, corners: Sequence[QPointF], color: str) -> None:
        """Outline a polygon, in place of the one that was marked as the same thing before."""
        self.unmark(what)
        polygon = QPolygonF(corners)
        self._marks[what] = (polygon, QColor(color))
        self.update(_around(polygon).toAlignedRect())

    def unmark(self, what: str) -> None:
        """Take an outline away, if it is there."""
        before = self._marks.pop(what, None)
        if before is not None:
            self.update(_around(before[0]).toAlignedRect())

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._marks:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for polygon, color in self._marks.values():
            # A thin dark line under the bright one keeps it visible on any face.
            for ink, width in ((QColor(0, 0, 0, 110), _WIDTH + 1.6), (color, _WIDTH)):
                pen = QPen(ink, width)
                pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
                painter.setPen(pen)
                painter.drawPolygon(polygon)


def _around(polygon: QPolygonF) -> QRectF:
    return polygon.boundingRect().adjusted(-4, -4, 4, 4)
