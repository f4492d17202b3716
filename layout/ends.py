"""Where ways leave and enter the sides of children."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .links import ADD, READ, SELF, Links
from .pins import INSET, spread
from .space import Space

__all__ = ["Ends", "ends_of"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Ends:
    """First and last points of ways.

    Attributes
    ----------
    start, stop : ndarray of float64, shape (m, 2)
    """

    start: Floats
    stop: Floats


def ends_of(space: Space, links: Links, net: Ints, gathers: Mask, channels: Ints, near: Mask, lane: float) -> Ends:
    """Choose where each way leaves its source and enters its target.

    A child has one output, in the middle of its right side, or where the way to its neighbour is straight. Inputs are
    spread over its left side in the order in which they come, those from neighbours straight where there is room.

    Parameters
    ----------
    net, gathers
        As `bundles` returns them.
    channels : ndarray of int64, shape (m, 5)
        What each way runs through, -1 for none.
    near : ndarray of bool, shape (m,)
        Ways from neighbour to neighbour.
    lane : float
        Height of the residual lane.
    """
    m = len(links)
    start, stop = np.empty((m, 2)), np.empty((m, 2))
    reads, adds = links.lane == READ, links.lane == ADD
    from_self, to_self = links.source == SELF, links.target == SELF
    source_middle = np.where(from_self, np.nan, (space.low[links.source, 1] + space.high[links.source, 1]) / 2)
    target_middle = np.where(to_self, np.nan, (space.low[links.target, 1] + space.high[links.target, 1]) / 2)
    leave, enter = _levels(space, links, source_middle, target_middle)

    start[:, 0] = np.where(from_self, 0.0, space.high[links.source, 0])
    start[:, 1] = _outputs(links, net, near & ~to_self & ~from_self, leave, source_middle)
    start[reads] = 0.0, lane
    entering = np.flatnonzero(from_self & ~reads)
    if len(entering):
        start[entering, 1] = _inlets(space, net[entering], target_middle[entering], channels[entering], near[entering])

    stop[:, 0] = np.where(to_self, space.width, space.low[links.target, 0])
    streams = (links.width > 0) & (links.lane == 0)
    stop[streams, 1] = enter[streams]
    stop[adds] = 0.0, lane
    arriving = np.flatnonzero(~streams & ~adds & (channels != -1).any(1))
    stop[arriving, 1] = _inputs(space, links, net, gathers, channels, near, start[:, 1], arriving)
    alone = ~(channels != -1).any(1) & ~streams & ~adds
    stop[alone, 1] = lane  # right above the lane: the way has its own ends
    return Ends(start, stop)


def _levels(space: Space, links: Links, source_middle: Floats, target_middle: Floats) -> tuple[Floats, Floats]:
    """Return heights to leave and enter at: the same for both where that is possible, so that the way is straight."""
    leave = np.where(np.isnan(links.leave), source_middle, links.leave)
    enter = np.where(np.isnan(links.enter), target_middle, links.enter)
    bottom = np.maximum(space.low[links.source, 1], space.low[links.target, 1])
    top = np.minimum(space.high[links.source, 1], space.high[links.target, 1])
    at_target = np.isnan(links.leave) & (bottom < enter) & (enter < top)
    at_source = ~at_target & np.isnan(links.enter) & (bottom < leave) & (leave < top)
    return np.where(at_target, enter, leave), np.where(at_source, leave, enter)


def _outputs(links: Links, net: Ints, near: Mask, leave: Floats, middle: Floats) -> Floats:
    """Return the height at which each net leaves each source: to the neighbour that is nearest to its middle."""
    key = net * (int(links.source.max()) + 2) + links.source + 1
    away = np.where(near, np.abs(leave - middle), np.inf)
    order = np.lexsort((away, key))
    fresh = np.append(True, key[order][1:] != key[order][:-1])
    best = order[fresh]
    height = np.where(near[best], leave[best], middle[best])
    out = np.empty(len(links))
    out[order] = np.repeat(height, np.diff(np.append(np.flatnonzero(fresh), len(order))))
    streams = (links.width > 0) & (links.lane == 0)
    return np.where(streams, leave, out)


def _inlets(space: Space, net: Ints, target_middle: Floats, channels: Ints, near: Mask) -> Floats:
    """Return the heights at which nets enter the container at its left edge."""
    wishes: dict[int, float] = {}
    upward = (channels[:, 1] - space.corridors) == 0
    for k, own in enumerate(net.tolist()):
        straight = bool(near[k]) and not np.isnan(target_middle[k])
        wish = float(target_middle[k]) if straight else np.inf if upward[k] else -np.inf
        known = wishes.get(own)
        wishes[own] = wish if known is None or np.isinf(known) else known
    heights = dict(zip(wishes, spread(list(wishes.values()), float(space.bottom[0]), float(space.top[0])), strict=True))
    return np.array([heights[own] for own in net.tolist()])


def _inputs(
    space: Space, links: Links, net: Ints, gathers: Mask, channels: Ints, near: Mask, leave: Floats, rows: Ints
) -> Floats:
    """Return the heights at which ways enter their targets."""
    target = links.target[rows]
    low, high = space.low[target, 1], space.high[target, 1]
    bottom = np.where(target == SELF, float(space.bottom[-1]), low)
    top = np.where(target == SELF, float(space.top[-1]), high)
    channels = channels[rows]
    last = channels[:, 4]
    # The corridor before the last gutter: above the target's row, or below.
    corridor = np.where(channels[:, 3] != -1, channels[:, 3], channels[:, 1]) - space.corridors
    above = corridor == space.row_of(np.minimum(np.maximum(last, 0), space.corridors - 1))
    wish = np.where(near[rows], leave[rows], np.where(above, np.inf, -np.inf))
    wish = np.where(links.lane[rows] == READ, -np.inf, wish)
    wish = np.where(gathers[rows], (bottom + top) / 2, wish)
    key = target * (int(net.max()) + 1) + net[rows]
    _, pins, pin_of = np.unique(key, return_index=True, return_inverse=True)
    height = np.empty(len(pins))
    owner = target[pins]  # sorted, as the keys are
    starts = np.flatnonzero(np.append(True, owner[1:] != owner[:-1]))
    counts = np.diff(np.append(starts, len(owner)))
    single = pins[starts[counts == 1]]
    edge = INSET * (top[single] - bottom[single])
    inside = (wish[single] >= bottom[single] + edge) & (wish[single] <= top[single] - edge)
    height[starts[counts == 1]] = np.where(inside, wish[single], (bottom[single] + top[single]) / 2)
    for a, n in zip(starts[counts > 1].tolist(), counts[counts > 1].tolist(), strict=True):
        these = pins[a : a + n]
        height[a : a + n] = spread(wish[these].tolist(), float(bottom[these[0]]), float(top[these[0]]))
    return height[pin_of]
