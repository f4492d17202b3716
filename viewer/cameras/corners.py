"""Corners: of boxes, and of polygons that are cut off at a line."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["CORNERS", "clipped", "corners_of"]

CORNERS = np.array([[i, j, k] for i in (-1, 1) for j in (-1, 1) for k in (-1, 1)], np.float64)
"""The corners of a box from its centre, in halves of its sides, shape (8, 3)."""


def corners_of(center: NDArray[np.float64], size: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the corners of boxes whose centres and sizes have the shape (..., 3), shape (..., 8, 3)."""
    return center[..., None, :] + size[..., None, :] / 2 * CORNERS


def clipped(polygon: NDArray[np.float64], room: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what of a convex polygon has room left (Sutherland and Hodgman 1974).

    Parameters
    ----------
    polygon : ndarray, shape (P, D)
        Its corners, in order around it.
    room : ndarray, shape (P,)
        A number for each, linear on the polygon and negative where it is cut off.
    """
    if (room >= 0).all():
        return polygon
    kept: list[NDArray[np.float64]] = []
    for k in range(len(polygon)):
        after = (k + 1) % len(polygon)
        if room[k] >= 0:
            kept.append(polygon[k])
        if (room[k] >= 0) != (room[after] >= 0):
            share = room[k] / (room[k] - room[after])
            kept.append(polygon[k] + share * (polygon[after] - polygon[k]))
    return np.array(kept).reshape(-1, polygon.shape[1])
