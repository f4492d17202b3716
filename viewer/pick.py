"""What lies under a pixel: a ray against the drawn boxes."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["hidden_points", "nearest_box"]


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
    # Relative to the ray's start: at 10^-4 of the plan's size absolute coordinates would lose the digits that matter.
    middle, half = center - origin, size / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        inverse = 1.0 / direction
        a, b = (middle - half) * inverse, (middle + half) * inverse
    enter, leave = np.nanmax(np.minimum(a, b), 1), np.nanmin(np.maximum(a, b), 1)
    hit = np.flatnonzero((enter <= leave) & (leave > 0))
    if not len(hit):
        return None
    order = np.lexsort((-hit, enter[hit]))
    return int(hit[order[0]])


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
