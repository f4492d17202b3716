"""The camera's mathematics: what it shows, where a pixel looks, and how it moves."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archviz3d.viewer.cameras.camera import Camera

VIEWPORT = (1920, 1080)
cameras = st.builds(
    Camera,
    st.tuples(*[st.floats(-1e3, 1e3)] * 3),
    st.floats(-60, 60),
    st.floats(-60, 60),
    st.floats(1e-3, 1e4),
    st.floats(10, 60),
    st.booleans(),
)
pixels = st.tuples(st.floats(0, 1920), st.floats(0, 1080))


def test_axes_are_right_handed_and_the_front_is_the_plan():
    assert np.allclose(Camera((0, 0, 0), 0, 0, 1).axes, np.eye(3))
    right, up, back = Camera((0, 0, 0), 25, -40, 1).axes
    assert np.allclose(np.cross(right, up), back)
    assert Camera((0, 0, 0), 30, 0, 1).eye[0] > 0  # azimuth to the right
    assert Camera((0, 0, 0), 0, 30, 1).eye[1] > 0  # elevation up


def test_the_target_is_in_the_middle_and_up_is_up():
    camera = Camera((3, 4, 5), 20, 30, 7)
    px, depth = camera.project([camera.target, (3, 5, 5)], VIEWPORT)
    assert np.allclose(px[0], (960, 540))
    assert depth[0] == pytest.approx(7)
    assert px[1, 1] < 540


@given(cameras, pixels, st.floats(0.1, 3))
def test_project_and_ray_are_inverse(camera, px, reach):
    origin, direction = camera.ray(px, VIEWPORT)
    back, depth = camera.project([origin + reach * camera.reach * direction], VIEWPORT)
    assert depth[0] > 0
    # A target far from the origin costs digits, as much as its size over the distance.
    loss = 1e-12 * (1 + np.abs(camera.target).max() / camera.distance) * VIEWPORT[0]
    assert np.allclose(back[0], px, atol=1e-6 + 1e3 * loss)


@given(
    st.builds(
        Camera,
        st.tuples(*[st.floats(-5, 5)] * 3),
        st.floats(-50, 50),
        st.floats(-50, 50),
        st.floats(1, 100),
        st.just(30.0),
        st.booleans(),
    ),
    pixels,
    st.floats(0.2, 5),
)
def test_zoom_keeps_what_is_under_the_cursor(camera, px, factor):
    origin, direction = camera.ray(px, VIEWPORT)
    closer = camera.zoomed(factor, px, VIEWPORT)
    assert closer.distance == pytest.approx(camera.distance / factor)
    if abs(direction[2]) > 0.2:  # the point on the plan through the target
        point = origin + (camera.target[2] - origin[2]) / direction[2] * direction
        assert np.allclose(closer.project([point], VIEWPORT)[0][0], px, atol=1e-4)


@given(st.builds(Camera, st.just((1.0, 2.0, 3.0)), st.floats(-50, 50), st.floats(-50, 50), st.floats(1, 100)), pixels)
def test_pan_moves_the_plan_with_the_cursor(camera, px):
    dx, dy = (px[0] - 960) / 8, (px[1] - 540) / 8
    moved = camera.panned((960, 540), (960 + dx, 540 + dy), VIEWPORT)
    assert (moved.azimuth, moved.elevation, moved.distance) == (camera.azimuth, camera.elevation, camera.distance)
    assert moved.target[2] == pytest.approx(3)  # along the plan
    now, _ = moved.project([camera.target], VIEWPORT)
    assert np.allclose(now[0], (960 + dx, 540 + dy), atol=1e-4)


def test_pan_from_the_front_is_exact():
    moved = Camera((0, 0, 0), 0, 0, 10).panned((0, 0), (123, -45), VIEWPORT)
    assert np.allclose(moved.project([(0, 0, 0)], VIEWPORT)[0][0], (960 + 123, 540 - 45))


def test_orbit_stays_below_the_pole_and_keeps_the_target():
    camera = Camera((1, 2, 3), 170, 80, 10).orbited(30, 30)
    assert camera.elevation == 89
    assert camera.azimuth == -160
    assert camera.target == (1, 2, 3)


@given(cameras, pixels, st.floats(0.5, 1.5), st.floats(-40, 40), st.floats(-40, 40))
def test_orbit_keeps_the_point_that_it_goes_around(camera, px, reach, azimuth, elevation):
    origin, direction = camera.ray(px, VIEWPORT)
    pivot = origin + (camera.reach + (reach - 1) * camera.distance) * direction
    turned = camera.orbited(azimuth, elevation, pivot)
    assert (turned.azimuth, turned.elevation) == (
        camera.orbited(azimuth, elevation).azimuth, camera.orbited(azimuth, elevation).elevation
    )  # fmt: skip
    loss = 1e-12 * (1 + np.abs(camera.target).max() / camera.distance) * VIEWPORT[0]
    assert np.allclose(turned.project([pivot], VIEWPORT)[0][0], px, atol=1e-5 + 1e3 * loss)


@given(
    cameras,
    st.tuples(st.floats(1e-3, 1e3), st.floats(1e-3, 1e3), st.floats(1e-3, 50)),
    st.tuples(st.floats(0, 300), st.floats(0, 200), st.floats(0, 400), st.floats(0, 200)),
)
def test_fitted_shows_all_corners_and_wastes_nothing(camera, size, margins):
    center = np.array([10.0, -20.0, 5.0])
    fitted = camera.fitted(center, size, VIEWPORT, margins)
    signs = np.array([[i, j, k] for i in (-1, 1) for j in (-1, 1) for k in (-1, 1)])
    px, depth = fitted.project(center + signs * np.array(size) / 2, VIEWPORT)
    assert (depth > 0).all()
    left, top, right, bottom = margins
    slack = np.array([*(px.min(0) - (left, top)), *((1920 - right, 1080 - bottom) - px.max(0))])
    assert (slack > -1e-3).all()
    touches_x = slack[0] < 1e-2 and slack[2] < 1e-2
    touches_y = slack[1] < 1e-2 and slack[3] < 1e-2
    assert touches_x or touches_y
    assert (fitted.azimuth, fitted.elevation) == (camera.azimuth, camera.elevation)


@given(cameras, st.tuples(*[st.floats(-0.2, 0.2)] * 3))
def test_aiming_changes_no_picture(camera, offset):
    point = np.asarray(camera.target) + camera.distance * np.array(offset)
    aimed = camera.aimed(point)
    if camera.axes[2, 2] > 0.3:
        assert aimed.target[2] == pytest.approx(point[2], abs=1e-9 * (1e3 + camera.distance))
    spots = np.asarray(camera.target) + camera.distance * np.array([(0.1, 0.2, 0.05), (-0.2, 0.1, -0.1)])
    loss = 1e-9 * (1 + np.abs(camera.target).max() / camera.distance) * VIEWPORT[0]
    before, after = (seen.project(spots, VIEWPORT)[0] for seen in (camera, aimed))
    assert np.allclose(before, after, atol=1e-5 + loss)


@given(cameras)
def test_the_other_projection_shows_the_target_as_large(camera):
    other = camera.projected(not camera.orthographic)
    assert other.fov == 30
    assert other.unit_px(VIEWPORT) == pytest.approx(camera.unit_px(VIEWPORT))
    back = other.projected(camera.orthographic, camera.fov)
    assert back.distance == pytest.approx(camera.distance)
    assert (back.target, back.orthographic) == (camera.target, camera.orthographic)


def test_parallel_lines_of_sight_make_everything_equally_large():
    camera = Camera((1, 2, 3), 20, 30, 7, orthographic=True)
    right, _, back = camera.axes
    ends = np.asarray(camera.target) + np.array(
        [depth * back + side * right for depth in (-5, 0, 5) for side in (0, 1)]
    )
    px, depth = camera.project(ends, VIEWPORT)
    assert np.allclose(px[1::2, 0] - px[::2, 0], camera.unit_px(VIEWPORT))
    assert np.allclose(camera.units_px(depth, VIEWPORT), camera.unit_px(VIEWPORT))
    assert (depth > 0).all()
    width, height = camera.frustum(depth[:1], VIEWPORT)
    assert width[0] * camera.unit_px(VIEWPORT) == pytest.approx(960)
    assert height[0] * camera.unit_px(VIEWPORT) == pytest.approx(540)
    assert camera.leaning(VIEWPORT) == pytest.approx(np.arccos(back[2]))
    assert replace(camera, orthographic=False).leaning(VIEWPORT) > camera.leaning(VIEWPORT)


def test_a_flight_between_projections_keeps_what_is_at_the_target_as_large():
    start = Camera((1, 2, 3), -6, 10, 50)
    end = start.projected(True)
    way = [Camera.between(start, end, t) for t in np.linspace(0, 1, 30)]
    assert np.allclose([camera.unit_px(VIEWPORT) for camera in way], start.unit_px(VIEWPORT))
    assert (np.diff([camera.fov for camera in way[:-1]]) <= 0).all()
    # At its end it looks like the parallel projection, which follows without a jump.
    spots = np.asarray(start.target) + np.array([(10, 5, 4), (-12, -6, -4)])
    near = Camera.between(start, end, 1 - 1e-9).project(spots, VIEWPORT)[0]
    assert np.abs(near - end.project(spots, VIEWPORT)[0]).max() < 3
    back = [Camera.between(end, start, t).fov for t in (0.001, 0.5, 0.999)]
    assert back[0] < 2 < back[1] < back[2] < 30


def test_margins_that_leave_nothing_are_refused():
    with pytest.raises(ValueError, match="leave nothing"):
        Camera((0, 0, 0), 0, 0, 1).fitted((0, 0, 0), (1, 1, 1), (100, 100), (60, 0, 60, 0))


@given(cameras, cameras)
def test_a_flight_starts_ends_and_never_turns_back(a, b):
    assert Camera.between(a, b, 0) == a
    assert Camera.between(a, b, 1) == b
    way = np.asarray(b.target) - np.asarray(a.target)
    stops = [Camera.between(a, b, t) for t in np.linspace(0, 1, 41)]
    done = np.array([(np.asarray(s.target) - np.asarray(a.target)) @ way for s in stops])
    assert (np.diff(done) >= -1e-6 * max(way @ way, 1e-9)).all()
    assert all(s.distance > 0 for s in stops)
    # It leaves and arrives gently.
    assert done[1] <= 0.35 * (way @ way) + 1e-9


def test_a_flight_into_a_part_only_comes_closer():
    stack, expert = Camera((0, 0, 0), -6, 10, 2000), Camera((300, 120, 30), -6, 10, 12)
    distances = [Camera.between(stack, expert, t).distance for t in np.linspace(0, 1, 60)]
    assert (np.diff(distances) <= 1e-9).all()


def test_a_flight_takes_the_short_way_round():
    halfway = Camera.between(Camera((0, 0, 0), 170, 0, 1), Camera((0, 0, 0), -170, 0, 1), 0.5)
    assert abs(halfway.azimuth) == pytest.approx(180)


@pytest.mark.parametrize("x", [1, 5999])
@pytest.mark.parametrize("azimuth", [-80.0, 80.0])
def test_in_parallel_projection_no_side_of_the_view_is_dragged_over_the_horizon(x, azimuth):
    camera, viewport = Camera((1, 2, 3), azimuth, 0, 7, 60, orthographic=True), (6000, 800)
    moved = np.array(camera.panned((x, 400), (x, 300), viewport).target) - camera.target
    assert np.allclose(moved, [0, moved[1], 0])
    near = np.array(camera.zoomed(2, (x, 400), viewport).target) - camera.target
    assert abs(near @ camera.axes[2]) < 1e-9 * camera.distance  # across the line of sight: the plan is too far away
    middle = np.array(camera.zoomed(2, (3500, 400), viewport).target) - camera.target
    assert abs(middle[2]) < 1e-9 * camera.distance  # along the plan
