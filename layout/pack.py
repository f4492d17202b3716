"""Packing: children of one container into rows of columns, as large as the frame allows."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import ceil, sqrt

import numpy as np
from numpy.typing import NDArray

__all__ = ["Frame", "Items", "Plan", "Room", "best_grid", "pack_flow", "pack_grid", "pack_rows"]

# A gutter that has nothing to grow widens at most to this many times the mean column.
_WIDEST_GUTTER = 0.6
_MOST_TRIALS = 12
_ABOUT_AS_GOOD = (0.74, 0.92)  # up to and beyond a count of _COUNTED: three rows of 3, 3, 2 look worse than two of 4
_COUNTED = 32
_PRICED_ROWS = 3
_FEW = 8  # a rank this short is cut into columns of equal length, or not at all
# What cutting a rank of a flow into columns must gain: ways round the columns are needed then.
_CUT_PRICE = 1.3


@dataclass(frozen=True, slots=True)
class Frame:
    """A rectangle in a container's frame, whose height is 1."""

    left: float
    bottom: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Room:
    """Free space that the ways between a container's children need, in its frame.

    Attributes
    ----------
    gutter, corridor : float
        Between columns, and between rows.
    left, right, top, bottom : float
        Between the outermost children and the container's edges.
    """

    gutter: float = 0.0
    corridor: float = 0.0
    left: float = 0.0
    right: float = 0.0
    top: float = 0.0
    bottom: float = 0.0


@dataclass(frozen=True, slots=True)
class Items:
    """What is packed.

    Attributes
    ----------
    u, v : list of float
        Natural sizes. Whatever happens, all are scaled alike, unless they stretch.
    stretch_u, stretch_v : list of bool
        Whether an item takes what room is left over.
    """

    u: list[float]
    v: list[float]
    stretch_u: list[bool]
    stretch_v: list[bool]


@dataclass(frozen=True, slots=True)
class Plan:
    """Where the children of one container are, in its frame.

    Attributes
    ----------
    low, size : ndarray of float64, shape (n, 2)
        Lower left corner and extent (u, v) of each child.
    row, column : list of int
        Which slot of `slots` each child stands in.
    bands : list of (float, float)
        Bottom and top of each row, from the top row down.
    slots : list of list of (float, float)
        Left and right of each column of each row. What lies between slots and between bands is free.
    scale : float
        Frame units a natural unit.
    """

    low: NDArray[np.float64]
    size: NDArray[np.float64]
    row: list[int]
    column: list[int]
    bands: list[tuple[float, float]]
    slots: list[list[tuple[float, float]]]
    scale: float


def pack_flow(
    ranks: Sequence[list[int]], items: Items, frame: Frame, gap: float, row_gap: float, row_price: float = 1.0
) -> Plan:
    """Set ranks as columns from left to right, wrapped into rows like text where that makes everything larger.

    Parameters
    ----------
    ranks : sequence of list of int
        Items in reading order; a rank of many may take several columns.
    items : Items
    frame : Frame
    gap, row_gap : float
        Room between columns and within them, and between rows, in natural units.
    row_price : float
        What a further row must gain in size: a single line is easier to follow. A long text pays for few.
    """
    best: tuple[float, list[list[int]], list[int]] | None = None
    for columns, rank_of in _column_choices(ranks, items, gap):
        widths = [max(map(items.u.__getitem__, column)) for column in columns]
        heights = [_height(column, items, gap) for column in columns]
        even = min(widths) == max(widths)
        edges = list(accumulate((width + gap for width in widths), initial=0.0))
        for rows in _row_counts(edges[-1], heights, frame):
            starts = _row_starts(edges, rows, even)
            scale = _scale(starts, edges, heights, frame, gap, row_gap)
            scale /= row_price ** min(len(starts) - 2, _PRICED_ROWS)
            if best is not None and scale > best[0] and _mixes(starts, rank_of):
                scale /= _CUT_PRICE
            if best is None or scale > best[0]:
                best = scale, columns, starts
    assert best is not None, "a container has children"
    _, columns, starts = best
    return pack_rows([columns[a:b] for a, b in pairwise(starts)], items, frame, gap, row_gap)


def _height(column: list[int], items: Items, gap: float) -> float:
    return sum(map(items.v.__getitem__, column)) + gap * (len(column) - 1)


def _column_choices(
    ranks: Sequence[list[int]], items: Items, gap: float
) -> Iterator[tuple[list[list[int]], list[int]]]:
    """Yield ways to cut ranks into columns, and the rank of each column: first uncut, then into more and more."""
    yield list(ranks), list(range(len(ranks)))
    widest = max(len(rank) for rank in ranks)
    if widest == 1:
        return
    tallest = max(_height(rank, items, gap) for rank in ranks)
    pieces = range(2, widest + 1)
    if widest > _MOST_TRIALS:
        pieces = sorted({round(widest ** (k / _MOST_TRIALS)) for k in range(1, _MOST_TRIALS + 1)} - {1})
    for piece in pieces:
        columns: list[list[int]] = []
        rank_of: list[int] = []
        for r, rank in enumerate(ranks):
            cuts = min(len(rank), ceil(_height(rank, items, gap) / tallest * piece - 1e-9))
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


def _scale(
    starts: list[int], edges: list[float], heights: list[float], frame: Frame, gap: float, row_gap: float
) -> float:
    spans = list(pairwise(starts))
    width = max(edges[b] - edges[a] - gap for a, b in spans)
    height = sum(max(heights[a:b]) for a, b in spans) + row_gap * (len(spans) - 1)
    return min(frame.width / width, frame.height / height)


def _shares(total: float, weights: list[float], takes: list[bool]) -> list[float]:
    """Split what is left over among those that take it, by weight."""
    sum_of_takers = sum(weight for weight, take in zip(weights, takes, strict=True) if take)
    return [total * weight / sum_of_takers if take else 0.0 for weight, take in zip(weights, takes, strict=True)]


def pack_rows(rows: Sequence[list[list[int]]], items: Items, frame: Frame, gap: float, row_gap: float) -> Plan:
    """Set rows of columns of items: all to one scale, then what is left over to what stretches, or to the gaps."""
    widths = [[max(items.u[i] for i in column) for column in row] for row in rows]
    naturals = [max(_height(column, items, gap) for column in row) for row in rows]
    across = max(sum(row) + gap * (len(row) - 1) for row in widths)
    along = sum(naturals) + row_gap * (len(rows) - 1)
    scale = min(frame.width / across, frame.height / along)

    heights = [height * scale for height in naturals]
    spare = frame.height - along * scale
    tall = [any(items.stretch_v[i] for column in row for i in column) for row in rows]
    between, margin = row_gap * scale, 0.0
    if any(tall):
        heights = [h + extra for h, extra in zip(heights, _shares(spare, naturals, tall), strict=True)]
    else:
        extra = min(spare / (len(rows) + 1), 0.3 * sum(heights) / len(heights))
        between += extra
        margin = (spare - extra * (len(rows) - 1)) / 2

    n = len(items.u)
    low, size = np.empty((n, 2)), np.empty((n, 2))
    row_of, column_of = [0] * n, [0] * n
    bands: list[tuple[float, float]] = []
    slots: list[list[tuple[float, float]]] = []
    # Equal columns have equal slots, in a shorter last row, too: so equal siblings are laid out alike.
    longest = max(range(len(rows)), key=lambda r: len(rows[r]))
    even = len({width for row in widths for width in row}) == 1
    top = frame.bottom + frame.height - margin
    for r, row in enumerate(rows):
        bottom = top - heights[r]
        bands.append((bottom, top))
        if even:
            slots.append(_set_columns(rows[longest], widths[longest], items, frame, scale, gap)[: len(row)])
        else:
            slots.append(_set_columns(row, widths[r], items, frame, scale, gap))
        for c, (column, (left, right)) in enumerate(zip(row, slots[-1], strict=True)):
            _set_column(column, (left, right, bottom, top), items, scale, gap, low, size)
            for i in column:
                row_of[i], column_of[i] = r, c
        top = bottom - between
    return Plan(low, size, row_of, column_of, bands, slots, scale)


def _set_columns(
    row: list[list[int]], naturals: list[float], items: Items, frame: Frame, scale: float, gap: float
) -> list[tuple[float, float]]:
    """Return left and right of each column of one row."""
    spare = frame.width - (sum(naturals) + gap * (len(row) - 1)) * scale
    wide = [any(items.stretch_u[i] for i in column) for column in row]
    widths = [width * scale for width in naturals]
    between, left = gap * scale, frame.left
    if any(wide):
        widths = [w + extra for w, extra in zip(widths, _shares(spare, naturals, wide), strict=True)]
    else:
        extra = min(spare / (len(row) + 1), _WIDEST_GUTTER * sum(widths) / len(widths))
        between += extra
        left += (spare - extra * (len(row) - 1)) / 2
    slots: list[tuple[float, float]] = []
    for width in widths:
        slots.append((left, left + width))
        left += width + between
    return slots


def _set_column(
    column: list[int],
    box: tuple[float, float, float, float],
    items: Items,
    scale: float,
    gap: float,
    low: NDArray[np.float64],
    size: NDArray[np.float64],
) -> None:
    """Stack the items of one column from the top of its box (left, right, bottom, top), centred unless they stretch."""
    left, right, bottom, top = box
    naturals = [items.v[i] for i in column]
    spare = top - bottom - (sum(naturals) + gap * (len(column) - 1)) * scale
    tall = [items.stretch_v[i] for i in column]
    heights = [v * scale for v in naturals]
    between = gap * scale
    if any(tall):
        heights = [h + extra for h, extra in zip(heights, _shares(spare, naturals, tall), strict=True)]
    else:
        extra = min(spare / (len(column) + 1), 0.3 * sum(heights) / len(heights))
        between += extra
        top -= (spare - extra * (len(column) - 1)) / 2
    for k, (i, height) in enumerate(zip(column, heights, strict=True)):
        if k and i == column[0]:
            break  # the rest are empty slots
        width = right - left if items.stretch_u[i] else items.u[i] * scale
        size[i] = width, height
        low[i] = left + (right - left - width) / 2, top - height
        top -= height + between


def best_grid(count: int, width: float, height: float, aspect: float) -> tuple[int, int]:
    """Return columns and rows of the grid of `count` equal cells in which a thing of `aspect` is drawn largest.

    Of grids that are about as good, the one with the fewest empty cells: 256 experts are 16 x 16.
    """
    columns = np.arange(1, count + 1)
    rows = -(-count // columns)
    tile = np.minimum(width / columns / aspect, height / rows)
    good = np.flatnonzero(tile >= tile.max() * _ABOUT_AS_GOOD[count > _COUNTED])
    best = good[np.lexsort((-tile[good], columns[good] * rows[good]))[0]]
    return int(columns[best]), int(rows[best])


def pack_grid(count: int, frame: Frame, aspect: float, gap: float) -> Plan:
    """Set `count` equal items in reading order on a uniform grid that fills the frame.

    Parameters
    ----------
    count : int
    frame : Frame
    aspect : float
        Aspect that the items would like to have.
    gap : float
        Room between items, as a part of the smaller side of a cell.
    """
    columns, rows = best_grid(count, frame.width, frame.height, aspect)
    space = gap * min(frame.width / columns, frame.height / rows)
    width = (frame.width - space * (columns - 1)) / columns
    height = (frame.height - space * (rows - 1)) / rows
    index = np.arange(count)
    row, column = index // columns, index % columns
    left = frame.left + np.arange(columns) * (width + space)
    top = frame.bottom + frame.height - np.arange(rows) * (height + space)
    low = np.empty((count, 2))
    low[:, 0], low[:, 1] = left[column], top[row] - height
    slots = [(float(x), float(x) + width) for x in left]
    return Plan(
        low,
        np.tile([width, height], (count, 1)),
        row.tolist(),
        column.tolist(),
        [(float(y) - height, float(y)) for y in top],
        [slots] * rows,
        1.0,
    )
