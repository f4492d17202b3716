import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archviz3d.errors import UsageError
from archviz3d.options import check_camera, check_fps, check_keep, check_range, check_seconds, check_size

inf, nan = np.inf, np.nan
LARGEST = float(np.finfo(np.float32).max)


@pytest.mark.parametrize("limits", [(0, 1), [-1, 1], (-5.5, -2), (0, 1e-6), (1e30, 2e30), np.array([1, 2])])
def test_a_range_is_two_ascending_numbers(limits):
    found = check_range(limits)
    assert found == tuple(limits)
    assert all(type(end) is float for end in found)


@pytest.mark.parametrize("limits", [(), (1,), (1, 2, 3)])
def test_a_range_of_another_length_is_refused(limits):
    with pytest.raises(UsageError, match="is no range; give its low and its high end"):
        check_range(limits)


@pytest.mark.parametrize(
    "limits", [(1, 0), (1, 1), (nan, 1), (0, nan), (-inf, 1), (0, inf), (inf, -inf), (1, 1 + 1e-15), (-0.0, 0.0)]
)
def test_a_range_of_nothing_or_without_ends_is_refused(limits):
    with pytest.raises(UsageError, match="give two finite numbers, the lower one first"):
        check_range(limits)


@given(st.floats(), st.floats())
def test_a_range_that_is_taken_has_an_extent_in_single_precision(low, high):
    try:
        low, high = check_range((low, high))
    except UsageError:
        return
    assert abs(low) <= LARGEST
    assert abs(high) <= LARGEST
    with np.errstate(over="raise"):
        assert np.float32(high - low) > 0


@pytest.mark.parametrize("limits", [(0, 1), (0, 0), (-inf, 0), (0, inf), (-3, -2), [1, 2]])
def test_a_filter_may_be_one_value_or_open_at_an_end(limits):
    found = check_keep(limits)
    assert found == tuple(limits)
    assert all(type(end) is float for end in found)


@pytest.mark.parametrize("limits", [(), (1,), (1, 2, 3)])
def test_a_filter_of_another_length_is_refused(limits):
    with pytest.raises(UsageError, match="is no filter; give the lowest and the highest value"):
        check_keep(limits)


@pytest.mark.parametrize("limits", [(1, 0), (nan, 1), (0, nan), (nan, nan), (inf, -inf)])
def test_a_filter_that_is_no_interval_is_refused(limits):
    with pytest.raises(UsageError, match="give two numbers, the lower one first"):
        check_keep(limits)


@pytest.mark.parametrize("limits", [(inf, inf), (-inf, -inf)])
def test_a_filter_that_keeps_no_number_is_refused(limits):
    with pytest.raises(UsageError, match="keep"):
        check_keep(limits)


@pytest.mark.parametrize("limits", [{0, 1}, {0: 1, 2: 3}, "01", b"01", 3, np.array(3.0), (10**5000, 1)])
def test_what_has_no_two_ends_is_refused(limits):
    for check in (check_range, check_keep):
        with pytest.raises(UsageError, match="is no "):
            check(limits)


@pytest.mark.parametrize("camera", [{0, 1}, {0: 1, 2: 3}, (True, False), (0, 0, True), np.array(3.0), object()])
def test_a_camera_is_a_sequence_of_numbers(camera):
    with pytest.raises(UsageError, match="is no camera"):
        check_camera(camera)


@pytest.mark.parametrize("camera", [(10**400, 0), (0, -(10**5000)), (0, 0, 10**400)])
def test_a_camera_beyond_all_floats_is_out_of_range(camera):
    with pytest.raises(UsageError, match="out of range"):
        check_camera(camera)


@pytest.mark.parametrize("size", [(64, 6400), (6400, 64), (16384, 16384), (164, 16384)])
def test_a_picture_may_be_long(size):
    assert check_size(size) == size


@pytest.mark.parametrize("size", [(16384, 64), (64, 16384), (6401, 64), (163, 16384)])
def test_a_picture_that_is_too_long_is_refused(size):
    with pytest.raises(UsageError, match=f"{size[0]}x{size[1]} is too long for a picture"):
        check_size(size)


def test_numbers_that_have_no_text_are_refused_in_one_line():
    for check in (lambda n: check_size((n, n)), check_seconds, check_fps):
        with pytest.raises(UsageError, match="int with very many digits"):
            check(10**5000)
