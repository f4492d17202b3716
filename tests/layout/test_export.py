"""The JSON that ``export`` writes."""

import json

import numpy as np
import pytest

from archviz3d.errors import UsageError
from archviz3d.graph import EdgeKind
from archviz3d.layout import place
from archviz3d.layout.export import to_json


def test_schema_1_has_every_node_and_every_edge(small_moe):
    placement = place(small_moe)
    document = json.loads(to_json(small_moe, placement))
    assert document["schema"] == 1
    assert len(document["nodes"]) == len(small_moe)
    assert len(document["edges"]) == len(small_moe.edges)
    for node in document["nodes"]:
        assert set(node) - {"file", "offset", "elements"} == {
            "id", "path", "parent", "kind", "name", "parameters", "bytes", "shape", "dtype", "provenance",
            "attributes", "box",
        }  # fmt: skip
        assert small_moe.path(node["id"]) == node["path"]
    weight = small_moe.id_of("model.layers.0.mlp.down_proj.weight")
    node = document["nodes"][weight]
    assert (node["kind"], node["name"], node["shape"]) == ("tensor", "weight", [7168, 18432])
    assert (node["dtype"], node["provenance"], node["parameters"]) == ("BF16", "declared", 7168 * 18432)
    boxes = np.array([node["box"] for node in document["nodes"]])
    np.testing.assert_allclose(boxes[:, :3], placement.center, atol=1e-6)
    np.testing.assert_allclose(boxes[:, 3:], placement.size, rtol=1e-5)


def test_every_edge_has_the_points_of_its_route(small_moe):
    document = json.loads(to_json(small_moe, place(small_moe)))
    assert all(len(edge["points"]) >= 2 for edge in document["edges"])
    assert {edge["kind"] for edge in document["edges"]} == {"data", "residual", "routed"}


def test_an_edge_that_is_lifted_has_the_route_of_its_containers(tree):
    graph = tree([0, 0, 1, 1, 2, 2], edges=[(3, 6, EdgeKind.DATA), (3, 4, EdgeKind.TIED)])
    lifted, tied = json.loads(to_json(graph, place(graph)))["edges"]
    assert tied["points"] == []
    assert len(lifted["points"]) >= 2


def test_tiny_boxes_keep_their_digits(tree):
    graph = tree([max(k - 1 - k % 2, 0) for k in range(400)])
    sizes = [node["box"][3:] for node in json.loads(to_json(graph, place(graph)))["nodes"]]
    assert min(min(size) for size in sizes) > 0


def test_a_placement_without_hidden_parts_is_no_export_of_the_model(tree):
    graph = tree([0, 0, 0], edges=[(1, 2, EdgeKind.TIED)])
    with pytest.raises(UsageError, match="whole model"):
        to_json(graph, place(graph, hidden=[2]))
