"""Numbers one by one, against torch and numpy, through files that their libraries wrote."""

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from archviz3d.weights.plain import plain_codec

FLOAT8 = ["float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz", "float8_e8m0fnu"]


@pytest.mark.parametrize("name", FLOAT8)
def test_all_codes_of_8_bit_floats_are_torchs(name, tmp_path, opened, check):
    tensor = torch.arange(256, dtype=torch.uint8).reshape(8, 32).view(getattr(torch, name))
    save_file({"codes": tensor}, tmp_path / "model.safetensors")
    check(opened(tmp_path / "model.safetensors", "codes"), tensor.to(torch.float32).numpy())


@pytest.mark.parametrize("name", ["bfloat16", "float16"])
def test_all_codes_of_16_bit_floats_are_torchs(name, tmp_path, opened, check):
    tensor = torch.arange(-(2**15), 2**15, dtype=torch.int16).reshape(64, 1024).view(getattr(torch, name))
    save_file({"codes": tensor}, tmp_path / "model.safetensors")
    check(opened(tmp_path / "model.safetensors", "codes"), tensor.to(torch.float32).numpy())


@pytest.mark.parametrize(
    "name", ["float32", "float64", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "bool"]
)
def test_numbers_become_single_precision_as_torch_makes_them(name, tmp_path, opened, check):
    kind = getattr(torch, name)
    raw = torch.randint(0, 256, (9, 10 * kind.itemsize), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    tensor = raw > 127 if name == "bool" else raw.view(kind)
    tensor = tensor[:, :10].contiguous()
    save_file({"numbers": tensor}, tmp_path / "model.safetensors")
    check(opened(tmp_path / "model.safetensors", "numbers"), tensor.to(torch.float32).numpy())


@pytest.mark.parametrize("kind", ["f2", "f4", "f8", "i2", "i4", "i8", "u2", "u4", "u8"])
def test_high_byte_first_is_turned(kind, tmp_path, opened, check):
    array = (np.random.default_rng(0).random((5, 7)) * 1000).astype(f">{kind}")
    np.save(tmp_path / "array.npy", array)
    check(opened(tmp_path / "array.npy", "array"), array.astype(np.float32))


def test_files_of_big_endian_machines_are_turned():
    stored = np.array([1.5, -2.25, 3e38], ">f4")
    out = np.empty(3, np.float32)
    codec = plain_codec("F32", True)
    assert codec is not None
    codec.decode(stored.view(np.uint8), out)
    assert out.tolist() == stored.tolist()
    half = plain_codec("BF16", True)
    assert half is not None
    half.decode(np.array([0x3F, 0xC0, 0xC0, 0x10, 0, 0], np.uint8), out)
    assert out.tolist() == [1.5, -2.25, 0]


def test_other_types_are_none_of_these():
    assert [plain_codec(name, False) for name in ("C64", "Q4_K", "V2", ">c8", "F128", "object", "")] == [None] * 7
