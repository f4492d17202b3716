import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archviz3d.errors import UsageError
from archviz3d.graph import GraphBuilder
from archviz3d.graph.kinds import NodeKind
from archviz3d.options import check_range
from archviz3d.overlays.overlay import Aggregate, Origin, Overlay, Scale
from archviz3d.overlays.ranges import QUANTILES, automatic_range, population, quantile_table, shares

NO_QUANTILES = np.zeros(QUANTILES, np.float32)
LARGEST = float(np.finfo(np.float32).max)
finite = st.floats(width=32, allow_nan=False, allow_infinity=False)


def made(graph_ids, values, **more):
    facts = {"title": "T", "definition": "d", "source": "s", "origin": Origin.SYNTHETIC, "aggregate": Aggregate.NONE}
    values = np.array(values, np.float32)
    return Overlay("t", ids=np.array(graph_ids, np.int32), values=values, **{**facts, **more})


def ascending(*values):
    return np.sort(np.array(values, np.float32))


# ---------------------------------------------------------------- places
def test_linear_places_clip_at_both_ends():
    values = np.array([-1, 2, 3, 4, 5, np.nan, -np.inf, np.inf], np.float32)
    places = shares(values, 2, 4, Scale.LINEAR, NO_QUANTILES)
    assert places.dtype == np.float32
    np.testing.assert_array_equal(places, [0, 0, 0.5, 1, 1, np.nan, 0, 1])


def test_logarithmic_places_are_even_in_ratios_and_what_is_not_positive_is_at_the_low_end():
    values = np.array([1, 10, 100, 1000, 1e5, 0.5, 0, -3, np.nan, np.inf], np.float32)
    places = shares(values, 1, 1000, Scale.LOG, NO_QUANTILES)
    np.testing.assert_allclose(places, [0, 1 / 3, 2 / 3, 1, 1, 0, 0, 0, np.nan, 1], atol=1e-6)


def test_a_logarithmic_range_may_span_more_than_single_precision_has_ratios():
    places = shares(np.float32([1e-20, 1, 1e20]), 1e-30, 1e30, Scale.LOG, NO_QUANTILES)
    np.testing.assert_allclose(places, [1 / 6, 1 / 2, 5 / 6], atol=1e-6)


def test_places_by_rank_are_even_whatever_the_values():
    ordered = np.geomspace(1e-6, 1e6, QUANTILES).astype(np.float32)
    values = np.array([ordered[0], ordered[51], ordered[-1], -1, 1e7, np.nan], np.float32)
    places = shares(values, 0, 1, Scale.QUANTILE, quantile_table(ordered))
    np.testing.assert_allclose(places, [0, 51 / 255, 1, 0, 1, np.nan], atol=1e-6)


def test_ties_have_the_middle_of_their_ranks():
    # 128 zeros, then 128 ones: half of the ranks each.
    table = np.repeat(np.float32([0, 1]), QUANTILES // 2)
    places = shares(np.float32([0, 1, 0.5]), 0, 1, Scale.QUANTILE, table)
    np.testing.assert_allclose(places, [63.5 / 255, 191.5 / 255, 127.5 / 255], atol=1e-6)


def test_by_rank_one_value_for_all_is_in_the_middle():
    table = quantile_table(ascending(*[7.0] * 40))
    assert shares(np.float32([7]), 0, 1, Scale.QUANTILE, table)[0] == pytest.approx(0.5)


@given(st.lists(finite, max_size=30), finite, finite, st.sampled_from(Scale))
def test_what_is_known_has_a_place_in_the_order_of_its_value(values, low, high, scale):
    try:
        low, high = check_range((low, high))
    except UsageError:
        low, high = automatic_range(ascending(*values), scale, False)
    ordered = ascending(*values)
    places = shares(ordered, low, high, scale, quantile_table(ordered))
    assert not np.isnan(places).any()
    assert ((places >= 0) & (places <= 1)).all()
    assert (np.diff(places) >= 0).all()


def test_the_values_are_not_written_to():
    values = np.array([1, np.nan], np.float32)
    shares(values, 0, 2, Scale.LINEAR, NO_QUANTILES)
    np.testing.assert_array_equal(values, [1, np.nan])


# ---------------------------------------------------------------- automatic ranges
@pytest.mark.parametrize("scale", Scale)
@pytest.mark.parametrize("diverging", [False, True])
@given(st.lists(finite, max_size=40), st.integers(1, 60))
def test_any_values_have_a_range_of_finite_ascending_ends(scale, diverging, values, repeats):
    low, high = automatic_range(ascending(*values * repeats), scale, diverging)
    assert np.isfinite([low, high]).all()
    assert low < high
    if diverging and scale is Scale.LINEAR:
        assert low == -high
    if scale is Scale.LOG:
        assert low > 0, "a logarithmic scale has no place for what is not positive"


@pytest.mark.parametrize(
    ("scale", "value"),
    [
        *((Scale.LINEAR, value) for value in (0.0, 1.0, -3.0, 1e30, 1e-30, -1e-30, LARGEST, -LARGEST)),
        *((Scale.LOG, value) for value in (1.0, 1e-30, 1e30)),
    ],
)
def test_one_value_for_all_takes_the_middle(scale, value):
    low, high = automatic_range(ascending(*[value] * 10), scale, False)
    place = shares(np.float32([value]), low, high, scale, NO_QUANTILES)
    assert place[0] == pytest.approx(0.5, abs=1e-3)


def test_the_extreme_hundredth_at_both_ends_is_left_out():
    ordered = ascending(-1e9, *np.linspace(50, 150, 998), 1e9)
    low, high = automatic_range(ordered, Scale.LINEAR, False)
    assert 50 <= low < 53
    assert 147 < high <= 150


def test_amounts_are_read_from_zero_and_what_lies_close_together_is_not():
    assert automatic_range(ascending(*np.linspace(1, 100, 500)), Scale.LINEAR, False)[0] == 0
    assert automatic_range(ascending(*np.linspace(90, 100, 500)), Scale.LINEAR, False)[0] > 89
    assert automatic_range(ascending(*np.geomspace(1, 100, 500)), Scale.LOG, False)[0] > 1


def test_negative_values_alone_keep_their_sign():
    low, high = automatic_range(ascending(*np.linspace(-100, -50, 500)), Scale.LINEAR, False)
    assert -100 <= low < high <= -50


def test_a_diverging_range_covers_the_larger_side():
    low, high = automatic_range(ascending(*np.linspace(-1, 4, 1000)), Scale.LINEAR, True)
    assert low == -high
    assert 3.8 < high <= 4


def test_a_single_spike_among_zeros_is_seen():
    ordered = ascending(*[0.0] * 999, 5.0)
    low, high = automatic_range(ordered, Scale.LINEAR, False)
    assert low == 0
    assert 4.9 < high <= 5
    assert 4.9 < automatic_range(ordered, Scale.LINEAR, True)[1] <= 5


def test_of_parts_that_repeat_thousands_of_times_each_value_counts_once():
    # Equal experts, some larger shared ones, one embedding and one head: 98.7 and 1.3 % have the values 44 and 50.
    ordered = ascending(*[44.0] * 14_900, *[50.0] * 200, 500.0, 900.0)
    assert automatic_range(ordered, Scale.LINEAR, False)[1] > 800


@pytest.mark.parametrize(
    ("scale", "diverging", "expected"),
    [(Scale.LINEAR, False, (0, 1)), (Scale.LINEAR, True, (-1, 1)), (Scale.LOG, False, (1, 10))],
)
def test_of_nothing_there_is_a_plain_range(scale, diverging, expected):
    assert automatic_range(np.empty(0, np.float32), scale, diverging) == expected


def test_a_logarithmic_range_is_of_the_positive_values_even_of_signed_data():
    ordered = ascending(*np.linspace(-5, 0, 100), *np.geomspace(0.01, 10, 100))
    for diverging in (False, True):
        low, high = automatic_range(ordered, Scale.LOG, diverging)
        assert 0.0099 < low < 0.02
        assert 8 < high < 10.01


# ---------------------------------------------------------------- quantiles, population
def test_a_quantile_table_ascends_from_the_lowest_to_the_highest():
    table = quantile_table(ascending(3, 1, 2, 10))
    assert table.dtype == np.float32
    assert table.shape == (QUANTILES,)
    assert (table[0], table[-1]) == (1, 10)
    assert (np.diff(table) >= 0).all()
    assert not quantile_table(np.empty(0, np.float32)).any()


def nested():
    builder = GraphBuilder("m", "made")
    layer = builder.node(0, "layer", NodeKind.LAYER)
    mlp = builder.node(layer, "mlp", NodeKind.MLP)
    for name in "ab":
        builder.node(mlp, name, NodeKind.LINEAR)
    return builder.build()


def test_a_population_is_of_all_steps_sorted_without_what_is_no_number():
    overlay = made([3, 4], [[3, np.nan], [1, np.inf], [-np.inf, 2]], steps=("a", "b", "c"))
    np.testing.assert_array_equal(population(overlay, nested()), [1, 2, 3])


def test_sums_of_containers_count_but_not_those_of_frames_that_are_always_open():
    overlay = made([3, 4], [[1, 2]], aggregate=Aggregate.SUM)
    np.testing.assert_array_equal(population(overlay, nested()), [1, 2, 3])  # the MLP's 3, once


def test_a_population_of_many_values_is_a_sample_from_one_end_to_the_other():
    count = 3_500_000
    overlay = made([1], np.arange(count, dtype=np.float32)[:, None])
    found = population(overlay, nested())
    assert 50_000 < len(found) < count / 2
    assert found[0] == 0
    assert found[-1] >= count - 100
    assert np.median(found) == pytest.approx(count / 2, rel=1e-3)
