"""The mouse on the model: what each gesture changes of the state."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QEvent, QObject, QPointF, Qt, QTimer
from PySide6.QtGui import QEnterEvent, QMouseEvent, QNativeGestureEvent, QWheelEvent
from PySide6.QtWidgets import QApplication

from ...words.route_facts import facts_of_port, facts_of_route
from .band import Band
from .hover_tip import HoverTip, tip_html, way_html
from .legend_drag import LegendDrag

if TYPE_CHECKING:
    from ..model_view import ModelView

__all__ = ["Mouse", "pinch_zoom", "wheel_zoom"]

_FRAME = 16  # milliseconds: hover is looked up at most once in this time
_WHEEL = 1.0015  # zoom a wheel unit: 120 units, one notch, make 1.2
_MOST_WHEEL = 12_000  # units of one event: from the whole model to its smallest part, and no power that overflows
_LEAST_PINCH, _MOST_PINCH = 0.01, 100.0  # zoom of one event
_LEGEND_CURSORS = {
    None: Qt.CursorShape.ArrowCursor,
    "low": Qt.CursorShape.SizeVerCursor,
    "high": Qt.CursorShape.SizeVerCursor,
    "between": Qt.CursorShape.OpenHandCursor,
}
_WITHOUT_MODEL = {QEvent.Type.Enter, QEvent.Type.Leave, QEvent.Type.Hide}


class Mouse(QObject):
    """Filters the events of a view, and turns those of the mouse into changes of its state.

    Parameters
    ----------
    view : ModelView
        Whose events these are.

    Attributes
    ----------
    tip : HoverTip
        Says what is under the cursor.
    """

    def __init__(self, view: "ModelView") -> None:
        super().__init__(view)
        self._view, self._state = view, view.state
        self._drag: _Drag | None = None
        self._legend_drag: LegendDrag | None = None
        self._band: Band | None = None
        self._cursor: QPointF | None = None
        self.tip = HoverTip(view)
        self._hover = QTimer(self, singleShot=True, interval=_FRAME)
        self._hover.timeout.connect(self._look_under_cursor)
        self._handlers: dict[QEvent.Type, Callable[[Any], bool]] = {
            QEvent.Type.MouseButtonPress: self._press,
            QEvent.Type.MouseMove: self._move,
            QEvent.Type.MouseButtonRelease: self._release,
            QEvent.Type.MouseButtonDblClick: self._double_click,
            QEvent.Type.Wheel: self._wheel,
            QEvent.Type.NativeGesture: self._gesture,
            QEvent.Type.Enter: self._enter,
            QEvent.Type.Leave: self._leave,
            QEvent.Type.Hide: self._hide,
        }
        view.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        handler = self._handlers.get(event.type())
        if handler is None:
            return False
        # Without a model there is nothing to point at, and nothing that a camera could look at.
        return (self._view.graph is None and event.type() not in _WITHOUT_MODEL) or handler(event)

    def look(self) -> None:
        """Find out soon what is under the cursor."""
        self._hover.start()

    def forget(self) -> None:
        """Hover over nothing until the mouse moves or `look` is called."""
        self.tip.hide()
        self._state.hover = None
        self._view.point_at(None)

    def let_go(self) -> bool:
        """Drop what is being dragged or drawn, as if no button had been pressed; return whether there was anything."""
        held = self._holds
        self._drag = self._legend_drag = self._band = None
        self._view.steering.let_go()
        self._view.show_band(None)
        self._view.unsetCursor()
        return held

    @property
    def _holds(self) -> bool:
        return any(drag is not None for drag in (self._drag, self._legend_drag, self._band))

    # ---------------------------------------------------------------- events
    def _press(self, ev: QMouseEvent) -> bool:
        view = self._view
        view.navigator.interrupt()
        view.setFocus(Qt.FocusReason.MouseFocusReason)
        part = self._legend_part(ev.position())
        if part is not None:
            if ev.button() == Qt.MouseButton.LeftButton:
                self._legend_drag = LegendDrag(view.scene, self._state, part, view.device(ev.position())[1])
            return True
        if ev.button() == Qt.MouseButton.LeftButton and ev.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.forget()
            self._band = Band(view, ev.position(), adds=bool(ev.modifiers() & Qt.KeyboardModifier.ShiftModifier))
            return True
        view.steering.grab(ev.position())
        pans = ev.button() != Qt.MouseButton.LeftButton or bool(ev.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        move = view.steering.move if pans else view.steering.turn
        self._drag = _Drag(ev.position(), move, click=ev.button() == Qt.MouseButton.LeftButton)
        return True

    def _move(self, ev: QMouseEvent) -> bool:
        self._cursor = ev.position()
        if self._holds and not ev.buttons():
            self.let_go()  # the release went to a window that was open above this one
        if self._legend_drag is not None:
            self._legend_drag.to(self._view.device(ev.position())[1])
        elif self._band is not None:
            self._band.to(ev.position())
        elif self._drag is None:
            if not self._hover.isActive():
                self._hover.start()
        elif self._drag.to(ev.position()):
            self._view.setCursor(Qt.CursorShape.ClosedHandCursor)
        return True

    def _release(self, ev: QMouseEvent) -> bool:
        drag, self._drag = self._drag, None
        band, self._band = self._band, None
        self._legend_drag = None
        self._view.unsetCursor()
        if band is not None:
            band.release(ev.position())
        if drag is not None and not drag.dragged and ev.button() == Qt.MouseButton.RightButton:
            self._view.menu_asked.emit(self._view.pick(ev.position()), ev.globalPosition().toPoint())
        if drag is not None and drag.click and not drag.dragged:
            self._click(ev.position())
        return True

    def _double_click(self, ev: QMouseEvent) -> bool:
        self._drag = self._legend_drag = self._band = None  # the second press is no click of its own
        if self._legend_part(ev.position()) is not None:
            self._state.range = None
        elif ev.button() == Qt.MouseButton.LeftButton:
            hit, end = self._view.pick(ev.position()), self._far_end(ev.position())
            if end is not None:
                self._view.navigator.go_to(end)
            elif hit is not None:
                self._view.navigator.enter(hit)
        return True

    def _wheel(self, ev: QWheelEvent) -> bool:
        self._view.navigator.interrupt()
        self._view.steering.zoom(wheel_zoom(ev.angleDelta().y()), ev.position())
        ev.accept()
        return True

    def _gesture(self, ev: QNativeGestureEvent) -> bool:
        if ev.gestureType() != Qt.NativeGestureType.ZoomNativeGesture:
            return False
        self._view.navigator.interrupt()
        self._view.steering.zoom(pinch_zoom(ev.value()), ev.position())
        return True

    def _enter(self, ev: QEnterEvent) -> bool:
        self._cursor = ev.position()
        return False

    def _hide(self, ev: QEvent) -> bool:
        self.let_go()
        return False

    def _leave(self, ev: QEvent) -> bool:
        self._cursor = None
        self._hover.stop()
        self.forget()
        return False

    # ---------------------------------------------------------------- what is under the cursor
    def _look_under_cursor(self) -> None:
        view, cursor = self._view, self._cursor
        busy = self._holds or view.moving
        if cursor is None or busy or view.graph is None or view.placement is None or view.scene.ways is None:
            return
        part = self._legend_part(cursor)
        view.setCursor(_LEGEND_CURSORS[part])
        px, node, route, plain = view.device(cursor), None, None, self._state.plain_words
        if part is not None:
            self.tip.hide()
        elif (port := view.scene.ways.port_at(px)) is not None:
            self.tip.tell(way_html(view.graph, facts_of_port(view.graph, view.placement.ports, port), plain), cursor)
        elif (route := view.scene.pick_route(*px)) is not None:
            self.tip.tell(way_html(view.graph, facts_of_route(view.graph, view.placement.routes, route), plain), cursor)
        elif (node := view.pick(cursor)) is not None:
            text = tip_html(view.graph, node, view.scene.value_at(*px, node), plain)
            self.tip.tell(text, cursor, view.labels_of(node))
        else:
            self.tip.hide()
        self._state.hover = node
        view.point_at(route)

    def _click(self, at: QPointF) -> None:
        """Select what is under a point: a part, or what a ribbon joins."""
        state, placement, route = self._state, self._view.placement, self._route(at)
        if route is None or placement is None:
            state.selection, state.marked = self._view.pick(at), frozenset()
            return
        routes = placement.routes
        owner, target, source = (int(column[route]) for column in (routes.owner, routes.target, routes.source))
        first, *others = [end for end in dict.fromkeys((target, source)) if end != owner] or [owner]
        state.selection, state.marked = first, frozenset(others)

    def _route(self, at: QPointF) -> int | None:
        return self._view.scene.pick_route(*self._view.device(at))

    def _far_end(self, at: QPointF) -> int | None:
        """Return the end of the route at a point that is farther from there, if its middle is out of view."""
        view, placement, route = self._view, self._view.placement, self._route(at)
        if placement is None or route is None:
            return None
        ends = [int(column[route]) for column in (placement.routes.source, placement.routes.target)]
        px, depth = view.camera().project(placement.center[ends], view.viewport())
        away = np.where(depth > 0, np.linalg.norm(px - view.device(at), axis=1), np.inf)
        far = int(np.argmax(away))
        in_view = depth[far] > 0 and ((px[far] >= 0) & (px[far] <= view.viewport())).all()
        return None if in_view else ends[far]

    def _legend_part(self, at: QPointF) -> str | None:
        """Return what of the legend's range is under a point of the widget: "low", "high", "between" or None."""
        return self._view.scene.legend_hit(*self._view.device(at))


def wheel_zoom(units: int) -> float:
    """Return the factor by which a turn of the wheel zooms, within what a model has of sizes."""
    return _WHEEL ** min(max(units, -_MOST_WHEEL), _MOST_WHEEL)


def pinch_zoom(growth: float) -> float:
    """Return the factor by which a pinch zooms, which the system reports as a growth: 0.1 makes 1.1."""
    return min(max(1.0 + growth, _LEAST_PINCH), _MOST_PINCH)


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
