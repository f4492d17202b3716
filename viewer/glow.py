"""The glow around a part that is pointed at or selected: its silhouette on the screen, and how the halo falls off."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .cameras.camera import Camera, Viewport
from .cameras.corners import CORNERS, clipped, corners_of

__all__ = ["HALO", "HOVER_PX", "REACH_PX", "RIM", "RIM_PX", "SELECTION_PX", "halo", "silhouette", "silhouettes"]

HOVER_PX, SELECTION_PX = 1.5, 2.5  # width of the crisp line
REACH_PX = 10.0  # from the silhouette to where the halo ends
HALO = 0.5  # opacity of the halo at the line
RIM_PX, RIM = 1.0, 0.45  # width and opacity of the contrasting line within the crisp one, which no face can hide
_LEAST_PX = 9.0  # a part too small to see gets a frame that one can
_BEYOND_PX = 64.0  # a silhouette is cut off so far outside the view, where neither its line nor its halo reaches back
_SQUARE = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float64)  # clockwise on a screen whose y goes down
_EDGES = np.array([[a, b] for a in range(8) for b in range(a + 1, 8) if (CORNERS[a] != CORNERS[b]).sum() == 1])


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
    corners = corners_of(center, size)
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
        polygon = middle + half * _SQUARE
    else:
        polygon = _hull(px)
    beyond = _BEYOND_PX * scale
    for axis in range(2):
        polygon = clipped(polygon, polygon[:, axis] + beyond)
        polygon = clipped(polygon, viewport[axis] + beyond - polygon[:, axis])
    return polygon


def silhouettes(
    center: NDArray[np.float64], size: NDArray[np.float64], camera: Camera, viewport: Viewport, scale: float
) -> list[NDArray[np.float64]]:
    """Return the outlines of boxes (shape (K, 3)) on the screen, each as `silhouette` does, in a tenth of the time.

    Which corners of a box are on its outline, and in which order, follows from which of its sides the eye sees
    (Schmalstieg and Tobler 1999).
    """
    half = size / 2
    px, depth = camera.project(corners_of(center, size), viewport)
    beyond = _BEYOND_PX * scale
    whole = (depth > 1e-3 * camera.reach).all(1)
    low, high = px.min(1), px.max(1)
    middle, around = (low + high) / 2, np.maximum(high - low, _LEAST_PX * scale) / 2
    whole &= (middle - around >= -beyond).all(1) & (middle + around <= np.array(viewport) + beyond).all(1)
    tiny = (high - low).min(1) < _LEAST_PX * scale
    toward = np.broadcast_to(camera.axes[2], center.shape) if camera.orthographic else camera.eye - center
    inside = np.zeros(3) if camera.orthographic else half
    sides = (toward > inside).astype(np.int64) - (toward < -inside)
    kinds = np.where(whole, sides @ (9, 3, 1), 0)
    found = list(middle[:, None] + around[:, None] * _SQUARE)
    for kind in np.unique(kinds).tolist():
        for k in np.flatnonzero((kinds == kind) & ~(tiny & whole)).tolist():
            one = center[k], size[k]
            found[k] = px[k, _OUTLINES[kind]] if kind else silhouette(*one, camera, viewport, scale)
    return found


def _outline_from(way: tuple[int, int, int]) -> NDArray[np.int64]:
    """Return the corners on the outline of a cube, clockwise, that is seen from the given sides (-1, 0 or 1 each)."""
    u, v, w = way
    azimuth, elevation = np.degrees([np.arctan2(u, w), np.arctan2(v, np.hypot(u, w))]).tolist()
    camera = Camera((0.0, 0.0, 0.0), azimuth, elevation, 9.0)
    px, _ = camera.project(CORNERS, (1000, 1000))
    return np.abs(_hull(px)[:, None] - px).max(-1).argmin(1)


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


_SIDES = [(i, j, k) for i in (-1, 0, 1) for j in (-1, 0, 1) for k in (-1, 0, 1) if i or j or k]
_OUTLINES = {9 * i + 3 * j + k: _outline_from((i, j, k)) for i, j, k in _SIDES}
