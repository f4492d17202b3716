"""The first bytes of every kind of file, and nothing else: what an interrupted download leaves."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from reading import check_reading

HEADS = {
    "pickle": b"\x80\x02}q\x00.",
    "zip": b"PK\x03\x04\x00\x00\x08\x08",
    "legacy": b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.",
    "gguf": b"GGUF\x03\x00\x00\x00\x01\x00",
    "numpy": b"\x93NUMPY\x01\x00v\x00{'descr'",
    "onnx": b"\x08\x08\x12\x07pytorch:",
    "safetensors": b"\x40\x00\x00\x00\x00\x00\x00\x00{",
    "json": b'{"schema":1,"nodes":[',
}
EMPTY = ("model.onnx", "model.safetensors", "model.gguf", "pytorch_model.bin", "model.npz", "config.json", ".metadata")
SUFFIXES = (".pt", ".bin", ".safetensors", ".gguf", ".onnx", ".npy", ".npz", ".pt2", ".json", ".index.json", ".jit", "")


@pytest.mark.parametrize("kind", HEADS)
def test_short_files(kind, tmp_path):
    for suffix in SUFFIXES:
        for length in range(1, len(HEADS[kind]) + 1):
            path = tmp_path / f"short{suffix}"
            path.write_bytes(HEADS[kind][:length])
            check_reading(path)


@pytest.mark.parametrize("name", EMPTY)
def test_folders_with_an_empty_file(name, tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / name).touch()
    assert check_reading(folder) != "graph"
