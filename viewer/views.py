"""From the options of a command or call to a ViewState."""

import logging
import os
from collections.abc import Sequence
from typing import Any

from ..errors import UsageError
from ..graph import ModelGraph
from ..options import SCALES, check_camera, check_keep, check_range
from ..overlays.book import OverlayBook
from ..overlays.overlay import Figure, Overlay
from ..overlays.readers import SUFFIXES, read_overlays
from .colormaps import check_colormap
from .levels import LEVELS, resolve_focus
from .state import ViewState

__all__ = ["view_state"]

_CHOICES: dict[str, tuple[str, ...]] = {"arrangement": ("wrap",), "theme": ("dark", "light"), "level": tuple(LEVELS)}
_CHOICES["scale"] = SCALES
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
    overlay: str | Overlay | None = None,
    height: str | Overlay | None = None,
    range: Sequence[float] | None = None,
    scale: str | None = None,
    colormap: str | None = None,
    step: int | None = None,
    keep: Sequence[float] | None = None,
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
    overlay, height : str or Overlay, optional
        An overlay's name, or a file of overlays (of several, the first; "FILE#NAME" chooses), or one of the caller's.
    range, scale, colormap, step, keep
        As `ViewState` has them.

    Raises
    ------
    UsageError
        When an option has no such value, or the focus is no part of the model.
    InputError
        When `saved` is no saved state.
    """
    given: dict[str, Any] = {"arrangement": arrangement, "theme": theme, "level": level, "scale": scale}
    for option, value in given.items():
        if value is not None and value not in _CHOICES[option]:
            raise UsageError(f"{option} {value!r}: pick one of {', '.join(_CHOICES[option])}")
    state = ViewState() if saved is None else ViewState.from_json(saved[1], graph, saved[0])
    if focus is not None or level is not None:
        state.focus = resolve_focus(graph, focus, level)
        state.camera = None
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
        state.step = step
    if keep is not None:
        state.keep = check_keep(keep)
    _check_overlays(book, state)
    return state


def _named(book: OverlayBook, wanted: str | Overlay) -> str:
    """Return the name of an overlay that is meant by a name, or by a file, which is read, or that is added now."""
    if isinstance(wanted, Overlay):
        return book.add(wanted, "given")
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
    steps = max((book.get(name).step_count for name in (state.overlay, state.height) if name is not None), default=1)
    if not 0 <= state.step < steps:
        raise UsageError(f"step {state.step}: there are steps 0 to {steps - 1}")
