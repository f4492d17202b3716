"""What the options of a command line are made of: texts to numbers, sizes and paths, or one line that says why not."""

import argparse
import re
from collections.abc import Callable, Sequence

from ..errors import UsageError
from ..options import check_camera, check_fps, check_keep, check_range, check_seconds, check_size

__all__ = ["camera", "fps", "keep", "paths", "positive", "range_of", "seconds", "size"]


def positive(text: str) -> int:
    """Return a whole number from 1 on."""
    if not re.fullmatch(r"0*[1-9][0-9]{0,8}", text):
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not a whole number from 1 on")
    return int(text)


def size(text: str) -> tuple[int, int]:
    """Return a picture's width and height."""
    match = re.fullmatch(r"([0-9]{1,5})[xX]([0-9]{1,5})", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no size; give WIDTHxHEIGHT like 1920x1080")
    try:
        return check_size((int(match[1]), int(match[2])))
    except UsageError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def seconds(text: str) -> float:
    """Return the length of a film."""
    try:
        return check_seconds(float(text))
    except UsageError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is no number of seconds; give one like 8 or 2.5") from None


def fps(text: str) -> int:
    """Return the frames a second of a film."""
    try:
        return check_fps(positive(text))
    except UsageError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def paths(text: str) -> list[str]:
    """Return paths of parts, split at commas; a comma or backslash after a backslash is one of the name."""
    # No argument of a command holds a NUL.
    return re.sub(r"\\([\\,])|,", lambda match: match[1] or "\0", text).split("\0")


def range_of(text: str) -> tuple[float, float]:
    """Return the ends of a colour map."""
    return _pair(text, "LO,HI like 0,0.05", check_range)


def keep(text: str) -> tuple[float, float]:
    """Return the ends of a filter."""
    return _pair(text, "LO,HI like 0,0 or -inf,0.01", check_keep)


def _pair(text: str, form: str, check: Callable[[Sequence[float]], tuple[float, float]]) -> tuple[float, float]:
    try:
        return check([float(part) for part in text.split(",")])
    except UsageError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text[:60]!r} is no pair of numbers; give {form}") from None


def camera(text: str) -> tuple[float, float, float]:
    """Return azimuth, elevation and zoom."""
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) not in (2, 3):
        raise argparse.ArgumentTypeError(f"{text!r} is no camera; give AZIMUTH,ELEVATION[,ZOOM] like -10,15,1.2")
    try:
        return check_camera(numbers)
    except UsageError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
