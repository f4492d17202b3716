import numpy as np
import pytest

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
    return Overlay("load", ids=np.array(ids, np.int32), values=np.array(values, np.float32), **{**facts, **more})


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


@pytest.mark.parametrize("values", [np.empty((0, 0)), np.empty((1, 0))])
def test_without_any_value_all_is_no_data(values):
    empty = overlay([], values)
    assert empty.step_count == len(values)
    found = empty.at(layers(2))
    assert np.isnan(found.values).all()
    assert found.values.shape == found.own.shape == (3,)
    assert not found.own.any()


@pytest.mark.parametrize(
    ("ids", "values", "steps", "says"),
    [
        ([1, 2], [1, 2], (), "values of shape"),
        ([1, 2], [[1, 2, 3]], (), "for 2 nodes"),
        ([1], [[1], [2]], ("a",), "1 steps for 2 rows"),
        ([2, 1], [[1, 2]], (), "not ascending"),
        ([1, 1], [[1, 2]], (), "not ascending"),
    ],
)
def test_what_does_not_fit_together_is_refused(ids, values, steps, says):
    with pytest.raises(ValueError, match=f"load: .*{says}"):
        overlay(ids, values, steps=steps)
