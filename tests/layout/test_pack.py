"""Rows of columns fill their frame and leave the room that ways need; ranks are cut into columns where that pays."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archviz3d.layout.columns import flow_rows
from archviz3d.layout.pack import NO_ROOM, Frame, Items, Room, pack_rows

FRAME = Frame(0.1, 0.2, 1.5, 0.7)
side = st.floats(0.1, 10.0)


def squares(count: int) -> Items:
    return Items([1.0] * count, [1.0] * count, [False] * count, [False] * count)


@given(
    sizes=st.lists(st.tuples(side, side, st.booleans()), min_size=1, max_size=12),
    cuts=st.lists(st.integers(1, 3), min_size=12, max_size=12),
    breaks=st.lists(st.integers(1, 4), min_size=12, max_size=12),
    gutter=st.floats(0.0, 0.5),
    corridor=st.floats(0.0, 0.5),
)
def test_items_stay_in_the_frame_and_the_room_between_them_is_free(sizes, cuts, breaks, gutter, corridor):
    u, v, stretch = (list(column) for column in zip(*sizes, strict=True))
    columns, rows, rest = [], [], list(range(len(u)))
    for length in cuts:
        columns += [rest[:length]] if rest else []
        rest = rest[length:]
    for length in breaks:
        rows += [columns[:length]] if columns else []
        columns = columns[length:]
    plan = pack_rows(rows, Items(u, v, stretch, stretch), FRAME, 0.2, Room(gutter=gutter, corridor=corridor))

    assert (plan.size > 0).all()
    low, high = plan.low, plan.low + plan.size
    assert (low >= [0.1 - 1e-9, 0.2 - 1e-9]).all()
    assert (high <= [1.6 + 1e-9, 0.9 + 1e-9]).all()
    # The room is cut where it would take more than 60 % of the frame.
    free = min(gutter, 0.6 * 1.5 / max(max(len(row) for row in rows) - 1, 1))
    for slots in plan.slots:
        assert all(right[0] - left[1] >= free - 1e-9 for left, right in pairwise(slots))
    free = min(corridor, 0.6 * 0.7 / max(len(rows) - 1, 1))
    assert all(above[0] - below[1] >= free - 1e-9 for above, below in pairwise(plan.bands))


def test_room_between_columns_moves_nothing_apart_within_them():
    rows = [[[0, 1, 2], [3, 4, 5]]]
    roomy = pack_rows(rows, squares(6), FRAME, 0.2, Room(gutter=0.4))

    assert roomy.slots[0][1][0] - roomy.slots[0][0][1] >= 0.4
    # Three squares and two gaps of 0.2 are as high as the frame: the columns are as tall as without the room.
    assert roomy.scale == pytest.approx(pack_rows(rows, squares(6), FRAME, 0.2).scale) == pytest.approx(0.7 / 3.4)


def test_a_short_rank_stays_one_column_and_a_long_one_is_cut():
    def columns(count: int) -> list[list[int]]:
        ranks = [[0], list(range(1, count + 1)), [count + 1]]
        return [column for row in flow_rows(ranks, squares(count + 2), FRAME, 0.2) for column in row]

    assert max(map(len, columns(3))) == 3
    assert max(map(len, columns(64))) < 16
    assert sorted({i for column in columns(64) for i in column}) == list(range(66))


@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_number_of_rows_can_be_given(count):
    ranks = [[i] for i in range(6)]
    rows = flow_rows(ranks, squares(6), FRAME, 0.2, 1.25, Room(gutter=0.02), count)

    assert len(rows) == count
    assert [i for row in rows for column in row for i in column] == list(range(6))


def test_room_between_rows_makes_everything_smaller_by_as_much():
    rows = [[[0]], [[1]]]
    tight, roomy = (pack_rows(rows, squares(2), FRAME, 0.1, room) for room in (NO_ROOM, Room(corridor=0.3)))

    assert tight.scale == pytest.approx(0.7 / 2.1)
    assert roomy.scale == pytest.approx(0.4 / 2)
    assert np.allclose(roomy.size, 0.2)
