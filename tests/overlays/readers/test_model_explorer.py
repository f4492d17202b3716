"""Node data as the builder of ai-edge-model-explorer 0.1.34 wrote it, on a graph that our loader made of its JSON."""

import json
from pathlib import Path
from typing import Any

import pytest
from small_tables import Write, values

import archviz3d
from archviz3d.errors import InputError
from archviz3d.graph import ModelGraph

DATA = Path(__file__).resolve().parents[2] / "data" / "graph_json"

# GraphNodeData(...).to_json_string() with every field that it has
ALL_FIELDS = (
    '{"results": {"1": {"value": 1.5, "bgColor": "red", "textColor": "#fff"}, "2": {"value": 20}, "a": {"value": 7}, '
    '"no such": {"value": 3}}, "name": "Latency", "thresholds": [{"value": 10, "bgColor": "red"}, {"value": 50, '
    '"bgColor": "blue", "textColor": "white"}], "gradient": [{"stop": 0, "bgColor": "red"}, {"stop": 1, "bgColor": '
    '"#aabb00", "textColor": "red"}], "hideInAggregatedStatsTable": true, "hideInChildrenStatsTable": true, '
    '"hideAggregatedStats": ["min"], "showExpandedSummaryOnGroupNode": true, '
    '"showLabelCountColumnsInChildrenStatsTable": true}'
)
# ModelNodeData(...).to_json_string(), nothing set but results
TWO_GRAPHS = (
    '{"main": {"results": {"1": {"value": 1}}, "thresholds": [], "gradient": [], "hideInAggregatedStatsTable": false, '
    '"hideInChildrenStatsTable": false, "showExpandedSummaryOnGroupNode": false, '
    '"showLabelCountColumnsInChildrenStatsTable": false}, "body": {"results": {"a": {"value": 2}}, "thresholds": [], '
    '"gradient": [], "hideInAggregatedStatsTable": false, "hideInChildrenStatsTable": false, '
    '"showExpandedSummaryOnGroupNode": false, "showLabelCountColumnsInChildrenStatsTable": false}}'
)


@pytest.fixture(scope="module")
def loop() -> ModelGraph:
    return archviz3d.load(DATA / "explorer_loop.json")


def test_one_graph_with_all_fields(read: Write, loop: ModelGraph) -> None:
    found = read("a.json", ALL_FIELDS, loop)
    (latency,) = found.overlays
    assert (latency.name, latency.title) == ("latency", "Latency")
    assert values(loop, latency) == {
        "model.encoder.dense": 1.5,
        "model.decoder.while": 20.0,
        "model.decoder.while.body.a": 7.0,
    }
    assert (found.report.matched, found.report.renamed, found.report.unmatched) == (3, 0, ("no such",))
    colours, tables = found.warnings
    assert colours.startswith("'Latency': thresholds (2), gradient (2), colours of 1 nodes not used")
    assert "hideInAggregatedStatsTable, hideInChildrenStatsTable, hideAggregatedStats, show" in tables


def test_graphs_by_id(read: Write, loop: ModelGraph) -> None:
    found = read("a.json", TWO_GRAPHS, loop)
    main, body = found.overlays
    assert (main.name, body.name) == ("main", "body")
    assert values(loop, main) == {"model.encoder.dense": 1.0}
    assert values(loop, body) == {"model.decoder.while.body.a": 2.0}
    assert found.warnings == ()


def test_texts_and_other_models(read: Write, moe: ModelGraph) -> None:
    data = {"results": {"model/layers/1/mlp": {"value": "npu"}, "lm_head": {"value": "cpu"}}}
    (place,) = read("place.json", json.dumps(data), moe).overlays
    assert (place.name, place.categories) == ("place", ("npu", "cpu"))
    assert values(moe, place) == {"model.layers.1.mlp": 0.0, "lm_head": 1.0}


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ({"results": {}}, "has no results"),
        ({"results": {"1": {"value": [1]}}}, "the result of '1' has [1]; value"),
        ({"results": {"1": {"value": 1, "colour": "red"}}}, "the result of '1' has key 'colour'"),
        ({"results": {"": {"value": 1}}}, "a name of 0 characters"),
        ({"results": {"1": {"value": 1}}, "name": 3}, "'name' is 3"),
        ({"results": {"1": {"value": 1}}, "thresholds": 5}, "'thresholds' is 5; an array is needed"),
        ({"results": {"1": {"value": 1}}, "gradient": True}, "'gradient' is True; an array is needed"),
        ({f"graph {k}": {"results": {"1": {"value": 1}}} for k in range(300)}, "has 300 graphs"),
        ({"results": {"x": {"value": 1}}}, "nothing in it matches the model: it names 'x'; the model has"),
    ],
)
def test_what_is_refused(read: Write, loop: ModelGraph, data: dict[str, Any], problem: str) -> None:
    with pytest.raises(InputError) as error:
        read("a.json", json.dumps(data), loop)
    assert problem in str(error.value)
