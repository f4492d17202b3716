"""Several values a byte, against onnx.numpy_helper and ml_dtypes."""

import ml_dtypes
import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

KINDS = ["INT4", "UINT4", "INT2", "UINT2", "FLOAT4E2M1", "FLOAT6E2M3", "FLOAT6E3M2"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(8, 64), (5, 7), (13,), (3, 5, 2)])
def test_packed_types_are_those_of_onnx(kind, shape, tmp_path, opened, check):
    code = getattr(TensorProto, kind)
    dtype = helper.tensor_dtype_to_np_dtype(code)
    bits = next(int(c) for c in kind if c.isdecimal())
    raw = np.random.default_rng(len(shape)).integers(0, 2**bits, shape, dtype=np.uint8)
    if bits == 4 or bits == 2:
        array = raw.astype(np.int16) - (2 ** (bits - 1) if kind.startswith("INT") else 0)
        array = raw.view(dtype) if kind == "FLOAT4E2M1" else array.astype(dtype)
    else:
        array = raw.view(dtype)
    tensor = numpy_helper.from_array(array, "packed")
    graph = helper.make_graph([helper.make_node("Identity", ["packed"], ["y"])], "g", [], [], [tensor])
    onnx.save(helper.make_model(graph), tmp_path / "model.onnx")
    expected = numpy_helper.to_array(tensor).astype(np.float32)
    values = opened(tmp_path / "model.onnx", "packed")
    check(values, expected.reshape(shape[0], -1))


def test_torchs_pairs_count_as_two(tmp_path, opened, check):
    raw = torch.arange(256, dtype=torch.uint8).reshape(4, 64)
    torch.save({"pairs": raw.view(torch.float4_e2m1fn_x2)}, tmp_path / "model.pt")
    values = opened(tmp_path / "model.pt", "pairs")
    low_first = np.stack([raw.numpy() & 15, raw.numpy() >> 4], -1).reshape(4, 128)
    check(values, low_first.view(ml_dtypes.float4_e2m1fn).astype(np.float32))
    assert values.block == (1, 2)
