"""What of a model is in view: the polygon on the overview map."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archviz3d.layout import place
from archviz3d.viewer.cameras.camera import Camera
from archviz3d.viewer.cameras.framing import framing
from archviz3d.viewer.cameras.overview import are_all_in_view, map_camera, outer_corners, part_in_view

VIEWPORT = (1200, 800)


@pytest.fixture(scope="module")
def wall(toy):
    return place(toy, 1.6, "wrap")


def shows_all(graph, placement, camera, viewport=VIEWPORT):
    return are_all_in_view(outer_corners(graph, placement), camera, viewport)


def covers(polygon, point):
    """Return whether a convex polygon, in order around it, holds a point (u, v)."""
    if len(polygon) < 3:
        return False
    edge = np.roll(polygon, -1, 0)[:, :2] - polygon[:, :2]
    to = point - polygon[:, :2]
    turns = edge[:, 0] * to[:, 1] - edge[:, 1] * to[:, 0]
    return (turns >= 0).all() or (turns <= 0).all()


@settings(max_examples=60, deadline=None)
@given(
    st.floats(-75, 75), st.floats(-75, 75), st.floats(0.05, 3), st.floats(-0.6, 0.6), st.floats(-0.6, 0.6),
    st.booleans(), st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_a_point_of_the_plan_is_in_the_polygon_where_it_is_on_the_screen(
    wall, azimuth, elevation, near, right, up, orthographic, seed
):
    center, size = wall.center[0], wall.size[0]
    target = center[0] + right * size[0], center[1] + up * size[1], center[2]
    camera = Camera(target, azimuth, elevation, near * size[0], orthographic=orthographic)
    polygon = part_in_view(wall, camera, VIEWPORT)
    shares = np.random.default_rng(seed).uniform(-0.5, 0.5, (40, 2))
    points = np.column_stack([center[:2] + shares * size[:2], np.full(40, target[2])])
    px, depth = camera.project(points, VIEWPORT)
    edge = np.minimum(px, np.array(VIEWPORT) - px).min(1)  # pixels inside the screen
    for point, inside, ahead in zip(points, edge, depth, strict=True):
        if ahead <= 0 or abs(inside) > 0.5:  # on the very edge, rounding decides
            assert covers(polygon, point[:2]) == bool(ahead > 0 and inside > 0)


def test_the_whole_is_in_view_where_it_is_framed(toy, wall):
    camera = framing(toy, wall, 0, None, VIEWPORT, (20, 60, 100, 20))
    assert shows_all(toy, wall, camera, VIEWPORT)
    assert not shows_all(toy, wall, camera.zoomed(1.5, (600, 400), VIEWPORT), VIEWPORT)
    polygon = part_in_view(wall, camera, VIEWPORT)
    assert np.allclose(polygon[:, :2].max(0) - polygon[:, :2].min(0), wall.size[0, :2])


def test_beside_the_model_nothing_of_it_is_in_view(wall):
    aside = wall.center[0] + wall.size[0] * (9, 0, 0)
    assert len(part_in_view(wall, Camera(tuple(aside), 0, 0, wall.size[0, 0]), VIEWPORT)) == 0


def test_a_map_shows_the_whole_from_the_front_and_a_deck_from_its_side(toy, wall):
    camera = map_camera(toy, wall, (200, 120))
    assert (camera.azimuth, camera.elevation, camera.orthographic) == (0, 0, True)
    assert shows_all(toy, wall, camera, (200, 120))
    deck = place(toy, 1.6, "deck")
    assert map_camera(toy, deck, (200, 120)).azimuth < -30
    assert shows_all(toy, deck, map_camera(toy, deck, (200, 120)), (200, 120))
