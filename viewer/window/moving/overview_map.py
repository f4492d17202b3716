"""A small map in a corner of the scene: the whole model, what of it is in view, and the way there."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from ....layout.placement import Placement
from ...cameras.camera import Camera
from ...cameras.overview import are_all_in_view, map_camera, outer_corners, part_in_view
from ...pointing.pick import surface_point
from ...scene.writing.occupancy import Rect
from ...theme import THEMES
from ..recent import settings

if TYPE_CHECKING:
    from ..model_view import ModelView

__all__ = ["OverviewMap"]

_KEY = "overviewMap"
_EDGE, _INSET = 14, 7  # widget pixels around the map, and around the model in it
_SHARE = 0.24  # of the view's width
_WIDEST, _HIGHEST = 260, 200
_FROM = 560  # a narrower view has no map
_AIR = 4  # widget pixels around the map without labels
_STEP = 0.25  # of what is in view, a press of an arrow key
_FRONT = np.array([[-1, -1, 1], [1, -1, 1], [1, 1, 1], [-1, 1, 1]], np.float64) / 2


class OverviewMap(QWidget):
    """Drawn anew when the model, its placement or its colours change; the rest is a polygon over it.

    Parameters
    ----------
    view : ModelView
        It is a corner of this.
    """

    def __init__(self, view: "ModelView") -> None:
        super().__init__(view)
        self.setObjectName("overviewMap")
        self.setAccessibleName(self.tr("Overview map"))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.hide()
        self._view = view
        self._wanted = str(settings().value(_KEY, "true")) == "true"
        self._placed: tuple[Placement, NDArray[np.float64]] | None = None  # with its outer corners
        self._drawn_for: tuple[object, ...] | None = None
        self._picture = QImage()
        self._camera: Camera | None = None  # of the map
        self._boxes: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None
        self._dragged = False

    # ---------------------------------------------------------------- commands
    def is_wanted(self) -> bool:
        """Whether the map is shown where there is room for it, and something of the model is out of view."""
        return self._wanted

    def toggle(self) -> None:
        """Show the map, or no longer."""
        self._wanted = not self._wanted
        settings().setValue(_KEY, "true" if self._wanted else "false")
        self.follow()

    # ---------------------------------------------------------------- following the view
    def covered(self) -> list[Rect]:
        """Return the device pixels of the view that it covers, with a little air: no label is written there."""
        if not self.isVisible():
            return []
        place, scale = QRectF(self.geometry()).adjusted(-_AIR, -_AIR, _AIR, _AIR), self.devicePixelRatioF()
        return [(place.left() * scale, place.top() * scale, place.right() * scale, place.bottom() * scale)]

    def follow(self) -> None:
        """Show where the view is now; the view calls it after each frame."""
        before = self.covered()
        view, placement = self._view, self._view.placement
        shown = (
            self._wanted
            and placement is not None
            and view.width() >= _FROM
            and not are_all_in_view(self._corners(placement), view.camera(), view.viewport())
        )
        if shown:
            self._draw_model()
            self.move(_EDGE, view.height() - self.height() - _EDGE)
            self.update()
        elif self.hasFocus():
            view.setFocus(Qt.FocusReason.OtherFocusReason)
        self.setVisible(shown)
        if self.covered() != before and not view.moving:
            view.redraw()  # the labels of this frame knew another one

    def _corners(self, placement: Placement) -> NDArray[np.float64]:
        assert self._view.graph is not None
        if self._placed is None or self._placed[0] is not placement:
            self._placed = placement, outer_corners(self._view.graph, placement)
        return self._placed[1]

    def _draw_model(self) -> None:
        """Draw the model's boxes into a picture, once for all that they depend on."""
        view, state, placement = self._view, self._view.state, self._view.placement
        assert placement is not None
        assert view.graph is not None
        scale = self.devicePixelRatioF()
        width = min(_WIDEST, round(view.width() * _SHARE))
        size = placement.size[0]
        height = round(min(_HIGHEST, width * (size[1] / size[0] if not placement.rises(0) else 0.7)))
        look = (state.overlay, state.step, state.range, state.scale, state.colormap, state.keep, state.theme)
        focus = state.focus if placement.arrangement == "deck" else 0  # plates before it are not drawn
        wish = (placement, state.hidden, focus, width, height, scale, look)
        if wish == self._drawn_for:
            return
        self._drawn_for = wish
        self.resize(width, height)
        viewport = (round((width - 2 * _INSET) * scale), round((height - 2 * _INSET) * scale))
        self._camera = camera = map_camera(view.graph, placement, viewport)
        nodes, colors = view.scene.overview(camera, viewport)
        center, size = placement.center[nodes], placement.size[nodes]
        self._boxes = center, size
        self._picture = QImage(*viewport, QImage.Format.Format_ARGB32_Premultiplied)
        self._picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(self._picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        px, _ = camera.project(center[:, None] + size[:, None] * _FRONT, viewport)
        for corners, color in zip(px.tolist(), colors.tolist(), strict=True):
            painter.setBrush(QColor(*color))
            painter.drawPolygon([QPointF(x, y) for x, y in corners])
        painter.end()

    # ---------------------------------------------------------------- painting
    def paintEvent(self, event: QPaintEvent) -> None:
        view, placement, camera = self._view, self._view.placement, self._camera
        if placement is None or camera is None:
            return
        theme = THEMES[view.state.theme]
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = QColor(theme.ground[0])
        ground.setAlphaF(0.9)
        painter.setBrush(ground)
        painter.setPen(QPen(QColor(theme.selection if self.hasFocus() else theme.text_dim), 1.0))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 5, 5)
        inside = QRectF(self.rect()).adjusted(_INSET, _INSET, -_INSET, -_INSET)
        painter.drawImage(inside, self._picture)
        painter.setClipRect(QRectF(self.rect()).adjusted(1, 1, -1, -1))
        focus = view.state.focus
        if focus:
            self._outline(painter, placement.center[focus] + placement.size[focus] * _FRONT, theme.text_dim)
        self._outline(painter, part_in_view(placement, view.camera(), view.viewport()), theme.selection)

    def _outline(self, painter: QPainter, corners: NDArray[np.float64], color: str) -> None:
        """Outline a part of the plan; one too small to be seen gets a cross."""
        assert self._camera is not None
        if not len(corners):
            return
        scale = self.devicePixelRatioF()
        px = self._camera.project(corners, (self._picture.width(), self._picture.height()))[0] / scale + _INSET
        points = QPolygonF([QPointF(x, y) for x, y in px.tolist()])
        bounds = points.boundingRect()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for ink, width in ((QColor(0, 0, 0, 120), 3.2), (QColor(color), 1.6)):
            painter.setPen(QPen(ink, width))
            painter.drawPolygon(points)
            if max(bounds.width(), bounds.height()) < 5:
                at = bounds.center()
                painter.drawLine(at - QPointF(5, 0), at + QPointF(5, 0))
                painter.drawLine(at - QPointF(0, 5), at + QPointF(0, 5))

    # ---------------------------------------------------------------- going there
    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._dragged = False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._dragged = True
            self._go(event.position(), flying=False)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and not self._dragged:
            self._go(event.position(), flying=True)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._view.graph is None:
            return
        way = {
            Qt.Key.Key_Left.value: (-_STEP, 0.0),
            Qt.Key.Key_Right.value: (_STEP, 0.0),
            Qt.Key.Key_Up.value: (0.0, _STEP),
            Qt.Key.Key_Down.value: (0.0, -_STEP),
        }.get(event.key())
        if way is not None:
            self._view.steering.shift(*way)
        elif event.key() in (Qt.Key.Key_Escape.value, Qt.Key.Key_Return.value, Qt.Key.Key_Enter.value):
            self._view.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Wheel:  # the scene below would zoom to what the map covers
            return True
        return super().event(event)

    def _go(self, at: QPointF, *, flying: bool) -> None:
        """Look at a point of the map, from as near as now."""
        view, camera = self._view, self._camera
        if view.graph is None or camera is None or self._boxes is None:
            return
        scale = self.devicePixelRatioF()
        px = ((at.x() - _INSET) * scale, (at.y() - _INSET) * scale)
        ray = camera.ray(px, (self._picture.width(), self._picture.height()))
        point = surface_point(*self._boxes, *ray)
        if point is None:
            return
        there = replace(view.navigator.settled(), target=(float(point[0]), float(point[1]), float(point[2])))
        if flying:
            view.navigator.fly_to(there)
        else:
            view.navigator.interrupt()
            view.state.camera = there
