import os
import stat
from pathlib import Path

import pytest

from archviz3d.errors import MachineError, UsageError
from archviz3d.files import check_output, write_whole


def test_a_result_is_written_whole_with_ordinary_rights(tmp_path):
    target = tmp_path / "x.json"
    write_whole(str(target), b"new")
    assert target.read_bytes() == b"new"
    plain = tmp_path / "plain"
    plain.touch()
    assert stat.S_IMODE(target.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    target = tmp_path / "x.json"
    target.write_bytes(b"old")

    def full(*_):
        raise OSError("disk full")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(MachineError, match="disk full"):
        write_whole(str(target), b"new")
    assert [p.name for p in tmp_path.iterdir()] == ["x.json"]
    assert target.read_bytes() == b"old"


@pytest.mark.parametrize("name", ["", "missing/x.png"])
def test_an_output_that_cannot_be_written_is_refused_before_the_work(tmp_path, name):
    with pytest.raises(UsageError):
        check_output(str(tmp_path / name))


@pytest.mark.parametrize("name", ["x" * 300, "a\0b"])
def test_a_name_that_no_system_takes_is_refused(tmp_path, name):
    with pytest.raises(UsageError, match="cannot be written"):
        check_output(str(tmp_path / name))


def test_a_long_name_that_a_system_takes(tmp_path):
    target = tmp_path / ("x" * 250)
    check_output(str(target))
    write_whole(str(target), b"new")
    assert target.read_bytes() == b"new"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a FIFO")
def test_a_special_file_is_not_replaced(tmp_path):
    os.mkfifo(tmp_path / "x.json")
    with pytest.raises(UsageError, match="no regular file"):
        check_output(str(tmp_path / "x.json"))


def test_the_input_is_not_overwritten(tmp_path):
    model, link = tmp_path / "model.safetensors.index.json", tmp_path / "link.json"
    model.write_bytes(b"model")
    link.symlink_to(model)
    for source, target in ((model, model), (model, link), (link, model)):
        with pytest.raises(UsageError, match="is the model itself"):
            check_output(str(target), str(source))
    check_output(str(model), str(tmp_path / "another"))
    check_output(str(model))


@pytest.mark.parametrize("name", ["config.json", "model-00001-of-00002.safetensors", "weights", "vae/config.json"])
def test_nothing_that_a_model_may_be_made_of_is_overwritten(tmp_path, name):
    (tmp_path / "vae").mkdir()
    (tmp_path / name).write_text('{"model_type": "llama"}')
    (tmp_path / "model.safetensors").touch()
    for source in (tmp_path, tmp_path / "model.safetensors"):
        with pytest.raises(UsageError, match="may belong to it"):
            check_output(str(tmp_path / name), str(source))
    check_output(str(tmp_path / name), str(tmp_path / "vae" / "other.safetensors" if "/" not in name else "elsewhere"))


@pytest.mark.parametrize(("name", "content"), [("x.png", b"a picture"), ("x.json", b'{"schema":1,"nodes":[]}')])
def test_an_older_result_in_the_folder_of_the_model_is_replaced(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    check_output(str(tmp_path / name), str(tmp_path))
    check_output(str(tmp_path / "new.json"), str(tmp_path))
