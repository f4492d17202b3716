"""Ways through the free space between a container's children."""

from collections import Counter
from functools import cached_property
from itertools import pairwise

import numpy as np

from .pack import Plan
from .polylines import WIDEST_ARC, Point, Way
from .stack import LANE_Y

__all__ = ["Roads"]

_NOTHING = 1e-12
# An arc of r round a corner passes a box whose own corner is r / 3.4 away, both ways; the ribbon has a width.
_ARC_ROOM = 2.0


class Roads:
    """The free space of one plan: gutters between columns, corridors between rows, a margin at the left.

    Parameters
    ----------
    plan : Plan
        Where the children are.
    width : float
        Width of the frame, whose height is 1.
    floor : float
        Lower end of the free space: the residual lane's strip, or 0.
    """

    def __init__(self, plan: Plan, width: float, floor: float) -> None:
        self._plan = plan
        self._boxes: list[list[float]] = np.concatenate([plan.low, plan.low + plan.size], 1).tolist()
        self._width = width
        self._floor = floor
        self._margin = min(slots[0][0] for slots in plan.slots) / 2

    def box(self, child: int) -> tuple[float, float, float, float]:
        """Return left, bottom, right and top of a child."""
        left, bottom, right, top = self._boxes[child]
        return left, bottom, right, top

    def middle(self, child: int) -> float:
        """Return the height of a child's centre."""
        _, bottom, _, top = self.box(child)
        return (bottom + top) / 2

    def corridor(self, row: int) -> float:
        """Return the height of the middle of the free space above `row`; one past the last row is below it."""
        bands = self._plan.bands
        above = bands[row - 1][0] if row > 0 else 1.0
        below = bands[row][1] if row < len(bands) else self._floor
        return (above + below) / 2

    def right_gutter(self, child: int) -> float:
        """Return where the middle of the free space to the right of a child's column is."""
        slots, column = self._plan.slots[self._plan.row[child]], self._plan.column[child]
        right = slots[column + 1][0] if column + 1 < len(slots) else self._width
        return (slots[column][1] + right) / 2

    def left_gutter(self, child: int) -> float:
        """Return where the middle of the free space to the left of a child's column is."""
        slots, column = self._plan.slots[self._plan.row[child]], self._plan.column[child]
        left = slots[column - 1][1] if column else 0.0
        return (left + slots[column][0]) / 2

    def narrowest(self) -> float:
        """Return the width of the narrowest gutter or corridor between two children."""
        plan = self._plan
        gutters = [b[0] - a[1] for slots in plan.slots for a, b in pairwise(slots)]
        corridors = [a[0] - b[1] for a, b in pairwise(plan.bands)]
        return min(gutters + corridors, default=0.0)

    def rim(self) -> float:
        """Return the width of the narrowest rim that a way round may run through."""
        plan = self._plan
        right = max(slots[-1][1] for slots in plan.slots)
        return min(2 * self._margin, 1.0 - plan.bands[0][1], self._width - right)

    def are_neighbours(self, source: int, target: int) -> bool:
        """Whether the way between two children crosses one gutter only."""
        return self._plan.row[source] == self._plan.row[target] and self._adjacent(source, target)

    def level(self, source: int, target: int, leave: float | None, enter: float | None) -> tuple[float, float]:
        """Return heights to leave and enter at: the same for both where that is possible, so the way is straight.

        None stands for any height; by itself that is the middle.
        """
        own_leave = self.middle(source) if leave is None else leave
        own_enter = self.middle(target) if enter is None else enter
        flat = [own_enter] if leave is None else []
        flat += [own_leave] if enter is None else []
        for height in flat:
            if all(self._faces(child, height) for child in (source, target)):
                return height, height
        return own_leave, own_enter

    def _faces(self, child: int, height: float) -> bool:
        """Whether a way can end on a child's side at this height."""
        _, bottom, _, top = self.box(child)
        return bottom < height < top

    def between(self, source: int, target: int, leave: float, enter: float) -> Way:
        """Return the way from the right side of one child, at height `leave`, to the left side of another.

        Neighbours are joined across their gutter. Everything else runs through the gutter beside the
        source, a corridor between rows and the gutter beside the target, so it never meets a third child.
        """
        plan = self._plan
        a, b = plan.row[source], plan.row[target]
        start, end = (self.box(source)[2], leave), (self.box(target)[0], enter)
        out, into = self.right_gutter(source), self.left_gutter(target)
        free = not (self._crowded(source) or self._crowded(target))
        if self.are_neighbours(source, target):
            room = min(out - plan.slots[a][plan.column[source]][1], plan.slots[b][plan.column[target]][0] - out)
            return Way([start, (out, leave), (out, enter), end], WIDEST_ARC if free else room)
        leaving = self.corridor(a + 1 if b > a else a)
        entering = self.corridor(b + 1 if b < a else b)
        # An arc may not cut the corner of a box: how far the way is from the boxes beside it.
        slots = plan.slots[a][plan.column[source]], plan.slots[b][plan.column[target]]
        bands = [abs(leaving - edge) for edge in plan.bands[a]] + [abs(entering - edge) for edge in plan.bands[b]]
        room = min(out - slots[0][1], slots[1][0] - into, self._margin if a != b else 1.0, *bands)
        way = [start, (out, leave), (out, leaving)]
        if abs(leaving - entering) > _NOTHING:
            way += [(self._margin, leaving), (self._margin, entering)]
        return Way([*way, (into, entering), (into, enter), end], _ARC_ROOM * room if free else room)

    def _adjacent(self, source: int, target: int) -> bool:
        """Whether nothing stands between two children of one row, the first to the left."""
        a, b = self._plan.column[source], self._plan.column[target]
        return a < b and not any((self._plan.row[source], c) in self._lowest for c in range(a + 1, b))

    @cached_property
    def _lowest(self) -> dict[tuple[int, int], float]:
        """Lower end of what stands in each column of each row; empty slots are missing."""
        plan, lowest = self._plan, dict[tuple[int, int], float]()
        for slot, bottom in zip(zip(plan.row, plan.column, strict=True), plan.low[:, 1].tolist(), strict=True):
            lowest[slot] = min(bottom, lowest.get(slot, bottom))
        return lowest

    def onto_lane(self, child: int, at: float) -> Way:
        """Return the way from a child down to the residual lane; `at` is where on its lower side, 0 to 1."""
        left, bottom, right, _ = self.box(child)
        if self._reaches_down(child):
            x = left + at * (right - left)
            return Way([(x, bottom), (x, LANE_Y), (min(x + LANE_Y, self._width), LANE_Y)])
        way, room = self._way_down(child, right, self.right_gutter(child))
        return Way([*way, (min(way[-1][0] + LANE_Y, self._width), LANE_Y)], room)

    def off_lane(self, child: int, at: float) -> Way:
        """Return the way from the residual lane up to a child."""
        left, bottom, right, _ = self.box(child)
        if self._reaches_down(child):
            x = left + at * (right - left)
            return Way([(max(x - LANE_Y, 0.0), LANE_Y), (x, LANE_Y), (x, bottom)])
        way, room = self._way_down(child, left, self.left_gutter(child))
        return Way([(max(way[-1][0] - LANE_Y, 0.0), LANE_Y), *reversed(way)], room)

    def _way_down(self, child: int, side: float, gutter: float) -> tuple[list[Point], float]:
        """Return the way from a child's side down to the lane, rows below passed by the left margin; and its radius."""
        middle, row = self.middle(child), self._plan.row[child]
        way = [(side, middle), (gutter, middle)]
        room = min(abs(gutter - edge) for edge in self._plan.slots[row][self._plan.column[child]])
        if row < len(self._plan.bands) - 1:
            corridor = self.corridor(row + 1)
            way += [(gutter, corridor), (self._margin, corridor)]
            room = min(room, self._margin, self._plan.bands[row][0] - corridor)
        return [*way, (way[-1][0], LANE_Y)], room if self._crowded(child) else _ARC_ROOM * room

    def _crowded(self, child: int) -> bool:
        """Whether other children share a child's column, so that an arc may not reach into it."""
        return self._members[self._plan.row[child], self._plan.column[child]] > 1

    @cached_property
    def _members(self) -> Counter[tuple[int, int]]:
        return Counter(zip(self._plan.row, self._plan.column, strict=True))

    def _reaches_down(self, child: int) -> bool:
        """Whether nothing stands between a child and the lane."""
        row, column = self._plan.row[child], self._plan.column[child]
        return row == len(self._plan.bands) - 1 and self.box(child)[1] <= self._lowest[row, column]
