"""One channel: which of the ways along a gutter or corridor lies beside which."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from heapq import heappop, heappush
from typing import NamedTuple

__all__ = ["Run", "tracks_of"]

_SWAPPED = 64  # in a channel of more runs, the order by sides stands: comparing all pairs costs their square
_MANY = 400  # in a channel of more, only the number of tracks counts
_SAME = 1e-9
_OVERLAID = 4.0  # what two stubs on one line cost, in crossings


class Run(NamedTuple):
    """One net's stretch along a channel.

    Attributes
    ----------
    net : int
    start, stop : float
        First and last position along the channel.
    low, high : list of float
        Where the net leaves the channel to its low side (left of a gutter, lower edge of a corridor) and to its high
        side, sorted.
    """

    net: int
    start: float
    stop: float
    low: list[float]
    high: list[float]


def tracks_of(runs: Sequence[Run]) -> list[int]:
    """Give every run a track, from 0 at the low side: few crossings first, then few tracks.

    Runs that do not overlap may share a track. A crossing is a stub to one side that meets a run between itself and
    that side, as in the orthogonal router of ELK.
    """
    if len(runs) > _MANY:
        return _left_edge(runs)
    order = sorted(range(len(runs)), key=lambda k: _by_sides(runs[k]))
    if len(order) <= _SWAPPED:
        _untangle(order, runs)
    track = [0] * len(runs)
    taken: list[tuple[float, float, int]] = []
    for k in order:
        _, start, stop, _, _ = runs[k]
        own = 0
        for a, b, t in taken:
            if t >= own and start < b + _SAME and a < stop + _SAME:
                own = t + 1
        track[k] = own
        taken.append((start, stop, own))
    return track


def _by_sides(run: Run) -> tuple[float, float, int]:
    """Return the first guess of the order: what leaves to the low side is there; of equals, the shorter first."""
    sides = len(run.low) + len(run.high)
    lean = (len(run.high) - len(run.low)) / sides if sides else 0.0
    return lean, (run.stop - run.start) * (1.0 if lean <= 0 else -1.0), run.net


def _untangle(order: list[int], runs: Sequence[Run]) -> None:
    """Swap neighbours, in place, while that takes crossings away."""
    known: dict[tuple[int, int], float] = {}

    def gain(k: int, j: int) -> float:
        """Crossings that are saved when `j` lies on the low side of `k`, and not the other way round."""
        if (k, j) not in known:
            known[k, j] = _cost(runs[k], runs[j]) - _cost(runs[j], runs[k])
            known[j, k] = -known[k, j]
        return known[k, j]

    for _ in range(len(order)):
        swapped = False
        for place in range(len(order) - 1):
            k, j = order[place], order[place + 1]
            if gain(k, j) > 0:
                order[place], order[place + 1] = j, k
                swapped = True
        if not swapped:
            break


def _cost(a: Run, b: Run) -> float:
    """Return the crossings when `a` lies on the low side of `b`."""
    crossings = 0.0
    if a.high:
        crossings += bisect_left(a.high, b.stop - _SAME) - bisect_right(a.high, b.start + _SAME)
    if b.low:
        crossings += bisect_left(b.low, a.stop - _SAME) - bisect_right(b.low, a.start + _SAME)
    if a.high and b.low:
        # A stub that goes low past one that comes high from the same place would lie on it.
        shorter, longer = (a.high, b.low) if len(a.high) < len(b.low) else (b.low, a.high)
        for position in shorter:
            place = bisect_left(longer, position - _SAME)
            if place < len(longer) and longer[place] <= position + _SAME:
                crossings += _OVERLAID
    return crossings


def _left_edge(runs: Sequence[Run]) -> list[int]:
    """Return the fewest tracks, whatever crosses, in n log n: the left-edge algorithm (Hashimoto and Stevens 1971)."""
    track = [0] * len(runs)
    free: list[int] = []
    busy: list[tuple[float, int]] = []
    used = 0
    for k in sorted(range(len(runs)), key=lambda k: (runs[k].start, runs[k].stop, runs[k].net)):
        while busy and busy[0][0] < runs[k].start - _SAME:
            heappush(free, heappop(busy)[1])
        if not free:
            heappush(free, used)
            used += 1
        track[k] = heappop(free)
        heappush(busy, (runs[k].stop, track[k]))
    return track
