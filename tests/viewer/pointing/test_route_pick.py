"""What is under a pixel of ribbons and tabs, against brute force over many points of them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archviz3d.viewer.cameras.camera import Camera
from archviz3d.viewer.pointing.route_pick import Strokes, inside_polygon

VIEWPORT = (400, 300)
place = st.floats(-1.2, 1.2, allow_subnormal=False)


@st.composite
def polylines(draw):
    counts = draw(st.lists(st.integers(2, 4), min_size=1, max_size=5))
    total = sum(counts)
    points = draw(st.lists(st.tuples(place, place, st.floats(0, 0.3)), min_size=total, max_size=total))
    width = draw(st.lists(st.floats(0.001, 0.2), min_size=len(counts), max_size=len(counts)))
    return np.array(points), np.repeat(np.arange(len(counts)), counts), np.array(width)


def brute(points, line, width, camera, at):
    """Pixels from a point to the edge of each ribbon, by 2000 points of each stretch, and the depth there."""
    found = {}
    for k in range(len(points) - 1):
        if line[k] != line[k + 1]:
            continue
        t = np.linspace(0, 1, 2000)[:, None]
        px, depth = camera.project(points[k] * (1 - t) + points[k + 1] * t, VIEWPORT)
        outside = np.linalg.norm(px - at, axis=1) - width[line[k]] / 2 * camera.units_px(depth, VIEWPORT)
        nearest = int(np.argmin(np.linalg.norm(px - at, axis=1)))
        best = found.get(int(line[k]))
        if best is None or outside[nearest] < best[0]:
            found[int(line[k])] = float(outside[nearest]), float(depth[nearest])
    return found


@settings(max_examples=60, deadline=None)
@given(lines=polylines(), x=st.floats(0, 400), y=st.floats(0, 300), orthographic=st.booleans())
def test_ribbons_near_a_point_are_found_with_their_depth(lines, x, y, orthographic):
    camera = Camera((0, 0, 0), 15.0, 25.0, 4.0, orthographic=orthographic)
    points, line, width = lines
    hit, depth, outside = Strokes.of(points, line, width, camera, VIEWPORT).hits((x, y), 2.0)
    found = dict(zip(hit.tolist(), zip(outside.tolist(), depth.tolist(), strict=True), strict=True))
    for k, (apart, deep) in brute(points, line, width, camera, (x, y)).items():
        if apart < 1.5:
            assert k in found
            assert found[k][0] == pytest.approx(apart, abs=0.3)
            assert found[k][1] == pytest.approx(deep, rel=0.02)
        elif apart > 2.5:
            assert k not in found


def test_stretches_behind_the_eye_and_out_of_view_are_left_out():
    camera = Camera((0, 0, 0), 0, 0, 4.0)
    points = np.array([[0, 0, 0], [0, 0, 9], [50, 50, 0], [60, 50, 0], [0, 0, 0], [1, 0, 0]], float)
    strokes = Strokes.of(points, np.array([0, 0, 1, 1, 2, 2]), np.full(3, 0.1), camera, VIEWPORT)
    assert strokes.line.tolist() == [2]
    hit, _, outside = strokes.hits((200, 150), 0.0)
    assert hit.tolist() == [2]
    assert outside[0] < 0


def test_no_ribbons_are_no_hits():
    strokes = Strokes.of(np.empty((0, 3)), np.empty(0, np.int64), np.empty(0), Camera((0, 0, 0), 0, 0, 4.0), VIEWPORT)
    assert not len(strokes.hits((3, 3), 2.0)[0])


@pytest.mark.parametrize(
    ("at", "hit"), [((5, 5), True), ((11, 5), True), ((13, 5), False), ((5, 1.5), True), ((-3, 5), False)]
)
def test_a_triangle_holds_what_is_in_it_or_within_its_slack(at, hit):
    triangle = np.array([[[0, 0], [0, 10], [10, 5], [10, 5]]], float)  # as of a tab: its tip is doubled
    for polygons in (triangle, triangle[:, ::-1]):
        assert inside_polygon(polygons, at, 2.0).tolist() == ([0] if hit else [])
