"""How large things are on the screen."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .cameras.camera import Camera, Viewport

__all__ = ["front_sides_px"]

_CORNERS = np.array([[-1, 1, 1], [1, 1, 1], [1, -1, 1], [-1, -1, 1]], np.float64)


def front_sides_px(center: ArrayLike, size: ArrayLike, camera: Camera, viewport: Viewport) -> NDArray[np.float64]:
    """Return the projected width and height of the boxes' front faces, shape (K, 2): of two opposite edges the shorter.

    Parameters
    ----------
    center, size : array_like, shape (K, 3)
        Boxes in front of the eye.
    """
    middle, half = np.asarray(center, np.float64), np.asarray(size, np.float64) / 2
    px, _ = camera.project(middle[:, None, :] + half[:, None, :] * _CORNERS, viewport)
    edges = np.linalg.norm(px - np.roll(px, -1, axis=1), axis=2)  # top, right, bottom, left
    return np.stack([edges[:, [0, 2]].min(1), edges[:, [1, 3]].min(1)], 1)
