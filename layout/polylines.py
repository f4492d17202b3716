"""Polylines with round corners, many at a time."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["WIDEST_ARC", "Point", "Way", "polylines"]

Point = tuple[float, float]

WIDEST_ARC = 0.06
_ARC_STEPS = 5
_ANGLES = np.linspace(0.0, np.pi / 2, _ARC_STEPS + 1)
_NOTHING = 1e-12


class Way(NamedTuple):
    """A way along axis-parallel stretches, by its ends and corners, with the largest radius for its corners."""

    corners: Sequence[Point]
    radius: float = WIDEST_ARC


def polylines(ways: Sequence[Way]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Turn the right angles of ways into arcs; return the points of all, one way after another, and how many each has.

    An arc takes no more than half of a stretch that lies between two corners.
    """
    if not ways:
        return np.empty((0, 2)), np.empty(0, np.int64)
    cleaned = [_corners(way.corners) for way in ways]
    counts = np.array([len(corners) for corners in cleaned])
    corner = np.array([point for corners in cleaned for point in corners])
    radius = np.repeat(np.array([way.radius for way in ways]), counts)
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
    r = np.minimum(radius[bends], room)[:, None, None]
    into, out = (before / in_length[:, None])[:, None, :], (after / out_length[:, None])[:, None, :]
    forth, side = np.sin(_ANGLES)[None, :, None], 1.0 - np.cos(_ANGLES)[None, :, None]
    arcs = corner[bends][:, None, :] + r * (into * (forth - 1.0) + out * side)

    lengths = np.where(is_end, 1, _ARC_STEPS + 1)
    stop = np.cumsum(lengths)
    points = np.empty((int(stop[-1]), 2))
    points[stop[is_end] - 1] = corner[is_end]
    begin = stop[bends] - (_ARC_STEPS + 1)
    points[begin[:, None] + np.arange(_ARC_STEPS + 1)] = arcs
    # Where an arc takes a whole stretch, its end is the next point.
    keep = np.ones(len(points), np.bool_)
    keep[1:] = np.abs(np.diff(points, axis=0)).max(1) > _NOTHING
    keep[stop[is_end] - 1] = True
    last = stop[ends - 1] - 1
    doubled = last[(counts > 2) & (np.abs(points[last] - points[last - 1]).max(1) <= _NOTHING)]
    keep[doubled - 1] = False
    return points[keep], np.diff(np.cumsum(keep)[last], prepend=0)


def _corners(points: Sequence[Point]) -> list[Point]:
    """Return a way without stretches of no length and corners that do not turn; at least two points."""
    kept = [points[0]]
    for point in points[1:]:
        x, y = kept[-1]
        if abs(point[0] - x) < _NOTHING and abs(point[1] - y) < _NOTHING:
            continue
        if len(kept) > 1:
            before = kept[-2]
            if (abs(before[0] - x) < _NOTHING and abs(point[0] - x) < _NOTHING) or (
                abs(before[1] - y) < _NOTHING and abs(point[1] - y) < _NOTHING
            ):
                kept.pop()
        kept.append(point)
    return kept if len(kept) > 1 else [kept[0], kept[0]]
