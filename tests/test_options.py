import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archviz3d.errors import UsageError
from archviz3d.options import check_keep, check_range

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
