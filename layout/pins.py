"""Pins: the heights at which ways leave and enter the sides of boxes."""

from collections.abc import Sequence
from itertools import pairwise

__all__ = ["INSET", "spread"]

INSET = 0.12  # of a side's length, at both ends, that stays free


def spread(wishes: Sequence[float], bottom: float, top: float) -> list[float]:
    """Return heights on a side, in the order of the wishes and apart from each other.

    A wish within the side is kept where there is room, so that the way is straight; infinite ones come from above
    or below. What is left over is spread between the kept ones.
    """
    n = len(wishes)
    edge = INSET * (top - bottom)
    low, high = bottom + edge, top - edge
    if n == 1:
        return [wishes[0] if low <= wishes[0] <= high else (low + high) / 2]
    apart = (high - low) / (2 * n)
    order = sorted(range(n), key=lambda k: (wishes[k], k))
    heights = [0.0] * n
    kept: list[tuple[int, float]] = [(-1, low - apart)]
    for place, k in enumerate(order):
        room = apart * (place - kept[-1][0])  # for those between
        if low <= wishes[k] <= high and wishes[k] >= kept[-1][1] + room and wishes[k] <= high - apart * (n - 1 - place):
            kept.append((place, wishes[k]))
    kept.append((n, high + apart))
    for (a, at), (b, until) in pairwise(kept):
        for place in range(a + 1, b):
            heights[order[place]] = at + (until - at) * (place - a) / (b - a)
        if b < n:
            heights[order[b]] = until
    return heights
