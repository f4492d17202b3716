"""Corners of boxes, and polygons against their own points."""

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from archviz3d.viewer.cameras.corners import clipped, corners_of

NUMBERS = st.floats(-2, 2)


def test_a_box_has_eight_corners():
    center, size = np.array([[1.0, 2, 3], [0, 0, 0]]), np.array([[2.0, 4, 6], [1, 1, 1]])
    corners = corners_of(center, size)
    assert sorted(corners[0].tolist()) == [list(corner) for corner in itertools.product((0, 2), (0, 4), (0, 6))]
    assert corners.shape == (2, 8, 3)
    assert np.array_equal(corners_of(center[1], size[1]), corners[1])


@given(st.tuples(NUMBERS, NUMBERS), NUMBERS)
def test_what_is_left_of_a_polygon_is_what_has_room(normal, offset):
    square = np.array([[-1.0, -1, 5], [1, -1, 5], [1, 1, 5], [-1, 1, 5]])
    left = clipped(square, square[:, :2] @ normal + offset)
    assert (left[:, :2] @ normal + offset >= -1e-9).all()
    assert (np.abs(left[:, :2]) <= 1 + 1e-12).all()
    assert (left[:, 2] == 5).all()
    x, y = left[:, 0], left[:, 1]
    area = abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2
    middles = (np.arange(200) + 0.5) / 100 - 1
    room = middles[:, None] * normal[0] + middles * normal[1] + offset
    if np.hypot(*normal) > 1e-3:
        assert abs(area - 4 * (room >= 0).mean()) < 0.06
