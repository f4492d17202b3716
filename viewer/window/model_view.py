"""The 3D view of one model: draws a ViewState through a Scene, and lets the mouse change the state."""

import time
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from itertools import islice

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QWidget

from ...errors import ArchvizError
from ...graph.model_graph import ModelGraph
from ...layout.placement import Placement
from ...overlays.book import OverlayBook
from ..cameras.camera import Camera
from ..detail.pacing import Pacing
from ..glow import HOVER_PX, SELECTION_PX, silhouettes
from ..pointing.hiding import hidden_by
from ..scene import Scene
from ..scene.writing.margins import free_margins
from ..state import ViewState
from ..theme import THEMES
from .gl_widget import GlWidget
from .moving.morphing import Morphing
from .moving.motion import is_reduced
from .moving.navigator import Navigator
from .moving.overview_map import OverviewMap
from .moving.steering import Steering
from .pointing.mouse import Mouse
from .pointing.outline_layer import OutlineLayer

__all__ = ["ModelView"]

_REST = 100  # milliseconds without movement until a frame with everything, which then gets finer
_SETTLE = 300  # milliseconds after a click until the frame that shows it: a second click comes sooner
_MARKS = 1500  # outlines at most before the frame that shows them, as many as that has
_ASPECTS = (1.0, 2.4)  # a model is laid out for the shape of the view, within reason


class ModelView(GlWidget):
    """The scene in a window.

    Parameters
    ----------
    state : ViewState
        What is shown; everything that the user does here changes it, and every change of it is drawn.

    Attributes
    ----------
    graph, placement : ModelGraph and Placement, or None
        The model that is shown.
    scene : Scene
    navigator : Navigator
    steering : Steering
    mouse : Mouse
    """

    drawn = Signal()  # after each frame
    failed = Signal(str)  # why a state could not be drawn
    menu_asked = Signal(object, QPoint)  # of a part, or None, at a point of the screen
    _more = Signal()  # from the thread that reads weights: more of them are there

    def __init__(self, state: ViewState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.state = state
        self.scene = scene = Scene(THEMES[state.theme], self._more.emit)
        self.graph: ModelGraph | None = None
        self.placement: Placement | None = None
        self.GetRenderWindow().AddRenderer(scene.renderer)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(self.tr("Model in 3D"))

        self.navigator = Navigator(state, self.framing, self.camera, self)
        self.morphing = Morphing(self._show_step, self.navigator.move, self)
        self.navigator.interrupted.connect(self.morphing.release)
        self._outlines = OutlineLayer(self)
        self._pointed: int | None = None  # the route that is brightened
        self.steering = Steering(self)
        self.mouse = Mouse(self)
        self.map = OverviewMap(self)
        self.drawn.connect(self.map.follow, Qt.ConnectionType.QueuedConnection)  # no widget moves amid a paint
        self._pacing = Pacing()
        self._frame_began: float | None = None
        self.frameSwapped.connect(self._time_frame)
        self._rest = QTimer(self, singleShot=True, interval=_REST)
        self._rest.timeout.connect(self._come_to_rest)
        self._settle = QTimer(self, singleShot=True, interval=_SETTLE)
        self._settle.timeout.connect(self.redraw)

        events = state.events
        events.camera.connect(self._on_camera)
        events.hover.connect(self._on_hover)
        events.selection.connect(self._on_selection)
        events.marked.connect(self._on_marked)
        for signal in (
            events.focus, events.labels, events.plain_words, events.angle, events.theme, events.projection,
            events.spotlight,
        ):  # fmt: skip
            signal.connect(self._on_change)
        for signal in (
            events.overlay, events.height, events.step, events.range, events.scale, events.colormap, events.keep
        ):  # fmt: skip
            signal.connect(self._on_values)
        events.hidden.connect(self._on_hidden)
        self._more.connect(self._on_values, Qt.ConnectionType.QueuedConnection)

    def show_model(self, graph: ModelGraph, placement: Placement, wanted: ViewState, book: OverlayBook) -> None:
        """Show a model with its overlays as another state wants it."""
        self.mouse.let_go()
        self.graph, self.placement = graph, placement
        self.scene.show(graph, placement, book)
        self.navigator.show(graph, placement)
        self.state.assign(wanted)
        self.steering.whole = self.framing(0).distance
        self.redraw()

    def place(self, placement: Placement) -> None:
        """Show another placement of the same model."""
        self.navigator.interrupt()
        before, start = self.morphing.step or self.placement, self.camera()
        self.morphing.stop()
        self.placement = placement
        self.mouse.forget()
        self.mouse.look()  # another part may be under the cursor now
        self.scene.place(placement)
        self.steering.whole = self.framing(0).distance
        end = self.navigator.place(placement)
        if before is None or is_reduced():
            self.state.camera = end
        else:
            self.morphing.run(before, placement, start, end or self.framing(self.state.focus), end)
        self.redraw()

    def clear(self) -> None:
        """Show no model."""
        self.navigator.interrupt()
        self.morphing.stop()
        self.mouse.let_go()
        self.stop_refining()
        self.graph = self.placement = None
        self.mouse.forget()
        self.state.assign(ViewState(theme=self.state.theme))
        self.scene.close_model()

    def close(self) -> bool:
        self.graph = self.placement = None  # what is still to come finds no model
        self.scene.close_model()
        return super().close()

    # ---------------------------------------------------------------- the camera
    def aspect(self, width: int, height: int) -> float:
        """Return the width over height of what title and legend leave free in a view of so many widget pixels."""
        left, top, right, bottom = free_margins((width, height), 1.0)
        return min(max((width - left - right) / max(1.0, height - top - bottom), _ASPECTS[0]), _ASPECTS[1])

    def framing(self, node: int, beside: Iterable[int] = ()) -> Camera:
        """Return the camera that frames a node, and others beside it, in this view."""
        return self.scene.fit(
            node,
            self.viewport(),
            self.state.angle,
            self.devicePixelRatioF(),
            self.state.projection == "orthographic",
            beside,
        )

    def camera(self) -> Camera:
        """Return the camera that is in force."""
        return self.state.camera or self.framing(self.state.focus)

    def resizeGL(self, w: int, h: int) -> None:
        super().resizeGL(w, h)
        self._outlines.resize(self.size())
        self._rest.start()  # while the window is being resized, quick frames do

    # ---------------------------------------------------------------- drawing
    @property
    def tip_text(self) -> str:
        """What the tip beside the cursor says, "" where there is none."""
        return self.mouse.tip.text() if self.mouse.tip.isVisible() else ""

    @property
    def moving(self) -> bool:
        """Whether the camera is under way, so that speed counts more than finish."""
        return self._rest.isActive() or self.navigator.flight.flying or self.morphing.running

    def shift(self, dx: float, dy: float) -> None:
        self.scene.shift(dx, dy)

    def before_render(self) -> bool:
        moving = self.moving
        if self.graph is not None:
            # The hover is outlined above the scene; the selection, too, but only until this frame is there.
            self._outlines.unmark("selection")
            state = replace(self.state, hover=None)
            try:
                # Until it is on the screen: a graphics card takes its time only then.
                self._frame_began = time.perf_counter() if moving else None
                detail = self._pacing.detail if moving else 1.0
                names = 0.0 if self.morphing.running else 1.0
                how = {"scale": self.devicePixelRatioF(), "moving": moving, "detail": detail, "names": names}
                self.scene.draw(state, self.viewport(), **how, taken=self.map.covered())
            except ArchvizError as error:
                # Later: no state and no widget changes amid a paint.
                QTimer.singleShot(0, self, partial(self._give_up, state, str(error)))
            else:
                self._outlines.spare(() if moving else self._written())
                self.drawn.emit()
        return not moving and self.graph is not None

    def _time_frame(self) -> None:
        """Tell the pacing how long a moving frame took; other paints render nothing."""
        if self._frame_began is not None:
            self._pacing.add(time.perf_counter() - self._frame_began)
            self._frame_began = None

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if event.reason() == QContextMenuEvent.Reason.Keyboard:  # a right click may be the start of a drag
            self.menu_asked.emit(self.state.selection, self.mapToGlobal(self.rect().center()))

    def _give_up(self, state: ViewState, problem: str) -> None:
        """Tell why a state could not be drawn, and show the parts by their kinds, unless others are shown by now."""
        if (self.state.overlay, self.state.height) == (state.overlay, state.height):
            for field in ("keep", "range", "scale", "colormap", "overlay", "height"):
                setattr(self.state, field, None)
        self.failed.emit(problem)

    def _show_step(self, step: Placement | None) -> None:
        self.scene.move(step)
        self._rest.start()
        self.redraw()

    def _on_camera(self) -> None:
        self.mouse.forget()
        self._rest.start()
        self.redraw()

    def _on_change(self) -> None:
        self.redraw()

    def _on_hidden(self) -> None:
        self.mouse.forget()
        self.mouse.look()  # what was behind it is under the cursor now
        self.redraw()

    def _on_values(self) -> None:
        """Show other values at once, and finely once they stay: they may be dragged or played."""
        if self.graph is not None:
            if self.state.height is not None:
                self.state.hover = None  # its outline would stay where the box was
            self._rest.start()
            self.redraw()

    def _on_hover(self, node: int | None) -> None:
        self._outline("hover", () if node is None else (node,), THEMES[self.state.theme].hover)

    def _on_selection(self) -> None:
        self.state.marked = frozenset()  # who selects several parts says so afterwards
        self._on_marked()

    def _on_marked(self) -> None:
        # A good frame may take long without a graphics card, and a second click may follow that means a flight:
        # the outline is there at once, and the frame can wait.
        self._outline("selection", self.state.selected, THEMES[self.state.theme].selection)
        self._settle.start()

    def point_at(self, route: int | None) -> None:
        """Brighten a route, those that share its trunk, and its ends; None brightens nothing."""
        if route == self._pointed:
            return
        self._pointed = route
        ways, placement, color = self.scene.ways, self.placement, THEMES[self.state.theme].hover
        if route is None or ways is None or placement is None:
            self._outlines.unmark("route")
            self._outlines.unmark("ends")
            return
        strokes = [(self._on_widget(px), width / self.devicePixelRatioF()) for px, width in ways.strokes_of(route)]
        self._outlines.stroke("route", strokes, color)
        ends = {int(column[route]) for column in (placement.routes.source, placement.routes.target)}
        self._outline("ends", ends - {int(placement.routes.owner[route])}, color)

    def show_band(self, band: QRectF | None) -> None:
        """Show a rubber band, or none."""
        if band is None:
            self._outlines.unmark("band")
        else:
            corners = [band.topLeft(), band.topRight(), band.bottomRight(), band.bottomLeft()]
            self._outlines.mark("band", [corners], THEMES[self.state.theme].selection, filled=True)

    def _outline(self, what: str, nodes: Iterable[int], color: str) -> None:
        """Outline nodes in the layer above the scene."""
        graph, first, outlines = self.graph, list(islice(nodes, _MARKS)), []
        if graph is not None and first:
            shown = [node for node in first if hidden_by(graph, self.state.hidden, node) is None]
            view = self.camera(), self.viewport(), self.devicePixelRatioF()
            outlines = [self._on_widget(px) for px in silhouettes(*self.scene.boxes(shown), *view)]
        if outlines:
            self._outlines.mark(what, outlines, color, SELECTION_PX if what == "selection" else HOVER_PX)
        else:
            self._outlines.unmark(what)

    def _written(self) -> list[QRectF]:
        """Return the rectangles of the widget that labels, title and legend take."""
        scale = self.devicePixelRatioF()
        taken = [*(label.rect for label in self.scene.labels), *self.scene.margins]
        rects = (np.array(rect) / scale for rect in taken)
        return [QRectF(left, top, right - left, bottom - top) for left, top, right, bottom in rects]

    def _on_widget(self, px: NDArray[np.float64]) -> list[QPointF]:
        return [QPointF(x, y) for x, y in (px / self.devicePixelRatioF()).tolist()]

    def _come_to_rest(self) -> None:
        if self.navigator.flight.flying or self.morphing.running:
            self._rest.start()
            return
        self.redraw()
        self.mouse.look()

    # ---------------------------------------------------------------- what is under the cursor
    def pick(self, at: QPointF) -> int | None:
        """Return the deepest part that one can tell apart under a point of the widget, or within a hair's breadth."""
        return self.scene.pick(*self.device(at))

    def labels_of(self, node: int) -> list[QRectF]:
        """Return where the last frame names a node, or the innermost part around it with a name, in widget pixels."""
        scale, graph = self.devicePixelRatioF(), self.graph
        named = {label.candidate.node for label in self.scene.labels}
        around = () if graph is None else (node, *graph.ancestors(node))
        whose = next((part for part in around if part in named), None)
        found = [label.rect for label in self.scene.labels if label.candidate.node == whose]
        return [
            QRectF(QPointF(left, top) / scale, QPointF(right, bottom) / scale) for left, top, right, bottom in found
        ]

    def device(self, at: QPointF) -> tuple[float, float]:
        """Return a point of the widget in device pixels."""
        scale = self.devicePixelRatioF()
        return at.x() * scale, at.y() * scale
