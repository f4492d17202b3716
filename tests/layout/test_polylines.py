"""Ways with round corners."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archviz3d.layout.polylines import Ways, polylines

MANY = settings(max_examples=200, deadline=None)
NEAR = 1e-9


def drawn(corners, radii):
    """The polylines of some ways; one radius for all, or one for each corner of each."""
    corners = np.array(corners, np.float64)
    points, counts = polylines(Ways(corners, np.broadcast_to(np.array(radii, np.float64), corners.shape[:2])))
    assert counts.sum() == len(points)
    return np.split(points, np.cumsum(counts)[:-1])


def turns(corners, radii):
    """The ends and bends of a way, each with its radius, found by walking along it."""
    kept = [(corners[0], 0.0)]
    for k, (at, radius) in enumerate(zip(corners, radii, strict=True)):
        ahead = next((later for later in corners[k:] if later != at), None)
        if at == kept[-1][0] or ahead is None:
            continue
        behind = next(before for before in reversed(corners[:k]) if before != at)
        if (behind[0] == at[0]) != (at[0] == ahead[0]):
            kept.append((at, radius))
    return [*kept, (corners[-1], 0.0)]


def arcs_of(known):
    """Corner, directions in and out, and radius of each bend: at most half of a stretch between two bends."""
    stretches = [np.subtract(b, a) for (a, _), (b, _) in pairwise(known)]
    lengths = [np.abs(stretch).sum() for stretch in stretches]
    room = [length / (1 if k in (0, len(lengths) - 1) else 2) for k, length in enumerate(lengths)]
    for k, (corner, radius) in enumerate(known[1:-1]):
        into, out = stretches[k] / lengths[k], stretches[k + 1] / lengths[k + 1]
        yield np.array(corner), into, out, min(radius, room[k], room[k + 1])


@st.composite
def ways(draw, most=7):
    """A way of axis-parallel stretches, some of no length, some that go on in the same direction; and its radii."""
    at, corners, last = [0.0, 0.0], [(0.0, 0.0)], (0, 1)
    for _ in range(most):
        axis, sign = draw(st.sampled_from([0, 1])), draw(st.sampled_from([-1, 1]))
        sign = last[1] if axis == last[0] else sign  # no way turns back on itself
        length = draw(st.sampled_from([0.0, 0.01, 0.05, 0.3, 1.0]))
        last = (axis, sign) if length else last
        at[axis] = round(at[axis] + sign * length, 6)
        corners.append(tuple(at))
    return corners, draw(st.lists(st.sampled_from([0.0, 0.004, 0.02, 0.06, 5.0]), min_size=most + 1, max_size=most + 1))


@MANY
@given(some=st.lists(ways(), min_size=1, max_size=4))
def test_every_bend_is_an_arc_in_the_square_of_its_corner(some):
    for line, (corners, radii) in zip(drawn(*zip(*some, strict=True)), some, strict=True):
        known = turns(corners, radii)
        assert tuple(line[0]) == corners[0]
        assert tuple(line[-1]) == corners[-1]
        on_an_arc = np.zeros(len(line), np.bool_)
        on_an_arc[[0, -1]] = True
        for corner, into, out, radius in arcs_of(known):
            for end in (corner - into * radius, corner + out * radius):
                assert np.abs(line - end).max(1).min() <= NEAR
            before, after = (corner - line) @ into, (line - corner) @ out
            centre = corner - into * radius + out * radius
            round_it = np.abs(np.linalg.norm(line - centre, axis=1) - radius) <= NEAR
            on_an_arc |= round_it & (np.abs(before - radius / 2) <= radius / 2 + NEAR) & (after >= -NEAR)
        assert on_an_arc.all()


@pytest.mark.parametrize("end", [(3.0, 0.0), (0.0, -2.0)])
def test_a_straight_way_has_two_points_however_many_corners_it_is_given(end):
    third = tuple(np.array(end) / 4)
    (line,) = drawn([[(0, 0), (0, 0), third, third, end, end]], 0.06)
    assert line.tolist() == [[0, 0], list(end)]


def test_a_way_of_no_length_has_two_points():
    (line,) = drawn([[(1, 2)] * 5], 0.06)
    assert line.tolist() == [[1, 2]] * 2


def test_an_arc_turns_in_equal_steps_and_a_small_one_in_fewer():
    def steps(radius):
        (line,) = drawn([[(0, 0), (1, 0), (1, 1)]], radius)
        angle = np.degrees(np.arctan2(*np.diff(line, axis=0).T[::-1]))
        assert (np.diff(angle) > 0).all()
        assert np.ptp(np.diff(angle)[1:-1]) < 1e-6
        return len(line) - 3

    assert steps(0.06) > steps(0.005) >= 3


def test_arcs_that_take_a_whole_stretch_meet_without_a_doubled_point():
    # The stretch between two bends is taken by both, the last one by its only bend.
    (line,) = drawn([[(0, 0), (1, 0), (1, 0.1), (1.03, 0.1)]], 0.06)
    step = np.abs(np.diff(line, axis=0)).max(1)
    assert (step > 1e-6).all()
    assert line[-1].tolist() == [1.03, 0.1]
    (line,) = drawn([[(0, 0), (1, 0), (1, 0.1), (2, 0.1)]], 0.06)
    assert (np.abs(line - (1, 0.05)).max(1) < NEAR).sum() == 1


def test_a_corner_without_radius_stays_a_corner():
    (line,) = drawn([[(0, 0), (1, 0), (1, 1)]], 0.0)
    assert line.tolist() == [[0, 0], [1, 0], [1, 1]]


def test_no_ways():
    points, counts = polylines(Ways(np.empty((0, 8, 2)), np.empty((0, 8))))
    assert points.shape == (0, 2)
    assert counts.shape == (0,)
