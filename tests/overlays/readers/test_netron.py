"""Netron's attachments on a graph that our loader made of an ONNX file."""

import json
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from small_tables import Write, values

import archviz3d
from archviz3d.errors import InputError
from archviz3d.graph import ModelGraph
from archviz3d.overlays.overlay import Figure


@pytest.fixture(scope="module")
def two_nodes(tmp_path_factory: pytest.TempPathFactory) -> ModelGraph:
    weight = numpy_helper.from_array(np.zeros((4, 4), np.float32), "layer.0.weight")
    nodes = [
        helper.make_node("MatMul", ["x", "layer.0.weight"], ["/layer.0/MatMul_output_0"], name="/layer.0/MatMul"),
        helper.make_node("Relu", ["/layer.0/MatMul_output_0"], ["y"], name="/layer.0/act/Relu"),
    ]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 4]) for name in "xy"]
    path = tmp_path_factory.mktemp("onnx") / "m.onnx"
    onnx.save(helper.make_model(helper.make_graph(nodes, "g", ends[:1], ends[1:], [weight])), path)
    return archviz3d.load(path)


def attachment(*metrics: Any, metadata: Any = ()) -> str:
    return json.dumps({"signature": "netron:attachment", "metadata": list(metadata), "metrics": list(metrics)})


def item(kind: str, target: str, name: str, value: Any, type: str | None = None) -> dict[str, Any]:
    return {"kind": kind, "target": target, "name": name, "value": value} | ({"type": type} if type else {})


def test_metrics_and_metadata(read: Write, two_nodes: ModelGraph) -> None:
    text = attachment(
        item("node", "/layer.0/MatMul", "duration", "120", "us"),
        item("node", "/layer.0/act/Relu", "duration", 8, "us"),
        item("value", "/layer.0/MatMul_output_0", "bytes", 16, "attribute"),
        item("value", "x", "bytes", 4),
        item("tensor", "layer.0.weight", "sparsity", 0.5, "percentage"),
        item("tensor", "layer.0.weight\nas a quantised copy", "max", 2, "float32"),
        item("model", "", "parameters", 16),
        {"kind": "node", "identifier": "/layer.0/MatMul", "name": "rank", "value": 3},
        {"name": "lost", "value": 1},
        metadata=[item("node", "/layer.0/MatMul", "device", "npu")],
    )
    found = read("a.json", text, two_nodes)
    duration, size, sparsity, largest, rank, device = found.overlays
    assert (duration.name, duration.unit) == ("duration", "us")
    assert values(two_nodes, duration) == {"layer.0.MatMul": 120.0, "layer.0.act.Relu": 8.0}
    assert values(two_nodes, size) == {"layer.0.MatMul": 16.0, "x": 4.0}
    assert (size.unit, sparsity.figure, sparsity.unit, largest.unit) == ("", Figure.SHARE, "", "")
    assert values(two_nodes, sparsity) == {"layer.0.weight": 0.5}
    assert values(two_nodes, largest) == {"layer.0.weight": 2.0}
    assert values(two_nodes, rank) == {"layer.0.MatMul": 3.0}
    assert (device.categories, values(two_nodes, device)) == (("npu",), {"layer.0.MatMul": 0.0})
    assert found.warnings == (
        "1 item without kind, target and name: skipped",
        "1 value of the whole model or graph: on no part, not shown",
    )


def test_one_name_for_two_kinds(read: Write, two_nodes: ModelGraph) -> None:
    text = attachment(item("node", "/layer.0/MatMul", "bytes", 1), item("tensor", "layer.0.weight", "bytes", 2))
    assert [overlay.title for overlay in read("a.json", text, two_nodes).overlays] == ["bytes (node)", "bytes (tensor)"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (attachment(), "has no values of parts"),
        (attachment(3, "x", None), "has no values of parts"),
        (attachment(item("model", "", "x", 1)), "has no values of parts"),
        ('{"signature": "netron:attachment", "metrics": {}}', "'metrics' is no array"),
        (attachment(item("node", "x", "a", [1])), "metrics: item 1 has name 'a' and value [1]"),
        (attachment(item("node", "x", "a", 1) | {"name": 3}), "metrics: item 1 has name 3 and value 1"),
        (attachment(item("node", "x", "a", 1), item("node", "x", "a", 2)), "metrics: 'x' has 'a' twice"),
        (attachment(item("node", "", "a", 1)), "a name of 0 characters"),
        (attachment(item("node", "x", "a", 1), item("node", "y", "a", "b")), "'b' is no number"),
        (attachment(*(item("node", "x", f"n{k}", 1) for k in range(300))), "has too many names of values; at most 256"),
        (attachment(item("node", "/gone", "a", 1)), "nothing in it matches the model: it names '/gone'"),
    ],
)
def test_what_is_refused(read: Write, two_nodes: ModelGraph, text: str, problem: str) -> None:
    with pytest.raises(InputError) as error:
        read("a.json", text, two_nodes)
    assert problem in str(error.value)
