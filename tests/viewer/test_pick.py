import numpy as np

from archviz3d.viewer.pick import nearest_box


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
