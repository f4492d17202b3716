"""Between two placements of one model: what is shown while its parts move from one to the other."""

import numpy as np

from ...layout.placement import Placement, Ports, Routes
from .camera import Camera

__all__ = ["Morph", "between_cameras"]


class Morph:
    """The way from one placement to another.

    Everything goes straight. That a part lies inside its container and stands on it are linear conditions, so they hold
    on the way where they hold at both ends; parts beside each other may cross.

    Parameters
    ----------
    before, after : Placement
        Of the same graph.
    """

    def __init__(self, before: Placement, after: Placement) -> None:
        # What one of the two leaves out is nowhere on the way.
        there = ((before.size[:, 0] > 0) & (after.size[:, 0] > 0))[:, None]
        self._aspect = after.aspect
        self._start = before.center, before.size * there, before.top
        self._way = after.center - before.center, (after.size - before.size) * there, after.top - before.top

    def at(self, share: float) -> Placement:
        """Return the placement at a share (0 to 1) of the way, without routes and ports; it is a "wrap"."""
        center, size, top = (start + way * share for start, way in zip(self._start, self._way, strict=True))
        return Placement("wrap", self._aspect, center, size, top, _NO_ROUTES, _NO_PORTS)


def between_cameras(before: Camera, after: Camera, share: float) -> Camera:
    """Return the camera that goes along: straight, too, so that a part that both look at stays in view."""
    target = np.asarray(before.target) + (np.asarray(after.target) - before.target) * share
    turn = (after.azimuth - before.azimuth + 180.0) % 360.0 - 180.0
    return Camera(
        (float(target[0]), float(target[1]), float(target[2])),
        before.azimuth + turn * share,
        before.elevation + (after.elevation - before.elevation) * share,
        before.distance + (after.distance - before.distance) * share,
        before.fov + (after.fov - before.fov) * share,
        after.orthographic,
    )


_IDS, _CODES, _FLAGS = np.empty(0, np.int32), np.empty(0, np.uint8), np.empty(0, np.bool_)
_NOWHERE, _STARTS = np.empty((0, 3)), np.zeros(1, np.int64)
_NO_ROUTES = Routes(_IDS, _IDS, _IDS, _CODES, _CODES, _FLAGS, _IDS, _STARTS, _NOWHERE, np.empty(0))
_NO_PORTS = Ports(_IDS, _IDS, _FLAGS, _IDS, _CODES, _CODES, _NOWHERE)
