import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archviz3d.viewer.cameras.camera import Camera
from archviz3d.viewer.glow import HALO, REACH_PX, halo, silhouette, silhouettes

VIEWPORT = (800, 600)
CORNERS = np.array([[i, j, k] for i in (-1, 1) for j in (-1, 1) for k in (-1, 1)], np.float64) / 2


def turns(polygon):
    """Cross products of neighbouring sides; all positive for a convex polygon that is clockwise on a screen."""
    a = np.roll(polygon, -1, 0) - polygon
    b = np.roll(a, -1, 0)
    return a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]


def outside(polygon, points):
    """How far points are outside a clockwise convex polygon, negative inside."""
    along = np.roll(polygon, -1, 0) - polygon
    out = np.stack([along[:, 1], -along[:, 0]], 1) / np.linalg.norm(along, axis=1)[:, None]
    return ((points[:, None] - polygon) * out).sum(-1).max(1)


@given(
    angles=st.tuples(st.floats(-80, 80), st.floats(-80, 80)),
    sizes=st.tuples(*[st.floats(0.1, 1.5)] * 3),
    orthographic=st.booleans(),
)
def test_a_silhouette_is_the_convex_hull_of_what_is_seen(angles, sizes, orthographic):
    camera = Camera((0.0, 0.0, 0.0), *angles, 6.0, orthographic=orthographic)
    center, size = np.array([0.1, -0.2, 0.0]), np.array(sizes)
    polygon = silhouette(center, size, camera, VIEWPORT, 1.0)
    px, _ = camera.project(center + CORNERS * size, VIEWPORT)
    assert 4 <= len(polygon) <= 6 or len(polygon) == 8  # a hair beside a right angle, sides nearly coincide
    assert (turns(polygon) > -1e-6).all()
    assert outside(polygon, px).max() < 1e-6
    assert np.abs(polygon[:, None] - px).max(-1).min(1).max() < 1e-9  # its corners are the box's


@given(
    angles=st.tuples(st.floats(-89, 89), st.floats(-89, 89)),
    boxes=st.lists(st.tuples(*[st.floats(-4, 4)] * 3, *[st.floats(0.0, 3)] * 3), max_size=8),
    orthographic=st.booleans(),
)
def test_many_silhouettes_at_once_are_the_same(angles, boxes, orthographic):
    camera = Camera((0.0, 0.0, 0.0), *angles, 6.0, orthographic=orthographic)
    center, size = np.split(np.array(boxes).reshape(-1, 6), 2, axis=1)
    many = silhouettes(center, size, camera, VIEWPORT, 1.0)
    assert len(many) == len(boxes)
    for k, polygon in enumerate(many):
        one = silhouette(center[k], size[k], camera, VIEWPORT, 1.0)
        assert len(polygon) >= min(len(one), 4)
        if len(one):
            # Corners may lie on a side: both hold the other, to a thousandth of a pixel.
            for a, b in ((one, polygon), (polygon, one)):
                a = a[np.linalg.norm(np.roll(a, -1, 0) - a, axis=1) > 1e-6]
                assert outside(a, b).max() < 1e-3


def test_what_is_too_small_to_see_has_a_silhouette_that_one_can():
    camera = Camera((0.0, 0.0, 0.0), 0.0, 0.0, 10.0)
    for scale in (1.0, 2.0):
        polygon = silhouette(np.zeros(3), np.full(3, 1e-3), camera, VIEWPORT, scale)
        np.testing.assert_allclose(np.ptp(polygon, axis=0), 9 * scale)
        np.testing.assert_allclose(polygon.mean(0), [400, 300])


def test_what_is_behind_the_eye_has_none():
    camera = Camera((0.0, 0.0, 0.0), 0.0, 0.0, 10.0)
    assert silhouette(np.array([0.0, 0.0, 12.0]), np.ones(3), camera, VIEWPORT, 1.0).shape == (0, 2)


def test_what_is_far_outside_the_view_has_none():
    camera = Camera((0.0, 0.0, 0.0), 0.0, 0.0, 10.0)
    assert silhouette(np.array([1e4, 0.0, 0.0]), np.ones(3), camera, VIEWPORT, 1.0).shape == (0, 2)


def test_a_plate_that_runs_past_the_eye_is_cut_off_outside_the_view():
    camera = Camera((0.0, 0.0, 0.0), 0.0, 60.0, 10.0)
    polygon = silhouette(np.zeros(3), np.array([2.0, 1e6, 0.1]), camera, VIEWPORT, 1.0)
    assert np.isfinite(polygon).all()
    assert (polygon >= -64 - 1e-6).all()
    assert (polygon <= np.add(VIEWPORT, 64 + 1e-6)).all()
    assert outside(polygon, np.array([[400.0, 300.0]])).max() < -50  # the target is well inside
    assert (turns(polygon) > -1e-6).all()


def test_the_halo_falls_off_to_nothing():
    strengths = halo(np.linspace(0, REACH_PX, 20))
    assert strengths[0] == HALO
    assert strengths[-1] == halo(2 * REACH_PX) == 0
    assert (np.diff(strengths) < 0).all()
    assert halo(-1.0) == pytest.approx(HALO)
