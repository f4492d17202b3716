"""Scales of blocks, rows and tensors, against the formulas of those who write them."""

import json

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from safetensors.torch import save_file
from transformers.integrations.mxfp4 import convert_moe_packed_tensors

from archviz3d.loaders import load
from archviz3d.weights import UnreadableValuesError, open_values, scaled
from archviz3d.weights.scaled import ScaledValues, block_side

RANDOM = torch.Generator().manual_seed(0)
WHOLE = "whole numbers as stored: how they are scaled is not known"


def weight_dequant(x, s, block_size=128):
    """DeepSeek-V3's inference/kernel.py in plain torch: y = x.to(float32) * s of the block."""
    y = torch.empty(x.shape, dtype=torch.float32)
    for i in range(s.shape[0]):
        for j in range(s.shape[1]):
            here = slice(i * block_size, (i + 1) * block_size), slice(j * block_size, (j + 1) * block_size)
            y[here] = x[here].to(torch.float32) * s[i, j]
    return y


def float8(*shape, kind=torch.float8_e4m3fn):
    return torch.randn(shape, generator=RANDOM).to(kind)


@pytest.mark.parametrize("shape", [(256, 384), (300, 500), (5, 1000), (129, 128)])
def test_block_fp8_is_deepseeks(shape, tmp_path, opened, check):
    weight = float8(*shape)
    scale = torch.rand(-(-shape[0] // 128), -(-shape[1] // 128), generator=RANDOM) * 1e-3
    save_file({"proj.weight": weight, "proj.weight_scale_inv": scale}, tmp_path / "model.safetensors")
    values = opened(tmp_path / "model.safetensors", "proj.weight")
    check(values, weight_dequant(weight, scale).numpy())
    assert values.dtype.startswith("F8_E4M3 x F32 scales of ")
    assert values.transpose is None
    assert values.notes == ()


def test_the_config_says_how_large_blocks_are(tmp_path, check):
    weight, scale = float8(300, 500), torch.rand(5, 5, generator=RANDOM)
    save_file({"proj.weight": weight, "proj.weight_scale_inv": scale}, tmp_path / "model.safetensors")
    settings = {"quant_method": "fp8", "weight_block_size": [70, 110]}
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "llama", "quantization_config": settings}))
    graph = load(str(tmp_path))
    values = open_values(graph, graph.id_of("proj.weight"))
    assert values.dtype == "F8_E4M3 x F32 scales of 70 x 110 blocks"
    wide = scale.repeat_interleave(70, 0)[:300].repeat_interleave(110, 1)[:, :500]
    check(values, (weight.float() * wide).numpy())


def test_blocks_of_another_size_follow_from_shapes_and_say_so(tmp_path, opened, check):
    weight, scale = float8(128, 96), torch.rand(2, 3, generator=RANDOM)
    save_file({"w": weight, "w_scale_inv": scale}, tmp_path / "model.safetensors")
    values = opened(tmp_path / "model.safetensors", "w")
    assert values.notes == ("that blocks are 64 x 32 follows from shapes",)
    check(values, (weight.float() * scale.repeat_interleave(64, 0).repeat_interleave(32, 1)).numpy())


@pytest.mark.parametrize(
    ("shape", "dtype", "said"),
    [
        ((), torch.float32, "x F32 scale"),
        ((1,), torch.bfloat16, "x BF16 scale"),
        ((40,), torch.float32, "x F32 scales of rows"),
        ((40, 1), torch.bfloat16, "x BF16 scales of rows"),
    ],
)
@pytest.mark.parametrize("kind", [torch.float8_e4m3fn, torch.float8_e5m2, torch.int8])
def test_scales_of_rows_and_tensors(shape, dtype, said, kind, tmp_path, opened, check):
    weight = (torch.randn(40, 30, generator=RANDOM) * 20).to(kind)
    scale = torch.rand(shape, generator=RANDOM).to(dtype)
    save_file({"up.weight": weight, "up.weight_scale": scale}, tmp_path / "model.safetensors")
    values = opened(tmp_path / "model.safetensors", "up.weight")
    assert values.dtype.endswith(said)
    check(values, (weight.float() * scale.float().reshape(-1, 1)).numpy())


def test_exponents_are_powers_of_two(tmp_path, opened, check):
    weight = float8(6, 64)
    scale = torch.randint(100, 140, (6, 2), dtype=torch.uint8, generator=RANDOM)
    save_file({"w": weight, "w_scale": scale}, tmp_path / "model.safetensors")
    expected = weight.float() * torch.exp2(scale.float() - 127).repeat_interleave(32, 1)
    check(opened(tmp_path / "model.safetensors", "w"), expected.numpy())


def test_what_does_not_fit_is_not_applied(tmp_path):
    weight, quantised = float8(40, 30), torch.ones(4, 4, dtype=torch.int8)
    tensors = {
        "bare": weight,
        "odd": weight.clone(),
        "odd_scale": torch.ones(7, 11),
        "inputs": weight.clone(),
        "inputs_scale": torch.ones(30),
        "zero": quantised,
        "zero_scale": torch.ones(4, 1),
        "zero_zero_point": torch.ones(4, 1, dtype=torch.int8),
    }
    save_file(tensors, tmp_path / "model.safetensors")
    graph = load(str(tmp_path / "model.safetensors"))
    for name, notes in {
        "bare": ("no scales beside it: shown as stored",),
        "odd": ("scales [7, 11] fit no blocks of [40, 30]: not applied",),
        "inputs": ("scales [30] fit no blocks of [40, 30]: not applied",),
        "zero": (WHOLE, "scales and zero points beside it are not applied"),
    }.items():
        values = open_values(graph, graph.id_of(name))
        assert values.notes == notes
        assert np.array_equal(values.read(slice(None), slice(None)), tensors[name].float().numpy())


def test_a_scale_a_column_is_not_taken_for_blocks_of_rows(tmp_path, opened, check):
    weight = float8(60, 30)
    save_file({"w": weight, "w_scale": torch.rand(30)}, tmp_path / "model.safetensors")
    values = opened(tmp_path / "model.safetensors", "w")
    assert values.notes == ("scales [30] fit no blocks of [60, 30]: not applied",)
    check(values, weight.float().numpy())


@pytest.mark.parametrize(
    ("end", "scale", "side", "said"),
    [
        ("_scale", torch.tensor(0.37), (300, 200), "scale"),
        ("_scale", torch.rand(300, generator=RANDOM), (1, 200), "scales of rows"),
        ("_scale", torch.rand(300, 1, generator=RANDOM).bfloat16(), (1, 200), "scales of rows"),
        ("_scale_inv", torch.rand(3, 2, generator=RANDOM), (128, 128), "scales of 128 x 128 blocks"),
        ("_scale_inv", torch.rand(2, 3, generator=RANDOM).t(), (128, 128), "scales of 128 x 128 blocks"),
    ],
)
@pytest.mark.parametrize("kind", [torch.float8_e4m3fn, torch.int8])
def test_scales_of_transposed_views(end, scale, side, said, kind, tmp_path, opened, check):
    weight = (torch.randn(200, 300, generator=RANDOM) * 20).to(kind).t()
    torch.save({"lin.weight": weight, f"lin.weight{end}": scale}, tmp_path / "model.pt")
    values = opened(tmp_path / "model.pt", "lin.weight")
    wide = scale.float() if scale.ndim == 2 else scale.float().reshape(-1, 1)
    wide = wide.repeat_interleave(side[0], 0)[:300].repeat_interleave(side[1], 1)[:, :200]
    check(values, (weight.float() * wide).numpy())
    check(values.transpose, (weight.float() * wide).t().numpy())
    assert values.dtype.endswith(f"{said}, column by column")
    assert values.notes == ()


def test_transposed_views_have_notes_too(tmp_path, opened, check):
    weight = float8(20, 30).t()
    torch.save({"w": weight, "w_scale": torch.ones(7, 11)}, tmp_path / "model.pt")
    values = opened(tmp_path / "model.pt", "w")
    assert values.notes == ("scales [7, 11] fit no blocks of [30, 20]: not applied",)
    check(values, weight.float().numpy())


# ---------------------------------------------------------------- whole numbers
@pytest.mark.parametrize("kind", [torch.int8, torch.uint8])
@pytest.mark.parametrize("turned", [False, True])
def test_matrices_of_small_whole_numbers_say_that_they_may_be_scaled(kind, turned, tmp_path, opened, check):
    weight = torch.randint(0, 120, (6, 9), generator=RANDOM).to(kind)
    weight = weight.t() if turned else weight
    tensors = {"a.weight": weight, "a.weight_scales": torch.ones(6), "bias": torch.ones(6, dtype=kind)}
    torch.save({**tensors, "wide": torch.ones(6, 9, dtype=torch.int32)}, tmp_path / "model.pt")
    values = opened(tmp_path / "model.pt", "a.weight")
    assert values.notes == (WHOLE,)
    check(values, weight.float().numpy())
    for name in ("bias", "wide"):
        assert opened(tmp_path / "model.pt", name).notes == ()


def test_bytes_with_scales_and_zero_points_are_not_taken_for_plain_numbers(tmp_path, opened):
    tensors = {
        "up.weight": torch.randint(0, 256, (40, 48), generator=RANDOM).to(torch.uint8),
        "up.weight_scale": torch.rand(40, 1, generator=RANDOM),
        "up.weight_zero_point": torch.full((40, 1), 128, dtype=torch.uint8),
    }
    save_file(tensors, tmp_path / "model.safetensors")
    assert opened(tmp_path / "model.safetensors", "up.weight").notes == (WHOLE,)


@pytest.mark.parametrize(
    ("kind", "name", "scale", "notes"),
    [
        (TensorProto.INT8, "W_quantized", [1.0, 2, 3, 4], (WHOLE,)),
        (TensorProto.UINT8, "W_quantized", [0.5], (WHOLE,)),
        (TensorProto.UINT4, "W_quantized", [0.5], (WHOLE,)),
        (TensorProto.INT8, "W", [1.0, 2, 3, 4], (WHOLE, "scales beside it are not applied: their axis is not read")),
        (TensorProto.INT8, "W", [0.5], ()),
    ],
)
def test_onnx_keeps_scales_and_their_axis_elsewhere(kind, name, scale, notes, tmp_path, opened, check):
    numbers = np.arange(16).reshape(4, 4)
    raw = numbers.astype(np.uint8).tobytes()
    if kind == TensorProto.UINT4:
        raw = (numbers.reshape(-1, 2) @ [1, 16]).astype(np.uint8).tobytes()
    weights = [
        helper.make_tensor(name, kind, (4, 4), raw, raw=True),
        numpy_helper.from_array(np.float32(scale), "W_scale"),
    ]
    node = helper.make_node("DequantizeLinear", [name, "W_scale"], ["y"], axis=1)
    onnx.save(helper.make_model(helper.make_graph([node], "g", [], [], weights)), tmp_path / "model.onnx")
    values = opened(tmp_path / "model.onnx", name)
    assert values.notes == notes
    check(values, numbers.astype(np.float32) * np.float32(1 if notes else scale[0]))


def test_mxfp4_is_that_of_transformers(tmp_path, check):
    experts, rows, groups = 4, 6, 3
    codes = torch.randint(0, 256, (experts, rows, groups, 16), dtype=torch.uint8, generator=RANDOM)
    scales = torch.randint(110, 140, (experts, rows, groups), dtype=torch.uint8, generator=RANDOM)
    names = {"gate_up_proj_blocks": codes, "gate_up_proj_scales": scales, "down_proj_blocks": codes.clone()}
    names |= {"down_proj_scales": scales.clone()}
    tensors = {f"model.layers.0.mlp.experts.{name}": tensor for name, tensor in names.items()}
    tensors["model.layers.0.mlp.router.weight"] = torch.zeros(experts, 96)
    save_file(tensors, tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "gpt_oss", "num_local_experts": experts}))
    graph = load(str(tmp_path))
    theirs = convert_moe_packed_tensors(codes, scales, dtype=torch.float32).transpose(1, 2)
    slices = [i for i in graph.attributes["slice_index"].ids.tolist() if graph.name_of(i) == "gate_up_proj_blocks"]
    assert len(slices) == experts
    for index, node in enumerate(slices):
        values = open_values(graph, node)
        assert values.shape == (rows, 32 * groups)
        assert values.dtype.startswith("MXFP4")
        check(values, theirs[index].numpy())


def test_mxfp4_of_the_least_and_the_largest_exponents(tmp_path, opened, same):
    codes = torch.arange(256, dtype=torch.uint8).repeat(16, 1).reshape(16, 16, 16)
    scales = torch.tensor([0, 1, 2, 127, 253, 254], dtype=torch.uint8).repeat(43)[:256].reshape(16, 16)
    save_file({"w_blocks": codes, "w_scales": scales}, tmp_path / "model.safetensors")
    theirs = convert_moe_packed_tensors(codes[None], scales[None], dtype=torch.float32)[0].T.numpy()
    same(opened(tmp_path / "model.safetensors", "w_blocks").read(slice(None), slice(None)), theirs)


def test_mxfp4_without_its_scales_is_refused(tmp_path, opened):
    save_file({"w_blocks": torch.zeros(4, 2, 16, dtype=torch.uint8)}, tmp_path / "model.safetensors")
    with pytest.raises(UnreadableValuesError, match=r"no scales beside it that fit; a tensor w_scales \[4, 2\]"):
        opened(tmp_path / "model.safetensors", "w_blocks")


def test_other_packings_are_named(tmp_path, opened):
    tensors = {
        "up.qweight": torch.zeros(8, 64, dtype=torch.int32),
        "up.scales": torch.ones(2, 64),
        "up.qzeros": torch.zeros(2, 8, dtype=torch.int32),
    }
    save_file(tensors, tmp_path / "model.safetensors")
    with pytest.raises(UnreadableValuesError, match=r"is packed \(GPTQ 4-bit, group 32\), which is not dequantised"):
        opened(tmp_path / "model.safetensors", "up.qweight")


def test_bytes_of_scales_count(tmp_path, opened):
    weight, scale = float8(256, 2560), torch.rand(2, 20, generator=RANDOM)
    save_file({"w": weight, "w_scale_inv": scale}, tmp_path / "model.safetensors")
    values = opened(tmp_path / "model.safetensors", "w")
    assert values.stored_bytes(slice(0, 10), slice(0, 700)) == 10 * 700 + 20 * 4  # a short row of scales is read whole
    assert values.stored_bytes(slice(120, 130), slice(0, 2560)) == 10 * 2560 + 2 * 20 * 4
    assert values.stored_bytes(slice(0, 10), slice(5, 5)) == 0
    assert values.stored_bytes(slice(5, 5), slice(0, 10)) == 0
    assert values.stored_bytes(np.array([0, 1, 130, 131, 200]), slice(0, 2560)) == 5 * 2560 + 2 * 20 * 4


class Asked:
    """A matrix of ones, or of nothing that is read; counts the questions."""

    def __init__(self, rows, columns):
        self.shape = rows, columns
        self.asked = []

    def read(self, rows, columns):
        self.asked.append(rows)
        count = rows.stop - rows.start if isinstance(rows, slice) else len(rows)
        return np.ones((count, columns.stop - columns.start), np.float32)

    def stored_bytes(self, rows, columns):
        self.asked.append(rows)
        count = rows.stop - rows.start if isinstance(rows, slice) else len(rows)
        return count * (columns.stop - columns.start)


@pytest.mark.parametrize(("side", "rows"), [((128, 128), 2**18), ((1, 2**20), 2**25)])
def test_scales_are_asked_for_once_whatever_the_window(side, rows, monkeypatch):
    def never(*_arguments):
        raise AssertionError("rows are not counted one by one")

    values, scales = Asked(2**25, 2**20), Asked(-(-(2**25) // side[0]), -(-(2**20) // side[1]))
    both = ScaledValues(values, scales, side, "")
    with monkeypatch.context() as patch:
        patch.setattr(scaled, "indices_of", never)
        assert both.stored_bytes(slice(0, 2**25), slice(0, 2**20)) == 2**45 + scales.shape[0] * scales.shape[1]
    assert scales.asked == [slice(0, scales.shape[0])]
    scales.asked.clear()
    assert (both.read(slice(7, 2000), slice(0, 3000)) == 1).all()
    assert scales.asked == [slice(7 // side[0], -(-2000 // side[0]))]


@pytest.mark.parametrize(
    ("length", "blocks", "declared", "side"),
    [(300, 3, (), 128), (300, 1, (), 300), (300, 5, (70,), 70), (300, 5, (), 64), (300, 300, (), 1), (300, 7, (), None),
     (99, 3, (), 33), (300, 3, (20,), 128), (0, 1, (), 1), (5, 0, (), None)],
)  # fmt: skip
def test_sides_of_blocks(length, blocks, declared, side):
    assert block_side(length, blocks, declared) == side
