"""Every model file inside the onnx wheel, against what the onnx library says is in it."""

from pathlib import Path

import onnx
import pytest

from archviz3d.graph import NodeKind
from archviz3d.graph.summary import summarize
from archviz3d.loaders import load

_WHEEL = Path(onnx.__file__).parent
_FILES = sorted(_WHEEL.rglob("*.onnx"))
_LARGE_CONSTANT = 16  # values: longer ones stand as tensors in their Constant


def _counts(graph: onnx.GraphProto) -> tuple[int, int]:
    """Return operators and stored tensors, subgraphs included."""
    nodes, tensors = len(graph.node), len(graph.initializer) + len(graph.sparse_initializer)
    for node in graph.node:
        for attribute in node.attribute:
            if node.op_type == "Constant" and attribute.type == onnx.AttributeProto.TENSOR:
                tensors += onnx.numpy_helper.to_array(attribute.t).size > _LARGE_CONSTANT
            for inner in (*attribute.graphs, *([attribute.g] if attribute.HasField("g") else [])):
                more_nodes, more_tensors = _counts(inner)
                nodes, tensors = nodes + more_nodes, tensors + more_tensors
    return nodes, tensors


def test_there_are_enough_of_them():
    assert len(_FILES) > 100


@pytest.mark.parametrize("path", _FILES, ids=lambda path: str(path.relative_to(_WHEEL)))
def test_operators_tensors_and_bytes_are_those_of_the_library(path):
    model = onnx.load(path, load_external_data=False)
    graph = load(str(path))
    summary = summarize(graph)
    assert (summary.operators, summary.tensors) == _counts(model.graph)
    assert summary.warnings == []
    arrays = [onnx.numpy_helper.to_array(tensor) for tensor in model.graph.initializer]
    stored = [
        i for i in graph.of_kind(NodeKind.TENSOR).tolist() if graph.kind_of(int(graph.parent[i])) != NodeKind.OPERATOR
    ]
    assert int(graph.bytes[stored].sum()) == sum(array.nbytes for array in arrays)
    assert set(graph.attributes["operator"].values) == {node.op_type for node in model.graph.node}


@pytest.mark.parametrize("path", [path for path in _FILES if "light" in str(path)], ids=lambda path: path.stem)
def test_every_edge_of_the_library_is_there(path):
    proto = onnx.load(path, load_external_data=False).graph
    weights = {tensor.name for tensor in proto.initializer}
    makers = {name: node.op_type for node in proto.node for name in node.output}
    makers |= {value.name: "input" for value in proto.input} | dict.fromkeys(weights, "tensor")
    wanted = sorted((makers[name], node.op_type) for node in proto.node for name in node.input if name)
    wanted += [(makers[value.name], "output") for value in proto.output]
    graph = load(str(path))

    def what(node: int) -> str:
        if graph.kind_of(node) == NodeKind.TENSOR:
            return "tensor"
        return graph.attribute(node, "direction") or graph.attribute(node, "operator")

    found = zip(graph.edges.source.tolist(), graph.edges.target.tolist(), strict=True)
    assert sorted((what(a), what(b)) for a, b in found) == sorted(wanted)
