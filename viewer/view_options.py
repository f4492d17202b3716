"""How a model may be asked to be shown: each option of the command line and of Python, named once."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from os import PathLike
from typing import TypedDict

from ..overlays.overlay import Overlay

__all__ = ["ViewOptions", "Wanted", "check_names"]

Wanted = str | PathLike[str] | Overlay | Mapping[str, float | Sequence[float]]
"""An overlay: its name, a file of overlays ("FILE#NAME" picks one), one of the caller's, or values by name."""


class ViewOptions(TypedDict, total=False):
    """How a model is shown: what `render`, `show` and the command line share. None is the same as not given.

    What each one means is said by `render`.
    """

    focus: str | None
    level: str | None
    arrangement: str | None
    view: str | None
    camera: Sequence[float] | None
    projection: str | None
    theme: str | None
    labels: bool | None
    plain_words: bool | None
    overlay: Wanted | None
    height: Wanted | None
    range: Sequence[float] | None
    scale: str | None
    colormap: str | None
    step: int | str | None
    keep: Sequence[float] | None
    hide: Sequence[str] | None
    compact: bool | None
    spotlight: Sequence[str] | None
    upstream: str | None
    downstream: str | None


def check_names(names: Iterable[str]) -> None:
    """Refuse options that there are not, as Python refuses unknown arguments.

    Raises
    ------
    TypeError
        Names the nearest one.
    """
    known = list(ViewOptions.__annotations__)
    for name in names:
        if name not in known:
            close = difflib.get_close_matches(name, known, 1)
            raise TypeError(f"there is no option {name!r}" + (f"; did you mean {close[0]!r}" if close else ""))
