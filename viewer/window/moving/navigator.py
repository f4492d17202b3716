"""Going places: every way of moving the focus, with flights and history."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from ....errors import UsageError
from ....graph.model_graph import ModelGraph
from ....layout.hiding import hidden_mask
from ....layout.placement import Placement
from ...cameras.camera import Camera
from ...cameras.framing import VIEW_ANGLES, usual_angle
from ...levels import resolve_focus
from ...pointing.hiding import hidden_by
from ...state import ViewState
from .flight import Flight
from .history import History, Place
from .stations import beside, common_container, step_in, step_out

__all__ = ["Navigator"]


class Navigator(QObject):
    """Moves `state.focus`, `state.selection` and `state.camera` of one view.

    Parameters
    ----------
    state : ViewState
        What it changes.
    frame : callable
        Returns the camera that frames a node in the view, and those of a second argument beside it.
    present : callable
        Returns the camera that the view shows now.
    """

    changed = Signal()  # where one can go has changed
    refused = Signal(str)  # why one cannot go there
    interrupted = Signal()  # somebody else moves the camera now

    def __init__(
        self,
        state: ViewState,
        frame: Callable[..., Camera],
        present: Callable[[], Camera],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._state = state
        self._frame = frame
        self._present = present
        self._graph: ModelGraph | None = None
        self._placement: Placement | None = None
        self.history = History()
        self.flight = Flight(self.move, self)
        self.flight.landed.connect(self._land)
        self._destination: Camera | None = None

    def show(self, graph: ModelGraph, placement: Placement) -> None:
        """Start afresh with another model."""
        self.flight.interrupt()
        self._graph, self._placement = graph, placement
        self.history.clear()
        self.changed.emit()

    def place(self, placement: Placement) -> Camera | None:
        """Go on in another placement of the same model; return the camera to go to, None to frame the focus."""
        before, self._placement = self._placement, placement

        def moved(node: int) -> bool:
            if before is None or before.arrangement != placement.arrangement:
                return True
            boxes = ((of.center[node], of.size[node]) for of in (before, placement))
            return not all(map(np.array_equal, *boxes))

        self.history.forget_cameras(moved)
        self.changed.emit()
        return None if moved(self._state.focus) else self._state.camera

    # ---------------------------------------------------------------- places
    def go_to(self, node: int, *, select: int | None = None) -> None:
        """Fly to `node`, and select it or `select`; what is hidden cannot be flown to."""
        if not self._is_shown(Place(node)):
            self.refused.emit(self.tr("This part is hidden. Alt+H shows all parts."))
            return
        self.history.leave(self._place())
        self._state.selection = node if select is None else select
        self._fly(Place(node))

    def enter(self, hit: int) -> None:
        """Fly one stop towards the part `hit`."""
        if self._graph is not None:
            self.go_to(step_in(self._graph, self._state.focus, hit))

    def up(self) -> None:
        """Fly one stop out, with what was left selected; at the top, select nothing."""
        if self._graph is None:
            return
        focus = self._state.focus
        if focus:
            self.go_to(step_out(self._graph, focus), select=focus)
        elif self._state.camera is not None:
            self.home()
        else:
            self._state.selection = None

    def enter_selection(self) -> None:
        """Fly to what is selected."""
        if self._state.selection is not None:
            self.go_to(self._state.selection)

    def home(self) -> None:
        """Fly to the whole model."""
        self.history.leave(self._place())
        self._fly(Place(0))

    def frame_selection(self) -> None:
        """Fly to what is selected, or frame the focus again where nothing is."""
        graph, (node, *others) = self._graph, self._state.selected or (self._state.focus,)
        shown = [part for part in others if self._is_shown(Place(part))]
        if graph is None or not shown:
            self.go_to(node)
            return
        self.history.leave(self._place())
        self._fly(Place(common_container(graph, self._state.selected), self._frame(node, shown)))

    def level(self, level: str) -> None:
        """Fly to the "stack", "layer", "expert" or "tensor" that holds the selection, or the first typical one."""
        if self._graph is None:
            return
        near = self._state.focus if self._state.selection is None else self._state.selection
        try:
            node = resolve_focus(self._graph, self._graph.path(near) or None, level, self._hidden)
        except UsageError:
            try:  # none on the way up or down from here: anywhere in the model, then
                node = resolve_focus(self._graph, None, level, self._hidden)
            except UsageError:
                self.refused.emit(self.tr("No part of that level is shown."))
                return
        self.go_to(node)

    def sibling(self, right: int, up: int) -> None:
        """Step to a sibling: of the selection where that lies inside the focus, else of the focus itself."""
        if self._graph is None or self._placement is None:
            return
        selection, focus = self._state.selection, self._state.focus
        if selection is not None and selection != focus and focus in self._graph.ancestors(selection):
            self._state.selection = beside(self._graph, self._placement, self._hidden, selection, right, up)
            return
        node = beside(self._graph, self._placement, self._hidden, focus, right, up)
        if node != focus:
            self.go_to(node)

    def back(self) -> None:
        """Fly back to the last place."""
        self._revisit(self.history.back(self._place(), self._is_shown))

    def forward(self) -> None:
        """Fly to the place that `back` left."""
        self._revisit(self.history.forward(self._place(), self._is_shown))

    def can_go_back(self) -> bool:
        """Whether there is a place to go back to that is shown."""
        return any(map(self._is_shown, self.history.behind))

    def can_go_forward(self) -> bool:
        """Whether there is a place that `back` left and that is shown."""
        return any(map(self._is_shown, self.history.ahead))

    def interrupt(self) -> None:
        """Stop a flight where it is."""
        if self.flight.flying and self._state.camera is not None:
            self.move(self.settled())
        self.flight.interrupt()
        self._destination = None
        self.interrupted.emit()

    def settled(self) -> Camera:
        """Return the camera that the view shows now; on a flight, in the projection to which it leads.

        Half a projection is none. What is in the middle is as large.
        """
        camera, end = self._present(), self.flight.end
        if not self.flight.flying or end is None:
            return camera
        return camera.projected(end.orthographic, end.fov)

    # ---------------------------------------------------------------- from where
    def look_from(self, view: str) -> None:
        """Fly around to look from a side, one of `options.VIEWS`; what is in the middle stays, as near as it is."""
        if self._placement is None:
            return
        focus, start = self._state.focus, self._present()
        self.history.leave(self._place())
        angle = VIEW_ANGLES[view]
        end = None
        if self._state.camera is not None:
            azimuth, elevation, _ = angle or usual_angle(self._placement, focus)
            end = replace(self.settled(), azimuth=azimuth, elevation=elevation)
        self.move(start)  # else the new angle would be in force at once
        self._state.angle = angle
        self._fly(Place(focus, end))

    def fly_to(self, camera: Camera) -> None:
        """Fly to a camera, with the focus that there is."""
        self.history.leave(self._place())
        self._fly(Place(self._state.focus, camera))

    def is_orthographic(self) -> bool:
        """Whether the projection is parallel."""
        return self._state.projection == "orthographic"

    def toggle_projection(self) -> None:
        """Change between perspective and parallel projection; what is in the middle stays as large."""
        if self._placement is None:
            return
        place, start = self._place(), self._present()
        self.move(start)
        self._state.projection = "perspective" if self.is_orthographic() else "orthographic"
        self._fly(place)

    # ---------------------------------------------------------------- moving
    @property
    def _hidden(self) -> NDArray[np.bool_]:
        assert self._graph is not None
        return hidden_mask(self._graph, self._state.hidden)

    def _is_shown(self, place: Place) -> bool:
        return self._graph is None or hidden_by(self._graph, self._state.hidden, place.focus) is None

    def _place(self) -> Place:
        # Under way, the place is where the flight leads, not a point in the air.
        return Place(self._state.focus, self._destination if self.flight.flying else self._state.camera)

    def _revisit(self, place: Place | None) -> None:
        if place is not None:
            self._state.selection = place.focus or None
            self._fly(place)

    def _fly(self, place: Place) -> None:
        start = self._present()
        if self._state.angle is not None:
            azimuth, elevation, _ = self._state.angle
            self._state.angle = (azimuth, elevation, 1.0)  # a zoom was asked for the first view only
        camera, parallel = place.camera, self.is_orthographic()
        if camera is not None and camera.orthographic != parallel:
            camera = camera.projected(parallel)
        self.interrupted.emit()
        self._destination = camera
        self._state.focus = place.focus
        self.flight.fly(start, camera or self._frame(place.focus))
        self.changed.emit()

    def move(self, camera: Camera | None) -> None:
        """Look from a camera, or frame the focus, at once."""
        self._state.camera = camera

    def _land(self) -> None:
        self._state.camera = self._destination
