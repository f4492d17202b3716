"""A film of a model into a file: frame k is what its course shows at k / fps."""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager

from ...graph.model_graph import ModelGraph
from ...layout.placement import Placement
from ...overlays.book import OverlayBook
from ..picture import enlargement
from ..scene.writing.margins import free_margins
from ..state import ViewState
from .encode import FilmFile, film_file
from .formats import check_film, check_frames, is_sequence
from .frames import frame_source
from .sequence import PictureSequence, picture_sequence
from .ways import Way, course_of

__all__ = ["Cancelled", "render_film"]

_log = logging.getLogger("archviz3d")  # without a handler of the caller's, one line on stderr


class Cancelled(Exception):  # noqa: N818 - no error: the user wants no film any more
    """The film was given up; there is no file."""


def render_film(
    graph: ModelGraph,
    placement: Placement,
    state: ViewState,
    way: Way,
    size: tuple[int, int],
    path: str,
    *,
    fps: int | None = None,
    transparent: bool = False,
    book: OverlayBook | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> None:
    """Draw a film into a file, with no display.

    The file is complete or not there, whatever is raised meanwhile. The same input gives the same frames.

    Parameters
    ----------
    state : ViewState
        What every frame shows; where it looks is where the film begins.
    way : Way
        Where the camera goes.
    size : tuple of int
        Width and height in pixels, exactly.
    path : str
        Its suffix chooses the format: .mp4, .webm, .gif, or .png with "%04d" in its name for the number of each frame.
    fps : int, optional
        Frames a second; 30 by default, in a GIF 25.
    transparent : bool
        Leave out the background (numbered pictures only).
    book : OverlayBook, optional
        The overlays of the graph, where there are more than the built-in ones.
    progress : callable, optional
        Is called with the number of frames that are drawn and of all; what it raises ends the film.

    Raises
    ------
    UsageError
        When the format, size, rate or length cannot be had.
    MachineError
        When this machine cannot render without a screen, or not encode; says what to install.
    """
    rate = check_film(path, size, fps, transparent)
    course = course_of(way, graph, placement, state, rate, size, free_margins(size, enlargement(size)))
    count = check_frames(path, course.seconds, rate)
    output: AbstractContextManager[FilmFile | PictureSequence]
    output = picture_sequence(path) if is_sequence(path) else film_file(path, size, rate)
    with output as film, frame_source(graph, placement, state, size, book, transparent) as source:
        # Once around without a picture (a tenth of the time): labels then come back to where they began.
        for number in range(count if course.is_loop else 0):
            if progress is not None:
                progress(0, count)
            source.lead_in(course.shot(number / rate))
        for number in range(count):
            if progress is not None:
                progress(number, count)
            film.put(source.take(course.shot(number / rate)))
        film.finish()
        if progress is not None:
            progress(count, count)
        problems = source.problems
    if problems:
        more = f" (and {len(problems) - 1} more tensors)" if len(problems) > 1 else ""
        _log.warning("%s%s", problems[0], more)
