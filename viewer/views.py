"""From the options of a command or call to a ViewState."""

import logging
import os
from collections.abc import Iterable, Mapping, Sequence
from numbers import Integral
from os import PathLike, fspath
from typing import Any

from ..errors import UsageError
from ..graph import ModelGraph
from ..layout import ARRANGEMENTS
from ..layout.hiding import hidden_mask
from ..options import SCALES, check_camera, check_keep, check_range
from ..overlays.book import OverlayBook
from ..overlays.given import overlay_of_values
from ..overlays.overlay import Figure, Overlay
from ..overlays.readers import SUFFIXES, read_overlays
from .colormaps import check_colormap
from .hiding import hidden_by, outermost
from .levels import LEVELS, resolve_focus, resolve_path
from .state import ViewState

__all__ = ["view_state"]

_CHOICES: dict[str, tuple[str, ...]] = {"arrangement": ARRANGEMENTS, "theme": ("dark", "light"), "level": tuple(LEVELS)}
_CHOICES["scale"] = SCALES
_STEPS_NAMED = 4
Wanted = str | PathLike[str] | Overlay | Mapping[str, float | Sequence[float]]
_log = logging.getLogger("archviz3d")  # without a handler of the caller's, one line on stderr


def view_state(
    graph: ModelGraph,
    *,
    saved: tuple[str, bytes] | None = None,
    focus: str | None = None,
    level: str | None = None,
    arrangement: str | None = None,
    camera: Sequence[float] | None = None,
    theme: str | None = None,
    labels: bool | None = None,
    book: OverlayBook | None = None,
    overlay: Wanted | None = None,
    height: Wanted | None = None,
    range: Sequence[float] | None = None,
    scale: str | None = None,
    colormap: str | None = None,
    step: int | str | None = None,
    keep: Sequence[float] | None = None,
    hide: Sequence[str] | None = None,
    compact: bool | None = None,
) -> ViewState:
    """Return the state that the options ask for; what is None comes from `saved`, else from the defaults.

    Parameters
    ----------
    saved : (str, bytes), optional
        A file's path, and its content that `ViewState.to_json` wrote.
    camera : (azimuth, elevation[, zoom]), optional
        Degrees from the front, and a factor on the view that frames the focus.
    book : OverlayBook, optional
        The overlays of the graph; those of files are added to it. By default, the built-in ones.
    overlay, height : str, Overlay or mapping, optional
        An overlay's name, or a file of overlays (of several, the first; "FILE#NAME" chooses), or one of the caller's,
        or values by name.
    step : int or str, optional
        A step's name, or its number from 0.
    range, scale, colormap, keep
        As `ViewState` has them.
    hide : sequence of str, optional
        Paths of parts that are not shown.
    compact : bool, optional
        Whether what stays beside hidden parts takes their room.

    Raises
    ------
    UsageError
        When an option has no such value, or the focus is no part of the model, or hidden.
    InputError
        When `saved` is no saved state.
    """
    given: dict[str, Any] = {"arrangement": arrangement, "theme": theme, "level": level, "scale": scale}
    for option, value in given.items():
        if value is not None and value not in _CHOICES[option]:
            raise UsageError(f"{option} {str(value)[:60]!r}: pick one of {', '.join(_CHOICES[option])}")
    state = ViewState() if saved is None else ViewState.from_json(saved[1], graph, saved[0])
    if hide is not None:
        state.hidden = _hidden(graph, hide)
        state.compacted = frozenset()
    if compact is not None:
        state.compacted = _compacted(state, compact)
    if focus is not None or level is not None:
        state.focus = resolve_focus(graph, focus, level, hidden_mask(graph, state.hidden))
        state.camera = None
    if hidden_by(graph, state.hidden, state.focus) is not None:
        raise UsageError(f"focus {graph.path(state.focus)!r} is hidden; look at a part that is shown")
    if camera is not None:
        state.camera = None
        state.angle = check_camera(camera)
    if arrangement is not None:
        state.arrangement = arrangement
    if theme is not None:
        state.theme = theme
    if labels is not None:
        state.labels = labels
    book = book or OverlayBook(graph)
    if overlay is not None:
        state.overlay = _named(book, overlay)
    if height is not None:
        state.height = _named(book, height)
    if range is not None:
        state.range = check_range(range)
    if scale is not None:
        state.scale = scale
    if colormap is not None:
        state.colormap = check_colormap(colormap)
    if step is not None:
        state.step = _step(book, state, step)
    if keep is not None:
        state.keep = check_keep(keep)
    _check_overlays(book, state)
    return state


def _hidden(graph: ModelGraph, paths: Sequence[str]) -> frozenset[int]:
    if isinstance(paths, str) or not isinstance(paths, Iterable) or not all(isinstance(path, str) for path in paths):
        raise UsageError(f"hide {str(paths)[:60]!r}: give a list of paths")
    if not all(paths):
        raise UsageError("hide: an empty path is the whole model, which cannot be hidden; give paths of parts in it")
    return outermost(graph, [resolve_path(graph, path) for path in paths])


def _compacted(state: ViewState, compact: bool) -> frozenset[int]:
    if compact and not state.hidden:
        raise UsageError("compact: nothing is hidden; say what to hide")
    return state.hidden if compact else frozenset()


def _step(book: OverlayBook, state: ViewState, wanted: int | str) -> int:
    """Return the number of a step that is meant by its name or its number."""
    shown = [book.get(name) for name in (state.overlay, state.height) if name is not None]
    steps = next((overlay.steps for overlay in shown if len(overlay.steps) > 1), ())
    if str(wanted) in steps:
        return steps.index(str(wanted))
    if (isinstance(wanted, Integral) and not isinstance(wanted, bool)) or _is_number(wanted):
        count = max((overlay.step_count for overlay in shown), default=1)
        if 0 <= int(wanted) < count:
            return int(wanted)
    if len(steps) > 1:
        some = ", ".join(steps[:_STEPS_NAMED]) + (f", ... {steps[-1]}" if len(steps) > _STEPS_NAMED else "")
        there = f"there are {len(steps)} steps, {some}"
        raise UsageError(f"step {str(wanted)[:40]!r}: {there}; give one of them, or 0 to {len(steps) - 1}")
    raise UsageError(f"step {str(wanted)[:40]!r}: what is shown has one step alone; leave it out")


def _is_number(wanted: object) -> bool:
    return isinstance(wanted, str) and wanted.isdecimal() and len(wanted) < 10


def _named(book: OverlayBook, wanted: Wanted) -> str:
    """Return the name of an overlay that is meant by a name, or by a file, which is read, or that is added now."""
    if isinstance(wanted, Overlay):
        return book.add(wanted, "given")
    if isinstance(wanted, PathLike):
        wanted = fspath(wanted)
    if isinstance(wanted, Mapping):
        return book.add(overlay_of_values(book.graph, wanted), "given")
    if not isinstance(wanted, str):  # pyright: ignore[reportUnnecessaryIsInstance]  - callers of Python give anything
        raise UsageError(f"{type(wanted).__name__} is no overlay; give a name, a file, an Overlay or a dict of values")
    # Not `Path.exists`, which raises for what is too long.
    path, _, name = wanted.rpartition("#") if "#" in wanted and not os.path.exists(wanted) else (wanted, "", "")  # noqa: PTH110
    if not path.lower().endswith(SUFFIXES):
        if os.path.isfile(path):  # noqa: PTH113
            raise UsageError(f"{path}: files of overlays are {', '.join(SUFFIXES)}; see docs/overlays.md")
        return wanted
    found = read_overlays(path, book.graph)
    if found.report.unmatched_count:
        _log.warning("%s: %s", path, found.report.summary())
    for warning in found.warnings:
        _log.warning("%s: %s", path, warning)
    added = book.add_file(found.overlays, path)
    names = dict(zip((overlay.name for overlay in found.overlays), added, strict=True))
    if name and name not in names:
        raise UsageError(f"{path}: has no overlay {name!r}; there are {', '.join(names)}")
    return names[name] if name else next(iter(names.values()))


def _check_overlays(book: OverlayBook, state: ViewState) -> None:
    """Refuse now what no frame could be drawn with."""
    if state.overlay is None:
        for option in ("range", "scale", "colormap", "keep"):
            if getattr(state, option) is not None:
                raise UsageError(f"{option} is for an overlay; choose one by its name, e.g. parameters")
    else:
        book.get(state.overlay)
    if state.height is not None:
        overlay = book.get(state.height)
        if overlay.surface is not None or overlay.figure is Figure.CATEGORY:
            raise UsageError(f"height {state.height!r}: pictures and categories have no height; pick another overlay")
    shown = [book.get(name) for name in (state.overlay, state.height) if name is not None]
    steps = max((overlay.step_count for overlay in shown), default=1)
    if not 0 <= state.step < steps:
        raise UsageError(f"step {state.step}: there are steps 0 to {steps - 1}")
    if state.overlay is not None and state.range is not None and book.get(state.overlay).figure is Figure.CATEGORY:
        raise UsageError(f"range: the values of {state.overlay!r} are categories, which have no range; leave it out")
