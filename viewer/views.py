"""From the options of a command or call to a ViewState."""

import logging
import os
from collections.abc import Iterable, Mapping, Sequence
from numbers import Integral
from os import PathLike, fspath
from typing import Any, Unpack

import numpy as np

from ..errors import InputError, UsageError
from ..graph import ModelGraph
from ..layout import ARRANGEMENTS
from ..layout.hiding import hidden_mask
from ..options import PROJECTIONS, SCALES, VIEWS, check_camera, check_keep, check_range, said
from ..overlays.book import OverlayBook
from ..overlays.given import overlay_of_values
from ..overlays.overlay import Figure, Overlay
from ..overlays.readers import SUFFIXES, read_overlays
from .cameras.framing import VIEW_ANGLES
from .colormaps import check_colormap
from .levels import LEVELS, resolve_focus, resolve_path
from .pointing.hiding import hidden_by, outermost
from .pointing.spotlight import gathered
from .pointing.tracing import Flow
from .state import ViewState
from .theme import THEMES
from .view_options import ViewOptions, Wanted, check_names

__all__ = ["view_state"]

_CHOICES = {
    "arrangement": ARRANGEMENTS,
    "level": tuple(LEVELS),
    "projection": PROJECTIONS,
    "scale": SCALES,
    "theme": tuple(THEMES),
    "view": VIEWS,
}
_PLAIN = ("arrangement", "projection", "theme", "labels", "plain_words", "scale")  # fields that are taken as they are
_YES_OR_NO = {"labels", "plain_words", "compact"}
_ONE_PATH = {"focus", "upstream", "downstream"}
_CHECKED_LAST = {"focus", "level", "hide", "overlay", "height", "step", "range", "scale", "colormap", "keep"}
_STEPS_NAMED = 4
_log = logging.getLogger("archviz3d")  # without a handler of the caller's, one line on stderr


def view_state(
    graph: ModelGraph,
    *,
    saved: tuple[str, bytes] | None = None,
    book: OverlayBook | None = None,
    **options: Unpack[ViewOptions],
) -> ViewState:
    """Return the state that the options ask for; what is None comes from `saved`, else from the defaults.

    Parameters
    ----------
    saved : (str, bytes), optional
        A file's path, and its content that `ViewState.to_json` wrote.
    book : OverlayBook, optional
        The overlays of the graph; those of files are added to it. By default, the built-in ones.
    **options : ViewOptions

    Raises
    ------
    TypeError
        When there is no such option.
    UsageError
        When an option has no such value, or the focus is no part of the model, or hidden.
    InputError
        When `saved` is no saved state, or none of this model.
    """
    check_names(options)
    given: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
    for option in given.keys() & _CHOICES:
        if not isinstance(given[option], str) or given[option] not in _CHOICES[option]:
            raise UsageError(f"{option} {said(given[option])!r}: pick one of {', '.join(_CHOICES[option])}")
    for option in given.keys() & _YES_OR_NO:
        if not isinstance(given[option], bool):
            raise UsageError(f"{option} {said(given[option])!r}: give True or False")
    for option in given.keys() & _ONE_PATH:
        if not isinstance(given[option], str):
            raise UsageError(f"{option} {said(given[option])!r}: give the path of a part")
    if "view" in given and "camera" in given:
        raise UsageError(f"view and camera both say from where; give camera, or view: one of {', '.join(VIEWS)}")
    state = ViewState() if saved is None else ViewState.from_json(saved[1], graph, saved[0])
    for field in given.keys() & _PLAIN:
        setattr(state, field, given[field])
    _look(graph, state, given)
    book = book or OverlayBook(graph)
    for field in ("overlay", "height"):
        if field in given:
            setattr(state, field, _named(book, given[field]))
    for field, check in (("range", check_range), ("colormap", check_colormap), ("keep", check_keep)):
        if field in given:
            setattr(state, field, check(given[field]))
    if "step" in given:
        state.step = _step(book, state, given["step"])
    try:
        _check_focus(graph, state)
        _check_overlays(book, state)
    except UsageError as error:
        if saved is None or given.keys() & _CHECKED_LAST:
            raise  # an option is at fault, or does not fit what was saved
        raise InputError(f"{saved[0]}: {error}") from None
    return state


def _look(graph: ModelGraph, state: ViewState, given: Mapping[str, Any]) -> None:
    """Set what is looked at, from where, and what is left out."""
    if "hide" in given:
        state.hidden, state.compacted = _nodes(graph, "hide", given["hide"]), frozenset()
    if "compact" in given:
        state.compacted = _compacted(state, given["compact"])
    if "focus" in given or "level" in given:
        state.focus = resolve_focus(graph, given.get("focus"), given.get("level"), hidden_mask(graph, state.hidden))
        state.camera = None
    if "camera" in given:
        state.camera, state.angle = None, check_camera(given["camera"])
    if "view" in given:
        state.camera, state.angle = None, VIEW_ANGLES[given["view"]]
    parallel = state.projection == "orthographic"
    if state.camera is not None and state.camera.orthographic != parallel:
        state.camera = state.camera.projected(parallel)
    if given.keys() & {"spotlight", "upstream", "downstream"}:
        state.spotlight = _spotlight(graph, given)


def _spotlight(graph: ModelGraph, given: Mapping[str, Any]) -> frozenset[int]:
    """Return what keeps its colours: some parts, and what leads to one or follows it, with that one itself."""
    nodes = set(_nodes(graph, "spotlight", given.get("spotlight", ())))
    starts = {way: _nodes(graph, way, [given[way]]) for way in ("upstream", "downstream") if way in given}
    if starts:  # a closed container shows what it holds only where all of that is lit
        flow = Flow(graph)
        for way, start in starts.items():
            walk = flow.upstream if way == "upstream" else flow.downstream
            nodes |= {*start, *walk(start).parts.tolist()}
        return gathered(graph, np.array(sorted(nodes), np.int64))
    return outermost(graph, nodes)


def _nodes(graph: ModelGraph, option: str, paths: Sequence[str]) -> frozenset[int]:
    if isinstance(paths, str) or not isinstance(paths, Iterable) or not all(isinstance(path, str) for path in paths):
        raise UsageError(f"{option} {said(paths)!r}: give a list of paths")
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


def _check_focus(graph: ModelGraph, state: ViewState) -> None:
    if hidden_by(graph, state.hidden, state.focus) is not None:
        raise UsageError(f"focus {graph.path(state.focus)!r} is hidden; look at a part that is shown")


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
