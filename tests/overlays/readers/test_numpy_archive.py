"""npz archives that numpy wrote, and those that it would not write."""

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_tables import Write, built, values

from archviz3d.errors import InputError
from archviz3d.graph import ModelGraph
from archviz3d.overlays.overlay import Origin

E = 8  # experts of a layer
GATE = "model.layers.1.mlp.experts.7.gate_proj"


def npz(pack: bool = False, **arrays: Any) -> bytes:
    file = io.BytesIO()
    (np.savez_compressed if pack else np.savez)(file, **arrays)
    return file.getvalue()


def record(header: bytes, data: bytes = b"", version: bytes = b"\1\0") -> bytes:
    """Return an archive of one array whose header is written by hand."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        length = (len(header) + 1).to_bytes(4 if version == b"\2\0" else 2, "little")
        archive.writestr("x.npy", b"\x93NUMPY" + version + length + header + b"\n" + data)
    return file.getvalue()


def header(descr: bytes, shape: bytes) -> bytes:
    return b"{'descr': '%s', 'fortran_order': False, 'shape': (%s)}" % (descr, shape)


@pytest.mark.parametrize("pack", [False, True])
def test_arrays_by_path(read: Write, moe: ModelGraph, pack: bool) -> None:
    about = '{"origin": "measured", "columns": {"b": {"unit": "s"}}}'
    a, b = np.float16([1.5, 2, np.nan]), np.array([[1, 2, 3], [4, 5, 6]], ">i4")
    raw = npz(pack, paths=["lm_head", GATE, "module.model.norm"], a=a, b=b[:, :], about=about)
    first, second = read("a.npz", raw).overlays
    assert first.steps == ()
    got = values(moe, first)
    assert (got["lm_head"], got[GATE]) == (1.5, 2.0)
    assert np.isnan(got["model.norm"])
    assert (second.steps, second.unit, second.origin) == (("0", "1"), "s", Origin.MEASURED)
    assert values(moe, second, 1) == {"lm_head": 4.0, GATE: 5.0, "model.norm": 6.0}


def test_named_steps_and_fortran_order(read: Write, moe: ModelGraph) -> None:
    raw = npz(paths=["lm_head", GATE], steps=[20, 3], x=np.asfortranarray([[1.0, 2.0], [3.0, 4.0]]))
    (x,) = read("a.npz", raw).overlays
    assert x.steps == ("3", "20")
    assert values(moe, x, 0) == {"lm_head": 3.0, GATE: 4.0}


@pytest.mark.parametrize(
    ("layers", "shape"), [([1, 2], (2, E)), ([1, 2, 3], (3, E)), ([0, 1, 2, 3], (4, E)), ([1, 2], (5, 2, E))]
)
def test_arrays_by_layer_and_expert(read: Write, moe: ModelGraph, layers: list[int], shape: tuple[int, ...]) -> None:
    """Rows: the layers with experts, these and the MTP layer, or all layers, of which the first is dense."""
    x = np.arange(np.prod(shape)).reshape(shape)
    (overlay,) = read("a.npz", npz(x=x)).overlays
    for step in range(len(overlay.values)):
        rows = x[step] if x.ndim == 3 else x
        expected = {
            f"model.layers.{layer}.mlp.experts.{e}": rows[k, e]
            for k, layer in enumerate(layers)
            if layer
            for e in range(E)
        }
        assert values(moe, overlay, step) == expected


def test_arrays_by_layer_and_head(read: Write, moe: ModelGraph) -> None:
    x = np.arange(12).reshape(3, 4)  # three layers of four heads; with the MTP layer they would be four
    (overlay,) = read("a.npz", npz(x=x)).overlays
    assert values(moe, overlay)["model.layers.2.self_attn.heads.1"] == 9.0


def test_infinite_values_are_said(read: Write) -> None:
    found = read("a.npz", npz(paths=["lm_head", GATE], x=[np.inf, 1.0]))
    assert found.warnings == ("'x': 1 value is infinite or over 3.4e38, shown as no data",)


def test_experts_and_heads_that_cannot_be_told_apart(read: Write) -> None:
    from small_models import CONFIG, llama

    graph = built(llama(experts=4), CONFIG)
    with pytest.raises(InputError, match=r"of shape \(2, 4\) could be experts or heads; add an array 'paths'"):
        read("a.npz", npz(x=np.zeros((2, 4))), graph)


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"", "is no npz archive"),
        (b"PK\x05\x06" + bytes(18), "has 0 arrays of values"),
        (b"no zip at all", "is no npz archive"),
        (npz(x=np.zeros((2, E)))[:-30], "is no npz archive"),
        (npz(paths=["lm_head"]), "has 0 arrays of values"),
        (npz(x=np.zeros((7, 7))), "'x' has the shape (7, 7); without an array 'paths', 2 x 8 (experts) or"),
        (npz(x=np.zeros(7)), "'x' has the shape (7,)"),
        (npz(x=np.float64(1)), "'x' has the shape ()"),
        (npz(x=np.zeros((2, E)), y=np.zeros((3, 4))), "has arrays of experts and arrays of heads"),
        (npz(x=np.zeros((0, 2, E))), "'x' has 0 steps"),
        (npz(paths=["lm_head"], x=[1, 2]), "'x' has the shape (2,); (1,) or (steps, 1) is needed"),
        (npz(paths=["lm_head"], x=np.array([object()])), "none of plain numbers or texts; write"),
        (npz(paths=np.array(["lm_head"], object), x=[1]), "none of plain numbers or texts; write"),
        (npz(paths=["lm_head"], x=["text"]), "'x' has the type <U4; numbers are needed"),
        (npz(paths=["lm_head"], x=[1j]), "'x' has the type complex128"),
        (npz(paths=["lm_head"], x=np.zeros(1, [("a", "f4")])), "none of plain numbers or texts; write"),
        (npz(paths=[["lm_head"]], x=[1]), "'paths' has the shape (1, 1)"),
        (npz(paths=[1.0], x=[1]), "'paths' has the shape (1,) and the type float64"),
        (npz(paths=["lm_head", "lm_head"], x=[1, 2]), "'lm_head' has a second value"),
        (npz(paths=["lm_head", ""], x=[1, 2]), "a name of 0 characters"),
        (npz(paths=["lm_head"], steps=[1, 2], x=[[1]]), "'x' has 1 step; 2 as in 'steps' are needed"),
        (npz(paths=["lm_head"], steps=[1], x=[1]), "'x' has 0 steps; 1 as in 'steps'"),
        (npz(paths=["lm_head"], steps=[1, 1], x=[[1], [2]]), "'steps' has a step twice"),
        (npz(paths=["lm_head"], steps=[np.nan], x=[[1]]), "a step is nan"),
        (npz(paths=["lm_head"], steps=[[1]], x=[[1]]), "'steps' has the shape (1, 1)"),
        (npz(paths=["lm_head"], about=3, x=[1]), "'about' is no text"),
        (npz(paths=["lm_head"], about="{", x=[1]), "is no JSON"),
        (npz(paths=["lm_head"], about='{"unit": 3}', x=[1]), "'x': unit is no text"),
        (record(header(b"<f8", b"109951162777,")), "announces 109,951,162,777"),
        (record(header(b"<f8", b"3,"), bytes(16)), "announces 3 values of 8"),
        (record(header(b"|O", b"1,"), b"cos\nsystem\n."), "none of plain numbers"),
        (record(header(b"<f8", b"-1,")), "none of plain numbers"),
        (record(b"__import__('os').system('true')"), "none of plain numbers"),
        (record(b"(" * 9000), "none of plain numbers"),
        (record(b"-" * 9000 + b"1"), "none of plain numbers"),
        (record(header(b"<f8", b"1, " * 33), bytes(8)), "none of plain"),
        (record(header(b"<f8", b"1, " * 30_000), bytes(8), b"\2\0"), "none of plain numbers"),
        (record(header(b"<f3", b"1,"), bytes(3)), "'x' is none (data type"),
        (record(header(b"<f8", b"0, 99999999999, 99999999999")), "'x' is none ("),
        (record(header(b"<U2", b"1,"), b"\xff" * 8), "has characters that are none"),
        (record(header(b">U1", b""), b"\0\x11\0\0"), "has characters that are none"),
        (record(b"{}", version=b"\3\0"), "none of plain numbers"),
        (record(b"{}", version=b"\11\0"), "none of plain numbers"),
    ],
)  # fmt: skip
def test_what_is_refused(read: Write, raw: bytes, problem: str) -> None:
    with pytest.raises(InputError) as error:
        read("a.npz", raw)
    message = str(error.value)
    assert problem in message
    assert "; " in message
    assert message.isprintable()
    assert len(message) < 500


def test_as_many_dimensions_as_numpy_had(read: Write) -> None:
    with pytest.raises(InputError, match=r"'x' has the shape \(1, 1, 1, "):
        read("a.npz", npz(x=np.zeros((1,) * 32)))


def test_texts_of_the_other_byte_order(read: Write, moe: ModelGraph) -> None:
    (x,) = read("a.npz", npz(paths=np.array(["lm_head", GATE]).astype(">U50"), x=[1, 2])).overlays
    assert values(moe, x) == {"lm_head": 1.0, GATE: 2.0}


def test_two_records_of_one_name(read: Write, tmp_path: Path) -> None:
    file = io.BytesIO()
    array = io.BytesIO()
    np.save(array, np.zeros((2, E)))
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("x.npy", array.getvalue())
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("x.npy", array.getvalue())
    with pytest.raises(InputError, match="has two arrays 'x'"):
        read("a.npz", file.getvalue())
