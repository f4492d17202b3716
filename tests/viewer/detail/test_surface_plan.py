"""Which part of a face is in view, against brute force; which tiles cover it."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from archviz3d.overlays.tiles.pyramid import TILE, Statistic, TileGrid
from archviz3d.viewer.cameras.camera import Camera
from archviz3d.viewer.detail.surface_plan import (
    Face,
    corner_rays,
    is_turned,
    patch_of,
    patches_of,
    plan_level,
    visible_part,
)

VIEWPORT = (640, 360)
CENTER, SIZE = np.array([1.0, -2.0, 0.5]), np.array([3.0, 2.0, 0.4])

cameras = st.builds(
    Camera,
    st.tuples(st.floats(-2, 4), st.floats(-4, 0), st.floats(0, 1)),
    st.floats(-80, 80),
    st.floats(-80, 80),
    st.floats(0.05, 20),
    st.sampled_from([10.0, 30.0, 90.0]),
)
# Those whose target is a point of the face, lying or upright, so that something of it is in view.
looking = st.builds(
    Camera,
    st.tuples(st.floats(0.1, 1.9), st.floats(-2.9, -1.1), st.just(0.7)),
    st.floats(-80, 80),
    st.floats(-80, 80),
    st.floats(0.05, 20),
    st.sampled_from([10.0, 30.0, 90.0]),
)
sides = st.one_of(st.integers(1, 600), st.integers(1, 20_000))
grids = st.builds(TileGrid, sides, sides)
front = Camera((1.0, -2.0, 0.7), 0.0, 0.0, 10.0)


def points_of_face(count=41):
    """x and y, 0 to 1 from the left and the top, of a grid of points of the face; and the points."""
    x, y = (side.ravel() for side in np.meshgrid(np.linspace(0, 1, count), np.linspace(0, 1, count)))
    corner = np.array([CENTER[0] - SIZE[0] / 2, CENTER[1] + SIZE[1] / 2, CENTER[2] + SIZE[2] / 2])
    return x, y, corner + np.stack([x * SIZE[0], -y * SIZE[1], 0 * x], -1)


def in_view(points, camera):
    px, depth = camera.project(points, VIEWPORT)
    inside = (px >= 0).all(-1) & (px <= np.array(VIEWPORT)).all(-1) & (depth > 0)
    return inside & (camera.eye[2] > CENTER[2] + SIZE[2] / 2)  # else its back is seen


def face_of(grid, camera=front, size=SIZE):
    return Face.of(7, 3, grid, np.array([CENTER, size]), camera, VIEWPORT, corner_rays(camera, VIEWPORT))


# ---------------------------------------------------------------- what is in view
@given(cameras)
def test_everything_in_view_is_in_the_visible_part(camera):
    x, y, points = points_of_face()
    seen = in_view(points, camera)
    part = visible_part(CENTER, SIZE, camera.eye, corner_rays(camera, VIEWPORT))
    if part is None:
        assert not seen.any()
        return
    left, top, right, bottom = part
    assert 0 <= left < right <= 1
    assert 0 <= top < bottom <= 1
    assert (x[seen] >= left - 1e-6).all()
    assert (x[seen] <= right + 1e-6).all()
    assert (y[seen] >= top - 1e-6).all()
    assert (y[seen] <= bottom + 1e-6).all()


@given(st.floats(-1.4, 3.4), st.floats(-2.9, -1.1), st.floats(0.2, 20))
def test_seen_from_the_front_the_visible_part_is_exact(u, v, distance):
    camera = Camera((u, v, 0.7), 0.0, 0.0, distance)
    unit = camera.unit_px(VIEWPORT)
    at, half = np.array([u, v]), np.array(VIEWPORT) / 2 / unit
    low, high = CENTER[:2] - SIZE[:2] / 2, CENTER[:2] + SIZE[:2] / 2
    a, b = np.maximum(low, at - half), np.minimum(high, at + half)
    assume(((b - a > 1e-9) | (b - a < -1e-9)).all())
    part = visible_part(CENTER, SIZE, camera.eye, corner_rays(camera, VIEWPORT))
    if (a > b).any():
        assert part is None
        return
    expected = ((a[0] - low[0]) / 3, (high[1] - b[1]) / 2, (b[0] - low[0]) / 3, (high[1] - a[1]) / 2)
    assert part == pytest.approx(expected, abs=1e-9)


def test_a_face_in_full_view_is_all_visible_and_one_beside_it_is_not():
    assert visible_part(CENTER, SIZE, front.eye, corner_rays(front, VIEWPORT)) == (0, 0, 1, 1)
    assert visible_part(CENTER + np.array([50, 0, 0]), SIZE, front.eye, corner_rays(front, VIEWPORT)) is None


def test_a_face_behind_the_eye_or_seen_from_behind_is_not_in_view():
    assert visible_part(CENTER + np.array([0, 0, 20]), SIZE, front.eye, corner_rays(front, VIEWPORT)) is None
    assert face_of(TileGrid(4, 4), Camera((1.0, -2.0, 0.7), 0.0, 0.0, -5.0)) is None


# ---------------------------------------------------------------- places and points
@given(grids, st.booleans(), st.floats(0, 1), st.floats(0, 1))
def test_corner_and_place_of_are_inverse(grid, upright, x, y):
    face = face_of(grid, size=SIZE[[1, 0, 2]] if upright else SIZE)
    assert face is not None
    place = (x * grid.rows, y * grid.columns)
    point = face.corner(*place)
    assert point[2] == pytest.approx(CENTER[2] + SIZE[2] / 2)
    assert face.place_of(point) == pytest.approx(place, rel=1e-9, abs=1e-9)


@given(grids, st.booleans())
def test_the_longer_side_of_a_matrix_lies_along_the_longer_side_of_its_face(grid, upright):
    size = SIZE[[1, 0, 2]] if upright else SIZE
    face = face_of(grid, size=size)
    assert face is not None
    across, down = (grid.columns, grid.rows) if face.turned else (grid.rows, grid.columns)
    assert (across >= down) == (size[0] > size[1]) or across == down


@pytest.mark.parametrize(
    ("rows", "columns", "turned"), [(8, 4, False), (4, 8, True), (4, 4, False), (9, 1, False), (1, 9, True)]
)
def test_on_a_broad_face_a_broad_matrix_is_turned(rows, columns, turned):
    assert is_turned(TileGrid(rows, columns), SIZE) == turned
    assert is_turned(TileGrid(rows, columns), SIZE[[1, 0, 2]]) == (not turned and rows != columns)


def test_the_first_row_is_at_the_left_or_in_a_turned_face_at_the_top():
    top_left = CENTER + SIZE * [-0.5, 0.5, 0.5]
    lying, turned = face_of(TileGrid(8, 4)), face_of(TileGrid(4, 8))
    assert lying is not None
    assert turned is not None
    np.testing.assert_allclose(lying.corner(0, 0), top_left)
    np.testing.assert_allclose(lying.corner(8, 0), top_left + np.array([3, 0, 0]))
    np.testing.assert_allclose(lying.corner(0, 4), top_left + np.array([0, -2, 0]))
    np.testing.assert_allclose(turned.corner(0, 0), top_left)
    np.testing.assert_allclose(turned.corner(4, 0), top_left + np.array([0, -2, 0]))
    np.testing.assert_allclose(turned.corner(0, 8), top_left + np.array([3, 0, 0]))


def test_pixels_of_a_value_seen_from_the_front():
    face = face_of(TileGrid(30, 10))
    assert face is not None
    unit = front.unit_px(VIEWPORT)
    assert face.cell_px == pytest.approx((3 * unit / 30, 2 * unit / 10))
    turned = face_of(TileGrid(10, 30))
    assert turned is not None
    assert turned.cell_px == pytest.approx((3 * unit / 30, 2 * unit / 10))


# ---------------------------------------------------------------- levels
@given(grids, looking, st.sampled_from([1.0, 2.0]))
def test_a_level_is_the_finest_whose_cells_are_a_pixel_large(grid, camera, scale):
    face = face_of(grid, camera)
    assert face is not None
    level = plan_level(face, scale)
    px = min(face.cell_px) / scale
    assert 0 <= level < grid.levels
    assert level == grid.levels - 1 or px * 2**level >= 1 - 1e-6
    assert level == 0 or px * 2 ** (level - 1) < 1 + 1e-6


@given(grids, looking, st.integers(0, 12))
def test_coarser_levels_end_at_the_coarsest(grid, camera, coarser):
    face = face_of(grid, camera)
    assert face is not None
    assert plan_level(face, 1.0, coarser) == min(plan_level(face, 1.0) + coarser, grid.levels - 1)


# ---------------------------------------------------------------- tiles
@given(st.builds(TileGrid, st.integers(1, 3000), st.integers(1, 3000)), looking, st.booleans(), st.data())
def test_patches_cover_the_visible_part_exactly_once(grid, camera, upright, data):
    face = face_of(grid, camera, SIZE[[1, 0, 2]] if upright else SIZE)
    assert face is not None
    level = data.draw(st.integers(0, grid.levels - 1))
    patches = list(patches_of(face, Statistic.RMS, level))
    keys = [patch.key for patch in patches]
    assert len(set(keys)) == len(keys)
    assert {(key.node, key.statistic, key.level) for key in keys} == {(7, Statistic.RMS, level)}
    covered = np.zeros((grid.rows, grid.columns), np.int8)
    for patch in patches:
        covered[slice(*patch.rows), slice(*patch.columns)] += 1
        assert patch.count == (patch.rows[1] - patch.rows[0]) * (patch.columns[1] - patch.columns[0])
    (r0, r1), (c0, c1) = face.ranges()
    rows = slice(int(r0 + 1e-9), max(int(np.ceil(r1 - 1e-9)), int(r0 + 1e-9) + 1))
    columns = slice(int(c0 + 1e-9), max(int(np.ceil(c1 - 1e-9)), int(c0 + 1e-9) + 1))
    assert (covered[rows, columns] == 1).all()
    assert covered.max() == 1
    # and no tile that lies fully outside
    side = TILE << level
    for patch in patches:
        assert patch.rows[0] <= r1
        assert patch.rows[0] + side >= r0
        assert patch.columns[0] <= c1
        assert patch.columns[0] + side >= c0


@given(grids, looking)
def test_the_middle_of_what_is_in_view_comes_first(grid, camera):
    face = face_of(grid, camera)
    assert face is not None
    level = max(0, grid.levels - 4)
    (r0, r1), (c0, c1) = face.ranges()
    side = TILE << level
    away = [
        ((patch.key.row + 0.5) * side - (r0 + r1) / 2) ** 2 + ((patch.key.column + 0.5) * side - (c0 + c1) / 2) ** 2
        for patch in patches_of(face, Statistic.RMS, level)
    ]
    assert all(a <= b * (1 + 1e-9) for a, b in pairwise(away))


def test_a_patch_at_the_edge_ends_with_the_tensor():
    face = face_of(TileGrid(600, 300))
    assert face is not None
    patches = {(patch.key.row, patch.key.column): patch for patch in patches_of(face, Statistic.SIGNED, 0)}
    assert sorted(patches) == [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1)]
    last = patches[2, 1]
    assert (last.rows, last.columns, last.count) == ((512, 600), (256, 300), 88 * 44)
    again = patch_of(face, last.key)
    assert (again.rows, again.columns) == (last.rows, last.columns)
