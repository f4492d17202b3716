"""The camera: where the model is looked at from. Pure numpy, no VTK."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Camera", "Margins", "Viewport"]

Viewport = tuple[int, int]
Margins = tuple[float, float, float, float]  # free pixels at the left, top, right, bottom

_MAX_ELEVATION = 89.0
# van Wijk & Nuij, "Smooth and efficient zooming and panning" (2003): how much a flight rises over long ways.
_FLIGHT_CURVATURE = 1.1
_NO_WAY = 1e-9  # of the distance: shorter ways are a zoom alone


@dataclass(frozen=True)
class Camera:
    """A perspective camera that looks at a target on the wall of plates.

    Coordinates are the placement's: `u` right, `v` up, `w` towards the viewer. Pixels have their
    origin at the top left of the viewport.

    Attributes
    ----------
    target : tuple of float
        The point (u, v, w) in the middle of the viewport.
    azimuth, elevation : float
        Degrees; 0, 0 is the front. A positive azimuth moves the eye to the right, a positive elevation up.
    distance : float
        From the eye to the target, in plan units.
    fov : float
        Vertical angle of view, degrees.
    """

    target: tuple[float, float, float]
    azimuth: float
    elevation: float
    distance: float
    fov: float = 30.0

    # ---------------------------------------------------------------- frame
    @property
    def axes(self) -> NDArray[np.float64]:
        """Rows: the right, up and backward (towards the eye) directions in (u, v, w)."""
        a, e = math.radians(self.azimuth), math.radians(self.elevation)
        sa, ca, se, ce = math.sin(a), math.cos(a), math.sin(e), math.cos(e)
        return np.array([[ca, 0.0, -sa], [-sa * se, ce, -ca * se], [sa * ce, se, ca * ce]])

    @property
    def eye(self) -> NDArray[np.float64]:
        """The eye's position (u, v, w)."""
        return np.asarray(self.target) + self.distance * self.axes[2]

    def focal_px(self, viewport: Viewport) -> float:
        """Pixels that a length of one takes at a depth of one."""
        return viewport[1] / (2.0 * math.tan(math.radians(self.fov) / 2.0))

    def unit_px(self, viewport: Viewport) -> float:
        """Pixels that a plan unit takes at the target, seen face on."""
        return self.focal_px(viewport) / self.distance

    # ---------------------------------------------------------------- points and pixels
    def to_view(self, points: ArrayLike) -> NDArray[np.float64]:
        """Return points (..., 3) in the view frame: right, up and depth in front of the eye."""
        view = (np.asarray(points, np.float64) - self.eye) @ self.axes.T
        view[..., 2] *= -1.0
        return view

    def project(self, points: ArrayLike, viewport: Viewport) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Project points onto the viewport.

        Parameters
        ----------
        points : array_like, shape (K, 3)
        viewport : tuple of int
            Width and height in pixels.

        Returns
        -------
        px : ndarray, shape (K, 2)
            Meaningful where `depth` is positive.
        depth : ndarray, shape (K,)
            Distance in front of the eye along the line of sight; negative behind it.
        """
        view = self.to_view(points)
        depth = view[..., 2]
        scale = self.focal_px(viewport) / np.where(np.abs(depth) < 1e-300, 1e-300, depth)
        px = np.stack([viewport[0] / 2 + view[..., 0] * scale, viewport[1] / 2 - view[..., 1] * scale], -1)
        return px, depth

    def ray(self, px: Sequence[float], viewport: Viewport) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the eye and the unit direction (u, v, w) of the line of sight through a pixel."""
        f = self.focal_px(viewport)
        direction = np.array([(px[0] - viewport[0] / 2) / f, (viewport[1] / 2 - px[1]) / f, -1.0]) @ self.axes
        return self.eye, direction / np.linalg.norm(direction)

    # ---------------------------------------------------------------- moves
    def orbited(self, d_azimuth: float, d_elevation: float) -> "Camera":
        """Return the camera turned about its target; it never goes over the top."""
        elevation = min(max(self.elevation + d_elevation, -_MAX_ELEVATION), _MAX_ELEVATION)
        azimuth = (self.azimuth + d_azimuth + 180.0) % 360.0 - 180.0
        return replace(self, azimuth=azimuth, elevation=elevation)

    def panned(self, dx_px: float, dy_px: float, viewport: Viewport) -> "Camera":
        """Return the camera after the plan was dragged by so many pixels (right, down)."""
        centre = (viewport[0] / 2, viewport[1] / 2)
        start = self._on_plan(centre, viewport)
        end = self._on_plan((centre[0] - dx_px, centre[1] - dy_px), viewport)
        return self._moved(end - start)

    def zoomed(self, factor: float, cursor_px: Sequence[float], viewport: Viewport) -> "Camera":
        """Return the camera `factor` times nearer to the point of the plan under the cursor, which stays there."""
        fixed = self._on_plan(cursor_px, viewport)
        target = fixed + (np.asarray(self.target) - fixed) / factor
        return replace(self, target=_triple(target), distance=self.distance / factor)

    def fitted(
        self, box_center: ArrayLike, box_size: ArrayLike, viewport: Viewport, margins: Margins = (0, 0, 0, 0)
    ) -> "Camera":
        """Return the nearest camera with this direction that shows a whole box, or several, inside the margins.

        The solution is exact: every corner (x, y, z) in the view frame asks for
        ``left * depth <= x <= right * depth`` with the tangents of the free rectangle's sides, which is
        linear in the eye's position.

        Parameters
        ----------
        box_center, box_size : array_like, shape (3,) or (K, 3)
        """
        centers, halves = np.atleast_2d(np.asarray(box_center, np.float64), np.asarray(box_size, np.float64) / 2)
        center, front = centers[0], float((centers + halves)[:, 2].max())
        signs = np.array([[i, j, k] for i in (-1, 1) for j in (-1, 1) for k in (-1, 1)], np.float64)
        axes = self.axes
        corners = (centers - center)[:, None, :] + signs * halves[:, None, :]
        x, y, z = axes @ corners.reshape(-1, 3).T
        f = self.focal_px(viewport)
        left, right = margins[0] - viewport[0] / 2, viewport[0] / 2 - margins[2]
        bottom, top = margins[3] - viewport[1] / 2, viewport[1] / 2 - margins[1]
        if right - left < 1 or top - bottom < 1:
            raise ValueError(f"margins {margins} leave nothing of the viewport {viewport}")
        spans: list[tuple[float, float, float, float]] = []
        for p, low, high in ((x, left / f, right / f), (y, bottom / f, top / f)):
            spans.append((float((p + high * z).max()), float((p + low * z).min()), low, high))
        ez = max((a - b) / (high - low) for a, b, low, high in spans)
        ex, ey = (((a - high * ez) + (b - low * ez)) / 2 for a, b, low, high in spans)
        eye = center + np.array([ex, ey, ez]) @ axes
        # The target is where the line of sight meets the foremost plane, so that later zooms and pans follow it.
        facing = axes[2, 2]
        distance = (eye[2] - front) / facing if facing > 0.2 else ez
        return replace(self, target=_triple(eye - distance * axes[2]), distance=float(distance))

    @staticmethod
    def between(a: "Camera", b: "Camera", t: float) -> "Camera":
        """Return the camera at time `t` (0 to 1) of a smooth flight from `a` to `b`.

        Short ways go straight; on long ones the flight rises, so that what passes by is never a blur.
        """
        if t <= 0:
            return a
        if t >= 1:
            return b
        s = t * t * t * (t * (6 * t - 15) + 10)
        start, end = np.asarray(a.target), np.asarray(b.target)
        way = float(np.linalg.norm(end - start))
        share, distance = _flight(way, a.distance, b.distance, s)
        turn = (b.azimuth - a.azimuth + 180.0) % 360.0 - 180.0
        return Camera(
            _triple(start + (end - start) * share),
            a.azimuth + turn * s,
            a.elevation + (b.elevation - a.elevation) * s,
            distance,
            a.fov + (b.fov - a.fov) * s,
        )

    @staticmethod
    def way(a: "Camera", b: "Camera") -> float:
        """Return the length of a flight from `a` to `b`, as it is felt: 1 is about the width of the view."""
        shift = math.dist(a.target, b.target)
        if shift < _NO_WAY * max(a.distance, b.distance):
            return abs(math.log(b.distance / a.distance)) / _FLIGHT_CURVATURE
        r0, r1 = _flight_ends(shift, a.distance, b.distance)
        return (r1 - r0) / _FLIGHT_CURVATURE

    # ---------------------------------------------------------------- helpers
    def _on_plan(self, px: Sequence[float], viewport: Viewport) -> NDArray[np.float64]:
        """Where the ray through `px` meets the target's plan; near the horizon, the plane that faces the eye."""
        origin, direction = self.ray(px, viewport)
        target, back = np.asarray(self.target), self.axes[2]
        for normal in (np.array([0.0, 0.0, 1.0]), back):
            slope = float(direction @ normal)
            if abs(slope) > 0.15:
                reach = float((target - origin) @ normal) / slope
                if 0 < reach < 8 * self.distance:
                    return origin + reach * direction
        return target

    def _moved(self, by: NDArray[np.float64]) -> "Camera":
        return replace(self, target=_triple(np.asarray(self.target) + by))


def _triple(point: NDArray[np.float64]) -> tuple[float, float, float]:
    return float(point[0]), float(point[1]), float(point[2])


def _flight(way: float, w0: float, w1: float, s: float) -> tuple[float, float]:
    """Share of the way done and distance at share `s` of van Wijk's optimal path."""
    rho = _FLIGHT_CURVATURE
    if way < _NO_WAY * max(w0, w1):
        return s, w0 * (w1 / w0) ** s
    r0, r1 = _flight_ends(way, w0, w1)
    r = s * (r1 - r0) + r0
    # tanh(r) * cosh(r0) - sinh(r0) written as sinh(r - r0) / cosh(r): no cancellation on short ways
    share = w0 / (rho * rho * way) * math.sinh(r - r0) / math.cosh(r)
    return min(max(share, 0.0), 1.0), w0 * math.cosh(r0) / math.cosh(r)


def _flight_ends(way: float, w0: float, w1: float) -> tuple[float, float]:
    """Return r0 and r1 of van Wijk's path: it is (r1 - r0) / rho long."""
    rho = _FLIGHT_CURVATURE
    b0 = (w1 * w1 - w0 * w0 + rho**4 * way * way) / (2 * w0 * rho * rho * way)
    b1 = (w1 * w1 - w0 * w0 - rho**4 * way * way) / (2 * w1 * rho * rho * way)
    return -math.asinh(b0), -math.asinh(b1)
