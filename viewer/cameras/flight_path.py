"""How a flight rises on its way: van Wijk & Nuij, "Smooth and efficient zooming and panning" (2003)."""

import math

__all__ = ["flight_length", "flight_path"]

_CURVATURE = 1.1  # how much a flight rises over long ways
_NO_WAY = 1e-9  # of the distance: shorter ways are a zoom alone


def flight_path(way: float, first: float, last: float, share: float) -> tuple[float, float]:
    """Return the share of the way done, and the distance, at a share (0 to 1) of the optimal path.

    Parameters
    ----------
    way : float
        From target to target.
    first, last : float
        Distances from the eye to the target at its ends.
    """
    if way < _NO_WAY * max(first, last):
        return share, first * (last / first) ** share
    r0, r1 = _ends(way, first, last)
    r = share * (r1 - r0) + r0
    # tanh(r) * cosh(r0) - sinh(r0) written as sinh(r - r0) / cosh(r): no cancellation on short ways
    done = first / (_CURVATURE * _CURVATURE * way) * math.sinh(r - r0) / math.cosh(r)
    return min(max(done, 0.0), 1.0), first * math.cosh(r0) / math.cosh(r)


def flight_length(way: float, first: float, last: float) -> float:
    """Return the length of the optimal path, as it is felt: 1 is about the width of the view."""
    if way < _NO_WAY * max(first, last):
        return abs(math.log(last / first)) / _CURVATURE
    r0, r1 = _ends(way, first, last)
    return (r1 - r0) / _CURVATURE


def _ends(way: float, w0: float, w1: float) -> tuple[float, float]:
    """Return r0 and r1 of the path: it is (r1 - r0) / curvature long."""
    rho = _CURVATURE
    b0 = (w1 * w1 - w0 * w0 + rho**4 * way * way) / (2 * w0 * rho * rho * way)
    b1 = (w1 * w1 - w0 * w0 - rho**4 * way * way) / (2 * w1 * rho * rho * way)
    return -math.asinh(b0), -math.asinh(b1)
