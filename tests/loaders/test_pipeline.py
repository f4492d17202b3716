"""A diffusers pipeline opens as one model: made from what diffusers itself saved."""

import json
from pathlib import Path

import pytest

from archviz3d import load
from archviz3d.errors import InputError
from archviz3d.graph.summary import summarize

MADE = json.loads((Path(__file__).parent.parent / "data" / "pipeline.json").read_text())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "tiny"
    for name, text in MADE["files"].items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix != ".safetensors":
            path.write_text(text)
            continue
        header, raw = json.loads(text), text.encode()
        end = max(entry["data_offsets"][1] for key, entry in header.items() if key != "__metadata__")
        with path.open("wb") as file:
            file.write(len(raw).to_bytes(8, "little") + raw)
            file.truncate(8 + len(raw) + end)
    return root


def test_each_part_is_a_subtree_with_all_its_parameters(folder: Path) -> None:
    graph = load(folder)
    for part, parameters in MADE["parameters"].items():
        assert graph.total(graph.parameters, graph.id_of(part)) == parameters
    assert graph.total_parameters[0] == sum(MADE["parameters"].values())
    assert graph.format == "diffusers"
    assert graph.attribute(0, "architecture") == "StableDiffusionPipeline"
    assert graph.attribute(0, "parts.unet") == "diffusers.UNet2DConditionModel"
    assert graph.file_of(graph.id_of("unet.conv_in.weight")) == "unet/diffusion_pytorch_model.safetensors"
    assert not graph.warnings
    assert [s.layers for s in summarize(graph).stacks] == [2]
    assert load(folder / "model_index.json").total_parameters[0] == graph.total_parameters[0]


def test_a_half_precision_copy_is_not_read_twice(folder: Path) -> None:
    unet = folder / "unet"
    (unet / "diffusion_pytorch_model.fp16.safetensors").write_bytes(
        (unet / "diffusion_pytorch_model.safetensors").read_bytes()
    )
    graph = load(folder)
    assert graph.total(graph.parameters, graph.id_of("unet")) == MADE["parameters"]["unet"]
    assert any("not read: diffusion_pytorch_model.fp16" in warning for warning in graph.warnings)


def test_an_incomplete_pipeline(folder: Path) -> None:
    (folder / "vae" / "diffusion_pytorch_model.safetensors").unlink()
    graph = load(folder)
    assert not any(graph.path(int(i)) == "vae" for i in graph.children(0))
    assert any(warning.startswith("without weights here, so not shown: vae") for warning in graph.warnings)
    for part in ("unet", "text_encoder"):
        for path in (folder / part).glob("*.safetensors"):
            path.unlink()
    with pytest.raises(InputError, match="parts hold no weights here"):
        load(folder)


@pytest.mark.parametrize("name", ["..", "../up", "/etc", "a/b", "a\\b", "c:", "", "x\0y"])
def test_no_part_leads_out_of_the_folder(name: str, tmp_path: Path) -> None:
    outside = tmp_path / "up"
    outside.mkdir()
    (outside / "model.safetensors").write_bytes(b"never opened")
    inside = tmp_path / "model"
    inside.mkdir()
    (inside / "model_index.json").write_text(json.dumps({name: ["diffusers", "UNet2DModel"], "_class_name": "P"}))
    with pytest.raises(InputError, match="parts hold no weights here"):
        load(inside)


@pytest.mark.parametrize("index", ["[]", "{", '{"unet": 3}', '{"unet": ["a", 1]}', '{"_class_name": 7}'])
def test_odd_indexes(index: str, tmp_path: Path) -> None:
    (tmp_path / "model_index.json").write_text(index)
    with pytest.raises(InputError):
        load(tmp_path)


def test_too_many_parts(tmp_path: Path) -> None:
    index = {f"part_{i}": ["diffusers", "UNet2DModel"] for i in range(65)}
    (tmp_path / "model_index.json").write_text(json.dumps(index))
    with pytest.raises(InputError, match="names 65 parts"):
        load(tmp_path)


def test_a_part_that_is_a_link_to_another_folder(folder: Path, tmp_path: Path) -> None:
    (folder / "vae").rename(tmp_path / "elsewhere")
    (folder / "vae").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    with pytest.raises(InputError, match="vae: is a link to another folder"):
        load(folder)
