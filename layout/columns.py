"""How ranks become columns, and columns rows like those of a text: the choice that makes everything largest."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from math import ceil, sqrt

from .pack import NO_ROOM, Frame, Items, Room, height_of, least_room, scaled

__all__ = ["flow_rows"]

_MOST_TRIALS = 12
_PRICED_ROWS = 3
_FEW = 8  # a rank this short is cut into columns of equal length, or not at all
# What cutting a rank of a flow into columns must gain: ways round the columns are needed then.
_CUT_PRICE = 1.6


def flow_rows(
    ranks: Sequence[list[int]],
    items: Items,
    frame: Frame,
    gap: float,
    row_price: float = 1.0,
    room: Room = NO_ROOM,
    count: int | None = None,
) -> list[list[list[int]]]:
    """Set ranks as columns from left to right, wrapped into rows like text where that makes everything larger.

    Parameters
    ----------
    ranks : sequence of list of int
        Items in reading order; a rank of many may take several columns.
    items : Items
    frame : Frame
    gap : float
        Between columns, within them, and between rows, in natural units.
    row_price : float
        What a further row must gain in size: a single line is easier to follow. A long text pays for few.
    room : Room
        What is between columns and between rows at least.
    count : int, optional
        How many rows, where that is known.

    Returns
    -------
    list of list of list of int
        Rows of columns of items.
    """
    best: tuple[float, list[list[int]], list[int]] | None = None
    for columns, rank_of in _column_choices(ranks, items, gap):
        widths = [max(map(items.u.__getitem__, column)) for column in columns]
        heights = [height_of(column, items, gap) for column in columns]
        even = min(widths) == max(widths)
        edges = list(accumulate((width + gap for width in widths), initial=0.0))
        for rows in (min(count, len(columns)),) if count else _row_counts(edges[-1], heights, frame):
            starts = _row_starts(edges, rows, even)
            scale = _scale(starts, edges, heights, frame, gap, room)
            scale /= row_price ** min(len(starts) - 2, _PRICED_ROWS)
            if best is not None and scale > best[0] and _mixes(starts, rank_of):
                scale /= _CUT_PRICE
            if best is None or scale > best[0]:
                best = scale, columns, starts
    assert best is not None, "a container has children"
    _, columns, starts = best
    return [columns[a:b] for a, b in pairwise(starts)]


def _column_choices(
    ranks: Sequence[list[int]], items: Items, gap: float
) -> Iterator[tuple[list[list[int]], list[int]]]:
    """Yield ways to cut ranks into columns, and the rank of each column: first uncut, then into more and more."""
    yield list(ranks), list(range(len(ranks)))
    widest = max(len(rank) for rank in ranks)
    if widest == 1:
        return
    tallest = max(height_of(rank, items, gap) for rank in ranks)
    pieces = range(2, widest + 1)
    if widest > _MOST_TRIALS:
        pieces = sorted({round(widest ** (k / _MOST_TRIALS)) for k in range(1, _MOST_TRIALS + 1)} - {1})
    for piece in pieces:
        columns: list[list[int]] = []
        rank_of: list[int] = []
        for r, rank in enumerate(ranks):
            cuts = min(len(rank), ceil(height_of(rank, items, gap) / tallest * piece - 1e-9))
            share = ceil(len(rank) / max(cuts, 1))
            if len(rank) <= _FEW:
                share = max(k for k in range(1, share + 1) if len(rank) % k == 0)
            columns.extend(rank[k : k + share] for k in range(0, len(rank), share))
            if len(columns[-1]) < share < len(rank) and _are_equal(rank, items):
                # Equal siblings have equal slots: the empty ones are held by the first in the column once more.
                columns[-1] = columns[-1] + columns[-1][:1] * (share - len(columns[-1]))
            rank_of.extend([r] * (len(columns) - len(rank_of)))
        yield columns, rank_of


def _are_equal(rank: list[int], items: Items) -> bool:
    return len({(items.u[i], items.v[i], items.stretch_v[i]) for i in rank}) == 1


def _mixes(starts: list[int], rank_of: list[int]) -> bool:
    """Whether a rank that is cut shares a row with another, so that ways must lead round its columns."""
    cut = {a for a, b in pairwise(rank_of) if a == b}
    if not cut:
        return False
    spans = pairwise(starts)
    return any(rank_of[a] != rank_of[b - 1] and not cut.isdisjoint(rank_of[a:b]) for a, b in spans)


def _row_counts(width: float, heights: list[float], frame: Frame) -> list[int]:
    """Return numbers of rows worth trying."""
    n = len(heights)
    if n <= _MOST_TRIALS:
        return list(range(1, n + 1))
    mean = sum(heights) / n
    likely = sqrt(max(width / frame.width * frame.height / mean, 1e-9))
    return sorted({min(n, max(1, round(likely * k / 8))) for k in range(4, 14)} | {1})


def _row_starts(edges: list[float], rows: int, even: bool) -> list[int]:
    """Break columns into rows of about equal width; equal columns into rows of equal count, the last one shorter."""
    n = len(edges) - 1
    if even:
        share = ceil(n / rows)
        return [*range(0, n, share), n]
    starts = [0]
    for row in range(1, rows):
        goal = edges[-1] * row / rows
        k = bisect_left(edges, goal)
        k -= k > 0 and goal - edges[k - 1] < edges[k] - goal
        if starts[-1] < k < n:
            starts.append(k)
    return [*starts, n]


def _scale(starts: list[int], edges: list[float], heights: list[float], frame: Frame, gap: float, room: Room) -> float:
    spans = list(pairwise(starts))
    gutter, corridor = least_room(room, frame, max(b - a for a, b in spans), len(spans))
    across = min(scaled(frame.width, edges[b] - edges[a] - gap * (b - a), b - a - 1, gap, gutter) for a, b in spans)
    height = sum(max(heights[a:b]) for a, b in spans)
    return min(across, scaled(frame.height, height, len(spans) - 1, gap, corridor))
