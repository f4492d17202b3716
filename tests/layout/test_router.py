"""Ways between the children of one container."""

from itertools import combinations, pairwise

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

SOME = settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
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
        self.ways = list(self.routed.ways.corners)

    def stretches(self, k, inner=False):
        """The stretches of a way that have a length; the `inner` ones are neither the first nor the last."""
        some = [(a, b) for a, b in pairwise(self.ways[k]) if np.abs(a - b).max() > NEAR]
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


@pytest.mark.parametrize("rows", [[[1] * 8], [[1] * 8, [1]]], ids=["a row", "two rows"])
def test_nested_ways_do_not_cross(rows):
    skips = [(k, 7 - k) for k in range(3)]
    assert Drawing(rows, skips).crossings() == 0
    assert Drawing(rows, [(b, a) for a, b in skips], backward=True).crossings() == 0


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


def heights(drawing, k):
    return drawing.ways[k][:, 1]


def test_a_way_to_a_neighbour_is_straight_and_one_past_others_goes_above_them():
    drawing = Drawing([[1, 1, 1]], [(0, 1), (1, 2), (0, 2)])
    assert heights(drawing, 0).tolist() == [0.5] * 8
    assert heights(drawing, 1).tolist() == [0.5] * 8
    assert drawing.space.top[0] < heights(drawing, 2).max() < 1


def test_neighbours_of_different_heights_are_joined_straight_where_they_overlap():
    # The one box beside three is as tall as all of them: a way to each is straight at the middle of the smaller one.
    drawing = Drawing([[3, 1]], [(0, 3), (1, 3), (2, 3)])
    middles = drawing.space.low[:3, 1] + drawing.plan.size[:3, 1] / 2
    for k in range(3):
        np.testing.assert_allclose(heights(drawing, k), middles[k])
    # And so is one from it; of several it leaves straight to the one nearest to its middle.
    drawing = Drawing([[1, 2]], [(0, 1)])
    np.testing.assert_allclose(heights(drawing, 0), (drawing.space.low[1, 1] + drawing.space.high[1, 1]) / 2)
    drawing = Drawing([[1, 3]], [(0, 1), (0, 2), (0, 3)])
    np.testing.assert_allclose(heights(drawing, 1), 0.5)
    assert heights(drawing, 0)[0] == heights(drawing, 2)[0] == pytest.approx(0.5)


def test_what_comes_together_passes_below_and_so_does_what_closes_a_cycle():
    rows = [[1, 1, 1, 1, 1, 1]]
    drawing = Drawing(rows, [(0, 5), (1, 5), (2, 5), (3, 5)])
    assert all(0 < heights(drawing, k).min() < drawing.space.bottom[0] for k in range(4))
    assert all(heights(drawing, k).max() < drawing.space.top[0] for k in range(4))
    back = Drawing(rows, [(4, 1), (0, 2)], backward=[True, False])
    assert heights(back, 0).min() < back.space.bottom[0]
    assert heights(back, 1).max() > back.space.top[0]
    assert back.ways[0][0, 0] == back.space.high[4, 0]  # out at the right, in at the left, round both
    assert back.ways[0][-1, 0] == back.space.low[1, 0]
    assert back.ways[0][:, 0].max() > back.space.high[4, 0]
    assert back.ways[0][:, 0].min() < back.space.low[1, 0]


def test_a_way_to_the_next_row_leads_between_the_rows_and_one_to_a_later_row_along_the_left_edge():
    drawing = Drawing([[2, 1], [1, 1], [1]], [(2, 3), (2, 5), (5, 0)], backward=[False, False, True])
    space = drawing.space
    following, later, back = drawing.ways
    assert ((space.top[1] < following[:, 1]) & (following[:, 1] < space.bottom[0])).any()
    assert following[:, 0].min() > space.edges[space.margin, 1]
    for way in (later, back):
        assert 0 < way[:, 0].min() < space.edges[space.margin, 1]
        between = (way[:, 1] > space.top[2]) & (way[:, 1] < space.bottom[1])
        assert between.any()  # above the last row
    assert back[:, 1].max() < space.top[0]  # into the first row from below


def test_streams_are_read_from_and_added_to_the_lane():
    # Of two boxes in a column the lower one stands right above the lane; the upper one is reached from its sides.
    pairs, lane = [(SELF, 0), (0, SELF), (SELF, 1), (1, SELF)], [READ, ADD, READ, ADD]
    drawing = Drawing([[2]], pairs, floor=FLOOR, lane=lane, width=0.015, at=[0.5, 0.88, 0.2, 0.88])
    low, high = drawing.space.low, drawing.space.high
    left, right = float(low[0, 0]), float(high[0, 0])
    for k in (0, 2):
        (leave, turn), (_, up) = drawing.stretches(k)[:2]
        assert leave[1] == turn[1] == LANE
        assert 0 <= leave[0] < turn[0]  # in the direction of the stream
        assert up[1] > LANE
    for k in (1, 3):
        (down, _), (turn, join) = drawing.stretches(k)[-2:]
        assert turn[1] == join[1] == LANE
        assert turn[0] < join[0] <= WIDTH
        assert down[1] > LANE
    read, add, read_above, add_above = drawing.ways
    assert read[:-1, 0].max() < left == read[-1, 0]
    assert add[1:, 0].min() > right == add[0, 0]
    assert all(low[0, 1] <= y <= high[0, 1] for y in (read[-1, 1], add[0, 1]))
    assert read_above[-1].tolist() == pytest.approx([left + 0.2 * (right - left), low[1, 1]])
    assert add_above[0].tolist() == pytest.approx([left + 0.88 * (right - left), low[1, 1]])
    assert drawing.routed.width.tolist() == [0.015] * 4


def test_a_stream_keeps_its_heights_and_width():
    drawing = Drawing([[1, 1]], [(0, 1)], leave=0.3, enter=0.7, width=0.031)
    assert drawing.ways[0][0].tolist() == [drawing.space.high[0, 0], 0.3]
    assert drawing.ways[0][-1].tolist() == [drawing.space.low[1, 0], 0.7]
    assert drawing.routed.width.tolist() == [0.031]
    assert drawing.routed.bundle.tolist() == [-1]


def test_trunks_are_numbered_and_what_has_none_is_not():
    drawing = Drawing([[1, 4, 1, 1]], [(5, 6), *((0, k) for k in (1, 2)), *((k, 5) for k in (1, 2, 3, 4))])
    lone, *rest = drawing.routed.bundle.tolist()
    assert lone == -1
    assert rest[0] == rest[1]
    assert len(set(rest[2:])) == 1
    assert {rest[0], rest[2]} == {0, 1}
    assert drawing.routed.bundle.dtype == np.int32


def test_a_ribbon_is_as_broad_as_it_may_be_and_no_broader_than_its_track():
    pairs = [(0, 1), (1, 2)]
    assert Drawing([[1, 1, 1]], pairs).routed.width.tolist() == [BROADEST] * 2
    narrow = Drawing([[1, 1, 1]], pairs, Room(0.01, 0.1, 0.1, 0.1, 0.1, 0.1)).routed.width
    assert 0 < narrow[0] == narrow[1] < 0.01
    # Ways past others are as broad as the tracks above the row allow, and a straight one little broader.
    ways = [(6, 7), *((k, k + 2) for k in range(6))]
    calm = Drawing([[1] * 8], ways, Room(0.1, 0.1, 0.1, 0.1, 0.07, 0.1)).routed.width
    assert len(set(calm.tolist())) == 1
    assert calm[0] < BROADEST
    crowded = Drawing([[1] * 8], ways, Room(0.1, 0.1, 0.1, 0.1, 0.012, 0.1))
    width, pitch = crowded.routed.width, min(distance for distance, *_ in crowded.beside())
    assert 0 < width[1:].max() < pitch < 0.012
    assert width[1:].max() < width[0] < BROADEST


RIM = Room(*[0.03] * 6)
CROWDED = {
    "a row": ([[1] * 9], [(a, b) for a in range(9) for b in range(a + 2, 9)]),
    "fans": ([[3, 3, 3]], [(a, b) for a in range(3) for b in range(3, 9)]),
    "rows": ([[1] * 5] * 3, [(k, k + 6) for k in range(9)] + [(k, k + 5) for k in range(5)]),
    "against the flow": ([[1] * 6], [(b, a) for a in range(6) for b in range(a + 1, 6)]),
}


def with_room(rows, pairs, pitch):
    """The drawing with narrow strips, the room that it asks for, and the drawing with that."""
    backward = [source > target for source, target in pairs]
    before = Drawing(rows, pairs, RIM, backward=backward)
    room = before.router.demand(pitch)
    names = ("gutter", "corridor", "left", "right", "top", "bottom")
    wide = Room(*(max(getattr(room, name), getattr(RIM, name)) for name in names))
    return before, room, Drawing(rows, pairs, wide, backward=backward)


@pytest.mark.parametrize(
    ("name", "pitch"), {"a row": 0.01, "fans": 0.02, "rows": 0.02, "against the flow": 0.012}.items()
)
def test_with_the_room_that_it_asks_for_all_tracks_are_a_pitch_apart(name, pitch):
    rows, pairs = CROWDED[name]
    before, room, after = with_room(rows, pairs, pitch)
    assert min(distance for distance, *_ in before.beside()) < pitch
    assert min(distance for distance, *_ in after.beside()) >= pitch - NEAR, room
    assert after.router.demand(pitch) is None


def test_no_room_is_asked_for_where_there_is_enough():
    rows, pairs = CROWDED["a row"]
    assert Drawing(rows, pairs, RIM).router.demand(1e-4) is None
    assert Drawing([[1, 1]], [(0, 1)], RIM).router.demand(0.5) is None  # a straight way needs no track


def test_room_for_ways_leaves_more_room_for_children():
    rows = [[1] * 12] * 4
    pairs = [(a, b) for a in range(48) for b in range(48) if a != b and (a * 7 + b) % 5 == 0]
    room = with_room(rows, pairs, 0.05)[1]
    assert room.gutter * 11 <= 0.5 * WIDTH
    assert room.corridor * 3 <= 0.5
    assert max(room.left, room.right, room.top, room.bottom) <= 0.2
    assert min(room.gutter, room.corridor, room.left, room.right, room.top, room.bottom) > 0
