"""The outline of what is under the cursor, in a layer of its own above the scene."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

__all__ = ["HoverOutline"]

_WIDTH = 1.6


class HoverOutline(QWidget):
    """Covers its parent and lets everything through, mouse and pixels, but one outline."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self._polygon = QPolygonF()
        self._color = QColor("white")

    def set_color(self, color: str) -> None:
        """Draw in another colour."""
        self._color = QColor(color)
        self.update()

    def mark(self, corners: Sequence[QPointF] | None) -> None:
        """Outline a polygon, or nothing."""
        before = self._polygon
        self._polygon = QPolygonF(corners or [])
        for polygon in (before, self._polygon):
            if not polygon.isEmpty():
                self.update(_around(polygon).toAlignedRect())

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._polygon.isEmpty():
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        # A thin dark line under the bright one keeps it visible on any face.
        for color, width in ((QColor(0, 0, 0, 110), _WIDTH + 1.6), (self._color, _WIDTH)):
            painter.setPen(
                QPen(color, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.SquareCap, Qt.PenJoinStyle.MiterJoin)
            )
            painter.drawPolygon(self._polygon)


def _around(polygon: QPolygonF) -> QRectF:
    return polygon.boundingRect().adjusted(-4, -4, 4, 4)
