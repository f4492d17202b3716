"""Back and forward, as in a browser."""

from dataclasses import dataclass, field

from ..camera import Camera

__all__ = ["History", "Place"]


@dataclass(frozen=True)
class Place:
    """Somewhere one has been: a focus, and the camera if it did not just frame it."""

    focus: int
    camera: Camera | None = None


@dataclass
class History:
    """Places behind and ahead of the present one."""

    limit: int = 200
    behind: list[Place] = field(default_factory=list)
    ahead: list[Place] = field(default_factory=list)

    def leave(self, place: Place) -> None:
        """Note the place that one is about to leave for a new one."""
        if not self.behind or self.behind[-1] != place:
            self.behind.append(place)
            del self.behind[: -self.limit]
        self.ahead.clear()

    def back(self, present: Place) -> Place | None:
        """Return the place before `present`, None where there is none."""
        return _move(self.behind, self.ahead, present)

    def forward(self, present: Place) -> Place | None:
        """Return the place that `back` left, None where there is none."""
        return _move(self.ahead, self.behind, present)

    def clear(self) -> None:
        """Forget all places."""
        self.behind.clear()
        self.ahead.clear()


def _move(source: list[Place], target: list[Place], present: Place) -> Place | None:
    if not source:
        return None
    target.append(present)
    return source.pop()
