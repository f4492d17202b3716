"""Labels never overlap, never stick out, never cover what they do not name."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from archviz3d.viewer.label_layout import Block, Candidate, Line, Occupancy, Spot, place_labels, shortened

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


@given(
    st.lists(st.tuples(*[st.integers(-20, 420)] * 4), max_size=12),
    st.tuples(st.integers(0, 399), st.integers(0, 299), st.integers(1, 80), st.integers(1, 80)),
)
def test_occupancy_never_calls_covered_ground_free(corners, query):
    rects = np.array([(min(a, c), min(b, d), max(a, c), max(b, d)) for a, b, c, d in corners], float).reshape(-1, 4)
    x, y, w, h = query
    asked = (x, y, min(x + w, 400), min(y + h, 300))
    hit = any(r[0] < asked[2] and r[2] > asked[0] and r[1] < asked[3] and r[3] > asked[1] for r in rects)
    occupancy = Occupancy(VIEWPORT, rects)
    if hit:
        assert not occupancy.is_free(asked)
    if not len(rects):
        assert occupancy.is_free(asked)


def test_vertical_blocks_swap_their_sides():
    assert Block(block(80).lines, vertical=True).size == (16, 80)


def test_names_are_shortened_in_the_middle():
    def width(text):
        return 8 * len(text)

    assert shortened("kv_a_proj_with_mqa", 1000, width) == "kv_a_proj_with_mqa"
    short = shortened("kv_a_proj_with_mqa", 100, width)
    assert short is not None
    assert width(short) <= 100
    assert short.startswith("kv_a")
    assert short.endswith("mqa")
    assert shortened("kv_a_proj_with_mqa", 40, width, least=10) is None
