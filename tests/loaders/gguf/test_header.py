"""Headers of every version, and what is said of those that lie."""

import struct
import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archviz3d.errors import InputError
from archviz3d.graph import ModelGraph
from archviz3d.loaders import LoadLimits, load
from archviz3d.loaders.gguf.ggml_types import GGML_TYPES
from archviz3d.loaders.gguf.header import read_header

from .conftest import ARRAY, BOOL, F32, F64, I8, I16, I32, I64, STRING, U8, U16, U32, U64, gguf_bytes

TWO = [("a.weight", (2, 4), 0, 0), ("a.bias", (4,), 0, 32)]


def tensor(graph: ModelGraph, path: str) -> tuple[tuple[int, ...] | None, str | None, int, int]:
    node = graph.id_of(path)
    return graph.shape_of(node), graph.dtype_of(node), int(graph.bytes[node]), int(graph.offset[node])


@pytest.mark.parametrize("version", [1, 2, 3])
@pytest.mark.parametrize("order", ["<", ">"])
def test_every_version_and_byte_order(write_gguf, version, order):
    every = {
        "u8": (U8, 200),
        "i8": (I8, -3),
        "u16": (U16, 60000),
        "i16": (I16, -300),
        "u32": (U32, 2**31),
        "i32": (I32, -7),
        "f32": (F32, 0.5),
        "b": (BOOL, True),
        "s": (STRING, "tëxt"),
        "u64": (U64, 2**40),
        "i64": (I64, -(2**40)),
        "f64": (F64, 1e300),
        "list": (ARRAY, (I16, [1, -2, 3])),
        "texts": (ARRAY, (STRING, ["x", "yy"])),
        "none": (ARRAY, (U32, [])),
    }
    path = write_gguf(TWO, every, data=48, version=version, order=order)
    header = read_header(str(path), LoadLimits())
    assert (header.version, header.big_endian) == (version, order == ">")
    assert header.values == {key: (value[1] if kind == ARRAY else value) for key, (kind, value) in every.items()}
    assert header.lengths == {"list": 3, "texts": 2, "none": 0}
    graph = load(str(path))
    start = path.stat().st_size - 48
    assert tensor(graph, "a.weight") == ((2, 4), "F32", 32, start)
    assert tensor(graph, "a.bias") == ((4,), "F32", 16, start + 32)
    assert graph.attribute(0, "byte_order") == ("big-endian" if order == ">" else None)


def test_a_long_vocabulary_is_counted_and_long_headers_are_read_in_pieces(write_gguf):
    words = ["w" * (k % 40) for k in range(100_000)]
    metadata = {"tokenizer.ggml.tokens": (ARRAY, (STRING, words)), "scores": (ARRAY, (F32, [0.0] * 100_000))}
    path = write_gguf([("a.weight", (2, 4), 0, 0)], metadata, data=32)
    header = read_header(str(path), LoadLimits())
    assert header.lengths == {"tokenizer.ggml.tokens": 100_000, "scores": 100_000}
    assert header.values == {}
    assert header.names == [b"a.weight"]
    assert load(str(path)).attribute(0, "tokens") == 100_000


def test_alignment_moves_the_data(write_gguf):
    path = write_gguf(
        [("a", (2,), 0, 0), ("b", (2,), 0, 1024)], {"general.alignment": (U32, 1024)}, data=1032, alignment=1024
    )
    graph = load(str(path))
    assert [tensor(graph, name)[3] for name in "ab"] == [1024, 2048]


def test_a_scalar_and_an_empty_tensor(write_gguf):
    graph = load(str(write_gguf([("scalar", (), 0, 0), ("empty", (0, 4), 0, 32), ("last", (8,), 0, 32)], data=64)))
    assert tensor(graph, "scalar")[:3] == ((), "F32", 4)
    assert tensor(graph, "empty")[:3] == ((0, 4), "F32", 0)
    assert not graph.warnings


def test_an_unknown_type_gets_its_size_from_the_next_tensor(write_gguf):
    names = [("new", (64, 2), 777, 0), ("known", (8,), 0, 96), ("last", (32,), 778, 128)]
    graph = load(str(write_gguf(names, data=160)))
    assert tensor(graph, "new")[:3] == ((64, 2), "type 777", 96)
    assert tensor(graph, "last")[:3] == ((32,), "type 778", 32)
    assert graph.total(graph.parameters) == 128 + 8 + 32
    assert "type 777 (1), type 778 (1)" in graph.warnings[0]


def test_bytes_in_no_tensor_are_told(write_gguf):
    graph = load(str(write_gguf([("a", (8,), 0, 0), ("b", (8,), 0, 128)], data=160)))
    assert "65 bytes between its tensors are in none" in graph.warnings[0]


def test_odd_names_are_shown(write_gguf):
    graph = load(str(write_gguf([("a\x1b[31m", (8,), 0, 0), (b"b\xff", (8,), 0, 32)], data=64)))
    assert [graph.name_of(i) for i in (1, 2)] == ["a\\x1b[31m", "b\\xff"]
    assert len(graph.warnings) == 2


FAULTS = {
    "two tensors over each other": ({"tensors": [("a", (16,), 0, 0), ("b", (8,), 0, 32)], "data": 64}, "overlaps"),
    "one tensor in another": (
        {"tensors": [("a", (64,), 0, 0), ("b", (8,), 0, 32), ("c", (8,), 0, 64)], "data": 256},
        "overlaps",
    ),
    "the same place twice": ({"tensors": [("a", (8,), 0, 0), ("b", (8,), 0, 0)], "data": 64}, "overlaps"),
    "data beyond the end": ({"tensors": [("a", (8,), 0, 0)], "data": 31}, "ends at byte"),
    "offset beyond the end": ({"tensors": [("a", (8,), 0, 2**40)], "data": 64}, "ends at byte"),
    "offset beyond all files": ({"tensors": [("a", (8,), 0, 2**64 - 32)], "data": 64}, "beyond the file"),
    "crooked offset": ({"tensors": [("a", (8,), 0, 8)], "data": 64}, "no multiple of the alignment"),
    "half a block": ({"tensors": [("a", (48,), 2, 0)], "data": 64}, "Q4_0 has them by 32"),
    "too many values": (
        {"tensors": [("a", (2**32, 2**32), 0, 0)], "data": 64},
        "has 18,446,744,073,709,551,616 values",
    ),
    "too many bytes": ({"tensors": [("a", (2**31, 2**31), 28, 0)], "data": 64}, "values"),
    "too few bytes": ({"tensors": [("a", (2**40,), 99, 0)], "data": 64}, "less than a bit a value"),
    "a name twice": ({"tensors": [("a", (8,), 0, 0), ("a", (8,), 0, 32)], "data": 64}, "occurs twice"),
    "too many dimensions": ({"tensors": [("a", (1,) * 65, 0, 0)], "data": 64}, "65 dimensions"),
    "tensors announced": (
        {"tensors": TWO, "counts": (2**63, 0), "data": 48},
        "announces 9,223,372,036,854,775,808 tensors",
    ),
    "metadata announced": (
        {"tensors": TWO, "counts": (2, 2**63), "data": 48},
        "announces 9,223,372,036,854,775,808 metadata",
    ),
    "one tensor more": ({"tensors": TWO, "counts": (3, 0), "data": 48}, "tensor"),
    "alignment 0": ({"tensors": TWO, "metadata": {"general.alignment": (U32, 0)}, "data": 48}, "power of two"),
    "alignment 24": ({"tensors": TWO, "metadata": {"general.alignment": (U32, 24)}, "data": 48}, "power of two"),
    "alignment as text": (
        {"tensors": TWO, "metadata": {"general.alignment": (STRING, "32")}, "data": 48},
        "power of two",
    ),
    "lists of lists": ({"metadata": {"x": (ARRAY, (ARRAY, [(U8, [1])]))}}, "lists of lists"),
    "a key twice": ({"metadata": [("x", (U8, 1)), ("x", (U8, 2))]}, "'x' twice"),
    "version 4": ({"version": 4}, "is GGUF version 4"),
    "nothing in it": ({"metadata": {"general.architecture": (STRING, "llama")}}, "holds no tensor"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_contradictions_are_errors_of_one_line(write_gguf, fault):
    options, message = FAULTS[fault]
    with pytest.raises(InputError, match=message) as caught:
        load(str(write_gguf(**options)))
    assert "\n" not in str(caught.value)


def raw_pair(key: bytes, kind: int, value: bytes) -> bytes:
    return b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, len(key)) + key + struct.pack("<I", kind) + value


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (raw_pair(b"x", ARRAY, struct.pack("<IQ", U8, 2**61)), "announces 2,305,843,009,213,693,952 elements"),
        (raw_pair(b"x", ARRAY, struct.pack("<IQ", STRING, 2**61)), "announces"),
        (raw_pair(b"x", ARRAY, struct.pack("<IQQ", STRING, 1, 2**62)), "a text of"),
        (raw_pair(b"x", ARRAY, struct.pack("<IQ", STRING, 20) + struct.pack("<Q", 2**62) * 20), "goes beyond the file"),
        (raw_pair(b"x", STRING, struct.pack("<Q", 2**63)), "a text of"),
        (raw_pair(b"x", 13, bytes(64)), "unknown type 13"),
        (raw_pair(b"x", ARRAY, struct.pack("<IQ", 13, 1) + bytes(64)), "unknown type 13"),
        (b"GGUF" + struct.pack("<IQQQ", 3, 1, 0, 2**60) + bytes(64), "name of a tensor"),
        (b"GGUF", "cut short|version"),
        (b"GGUF\3\0\0\0", "cut short"),
        (b"GGUFxxxx", "version"),
    ],
)
def test_lengths_that_lie(tmp_path, raw, message):
    path = tmp_path / "x.gguf"
    path.write_bytes(raw)
    with pytest.raises(InputError, match=message):
        load(str(path))


def test_a_hole_as_a_list_ends_soon(tmp_path):
    """A terabyte of zeros, read as that many empty texts."""
    path = tmp_path / "x.gguf"
    path.write_bytes(raw_pair(b"x", ARRAY, struct.pack("<IQ", STRING, 2**36)))
    with path.open("r+b") as file:
        file.truncate(2**40)
    started = time.process_time()
    with pytest.raises(InputError, match="header of more than"):
        load(str(path), replace(LoadLimits(), header_bytes=10_000_000))
    assert time.process_time() - started < 5


def test_a_file_cut_short_anywhere(write_gguf):
    path = write_gguf(TWO, {"a": (STRING, "x"), "b": (ARRAY, (STRING, ["yy", "z"])), "c": (F64, 1.0)}, data=48)
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(InputError):
            load(str(path))
    path.write_bytes(whole)
    assert load(str(path)).total(load(str(path)).parameters) == 12


def test_more_tensors_than_are_shown(write_gguf):
    with pytest.raises(InputError, match="at most 1 are shown"):
        load(str(write_gguf(TWO, data=48)), replace(LoadLimits(), nodes=1))


names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_what_is_written_is_read(tmp_path_factory, data):
    version, order = data.draw(st.sampled_from([1, 2, 3])), data.draw(st.sampled_from("<>"))
    tensors, offset = [], 0
    for name in data.draw(st.lists(names, min_size=1, max_size=6, unique=True)):
        code = data.draw(st.sampled_from(sorted(GGML_TYPES)))
        kind = GGML_TYPES[code]
        shape = (*data.draw(st.lists(st.integers(0, 5), max_size=3)), data.draw(st.integers(0, 4)) * kind.values)
        nbytes = kind.bytes * len(range(0, _product(shape), kind.values))
        tensors.append((name, shape, code, offset))
        offset += -(-nbytes // 32) * 32
    path = tmp_path_factory.mktemp("gguf") / "m.gguf"
    path.write_bytes(gguf_bytes(tensors, data=offset, version=version, order=order))
    header = read_header(str(path), LoadLimits())
    assert [
        (raw.decode(), *header.unpack_kind(kind)) for raw, kind in zip(header.names, header.kinds, strict=True)
    ] == [(name, shape, code) for name, shape, code, _ in tensors]
    try:
        graph = load(str(path))
    except InputError as error:  # two names that make one path: "a" and "a.", or one inside the other
        assert "\n" not in str(error)  # noqa: PT017
    else:
        assert graph.total(graph.elements) == sum(_product(shape) for _, shape, _, _ in tensors)


def _product(shape: tuple[int, ...]) -> int:
    product = 1
    for size in shape:
        product *= size
    return product


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 400), st.binary(min_size=1, max_size=8), st.integers(0, 40))
def test_any_damage_is_an_error_or_a_model(tmp_path_factory, at, change, cut):
    whole = gguf_bytes(
        [("blk.0.attn_q.weight", (32, 32), 2, 0), ("blk.0.ffn_gate_exps.weight", (2, 8, 32), 8, 576)],
        {"general.architecture": (STRING, "llama"), "llama.expert_count": (U32, 2), "t": (ARRAY, (STRING, ["a", "b"]))},
        data=576 + 544,
    )
    at %= len(whole)
    damaged = whole[:at] + change + whole[at + len(change) :]
    path = tmp_path_factory.mktemp("gguf") / "m.gguf"
    path.write_bytes(damaged[: len(damaged) - cut])
    try:
        load(str(path))
    except InputError as error:
        assert "\n" not in str(error)  # noqa: PT017


def test_a_long_name_is_told_from_a_scale_in_time(tmp_path):
    path = tmp_path / "x.gguf"
    path.write_bytes(gguf_bytes([("ffn_" * 15_000 + str(k), (1,), 0, 32 * k) for k in range(20)], data=20 * 32))
    started = time.process_time()
    assert load(str(path)).total_parameters[0] == 20
    assert time.process_time() - started < 5
