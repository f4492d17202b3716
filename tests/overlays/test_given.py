import numpy as np
import pytest

from archviz3d.errors import UsageError
from archviz3d.graph import GraphBuilder
from archviz3d.overlays.given import overlay_of_values


def model():
    builder = GraphBuilder("m", "made")
    blocks = builder.node(0, "blocks")
    for k in range(3):
        builder.tensor(builder.node(blocks, str(k)), "weight", (2, 2), "F32", nbytes=16)
    return builder.build()


def test_numbers_by_name_become_values_of_nodes():
    graph = model()
    given = overlay_of_values(graph, {"module.blocks.2.weight": 3, "blocks.0.weight": np.float64(1.5)}, "norm")
    assert [graph.path(node) for node in given.ids] == ["blocks.0.weight", "blocks.2.weight"]
    np.testing.assert_array_equal(given.values, [[1.5, 3]])
    assert given.steps == ()


def test_sequences_are_steps_and_what_is_infinite_is_no_data():
    given = overlay_of_values(model(), {"blocks.1": [1, -2, np.inf]})
    np.testing.assert_array_equal(given.values, [[1], [-2], [np.nan]])
    assert given.steps == ("0", "1", "2")
    assert given.diverging


def test_what_is_not_in_the_model_is_told():
    given = overlay_of_values(model(), {"blocks.1": 1, "heads.7": 2})
    assert "1 of 2 names are not in this model" in given.definition


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({}, "no values"),
        ({"nowhere": 1}, "none of its names .*'nowhere'.* is a part"),
        ({"blocks.0": "much"}, "give numbers"),
        ({"blocks.0": [1, 2], "blocks.1": [1]}, "as many numbers"),
        ({1: 2.0}, "give names"),
    ],
)
def test_what_makes_no_sense_is_refused(values, says):
    with pytest.raises(UsageError, match=says):
        overlay_of_values(model(), values)
