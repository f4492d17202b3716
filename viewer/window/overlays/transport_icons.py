"""Icons of the timeline's buttons, drawn in the colour of the text."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap, QPolygonF

__all__ = ["transport_icon"]

_SIZE = 16
# In units of the icon's side: triangles as corners, bars as x, y, width, height.
_TRIANGLES = {
    "play": ((0.22, 0.1), (0.22, 0.9), (0.88, 0.5)),
    "previous": ((0.82, 0.15), (0.82, 0.85), (0.30, 0.5)),
    "next": ((0.18, 0.15), (0.18, 0.85), (0.70, 0.5)),
}
_BARS = {
    "pause": ((0.2, 0.12, 0.2, 0.76), (0.6, 0.12, 0.2, 0.76)),
    "previous": ((0.16, 0.15, 0.12, 0.7),),
    "next": ((0.72, 0.15, 0.12, 0.7),),
}


def transport_icon(name: str, color: QColor) -> QIcon:
    """Return the icon "play", "pause", "previous" or "next"."""
    pixmap = QPixmap(QSize(2 * _SIZE, 2 * _SIZE))  # twice the size it is shown at, for dense screens
    pixmap.setDevicePixelRatio(2.0)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    if name in _TRIANGLES:
        painter.drawPolygon(QPolygonF([QPointF(_SIZE * x, _SIZE * y) for x, y in _TRIANGLES[name]]))
    for x, y, width, height in _BARS.get(name, ()):
        painter.drawRect(QRectF(_SIZE * x, _SIZE * y, _SIZE * width, _SIZE * height))
    painter.end()
    return QIcon(pixmap)
