"""Archives and arrays that numpy writes, and those that lie."""

import io
import zipfile

import numpy as np
import pytest

from archviz3d.errors import InputError
from archviz3d.graph import NodeKind
from archviz3d.loaders import load

ARRAYS = {
    "embed.weight": np.arange(12, dtype=np.float32).reshape(3, 4),
    "params/dense/kernel": np.asfortranarray(np.arange(20.0).reshape(4, 5)),
    "steps": np.array(7, np.int64),
    "swapped": np.arange(3, dtype=">i4"),
}


def tensors(graph):
    return {graph.path(i): i for i in range(len(graph)) if graph.kind_of(i) == NodeKind.TENSOR}


def test_an_archive_has_every_array_where_numpy_finds_it(tmp_path):
    path = tmp_path / "m.npz"
    np.savez(path, **ARRAYS)
    graph, content = load(str(path)), path.read_bytes()
    found = tensors(graph)
    assert list(found) == ["embed.weight", "params.dense.kernel", "steps", "swapped"]
    for (name, array), node in zip(np.load(path).items(), found.values(), strict=True):
        assert name in ARRAYS
        assert graph.shape_of(node) == array.shape
        start = int(graph.offset[node])
        assert content[start : start + int(graph.bytes[node])] == array.tobytes("A")
    assert [graph.dtype_of(node) for node in found.values()] == ["F32", "F64", "I64", ">i4"]
    assert graph.attribute(found["params.dense.kernel"], "order") == "fortran"
    assert graph.format == "numpy"
    assert not graph.warnings


def test_packed_arrays_have_sizes_but_no_place(tmp_path):
    path = tmp_path / "m.npz"
    many = {f"a{k}": np.random.default_rng(k).normal(size=(40, 40)) for k in range(5)}
    np.savez_compressed(path, **ARRAYS, **many, empty=np.zeros((1000, 1000)))
    graph = load(str(path))
    found = tensors(graph)
    assert {int(graph.offset[i]) for i in found.values()} == {-1}
    assert int(graph.bytes[found["empty"]]) == 8_000_000
    assert graph.total(graph.elements) == sum(a.size for a in ARRAYS.values()) + 5 * 1600 + 1_000_000


def test_a_single_array(tmp_path):
    path = tmp_path / "some.weights.npy"
    np.save(path, ARRAYS["embed.weight"])
    graph = load(str(path))
    node = graph.id_of("some_weights")
    assert (graph.shape_of(node), int(graph.offset[node]), graph.name) == ((3, 4), 128, "some.weights")


def test_what_is_no_number_is_listed_but_is_no_parameter(tmp_path):
    path = tmp_path / "m.npz"
    np.savez(
        path,
        x=np.zeros(3),
        text=np.array(["ab", "c"]),
        when=np.zeros(2, "M8[ns]"),
        objects=np.array([{}, 1]),
        pairs=np.zeros(2, [("a", "<f4"), ("b", "<i8", (2,))]),
        mask=np.zeros(4, bool),
    )
    graph = load(str(path))
    found = tensors(graph)
    dtypes = {name: graph.dtype_of(i) for name, i in found.items()}
    assert dtypes == {
        "x": "F64",
        "text": "U2",
        "when": "M8[ns]",
        "objects": "object",
        "pairs": "(a F32, b I64)",
        "mask": "BOOL",
    }
    assert graph.total(graph.parameters) == 3
    assert int(graph.bytes[found["pairs"]]) == 40
    assert len(graph.warnings) == 1
    assert "Python objects" in graph.warnings[0]


def test_mlx_and_ml_dtypes_store_bfloat16_without_its_name(tmp_path):
    import ml_dtypes

    path = tmp_path / "weights.npz"
    np.savez(path, **{"layers.0.w": np.zeros((2, 3), ml_dtypes.bfloat16)})
    graph = load(str(path))
    assert (graph.dtype_of(graph.id_of("layers.0.w")), graph.total(graph.parameters)) == ("V2", 6)
    assert "bfloat16" in graph.warnings[0]


def test_an_old_mlx_folder(tmp_path):
    """Weights in numbered archives, with a config beside them."""
    for k in range(2):
        names = [f"model.layers.{k}.self_attn.{n}_proj.weight" for n in "qkvo"]
        names += [f"model.layers.{k}.mlp.{n}_proj.weight" for n in ("gate", "up", "down")]
        np.savez(tmp_path / f"weights.{k:02}.npz", **{name: np.zeros((8, 8), np.float16) for name in names})
    (tmp_path / "config.json").write_text('{"model_type": "llama", "num_attention_heads": 2, "num_hidden_layers": 2}')
    graph = load(str(tmp_path))
    assert len(graph.of_kind(NodeKind.LAYER)) == 2
    assert graph.attribute(0, "heads") == 2
    assert graph.file_of(graph.id_of("model.layers.1.mlp.up_proj.weight")) == "weights.01.npz"
    np.savez(tmp_path / "other.npz", x=np.zeros(2))
    with pytest.raises(InputError, match=r"holds 3 \.npz files"):
        load(str(tmp_path))


def npy(array: np.ndarray) -> bytes:
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


def archive(path, records: dict[str, bytes]) -> str:
    with zipfile.ZipFile(path, "w") as out:
        for name, raw in records.items():
            out.writestr(name, raw)
    return str(path)


def test_other_records_and_odd_names(tmp_path):
    records = {
        "a/b.npy": npy(np.zeros(2)),
        "a.b.npy": npy(np.zeros(3)),
        "\x1b[2J.npy": npy(np.zeros(1)),
        "readme.txt": b"x",
    }
    graph = load(archive(tmp_path / "m.npz", records))
    assert "a/b" in tensors(graph)
    assert "\\x1b[2J" in tensors(graph)
    assert any("readme.txt" in warning for warning in graph.warnings)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (npy(np.zeros(8))[:-1], "announces 64 bytes of values, 63 are there"),
        (npy(np.zeros(8))[:100], "cut short in its header"),
        (npy(np.array([{}])), "only pickle could read"),
        (b"\x93NUMPY", "does not start"),
    ],
)
def test_a_damaged_array(tmp_path, raw, message):
    path = tmp_path / "x.npy"
    path.write_bytes(raw)
    with pytest.raises(InputError, match=message):
        load(str(path))


def test_bytes_behind_an_array_are_told(tmp_path):
    path = tmp_path / "x.npy"
    path.write_bytes(npy(np.zeros(8)) + npy(np.zeros(2)))
    assert "144 bytes follow" in load(str(path)).warnings[0]


@pytest.mark.parametrize(
    ("records", "message"),
    [
        ({"x.npy": b"\x93NUMPY"}, "'x.npy' does not start"),
        ({"x.npy": npy(np.zeros(8))[:-8]}, "'x.npy' announces 64"),
        ({"x.npy": npy(np.zeros(8)).replace(b"(8,)", b"(9,)")}, "announces 72"),
        ({"readme.npy.txt": b""}, "no known format|holds no tensor|suffix|is in"),
    ],
)
def test_a_damaged_archive(tmp_path, records, message):
    with pytest.raises(InputError, match=message):
        load(archive(tmp_path / "m.npz", records))


def test_an_archive_cut_short_anywhere(tmp_path):
    path = tmp_path / "m.npz"
    np.savez(path, a=np.zeros(2))
    whole = path.read_bytes()
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        with pytest.raises(InputError):
            load(str(path))


def test_a_bomb_is_not_unpacked(tmp_path):
    """A packed array of zeros, a thousand times as long as its file: its header is all that is unpacked."""
    import tracemalloc

    path = tmp_path / "m.npz"
    head = npy(np.zeros(0, np.uint8)).replace(b"(0,), }" + b" " * 7, b"(67108864,), }")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out, out.open("a.npy", "w") as record:
        record.write(head)
        record.write(bytes(2**26))
    tracemalloc.start()
    graph = load(str(path))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert graph.total(graph.bytes) == 2**26
    assert peak < 20_000_000
