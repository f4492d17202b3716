"""From what a command or call asks for to a course."""

from collections.abc import Sequence
from dataclasses import dataclass

from ...errors import UsageError
from ...graph.model_graph import ModelGraph
from ...layout.placement import Placement
from ...options import check_seconds
from ..cameras.camera import Margins, Viewport
from ..levels import resolve_focus
from ..pointing.hiding import hidden_by
from ..state import ViewState
from .course import Course, frame_count
from .flight import Stop, flight
from .turntable import turntable

__all__ = ["Way", "asked_way", "course_of"]


@dataclass(frozen=True)
class Way:
    """What a film is to be of: a turntable of so many seconds, or a flight to parts, or to places with cameras."""

    seconds: float | None = None
    stops: tuple[Stop, ...] = ()


def asked_way(graph: ModelGraph, state: ViewState, seconds: float | None, paths: Sequence[str] | None) -> Way:
    """Return the way that options ask for.

    Parameters
    ----------
    seconds : float or None
        Of a turntable.
    paths : sequence of str or None
        Of the parts to fly to; an empty one is the whole model.

    Raises
    ------
    UsageError
        When there is no such part, with near misses named, or it is hidden, or the length is none.
    """
    if paths is None:
        return Way(check_seconds(0.0 if seconds is None else seconds))
    nodes = [resolve_focus(graph, path, None) for path in paths]
    if not nodes:
        raise UsageError("fly: there is no path; give the parts to fly to")
    for node in nodes:
        if hidden_by(graph, state.hidden, node) is not None:
            raise UsageError(f"fly {graph.path(node)!r}: is hidden; fly to parts that are shown")
    return Way(stops=tuple(map(Stop, nodes)))


def course_of(
    way: Way,
    graph: ModelGraph,
    placement: Placement,
    state: ViewState,
    fps: int,
    viewport: Viewport,
    margins: Margins,
) -> Course:
    """Return the course of a way, for films of a size; a turntable's length is made one of whole frames."""
    if way.seconds is None:
        return flight(graph, placement, state, way.stops, viewport, margins)
    # So that the frame after the last one would be the first.
    return turntable(graph, placement, state, frame_count(way.seconds, fps) / fps, viewport, margins)
