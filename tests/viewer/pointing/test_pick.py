import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from archviz3d.viewer.pointing.pick import nearest_box, nearest_in_plan

SIDES = st.integers(-4, 4)


def test_the_nearest_box_wins_and_on_a_tie_the_later():
    center = np.array([[0.0, 0, 0], [0, 0, 1], [5, 0, 0], [0, 0, 1]])
    size = np.array([[4.0, 4, 0.5], [1, 1, 1.5], [1, 1, 1], [1, 1, 1.5]])
    towards = np.array([0.0, 0, -1])
    assert nearest_box(center, size, np.array([0.1, 0.1, 10.0]), towards) == 3
    assert nearest_box(center, size, np.array([1.5, 1.5, 10.0]), towards) == 0
    assert nearest_box(center, size, np.array([9.0, 9.0, 10.0]), towards) is None


def test_boxes_behind_the_eye_are_not_hit():
    assert nearest_box(np.zeros((1, 3)), np.ones((1, 3)), np.array([0.0, 0, 5]), np.array([0.0, 0, 1])) is None


def test_a_ray_along_a_face_is_no_error():
    center, size = np.zeros((1, 3)), np.full((1, 3), 2.0)
    assert nearest_box(center, size, np.array([1.0, 0, 5]), np.array([0.0, 0, -1])) in (0, None)


def test_tiny_boxes_far_from_the_origin():
    center = np.array([[812.3, -431.7, 24.0], [812.3 + 2e-4, -431.7, 24.0]])
    size = np.full((2, 3), 1e-4)
    eye = np.array([812.3 + 2e-4, -431.7, 24.0 + 1e-3])
    assert nearest_box(center, size, eye, np.array([0.0, 0, -1])) == 1


def first_met(center, size, origin, direction):
    """Return the same as `nearest_box`, by walking along the ray in steps of an eighth."""
    points = origin + direction * (np.arange(8 * 40) / 8)[:, None]
    inside = (np.abs(center - points[:, None]) <= size / 2).all(2)
    if not inside.any():
        return None
    return int(np.flatnonzero(inside[inside.any(1).argmax()])[-1])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(SIDES, SIDES, SIDES), min_size=1, max_size=12),
    st.tuples(SIDES, SIDES),
    st.sampled_from([(0, 0, -1), (1, 0, -1), (0, -1, -1), (-1, 1, -1)]),
)
def test_the_first_box_on_the_way_is_found(centers, start, direction):
    center = np.array(centers, float)
    size = np.full((len(centers), 3), 1.5)
    origin = np.array([*start, 20.0]) + 0.25
    way = np.array(direction, float)
    assert nearest_box(center, size, origin, way) == first_met(center, size, origin, way)


def test_no_boxes_are_no_hit():
    assert nearest_box(np.empty((0, 3)), np.empty((0, 3)), np.zeros(3), np.array([0.0, 0, -1])) is None


def test_a_point_of_the_plan_means_what_it_is_in_or_nearest_to():
    center = np.array([[0.0, 0, 0], [4, 0, 0], [4, 0, 0], [0.5, 0.5, 0]])
    size = np.array([[2.0, 2, 1], [2, 2, 1], [1, 1, 1], [0.1, 0.1, 1]])
    among = np.array([0, 1, 2])
    assert nearest_in_plan(center, size, among, np.array([0.5, 0.5]), 0.0) == 0
    assert nearest_in_plan(center, size, among, np.array([1.5, 0.0]), 0.6) == 0
    assert nearest_in_plan(center, size, among, np.array([2.0, 0.0]), 0.6) is None
    assert nearest_in_plan(center, size, among, np.array([2.6, 0.0]), 0.6) == 1
    assert nearest_in_plan(center, size, among, np.array([4.0, 0.0]), 0.0) == 2  # of several the last
    assert nearest_in_plan(center, size, among, np.array([1.3, 1.4]), 0.45) is None  # as the crow flies
    assert nearest_in_plan(center, size, among[:0], np.array([0.0, 0.0]), 9.0) is None
