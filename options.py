"""Checks of options that the command line and the Python interface share."""

from collections.abc import Sequence
from numbers import Integral

from .errors import UsageError

__all__ = ["check_camera", "check_size"]

_SMALLEST, _LARGEST = 64, 16384  # pixels; graphics cards draw no larger picture at once


def check_size(size: Sequence[int]) -> tuple[int, int]:
    """Return a picture's width and height.

    Raises
    ------
    UsageError
        When they are not two whole numbers of a possible size.
    """
    if len(size) != 2 or not all(isinstance(n, Integral) and _SMALLEST <= n <= _LARGEST for n in size):
        limits = f"{_SMALLEST}x{_SMALLEST} to {_LARGEST}x{_LARGEST}"
        raise UsageError(f"{'x'.join(map(str, size))} is no size; give width and height from {limits}")
    return int(size[0]), int(size[1])


def check_camera(camera: Sequence[float]) -> tuple[float, float, float]:
    """Return azimuth, elevation and zoom, which is 1 where it is not given.

    Raises
    ------
    UsageError
        When they are not two or three numbers in range.
    """
    if len(camera) not in (2, 3):
        raise UsageError(f"{tuple(camera)} is no camera; give azimuth, elevation and, if you like, a zoom factor")
    azimuth, elevation, zoom = (*map(float, camera), 1.0)[:3]
    if not (-180 <= azimuth <= 180 and -89 <= elevation <= 89 and 0.01 <= zoom <= 10_000):
        raise UsageError(
            f"camera {azimuth:g},{elevation:g},{zoom:g} is out of range: "
            "azimuth is -180 to 180, elevation -89 to 89, zoom 0.01 to 10000"
        )
    return azimuth, elevation, zoom
