"""A small square in the colour that a node has in the scene."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap

from ....graph.model_graph import ModelGraph
from ...theme import Theme, Tone, node_tones

__all__ = ["NodeIcons"]


class NodeIcons:
    """Icons of one graph's nodes under one theme."""

    def __init__(self, graph: ModelGraph, theme: Theme) -> None:
        self._tones = node_tones(graph)
        self._icons = {tone: _square(theme, tone) for tone in Tone}

    def icon(self, node: int) -> QIcon:
        """Return the icon of a node."""
        return self._icons[Tone(int(self._tones[node]))]


def _square(theme: Theme, tone: Tone) -> QIcon:
    pixmap = QPixmap(24, 24)  # twice the size it is shown at, for dense screens
    pixmap.setDevicePixelRatio(2.0)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    color = QColor(theme.tones[tone])
    # Plates are as dark as the panel: an outline shows them.
    painter.setPen(QColor(theme.text_dim) if tone is Tone.CONTAINER else Qt.PenStyle.NoPen)
    painter.setBrush(color)
    painter.drawRoundedRect(QRectF(1.5, 1.5, 9.0, 9.0), 2.0, 2.0)
    painter.end()
    icon = QIcon(pixmap)
    icon.addPixmap(pixmap, QIcon.Mode.Selected)  # or Qt tints it, and the colour means nothing any more
    return icon
