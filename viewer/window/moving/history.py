"""Back and forward, as in a browser."""

from collections.abc import Callable
from dataclasses import dataclass, field

from ...cameras.camera import Camera

__all__ = ["History", "Place"]


@dataclass(frozen=True)
class Place:
    """Somewhere one has been: a focus, and the camera if it did not just frame it."""

    focus: int
    camera: Camera | None = None


def _always(_place: Place) -> bool:
    return True


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

    def back(self, present: Place, shown: Callable[[Place], bool] = _always) -> Place | None:
        """Return the last place before `present` that is shown, None where there is none; others are passed by."""
        return _move(self.behind, self.ahead, present, shown)

    def forward(self, present: Place, shown: Callable[[Place], bool] = _always) -> Place | None:
        """Return the next place that `back` left and that is shown, None where there is none."""
        return _move(self.ahead, self.behind, present, shown)

    def forget_cameras(self, moved: Callable[[int], bool]) -> None:
        """Let places whose focus has moved be framed anew: where their cameras looked, there is something else now."""
        for places in (self.behind, self.ahead):
            places[:] = [Place(place.focus) if moved(place.focus) else place for place in places]

    def clear(self) -> None:
        """Forget all places."""
        self.behind.clear()
        self.ahead.clear()


def _move(source: list[Place], target: list[Place], present: Place, shown: Callable[[Place], bool]) -> Place | None:
    at = next((k for k in reversed(range(len(source))) if shown(source[k])), None)
    if at is None:
        return None
    target += [present, *reversed(source[at + 1 :])]
    place = source[at]
    del source[at:]
    return place
