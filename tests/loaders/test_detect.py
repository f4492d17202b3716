"""Which loader reads what: by content first, by suffix second."""

import os
import shutil
import socket
from pathlib import Path

import pytest

from archviz3d.errors import InputError
from archviz3d.loaders import load
from archviz3d.loaders.detect import detect
from archviz3d.loaders.registry import FORMATS


def test_content_goes_before_suffix(write_safetensors, two_tensors, tmp_path):
    path = write_safetensors(two_tensors, 24)
    shutil.copy(path, tmp_path / "x.pt")
    assert detect(str(tmp_path / "x.pt")).loader == "safetensors.load"
    assert len(load(str(tmp_path / "x.pt"))) == 4


@pytest.mark.parametrize("name", ["x.pt", "x.bin", "x.safetensors", "x.ckpt", "X.PTH", "x.safetensors.index.json"])
def test_a_suffix_names_what_is_broken(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"\x00\x01\x02 garbage that is no model at all")
    with pytest.raises(InputError) as caught:
        load(str(path))
    assert "no known format" not in str(caught.value)


def test_the_error_for_an_unknown_file_lists_what_is_supported(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("hello")
    with pytest.raises(InputError, match="no known format") as caught:
        load(str(path))
    for known in FORMATS:
        assert known.title in str(caught.value)


@pytest.mark.parametrize(
    ("file", "step", "loader"),
    [
        ("latest", "global_step500", "distributed.deepspeed.load"),
        ("latest_checkpointed_iteration.txt", "iter_0000500", "distributed.megatron.load"),
    ],
)
def test_a_trainer_s_note_that_was_left_over(write_safetensors, two_tensors, file, step, loader):
    folder = Path(write_safetensors(two_tensors, 24)).parent
    (folder / file).write_text(step)
    assert detect(str(folder)).loader == "shards.load_safetensors"
    (folder / step).mkdir()
    assert detect(str(folder)).loader == loader


def test_empty_and_missing(tmp_path):
    path = tmp_path / "x.pt"
    with pytest.raises(InputError, match="no such file"):
        load(str(path))
    path.touch()
    with pytest.raises(InputError, match="empty file"):
        load(str(path))
    with pytest.raises(InputError):
        load("")
    with pytest.raises(InputError):
        load("a\0b")
    with pytest.raises(InputError):
        load("x" * 10_000)


def test_names_of_files_cannot_break_the_line(tmp_path):
    path = tmp_path / "evil\n\x1b[31mname.pt"
    path.write_bytes(b"no model")
    with pytest.raises(InputError) as caught:
        load(str(path))
    assert "\n" not in str(caught.value)
    assert "\x1b" not in str(caught.value)


@pytest.mark.skipif(os.name == "nt", reason="links and sockets as POSIX has them")
def test_links_sockets_and_loops(tmp_path, write_safetensors, two_tensors):
    path = write_safetensors(two_tensors, 24)
    (tmp_path / "link.safetensors").symlink_to(path)
    assert len(load(str(tmp_path / "link.safetensors"))) == 4
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(InputError):
        load(str(tmp_path / "loop"))
    (tmp_path / "zero.pt").symlink_to("/dev/zero")
    with pytest.raises(InputError, match="regular"):
        load(str(tmp_path / "zero.pt"))
    os.mkfifo(tmp_path / "fifo.pt")
    with pytest.raises(InputError, match="regular"):
        load(str(tmp_path / "fifo.pt"))
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s.pt"))
        with pytest.raises(InputError, match="regular"):
            load(str(tmp_path / "s.pt"))


def test_pickles_are_marked_for_the_worker():
    assert {known.loader for known in FORMATS if known.isolated} >= {"pytorch.container.load", "shards.load_pytorch"}


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs a regular file that cannot be read")
def test_a_file_that_fails_while_it_is_read_is_an_error():
    with pytest.raises(InputError, match="/proc/self/mem: cannot be opened"):
        load("/proc/self/mem")
