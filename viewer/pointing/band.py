"""What a rectangle on the screen takes hold of: the largest parts that are wholly inside it."""

import numpy as np
from numpy.typing import NDArray

from ...layout.placement import Placement
from ..cameras.camera import Camera, Viewport
from ..detail.cut import CutTree

__all__ = ["parts_in_band"]

Rect = tuple[float, float, float, float]
_LEAST_PX = 2.0  # smaller fronts cannot be aimed at
_CORNERS = np.array([[-1, -1, 1], [1, -1, 1], [1, 1, 1], [-1, 1, 1]], np.float64)


def parts_in_band(
    tree: CutTree, camera: Camera, viewport: Viewport, band: Rect, shows: NDArray[np.bool_], scale: float = 1.0
) -> NDArray[np.int64]:
    """Return the largest parts whose fronts are inside a rectangle, the model itself left aside, ascending.

    All are of one depth in the tree, the one that has most of the area: a band around some experts touches others,
    but does not mean the matrices in these.

    Parameters
    ----------
    band : tuple of float
        Left, top, right, bottom in pixels of the viewport.
    shows : ndarray of bool, shape (N,)
        Containers whose parts one can see, as boxes or on their fronts.
    scale : float
        Device pixels of a text pixel.
    """
    found: list[NDArray[np.int64]] = [np.empty(0, np.int64)]
    areas: list[NDArray[np.float64]] = [np.empty(0)]
    frontier = tree.children(np.zeros(1, np.int64))
    while len(frontier):
        low, high, seen = _fronts(tree.placement, frontier, camera, viewport)
        if tree.covering is not None:
            seen &= ~tree.covering.hides(tree.placement, frontier, camera, viewport)
        inside = seen & (low >= band[:2]).all(1) & (high <= band[2:]).all(1)
        met = (high >= band[:2]).all(1) & (low <= band[2:]).all(1) & ((high - low).max(1) >= _LEAST_PX * scale)
        found.append(frontier[inside & met])
        areas.append((high - low)[inside & met].prod(1))
        # What reaches behind the eye has no rectangle, but what is on it may have one.
        frontier = tree.children(frontier[~inside & (met | ~seen) & shows[frontier]])
    nodes = np.concatenate(found)
    depth = tree.graph.depth[nodes]
    if len(nodes):
        nodes = nodes[depth == np.argmax(np.bincount(depth, np.concatenate(areas)))]
    return np.sort(nodes)


def _fronts(
    placement: Placement, nodes: NDArray[np.int64], camera: Camera, viewport: Viewport
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Return the corners of the rectangles around fronts on the screen, and which of them are before the eye."""
    corners = placement.center[nodes, None] + placement.size[nodes, None] / 2 * _CORNERS
    px, depth = camera.project(corners, viewport)
    return px.min(1), px.max(1), np.all(depth > 0, axis=1)
