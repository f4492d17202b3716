"""Polylines with round corners, many at a time."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["WIDEST_ARC", "Ways", "polylines"]

WIDEST_ARC = 0.06
# Steps of an arc, by its radius: a small one looks round with fewer, and most are small.
_STEPS, _RADII = np.array([3, 4, 5]), np.array([0.012, 0.03])
_ANGLES = {count: np.linspace(0.0, np.pi / 2, count + 1)[None, :, None] for count in _STEPS.tolist()}
_ARCS = {count: (np.sin(angle) - 1.0, 1.0 - np.cos(angle)) for count, angle in _ANGLES.items()}
_NOTHING = 1e-12


@dataclass(frozen=True, eq=False)
class Ways:
    """Ways along axis-parallel stretches, by their ends and corners.

    Attributes
    ----------
    corners : ndarray of float64, shape (m, k, 2)
        Each way from end to end; a corner that repeats the one before it, or does not turn, is none.
    radii : ndarray of float64, shape (m, k)
        Largest radius of the arc at each of them.
    """

    corners: NDArray[np.float64]
    radii: NDArray[np.float64]


def polylines(ways: Ways) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Turn the right angles of ways into arcs; return the points of all, one way after another, and how many each has.

    An arc takes no more than half of a stretch that lies between two corners.
    """
    if not len(ways.corners):
        return np.empty((0, 2)), np.empty(0, np.int64)
    keep = _turns(ways.corners)
    counts = keep.sum(1)
    corner, radius = ways.corners[keep], ways.radii[keep]
    ends = np.cumsum(counts)
    is_end = np.zeros(len(corner), np.bool_)
    is_end[ends - 1] = is_end[ends - counts] = True

    bends = np.flatnonzero(~is_end)
    before, after = corner[bends] - corner[bends - 1], corner[bends + 1] - corner[bends]
    # Stretches are axis-parallel.
    in_length: NDArray[np.float64] = np.abs(before[:, 0]) + np.abs(before[:, 1])
    out_length: NDArray[np.float64] = np.abs(after[:, 0]) + np.abs(after[:, 1])
    room = np.minimum(
        np.where(is_end[bends - 1], in_length, in_length / 2), np.where(is_end[bends + 1], out_length, out_length / 2)
    )
    r = np.minimum(radius[bends], room)
    into, out = before / in_length[:, None], after / out_length[:, None]
    steps = _STEPS[np.searchsorted(_RADII, r)]
    lengths = np.ones(len(corner), np.int64)
    lengths[bends] = steps + 1
    stop = np.cumsum(lengths)
    points = np.empty((int(stop[-1]), 2))
    points[stop[is_end] - 1] = corner[is_end]
    for count, (forth, side) in _ARCS.items():
        some = np.flatnonzero(steps == count)
        if not len(some):
            continue
        arcs = into[some, None, :] * forth + out[some, None, :] * side
        begin = stop[bends[some]] - (count + 1)
        points[begin[:, None] + np.arange(count + 1)] = corner[bends[some], None, :] + r[some, None, None] * arcs
    # Where an arc takes a whole stretch, its end is the next point.
    keep_point = np.ones(len(points), np.bool_)
    keep_point[1:] = np.abs(np.diff(points, axis=0)).max(1) > _NOTHING
    keep_point[stop[is_end] - 1] = True
    last = stop[ends - 1] - 1
    doubled = last[(counts > 2) & (np.abs(points[last] - points[last - 1]).max(1) <= _NOTHING)]
    keep_point[doubled - 1] = False
    return points[keep_point], np.diff(np.cumsum(keep_point)[last], prepend=0)


def _turns(corners: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which corners are ends, or places where a way turns; shape (m, k)."""
    step = np.abs(np.diff(corners, axis=1))
    along_u: NDArray[np.bool_] = step[:, :, 0] > _NOTHING
    moves: NDArray[np.bool_] = along_u | (step[:, :, 1] > _NOTHING)
    # Of each corner, the axis of the next stretch that has a length, and whether there is one.
    goes, goes_on = along_u.copy(), moves.copy()
    for k in range(moves.shape[1] - 2, -1, -1):
        goes[:, k] = np.where(moves[:, k], along_u[:, k], goes[:, k + 1])
        goes_on[:, k] |= goes_on[:, k + 1]
    keep = np.ones(corners.shape[:2], np.bool_)
    keep[:, 1:-1] = moves[:, :-1] & goes_on[:, 1:] & (along_u[:, :-1] != goes[:, 1:])
    return keep
