"""How fine moving frames may be on this machine: from the times that they take."""

import math
from statistics import median

__all__ = ["COARSEST", "Pacing"]

_STEP, _STEPS = 1.25, 10
_START = 4  # the first movement begins 2.4 times as coarse: previews look nearly the same, and no machine is slow then
COARSEST = _STEP**_STEPS  # containers open at 9 times their usual size: next to nothing is left to be saved then
_LEAP = 3  # steps at once: frames become up to four times as fast
_WINDOW = 3  # frames whose median counts: one slow frame among them says nothing
# Of the target: a step finer makes frames at most 1.56 times as slow, which is still in time.
_MUCH_TOO_SLOW, _TOO_SLOW, _FAST = 2.0, 1.25, 0.6
_GAIN = 0.9  # frames that take more than this of what they took gained nothing from less detail
_SLOWER = 1.3  # times the time at which less detail gained nothing: now it may gain something
_MOST_PATIENCE = 64


class Pacing:
    """Finds the finest detail at which moving frames are in time.

    Frames become coarser in leaps and finer in steps: a slow machine is relieved at once, and none swings. What was
    a little too slow when it was last tried is tried again only after twice as many frames.

    Parameters
    ----------
    target : float
        Seconds that a frame may take.
    """

    def __init__(self, target: float = 1 / 30) -> None:
        self._target = target
        self._steps = _START
        self._times: list[float] = []
        self._before: tuple[int, float] | None = None  # steps and time before the last leap
        self._futile: float | None = None  # the time at which a coarser view gained nothing
        self._patience, self._in_time = 1, 0  # windows in time before a finer one is tried, and how many there were
        self._slow = 0  # windows too slow, one after the other

    @property
    def detail(self) -> float:
        """A factor on the sizes at which containers open, from 1 (fine) to `COARSEST`."""
        return _STEP**self._steps

    def add(self, seconds: float) -> None:
        """Take the time of a moving frame that was drawn with `detail`."""
        self._times.append(seconds)
        if len(self._times) == _WINDOW:
            self._decide(median(self._times))
            self._times.clear()

    def _decide(self, time: float) -> None:
        before, self._before = self._before, None
        self._slow = self._slow + 1 if time > _TOO_SLOW * self._target else 0
        if before is not None and time > _GAIN * before[1]:
            self._steps, self._futile = before[0], before[1]
        elif self._slow >= (1 if time > _MUCH_TOO_SLOW * self._target else 2):
            self._coarsen(time)
        elif time < _FAST * self._target and self._steps > 0:
            self._in_time += 1
            if self._in_time >= self._patience:
                self._steps, self._in_time = self._steps - 1, 0

    def _coarsen(self, time: float) -> None:
        if self._steps == _STEPS or (self._futile is not None and time < _SLOWER * self._futile):
            return
        # Boxes, and so most of the time, go with the square of the size at which containers open.
        leap = min(max(round(math.log(time / self._target) / 2 / math.log(_STEP)), 1), _LEAP)
        self._patience = min(2 * self._patience, _MOST_PATIENCE) if leap == 1 else 1
        self._before, self._futile = (self._steps, time), None
        self._in_time = self._slow = 0
        self._steps = min(self._steps + leap, _STEPS)
