"""The 3D view of one model: draws a ViewState through a Scene, and turns the mouse into changes of the state."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
from PySide6.QtCore import QEvent, QPointF, Qt, QTimer, Signal
from PySide6.QtGui import QEnterEvent, QMouseEvent, QNativeGestureEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget

from ...errors import ArchvizError
from ...graph.model_graph import ModelGraph
from ...layout.placement import Placement
from ...overlays.book import OverlayBook
from ..camera import Camera
from ..hiding import hidden_by
from ..scene import Scene
from ..scene.margins import free_margins
from ..state import ViewState
from ..theme import THEMES
from .gl_widget import GlWidget
from .hover_tip import HoverTip
from .legend_drag import LegendDrag
from .navigator import Navigator
from .outline_layer import OutlineLayer

__all__ = ["ModelView"]

_REST = 150  # milliseconds without movement until the full-quality frame
_SETTLE = 300  # milliseconds after a click until the frame that shows it: a second click comes sooner
_FRAME = 16  # milliseconds: hover is looked up at most once in this time
_ORBIT = 0.3  # degrees a pixel
_WHEEL = 1.0015  # zoom a wheel unit: 120 units, one notch, make 1.2
_FRONT = np.array([[-1, -1, 1], [1, -1, 1], [1, 1, 1], [-1, 1, 1]], np.float64)  # corners of a box's front face
_NEAR = [(dx * r, dy * r) for r in (1.5, 3.0) for dx, dy in ((1, 0), (0, 1), (-1, 0), (0, -1))]
_ASPECTS = (1.0, 2.4)  # a model is laid out for the shape of the view, within reason
_LEGEND_CURSORS = {
    None: Qt.CursorShape.ArrowCursor,
    "low": Qt.CursorShape.SizeVerCursor,
    "high": Qt.CursorShape.SizeVerCursor,
    "between": Qt.CursorShape.OpenHandCursor,
}
_NEAREST, _FARTHEST = 1e-5, 4.0  # distances that zooming stays within, relative to the view of the whole model


class ModelView(GlWidget):
    """The scene in a window.

    Parameters
    ----------
    state : ViewState
        What is shown; everything that the user does here changes it, and every change of it is drawn.
    """

    drawn = Signal()  # after each frame
    failed = Signal(str)  # why a state could not be drawn
    _more = Signal()  # from the thread that reads weights: more of them are there

    def __init__(self, state: ViewState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.state = state
        self.scene = scene = Scene(THEMES[state.theme], self._more.emit)
        self._graph: ModelGraph | None = None
        self._placement: Placement | None = None
        self._whole_distance = 1.0
        self._drag: _Drag | None = None
        self._legend_drag: LegendDrag | None = None
        self._cursor: QPointF | None = None
        self.GetRenderWindow().AddRenderer(scene.renderer)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(self.tr("Model in 3D"))

        self.navigator = Navigator(state, self.framing, self.camera, self)
        self._outlines = OutlineLayer(self)
        self._tip = HoverTip(self)
        self._rest = QTimer(self, singleShot=True, interval=_REST)
        self._rest.timeout.connect(self._come_to_rest)
        self._settle = QTimer(self, singleShot=True, interval=_SETTLE)
        self._settle.timeout.connect(self.redraw)
        self._hover = QTimer(self, singleShot=True, interval=_FRAME)
        self._hover.timeout.connect(self._look_under_cursor)

        events = state.events
        events.camera.connect(self._on_camera)
        events.hover.connect(self._on_hover)
        events.selection.connect(self._on_selection)
        for signal in (events.focus, events.labels, events.angle, events.theme):
            signal.connect(self._on_change)
        for signal in (
            events.overlay, events.height, events.step, events.range, events.scale, events.colormap, events.keep
        ):  # fmt: skip
            signal.connect(self._on_values)
        events.hidden.connect(self._on_hidden)
        self._more.connect(self._on_values, Qt.ConnectionType.QueuedConnection)

    def show_model(self, graph: ModelGraph, placement: Placement, wanted: ViewState, book: OverlayBook) -> None:
        """Show a model with its overlays as another state wants it."""
        self._graph, self._placement = graph, placement
        self.scene.show(graph, placement, book)
        self.navigator.show(graph, placement)
        self.state.assign(wanted)
        self._whole_distance = self.framing(0).distance
        self.redraw()

    def place(self, placement: Placement) -> None:
        """Show another placement of the same model."""
        self._placement = placement
        self._tip.hide()
        self.state.hover = None
        self._hover.start()  # another part may be under the cursor now
        self.scene.place(placement)
        self._whole_distance = self.framing(0).distance
        self.navigator.place(placement)
        self.redraw()

    def clear(self) -> None:
        """Show no model."""
        self.navigator.interrupt()
        self._graph = self._placement = None
        self._tip.hide()
        self.state.assign(ViewState(theme=self.state.theme))
        self.scene.close_model()

    def close(self) -> bool:
        self.scene.close_model()
        return super().close()

    # ---------------------------------------------------------------- the camera
    def aspect(self, width: int, height: int) -> float:
        """Return the width over height of what title and legend leave free in a view of so many widget pixels."""
        left, top, right, bottom = free_margins((width, height), 1.0)
        return min(max((width - left - right) / max(1.0, height - top - bottom), _ASPECTS[0]), _ASPECTS[1])

    def framing(self, node: int) -> Camera:
        """Return the camera that frames a node in this view."""
        return self.scene.fit(node, self.viewport(), self.state.angle, self.devicePixelRatioF())

    def camera(self) -> Camera:
        """Return the camera that is in force."""
        return self.state.camera or self.framing(self.state.focus)

    def resizeGL(self, w: int, h: int) -> None:
        super().resizeGL(w, h)
        self._outlines.resize(self.size())
        self._rest.start()  # while the window is being resized, quick frames do

    def zoom(self, factor: float, at: QPointF | None = None) -> None:
        """Zoom by a factor, so that what is under the point, or else in the middle, stays there."""
        camera = self.camera()
        at = at or QPointF(self.width() / 2, self.height() / 2)
        nearest, farthest = _NEAREST * self._whole_distance, _FARTHEST * self._whole_distance
        distance = min(max(camera.distance / factor, nearest), farthest)
        if distance != camera.distance:
            self.state.camera = camera.zoomed(camera.distance / distance, self._device(at), self.viewport())

    # ---------------------------------------------------------------- drawing
    @property
    def tip_text(self) -> str:
        """What the tip beside the cursor says, "" where there is none."""
        return self._tip.text() if self._tip.isVisible() else ""

    @property
    def moving(self) -> bool:
        """Whether the camera is under way, so that speed counts more than finish."""
        return self._rest.isActive() or self.navigator.flight.flying

    def before_render(self) -> None:
        if self._graph is not None:
            # The hover is outlined above the scene; the selection, too, but only until this frame is there.
            self._outlines.unmark("selection")
            state = replace(self.state, hover=None)
            try:
                self.scene.draw(state, self.viewport(), scale=self.devicePixelRatioF(), moving=self.moving)
            except ArchvizError as error:
                # Later: no state and no widget changes amid a paint.
                QTimer.singleShot(0, self, partial(self._give_up, state, str(error)))
            else:
                self.drawn.emit()

    def _give_up(self, state: ViewState, problem: str) -> None:
        """Tell why a state could not be drawn, and show the parts by their kinds, unless others are shown by now."""
        if (self.state.overlay, self.state.height) == (state.overlay, state.height):
            for field in ("keep", "range", "scale", "colormap", "overlay", "height"):
                setattr(self.state, field, None)
        self.failed.emit(problem)

    def _on_camera(self) -> None:
        self._tip.hide()
        self.state.hover = None
        self._rest.start()
        self.redraw()

    def _on_change(self) -> None:
        self.redraw()

    def _on_hidden(self) -> None:
        self._tip.hide()
        self.state.hover = None
        self._hover.start()  # what was behind it is under the cursor now
        self.redraw()

    def _on_values(self) -> None:
        """Show other values at once, and finely once they stay: they may be dragged or played."""
        if self._graph is not None:
            if self.state.height is not None:
                self.state.hover = None  # its outline would stay where the box was
            self._rest.start()
            self.redraw()

    def _on_hover(self, node: int | None) -> None:
        self._outline("hover", node, THEMES[self.state.theme].hover)

    def _on_selection(self, node: int | None) -> None:
        # A good frame may take long without a graphics card, and a second click may follow that means a flight:
        # the outline is there at once, and the frame can wait.
        self._outline("selection", node, THEMES[self.state.theme].selection)
        self._settle.start()

    def _outline(self, what: str, node: int | None, color: str) -> None:
        """Outline a node's front face in the layer above the scene."""
        hidden = self.state.hidden
        if node is None or self._graph is None or hidden_by(self._graph, hidden, node) is not None:
            self._outlines.unmark(what)
            return
        center, size = self.scene.box(node)
        corners = center + _FRONT * size / 2
        px, depth = self.camera().project(corners, self.viewport())
        if (depth > 0).all():
            self._outlines.mark(what, [QPointF(x, y) for x, y in (px / self.devicePixelRatioF()).tolist()], color)
        else:
            self._outlines.unmark(what)

    def _come_to_rest(self) -> None:
        if self.navigator.flight.flying:
            self._rest.start()
            return
        self.redraw()
        self._hover.start()

    # ---------------------------------------------------------------- the mouse
    def mousePressEvent(self, ev: QMouseEvent) -> None:
        self.navigator.interrupt()
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        part = self._legend_part(ev.position())
        if part is not None:
            if ev.button() == Qt.MouseButton.LeftButton:
                self._legend_drag = LegendDrag(self.scene, self.state, part, self._device(ev.position())[1])
            return
        pans = ev.button() != Qt.MouseButton.LeftButton or bool(ev.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        self._drag = _Drag(
            ev.position(), self._pan if pans else self._orbit, click=ev.button() == Qt.MouseButton.LeftButton
        )

    def mouseMoveEvent(self, ev: QMouseEvent) -> None:
        self._cursor = ev.position()
        if self._legend_drag is not None:
            self._legend_drag.to(self._device(ev.position())[1])
        elif self._drag is None:
            if not self._hover.isActive():
                self._hover.start()
        elif self._drag.to(ev.position()):
            self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseReleaseEvent(self, ev: QMouseEvent) -> None:
        drag, self._drag = self._drag, None
        self._legend_drag = None
        self.unsetCursor()
        if drag is not None and drag.click and not drag.dragged:
            self.state.selection = self.pick(ev.position())

    def mouseDoubleClickEvent(self, ev: QMouseEvent) -> None:
        self._drag = self._legend_drag = None  # the second press is no click of its own
        if self._legend_part(ev.position()) is not None:
            self.state.range = None
        elif ev.button() == Qt.MouseButton.LeftButton:
            hit = self.pick(ev.position())
            if hit is not None:
                self.navigator.enter(hit)

    def wheelEvent(self, ev: QWheelEvent) -> None:
        self.navigator.interrupt()
        self.zoom(_WHEEL ** ev.angleDelta().y(), ev.position())
        ev.accept()

    def event(self, ev: QEvent) -> bool:
        if isinstance(ev, QNativeGestureEvent) and ev.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            self.navigator.interrupt()
            self.zoom(1.0 + ev.value(), ev.position())
            return True
        return super().event(ev)

    def enterEvent(self, ev: QEnterEvent) -> None:
        self._cursor = ev.position()

    def leaveEvent(self, ev: QEvent) -> None:
        self._cursor = None
        self._hover.stop()
        self._tip.hide()
        self.state.hover = None

    def _orbit(self, dx: float, dy: float) -> None:
        self.state.camera = self.camera().orbited(-dx * _ORBIT, dy * _ORBIT)

    def _pan(self, dx: float, dy: float) -> None:
        scale = self.devicePixelRatioF()
        self.state.camera = self.camera().panned(dx * scale, dy * scale, self.viewport())

    # ---------------------------------------------------------------- what is under the cursor
    def pick(self, at: QPointF) -> int | None:
        """Return the deepest drawn node under a point of the widget, or within a hair's breadth of it."""
        graph = self._graph
        if graph is None:
            return None
        x, y = self._device(at)
        hit = self.scene.pick(x, y)
        if hit is None or not graph.child_count[hit]:
            return hit
        # Tiles of a few pixels have gaps of one: what is meant there is a tile, not the plate below.
        inside = graph.subtree(hit)
        for dx, dy in _NEAR:
            near = self.scene.pick(x + dx * self.devicePixelRatioF(), y + dy * self.devicePixelRatioF())
            if near is not None and inside.start < near < inside.stop:
                return near
        return hit

    def _look_under_cursor(self) -> None:
        busy = self._drag is not None or self._legend_drag is not None or self.moving
        if self._cursor is None or busy or self._graph is None:
            return
        part = self._legend_part(self._cursor)
        self.setCursor(_LEGEND_CURSORS[part])
        node = self.pick(self._cursor) if part is None else None
        if node is None:
            self._tip.hide()
        else:
            value = self.scene.value_at(*self._device(self._cursor), node)
            self._tip.tell(self._graph, node, self._cursor.toPoint(), value)
        self.state.hover = node

    def _legend_part(self, at: QPointF) -> str | None:
        """Return what of the legend's range is under a point of the widget: "low", "high", "between" or None."""
        return self.scene.legend_hit(*self._device(at))

    def _device(self, at: QPointF) -> tuple[float, float]:
        scale = self.devicePixelRatioF()
        return at.x() * scale, at.y() * scale


class _Drag:
    """A pressed button, until it is released."""

    def __init__(self, start: QPointF, move: Callable[[float, float], None], click: bool) -> None:
        self._last = self._start = start
        self._move = move
        self.click = click
        self.dragged = False

    def to(self, position: QPointF) -> bool:
        """Follow the cursor; return whether this is a drag by now rather than a shaky click."""
        if not self.dragged and (position - self._start).manhattanLength() < QApplication.startDragDistance():
            return False
        self.dragged = True
        step = position - self._last
        self._last = position
        self._move(step.x(), step.y())
        return True
