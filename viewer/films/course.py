"""What a film shows at each moment of it: a course takes a time to a shot. No VTK, no Qt."""

import math
from dataclasses import dataclass
from typing import Protocol

from ..cameras.camera import Camera

__all__ = ["Course", "Shot", "frame_count"]


@dataclass(frozen=True)
class Shot:
    """One moment of a film.

    Attributes
    ----------
    camera : Camera
    focus : int
        The part that the title names, and beside which all else recedes.
    follower : int
        The focus that the shot dissolves into.
    mix : float
        The follower's share in the picture, 0 to 1.
    names : float
        Opacity of the labels on the model, 0 to 1.
    """

    camera: Camera
    focus: int
    follower: int
    mix: float = 0.0
    names: float = 1.0


class Course(Protocol):
    """A way through a model."""

    @property
    def seconds(self) -> float:
        """How long it takes."""
        ...

    @property
    def is_loop(self) -> bool:
        """Whether the first moment follows the last one."""
        ...

    def shot(self, time: float) -> Shot:
        """Return what is seen at a time from 0 to `seconds`."""
        ...


def frame_count(seconds: float, fps: int) -> int:
    """Return the number of frames that last so many seconds: at least one."""
    return max(1, math.floor(seconds * fps + 0.5))
