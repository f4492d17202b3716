import numpy as np
import pytest

from archviz3d.errors import UsageError
from archviz3d.graph import GraphBuilder
from archviz3d.overlays.overlay import Aggregate, Origin, Overlay


def layers(count):
    builder = GraphBuilder("m", "made")
    for k in range(count):
        builder.node(0, str(k))
    return builder.build()


def overlay(ids, values, **more):
    facts = {"title": "Load", "definition": "tokens", "source": "test", "origin": Origin.SYNTHETIC}
    facts["aggregate"] = Aggregate.SUM
    return Overlay("load", ids=np.array(ids, np.int32), values=np.array(values), **{**facts, **more})


def test_nan_is_neither_known_nor_counted_and_each_step_has_its_own():
    graph = layers(4)
    load = overlay([1, 2, 4], [[1, np.nan, 3], [np.nan, np.nan, np.nan]], steps=("10", "20"))
    assert load.step_count == 2
    first, second = load.at(graph, 0), load.at(graph, 1)
    assert first.values.dtype == np.float32
    np.testing.assert_array_equal(first.values, [4, 1, np.nan, np.nan, 3])
    np.testing.assert_array_equal(first.own, [False, True, False, False, True])
    assert np.isnan(second.values).all()
    assert not second.own.any()


def test_zero_is_a_value():
    found = overlay([2], [[0]]).at(layers(2))
    np.testing.assert_array_equal(found.values, [0, np.nan, 0])
    np.testing.assert_array_equal(found.own, [False, False, True])


def test_the_first_step_is_shown_unless_another_is_asked_for():
    load = overlay([1], [[5], [6]])
    graph = layers(1)
    assert load.at(graph).values[1] == 5
    assert load.at(graph, 1).values[1] == 6


def test_without_any_value_all_is_no_data():
    found = overlay([], np.empty((1, 0))).at(layers(2))
    assert np.isnan(found.values).all()
    assert found.values.shape == found.own.shape == (3,)
    assert not found.own.any()


@pytest.mark.parametrize(
    ("ids", "values", "steps", "says"),
    [
        ([1, 2], [1, 2], (), r"shape \(steps, 2\)"),
        ([1, 2], [[1, 2, 3]], (), r"shape \(steps, 2\)"),
        ([], np.empty((0, 0)), (), "one row at least"),
        ([1], [["a"]], (), "to be numbers"),
        ([1], [[1], [2]], ("a",), "1 steps for 2 rows"),
        ([2, 1], [[1, 2]], (), "ascending"),
        ([1, 1], [[1, 2]], (), "ascending"),
        ([-1, 1], [[1, 2]], (), "from 0 on"),
    ],
)
def test_what_does_not_fit_together_is_refused(ids, values, steps, says):
    with pytest.raises(UsageError, match=f"'load': .*{says}"):
        overlay(ids, values, steps=steps)
