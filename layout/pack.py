"""Packing: children of one container into rows of columns, as large as the frame allows."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "NO_ROOM",
    "Frame",
    "Items",
    "Plan",
    "Room",
    "best_grid",
    "height_of",
    "least_room",
    "pack_grid",
    "pack_rows",
    "scaled",
]

# A gutter that has nothing to grow widens at most to this many times the mean column.
_WIDEST_GUTTER = 0.6
_ABOUT_AS_GOOD = (0.74, 0.92)  # up to and beyond a count of _COUNTED: three rows of 3, 3, 2 look worse than two of 4
_COUNTED = 32
_MOST_FREE = 0.6  # of a frame's width or height between columns or rows, whatever room the ways need


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


NO_ROOM = Room()


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


def height_of(column: list[int], items: Items, gap: float) -> float:
    """Return the natural height of a column."""
    return sum(map(items.v.__getitem__, column)) + gap * (len(column) - 1)


def scaled(length: float, naturals: float, gaps: int, gap: float, least: float) -> float:
    """Return the scale at which items and the gaps between them, of `least` at least, are `length` long."""
    scale = length / (naturals + gap * gaps)
    return scale if gap * scale >= least else (length - least * gaps) / naturals


def least_room(room: Room, frame: Frame, columns: int, rows: int) -> tuple[float, float]:
    """Return the least room between columns, of which one row has so many, and between rows."""
    gutter = min(room.gutter, _MOST_FREE * frame.width / max(columns - 1, 1))
    return gutter, min(room.corridor, _MOST_FREE * frame.height / max(rows - 1, 1))


def _shares(total: float, weights: list[float], takes: list[bool]) -> list[float]:
    """Split what is left over among those that take it, by weight."""
    sum_of_takers = sum(weight for weight, take in zip(weights, takes, strict=True) if take)
    return [total * weight / sum_of_takers if take else 0.0 for weight, take in zip(weights, takes, strict=True)]


def pack_rows(rows: Sequence[list[list[int]]], items: Items, frame: Frame, gap: float, room: Room = NO_ROOM) -> Plan:
    """Set rows of columns of items: all to one scale, then what is left over to what stretches, or to the gaps.

    Parameters
    ----------
    rows : sequence of list of list of int
    items : Items
    frame : Frame
    gap : float
        Between columns, within them, and between rows, in natural units.
    room : Room
        What is between columns and between rows at least, as far as `_MOST_FREE` allows; no ways run between the items
        of a column.
    """
    widths = [[max(items.u[i] for i in column) for column in row] for row in rows]
    naturals = [max(height_of(column, items, gap) for column in row) for row in rows]
    gutter, between = least_room(room, frame, max(map(len, rows)), len(rows))
    scale = min(scaled(frame.width, sum(row), len(row) - 1, gap, gutter) for row in widths)
    scale = min(scale, scaled(frame.height, sum(naturals), len(rows) - 1, gap, between))
    gutter, between, margin = max(gap * scale, gutter), max(gap * scale, between), 0.0

    heights = [height * scale for height in naturals]
    spare = frame.height - sum(heights) - between * (len(rows) - 1)
    tall = [any(items.stretch_v[i] for column in row for i in column) for row in rows]
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
            slots.append(_set_columns(rows[longest], widths[longest], items, frame, scale, gutter)[: len(row)])
        else:
            slots.append(_set_columns(row, widths[r], items, frame, scale, gutter))
        for c, (column, (left, right)) in enumerate(zip(row, slots[-1], strict=True)):
            _set_column(column, (left, right, bottom, top), items, scale, gap, low, size)
            for i in column:
                row_of[i], column_of[i] = r, c
        top = bottom - between
    return Plan(low, size, row_of, column_of, bands, slots, scale)


def _set_columns(
    row: list[list[int]], naturals: list[float], items: Items, frame: Frame, scale: float, gutter: float
) -> list[tuple[float, float]]:
    """Return left and right of each column of one row."""
    spare = frame.width - sum(naturals) * scale - gutter * (len(row) - 1)
    wide = [any(items.stretch_u[i] for i in column) for column in row]
    widths = [width * scale for width in naturals]
    between, left = gutter, frame.left
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
