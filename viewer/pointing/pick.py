"""What lies under a pixel: a ray against the drawn boxes."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["hidden_points", "nearest_box", "nearest_in_plan", "surface_point"]


def nearest_box(
    center: NDArray[np.float64], size: NDArray[np.float64], origin: NDArray[np.float64], direction: NDArray[np.float64]
) -> int | None:
    """Return the index of the box that a ray meets first; of boxes met at the same place, the last.

    Parameters
    ----------
    center, size : ndarray, shape (K, 3)
        Boxes, parents before children.
    origin, direction : ndarray, shape (3,)
        The ray, which starts outside of all boxes.
    """
    hit, leave = np.full(len(center), -np.inf), np.full(len(center), np.inf)
    for axis in range(3):
        # Relative to the ray's start: at 10^-4 of the plan's size absolute numbers would lose the digits that matter.
        middle, half = center[:, axis] - origin[axis], size[:, axis] / 2
        if direction[axis] == 0.0:  # along the faces: inside for all of its way, or never
            leave[np.abs(middle) > half] = -np.inf
            continue
        middle, half = middle / direction[axis], half / abs(direction[axis])
        np.maximum(hit, middle - half, out=hit)
        np.minimum(leave, middle + half, out=leave)
    hit[(hit > leave) | (leave <= 0)] = np.inf
    if not len(hit) or not np.isfinite(first := hit.min()):
        return None
    return int(np.flatnonzero(hit == first)[-1])


def nearest_in_plan(
    center: NDArray[np.float64],
    size: NDArray[np.float64],
    among: NDArray[np.integer],
    point: NDArray[np.float64],
    reach: float,
) -> int | None:
    """Return which of some boxes a point of the plan lies in or is nearest to; of several, the last.

    Parameters
    ----------
    center, size : ndarray, shape (K, 3)
    among : ndarray of int
        Rows of these.
    point : ndarray, shape (2,)
    reach : float
        The greatest distance.
    """
    for axis in (0, 1):  # the first one leaves few for the second
        beside = np.abs(center[among, axis] - point[axis]) - size[among, axis] / 2
        among = among[beside <= reach]
    beside = np.maximum(np.abs(center[among, :2] - point) - size[among, :2] / 2, 0.0)
    distance = np.hypot(beside[:, 0], beside[:, 1])
    if not len(among) or distance.min() > reach:
        return None
    return int(among[np.flatnonzero(distance == distance.min())[-1]])


def surface_point(
    center: NDArray[np.float64], size: NDArray[np.float64], origin: NDArray[np.float64], direction: NDArray[np.float64]
) -> NDArray[np.float64] | None:
    """Return the point, shape (3,), where a ray meets the first box; the parameters are those of `nearest_box`."""
    hit = nearest_box(center, size, origin, direction)
    if hit is None:
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        ends = (center[hit] - origin + np.array([[-0.5], [0.5]]) * size[hit]) / direction
    return origin + max(0.0, float(np.nanmax(ends.min(0)))) * direction


def hidden_points(
    points: NDArray[np.float64], center: NDArray[np.float64], size: NDArray[np.float64], eye: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Return which points have a box between themselves and the eye.

    Parameters
    ----------
    points : ndarray, shape (P, 3)
        A point on a box's own front counts as before that box.
    center, size : ndarray, shape (K, 3)
    eye : ndarray, shape (3,)
    """
    middle, half = center - eye, size / 2
    hidden = np.zeros(len(points), bool)
    with np.errstate(divide="ignore", invalid="ignore"):
        for k, way in enumerate(points - eye):
            a, b = (middle - half) / way, (middle + half) / way
            enter, leave = np.nanmax(np.minimum(a, b), 1), np.nanmin(np.maximum(a, b), 1)
            hidden[k] = ((enter <= leave) & (leave > 0) & (enter < 1 - 1e-6)).any()
    return hidden
