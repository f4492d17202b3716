from types import SimpleNamespace

import numpy as np

from archviz3d.graph.kinds import EdgeKind
from archviz3d.viewer.cameras.camera import Camera
from archviz3d.viewer.scene.frame import View
from archviz3d.viewer.scene.ribbons import Polylines, ribbon_quads, route_rects


def lines(*polylines):
    points = np.concatenate([np.array(p, float) for p in polylines])
    return Polylines(points, np.concatenate([[0], np.cumsum([len(p) for p in polylines])]))


def test_a_straight_ribbon_is_as_wide_as_asked_and_its_head_ends_at_the_target():
    two = lines([[0, 0, 1], [10, 0, 1]], [[0, 5, 2], [0, 9, 2]])
    corners, course, line = ribbon_quads(two, np.array([2.0, 1.0]), np.array([True, False]))
    body = corners[(line == 0)][0]
    assert np.ptp(body[:, 1]) == 2
    assert body[:, 0].max() < 10
    assert corners[line == 0][:, :, 0].max() == 10  # the tip
    assert np.allclose(corners[line == 0][..., 2], 1)
    assert corners[line == 1][:, :, 1].max() == 9
    assert np.ptp(corners[line == 1][0][:, 0]) == 1
    assert set(course[..., 1].ravel()) <= {-1, 0, 1}
    head = course[line == 0][-1]
    np.testing.assert_array_equal(head, [[-1, 1], [-1, -1], [0, 0], [0, 0]])  # from its base to its tip
    assert (course[:-1, :, 0] >= 0).all()


def test_joints_are_closed_and_keep_their_width():
    bend = lines([[0, 0, 0], [10, 0, 0], [10, 10, 0]])
    corners, course, _ = ribbon_quads(bend, np.array([1.0]), np.array([False]))
    first, second = corners
    assert np.allclose(first[1], second[0])
    assert np.allclose(first[2], second[3])
    assert np.allclose(np.linalg.norm(first[1] - [10, 0, 0]), np.sqrt(0.5))
    assert course[1, 1, 0] == 20  # the way goes on through the joint


def test_stretches_of_no_length_draw_nothing():
    doubled = lines([[0, 0, 0], [5, 0, 0], [5, 0, 0], [9, 0, 0]])
    corners, _, _ = ribbon_quads(doubled, np.array([1.0]), np.array([False]))
    assert len(corners) == 2
    assert np.isfinite(corners).all()
    assert np.ptp(corners[..., 1]) == 1


def test_taking_some_lines():
    three = lines([[0, 0, 0], [1, 0, 0]], [[2, 0, 0], [3, 0, 0], [4, 0, 0]], [[5, 0, 0], [6, 0, 0]])
    some = three.taken(np.array([2, 1]))
    assert some.points[:, 0].tolist() == [5, 6, 2, 3, 4]
    assert some.start.tolist() == [0, 2, 5]
    assert some.line.tolist() == [0, 0, 1, 1, 1]


def test_a_way_that_rises_and_turns_back_keeps_its_width():
    points = np.array([[0, 0, 0], [10, 0, 0], [2, 0, 5], [12, 0, 9]], float)  # as between two plates of a deck
    lines = Polylines(points, np.array([0, 4]))
    corners, _, _ = ribbon_quads(lines, np.array([2.0]), np.array([False]))
    assert len(corners) == 3
    np.testing.assert_allclose(np.ptp(corners[:, :, 1], axis=1), 2.0)
    np.testing.assert_allclose(np.abs(corners[:, :, 1]), 1.0)


def test_what_a_long_ribbon_that_leans_covers_is_told_piece_by_piece():
    routes = SimpleNamespace(
        points=np.array([[-9.0, -9.0, 0.0], [9.0, 9.0, 0.0], [50.0, 0.0, 0.0], [60.0, 0.0, 0.0]]),
        start=np.array([0, 2, 4]),
        width=np.array([0.05, 0.05]),
        kind=np.full(2, EdgeKind.DATA, np.uint8),
    )
    camera = Camera((0.0, 0.0, 0.0), 0.0, 0.0, 10.0, orthographic=True)
    rects, route = route_rects(routes, np.arange(2), View(camera, (400, 400), 1.0, False))
    mine = rects[route == 0]
    assert len(mine) > 20
    assert (mine[:, 2:] - mine[:, :2]).max() < 40  # one rectangle around it would be the whole picture
    for x in range(20, 400, 40):  # it runs from the lower left to the upper right
        covers = (mine[:, 0] <= x) & (x <= mine[:, 2])
        covers &= (mine[:, 1] <= 400 - x) & (400 - x <= mine[:, 3])
        assert covers.any()
    beside = rects[route == 1]
    assert ((beside[:, 0] > 400) | (beside[:, 2] < 0)).all()
