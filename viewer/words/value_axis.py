"""The axis of a value legend: where values stand along it, and which of them are written."""

from dataclasses import dataclass
from math import ceil, floor, log10

import numpy as np
from numpy.typing import NDArray

from ...overlays.overlay import Figure, Scale
from ...overlays.ranges import QUANTILES
from ..coloring import Coloring

__all__ = ["ValueAxis"]

_TAIL = 0.2  # percent of the values at each end that the axis may leave out
# ... and what of the last few percent is more than so many ranges beyond it: the colours would have no room.
_BULK, _BEYOND = 2.0, 0.4
_SPACE = 0.06  # free part of the axis beyond the range, so that its ends can be dragged outwards
_LEAST = 1e-30


@dataclass(frozen=True)
class ValueAxis:
    """An axis over a coloring's values, from 0 at its lower to 1 at its upper end.

    It spans the range and nearly all values, so that one sees what lies beyond the range.

    Attributes
    ----------
    scale : Scale
    low, high : float
        Ends of the axis in its own measure: values, their logarithms, or ranks.
    coloring : Coloring
    """

    scale: Scale
    low: float
    high: float
    coloring: Coloring

    @classmethod
    def of(cls, coloring: Coloring) -> "ValueAxis":
        """Return the axis for a coloring."""
        scale, spread = coloring.scale, coloring.spread
        if scale is Scale.QUANTILE:
            return cls(scale, 0.0, 1.0, coloring)
        if coloring.overlay.figure is Figure.CATEGORY:
            return cls(scale, coloring.low, coloring.high, coloring)
        low, high = coloring.low, coloring.high
        if scale is Scale.LOG:
            spread = spread[spread > 0]
            low, high = max(low, _LEAST), max(high, 2 * _LEAST)
        if len(spread):
            tail = int(_TAIL / 100 * len(spread))  # they are in order
            low, high = min(low, float(spread[tail])), max(high, float(spread[-1 - tail]))
        ends = [coloring.low, coloring.high]
        if scale is Scale.LOG:
            low, high = float(np.log(low)), float(np.log(high))
            ends = np.log(np.maximum(ends, _LEAST)).tolist()
        beyond = _BEYOND * (ends[1] - ends[0])
        first, last = ends[0] - beyond, ends[1] + beyond
        if len(spread):
            tail = int(_BULK / 100 * len(spread))
            bulk = spread[[tail, -1 - tail]].astype(np.float64)
            bulk = np.log(bulk) if scale is Scale.LOG else bulk
            first, last = min(first, float(bulk[0])), max(last, float(bulk[1]))
        low, high = max(low, first), min(high, last)
        space = _SPACE * (high - low) or 1.0
        return cls(scale, low - space, high + space, coloring)

    def at(self, values: NDArray[np.floating] | float) -> NDArray[np.float64]:
        """Return the places of values on the axis, beyond 0 to 1 for what is beyond its ends."""
        measure = np.asarray(values, np.float64)
        if self.scale is Scale.QUANTILE:
            return np.searchsorted(self.coloring.quantiles, measure) / (QUANTILES - 1)
        if self.scale is Scale.LOG:
            measure = np.log(np.maximum(measure, _LEAST))
        return (measure - self.low) / (self.high - self.low)

    def value(self, place: float) -> float:
        """Return the value at a place on the axis."""
        if self.scale is Scale.QUANTILE:
            return float(np.interp(place, np.linspace(0, 1, QUANTILES), self.coloring.quantiles))
        measure = self.low + place * (self.high - self.low)
        return float(np.exp(measure)) if self.scale is Scale.LOG else measure

    def counts(self, bins: int) -> NDArray[np.int64]:
        """Return how many values stand in each of `bins` equal parts of the axis; those beyond count at its ends."""
        places = np.clip(self.at(self.coloring.spread), 0, 1)
        return np.bincount(np.minimum((places * bins).astype(np.int64), bins - 1), minlength=bins)

    def ticks(self, most: int) -> list[float]:
        """Return round values to write along the axis, ascending, `most` at most."""
        if self.scale is Scale.QUANTILE:
            ranks = np.linspace(0, QUANTILES - 1, min(most, 5)).round().astype(int)
            return np.unique(self.coloring.quantiles[ranks]).tolist()  # ties once
        if self.scale is Scale.LOG:
            first, last = ceil(self.low / np.log(10)), floor(self.high / np.log(10))
            if last - first >= 1:
                every = -(-(last - first + 1) // max(most, 1))
                return [10.0**k for k in range(first, last + 1, every)]
            return _round_between(float(np.exp(self.low)), float(np.exp(self.high)), most)
        return _round_between(self.low, self.high, most)


def _round_between(low: float, high: float, most: int) -> list[float]:
    """Return multiples of 1, 2 or 5 times a power of ten between two values."""
    power = 10.0 ** floor(log10((high - low) / max(most, 1)))
    for step in (power, 2 * power, 5 * power, 10 * power):
        first, last = ceil(low / step - 1e-9), floor(high / step + 1e-9)
        if last - first < most:
            return [k * step for k in range(first, last + 1)]
    return []
