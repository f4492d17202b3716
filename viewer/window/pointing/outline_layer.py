"""Outlines in a layer of their own above the scene, which need not be rendered again for them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QGradient,
    QLinearGradient,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPolygonF,
    QRadialGradient,
    QRegion,
)  # fmt: skip
from PySide6.QtWidgets import QWidget

from ...glow import HOVER_PX, REACH_PX, RIM, RIM_PX, halo

__all__ = ["OutlineLayer"]

_SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)  # of a halo's reach, where its gradient is given
_SHARP = 2.0  # a corner that turns by more than a right angle has a flat end
_MOST_HALOS = 24  # of more parts at once, only the crisp lines are painted: they are there until the scene has them
_THROUGH = 0.47  # opacity of a ribbon that is brightened
_FILL = 0.14  # ... of what a rubber band covers
_LEAST_STROKE = 3.0


@dataclass(frozen=True)
class _Mark:
    """Lines of one colour: outlines that glow, or broad ones that show what is below them."""

    lines: list[tuple[QPainterPath, float]]
    color: QColor
    polygons: Sequence[Sequence[QPointF]] = ()  # what these outline
    broad: bool = False
    filled: bool = False

    def around(self) -> QRectF:
        found = QRectF()
        for path, width in self.lines:
            reach = max(width / 2, REACH_PX) + 2
            found = found.united(path.boundingRect().adjusted(-reach, -reach, reach, reach))
        return found

    def paint(self, painter: QPainter) -> None:
        for path, width in self.lines:
            if self.broad:
                color = _faded(self.color, _THROUGH)
                painter.strokePath(path, _pen(color, width))
                continue
            if self.filled:
                painter.fillPath(path, _faded(self.color, _FILL))
            # A thin contrasting line within the crisp one keeps it visible on any face.
            rim = _faded(QColor("black" if self.color.lightnessF() > 0.5 else "white"), RIM)
            painter.strokePath(path, _pen(rim, width + 2 * RIM_PX))
            if not self.filled and len(self.polygons) <= _MOST_HALOS:
                for polygon in self.polygons:
                    _paint_halo(painter, polygon, self.color)
            painter.strokePath(path, _pen(self.color, width))


class OutlineLayer(QWidget):
    """Covers its parent and lets everything through, mouse and pixels, but some outlines."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self._marks: dict[str, _Mark] = {}
        self._spared = QRegion()

    def spare(self, rects: Iterable[QRectF]) -> None:
        """Cover nothing of some rectangles, in place of those before: what is written there is to be read."""
        self._spared = QRegion()
        for rect in rects:
            self._spared += rect.toAlignedRect()

    def mark(
        self,
        what: str,
        polygons: Iterable[Sequence[QPointF]],
        color: str,
        width: float = HOVER_PX,
        *,
        filled: bool = False,
    ) -> None:
        """Outline polygons, in place of those that were marked as the same thing before; filled ones do not glow."""
        path, polygons = QPainterPath(), list(polygons)
        for corners in polygons:
            path.addPolygon(QPolygonF(corners))
            path.closeSubpath()
        self._put(what, _Mark([(path, width)], QColor(color), polygons, filled=filled))

    def stroke(self, what: str, lines: Iterable[tuple[Sequence[QPointF], float]], color: str) -> None:
        """Brighten lines, each of its own width, in place of what was marked as the same thing before."""
        strokes: list[tuple[QPainterPath, float]] = []
        for points, width in lines:
            path = QPainterPath()
            path.addPolygon(QPolygonF(points))
            strokes.append((path, max(width, _LEAST_STROKE)))
        self._put(what, _Mark(strokes, QColor(color), broad=True))

    def unmark(self, what: str) -> None:
        """Take an outline away, if it is there."""
        before = self._marks.pop(what, None)
        if before is not None:
            self.update(before.around().toAlignedRect())

    def _put(self, what: str, mark: _Mark) -> None:
        self.unmark(what)
        self._marks[what] = mark
        self.update(mark.around().toAlignedRect())

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._marks:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setClipRegion(QRegion(event.rect()) - self._spared)
        for mark in self._marks.values():
            mark.paint(painter)


def _paint_halo(painter: QPainter, polygon: Sequence[QPointF], color: QColor) -> None:
    """Paint light around a convex polygon, clockwise on the screen, that falls off as `halo` says.

    A strip with a gradient along each side, and a sector at each corner: with its lines 10 ms around the whole view,
    where clipped strokes take 80 ms.
    """
    painter.save()
    # Neighbours share their edges: without smoothing, each pixel belongs to one of them.
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
    painter.setPen(Qt.PenStyle.NoPen)
    corners = [corner for k, corner in enumerate(polygon) if corner != polygon[k - 1]]
    sides = [QLineF(a, b) for a, b in zip(corners, corners[1:] + corners[:1], strict=True)]
    outward = [QPointF(side.dy(), -side.dx()) * (REACH_PX / side.length()) for side in sides]
    for k, (side, out) in enumerate(zip(sides, outward, strict=True)):
        at, before = side.p1(), outward[k - 1]
        _fill(painter, QLinearGradient(at, at + out), color, [at, side.p2(), side.p2() + out, at + out])
        # The sector's rim is a polygon around the circle, on which the gradient has ended.
        middle = before + out
        reach = REACH_PX**2 / max(QPointF.dotProduct(middle, out), 1e-9)
        tip = [at + middle * reach] if reach < _SHARP else [at + before + _turned(before), at + out - _turned(out)]
        _fill(painter, QRadialGradient(at, REACH_PX), color, [at, at + before, *tip, at + out])
    painter.restore()


def _fill(painter: QPainter, gradient: QGradient, color: QColor, corners: list[QPointF]) -> None:
    for share, opacity in zip(_SHARES, halo([share * REACH_PX for share in _SHARES]).tolist(), strict=True):
        gradient.setColorAt(share, _faded(color, opacity))
    painter.setBrush(QBrush(gradient))
    painter.drawPolygon(corners)


def _turned(way: QPointF) -> QPointF:
    """Return a way turned by a right angle, clockwise on the screen."""
    return QPointF(-way.y(), way.x())


def _faded(color: QColor, opacity: float) -> QColor:
    faded = QColor(color)
    faded.setAlphaF(opacity)
    return faded


def _pen(color: QColor, width: float) -> QPen:
    return QPen(color, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap, Qt.PenJoinStyle.MiterJoin)
