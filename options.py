"""Checks of options that the command line and the Python interface share."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import islice
from math import inf
from numbers import Integral, Real
from typing import Any, cast

from .errors import UsageError

__all__ = [
    "LONGEST_FILM",
    "MOST_FPS",
    "PROJECTIONS",
    "SCALES",
    "VIEWS",
    "check_camera",
    "check_fps",
    "check_keep",
    "check_range",
    "check_seconds",
    "check_size",
    "said",
]

SCALES = ("linear", "log", "quantile")
PROJECTIONS = ("perspective", "orthographic")
VIEWS = ("front", "oblique", "city", "side")

# Values are of single precision: a range beyond these has no colours, nor one narrower than so much of its larger end.
_MOST, _EXTENT, _NARROWEST = 1e38, 1e-37, 1e-6
LONGEST_FILM, _SHORTEST_FILM = 600.0, 0.1  # seconds
MOST_FPS = 120
_SMALLEST, _LARGEST = 64, 16384  # pixels; graphics cards draw no larger picture at once
_FLATTEST = 100  # longer over shorter side, which the layout has room for


def check_size(size: Sequence[int]) -> tuple[int, int]:
    """Return a picture's width and height.

    Raises
    ------
    UsageError
        When they are not two whole numbers of a possible size.
    """
    given = _items(size)
    if len(given) != 2 or not all(isinstance(n, Integral) and _SMALLEST <= int(n) <= _LARGEST for n in given):
        limits = f"{_SMALLEST}x{_SMALLEST} to {_LARGEST}x{_LARGEST}"
        text = "x".join(map(said, given))[:60] if given else said(size)
        raise UsageError(f"{text} is no size; give width and height from {limits}")
    width, height = map(int, given)
    if max(width, height) > _FLATTEST * min(width, height):
        raise UsageError(
            f"{width}x{height} is too long for a picture; the longer side may be {_FLATTEST} times the shorter one"
        )
    return width, height


def said(value: object, most: int = 60) -> str:
    """Return what an error says of a value that is none: the start of its text."""
    try:
        return str(value)[:most]
    except ValueError:  # whole numbers of more than 4,300 digits have no text
        return f"a {type(value).__name__} with very many digits"


def check_camera(camera: Sequence[float]) -> tuple[float, float, float]:
    """Return azimuth, elevation and zoom, which is 1 where it is not given.

    Raises
    ------
    UsageError
        When they are not two or three numbers in range.
    """
    given = _items(camera)
    if len(given) not in (2, 3) or not all(map(_is_number, given)):
        raise UsageError(f"{said(camera)} is no camera; give azimuth, elevation and, if you like, a zoom factor")
    azimuth, elevation, zoom = (*map(_number, given), 1.0)[:3]
    if not (-180 <= azimuth <= 180 and -89 <= elevation <= 89 and 0.01 <= zoom <= 10_000):
        raise UsageError(
            f"camera {azimuth:g},{elevation:g},{zoom:g} is out of range: "
            "azimuth is -180 to 180, elevation -89 to 89, zoom 0.01 to 10000"
        )
    return azimuth, elevation, zoom


def check_range(limits: Sequence[float]) -> tuple[float, float]:
    """Return the low and the high end of a colour map's range.

    Raises
    ------
    UsageError
        When they are not two numbers of single precision, the lower one first.
    """
    low, high = _pair(limits, "is no range; give its low and its high end")
    if not (-_MOST <= low < high <= _MOST and high - low > max(_NARROWEST * max(abs(low), abs(high)), _EXTENT)):
        raise UsageError(
            f"range {low:.9g},{high:.9g}: give two finite numbers, the lower one first, that are not too close"
        )
    return low, high


def check_keep(limits: Sequence[float]) -> tuple[float, float]:
    """Return the lowest and the highest value that a filter keeps; either may be infinite.

    Raises
    ------
    UsageError
        When they are not two numbers, the lower one first.
    """
    low, high = _pair(limits, "is no filter; give the lowest and the highest value that stay in colour")
    if not low <= high or low == inf or high == -inf:
        raise UsageError(f"keep {low:g},{high:g}: give two numbers, the lower one first")
    return low, high


def check_seconds(seconds: float) -> float:
    """Return the length of a film.

    Raises
    ------
    UsageError
        When it is no number in range.
    """
    try:
        length = float(seconds)
    except (TypeError, ValueError, OverflowError):
        length = 0.0
    if not _SHORTEST_FILM <= length <= LONGEST_FILM:
        raise UsageError(f"{said(seconds, 40)} seconds: give a number from {_SHORTEST_FILM:g} to {LONGEST_FILM:g}")
    return length


def check_fps(fps: int) -> int:
    """Return the frames a second of a film.

    Raises
    ------
    UsageError
        When they are no whole number in range.
    """
    if isinstance(fps, bool) or not isinstance(fps, Integral) or not 1 <= fps <= MOST_FPS:
        raise UsageError(f"{said(fps, 40)} frames a second: give a whole number from 1 to {MOST_FPS}")
    return int(fps)


def _pair(limits: Sequence[float], problem: str) -> tuple[float, float]:
    """Return two numbers, or say what they are not."""
    try:
        low, high = map(float, _items(limits))
    except (TypeError, ValueError, OverflowError):
        raise UsageError(f"{said(limits)} {problem}") from None
    return low, high


def _is_number(given: object) -> bool:
    return not isinstance(given, bool) and isinstance(given, Real)


def _number(given: Any) -> float:
    """Return a number that a caller gave; one beyond all floats is infinite."""
    try:
        return float(given)
    except OverflowError:
        return inf if given > 0 else -inf


def _items(given: object) -> list[Any]:
    """Return what a caller's sequence holds; nothing, where it is a text, has no order or is no sequence."""
    if isinstance(given, str | bytes | AbstractSet | Mapping) or not isinstance(given, Iterable):
        return []
    try:
        return list(islice(cast("Iterable[Any]", given), 4))
    except TypeError:  # an array without dimensions
        return []
