"""The arrangement `wrap`: layers as panels on a page, in rows that are read like text."""

from dataclasses import dataclass
from math import ceil

import numpy as np

from .pack import Plan

__all__ = ["NARROWEST", "WIDEST", "pack_wrap", "page_tile", "picture_height"]

# A panel has about the shape of a window, so that flying to it fills the screen.
_ASPECT = 16 / 9
NARROWEST, WIDEST = 1.2, 2.4
# Gutters, as parts of a panel's height.
_BETWEEN = 0.035
_ROW_GAP = 0.085
_SIDE = 0.09  # where the stream runs down to the next row
_RIM = 0.03
_UNDERPASS = 0.08  # below the last row, where the stream leaves under panels that stand apart


def picture_height(width: float, height: float) -> float:
    """Return the height of the largest window-shaped picture in a panel: what its smallest tile grows with."""
    return min(width / _ASPECT, height)


@dataclass(frozen=True, slots=True)
class _Grid:
    columns: int
    rows: int
    width: float
    height: float

    @property
    def tile(self) -> float:
        return picture_height(self.width, self.height)


def _grid(slots: int, columns: int, aspect: float, floor: float, *, streams: bool) -> _Grid:
    rows = ceil(slots / columns)
    row_gap, side = (_ROW_GAP, _SIDE) if streams else (_BETWEEN, _RIM)
    height = 1.0 / (rows + (rows - 1) * row_gap + _RIM + floor)
    width = (aspect - (2 * side + (columns - 1) * _BETWEEN) * height) / columns
    if width > WIDEST * height:
        width = WIDEST * height
    elif width < NARROWEST * height:
        # Gutters shrink with the panels, so the width is that of the page.
        height = aspect / (2 * side + (columns - 1) * _BETWEEN + columns * NARROWEST)
        width = NARROWEST * height
    return _Grid(columns, rows, width, height)


def _best(slots: int, aspect: float, floor: float, *, streams: bool) -> _Grid:
    best = _grid(slots, 1, aspect, floor, streams=streams)
    for columns in range(2, slots + 1):
        grid = _grid(slots, columns, aspect, floor, streams=streams)
        if grid.tile > best.tile * (1 + 1e-9):
            best = grid
        elif grid.tile < best.tile / 4:
            break  # more columns only make thinner panels
    return best


def page_tile(count: int, aspect: float) -> float:
    """Return the height of the largest window-shaped picture in a panel of a page of `count` panels."""
    return _best(count, aspect, _RIM, streams=True).tile


def pack_wrap(count: int, apart: int, aspect: float, *, streams: bool) -> Plan:
    """Set the panels of a stack into rows.

    Parameters
    ----------
    count : int
        Panels.
    apart : int
        How many of them, at the end, do not belong to the main stack; they keep an empty slot's distance
        where the page has one to spare.
    aspect : float
        Width of the frame, whose height is 1.
    streams : bool
        Whether a residual stream runs from panel to panel, and so needs room to turn at row ends.
    """
    floor = _UNDERPASS if apart and streams else _RIM
    grid = _best(count, aspect, floor, streams=streams)
    slot = np.arange(count)
    if apart and grid.columns * grid.rows > count:
        slot[count - apart :] += 1
    row, column = slot // grid.columns, slot % grid.columns

    side = (_SIDE if streams else _RIM) * grid.height
    spare = aspect - grid.columns * grid.width - 2 * side
    between = 0.0
    if grid.columns > 1:
        between = min(spare / (grid.columns - 1), 0.25 * grid.width)
        side += (spare - between * (grid.columns - 1)) / 2
    else:
        side += spare / 2
    left = side + np.arange(grid.columns) * (grid.width + between)

    rim = _RIM * grid.height
    spare = 1.0 - grid.rows * grid.height - rim - floor * grid.height
    between = 0.0
    if grid.rows > 1:
        between = min(spare / (grid.rows - 1), 0.3 * grid.height)
        rim += (spare - between * (grid.rows - 1)) / 2
    else:
        rim += spare / 2
    top = 1.0 - rim - np.arange(grid.rows) * (grid.height + between)

    low = np.empty((count, 2))
    low[:, 0], low[:, 1] = left[column], top[row] - grid.height
    slots = [(float(x), float(x) + grid.width) for x in left]
    return Plan(
        low,
        np.tile([grid.width, grid.height], (count, 1)),
        row.tolist(),
        column.tolist(),
        [(float(y) - grid.height, float(y)) for y in top],
        [slots] * grid.rows,
        1.0,
    )
