"""Metrics against brute force, and against drawings whose faults are known."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archviz3d.graph import EdgeKind
from archviz3d.layout import place
from archviz3d.layout.metrics import (
    VIEWS,
    containment,
    crossings,
    crossings_per_edge,
    displacement,
    foreign_boxes,
    forwardness,
    measure,
    overlapping_siblings,
)

PLAIN = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def turn(o, a, b):
    return (a[0] - o[0]) * (b[1] - o[1]) - (a[1] - o[1]) * (b[0] - o[0])


def proper_crossings(lines, source, target, bundle):
    """Pairs of segments that cross properly, one by one."""
    found = 0
    for i, j in combinations(range(len(lines)), 2):
        if {source[i], target[i]} & {source[j], target[j]} or (bundle[i] == bundle[j] >= 0):
            continue
        for a, b in zip(lines[i], lines[i][1:], strict=False):
            for c, d in zip(lines[j], lines[j][1:], strict=False):
                found += turn(a, b, c) * turn(a, b, d) < 0 and turn(c, d, a) * turn(c, d, b) < 0
    return found


def counted(lines, source=None, target=None, bundle=None):
    lengths = [len(line) for line in lines]
    m = len(lines)
    return crossings(
        np.array([point for line in lines for point in line], np.float64).reshape(-1, 2),
        np.append(0, np.cumsum(lengths)).astype(np.int64),
        np.arange(m) if source is None else np.asarray(source),
        np.arange(m, 2 * m) if target is None else np.asarray(target),
        None if bundle is None else np.asarray(bundle),
    )


@PLAIN
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(0, 70), spread=st.sampled_from([0.01, 0.1, 1.0, 30.0]))
def test_crossings_are_those_of_a_loop_over_all_pairs(seed, count, spread):
    random = np.random.default_rng(seed)
    lines = [
        random.random(2) + spread * np.cumsum(random.normal(size=(random.integers(1, 6), 2)), 0) for _ in range(count)
    ]
    source, target = random.integers(0, 30, count), random.integers(0, 30, count)
    bundle = random.integers(-1, 5, count)
    assert counted(lines, source, target, bundle) == proper_crossings(lines, source, target, bundle)


def test_crossings_of_a_thousand_lines_near_one_place_and_one_far_away():
    random = np.random.default_rng(1)
    lines = [random.random((2, 2)) * 1e-3 for _ in range(300)]
    lines += [np.array([[1e3, 0.0], [1e3, 1.0]])]
    assert counted(lines) == proper_crossings(lines, range(301), range(301, 602), [-1] * 301)


@pytest.mark.parametrize("n", [1, 7, 60])
def test_a_grid_of_lines_crosses_at_every_node(n):
    lines = [[(0.0, k + 0.5), (n, k + 0.5)] for k in range(n)] + [[(k + 0.5, 0.0), (k + 0.5, n)] for k in range(n)]
    assert counted(lines) == n * n
    # Cut into stretches whose corners lie on the crossings, it is the same drawing.
    lines = [[(0, k), *((x, k) for x in range(1, n + 1)), (n + 1, k)] for k in range(1, n + 1)]
    lines += [[(y, x) for x, y in line] for line in lines]
    assert counted(lines) == n * n


def test_lines_that_share_an_end_or_a_trunk_are_not_compared():
    cross = [[(0, 0), (1, 1)], [(0, 1), (1, 0)]]
    assert counted(cross) == 1
    assert counted(cross, bundle=[-1, -1]) == 1
    assert counted(cross, bundle=[4, 4]) == 0
    assert counted(cross, bundle=[4, 5]) == 1
    for source, target in (((1, 1), (2, 3)), ((1, 2), (3, 3)), ((1, 2), (2, 3)), ((1, 2), (3, 1))):
        assert counted(cross, source, target) == 0


def test_a_line_through_the_corner_of_another_crosses_it_once_and_touching_is_no_single_crossing():
    assert counted([[(0, 0), (2, 0)], [(0, 1), (1, 0), (2, -1)]]) == 1
    assert counted([[(0, 0), (2, 0)], [(0, 1), (1, 0), (2, 1)]]) == 0
    assert counted([[(0, 0), (2, 0)], [(0, -1), (1, 0), (2, -1)]]) in (0, 2)  # at the other side of it
    assert counted([[(0, 0), (2, 0)], [(0.5, 0), (1.5, 0)]]) == 0


def test_of_too_many_pairs_an_even_sample_is_compared(monkeypatch):
    random = np.random.default_rng(2)
    lines = [random.random((2, 2)) for _ in range(400)]
    exact = counted(lines)
    monkeypatch.setattr("archviz3d.layout.crossings._MOST_PAIRS", 5000)
    assert counted(lines) != exact
    assert counted(lines) == pytest.approx(exact, rel=0.1)


def test_a_fan_of_100_000_lines_on_top_of_each_other_is_no_work():
    m = 100_000
    lines = np.empty((m, 3, 2))
    lines[:, 0], lines[:, 1], lines[:, 2, 0] = (0.0, 0.5), (0.5, 0.5), 1.0
    lines[:, 2, 1] = np.linspace(0, 1, m)
    start = 3 * np.arange(m + 1)
    assert crossings(lines.reshape(-1, 2), start, np.zeros(m, int), np.arange(1, m + 1)) == 0


@st.composite
def drawings(draw):
    """A random tree with boxes and lines anywhere, so that everything is wrong with it."""
    n = draw(st.integers(1, 25))
    parents = [draw(st.integers(0, k)) for k in range(n)]
    return parents, draw(st.integers(0, 2**32 - 1)), draw(st.integers(0, 12))


def drawn(tree, parents, seed, lines):
    random = np.random.default_rng(seed)
    graph = tree(parents)
    n = len(graph)
    lengths = random.integers(2, 20, lines)
    one, two = random.integers(0, n, (2, lines)).astype(np.int32)
    placement = place(graph)
    routes = replace(
        placement.routes,
        source=one,
        target=two,
        owner=np.full(lines, -1, np.int32),
        kind=np.zeros(lines, np.uint8),
        provenance=np.zeros(lines, np.uint8),
        backward=random.random(lines) < 0.2,
        bundle=np.full(lines, -1, np.int32),
        start=np.append(0, np.cumsum(lengths)),
        points=random.random((int(lengths.sum()), 3)) * 10,
        width=np.ones(lines),
    )
    size = random.random((n, 3)) * random.choice([0.1, 1.0, 5.0], (n, 1))
    return graph, replace(placement, center=random.random((n, 3)) * 10, size=size, routes=routes)


def passes_through(start, stop, low, high):
    """Whether some part of a stretch lies in an open box: the intervals in which each coordinate does must meet."""
    begin, end = 0.0, 1.0
    for axis in range(3):
        way = stop[axis] - start[axis]
        one, two = (low[axis] - start[axis]) / way, (high[axis] - start[axis]) / way
        begin, end = max(begin, min(one, two)), min(end, max(one, two))
    return begin < end


@PLAIN
@given(parts=drawings())
def test_foreign_boxes_are_those_of_a_loop_over_all_pairs(tree, parts):
    graph, placement = drawn(tree, *parts)
    routes, expected = placement.routes, []
    low, high = placement.center - placement.size / 2, placement.center + placement.size / 2
    for k in range(len(routes)):
        for point in range(routes.start[k], routes.start[k + 1] - 1):
            for node in range(len(graph)):
                kin = {int(routes.source[k]), int(routes.target[k])}
                kin |= {above for end in list(kin) for above in graph.ancestors(end)}
                start, stop = routes.points[point], routes.points[point + 1]
                if node not in kin and passes_through(start, stop, low[node], high[node]):
                    expected.append([k, point, node])
    assert foreign_boxes(graph, placement).tolist() == expected


def test_lines_along_an_axis_pass_through_what_they_enter_and_not_what_they_touch(tree):
    graph = tree([0, 0, 0])
    placement = place(graph)
    center = np.array([[50.0, 50.0, -5.0], [0.0, 0.0, 0.0], [10.0, 0.0, 0.0], [20.0, 0.0, 0.0]])
    size = np.array([[200.0, 200.0, 1.0], [4.0, 4.0, 4.0], [4.0, 4.0, 4.0], [4.0, 4.0, 4.0]])

    def through(*line):
        ends = np.array([1], np.int32), np.array([3], np.int32)
        zero = np.zeros(1, np.uint8)
        routes = replace(
            placement.routes, source=ends[0], target=ends[1], owner=np.zeros(1, np.int32), kind=zero, provenance=zero,
            backward=np.zeros(1, np.bool_), bundle=np.full(1, -1, np.int32), start=np.array([0, len(line)]),
            points=np.array(line, np.float64), width=np.ones(1),
        )  # fmt: skip
        return foreign_boxes(graph, replace(placement, center=center, size=size, routes=routes)).tolist()

    assert through((2, 0, 0), (18, 0, 0)) == [[0, 0, 2]]
    assert through((2, 0, 0), (2, 2, 0), (18, 2, 0), (18, 0, 0)) == []  # along its side
    assert through((2, 0, 0), (2, 0, 3), (18, 0, 3), (18, 0, 0)) == []  # over it
    assert through((2, 0, 0), (10, 0, 0), (18, 0, 0)) == [[0, 0, 2], [0, 1, 2]]


@PLAIN
@given(parts=drawings())
def test_overlapping_siblings_are_those_of_a_loop_over_all_pairs(tree, parts):
    graph, placement = drawn(tree, *parts)
    low, high = placement.center - placement.size / 2, placement.center + placement.size / 2
    expected = [
        [a, b]
        for a, b in combinations(range(1, len(graph)), 2)
        if graph.parent[a] == graph.parent[b] and (np.minimum(high[a], high[b]) > np.maximum(low[a], low[b])).all()
    ]
    assert overlapping_siblings(graph, placement).tolist() == expected
    inside = [
        all(low[parent, k] <= low[node, k] and high[node, k] <= high[parent, k] for k in (0, 1))
        for node, parent in enumerate(graph.parent.tolist())
        if node
    ]
    assert containment(graph, placement) == pytest.approx(np.mean(inside))


def test_plates_one_behind_another_and_boxes_that_touch_do_not_overlap(tree):
    graph = tree([0, 0, 0])
    placement = place(graph)
    center = np.array([[0.0, 0, 0], [0, 0, 1], [0, 0, 3], [0.5, 0, 5.5]])
    size = np.array([[10.0, 10, 1], [4, 4, 2], [4, 4, 2], [4, 4, 2]])
    assert overlapping_siblings(graph, replace(placement, center=center, size=size)).tolist() == []
    size[3, 2] = 4
    assert overlapping_siblings(graph, replace(placement, center=center, size=size)).tolist() == [[2, 3]]
    size[2] = 0  # a hidden node is nowhere
    assert overlapping_siblings(graph, replace(placement, center=center, size=size)).tolist() == []


@PLAIN
@given(parts=drawings())
def test_forward_is_to_the_right_or_to_a_later_row_or_up(tree, parts):
    placement = drawn(tree, *parts)[1]
    low, high = placement.center - placement.size / 2, placement.center + placement.size / 2
    routes = placement.routes
    forward = [
        low[b, 0] >= high[a, 0] or high[b, 1] <= low[a, 1] or low[b, 2] >= high[a, 2]
        for a, b, backward in zip(routes.source, routes.target, routes.backward, strict=True)
        if not backward
    ]
    assert forwardness(placement) == pytest.approx(np.mean(forward) if forward else 1.0)


def test_crossings_per_edge_depend_on_the_view(tree):
    """Two lines that pass each other far apart in w cross from the front, and not from above."""
    placement = drawn(tree, [0, 0, 0, 0], 0, 2)[1]
    points = np.array([[0.0, 0, 0], [10, 10, 0], [0, 10, 90], [10, 0, 90]])
    routes = replace(
        placement.routes, source=np.array([1, 2]), target=np.array([3, 4]), start=np.array([0, 2, 4]), points=points
    )
    found = crossings_per_edge(replace(placement, routes=routes))
    assert list(found) == list(VIEWS)
    assert found["front"] == 1.0  # one crossing, of which each of the two lines has its part
    assert found["top"] == found["side"] == 0.0


def diagonal(placement):
    low, high = placement.center - placement.size / 2, placement.center + placement.size / 2
    return np.linalg.norm(high.max(0) - low.min(0))


def test_nothing_has_moved_between_equal_placements(small_moe):
    one, two = place(small_moe), place(small_moe)
    found = displacement(small_moe, one, two)
    assert (found.distance, found.rigid, found.flips) == (0.0, 1.0, 0.0)


def test_displacement_knows_a_container_that_has_moved_from_one_whose_children_have_changed_places(tree):
    graph = tree([0, 0, 1, 1, 2, 2])  # two containers of two leaves
    before = place(graph)
    leaves = graph.children(1)
    center = before.center.copy()
    center[[1, *leaves], 0] += 10.0
    moved = displacement(graph, before, replace(before, center=center))
    assert moved.distance == pytest.approx(10.0 * 2 / 4 / diagonal(before))
    assert moved.rigid == pytest.approx(2 / 3)  # all but the root
    center = before.center.copy()
    center[leaves] = center[leaves[::-1]]
    turned = displacement(graph, before, replace(before, center=center))
    assert turned.rigid == pytest.approx(2 / 3)  # all but their container
    differ = (np.abs(before.center[leaves[0]] - before.center[leaves[1]]) > 1e-6)[:2]
    assert turned.flips == pytest.approx(differ.sum() / 12)  # of 6 pairs along 2 axes, unless a third leaf lies between
    untouched = np.ones(len(graph), np.bool_)
    untouched[leaves] = False
    calm = displacement(graph, before, replace(before, center=center), untouched)
    assert (calm.distance, calm.rigid, calm.flips) == (0.0, 1.0, 0.0)


def test_hidden_nodes_have_not_moved(tree):
    graph = tree([0, 0, 0])
    before = place(graph)
    after = place(graph, hidden=[2])
    found = displacement(graph, before, after)
    stays = [1, 3]
    distance = np.linalg.norm(after.center[stays] - before.center[stays], axis=1).mean()
    assert distance > 1.0
    assert found.distance == pytest.approx(distance / diagonal(before))


def test_a_laid_out_model_is_measured_as_it_is_meant_to_be(small_moe):
    found = measure(small_moe, place(small_moe))
    assert found.overlaps == 0
    assert found.containment == 1.0
    assert found.forwardness == 1.0
    assert found.foreign == 0
    assert set(found.crossings) == set(VIEWS)
    assert found.best_crossings <= found.mean_crossings <= max(found.crossings.values())


def test_a_line_drawn_straight_through_a_sibling_is_found(tree):
    graph = tree([0, 0, 0], edges=[(1, 2, EdgeKind.DATA), (2, 3, EdgeKind.DATA), (1, 3, EdgeKind.DATA)])
    placement = place(graph, aspect=4.0)
    assert len(foreign_boxes(graph, placement)) == 0
    routes = placement.routes
    k = int(np.flatnonzero((routes.source == 1) & (routes.target == 3))[0])
    points = routes.points.copy()
    ends = slice(routes.start[k], routes.start[k + 1])
    points[ends] = np.linspace(placement.center[1], placement.center[3], routes.start[k + 1] - routes.start[k])
    points[ends, 2] = placement.center[2, 2]
    found = foreign_boxes(graph, replace(placement, routes=replace(routes, points=points)))
    assert set(found[:, 0]) == {k}
    assert set(found[:, 2]) == {2}
