"""safetensors headers: what is read, and what is refused."""

import json
import os
import re
import struct

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archviz3d.errors import InputError
from archviz3d.loaders import LoadLimits, load
from archviz3d.loaders.dtypes import BITS


def test_reads_names_shapes_types_and_offsets(write_safetensors, two_tensors):
    path = write_safetensors(two_tensors, 24)
    graph = load(str(path))
    weight, bias = graph.id_of("a.weight"), graph.id_of("a.bias")
    header = 8 + len(json.dumps(two_tensors))
    assert graph.shape_of(weight) == (2, 2)
    assert (graph.dtype_of(weight), graph.dtype_of(bias)) == ("F32", "BF16")
    assert graph.offset[[weight, bias]].tolist() == [header, header + 16]
    assert graph.bytes[[weight, bias]].tolist() == [16, 8]
    assert graph.file_of(weight) == "model.safetensors"
    assert graph.total(graph.parameters) == 8
    assert graph.attribute(0, "metadata.format") == "pt"
    assert graph.format == "safetensors"
    assert not graph.warnings


def test_agrees_with_the_reference_library(tmp_path):
    torch = pytest.importorskip("torch")
    library = pytest.importorskip("safetensors.torch")
    # one of each that both libraries know
    names = ["float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "bool", "complex64"]
    names += ["uint8", "uint16", "uint32", "uint64"]
    names += ["float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz"]
    tensors = {f"blocks.{i}.{name}": torch.zeros(3, i + 1).to(getattr(torch, name)) for i, name in enumerate(names)}
    tensors |= {
        "empty": torch.zeros(0, 4),
        "scalar": torch.tensor(1.0),
    }
    path = tmp_path / "x.safetensors"
    library.save_file(tensors, path, metadata={"license": "none"})
    graph = load(str(path))
    raw = path.read_bytes()
    loaded = library.load_file(path)
    assert int((graph.dtype_code >= 0).sum()) == len(tensors)
    for name, tensor in loaded.items():
        node = graph.id_of(name)
        assert graph.shape_of(node) == tuple(tensor.shape)
        size = tensor.numel() * tensor.element_size()
        assert graph.bytes[node] == size
        start = int(graph.offset[node])
        assert raw[start : start + size] == tensor.reshape(-1).view(torch.uint8).numpy().tobytes()
    assert graph.attribute(0, "metadata.license") == "none"


def test_every_dtype_of_the_specification_agrees_with_the_reference_library(write_safetensors):
    rust = pytest.importorskip("safetensors")
    with pytest.raises(rust.SafetensorError, match="expected one of") as caught:
        rust.deserialize(write_safetensors({"w": {"dtype": "?", "shape": [8], "data_offsets": [0, 8]}}, 8).read_bytes())
    names = re.findall(r"`([A-Z0-9_]+)`", str(caught.value))
    assert len(names) >= 22
    for dtype in names:
        for elements in (1, 2, 3, 4, 8):  # below a byte, only some fill whole bytes
            size = -(-elements * BITS[dtype] // 8)
            header = {"w": {"dtype": dtype, "shape": [elements], "data_offsets": [0, size]}}
            path = write_safetensors(header, size)
            try:
                with rust.safe_open(path, framework="np") as file:
                    part = file.get_slice("w")
                    expected = (part.get_dtype(), tuple(part.get_shape()))
            except rust.SafetensorError:
                with pytest.raises(InputError, match="agree"):
                    load(str(path))
                continue
            graph = load(str(path))
            assert (graph.dtype_of(1), graph.shape_of(1)) == expected
            assert (graph.bytes[1], graph.warnings) == (size, ())


def test_every_dtype_that_torch_can_write(tmp_path):
    torch = pytest.importorskip("torch")
    save_file = pytest.importorskip("safetensors.torch").save_file
    dtypes = [value for value in vars(torch).values() if isinstance(value, torch.dtype)]
    written = 0
    for dtype in dict.fromkeys(dtypes):
        path = tmp_path / "x.safetensors"
        try:
            save_file({"w": torch.empty(4, 6, dtype=dtype)}, path)
        except (KeyError, RuntimeError, ValueError, NotImplementedError, TypeError):
            continue  # quantised types, sub-byte integers: not of the specification
        written += 1
        graph = load(str(path))
        assert graph.bytes[1] == 24 * torch.empty(1, dtype=dtype).element_size()
        assert graph.dtype_of(1) in BITS
        assert not graph.warnings
    assert written >= 18


@pytest.mark.parametrize(("dtype", "shape", "size"), [("F4", [4, 4], 8), ("F6_E2M3", [8], 6), ("F8_E8M0", [3], 3)])
def test_types_below_a_byte(write_safetensors, dtype, shape, size):
    path = write_safetensors({"w": {"dtype": dtype, "shape": shape, "data_offsets": [0, size]}}, size)
    assert load(str(path)).total(load(str(path)).bytes) == size


def test_unknown_dtype_is_opened_with_a_warning(write_safetensors):
    graph = load(str(write_safetensors({"w": {"dtype": "F3_NEW", "shape": [7], "data_offsets": [0, 5]}}, 5)))
    assert graph.bytes[graph.id_of("w")] == 5
    assert "F3_NEW" in graph.warnings[0]


def test_metadata_may_look_like_a_tensor(write_safetensors, two_tensors):
    two_tensors["__metadata__"] = {"shape": "x", "dtype": "y", "data_offsets": "z"}
    assert (
        load(str(write_safetensors(two_tensors, 24))).total(load(str(write_safetensors(two_tensors, 24))).bytes) == 24
    )


def test_padding_after_the_header(write_safetensors, two_tensors):
    assert len(load(str(write_safetensors(json.dumps(two_tensors) + "   ", 24)))) == 4


def test_tensors_in_any_order(write_safetensors):
    header = {
        "b": {"dtype": "U8", "shape": [3], "data_offsets": [4, 7]},
        "none": {"dtype": "U8", "shape": [0], "data_offsets": [4, 4]},
        "a": {"dtype": "U8", "shape": [4], "data_offsets": [0, 4]},
    }
    graph = load(str(write_safetensors(header, 7)))
    assert [graph.name_of(i) for i in range(1, 4)] == ["b", "none", "a"]


def tensor(dtype="U8", shape=(4,), offsets=(0, 4)):
    return json.dumps({"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)})


@pytest.mark.parametrize(
    ("header", "data", "expected"),
    [
        # equal names: same bytes, other bytes, empty tensors, one spelt with an escape, a key hidden by an escape
        (f'{{"a":{tensor()},"a":{tensor()}}}', 4, "twice"),
        (f'{{"a":{tensor()},"a":{tensor(offsets=(4, 8))}}}', 8, "twice"),
        (f'{{"a":{tensor(shape=(0,), offsets=(0, 0))},"a":{tensor(shape=(0,), offsets=(0, 0))}}}', 0, "twice"),
        (f'{{"a":{tensor()},"\\u0061":{tensor()}}}', 4, "twice"),
        (f'{{"a":{{"dtype":"U8","shape":[4],"data_offset\\u0073":[0,4]}},"a":{tensor()}}}', 4, "twice"),
        ('{"a":{"dtype":"U8","shape":[4],"shape":[4],"data_offsets":[0,4],"data_offsets":[0,4]}}', 4, "twice"),
        # shapes, offsets
        (f'{{"a":{tensor(shape=(5,))}}}', 4, "agree"),
        (f'{{"a":{tensor(shape=(-4,))}}}', 4, "agree"),
        (f'{{"a":{tensor(shape=(2**32, 2**32))}}}', 4, "agree"),
        (f'{{"a":{tensor(shape=(2**64 + 4,))}}}', 4, "agree"),
        (f'{{"a":{tensor(shape=(4.0,))}}}', 4, "described wrongly"),
        (f'{{"a":{tensor(shape=(True, 4))}}}', 4, "described wrongly"),
        (f'{{"a":{tensor(shape=[9] * 100_000)}}}', 4, "agree"),
        (f'{{"a":{tensor(shape=("4",))}}}', 4, "described wrongly"),
        (f'{{"a":{tensor(dtype="F4", shape=(9,))}}}', 4, "agree"),
        (f'{{"a":{tensor(dtype="")}}}', 4, "agree"),
        (f'{{"a":{tensor(offsets=(1, 5))}}}', 5, "hole"),
        (f'{{"a":{tensor()},"b":{tensor(offsets=(6, 10))}}}', 10, "hole"),
        (f'{{"a":{tensor()},"b":{tensor(offsets=(2, 6))}}}', 6, "overlap"),
        (f'{{"a":{tensor(offsets=(4, 0))}}}', 4, "ends before"),
        (f'{{"a":{tensor(offsets=(-4, 0))}}}', 4, "overlap"),
        (f'{{"a":{tensor(offsets=(0, 2**70))}}}', 4, "offsets"),
        (f'{{"a":{tensor()}}}', 3, "cut short"),
        (f'{{"a":{tensor()}}}', 5, "after its last"),
        ('{"a":{"dtype":"U8","data_offsets":[0,4]}}', 4, "without shape"),
        ('{"a":{"dtype":"U8","shape":[4]}}', 4, "data_offsets"),
        ('{"a":{"shape":[4],"data_offsets":[0,4]}}', 4, "without dtype"),
        ('{"a":[1,2]}', 4, "described wrongly"),
        # no JSON
        ("[1,2]     ", 4, "no JSON object"),
        ('{"a":' + "[" * 100_000, 4, "JSON"),
        ('{"a":' + '{"b":' * 50_000 + "1" + "}" * 50_001, 4, "too deeply"),
        ('{"a": 1', 4, "JSON"),
        ("{}          ", 0, "no tensor"),
        ('{"__metadata__":{"a":"b"}}', 0, "no tensor"),
        (b'{"\xff\xfe": 1}', 4, "JSON"),
    ],
)
def test_contradictions_are_refused(write_safetensors, header, data, expected):
    path = write_safetensors(header, data)
    with pytest.raises(InputError, match=expected) as caught:
        load(str(path))
    message = str(caught.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    assert len(message) < 2500


@pytest.mark.parametrize("length", [0, 1, 10**6, 2**31, 2**63, 2**64 - 1])
def test_header_lengths_that_lie(write_safetensors, two_tensors, length):
    with pytest.raises(InputError):
        load(str(write_safetensors(two_tensors, 24, length=length)))


def test_a_header_above_the_limit(tmp_path):
    path = tmp_path / "large.safetensors"
    with path.open("wb") as file:
        file.write(struct.pack("<Q", 100_000_001) + b"{")
        file.truncate(200_000_000)
    with pytest.raises(InputError, match="at most 100,000,000"):
        load(str(path))


def test_names_with_control_characters_are_escaped(write_safetensors):
    graph = load(str(write_safetensors({"a\x1b[31m\u202eb": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]}}, 1)))
    assert graph.name_of(1).isprintable()
    assert "control characters" in graph.warnings[0]


def test_names_that_nest_too_deeply(write_safetensors):
    header = {"a." * 100_000 + "w": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]}}
    with pytest.raises(InputError, match="deep"):
        load(str(write_safetensors(header, 1)))


def test_names_that_make_too_many_modules(write_safetensors):
    header = {f"{i}." + "m." * 200 + "w": {"dtype": "U8", "shape": [1], "data_offsets": [i, i + 1]} for i in range(100)}
    with pytest.raises(InputError, match="too many"):
        load(str(write_safetensors(header, 100)), LoadLimits(nodes=10_000))


def test_every_truncation_is_refused(write_safetensors, two_tensors):
    path = write_safetensors(two_tensors, 24)
    whole = path.read_bytes()
    for cut in range(50):
        path.write_bytes(whole[: len(whole) * cut // 50])
        with pytest.raises(InputError):
            load(str(path))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(flips=st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 255)), min_size=1, max_size=4))
def test_damage_is_read_or_refused_in_one_line(write_safetensors, two_tensors, flips):
    path = write_safetensors(two_tensors, 24)
    raw = bytearray(path.read_bytes())
    for at, value in flips:
        raw[at % len(raw)] ^= value
    path.write_bytes(raw)
    message, graph = "", None
    try:
        graph = load(str(path))
    except InputError as error:
        message = str(error)
    assert "\n" not in message
    assert graph is None or graph.total(graph.bytes) <= len(raw)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs here")
def test_special_files_are_refused_at_once(tmp_path):
    fifo = tmp_path / "x.safetensors"
    os.mkfifo(fifo)
    for path in (fifo, "/dev/zero", "/dev/stdin"):
        with pytest.raises(InputError, match=r"regular|cannot be opened|no such"):
            load(str(path))


def test_numbers_of_a_large_model_are_exact(write_safetensors):
    names = [f"layers.{i}.experts.{e}.w" for i in range(20) for e in range(50)]
    header = {
        name: {"dtype": "F16", "shape": [3, 5], "data_offsets": [30 * k, 30 * k + 30]} for k, name in enumerate(names)
    }
    graph = load(str(write_safetensors(header, 30_000)))
    assert graph.total(graph.parameters) == 15_000
    ids = [graph.id_of(name) for name in names]
    assert np.diff(graph.offset[ids]).tolist() == [30] * 999


@pytest.mark.parametrize(
    ("dtype", "shape", "size"), [("F32", [0, 2**64], 0), ("F9", [2**62], 4), ("F9", [2**62] * 64, 4), ("F9", [33], 4)]
)
def test_dimensions_that_no_bytes_can_hold(write_safetensors, dtype, shape, size):
    path = write_safetensors({"w": {"dtype": dtype, "shape": shape, "data_offsets": [0, size]}}, size)
    with pytest.raises(InputError, match="shape, dtype and data_offsets must agree"):
        load(str(path))


def test_an_unknown_dtype_is_shown_on_one_short_line(write_safetensors):
    odd = "\x1b[31m\n" + "x" * 10_000
    path = write_safetensors({"w": {"dtype": odd, "shape": [32], "data_offsets": [0, 4]}}, 4)
    shown = load(str(path)).dtypes[0]
    assert shown.isprintable()
    assert len(shown) < 50


def test_modules_are_counted_before_they_are_made(write_safetensors):
    names = [".".join(f"{k}_{j}" for j in range(900)) for k in range(40)]
    header = {n: {"dtype": "F32", "shape": [1], "data_offsets": [4 * i, 4 * i + 4]} for i, n in enumerate(names)}
    path = str(write_safetensors(header, 4 * len(names)))
    with pytest.raises(InputError, match="too many modules and tensors; at most 35,999 are shown"):
        load(path, LoadLimits(nodes=35_999))
    assert len(load(path, LoadLimits(nodes=36_000))) == 1 + 36_000


def test_modules_that_names_share_count_once(write_safetensors):
    names = ["a.b.w", "a-b.w", "a.b.c.w", "a.w", ".a", "a.bc.w"]  # modules: "", a, a-b, a.b, a.b.c, a.bc
    header = {n: {"dtype": "F32", "shape": [1], "data_offsets": [4 * i, 4 * i + 4]} for i, n in enumerate(names)}
    path = str(write_safetensors(header, 4 * len(names)))
    with pytest.raises(InputError, match="too many"):
        load(path, LoadLimits(nodes=11))
    assert len(load(path, LoadLimits(nodes=12))) == 1 + 12


def test_a_pointer_of_git_lfs_is_named_as_such(tmp_path):
    for name in ("model.safetensors", "pytorch_model.bin"):
        path = tmp_path / name
        path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 548105171\n")
        with pytest.raises(InputError, match=r"Git LFS pointer.*git lfs pull"):
            load(str(path))


def _of_one_hash(count: int) -> list[tuple[int, int, int]]:
    """Return shapes without elements that Python hashes alike: each step of a tuple's hash can be undone."""
    mask, p1, p2, p5 = 2**64 - 1, 11400714785074694791, 14029467366897019727, 2870177450012600261

    def turned(x: int, by: int) -> int:
        return (x << by | x >> (64 - by)) & mask

    shapes, first = list[tuple[int, int, int]](), 0
    wanted = turned(12345678901234567 * pow(p1, -1, 2**64) & mask, 33)
    while len(shapes) < count:
        first += 1
        state = turned((p5 + first * p2) & mask, 31) * p1 & mask
        second = (wanted - state) * pow(p2, -1, 2**64) & mask
        if second < 2**61 - 1:
            shapes.append((first, second, 0))
    return shapes


def test_shapes_with_one_hash_are_refused_in_time(write_safetensors):
    shapes = _of_one_hash(20_000)
    header = ",".join(f'"a.{k}":{tensor("F32", shape, (0, 0))}' for k, shape in enumerate(shapes))
    assert len(set(map(hash, shapes))) == 1
    with pytest.raises(InputError, match="different shapes with one hash"):
        load(str(write_safetensors(f"{{{header}}}")))


def test_names_of_too_many_parts_together(write_safetensors):
    deep = ".".join(["a"] * 900)
    header = ",".join(f'"{deep}.{k}":{tensor("F32", (0,), (0, 0))}' for k in range(5000))
    with pytest.raises(InputError, match="parts together"):
        load(str(write_safetensors(f"{{{header}}}")))
