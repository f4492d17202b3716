"""Which files are opened, and which are not."""

import os
from pathlib import Path

import pytest
from small_tables import Write

from archviz3d.errors import InputError
from archviz3d.graph import ModelGraph
from archviz3d.overlays.readers import read_overlays
from archviz3d.overlays.readers.reading import counted, plain_text, quoted


def test_the_name_tells_the_format(read: Write) -> None:
    assert read("A.CSV", "path,x\nlm_head,1\n").overlays[0].name == "x"
    with pytest.raises(InputError, match=r"it should end in \.csv, \.tsv, \.json, \.jsonl, \.ndjson, \.npz"):
        read("a.pkl", "path,x\nlm_head,1\n")


@pytest.mark.parametrize("name", ["a.csv", "a.json", "a.jsonl", "a.npz"])
def test_what_is_no_file(name: str, moe: ModelGraph, tmp_path: Path) -> None:
    path = tmp_path / name
    with pytest.raises(InputError, match=r"cannot be opened \(No such file or directory\); check the path"):
        read_overlays(path, moe)
    path.mkdir()
    with pytest.raises(InputError, match="is no regular file; a CSV, JSON, JSONL or npz file is needed"):
        read_overlays(path, moe)
    path.rmdir()
    os.mkfifo(path)
    with pytest.raises(InputError, match="is no regular file"):
        read_overlays(path, moe)


@pytest.mark.parametrize("name", ["a.csv", "a.json", "a.jsonl", "a.npz"])
def test_a_file_beyond_the_limit_is_not_read(name: str, moe: ModelGraph, tmp_path: Path) -> None:
    path = tmp_path / name
    with path.open("wb") as file:
        file.truncate(2**28 + 1)  # a hole: takes no disk
    with pytest.raises(InputError, match="has 268,435,457 bytes; at most 268,435,456 are read"):
        read_overlays(path, moe)


def test_texts_for_errors() -> None:
    assert plain_text("a\x1b[1m\ud800") == "a\\x1b[1m\\ud800"
    assert plain_text("a" * 200, 10) == "aaaaa...aaaaa"
    assert quoted("it's\n") == '"it\'s\\n"'
    assert (counted(1, "name"), counted(2000, "name"), counted(0, "is", "are")) == ("1 name", "2,000 names", "0 are")
