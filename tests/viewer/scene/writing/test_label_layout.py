"""Labels never overlap, never stick out, never cover what they do not name."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archviz3d.viewer.scene.writing.label_layout import Block, Candidate, Line, Spot, place_labels
from archviz3d.viewer.scene.writing.occupancy import Occupancy

VIEWPORT = (400, 300)
NOTHING = Occupancy(VIEWPORT, np.empty((0, 4)))


def block(width, height=16):
    return Block((Line("x" * (width // 8), (13, "Regular"), width, height),))


def label(node, x, y, width=60, priority=1.0, on="face", **spot):
    return Candidate(node, node, priority, ((block(width), Spot(x, y, (0.5, 0.5), (1e9, 1e9), on, **spot)),))


@given(
    st.lists(st.tuples(st.floats(-50, 450), st.floats(-50, 350), st.integers(8, 150)), max_size=40),
    st.floats(0, 8),
)
def test_no_overlap_and_nothing_clipped(wanted, gap):
    taken = [(0.0, 0.0, 200.0, 40.0)]
    candidates = [label(k, x, y, width) for k, (x, y, width) in enumerate(wanted)]
    placed = place_labels(candidates, VIEWPORT, taken, NOTHING, NOTHING, gap, 1000)
    rects = taken + [p.rect for p in placed]
    for i, a in enumerate(rects):
        assert min(a[:2]) >= 0
        assert a[2] <= 400
        assert a[3] <= 300
        for b in rects[:i]:
            assert a[0] >= b[2] + gap or b[0] >= a[2] + gap or a[1] >= b[3] + gap or b[1] >= a[3] + gap


def test_priority_decides_then_the_order_of_nodes():
    candidates = [label(0, 100, 100, priority=1), label(1, 110, 100, priority=5), label(2, 120, 100, priority=5)]
    placed = place_labels(candidates, VIEWPORT, [], NOTHING, NOTHING, 2, 10)
    assert [p.candidate.node for p in placed] == [1]
    assert len(place_labels([label(k, 50, 20 * k + 20) for k in range(8)], VIEWPORT, [], NOTHING, NOTHING, 1, 3)) == 3


def test_the_first_option_that_fits_is_taken():
    options = (
        (block(90), Spot(200, 150, (0.5, 0.5), (80, 40))),
        (block(60), Spot(200, 150, (0.5, 0.5), (80, 40))),
        (block(60), Spot(300, 150, (0.5, 0.5), (80, 40))),
    )
    (placed,) = place_labels([Candidate(0, 0, 1, options)], VIEWPORT, [], NOTHING, NOTHING, 1, 10)
    assert placed.block is options[1][0]
    assert placed.rect == (170, 142, 230, 158)


def test_labels_on_a_plate_keep_clear_of_boxes_and_cross_ribbons_only_if_they_must():
    boxes = Occupancy(VIEWPORT, np.array([[0, 100, 400, 140.0]]))
    ribbons = Occupancy(VIEWPORT, np.array([[0, 60, 400, 70.0]]))
    over_box = label(0, 200, 120, on="plate")
    assert place_labels([over_box], VIEWPORT, [], boxes, ribbons, 1, 10) == []
    (crossing,) = place_labels([label(0, 200, 65, on="plate")], VIEWPORT, [], boxes, ribbons, 1, 10)
    assert crossing.crosses
    free = Candidate(0, 0, 1, (*label(0, 200, 65, on="plate").options, *label(0, 200, 200, on="plate").options))
    (placed,) = place_labels([free], VIEWPORT, [], boxes, ribbons, 1, 10)
    assert not placed.crosses
    assert placed.rect[1] > 140
    (covering,) = place_labels([label(0, 200, 120, on="cover")], VIEWPORT, [], boxes, ribbons, 1, 10)
    assert covering.rect[1] < 120


def test_within_keeps_a_label_in_its_plate():
    inside = label(0, 100, 100, width=60, within=(60, 80, 140, 120))
    outside = label(1, 210, 100, width=60, within=(200, 80, 260, 120))
    placed = place_labels([inside, outside], VIEWPORT, [], NOTHING, NOTHING, 1, 10)
    assert [p.candidate.node for p in placed] == [0]


def test_vertical_blocks_swap_their_sides():
    assert Block(block(80).lines, vertical=True).size == (16, 80)


@pytest.mark.parametrize(("on", "stands"), [("plate", False), ("rim", True), ("across", True), ("cover", True)])
def test_no_label_on_a_plate_stands_across_the_edge_of_one(on, stands):
    def edge_at_100(rect):
        return rect[1] < 100 < rect[3]

    ground = (VIEWPORT, [], NOTHING, NOTHING, 1, 10)
    assert len(place_labels([label(0, 200, 103, on=on)], *ground, rims=edge_at_100)) == stands
    assert place_labels([label(0, 200, 120, on=on)], *ground, rims=edge_at_100)


def row_of(count, ways, group="g", **more):
    """Return equal labels side by side, each with these ways: (name, width, y)."""
    return [
        Candidate(
            k,
            k,
            1.0,
            tuple((block(w), Spot(50 + 60 * k, y, (0.5, 0.5), (1e9, 1e9), "plate", way=way)) for way, w, y in ways),
            group=group,
            **more,
        )
        for k in range(count)
    ]


def test_equal_parts_are_labelled_in_one_way_or_not_at_all():
    ways = [("first", 40, 100), ("second", 40, 200)]
    two_blocked = Occupancy(VIEWPORT, np.array([[0, 90, 120, 110.0]]))
    placed = place_labels(row_of(5, ways), VIEWPORT, [], two_blocked, NOTHING, 1, 100)
    assert [label.way for label in placed] == ["second"] * 5  # 3 of 5 in the first way are too few
    one_blocked = Occupancy(VIEWPORT, np.array([[0, 90, 60, 110.0]]))
    placed = place_labels(row_of(5, ways), VIEWPORT, [], one_blocked, NOTHING, 1, 100)
    assert [label.way for label in placed] == ["second"] * 5  # all can take it
    placed = place_labels(row_of(5, ways[:1]), VIEWPORT, [], one_blocked, NOTHING, 1, 100)
    assert [label.candidate.node for label in placed] == [1, 2, 3, 4]  # where there is no better way, 4 of 5 are enough
    both_blocked = Occupancy(VIEWPORT, np.array([[0, 90, 120, 210.0]]))
    assert place_labels(row_of(5, ways), VIEWPORT, [], both_blocked, NOTHING, 1, 100) == []


def test_a_part_that_is_covered_or_out_of_view_does_not_silence_the_others():
    candidates = row_of(5, [("only", 40, 100)])

    def covered(candidate, rect):
        return candidate.node in (1, 2)

    placed = place_labels(candidates, VIEWPORT, [], NOTHING, NOTHING, 1, 100, covered)
    assert [label.candidate.node for label in placed] == [0, 3, 4]
    placed = place_labels(row_of(9, [("only", 40, 100)]), VIEWPORT, [], NOTHING, NOTHING, 1, 100)
    assert [label.candidate.node for label in placed] == [0, 1, 2, 3, 4, 5]


def test_a_group_that_is_larger_than_the_limit_is_left_out_whole():
    many, one = row_of(6, [("only", 40, 100)]), label(9, 200, 200, priority=0.5)
    placed = place_labels([*many, one], VIEWPORT, [], NOTHING, NOTHING, 1, 5)
    assert [p.candidate.node for p in placed] == [9]


@pytest.mark.parametrize(("pitch", "step"), [(40, 1), (14, 2), (6, 5), (3, 10)])
def test_a_series_is_thinned_evenly(pitch, step):
    numbers = [
        Candidate(
            k, k, 90.0, ((block(24), Spot(20 + pitch * k, 150, (0, 0.5), (1e9, 1e9), "cover", way="n")),),
            group="layers", number=k,
        )
        for k in range(10 if pitch == 40 else 25)
    ]  # fmt: skip
    placed = place_labels(numbers, VIEWPORT, [], NOTHING, NOTHING, 2, 100)
    seen = [k for k in range(0, len(numbers), step) if 20 + pitch * k + 24 <= VIEWPORT[0]]
    assert sorted(p.candidate.node for p in placed) == seen


def test_what_stood_stays_though_it_is_a_little_tight_and_moves_only_then():
    def tight(room):
        ways = (("face", room), ("beside", 1000.0))
        return Candidate(1, 1, 1.0, tuple((block(80), Spot(200, 150, (0.5, 0.5), (w, 99), way=n)) for n, w in ways))

    def way(room, before):
        return place_labels([tight(room)], VIEWPORT, [], NOTHING, NOTHING, 1, 9, before=before)[0].way

    on_face, beside = {(1, "name"): "face"}, {(1, "name"): "beside"}
    assert way(80, None) == "face"
    assert way(78, None) == "beside"
    assert way(78, on_face) == "face"
    assert way(60, on_face) == "beside"
    assert way(80, beside) == "beside"
    assert way(500, beside) == "beside"  # it stays where it is, though there is room


def test_the_same_view_again_has_the_same_labels():
    generator = np.random.default_rng(5)
    candidates = [
        Candidate(
            k,
            k,
            float(generator.integers(1, 9)),
            tuple(
                (block(int(w)), Spot(float(x), float(y), (0.5, 0.5), (w / f, 40), way=f"way {n}"))
                for n, (x, y, w, f) in enumerate(
                    zip(
                        generator.integers(0, 400, 3),
                        generator.integers(0, 300, 3),
                        generator.integers(20, 90, 3),
                        generator.uniform(0.8, 1.2, 3),
                        strict=True,
                    )
                )
            ),
            group=k % 7 if k % 2 else None,
        )
        for k in range(60)
    ]
    before, seen = None, []
    for _ in range(3):
        placed = place_labels(candidates, VIEWPORT, [], NOTHING, NOTHING, 2, 100, before=before)
        before = {(label.candidate.node, label.candidate.role): label.way for label in placed}
        seen.append({(label.candidate.node, label.rect) for label in placed})
    assert len(seen[0]) > 10
    assert seen[0] == seen[1] == seen[2]


def test_only_a_lone_label_may_cross_a_ribbon():
    ribbons = Occupancy(VIEWPORT, np.array([[0, 90, 400, 110.0]]))
    assert place_labels(row_of(3, [("only", 40, 100)]), VIEWPORT, [], NOTHING, ribbons, 1, 9) == []
    (crossing,) = place_labels(row_of(1, [("only", 40, 100)]), VIEWPORT, [], NOTHING, ribbons, 1, 9)
    assert crossing.crosses


def test_only_the_ink_of_a_label_must_be_free():
    narrow = Occupancy(VIEWPORT, np.array([[0, 80, 400, 94.0], [0, 106, 400, 130.0]]))
    line = Line("17", (13, "SemiBold"), 16, 16, free=(3, 3))
    spot = Spot(200, 100, (0.5, 0.5), (1e9, 10), "plate")
    assert place_labels([Candidate(0, 0, 1, ((Block((line,)), spot),))], VIEWPORT, [], narrow, NOTHING, 1, 9)
    full = Line("17", (13, "SemiBold"), 16, 16)
    assert not place_labels([Candidate(0, 0, 1, ((Block((full,)), spot),))], VIEWPORT, [], narrow, NOTHING, 1, 9)


def test_what_stood_is_a_little_more_important_than_what_comes():
    def stands(more, before):
        candidates = [label(0, 100, 100, priority=1.0), label(1, 110, 100, priority=1.0 + more)]
        return [
            p.candidate.node for p in place_labels(candidates, VIEWPORT, [], NOTHING, NOTHING, 2, 10, before=before)
        ]

    assert stands(1.0, None) == [1]
    assert stands(1.0, {(0, "name"): "0"}) == [0]
    assert stands(3.0, {(0, "name"): "0"}) == [1]
