import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from archviz3d.errors import UsageError
from archviz3d.options import check_range
from archviz3d.overlays.overlay import Scale
from archviz3d.viewer.words.value_axis import ValueAxis

from ..sample_overlays import CATEGORIES, made_coloring

amounts = st.floats(2.0**-20, 2.0**30, width=32)
signed = st.floats(-(2.0**30), 2.0**30, width=32)


def axis_of(values, low, high, scale):
    return ValueAxis.of(made_coloring(values, low, high, scale))


@st.composite
def axes(draw, scales=(Scale.LINEAR, Scale.LOG)):
    scale = draw(st.sampled_from(scales))
    of_scale = amounts if scale is Scale.LOG else signed
    low, high = sorted((draw(of_scale), draw(of_scale)))
    assume(high - low > 1e-3 * max(abs(low), abs(high), 1e-6))
    return axis_of(draw(st.lists(of_scale, max_size=40)), low, high, scale)


# ---------------------------------------------------------------- places and values
@given(axes(), st.floats(0, 1))
def test_places_and_values_are_inverse(axis, place):
    assert float(axis.at(axis.value(place))) == pytest.approx(place, abs=1e-9)


@given(axes())
def test_values_ascend_along_the_axis(axis):
    values = [axis.value(k / 20) for k in range(21)]
    assert all(a < b for a, b in pairwise(values))


@given(axes())
def test_both_ends_of_the_range_are_inside_with_room_to_drag_them_outwards(axis):
    low, high = axis.at(np.array([axis.coloring.low, axis.coloring.high]))
    assert 0.01 < low < high < 0.99


def test_nearly_all_values_are_on_the_axis_but_not_the_furthest():
    values = [*np.linspace(0, 10, 998), 1e6, -1e6]
    axis = axis_of(values, 4, 6, Scale.LINEAR)
    assert axis.value(0) < 0 < 10 < axis.value(1)
    assert axis.value(1) - axis.value(0) < 20


def test_a_logarithmic_axis_is_even_in_ratios():
    axis = axis_of([1, 1000], 1, 1000, Scale.LOG)
    places = axis.at(np.array([1, 10, 100, 1000]))
    np.testing.assert_allclose(np.diff(places), np.diff(places)[0])


def test_on_a_logarithmic_axis_what_is_not_positive_is_at_the_low_end():
    axis = axis_of([-5, 0, 1, 100], 1, 100, Scale.LOG)
    assert (axis.at(np.array([-5.0, 0.0])) <= 0).all()
    assert axis.counts(4)[0] >= 3


@given(st.lists(signed, min_size=2, max_size=40), st.floats(0, 1))
def test_by_rank_places_are_ranks(values, place):
    axis = axis_of(values, 0, 1, Scale.QUANTILE)
    assert axis.value(0) == min(values)
    assert axis.value(1) == max(values)
    value = axis.value(place)
    # Within a tie any place is right; else it is exact to one of the 255 steps.
    first, last = axis.at(np.nextafter(value, -np.inf)), axis.at(np.nextafter(value, np.inf))
    assert first - 2 / 255 <= place <= last + 2 / 255


def test_by_rank_a_value_between_two_quantiles_stands_between_them():
    axis = axis_of(list(range(256)), 0, 1, Scale.QUANTILE)
    places = axis.at(np.array([-1, 0, 100, 255, 300.0]))
    np.testing.assert_allclose(places, [0, 0, 100 / 255, 1, 1], atol=1.01 / 255)


def test_categories_have_an_axis_from_the_first_to_the_last():
    axis = ValueAxis.of(made_coloring([0, 1, 2, 2], -0.5, 2.5, **CATEGORIES))
    np.testing.assert_allclose(axis.at(np.arange(3)), [1 / 6, 1 / 2, 5 / 6])
    np.testing.assert_array_equal(axis.counts(3), [1, 1, 2])


def test_of_no_values_there_is_an_axis_over_the_range():
    axis = axis_of([], 2, 4, Scale.LINEAR)
    assert axis.value(0) < 2 < 4 < axis.value(1)
    assert axis.counts(8).tolist() == [0] * 8


# ---------------------------------------------------------------- counts
@given(axes((Scale.LINEAR, Scale.LOG, Scale.QUANTILE)), st.integers(1, 200))
def test_counts_sum_to_the_number_of_values(axis, bins):
    counts = axis.counts(bins)
    assert counts.shape == (bins,)
    assert counts.sum() == len(axis.coloring.spread)


def test_counts_are_where_the_values_are():
    axis = axis_of([0, 0, 0, 10], 0, 10, Scale.LINEAR)
    counts = axis.counts(10)
    assert counts[int(axis.at(0) * 10)] == 3
    assert counts[int(axis.at(10) * 10)] == 1


# ---------------------------------------------------------------- ticks
def is_round(value):
    """Whether a value has few digits: a multiple of 1, 2 or 5 times the power of ten of a step."""
    return value == 0 or len(f"{abs(value):.6e}".split("e")[0].rstrip("0").rstrip(".").replace(".", "")) <= 3


@given(axes(), st.integers(1, 9))
def test_ticks_are_inside_and_ascending_and_not_too_many(axis, most):
    ticks = axis.ticks(most)
    assert len(ticks) <= most
    assert ticks == sorted(set(ticks))
    places = axis.at(np.array(ticks, np.float64))
    assert ((places >= -1e-6) & (places <= 1 + 1e-6)).all()


def test_ticks_are_not_too_many_where_both_ends_are_round_as_well():
    space = 10 * 0.06 / 1.12  # of the axis beyond the range: it goes from 0 to 10
    axis = axis_of([], space, 10 - space, Scale.LINEAR)
    assert (axis.value(0), axis.value(1)) == pytest.approx((0, 10))
    assert 2 <= len(axis.ticks(5)) <= 5


@given(st.floats(-1, 0.9), st.floats(0.02, 1), st.integers(-12, 12), st.integers(2, 9))
def test_ticks_of_a_wide_axis_are_round(low, span, power, most):
    axis = axis_of([], low * 10.0**power, (low + span) * 10.0**power, Scale.LINEAR)
    assert all(is_round(tick) for tick in axis.ticks(most))


@pytest.mark.parametrize(
    ("low", "high", "scale", "ticks"),
    [
        (0, 10, Scale.LINEAR, [0, 2, 4, 6, 8, 10]),
        (-1, 1, Scale.LINEAR, [-1, -0.5, 0, 0.5, 1]),
        (0, 3e-5, Scale.LINEAR, [0, 1e-5, 2e-5, 3e-5]),
        (1, 1e4, Scale.LOG, [1, 10, 100, 1000, 1e4]),
        (1, 1e12, Scale.LOG, [1, 1e3, 1e6, 1e9, 1e12]),
        (20, 60, Scale.LOG, [20, 30, 40, 50, 60]),
    ],
)
def test_ticks_that_one_would_write_by_hand(low, high, scale, ticks):
    assert axis_of([], low, high, scale).ticks(6) == pytest.approx(ticks)


def test_by_rank_the_quartiles_are_written_each_once():
    assert axis_of(list(range(256)), 0, 1, Scale.QUANTILE).ticks(5) == pytest.approx([0, 64, 128, 191, 255], abs=1)
    ticks = axis_of([0.0] * 100 + [1.0], 0, 1, Scale.QUANTILE).ticks(5)
    assert ticks == sorted(set(ticks))


@pytest.mark.parametrize("scale", Scale)
@given(st.lists(st.floats(allow_nan=False), min_size=2, max_size=2).map(sorted))
@example([-1.0, 1.0])
@example([1e-300, 1e-30])
@example([1e-300, 1e300])
@example([0.0, 1.6e308])
@example([-1e308, 1e308])
def test_any_range_that_may_be_asked_for_has_an_axis_with_ticks(scale, limits):
    try:
        low, high = check_range(limits)
    except UsageError:
        return
    axis = axis_of([0.5, 2], low, high, scale)
    assert all(math.isfinite(tick) for tick in axis.ticks(5))
    assert axis.counts(7).sum() == 2
