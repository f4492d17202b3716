"""A turntable: the eye circles before the face of what is in view, in a loop without a jump."""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ...graph.model_graph import ModelGraph
from ...layout.placement import Placement
from ..cameras.camera import Camera, Margins, Viewport
from ..cameras.corners import corners_of
from ..cameras.framing import framed_boxes, usual_angle
from ..state import ViewState
from .course import Shot

__all__ = ["Turntable", "turntable"]

# A model is a wall with a face and a blank back: a full turn would show nothing for half of the time. So the eye goes
# around an ellipse before the face, degrees to each side, and up and down.
_ASIDE, _UP = 36.0, 8.0
_FARTHEST_ASIDE = 65.0  # beyond, faces are seen too much from the side to be read
_HIGHEST = 89.0
_TRIED = 180  # places on the way at which everything must be in view


@dataclass(frozen=True)
class Turntable:
    """A closed way of the eye around a point that stays where it is on the screen.

    Attributes
    ----------
    seconds : float
        One time around.
    focus : int
    pivot : tuple of float
        The point (u, v, w) around which the eye goes.
    middle : tuple of float
        Azimuth and elevation of the middle of the way, degrees.
    phase : float
        Where it starts, radians.
    camera : Camera
        Gives distance and angle of view.
    shift : tuple of float
        From the target to the pivot, to the right and up on the screen, in distances.
    """

    seconds: float
    focus: int
    pivot: tuple[float, float, float]
    middle: tuple[float, float]
    phase: float
    camera: Camera
    shift: tuple[float, float] = (0.0, 0.0)

    @property
    def is_loop(self) -> bool:
        """It is one."""
        return True

    def shot(self, time: float) -> Shot:
        """Return what is seen at a time; what `seconds` shows is what 0 shows."""
        return Shot(self._seen(time / self.seconds % 1.0), self.focus, self.focus)

    def _seen(self, share: float) -> Camera:
        angle = self.phase + math.tau * share
        azimuth = self.middle[0] + _ASIDE * math.sin(angle)
        elevation = self.middle[1] - _UP * math.cos(angle)
        turned = replace(self.camera, azimuth=azimuth, elevation=elevation)
        right, up, _ = turned.axes
        target = np.asarray(self.pivot) - turned.distance * (self.shift[0] * right + self.shift[1] * up)
        return replace(turned, target=(float(target[0]), float(target[1]), float(target[2])))

    def fitted(self, corners: NDArray[np.float64], viewport: Viewport, margins: Margins) -> "Turntable":
        """Return the nearest such way on which points stay inside the margins all the time.

        The pivot is seen at (cx, cy), the middle of what the margins leave free. A point that is (x, y, z) from it in
        the view frame, z towards the eye, is seen at ``(f x + d cx) / (d - z)``: that this is at most the free
        rectangle's right side R is linear in the distance, ``d >= (f x + R z) / (R - cx)``, and so are the others. In
        parallel projection, z counts for nothing.

        Parameters
        ----------
        corners : ndarray, shape (K, 3)
        """
        left, top, right, bottom = margins
        sides = np.array(
            [viewport[0] / 2 - left, viewport[0] / 2 - right, viewport[1] / 2 - bottom, viewport[1] / 2 - top]
        )
        focal = self.camera.focal_px(viewport)
        middle = (sides[1] - sides[0]) / 2, (sides[3] - sides[2]) / 2
        room = (sides[0] + sides[1]) / 2, (sides[2] + sides[3]) / 2
        distance = 0.0
        for share in np.arange(_TRIED) / _TRIED:
            x, y, z = self._seen(float(share)).axes @ (corners - self.pivot).T
            if self.camera.orthographic:
                z = np.zeros_like(z)
            wanted = [
                (-focal * x + sides[0] * z) / room[0],
                (focal * x + sides[1] * z) / room[0],
                (-focal * y + sides[2] * z) / room[1],
                (focal * y + sides[3] * z) / room[1],
                1.05 * z,
            ]
            distance = max(distance, float(np.max(wanted)))
        shift = middle[0] / focal, middle[1] / focal
        return replace(self, camera=replace(self.camera, distance=distance), shift=shift)


def turntable(
    graph: ModelGraph, placement: Placement, state: ViewState, seconds: float, viewport: Viewport, margins: Margins
) -> Turntable:
    """Return the turntable of what a state shows: of its focus, all in view, or of what its own camera looks at.

    It starts at the state's angles, where these look at the face.
    """
    camera = state.camera
    zoom = 1.0
    if camera is None:
        azimuth, elevation, zoom = state.angle or usual_angle(placement, state.focus)
    else:
        azimuth, elevation = camera.azimuth, camera.elevation
    aside = _FARTHEST_ASIDE - _ASIDE
    middle = min(max(azimuth, -aside), aside) if abs(azimuth) <= _FARTHEST_ASIDE else azimuth
    phase = math.asin((azimuth - middle) / _ASIDE)
    height = min(max(elevation + _UP * math.cos(phase), _UP - _HIGHEST), _HIGHEST - _UP)
    if camera is not None:
        return Turntable(seconds, state.focus, camera.target, (middle, height), phase, camera)
    boxes = framed_boxes(graph, placement, state.focus)
    corners = corners_of(placement.center[boxes], placement.size[boxes]).reshape(-1, 3)
    pivot = (corners.min(0) + corners.max(0)) / 2
    start = Turntable(
        seconds,
        state.focus,
        (float(pivot[0]), float(pivot[1]), float(pivot[2])),
        (middle, height),
        phase,
        Camera((0.0, 0.0, 0.0), azimuth, elevation, 1.0, orthographic=state.projection == "orthographic"),
    )
    fitted = start.fitted(corners, viewport, margins)
    return replace(fitted, camera=replace(fitted.camera, distance=fitted.camera.distance / zoom))
