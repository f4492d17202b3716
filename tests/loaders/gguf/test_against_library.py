"""Files that the gguf package writes, read as the gguf package reads them."""

from pathlib import Path

import numpy as np
import pytest
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType, GGUFEndian, GGUFReader, GGUFWriter, LlamaFileType
from gguf.constants import MODEL_TENSOR, TENSOR_NAMES
from gguf.quants import quant_shape_from_byte_shape

from archviz3d.graph import NodeKind, Provenance
from archviz3d.loaders import LoadLimits, load
from archviz3d.loaders.gguf.ggml_types import FILE_TYPES, GGML_TYPES
from archviz3d.loaders.gguf.grouping import group_names
from archviz3d.loaders.gguf.header import read_header
from archviz3d.loaders.gguf.splits import read_headers
from archviz3d.loaders.gguf.tensors import tensor_table


def finish(writer: GGUFWriter) -> None:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def in_library(path: Path) -> dict[str, tuple[tuple[int, ...], str, int, int]]:
    """Return name -> shape, type, offset, bytes."""
    return {
        t.name: (tuple(reversed(t.shape.tolist())), t.tensor_type.name, int(t.data_offset), int(t.n_bytes))
        for t in GGUFReader(path).tensors
    }


def in_ours(path: Path) -> dict[str, tuple[tuple[int, ...], str, int, int]]:
    table = tensor_table([read_header(str(path), LoadLimits())], LoadLimits(), [])
    columns = zip(table.names, table.shapes, table.dtypes, table.offsets, table.nbytes, strict=True)
    return {name: (shape, dtype, int(offset), int(nbytes)) for name, shape, dtype, offset, nbytes in columns}


def test_the_tables_are_the_library_s():
    for kind, (values, size) in GGML_QUANT_SIZES.items():
        assert GGML_TYPES[kind.value] == (kind.name, values, size)
    for file_type in LlamaFileType:
        if file_type is not LlamaFileType.GUESSED:
            name = file_type.name.removeprefix("ALL_").removeprefix("MOSTLY_")
            assert FILE_TYPES[file_type.value] == name


@pytest.mark.parametrize("endian", list(GGUFEndian))
def test_every_type_has_its_shape_place_and_size(tmp_path, endian):
    path = tmp_path / "types.gguf"
    writer = GGUFWriter(path, "llama", endianess=endian)
    for kind, (_, size) in GGML_QUANT_SIZES.items():
        raw = np.zeros((3, 2, 2 * size), np.uint8)
        assert quant_shape_from_byte_shape(raw.shape, kind)[-1] == 2 * GGML_QUANT_SIZES[kind][0]
        writer.add_tensor(f"t.{kind.name}", raw, raw_dtype=kind)
    writer.add_tensor("plain", np.zeros((5, 7), np.float16))
    finish(writer)
    assert in_ours(path) == in_library(path)
    graph = load(str(path))
    for name, (shape, dtype, offset, nbytes) in in_library(path).items():
        node = graph.id_of(name)
        assert (graph.shape_of(node), graph.dtype_of(node)) == (shape, dtype)
        assert (int(graph.offset[node]), int(graph.bytes[node])) == (offset, nbytes)
        assert int(graph.elements[node]) == np.prod(shape)
        assert int(graph.parameters[node]) == (0 if dtype == "I64" else np.prod(shape))  # a counter
    assert not graph.warnings


def test_metadata_is_the_library_s(tmp_path):
    path = tmp_path / "m.gguf"
    writer = GGUFWriter(path, "llama")
    writer.add_custom_alignment(64)
    writer.add_name("A model")
    writer.add_context_length(4096)
    writer.add_rope_freq_base(500_000.0)
    writer.add_file_type(LlamaFileType.MOSTLY_Q4_K_M)
    writer.add_quantization_version(2)
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list([f"token {k}" for k in range(5000)])
    writer.add_token_scores([0.5] * 5000)
    writer.add_bool("tokenizer.ggml.add_bos_token", True)
    writer.add_array("general.tags", ["one", "two"])
    writer.add_tensor("token_embd.weight", np.zeros((8, 4), np.float32))
    finish(writer)
    header, reader = read_header(str(path), LoadLimits()), GGUFReader(path)
    fields = {name: field for name, field in reader.fields.items() if not name.startswith("GGUF.")}
    assert set(header.values) | set(header.lengths) == set(fields)
    for name, value in header.values.items():
        assert value == fields[name].contents()
    assert header.lengths["tokenizer.ggml.tokens"] == 5000
    attributes = load(str(path)).attributes_of(0)
    expected = {
        "file_type": "Q4_K_M",
        "quantization_version": 2,
        "context_length": 4096,
        "rope_base": 500_000.0,
        "tokenizer": "gpt2",
        "tokens": 5000,
        "metadata.general.name": "A model",
        "metadata.general.tags": ["one", "two"],
        "metadata.tokenizer.ggml.tokens.count": 5000,
        "architecture": "llama",
        "gguf_version": 3,
    }
    assert attributes.items() >= expected.items()


def test_parts_are_merged(tmp_path):
    writer = GGUFWriter(tmp_path / "m.gguf", "llama", split_max_tensors=3)
    writer.add_block_count(8)
    for k in range(8):
        writer.add_tensor(f"blk.{k}.ffn_up.weight", np.zeros((4, 32), np.float32))
    finish(writer)
    parts = sorted(tmp_path.glob("*.gguf"))
    assert len(parts) == 3
    merged = {name: (path.name, *tensor) for path in parts for name, tensor in in_library(path).items()}
    for opened in (*parts, tmp_path):
        graph = load(str(opened))
        tensors = [i for i in range(len(graph)) if graph.kind_of(i) == NodeKind.TENSOR]
        found = {
            graph.path(i).replace(".ffn.", "."): (
                graph.file_of(i),
                graph.shape_of(i),
                graph.dtype_of(i),
                int(graph.offset[i]),
                int(graph.bytes[i]),
            )
            for i in tensors
        }
        assert found == merged
        assert graph.name == "m"
        assert graph.attribute(0, "metadata.llama.block_count") == 8
        assert not graph.warnings
    headers = read_headers(str(parts[1]), LoadLimits(), [], lambda *_: None)
    assert [Path(header.path) for header in headers] == parts


@pytest.mark.parametrize("kind", [GGMLQuantizationType.Q4_K, GGMLQuantizationType.Q8_0, GGMLQuantizationType.MXFP4])
def test_experts_are_slices_of_the_library_s_tensors(tmp_path, kind):
    values, size = GGML_QUANT_SIZES[kind]
    path = tmp_path / "moe.gguf"
    writer = GGUFWriter(path, "llama")
    rng = np.random.default_rng(0)
    for name in ("gate", "up", "down"):
        raw = rng.integers(0, 256, (4, 2 * values, 2 * size), np.uint8)
        writer.add_tensor(f"blk.0.ffn_{name}_exps.weight", raw, raw_dtype=kind)
    writer.add_tensor("blk.0.ffn_gate_inp.weight", np.zeros((4, 2 * values), np.float32))
    finish(writer)
    graph, content = load(str(path)), path.read_bytes()
    reader = {t.name: t for t in GGUFReader(path).tensors}
    assert graph.total(graph.parameters) == 3 * 4 * (2 * values) ** 2 + 8 * values
    for expert in range(4):
        node = graph.id_of(f"blk.0.moe.experts.{expert}")
        assert (graph.kind_of(node), graph.provenance_of(node)) == (NodeKind.EXPERT, Provenance.DERIVED)
        for name in ("gate", "up", "down"):
            i = graph.id_of(f"blk.0.moe.experts.{expert}.ffn_{name}_exps.weight")
            fused = reader[f"blk.0.ffn_{name}_exps.weight"]
            start, end = int(graph.offset[i]), int(graph.offset[i] + graph.bytes[i])
            assert content[start:end] == fused.data[expert].tobytes()
            assert graph.shape_of(i) == (2 * values, 2 * values)
            assert graph.dtype_of(i) == kind.name
            assert graph.attribute(i, "slice_of") == f"ffn_{name}_exps.weight"
            assert graph.attribute(i, "slice_index") == expert


def test_all_names_of_the_library_stay_different():
    """Containers are added to names, never anything taken away."""
    names = sorted({name.format(bid=3) + ".weight" for name in TENSOR_NAMES.values()})
    assert len(names) > 300
    grouped = group_names(names)
    assert len(set(grouped)) == len(names)
    for name, inside in zip(names, grouped, strict=True):
        assert inside == name or inside.endswith(name.partition("blk.3.")[2])
    blocks = {MODEL_TENSOR.ATTN_Q: "attn", MODEL_TENSOR.FFN_UP: "ffn", MODEL_TENSOR.FFN_UP_EXP: "moe.experts"}
    for tensor, container in blocks.items():
        name = TENSOR_NAMES[tensor].format(bid=3)
        assert group_names([name]) == [name.replace("blk.3.", f"blk.3.{container}.")]
