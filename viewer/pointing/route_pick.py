"""Which route lies under a pixel: distances to the drawn polylines on the screen."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..cameras.camera import Camera, Viewport

__all__ = ["Strokes", "inside_polygon"]


@dataclass(frozen=True, eq=False)
class Strokes:
    """Straight stretches of ribbons on the screen.

    Attributes
    ----------
    line : ndarray of int64, shape (S,)
        The line of each stretch.
    start, end : ndarray of float64, shape (S, 2)
        In pixels.
    near : ndarray of float64, shape (S, 2)
        One over the depth at both ends.
    half : ndarray of float64, shape (S, 2)
        Half the width in pixels at both ends.
    """

    line: NDArray[np.int64]
    start: NDArray[np.float64]
    end: NDArray[np.float64]
    near: NDArray[np.float64]
    half: NDArray[np.float64]

    @classmethod
    def of(
        cls,
        points: NDArray[np.float64],
        line: NDArray[np.int64],
        width: NDArray[np.float64],
        camera: Camera,
        viewport: Viewport,
    ) -> "Strokes":
        """Project polylines; stretches that reach behind the eye are left out.

        Parameters
        ----------
        points : ndarray, shape (P, 3)
            Of all lines, one after the other.
        line : ndarray of int64, shape (P,)
            The line of each point.
        width : ndarray
            Of each line, in plan units.
        """
        px, depth = camera.project(points, viewport)
        half = width[line] / 2 * camera.units_px(np.maximum(depth, 1e-300), viewport)
        a = np.flatnonzero((line[1:] == line[:-1]) & (depth[1:] > 0) & (depth[:-1] > 0))
        low, high = np.minimum(px[a], px[a + 1]), np.maximum(px[a], px[a + 1])
        reach = np.maximum(half[a], half[a + 1])[:, None]
        a = a[((high + reach >= 0) & (low - reach <= viewport)).all(1)]
        ends = np.stack([a, a + 1], 1)
        return cls(line[a], px[a], px[a + 1], 1 / np.maximum(depth[ends], 1e-300), half[ends])

    @cached_property
    def _bounds(self) -> NDArray[np.float64]:
        """Left, top, right and bottom of all stretches, shape (4, S): a row each, to be compared fast."""
        reach = np.maximum(self.half[:, 0], self.half[:, 1])
        low, high = np.minimum(self.start, self.end).T - reach, np.maximum(self.start, self.end).T + reach
        return np.concatenate([low, high])

    def hits(
        self, at: tuple[float, float], slack: float
    ) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
        """Return the lines within so many pixels of a point.

        Returns
        -------
        line : ndarray of int64, shape (H,)
            Each line once, by its nearest stretch.
        depth : ndarray, shape (H,)
            Of the point of the line that is nearest on the screen.
        outside : ndarray, shape (H,)
            Pixels from the point to the ribbon's edge, negative inside of it.
        """
        (x, y), point = at, np.asarray(at, np.float64)
        left, top, right, bottom = self._bounds
        near = np.flatnonzero((left <= x + slack) & (right >= x - slack) & (top <= y + slack) & (bottom >= y - slack))
        a, along = self.start[near], self.end[near] - self.start[near]
        length = np.maximum((along**2).sum(1), 1e-300)
        t = np.clip(((point - a) * along).sum(1) / length, 0.0, 1.0)
        distance = np.linalg.norm(point - a - along * t[:, None], axis=1)
        outside = distance - (self.half[near, 0] * (1 - t) + self.half[near, 1] * t)
        hit = np.flatnonzero(outside <= slack)
        hit = hit[np.lexsort((outside[hit], self.line[near[hit]]))]
        line = self.line[near[hit]]
        first = hit[np.append(True, line[1:] != line[:-1])[: len(line)]]
        # Across the screen it is one over the depth that changes evenly.
        nearness = self.near[near[first], 0] * (1 - t[first]) + self.near[near[first], 1] * t[first]
        return self.line[near[first]], 1 / nearness, outside[first]


def inside_polygon(polygons: NDArray[np.float64], at: tuple[float, float], slack: float) -> NDArray[np.int64]:
    """Return the indices of convex polygons that hold a point, or come within so many pixels of it.

    Parameters
    ----------
    polygons : ndarray, shape (K, C, 2)
        Corners in order around each, either way; several may be in one place.
    """
    point = np.asarray(at, np.float64)
    a, b = polygons, np.roll(polygons, -1, 1)
    along, to = b - a, point - a
    side = along[..., 0] * to[..., 1] - along[..., 1] * to[..., 0]
    inside = (side >= 0).all(1) | (side <= 0).all(1)
    t = np.clip((to * along).sum(2) / np.maximum((along**2).sum(2), 1e-300), 0.0, 1.0)
    distance = np.linalg.norm(to - along * t[..., None], axis=2).min(1, initial=np.inf)
    return np.flatnonzero(inside | (distance <= slack))
