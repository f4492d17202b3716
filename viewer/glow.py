"""The glow around a part that is pointed at or selected: its silhouette on the screen, and how the halo falls off."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .cameras.camera import Camera, Viewport

__all__ = ["HALO", "HOVER_PX", "REACH_PX", "RIM", "RIM_PX", "SELECTION_PX", "halo", "silhouette"]

HOVER_PX, SELECTION_PX = 1.5, 2.5  # width of the crisp line
REACH_PX = 10.0  # from the silhouette to where the halo ends
HALO = 0.5  # opacity of the halo at the line
RIM_PX, RIM = 1.0, 0.45  # width and opacity of the contrasting line within the crisp one, which no face can hide
_LEAST_PX = 9.0  # a part too small to see gets a frame that one can
_BEYOND_PX = 64.0  # a silhouette is cut off so far outside the view, where neither its line nor its halo reaches back
_CORNERS = np.array([[i, j, k] for i in (-1, 1) for j in (-1, 1) for k in (-1, 1)], np.float64)
_EDGES = np.array([[a, b] for a in range(8) for b in range(a + 1, 8) if (_CORNERS[a] != _CORNERS[b]).sum() == 1])


def halo(away: ArrayLike) -> NDArray[np.float64]:
    """Return the opacity of the halo at distances (text pixels) from the silhouette; shaders/glow.frag is the same."""
    return HALO * np.clip(1 - np.asarray(away, np.float64) / REACH_PX, 0, 1) ** 2


def silhouette(
    center: NDArray[np.float64], size: NDArray[np.float64], camera: Camera, viewport: Viewport, scale: float
) -> NDArray[np.float64]:
    """Return the outline of a box on the screen.

    Parameters
    ----------
    center, size : ndarray, shape (3,)
    scale : float
        Device pixels of a text pixel.

    Returns
    -------
    ndarray, shape (K, 2)
        A convex polygon in device pixels, with the box at its right hand as one goes around it; cut off far outside the
        view, and empty where nothing of the box is before the eye.
    """
    corners = center + _CORNERS * size / 2
    near = 1e-3 * camera.reach
    depth = camera.to_view(corners)[:, 2]
    before = depth > near
    if not before.all():
        # Edges that run past the eye are cut where they pass it.
        a, b = _EDGES[before[_EDGES[:, 0]] != before[_EDGES[:, 1]]].T
        share = ((near - depth[a]) / (depth[b] - depth[a]))[:, None]
        corners = np.concatenate([corners[before], corners[a] + share * (corners[b] - corners[a])])
    if not len(corners):
        return np.empty((0, 2))
    px, _ = camera.project(corners, viewport)
    low, high = px.min(0), px.max(0)
    middle, half = (low + high) / 2, (high - low) / 2
    if half.min() < _LEAST_PX / 2 * scale:
        half = np.maximum(half, _LEAST_PX / 2 * scale)
        polygon = middle + half * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    else:
        polygon = _hull(px)
    beyond = _BEYOND_PX * scale
    for axis in range(2):
        polygon = _clipped(polygon, axis, -beyond, 1)
        polygon = _clipped(polygon, axis, viewport[axis] + beyond, -1)
    return polygon


def _hull(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the convex hull of points (Andrew's monotone chain), clockwise on a screen whose y goes down."""
    ordered = sorted(set(map(tuple, points.tolist())))
    chains: list[tuple[float, float]] = []
    for way in (ordered, ordered[::-1]):
        chain: list[tuple[float, float]] = []
        for x, y in way:
            while len(chain) > 1:
                (ax, ay), (bx, by) = chain[-2:]
                if (bx - ax) * (y - ay) - (by - ay) * (x - ax) > 0:
                    break
                chain.pop()
            chain.append((x, y))
        chains += chain[:-1]
    return np.array(chains).reshape(-1, 2)


def _clipped(polygon: NDArray[np.float64], axis: int, bound: float, sign: int) -> NDArray[np.float64]:
    """Return what of a convex polygon lies on one side of a line across an axis (Sutherland and Hodgman 1974)."""
    inside = sign * (polygon[:, axis] - bound)
    if (inside >= 0).all():
        return polygon
    kept: list[NDArray[np.float64]] = []
    for k in range(len(polygon)):
        after = (k + 1) % len(polygon)
        if inside[k] >= 0:
            kept.append(polygon[k])
        if (inside[k] >= 0) != (inside[after] >= 0):
            share = inside[k] / (inside[k] - inside[after])
            kept.append(polygon[k] + share * (polygon[after] - polygon[k]))
    return np.array(kept).reshape(-1, 2)
