"""Ways between the children of one container."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archviz3d.layout.links import ADD, NO_LANE, READ, SELF, bundles
from archviz3d.layout.pack import Room
from archviz3d.layout.router import Router
from archviz3d.layout.space import Space

from .conftest import check_clear
from .test_links import links
from .test_space import TENTH, plan_of

SOME = settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
BROADEST, WIDTH, LANE, FLOOR = 0.02, 2.0, 0.04, 0.08
NEAR = 1e-9


class Drawing:
    """The ways of some links between children in rows of columns."""

    def __init__(self, rows, pairs, room=TENTH, floor=0.0, **columns):
        self.plan, self.links = plan_of(rows, WIDTH, room, floor), links(pairs, **columns)
        self.space = Space(self.plan, WIDTH, floor)
        self.router = Router(self.space, self.links, LANE)
        self.routed = self.router.routed(BROADEST)
        self.net = bundles(self.links)[0]
        self.ways = [way for way in self.routed.ways.corners]

    def stretches(self, k, inner=False):
        """The stretches of a way that have a length; the `inner` ones are neither the first nor the last."""
        way = self.ways[k]
        some = [(a, b) for a, b in zip(way[:-1], way[1:], strict=True) if np.abs(a - b).max() > NEAR]
        return some[1:-1] if inner else some

    def same_data(self, j, k):
        """Whether two ways share a trunk or an output."""
        own = self.links
        from_one = own.source[j] == own.source[k] and own.inlet[j] == own.inlet[k]
        return from_one or self.net[j] == self.net[k]

    def pairs(self, inner=False):
        """Each two stretches of ways that carry different data, and these ways."""
        for j, k in combinations(range(len(self.ways)), 2):
            if not self.same_data(j, k):
                yield from ((a, b, j, k) for a in self.stretches(j, inner) for b in self.stretches(k, inner))

    def crossings(self):
        """Places where trunks of different data cross, by brute force."""
        found = set()
        for a, b, j, k in self.pairs():
            at = crossing(a, b)
            if at is not None:
                found.add((*np.round(at, 9), *sorted((int(self.net[j]), int(self.net[k])))))
        return len(found)

    def beside(self, inner=True):
        """Distances of stretches that run beside each other in one channel, and the ways that they are of."""
        for a, b, j, k in self.pairs(inner):
            if is_upright(a) == is_upright(b):
                axis = int(is_upright(a))
                low, high = (max(min(s[0][axis], s[1][axis]) for s in (a, b)),
                             min(max(s[0][axis], s[1][axis]) for s in (a, b)))  # fmt: skip
                # In a corridor, stubs to the rows above and below are not told apart.
                bands = zip(self.space.bottom, self.space.top, strict=True) if axis else [(0.0, WIDTH)]
                if any(min(high, top) - max(low, bottom) > NEAR for bottom, top in bands):
                    yield abs(a[0][1 - axis] - b[0][1 - axis]), j, k


def is_upright(stretch):
    return abs(stretch[0][0] - stretch[1][0]) < NEAR


def crossing(one, two):
    """The point where the insides of two stretches cross at a right angle, None if they do not."""
    if is_upright(one) == is_upright(two):
        return None
    upright, level = (one, two) if is_upright(one) else (two, one)
    at = np.array([upright[0][0], level[0][1]])
    low, high = np.minimum(level[0], upright[0]), np.maximum(level[0], upright[0])
    (left, right), (bottom, top) = sorted((level[0][0], level[1][0])), sorted((upright[0][1], upright[1][1]))
    return at if left + NEAR < at[0] < right - NEAR and bottom + NEAR < at[1] < top - NEAR else None


FAN_OUT, FAN_IN = [(0, k) for k in range(1, 10)], [(k, 10) for k in range(1, 10)]
ROWS_OF_A_FAN = [[[1, 3, 3, 3, 1]], [[1, 9, 1]], [[1], [3, 3, 3], [1]], [[1, 3, 3], [3, 1]]]


@pytest.mark.parametrize("rows", ROWS_OF_A_FAN, ids=str)
def test_interleaved_fans_of_a_rank_in_several_columns_do_not_cross(rows):
    drawing = Drawing(rows, [*FAN_OUT, *FAN_IN])
    assert drawing.crossings() == 0
    assert len(set(drawing.net.tolist())) == 2
    # With what passes the rank by, two trunks meet at the end, and there only if they come round rows.
    assert Drawing(rows, [*FAN_OUT, *FAN_IN, (0, 10)]).crossings() <= (len(rows) > 1)


@st.composite
def drawings(draw, streams=True):
    """Random ways between random rows of columns: forward in reading order, or backward, from and to the container."""
    rows = draw(st.lists(st.lists(st.integers(1, 3), min_size=1, max_size=4), min_size=1, max_size=3))
    plan = plan_of(rows, WIDTH)
    n = len(plan.row)
    place = [(plan.row[k], plan.column[k]) for k in range(n)]
    child = st.integers(0, n - 1)
    kinds = ["between", "between", "between", "in", "out", *["read", "add"] * streams]
    ways, column = {}, {"inlet": [], "lane": [], "backward": [], "width": [], "at": []}
    for kind in draw(st.lists(st.sampled_from(kinds), min_size=1, max_size=14)):
        one, two = draw(child), draw(child)
        source = SELF if kind in ("in", "read") else one
        target = SELF if kind in ("out", "add") else two
        if source == target or (source, target) in ways:
            continue
        ways[source, target] = kind
        column["inlet"].append(draw(st.integers(0, 2)) if kind == "in" else 0)
        column["lane"].append({"read": READ, "add": ADD}.get(kind, NO_LANE))
        column["backward"].append(kind == "between" and place[source] >= place[target])
        column["width"].append(0.015 if kind in ("read", "add") else 0.0)
        column["at"].append(draw(st.sampled_from([0.2, 0.5, 0.88])))
    if not ways:
        ways[SELF, 0] = "in"
        column = {"inlet": [0], "lane": [NO_LANE], "backward": [False], "width": [0.0], "at": [0.5]}
    return Drawing(rows, list(ways), floor=FLOOR, **column)


@SOME
@given(drawing=drawings())
def test_ways_are_axis_parallel_and_pass_through_no_box(drawing):
    space, own = drawing.space, drawing.links
    for k, way in enumerate(drawing.ways):
        assert (np.abs(np.diff(way, axis=0)).min(1) < NEAR).all()
        assert (way >= -NEAR).all()
        assert (way <= (WIDTH + NEAR, 1 + NEAR)).all()
        check_clear(way, space.low, space.high)
        if own.lane[k] == NO_LANE:
            assert (way[:, 1] >= FLOOR - NEAR).all()
        source, target = int(own.source[k]), int(own.target[k])
        if own.lane[k] != READ:
            assert way[0, 0] == (0.0 if source == SELF else space.high[source, 0]) or own.lane[k] == ADD
            if source != SELF:
                assert space.low[source, 1] - NEAR <= way[0, 1] <= space.high[source, 1] + NEAR
        if own.lane[k] != ADD:
            assert way[-1, 0] == (WIDTH if target == SELF else space.low[target, 0]) or own.lane[k] == READ
            if target != SELF:
                assert space.low[target, 1] - NEAR <= way[-1, 1] <= space.high[target, 1] + NEAR


@SOME
@given(drawing=drawings(streams=False))
def test_ways_of_different_data_keep_apart(drawing):
    width = drawing.routed.width
    for distance, j, k in drawing.beside():
        assert distance >= (width[j] + width[k]) / 2 - NEAR
    assert all(distance > NEAR for distance, *_ in drawing.beside(inner=False))
