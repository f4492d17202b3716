"""The free space between a container's children: gutters between columns, corridors between rows, a margin."""

import numpy as np
from numpy.typing import NDArray

from .links import SELF
from .pack import Plan

__all__ = ["MARGIN", "Space"]

MARGIN = 0.55  # of what is free at the left, where ways from row to row run; the rest is the first gutter
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


class Space:
    """Where boxes and free strips of one plan are, in its frame.

    Strips are channels, by number: gutters row by row, one more than a row has columns; then corridors, from that above
    the first row to that below the last; then the margin at the left.

    Parameters
    ----------
    plan : Plan
        Where the children are.
    width : float
        Width of the frame, whose height is 1.
    floor : float
        Lower end of the free space: the residual lane's upper edge, or 0.

    Attributes
    ----------
    low, high : ndarray of float64, shape (n, 2)
        Boxes of the children.
    bottom, top : ndarray of float64, shape (rows,)
        Of each row.
    corridors : int
        Number of the first corridor.
    margin : int
        Number of the margin.
    edges : ndarray of float64, shape (margin + 1, 2)
        Edges of each channel, across the way.
    """

    def __init__(self, plan: Plan, width: float, floor: float) -> None:
        self.width, self.floor = width, floor
        self.low, self.high = plan.low, plan.low + plan.size
        self.rows = len(plan.bands)
        bands = np.array(plan.bands)
        self.bottom: Floats = bands[:, 0]
        self.top: Floats = bands[:, 1]
        self._row, self._column = np.array(plan.row, np.int64), np.array(plan.column, np.int64)
        self.columns = np.array([len(slots) for slots in plan.slots], np.int64)
        self._first = np.append(0, np.cumsum(self.columns + 1))
        self.corridors = int(self._first[-1])
        self.margin = self.corridors + self.rows + 1
        self.edges = self._edges(plan)
        # Children in each slot; one more slot a row stands for what is behind it.
        self._members = np.bincount(self._first[self._row] + self._column, minlength=self.corridors)
        self._occupied = np.append(0, np.cumsum(self._members > 0))
        lowest = np.full(self.corridors, np.inf)
        np.minimum.at(lowest, self._first[self._row] + self._column, self.low[:, 1])
        self._lowest = lowest

    def _edges(self, plan: Plan) -> Floats:
        edges = np.empty((self.margin + 1, 2))
        margin = MARGIN * min(slots[0][0] for slots in plan.slots) if self.rows > 1 else 0.0
        slots = np.array([slot for row in plan.slots for slot in row])
        last = self._first[1:] - 1
        before = np.ones(self.corridors, np.bool_)
        before[last] = False
        behind = np.ones(self.corridors, np.bool_)
        behind[self._first[:-1]] = False
        edges[: self.corridors][before, 1] = slots[:, 0]
        edges[last, 1] = self.width
        edges[: self.corridors][behind, 0] = slots[:, 1]
        edges[self._first[:-1], 0] = margin
        above = np.append(1.0, self.bottom)
        edges[self.corridors : self.margin, 1] = above
        edges[self.corridors : self.margin, 0] = np.append(self.top, min(self.floor, above[-1]))
        edges[self.margin] = 0.0, margin
        return edges

    def out_slot(self, child: Ints) -> tuple[Ints, Ints]:
        """Return row and column that ways from children start in; from the container, that is its left edge."""
        own = child != SELF
        return np.where(own, self._row[child], 0), np.where(own, self._column[child], -1)

    def in_slot(self, child: Ints) -> tuple[Ints, Ints]:
        """Return row and column that ways to children end in; to the container, that is its right edge."""
        own = child != SELF
        return np.where(own, self._row[child], self.rows - 1), np.where(own, self._column[child], self.columns[-1])

    def gutter(self, row: Ints, column: Ints) -> Ints:
        """Return the channels before columns; one past the last column is behind it."""
        return self._first[row] + column

    def row_of(self, gutter: Ints) -> Ints:
        """Return the rows that gutters are in."""
        return np.searchsorted(self._first, gutter, side="right") - 1

    def are_neighbours(self, row: Ints, a: Ints, other: Ints, b: Ints) -> NDArray[np.bool_]:
        """Whether nothing stands between column `a` of a row and the later column `b` of the `other`, the same row."""
        between = self._occupied[self._first[other] + np.maximum(b, 0)] - self._occupied[self._first[row] + a + 1]
        return (row == other) & (a < b) & (between == 0)

    def is_crowded(self, child: Ints) -> NDArray[np.bool_]:
        """Whether other children share a child's column, so that an arc may not reach into it."""
        return (child != SELF) & (self._members[self._first[self._row[child]] + self._column[child]] > 1)

    def reaches_down(self, child: Ints) -> NDArray[np.bool_]:
        """Whether nothing stands between a child and the lower edge."""
        row = self._row[child]
        return (row == self.rows - 1) & (self.low[child, 1] <= self._lowest[self._first[row] + self._column[child]])

    def narrowest(self) -> float:
        """Return the width of the narrowest gutter or corridor between children, or of the rim around a single one."""
        inner = np.ones(self.margin, np.bool_)
        inner[self._first[:-1]] = inner[self._first[1:] - 1] = False
        inner[[self.corridors, self.margin - 1]] = False
        widths = np.diff(self.edges[: self.margin][inner], axis=1)
        return float(widths.min()) if len(widths) else float(self.edges[0, 1])
