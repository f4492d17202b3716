"""The camera: where the model is looked at from. Pure numpy, no VTK."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .corners import corners_of
from .flight_path import flight_length, flight_path

__all__ = ["Camera", "Margins", "Viewport", "eased"]

Viewport = tuple[int, int]
Margins = tuple[float, float, float, float]  # free pixels at the left, top, right, bottom

_MAX_ELEVATION = 89.0
# In distances: where the eye of a parallel projection stands, so far that lines of sight from it lean by a thousandth.
# What reaches a thousand distances before the target is behind it, and not drawn: 500 times what is in view.
_FAR = 1e3
_LEAST_SLOPE = 0.15  # of a line of sight, for its meeting with the plan to mean anything
_FARTHEST_AIM = 8.0  # in distances
_NARROWEST = 1.0  # degrees: a flight between the projections looks the same with this angle and with none


@dataclass(frozen=True)
class Camera:
    """A camera that looks at a target on the wall of plates, in perspective or in parallel projection.

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
    orthographic : bool
        Parallel projection: everything is as large as a camera in perspective with this distance and angle shows it at
        the target.
    """

    target: tuple[float, float, float]
    azimuth: float
    elevation: float
    distance: float
    fov: float = 30.0
    orthographic: bool = False

    # ---------------------------------------------------------------- frame
    @property
    def axes(self) -> NDArray[np.float64]:
        """Rows: the right, up and backward (towards the eye) directions in (u, v, w)."""
        a, e = math.radians(self.azimuth), math.radians(self.elevation)
        sa, ca, se, ce = math.sin(a), math.cos(a), math.sin(e), math.cos(e)
        return np.array([[ca, 0.0, -sa], [-sa * se, ce, -ca * se], [sa * ce, se, ca * ce]])

    @property
    def eye(self) -> NDArray[np.float64]:
        """The eye's position (u, v, w); of a parallel projection, very far before the target."""
        return np.asarray(self.target) + self.reach * self.axes[2]

    @property
    def reach(self) -> float:
        """From the eye to the target along the line of sight."""
        return self.distance * (_FAR if self.orthographic else 1.0)

    def focal_px(self, viewport: Viewport) -> float:
        """Pixels that a length of one takes at a depth of one, in perspective."""
        return viewport[1] / (2.0 * math.tan(math.radians(self.fov) / 2.0))

    def unit_px(self, viewport: Viewport) -> float:
        """Pixels that a plan unit takes at the target, seen face on."""
        return self.focal_px(viewport) / self.distance

    def units_px(self, depth: ArrayLike, viewport: Viewport) -> NDArray[np.float64]:
        """Return the pixels that a plan unit takes, seen face on, at depths as `project` returns them."""
        depth = np.asarray(depth, np.float64)
        if self.orthographic:
            return np.full(depth.shape, self.unit_px(viewport))
        return self.focal_px(viewport) / np.where(np.abs(depth) < 1e-300, 1e-300, depth)

    def leaning(self, viewport: Viewport) -> float:
        """Return the largest angle, in radians, between a line of sight and the plan's normal."""
        turned = math.acos(self.axes[2, 2])
        half = 0.0 if self.orthographic else math.atan(math.hypot(*viewport) / 2 / self.focal_px(viewport))
        return turned + half

    def frustum(self, depth: ArrayLike, viewport: Viewport) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return half the width and half the height of what is in view at depths as `project` returns them."""
        unit = self.units_px(depth, viewport)
        return viewport[0] / 2 / unit, viewport[1] / 2 / unit

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
        scale = self.units_px(depth, viewport)
        px = np.stack([viewport[0] / 2 + view[..., 0] * scale, viewport[1] / 2 - view[..., 1] * scale], -1)
        return px, depth

    def ray(self, px: Sequence[float], viewport: Viewport) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return a point and the unit direction (u, v, w) of the line of sight through a pixel.

        The point is the eye or, of a parallel projection, lies beside it.
        """
        x, y = px[0] - viewport[0] / 2, viewport[1] / 2 - px[1]
        if self.orthographic:
            unit = self.unit_px(viewport)
            return self.eye + np.array([x / unit, y / unit, 0.0]) @ self.axes, -self.axes[2]
        f = self.focal_px(viewport)
        direction = np.array([x / f, y / f, -1.0]) @ self.axes
        return self.eye, direction / np.linalg.norm(direction)

    # ---------------------------------------------------------------- moves
    def orbited(self, d_azimuth: float, d_elevation: float, pivot: ArrayLike | None = None) -> "Camera":
        """Return the camera turned about a point, by default its target; it never goes over the top.

        The point stays where it is on the screen.
        """
        elevation = min(max(self.elevation + d_elevation, -_MAX_ELEVATION), _MAX_ELEVATION)
        azimuth = (self.azimuth + d_azimuth + 180.0) % 360.0 - 180.0
        turned = replace(self, azimuth=azimuth, elevation=elevation)
        if pivot is None:
            return turned
        fixed = np.asarray(pivot, np.float64)
        offset = self.axes @ (np.asarray(self.target) - fixed)
        return replace(turned, target=_triple(fixed + offset @ turned.axes))

    def panned(self, start_px: Sequence[float], end_px: Sequence[float], viewport: Viewport) -> "Camera":
        """Return the camera after the plan was dragged from one pixel to another."""
        moved = self._on_plan(start_px, viewport) - self._on_plan(end_px, viewport)
        return replace(self, target=_triple(np.asarray(self.target) + moved))

    def zoomed(self, factor: float, cursor_px: Sequence[float], viewport: Viewport) -> "Camera":
        """Return the camera `factor` times nearer to the point of the plan under the cursor, which stays there."""
        fixed = self._on_plan(cursor_px, viewport)
        target = fixed + (np.asarray(self.target) - fixed) / factor
        return replace(self, target=_triple(target), distance=self.distance / factor)

    def aimed(self, point: ArrayLike) -> "Camera":
        """Return the camera that shows the same, but whose target is as high above the wall as a point.

        What is done next follows the plan at that height. Seen from the side, the target is as deep as the point.
        """
        back = self.axes[2]
        normal = np.array([0.0, 0.0, 1.0]) if back[2] > _LEAST_SLOPE else back
        way = float((self.eye - np.asarray(point, np.float64)) @ normal / (back @ normal))
        if not self.orthographic and not 0 < way < _FARTHEST_AIM * self.distance:
            return self
        return replace(
            self, target=_triple(self.eye - way * back), distance=self.distance if self.orthographic else way
        )

    def projected(self, orthographic: bool, fov: float = 30.0) -> "Camera":
        """Return the camera with another projection that shows what is at the target as large."""
        ratio = math.tan(math.radians(self.fov) / 2) / math.tan(math.radians(fov) / 2)
        return replace(self, distance=self.distance * ratio, fov=fov, orthographic=orthographic)

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
        axes = self.axes
        x, y, z = axes @ corners_of(centers - center, 2 * halves).reshape(-1, 3).T
        left, right = margins[0] - viewport[0] / 2, viewport[0] / 2 - margins[2]
        bottom, top = margins[3] - viewport[1] / 2, viewport[1] / 2 - margins[1]
        if right - left < 1 or top - bottom < 1:
            raise ValueError(f"margins {margins} leave nothing of the viewport {viewport}")
        if self.orthographic:
            unit = min((right - left) / max(np.ptp(x), 1e-300), (top - bottom) / max(np.ptp(y), 1e-300))
            ez = distance = self.focal_px(viewport) / unit
            ex, ey = ((p.max() + p.min()) / 2 - (a + b) / 2 / unit for p, a, b in ((x, left, right), (y, bottom, top)))
        else:
            f = self.focal_px(viewport)
            spans: list[tuple[float, float, float, float]] = []
            for p, low, high in ((x, left / f, right / f), (y, bottom / f, top / f)):
                spans.append((float((p + high * z).max()), float((p + low * z).min()), low, high))
            ez = distance = max((a - b) / (high - low) for a, b, low, high in spans)
            ex, ey = (((a - high * ez) + (b - low * ez)) / 2 for a, b, low, high in spans)
        eye = center + np.array([ex, ey, ez]) @ axes
        # The target is where the line of sight meets the foremost plane, so that later zooms and pans follow it.
        facing = axes[2, 2]
        way = (eye[2] - front) / facing if facing > 0.2 else ez
        return replace(
            self, target=_triple(eye - way * axes[2]), distance=float(distance if self.orthographic else way)
        )

    @staticmethod
    def between(a: "Camera", b: "Camera", t: float) -> "Camera":
        """Return the camera at time `t` (0 to 1) of a smooth flight from `a` to `b`.

        Short ways go straight; on long ones the flight rises, so that what passes by is never a blur.
        """
        if t <= 0:
            return a
        if t >= 1:
            return b
        s = eased(t)
        start, end = np.asarray(a.target), np.asarray(b.target)
        turn = (b.azimuth - a.azimuth + 180.0) % 360.0 - 180.0
        fov, orthographic = a.fov + (b.fov - a.fov) * s, a.orthographic
        first, last = a.distance, b.distance
        if a.orthographic != b.orthographic:
            # A dolly zoom: the angle narrows, or widens, while the eye goes away, or comes, so that sizes stay.
            fov = 2 * math.degrees(math.atan(_bend(a) + (_bend(b) - _bend(a)) * s))
            first, last, orthographic = a.projected(False, fov).distance, b.projected(False, fov).distance, False
        share, distance = flight_path(math.dist(a.target, b.target), first, last, s)
        return Camera(
            _triple(start + (end - start) * share),
            a.azimuth + turn * s,
            a.elevation + (b.elevation - a.elevation) * s,
            distance,
            fov,
            orthographic,
        )

    @staticmethod
    def way(a: "Camera", b: "Camera") -> float:
        """Return the length of a flight from `a` to `b`, as it is felt: 1 is about the width of the view."""
        return flight_length(math.dist(a.target, b.target), a.distance, b.projected(b.orthographic, a.fov).distance)

    def _on_plan(self, px: Sequence[float], viewport: Viewport) -> NDArray[np.float64]:
        """Return where the line of sight through a pixel meets the target's plan.

        Near the horizon, it is the plane through the target that faces the eye.
        """
        origin, direction = self.ray(px, viewport)
        target, back = np.asarray(self.target), self.axes[2]
        nearest = self.reach - _FARTHEST_AIM * self.distance if self.orthographic else 0.0
        for normal in (np.array([0.0, 0.0, 1.0]), back):
            slope = float(direction @ normal)
            if abs(slope) > _LEAST_SLOPE:
                reach = float((target - origin) @ normal) / slope
                if nearest < reach < self.reach + _FARTHEST_AIM * self.distance:
                    return origin + reach * direction
        return target


def eased(t: float) -> float:
    """Return the share of the way at a share (0 to 1) of the time: it starts and ends without a jerk."""
    return t * t * t * (t * (6 * t - 15) + 10)


def _bend(camera: Camera) -> float:
    """Return half the height of the view over the distance; none would be the eye of a parallel projection."""
    return math.tan(math.radians(_NARROWEST if camera.orthographic else camera.fov) / 2)


def _triple(point: NDArray[np.float64]) -> tuple[float, float, float]:
    return float(point[0]), float(point[1]), float(point[2])
