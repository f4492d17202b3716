"""Folders and indexes: which files make one model, and what is said when some are missing."""

import json
import os
from pathlib import Path

import pytest

from archviz3d.errors import InputError
from archviz3d.graph import NodeKind
from archviz3d.loaders import load


def shard(folder: Path, number: int, total: int, names: list[str], style: str = "model-{:05}-of-{:05}") -> str:
    header = {
        name: {"dtype": "F32", "shape": [2, 2], "data_offsets": [16 * k, 16 * k + 16]} for k, name in enumerate(names)
    }
    raw = json.dumps(header).encode()
    file = style.format(number, total) + ".safetensors"
    (folder / file).write_bytes(len(raw).to_bytes(8, "little") + raw + bytes(16 * len(names)))
    return file


def write_index(folder: Path, weight_map: dict[str, str], name: str = "model.safetensors.index.json") -> Path:
    path = folder / name
    path.write_text(json.dumps({"metadata": {"total_size": 0}, "weight_map": weight_map}, indent=2))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder of three shards of two layers each, with an index."""
    place = tmp_path / "some-model"
    place.mkdir()
    weight_map: dict[str, str] = {}
    for k in range(3):
        names = [f"layers.{2 * k}.w", f"layers.{2 * k + 1}.w"]
        weight_map |= dict.fromkeys(names, shard(place, k + 1, 3, names))
    write_index(place, weight_map)
    return place


def test_a_folder_and_its_index_are_the_same_model(folder):
    whole, named = load(str(folder)), load(str(folder / "model.safetensors.index.json"))
    assert whole.total(whole.parameters) == named.total(named.parameters) == 24
    assert whole.name == named.name == "some-model"
    assert whole.file_of(whole.id_of("layers.4.w")) == "model-00003-of-00003.safetensors"
    assert not whole.warnings
    assert not named.warnings


def test_a_folder_without_an_index(folder):
    (folder / "model.safetensors.index.json").unlink()
    assert load(str(folder)).total(load(str(folder)).parameters) == 24


@pytest.mark.parametrize("with_index", [True, False])
def test_missing_shards_are_listed(folder, with_index):
    (folder / "model-00002-of-00003.safetensors").unlink()
    if not with_index:
        (folder / "model.safetensors.index.json").unlink()
    graph = load(str(folder))
    assert graph.total(graph.parameters) == 16
    assert "model-00002-of-00003.safetensors" in graph.warnings[0]
    assert "1 of 3 shards" in graph.warnings[0]
    assert not with_index or "2 tensors" in graph.warnings[0]


def test_no_shard_at_all_is_an_error(folder):
    for path in folder.glob("*.safetensors"):
        path.unlink()
    with pytest.raises(InputError, match="none of its 3 shards"):
        load(str(folder))


def test_a_tensor_in_two_shards(folder):
    shard(folder, 2, 3, ["layers.0.w", "layers.3.w"])
    with pytest.raises(InputError, match=r"'layers.0.w' is also in model-00001-of-00003.safetensors"):
        load(str(folder))


def test_a_tensor_that_only_the_index_knows(folder):
    index = json.loads((folder / "model.safetensors.index.json").read_text())
    index["weight_map"]["ghost.w"] = "model-00001-of-00003.safetensors"
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    graph = load(str(folder))
    assert graph.total(graph.parameters) == 24
    assert "ghost.w" in graph.warnings[0]


@pytest.mark.parametrize(
    "name",
    [
        "../evil.safetensors",
        "/etc/passwd",
        "/dev/zero.safetensors",
        "a/b.safetensors",
        "..",
        "",
        "a\\b.safetensors",
        "C:x.safetensors",
        "a\0.safetensors",
    ],
)
def test_references_out_of_the_folder(folder, name):
    outside = folder.parent / "evil.safetensors"
    (folder / "model-00001-of-00003.safetensors").rename(outside)
    index = json.loads((folder / "model.safetensors.index.json").read_text())
    index["weight_map"]["layers.0.w"] = name
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    for path in (folder, folder / "model.safetensors.index.json"):
        with pytest.raises(InputError, match="not a file of the model's folder"):
            load(str(path))


def test_a_reference_out_of_a_whole_series(folder):
    index = json.loads((folder / "model.safetensors.index.json").read_text())
    index["weight_map"]["layers.0.w"] = "../model-00001-of-00003.safetensors"
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(InputError, match="not a file of the model's folder"):
        load(str(folder))


def test_damaged_indexes(folder):
    path = folder / "model.safetensors.index.json"
    whole = path.read_bytes()
    damaged = [whole[: len(whole) * cut // 50] for cut in range(50)] + [
        b"[" * 10**6,
        b'{"weight_map": []}',
        b"null",
        whole[:-1],
    ]
    for raw in damaged:
        path.write_bytes(raw)
        with pytest.raises(InputError):
            load(str(folder))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs here")
def test_a_shard_that_is_a_fifo(folder):
    path = folder / "model-00002-of-00003.safetensors"
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(InputError, match="regular"):
        load(str(folder))


def test_links_of_a_hub_cache_are_followed_and_name_the_model(folder, tmp_path):
    snapshot = tmp_path / "models--acme--Tiny-1B" / "snapshots" / "0123abcd"
    snapshot.mkdir(parents=True)
    for path in folder.iterdir():
        (snapshot / path.name).symlink_to(path)
    graph = load(str(snapshot))
    assert graph.name == "Tiny-1B"
    assert graph.total(graph.parameters) == 24


def test_counting_from_zero_as_gpt_oss_does(tmp_path):
    for k in range(3):
        shard(tmp_path, k, 2, [f"layers.{k}.w"])
    graph = load(str(tmp_path))
    assert graph.total(graph.parameters) == 12
    assert not graph.warnings


def test_the_last_of_a_series_from_zero_is_missed_by_its_index(tmp_path):
    for k in range(2):
        shard(tmp_path, k, 2, [f"layers.{k}.w"])
    write_index(tmp_path, {f"layers.{k}.w": f"model-0000{k}-of-00002.safetensors" for k in range(3)})
    assert "1 of 3 shards are missing" in load(str(tmp_path)).warnings[0]


def test_a_series_that_counts_from_zero_to_one_less(tmp_path):
    for k in range(3):
        shard(tmp_path, k, 3, [f"layers.{k}.w"])
    # gpt-oss would have one more: whether it is missing cannot be told.
    assert "whether model-00003-of-00003.safetensors belongs to them is not known" in load(str(tmp_path)).warnings[0]
    write_index(tmp_path, {f"layers.{k}.w": f"model-0000{k}-of-00003.safetensors" for k in range(3)})
    assert load(str(tmp_path)).warnings == ()
    (tmp_path / "model.safetensors.index.json").unlink()
    (tmp_path / "model-00001-of-00003.safetensors").unlink()
    assert "model-00001-of-00003" in load(str(tmp_path)).warnings[0]


def test_shards_sort_by_number(tmp_path):
    for k in (10, 9, 1, 2, 3, 4, 5, 6, 7, 8):
        shard(tmp_path, k, 10, [f"t{k}"], style="m-{}-of-{}")
    graph = load(str(tmp_path))
    assert [graph.name_of(i) for i in range(1, 11)] == [f"t{k}" for k in range(1, 11)]


def test_the_config_tells_heads_and_name(folder):
    (folder / "config.json").write_text(json.dumps({"_name_or_path": "acme/Tiny-1B", "model_type": "llama"}))
    assert load(str(folder)).name == "Tiny-1B"


@pytest.mark.parametrize("text", ["[]", "{", "[" * 100_000, '{"a":' * 300 + "1" + "}" * 300, "1" * 5000, ""])
def test_configs_that_are_none(folder, text):
    (folder / "config.json").write_text(text)
    with pytest.raises(InputError, match=r"config\.json"):
        load(str(folder))


def test_a_broken_config_beside_a_single_file_is_a_warning(folder):
    (folder / "config.json").write_text("{")
    graph = load(str(folder / "model-00001-of-00003.safetensors"))
    assert "config.json" in graph.warnings[0]


def test_folders_without_a_model(tmp_path):
    with pytest.raises(InputError, match="empty folder"):
        load(str(tmp_path))
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(InputError, match="supported"):
        load(str(tmp_path))
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(InputError, match="no weights"):
        load(str(tmp_path))


def test_pytorch_shards_keep_their_ties_and_files(tmp_path):
    torch = pytest.importorskip("torch")
    first, second = {"a.w": torch.zeros(4, 2)}, {"b.w": torch.zeros(3), "b.tied": None}
    second["b.tied"] = second["b.w"]
    for k, tensors in enumerate((first, second), 1):
        torch.save(tensors, tmp_path / f"pytorch_model-0000{k}-of-00002.bin")
    weight_map = {name: f"pytorch_model-0000{k}-of-00002.bin" for k, t in ((1, first), (2, second)) for name in t}
    write_index(tmp_path, weight_map, "pytorch_model.bin.index.json")
    for path in (tmp_path, tmp_path / "pytorch_model.bin.index.json"):
        graph = load(str(path))
        assert graph.total(graph.parameters) == 11
        assert graph.attribute(graph.id_of("b.tied"), "tied_to") == "b.w"
        assert graph.file_of(graph.id_of("b.w")) == "pytorch_model-00002-of-00002.bin"
        assert not graph.warnings


def test_the_trainers_files_are_no_model(tmp_path):
    torch = pytest.importorskip("torch")
    torch.save({"w": torch.zeros(3)}, tmp_path / "pytorch_model.bin")
    torch.save({"state": {}, "param_groups": []}, tmp_path / "optimizer.pt")
    torch.save({"lr": 1}, tmp_path / "training_args.bin")
    graph = load(str(tmp_path))
    assert [graph.kind_of(i) for i in range(len(graph))] == [NodeKind.MODEL, NodeKind.TENSOR]


def test_a_link_to_nothing_is_a_missing_shard(folder):
    shard = folder / "model-00002-of-00003.safetensors"
    shard.unlink()
    shard.symlink_to("../../blobs/not-yet-downloaded")
    assert "model-00002-of-00003" in load(str(folder)).warnings[0]
    (folder / "model.safetensors.index.json").unlink()
    assert "model-00002-of-00003" in load(str(folder)).warnings[0]


def test_a_shard_whose_name_no_system_takes_is_missing(folder):
    name = "x" * 300 + ".safetensors"
    write_index(folder, {"layers.0.w": "model-00001-of-00003.safetensors", "more": name})
    assert "1 of 2 shards are missing" in load(str(folder)).warnings[0]
    write_index(folder, {"more": name})
    with pytest.raises(InputError, match="none of its 1 shards is here"):
        load(str(folder))


def test_an_index_of_more_shards_than_any_model_has(folder):
    write_index(folder, {f"t{k}": f"{k}.safetensors" for k in range(100_001)})
    with pytest.raises(InputError, match="names 100,001 shards; at most"):
        load(str(folder))


def test_an_index_that_names_a_tensor_twice(tmp_path, write_safetensors, two_tensors):
    write_safetensors(two_tensors, 24, "a.safetensors")
    write_safetensors({"b": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]}}, 1, "b.safetensors")
    index = tmp_path / "model.safetensors.index.json"
    pairs = '"a.weight": "a.safetensors", "a.bias": "a.safetensors", "a.bias": "b.safetensors"'
    index.write_text(f'{{"weight_map": {{{pairs}}}}}')
    with pytest.raises(InputError, match=r"'a\.bias' twice"):
        load(str(index))
