"""A flight through a model, with a stop at each of several parts."""

from collections.abc import Sequence
from dataclasses import dataclass

from ...graph.model_graph import ModelGraph
from ...layout.placement import Placement
from ..cameras.camera import Camera, Margins, Viewport
from ..cameras.framing import framing
from ..state import ViewState
from .clearance import clear_lift
from .course import Shot
from .leg import Leg

__all__ = ["Flight", "Stop", "flight"]

_HOLD, _LAST_HOLD = 1.0, 1.5  # seconds at each stop: a title and a few labels are read
_SHORTEST, _LONGEST = 1.5, 8.0  # seconds of a leg
_SPEED = 0.8  # of a leg: lengths of `Camera.way` a second
_TURN = 60.0  # degrees a second
_DISSOLVE, _FADE = 0.5, 0.35  # seconds


@dataclass(frozen=True)
class Stop:
    """A part to look at, from where a camera is, or else framed."""

    focus: int
    camera: Camera | None = None


@dataclass(frozen=True)
class Flight:
    """Legs, one after another, with a hold before each and after the last.

    Attributes
    ----------
    start : Stop
        Where it begins; its camera is set.
    legs : tuple of Leg
    """

    start: Stop
    legs: tuple[Leg, ...]

    @property
    def seconds(self) -> float:
        """How long it takes."""
        return _HOLD * len(self.legs) + sum(leg.seconds for leg in self.legs) + _LAST_HOLD

    @property
    def is_loop(self) -> bool:
        """It ends elsewhere."""
        return False

    def shot(self, time: float) -> Shot:
        """Return what is seen at a time; before the first second and after the last one, what is seen in it."""
        for leg in self.legs:
            time -= _HOLD
            if time <= 0:
                return leg.shot(0.0)
            if time < leg.seconds:
                return leg.shot(time)
            time -= leg.seconds
        if self.legs:
            last = self.legs[-1]
            return last.shot(last.seconds)
        assert self.start.camera is not None
        return Shot(self.start.camera, self.start.focus, self.start.focus)


def flight(
    graph: ModelGraph,
    placement: Placement,
    state: ViewState,
    stops: Sequence[Stop],
    viewport: Viewport,
    margins: Margins,
) -> Flight:
    """Return the flight from what a state shows to each stop in turn.

    Short ways go straight and long ones rise, as in the window; none leads through a plate. A stop that looks like the
    one before it is passed by.
    """

    def seen(stop: Stop) -> Camera:
        return stop.camera or framing(
            graph, placement, stop.focus, state.angle, viewport, margins, state.projection == "orthographic"
        )

    start = here = Stop(state.focus, seen(Stop(state.focus, state.camera)))
    legs: list[Leg] = []
    for stop in stops:
        camera = seen(stop)
        assert here.camera is not None
        if (stop.focus, camera) != (here.focus, here.camera):
            leg = Leg(here.camera, camera, here.focus, stop.focus, _seconds(here.camera, camera), _DISSOLVE, _FADE)
            legs.append(clear_lift(leg, graph, placement, state.hidden))
        here = Stop(stop.focus, camera)
    return Flight(start, tuple(legs))


def _seconds(start: Camera, end: Camera) -> float:
    turn = max(abs((end.azimuth - start.azimuth + 180) % 360 - 180), abs(end.elevation - start.elevation))
    return min(max(Camera.way(start, end) / _SPEED, turn / _TURN, _SHORTEST), _LONGEST)
