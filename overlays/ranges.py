"""From values to places on a colour map: robust ranges, scales, quantiles."""

import numpy as np
from numpy.typing import NDArray

from ..graph.kinds import NodeKind
from ..graph.model_graph import ModelGraph
from .aggregate import Aggregate
from .overlay import Overlay, Scale

__all__ = ["QUANTILES", "automatic_range", "ordered_sample", "population", "quantile_table", "shares"]

QUANTILES = 256
_LOW, _HIGH = 1.0, 99.0  # percentiles that a range spans unless it is given
_SAMPLE = 100_000  # values looked at for percentiles and histograms: every so many-th of more
# A model repeats its parts thousands of times: where values are so few, each counts once, or the range would be that of
# one kind of part.
_REPEATS = 0.02
_NARROWEST = 1e-5  # extent of a range, of its larger end
# Nearly always open, so that their sums are no colours on the screen and only stretch the range.
_FRAMES = (
    *(NodeKind.MODEL, NodeKind.STACK, NodeKind.LAYER, NodeKind.MTP, NodeKind.OPTIMIZER),
    *(NodeKind.ATTENTION, NodeKind.HEADS, NodeKind.MOE, NodeKind.EXPERTS),
)


def population(overlay: Overlay, graph: ModelGraph) -> NDArray[np.float32]:
    """Return the values that an overlay's colours must tell apart, of all steps, without NaN, ascending.

    Sums of containers are much larger than their parts, and both are drawn: they count as well.
    """
    values = overlay.values.ravel()
    if overlay.aggregate is Aggregate.SUM and overlay.step_count:
        frames = np.isin(graph.kind, _FRAMES)
        drawn = graph.subtree_sums(frames) == 0  # neither they nor what holds some
        drawn[overlay.ids] = True
        few = np.unique(np.linspace(0, overlay.step_count - 1, 4).astype(int))
        values = np.concatenate([overlay.at(graph, int(step)).values[drawn] for step in few])
    return ordered_sample(values)


def ordered_sample(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the finite ones of some values, ascending; of very many, evenly spaced ones."""
    values = values[np.isfinite(values)]
    return np.sort(values[:: -(-len(values) // _SAMPLE) or 1])


def automatic_range(ordered: NDArray[np.float32], scale: Scale, diverging: bool) -> tuple[float, float]:
    """Return a range that leaves out the extreme hundredth at both ends.

    Parameters
    ----------
    ordered : ndarray, ascending, without NaN
    scale : Scale
        On a logarithmic scale only positive values count.
    diverging : bool
        The range is centred on zero, but for a logarithmic scale.
    """
    if scale is Scale.LOG:
        ordered = ordered[ordered > 0]
    distinct = np.unique(ordered)
    if len(distinct) < _REPEATS * len(ordered):
        ordered = distinct
    if not len(ordered):
        return (1.0, 10.0) if scale is Scale.LOG else (-1.0, 1.0) if diverging else (0.0, 1.0)
    if diverging and scale is not Scale.LOG:
        most = float(np.percentile(np.abs(ordered), _HIGH, method="higher")) or float(np.abs(ordered).max()) or 1.0
        return -most, most
    low = float(np.percentile(ordered, _LOW, method="lower"))  # values that there are, not means of two
    high = float(np.percentile(ordered, _HIGH, method="higher"))
    if scale is Scale.LINEAR and 0 <= low <= 0.25 * high:
        low = 0.0  # amounts are read from zero
    if high <= low:
        low, high = float(ordered[0]), float(ordered[-1])
    if high <= low:  # one value for all: it takes the middle
        pad = abs(low) / 2 or 0.5
        low, high = (low / 2, high * 2) if scale is Scale.LOG else (low - pad, high + pad)
    # The shader counts in single precision: there must be some numbers between the ends.
    least = _NARROWEST * max(abs(low), abs(high))
    return (low, high) if high - low > least else (low - least, high + least)


def quantile_table(ordered: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the values at `QUANTILES` equal steps of rank, ascending; zeros where there are none."""
    if not len(ordered):
        return np.zeros(QUANTILES, np.float32)
    return np.quantile(ordered, np.linspace(0, 1, QUANTILES)).astype(np.float32)


def shares(
    values: NDArray[np.float32], low: float, high: float, scale: Scale, quantiles: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return places on the colour map, 0 to 1, NaN for NaN. ``shaders/value_color.glsl`` does the same.

    On a logarithmic scale what is not positive is at 0. By quantiles, ties have the middle of their ranks.
    """
    values = values.astype(np.float32)
    if scale is Scale.QUANTILE:
        below = np.searchsorted(quantiles, values, "left")
        above = np.searchsorted(quantiles, values, "right")
        place = (below + above - 1) / 2 / (QUANTILES - 1)
    elif scale is Scale.LOG:
        floor = max(low, 1e-37)
        top = max(high, floor * (1 + 1e-6))
        place = np.log(np.maximum(values.astype(np.float64), floor) / floor) / np.log(top / floor)
    else:  # in double precision: the difference of two huge values has none in single
        place = (values.astype(np.float64) - low) / (high - low)
    place = np.clip(place, 0.0, 1.0).astype(np.float32)
    place[np.isnan(values)] = np.nan
    return place
