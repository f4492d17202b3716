"""The free strips between the children of one container."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archviz3d.layout.links import SELF
from archviz3d.layout.pack import Plan, Room
from archviz3d.layout.space import Space

MANY = settings(max_examples=150, deadline=None)
TENTH = Room(0.1, 0.1, 0.1, 0.1, 0.1, 0.1)
ROWS = st.lists(st.lists(st.integers(1, 3), min_size=1, max_size=4), min_size=1, max_size=4)


def plan_of(rows, width=2.0, room=TENTH, floor=0.0):
    """A plan of rows of columns of so many boxes each, numbered as text is read, that fill the frame less some room."""
    tall = (1.0 - floor - room.top - room.bottom - room.corridor * (len(rows) - 1)) / len(rows)
    low, size, row, column, bands, slots = [], [], [], [], [], []
    top = 1.0 - room.top
    for r, columns in enumerate(rows):
        wide = (width - room.left - room.right - room.gutter * (len(columns) - 1)) / len(columns)
        left = room.left
        bands.append((top - tall, top))
        slots.append([])
        for c, count in enumerate(columns):
            part = tall / (count + 0.2 * (count - 1))  # boxes in a column are a fifth of their height apart
            for k in range(count):
                low.append((left, top - part * (1.2 * k + 1)))
                size.append((wide, part))
                row.append(r)
                column.append(c)
            slots[-1].append((left, left + wide))
            left += wide + room.gutter
        top -= tall + room.corridor
    return Plan(np.array(low), np.array(size), row, column, bands, slots, 1.0)


def of(*numbers):
    return np.array(numbers, np.int64)


# Two boxes in the second of three columns; below them a row of two columns.
UNEVEN = [[1, 2, 1], [1, 1]]


def test_channels_are_numbered_row_by_row_then_come_corridors_and_the_margin():
    space = Space(plan_of(UNEVEN), 2.0, 0.0)
    assert (space.rows, space.columns.tolist()) == (2, [3, 2])
    assert (space.corridors, space.margin, len(space.edges)) == (7, 10, 11)
    assert space.gutter(of(0, 0, 1, 1), of(0, 3, 0, 2)).tolist() == [0, 3, 4, 6]
    assert space.row_of(np.arange(7)).tolist() == [0, 0, 0, 0, 1, 1, 1]


def test_edges_of_channels():
    room = Room(gutter=0.1, corridor=0.2, left=0.2, right=0.05, top=0.04, bottom=0.06)
    space = Space(plan_of(UNEVEN, 2.0, room), 2.0, 0.0)
    widths = np.diff(space.edges, axis=1).ravel()
    margin = space.edges[space.margin]
    assert margin[0] == 0
    assert 0 < margin[1] < 0.2  # part of the free space at the left, the rest is the first gutter
    np.testing.assert_allclose(widths[[0, 4]], 0.2 - margin[1])
    np.testing.assert_allclose(widths[[1, 2, 5]], 0.1)
    np.testing.assert_allclose(widths[[3, 6]], 0.05)
    np.testing.assert_allclose(space.edges[[3, 6], 1], 2.0)
    np.testing.assert_allclose(widths[7:10], [0.04, 0.2, 0.06])
    np.testing.assert_allclose(space.edges[[7, 9], [1, 0]], [1.0, 0.0])
    assert space.narrowest() == pytest.approx(0.1)


def test_a_single_row_has_no_margin():
    space = Space(plan_of([[1, 1]]), 2.0, 0.0)
    assert space.edges[space.margin].tolist() == [0, 0]
    np.testing.assert_allclose(space.edges[0], [0, 0.1])


def test_the_residual_lane_is_not_free():
    space = Space(plan_of([[1, 1]], floor=0.08), 2.0, 0.08)
    np.testing.assert_allclose(space.edges[space.margin - 1], [0.08, 0.18])
    # Where boxes reach below it, the strip has no height, but ends where they do.
    low = Space(plan_of([[1, 1]]), 2.0, 0.3)
    np.testing.assert_allclose(low.edges[low.margin - 1], [0.1, 0.1])


@MANY
@given(rows=ROWS, gaps=st.tuples(*[st.floats(0.01, 0.05)] * 6), width=st.floats(0.5, 4.0))
def test_channels_are_free_and_fill_all_that_lies_between_rows_and_columns(rows, gaps, width):
    plan = plan_of(rows, width, Room(*gaps))
    space = Space(plan, width, 0.0)
    assert (space.edges[:, 1] >= space.edges[:, 0]).all()
    row = space.row_of(np.arange(space.corridors))
    gutters = [(left, space.bottom[r], right, space.top[r])
               for r, (left, right) in zip(row, space.edges[: space.corridors], strict=True)]  # fmt: skip
    corridors = [(0.0, low, width, high) for low, high in space.edges[space.corridors : space.margin]]
    margin = [(space.edges[space.margin, 0], 0.0, space.edges[space.margin, 1], 1.0)]
    for left, bottom, right, top in [*gutters, *corridors, *margin]:
        inside = (space.low < (right - 1e-9, top - 1e-9)) & (space.high > (left + 1e-9, bottom + 1e-9))
        assert not inside.all(1).any()
    slots = sum((right - left) * (high - low)
                for own, (low, high) in zip(plan.slots, plan.bands, strict=True) for left, right in own)  # fmt: skip
    strips = sum((right - left) * (top - bottom) for left, bottom, right, top in [*gutters, *corridors])
    beside = np.subtract(*space.edges[space.margin, ::-1]) * (space.top - space.bottom).sum()
    assert slots + strips + beside == pytest.approx(width)


def test_ways_start_behind_their_source_and_end_before_their_target():
    space = Space(plan_of(UNEVEN), 2.0, 0.0)
    for ends in (space.out_slot, space.in_slot):
        row, column = ends(of(0, 2, 3, 5))
        assert (row.tolist(), column.tolist()) == ([0, 0, 0, 1], [0, 1, 2, 1])
    row, column = space.out_slot(of(SELF))
    assert (row.tolist(), space.gutter(row, column + 1).tolist()) == ([0], [0])  # at the left edge of the first row
    row, column = space.in_slot(of(SELF))
    assert (row.tolist(), space.gutter(row, column).tolist()) == ([1], [6])  # at the right edge of the last


def test_neighbours_have_nothing_between_them():
    space = Space(plan_of(UNEVEN), 2.0, 0.0)

    def near(row, a, other, b):
        return bool(space.are_neighbours(of(row), of(a), of(other), of(b))[0])

    assert near(0, 0, 0, 1)
    assert near(0, -1, 0, 0)  # from the left edge
    assert near(1, 1, 1, 2)  # to the right edge
    assert not near(0, 0, 0, 2)
    assert not near(0, -1, 0, 1)
    assert not near(0, 1, 0, 0)  # against the flow
    assert not near(0, 2, 1, 0)  # in the next row
    assert not near(0, 1, 0, 1)


def without(plan, *missing):
    """A plan in which some slots are empty."""
    keep = [k for k in range(len(plan.row)) if k not in missing]
    row, column = [plan.row[k] for k in keep], [plan.column[k] for k in keep]
    return Plan(plan.low[keep], plan.size[keep], row, column, plan.bands, plan.slots, 1.0)


def test_an_empty_slot_is_nothing_between():
    space = Space(without(plan_of([[1, 1, 1], [1, 1]]), 1), 2.0, 0.0)
    assert space.are_neighbours(of(0, 0), of(0, 0), of(0, 0), of(2, 3)).tolist() == [True, False]
    # Of two rows nothing is a neighbour, though no box stands between in reading order.
    space = Space(without(plan_of([[1], [1, 1]]), 1), 2.0, 0.0)
    assert space.are_neighbours(of(0), of(0), of(1), of(1)).tolist() == [False]


def test_who_shares_a_column():
    space = Space(plan_of(UNEVEN), 2.0, 0.0)
    assert space.is_crowded(of(0, 1, 2, 3, 4, SELF)).tolist() == [False, True, True, False, False, False]


def test_what_stands_lowest_in_the_last_row_reaches_down():
    space = Space(plan_of([[1, 2], [1, 3]]), 2.0, 0.0)
    # The boxes: one, two; one, three.
    assert space.reaches_down(np.arange(7)).tolist() == [False, False, False, True, False, False, True]


def test_around_a_single_box_the_narrowest_strip_is_its_rim():
    room = Room(left=0.07, right=0.02, top=0.03, bottom=0.01)
    assert Space(plan_of([[1]], 2.0, room), 2.0, 0.0).narrowest() == pytest.approx(0.07)
