"""What is taken for an ONNX model, and what is not."""

import pytest
from onnx import helper

from archviz3d.errors import InputError
from archviz3d.loaders import load
from archviz3d.loaders.detect import detect
from archviz3d.loaders.onnx.content import is_onnx

from .conftest import message, raw_model


def test_content_goes_before_suffix(save):
    path = save([helper.make_node("Relu", ["x"], ["y"])], name="model.bin")
    assert detect(path).loader == "onnx.reader.load"


@pytest.mark.parametrize(
    "data",
    [
        b"\x08\x01" + message(2, b"\x0a\x02\x12\x00" * 100),  # a TensorFlow SavedModel: a message where a name belongs
        b"\x08\x05" + message(2, b"neural net") + message(10, b"description"),  # Core ML
        message(1, message(1, b"conv1")),  # a TensorFlow GraphDef, or Caffe
        b"\x08\x08\x08\x08" * 100,
        b"\x08\x00" + message(7, b"\x0a\x00"),
        b"\x08\x0a" + message(7, b"\xff\xff"),
        bytes(512),
        b"PK\x03\x04" + bytes(500),
        b"GGUF" + bytes(500),
        b'{"model": 1}',
        b"#!/bin/sh\necho hello\n",
        b"",
    ],
)
def test_other_files_are_none(data):
    assert not is_onnx(data[:512], len(data))


def test_a_long_head_is_one():
    data = raw_model(message(1, message(4, b"Relu")))
    assert is_onnx(data, len(data))
    wordy = b"\x08\x0a" + message(2, b"pytorch") + message(6, b"words " * 1000) + data[2:]
    assert is_onnx(wordy[:512], len(wordy))
    assert not is_onnx(wordy[:512], 600)  # cut short: the suffix says what it was


def test_a_broken_file_is_named_by_its_suffix(tmp_path):
    path = tmp_path / "x.onnx"
    path.write_bytes(b"no model at all")
    with pytest.raises(InputError, match=r"x\.onnx: .*damaged"):
        load(str(path))


def test_the_format_of_onnx_runtime_is_named(tmp_path):
    path = tmp_path / "x.ort"
    path.write_bytes(b"\x28\0\0\0ORTM" + bytes(100))
    with pytest.raises(InputError, match=r"ONNX Runtime's own format \(.ort\), which is unsupported"):
        load(str(path))
