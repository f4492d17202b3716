"""ggml's quantisations through files of gguf.GGUFWriter, against gguf.quants."""

import gguf
import numpy as np
import pytest
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType
from gguf.quants import dequantize, quantize

from archviz3d.loaders import load
from archviz3d.weights import UnreadableValuesError, open_values
from archviz3d.weights.ggml import ggml_codec

DECODED = """Q4_0 Q4_1 Q5_0 Q5_1 Q8_0 Q2_K Q3_K Q4_K Q5_K Q6_K IQ2_XXS IQ2_XS IQ2_S IQ3_XXS IQ3_S IQ1_S IQ1_M IQ4_NL
IQ4_XS TQ1_0 TQ2_0 MXFP4 NVFP4""".split()  # noqa: SIM905


def write(path, tensors):
    """Write a GGUF file of (name, array, type) with raw bytes for quantised types."""
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_block_count(1)
    for name, array, kind in tensors:
        writer.add_tensor(name, array, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def blocks(kind, rows, columns, seed=0):
    """Return random bytes: blocks with scales of every kind, infinite ones included."""
    values, size = GGML_QUANT_SIZES[kind]
    return np.random.default_rng(seed).integers(0, 256, (rows, columns // values * size), dtype=np.uint8)


@pytest.mark.parametrize("name", DECODED)
def test_blocks_are_decoded_as_the_library_does(name, tmp_path, opened, check):
    kind = GGMLQuantizationType[name]
    raw = blocks(kind, 6, 512)
    write(tmp_path / "model.gguf", [("output.weight", raw, kind)])
    values = opened(tmp_path / "model.gguf", "output.weight")
    with np.errstate(all="ignore"):
        expected = dequantize(raw, kind)
    assert values.shape == (6, 512) == expected.shape
    assert values.dtype == name
    assert values.block == (1, GGML_QUANT_SIZES[kind][0])
    check(values, expected)


@pytest.mark.parametrize("name", ["Q8_0", "Q4_0", "Q5_1"])
def test_real_weights_through_the_library_and_back(name, tmp_path, opened, check):
    kind = GGMLQuantizationType[name]
    weights = np.random.default_rng(3).normal(size=(33, 256)).astype(np.float32)
    raw = quantize(weights, kind)
    write(tmp_path / "model.gguf", [("output.weight", raw, kind)])
    values = opened(tmp_path / "model.gguf", "output.weight")
    check(values, dequantize(raw, kind))
    assert np.abs(values.read(slice(None), slice(None)) - weights).max() < 0.5


def test_plain_types_of_ggml(tmp_path, opened, check):
    array = np.random.default_rng(5).normal(size=(3, 40)).astype(np.float32)
    half = quantize(array, GGMLQuantizationType.BF16)
    write(
        tmp_path / "model.gguf",
        [("a.weight", array, None), ("b.weight", array.astype(np.float16), None),
         ("c.weight", half, GGMLQuantizationType.BF16)],
    )  # fmt: skip
    check(opened(tmp_path / "model.gguf", "a.weight"), array)
    check(opened(tmp_path / "model.gguf", "b.weight"), array.astype(np.float16).astype(np.float32))
    check(opened(tmp_path / "model.gguf", "c.weight"), dequantize(half, GGMLQuantizationType.BF16))


def test_experts_are_slices_of_their_tensor(tmp_path, check):
    kind = GGMLQuantizationType.Q4_K
    raw = blocks(kind, 4 * 6, 256).reshape(4, 6, -1)
    router = np.zeros((4, 256), np.float32)
    write(
        tmp_path / "model.gguf", [("blk.0.ffn_gate_inp.weight", router, None), ("blk.0.ffn_up_exps.weight", raw, kind)]
    )
    graph = load(str(tmp_path / "model.gguf"))
    with np.errstate(all="ignore"):
        expected = dequantize(raw, kind)
    experts = [i for i in graph.attributes["slice_index"].ids.tolist() if graph.shape_of(i) == (6, 256)]
    assert len(experts) == 4
    for index, node in enumerate(experts):
        check(open_values(graph, node), expected[index])


def test_parts_of_a_split_model(tmp_path, check):
    writer = gguf.GGUFWriter(tmp_path / "model.gguf", "llama", split_max_tensors=1)
    writer.add_block_count(1)
    arrays = {f"blk.0.attn_{key}.weight": np.random.default_rng(k).normal(size=(4, 32)) for k, key in enumerate("qkv")}
    for name, array in arrays.items():
        writer.add_tensor(name, array.astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    graph = load(str(tmp_path / "model-00001-of-00003.gguf"))
    for name, array in arrays.items():
        check(open_values(graph, graph.id_of(name)), array.astype(np.float32))


def test_a_file_of_a_big_endian_machine(tmp_path, check):
    writer = gguf.GGUFWriter(tmp_path / "model.gguf", "llama", endianess=gguf.GGUFEndian.BIG)
    array = np.random.default_rng(0).normal(size=(4, 32)).astype(np.float32)
    writer.add_tensor("a.weight", array.copy())
    raw = quantize(array, GGMLQuantizationType.Q8_0)
    writer.add_tensor("b.weight", raw, raw_dtype=GGMLQuantizationType.Q8_0)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    graph = load(str(tmp_path / "model.gguf"))
    check(open_values(graph, graph.id_of("a.weight")), array)
    with pytest.raises(UnreadableValuesError, match="high byte first"):
        open_values(graph, graph.id_of("b.weight"))


def test_what_the_library_does_not_decode_is_none():
    assert ggml_codec("Q8_K") is None
    assert ggml_codec("Q9_Z") is None
