"""Files of a model: confined, checked, few of them open, read from many threads."""

import os
import threading
from pathlib import Path

import pytest

from archviz3d.weights import UnreadableValuesError
from archviz3d.weights.files import Files

LINUX = pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs /proc")


def open_files():
    return len(list(Path("/proc/self/fd").iterdir()))


def read(files, file, offset, count):
    buffer = bytearray(count)
    files.read_into(file, [(offset, memoryview(buffer))], scattered=False)
    return bytes(buffer)


def test_a_folder_and_a_file_in_it_lead_to_the_same(tmp_path):
    (tmp_path / "part").mkdir()
    (tmp_path / "part" / "a.bin").write_bytes(b"0123456789")
    (tmp_path / "index.json").write_text("{}")
    for source in (tmp_path, tmp_path / "index.json"):
        files = Files(str(source))
        assert read(files, "part/a.bin", 3, 4) == b"3456"
        assert files.size("part/a.bin") == 10


@pytest.mark.parametrize(
    "name", ["../secret", "part/../../secret", "/etc/hostname", "C:secret", "\\secret", "a\0b", "", ".", "a//b", "./a"]
)
def test_names_that_lead_elsewhere(name, tmp_path):
    (tmp_path / "secret").write_bytes(b"secret")
    home = tmp_path / "model"
    home.mkdir()
    with pytest.raises(UnreadableValuesError, match="a file in the model's folder is needed") as caught:
        Files(str(home)).path(name)
    assert "\n" not in str(caught.value)
    assert "\0" not in str(caught.value)


def test_a_folder_that_is_a_link_elsewhere_is_refused_and_a_linked_file_followed(tmp_path):
    (tmp_path / "blobs").mkdir()
    (tmp_path / "blobs" / "a").write_bytes(b"values")
    home = tmp_path / "model"
    home.mkdir()
    (home / "folder").symlink_to(tmp_path / "blobs")
    (home / "file").symlink_to(tmp_path / "blobs" / "a")
    files = Files(str(home))
    assert read(files, "file", 0, 6) == b"values"
    with pytest.raises(UnreadableValuesError, match="a folder that leads out of the model"):
        files.size("folder/a")


def test_what_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    files = Files(str(tmp_path))
    for name in ("pipe", "folder"):
        with pytest.raises(UnreadableValuesError, match="is no regular file"):
            files.size(name)
    with pytest.raises(UnreadableValuesError, match="is not there"):
        files.size("missing")


def test_a_file_that_became_shorter_is_an_error_in_one_line(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(bytes(1000))
    files = Files(str(path))
    assert read(files, "a", 990, 10) == bytes(10)
    os.truncate(path, 995)
    with pytest.raises(UnreadableValuesError, match=r"has 995 bytes, but values stand at 990 to 1,000; open"):
        read(files, "a", 990, 10)


@LINUX
def test_few_files_are_open_and_none_stays_so(tmp_path):
    names = [str(k) for k in range(80)]
    for name in names:
        (tmp_path / name).write_bytes(name.encode() * 4)
    before = open_files()
    files = Files(str(tmp_path))
    for name in names * 2:
        assert read(files, name, 0, len(name)) == name.encode()
    assert open_files() - before <= 32
    del files
    assert open_files() == before


def test_many_threads_read_more_files_than_may_be_open(tmp_path):
    for k in range(60):
        (tmp_path / str(k)).write_bytes(bytes([k]) * 5000)
    files, wrong = Files(str(tmp_path)), []

    def work(seed):
        for k in range(300):
            file = (k * 7 + seed) % 60
            if read(files, str(file), k, 4000) != bytes([file]) * 4000:
                wrong.append(file)

    threads = [threading.Thread(target=work, args=(seed * 13,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_where_there_is_no_preadv(tmp_path, monkeypatch):
    monkeypatch.delattr(os, "preadv", raising=False)
    (tmp_path / "a").write_bytes(b"0123456789")
    files = Files(str(tmp_path))
    assert read(files, "a", 3, 4) == b"3456"
    with pytest.raises(UnreadableValuesError, match="has 10 bytes"):
        read(files, "a", 8, 4)
