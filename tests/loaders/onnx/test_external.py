"""External data: found beside the model, checked, never opened, never outside the folder."""

import os
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from archviz3d.errors import InputError
from archviz3d.loaders import load

_NODE = [helper.make_node("Identity", ["w"], ["y"])]


def _external(**said: str) -> onnx.TensorProto:
    tensor = TensorProto(name="w", dims=[4, 4], data_type=TensorProto.FLOAT, data_location=TensorProto.EXTERNAL)
    for key, value in said.items():
        tensor.external_data.add(key=key, value=value)
    return tensor


def test_data_are_where_the_library_puts_them(save, tmp_path):
    path = save(_NODE, [onnx.numpy_helper.from_array(onnx.numpy_helper.np.arange(16, dtype="f4").reshape(4, 4), "w")])
    onnx.save(onnx.load(path), path, save_as_external_data=True, location="weights.bin", size_threshold=0)
    graph = load(path)
    node = graph.id_of("w")
    assert (graph.file_of(node), int(graph.bytes[node])) == ("weights.bin", 64)
    raw = (tmp_path / "weights.bin").read_bytes()[int(graph.offset[node]) :][:64]
    assert onnx.numpy_helper.np.frombuffer(raw, "<f4").tolist() == list(range(16))


def test_no_offset_and_no_length(save, tmp_path):
    (tmp_path / "w.bin").write_bytes(bytes(64))
    graph = load(save(_NODE, [_external(location="./w.bin")]))
    assert (graph.file_of(graph.id_of("w")), int(graph.offset[graph.id_of("w")])) == ("w.bin", 0)


def test_a_missing_file_is_a_warning(save):
    graph = load(save(_NODE, [_external(location="gone.bin", offset="0", length="64")]))
    assert graph.warnings == ("1 external files are missing, which hold 1 tensors: gone.bin",)
    assert graph.shape_of(graph.id_of("w")) == (4, 4)


@pytest.mark.parametrize(
    ("said", "match"),
    [
        ({"offset": "1"}, "ends at byte 65 of w.bin; that file has 64"),
        ({"offset": str(2**62), "length": "64"}, "ends at byte"),
        ({"length": "60"}, "holds 60 bytes of w.bin; .* need 64"),
        ({"offset": "-4"}, "external offset '-4'"),
        ({"offset": "9" * 5000}, "external offset"),
        ({"length": "1e3"}, "external length"),
    ],
)
def test_ranges_that_contradict_the_file(save, tmp_path, said, match):
    (tmp_path / "w.bin").write_bytes(bytes(64))
    with pytest.raises(InputError, match=match):
        load(save(_NODE, [_external(location="w.bin", **said)]))


@pytest.mark.parametrize(
    "location",
    [
        "../secret.bin", "a/../../secret.bin", "..\\secret.bin", "/etc/hostname", "\\\\host\\share", "C:\\secret",
        "c:secret", "", ".", "/", "a\0b",
    ],
)  # fmt: skip
def test_a_location_outside_the_folder(save, tmp_path, location):
    (tmp_path.parent / "secret.bin").write_bytes(bytes(64))
    with pytest.raises(InputError, match="external data must lie in the model's folder"):
        load(save(_NODE, [_external(location=location)]))


@pytest.mark.skipif(os.name == "nt", reason="links as POSIX has them")
def test_links_that_lead_outside(save, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "w.bin").write_bytes(bytes(64))
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "sub").symlink_to(outside)
    (tmp_path / "model" / "w.bin").symlink_to(outside / "w.bin")
    for location in ("sub/w.bin", "w.bin"):
        with pytest.raises(InputError, match="external data must lie in the model's folder"):
            load(save(_NODE, [_external(location=location)], name="model/m.onnx"))


@pytest.mark.skipif(os.name == "nt", reason="links as POSIX has them")
def test_links_of_a_hub_cache(save, tmp_path):
    blobs, snapshot = tmp_path / "models--a--b" / "blobs", tmp_path / "models--a--b" / "snapshots" / "1234"
    blobs.mkdir(parents=True)
    snapshot.mkdir(parents=True)
    path = Path(save(_NODE, [_external(location="model.onnx_data")]))
    path.rename(blobs / "aaaa")
    (blobs / "bbbb").write_bytes(bytes(64))
    (snapshot / "model.onnx").symlink_to(blobs / "aaaa")
    (snapshot / "model.onnx_data").symlink_to(blobs / "bbbb")
    graph = load(str(snapshot / "model.onnx"))
    assert (graph.file_of(graph.id_of("w")), graph.warnings) == ("model.onnx_data", ())
    assert graph.name == "b"


@pytest.mark.skipif(os.name == "nt", reason="FIFOs as POSIX has them")
def test_what_is_no_file(save, tmp_path):
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(InputError, match="no regular file"):
        load(save(_NODE, [_external(location="fifo")]))


def test_data_are_never_opened(save, tmp_path):
    (tmp_path / "w.bin").write_bytes(bytes(64))
    (tmp_path / "w.bin").chmod(0)
    before = os.stat(tmp_path / "w.bin").st_atime_ns  # noqa: PTH116
    load(save(_NODE, [_external(location="w.bin")]))
    assert os.stat(tmp_path / "w.bin").st_atime_ns == before  # noqa: PTH116
