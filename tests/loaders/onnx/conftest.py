"""ONNX files to read: made with the onnx library, or by hand where it would not write them."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

Save = Callable[..., str]


def value(name: str, shape: Iterable[int | str] = (1, 4), kind: int = TensorProto.FLOAT) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, list(shape))


def weight(name: str, *shape: int, dtype: Any = np.float32) -> onnx.TensorProto:
    return numpy_helper.from_array(np.zeros(shape, dtype), name)


def message(number: int, body: bytes) -> bytes:
    """Return a length-delimited field."""
    return varint(number << 3 | 2) + varint(len(body)) + body


def varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def raw_model(graph: bytes, rest: bytes = b"") -> bytes:
    """Return a ModelProto around the bytes of a graph."""
    return b"\x08\x0a" + message(2, b"by hand") + message(7, graph) + message(8, b"\x10\x14") + rest


@pytest.fixture
def save(tmp_path: Path) -> Save:
    """Return a function that writes a model of nodes and returns its path."""

    def write(
        nodes: list[onnx.NodeProto],
        weights: Iterable[onnx.TensorProto] = (),
        inputs: Iterable[onnx.ValueInfoProto] = (value("x"),),
        outputs: Iterable[onnx.ValueInfoProto] = (value("y"),),
        name: str = "model.onnx",
        functions: Iterable[onnx.FunctionProto] = (),
        **graph: Any,
    ) -> str:
        made = helper.make_graph(nodes, "g", list(inputs), list(outputs), list(weights), **graph)
        model = helper.make_model(made, functions=list(functions))
        path = tmp_path / name
        path.write_bytes(model.SerializeToString())
        return str(path)

    return write
