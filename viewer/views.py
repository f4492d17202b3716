"""From the options of a command or call to a ViewState."""

from collections.abc import Sequence
from typing import Any

from ..errors import UsageError
from ..graph import ModelGraph
from ..options import check_camera
from .levels import LEVELS, resolve_focus
from .state import ViewState

__all__ = ["view_state"]

_CHOICES: dict[str, tuple[str, ...]] = {"arrangement": ("wrap",), "theme": ("dark", "light"), "level": tuple(LEVELS)}


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
) -> ViewState:
    """Return the state that the options ask for; what is None comes from `saved`, else from the defaults.

    Parameters
    ----------
    saved : (str, bytes), optional
        A file's path, and its content that `ViewState.to_json` wrote.
    camera : (azimuth, elevation[, zoom]), optional
        Degrees from the front, and a factor on the view that frames the focus.

    Raises
    ------
    UsageError
        When an option has no such value, or the focus is no part of the model.
    InputError
        When `saved` is no saved state.
    """
    given: dict[str, Any] = {"arrangement": arrangement, "theme": theme, "level": level}
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
    return state
