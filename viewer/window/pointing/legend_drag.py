"""Dragging the range in the scene's legend."""

from math import exp, log

from ....errors import UsageError
from ....options import check_range
from ....overlays.overlay import Scale
from ...scene import Scene
from ...state import ViewState

__all__ = ["LegendDrag"]

_PROBE = 50.0  # pixels over which the legend's measure is read
_CLOSEST = 1e-3  # of the range: its ends do not meet
_FARTHEST = {True: 85.0, False: 1e38}  # logarithm, value: beyond are no numbers of single precision


class LegendDrag:
    """A grip on the legend's range, until the button is released.

    The legend's axis follows the range; the drag keeps to the axis that was there when it began, so that what is
    gripped stays under the cursor.

    Parameters
    ----------
    scene : Scene
        As it was drawn last, with an overlay.
    state : ViewState
        Whose `range` follows the cursor.
    part : str
        What is gripped: "low", "high" or "between".
    y : float
        Where, in device pixels from the top.
    """

    def __init__(self, scene: Scene, state: ViewState, part: str, y: float) -> None:
        coloring = scene.coloring
        assert coloring is not None
        self._state, self._part, self._start = state, part, y
        self._log = coloring.scale is Scale.LOG
        # On a logarithmic axis lengths are ratios.
        self._ends = self._measure(coloring.low), self._measure(coloring.high)
        above, here = (self._measure(scene.legend_value(place)) for place in (y - _PROBE, y))
        self._pixel = (here - above) / _PROBE
        self._mirrored = coloring.overlay.diverging and not self._log

    def to(self, y: float) -> None:
        """Follow the cursor."""
        low, high = self._ends
        shift = (y - self._start) * self._pixel
        least = _CLOSEST * (high - low)
        if self._mirrored:  # zero stays the middle of a diverging map
            if self._part != "between":
                reach = max(high + shift, least) if self._part == "high" else max(-(low + shift), least)
                low, high = -reach, reach
        elif self._part == "low":
            low = min(low + shift, high - least)
        elif self._part == "high":
            high = max(high + shift, low + least)
        else:
            low, high = low + shift, high + shift
        farthest = _FARTHEST[self._log]
        low, high = (min(max(end, -farthest), farthest) for end in (low, high))
        try:
            self._state.range = check_range((exp(low), exp(high)) if self._log else (low, high))
        except UsageError:  # both ends are at the limit, or all but one: the range stays as it was
            return

    def _measure(self, value: float) -> float:
        return log(max(value, 1e-30)) if self._log else value
