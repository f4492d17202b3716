"""What lies under a pixel: a ray against the drawn boxes."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["nearest_box"]


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
