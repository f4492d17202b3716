"""One leg of a flight: from one camera and focus to the next."""

import math
from dataclasses import dataclass, replace

from ..cameras.camera import Camera
from ..easing import smooth
from .course import Shot

__all__ = ["Leg"]


@dataclass(frozen=True)
class Leg:
    """A way between two stops.

    Attributes
    ----------
    start, end : Camera
    focus, follower : int
        What is in focus before and after the middle of the way, where one dissolves into the other.
    seconds : float
    dissolve : float
        Seconds that this takes.
    fade : float
        Seconds in which the labels on the model go at the start, and come at the end.
    lift : float
        How much farther away the eye is on the way than the curve of `Camera.between` has it: a share of the distance
        in the middle of the way, less towards its ends.
    """

    start: Camera
    end: Camera
    focus: int
    follower: int
    seconds: float
    dissolve: float
    fade: float
    lift: float = 0.0

    def shot(self, time: float) -> Shot:
        """Return what is seen at a time from 0 to `seconds`."""
        mix = float(smooth((time - self.seconds / 2) / min(self.dissolve, self.seconds) + 0.5))
        camera = self._camera(time / self.seconds)
        # What passes by is not read: its names would come and go several times a second.
        names = float(smooth(1 - min(time, self.seconds - time) / self.fade))
        if mix == 0.0 or self.focus == self.follower:
            return Shot(camera, self.focus, self.focus, names=names)
        if mix == 1.0:
            return Shot(camera, self.follower, self.follower, names=names)
        return Shot(camera, self.focus, self.follower, mix, names)

    def _camera(self, share: float) -> Camera:
        camera = Camera.between(self.start, self.end, share)
        if not self.lift or not 0 < share < 1:
            return camera
        return replace(camera, distance=camera.distance * (1 + self.lift * math.sin(math.pi * share) ** 2))
