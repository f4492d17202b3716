"""A config.json alone: published parameter counts, honest words, and configs that ask for too much."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from archviz3d.errors import InputError
from archviz3d.graph import ModelGraph, NodeKind, Provenance
from archviz3d.graph.summary import summarize
from archviz3d.loaders import LoadLimits
from archviz3d.loaders.config_tree import reader
from archviz3d.loaders.detect import detect

from .conftest import PUBLISHED

LLAMA = {"model_type": "llama", "architectures": ["LlamaForCausalLM"]}


def read(folder: Path, config: Any, limits: LoadLimits | None = None) -> ModelGraph:
    path = folder / "config.json"
    path.write_text(config if isinstance(config, str) else json.dumps(config))
    return reader.load(str(folder), limits or LoadLimits(), lambda *_: None)


@pytest.mark.usefixtures("without_transformers")
@pytest.mark.parametrize("name", PUBLISHED)
def test_published_models_have_their_published_parameters(name: str, tmp_path: Path) -> None:
    entry = PUBLISHED[name]
    summary = summarize(read(tmp_path, entry["config"]))
    expected = {key: getattr(summary, key) for key in entry["expected"]}
    assert expected == entry["expected"]
    assert summary.warnings[0] == "no weights here: names and shapes are derived from config.json"
    assert "own table" in summary.warnings[1]


@pytest.mark.usefixtures("without_transformers")
def test_nothing_is_said_to_be_stored(tmp_path: Path) -> None:
    graph = read(tmp_path, {**LLAMA, "num_hidden_layers": 2, "torch_dtype": "bfloat16"})
    assert graph.format == "config.json"
    assert not graph.files
    assert graph.bytes.sum() == graph.elements.sum() == 0
    assert set(graph.provenance.tolist()) == {Provenance.DERIVED}
    tensor = graph.id_of("model.layers.1.mlp.down_proj.weight")
    assert (graph.shape_of(tensor), graph.dtype_of(tensor)) == ((4096, 11008), "BF16")
    assert len(graph.of_kind(NodeKind.LAYER)) == 2
    assert len(graph.of_kind(NodeKind.HEAD)) == 64
    with pytest.raises(KeyError):
        graph.id_of("down_proj")


@pytest.mark.usefixtures("without_transformers")
def test_fused_experts_are_nodes(tmp_path: Path) -> None:
    graph = read(tmp_path, {"architectures": ["GptOssForCausalLM"], "num_hidden_layers": 2, "num_local_experts": 8})
    summary = summarize(graph)
    assert (summary.experts, summary.moe_layers) == (16, 2)
    # The 16 experts are slices: only what a checkpoint has counts as module.
    assert summary.modules == summarize(read(tmp_path, json.loads((tmp_path / "config.json").read_text()))).modules
    assert graph.kind_of(graph.id_of("model.layers.1.mlp.experts.7")) == NodeKind.EXPERT


@pytest.mark.usefixtures("without_transformers")
def test_an_unknown_family_names_the_command_that_helps(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"'zebra' is not known; install transformers.*pip install \"archviz3d"):
        read(tmp_path, {"model_type": "zebra"})
    with pytest.raises(InputError, match="is not known"):  # a switch that the table does not have
        read(tmp_path, {"architectures": ["GPT2LMHeadModel"], "add_cross_attention": True})


@pytest.mark.usefixtures("without_transformers")
def test_the_config_itself_and_a_folder_open_alike(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({**LLAMA, "num_hidden_layers": 1}))
    paths = [str(tmp_path), str(tmp_path / "config.json")]
    assert {detect(path).loader for path in paths} == {"config_tree.reader.load"}
    assert all(detect(path).isolated for path in paths)
    folder, file = (reader.load(path, LoadLimits(), lambda *_: None) for path in paths)
    assert folder.total_parameters[0] == file.total_parameters[0] > 0
    assert folder.name == file.name == tmp_path.name


@pytest.mark.usefixtures("without_transformers")
@pytest.mark.parametrize(
    "odd",
    [
        {"num_hidden_layers": 10**9}, {"num_hidden_layers": 10**30}, {"num_hidden_layers": -1},
        {"num_hidden_layers": "32"}, {"num_hidden_layers": 32.0}, {"num_hidden_layers": True},
        {"num_hidden_layers": float("nan")}, {"num_hidden_layers": float("inf")}, {"num_hidden_layers": [32]},
        {"num_hidden_layers": {"n": 32}}, {"hidden_size": 2**60}, {"vocab_size": -5}, {"num_attention_heads": 0},
        {"tie_word_embeddings": "no"}, {"num_hidden_layers": 500_000},
    ],
)  # fmt: skip
def test_sizes_that_cannot_be_are_refused_at_once(odd: dict[str, Any], tmp_path: Path) -> None:
    started = time.process_time()
    with pytest.raises(InputError, match=r"config\.json: (has|asks for|divides)"):
        read(tmp_path, {**LLAMA, **odd})
    assert time.process_time() - started < 1


@pytest.mark.usefixtures("without_transformers")
@pytest.mark.parametrize(
    "odd",
    [
        {"num_local_experts": 10**6}, {"num_local_experts": 10**6, "num_hidden_layers": 10**6},
        {"num_local_experts": 30_000},
    ],
)  # fmt: skip
def test_experts_are_counted_before_they_are_made(odd: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="asks for"):
        read(tmp_path, {"architectures": ["MixtralForCausalLM"], **odd})
    with pytest.raises(InputError, match="at most 1,000 are shown"):
        read(tmp_path, {"architectures": ["MixtralForCausalLM"]} | {"num_local_experts": 64}, LoadLimits(nodes=1000))


@pytest.mark.usefixtures("without_transformers")
@pytest.mark.parametrize(
    "text",
    [
        "{}", "[]", "nul", "{", '{"model_type": 3}', '{"architectures": "LlamaForCausalLM"}', '{"architectures": [3]}',
        '{"model_type": "llama", "x": ' + "[" * 100_000 + "]" * 100_000 + "}",
        '{"architectures": [], "model_type": {}}',
        '{"model_type": "a\\u001b[31mb"}',
    ],
)  # fmt: skip
def test_odd_configs_are_one_line_errors(text: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, text)
    assert str(caught.value).isprintable()


@pytest.mark.usefixtures("without_transformers")
def test_layers_that_are_named_dense_or_are_none(tmp_path: Path) -> None:
    config = {"architectures": ["Qwen3MoeForCausalLM"], "num_hidden_layers": 4, "num_experts": 8}
    graph = read(tmp_path, config | {"mlp_only_layers": [1, "x", 10**20, -1, True]})
    assert len(graph.of_kind(NodeKind.MOE)) == 3
    assert len(graph.of_kind(NodeKind.MOE)) == 3
    assert read(tmp_path, config | {"decoder_sparse_step": 0}).of_kind(NodeKind.MOE).size == 0


@pytest.mark.usefixtures("without_transformers")
def test_numbers_of_layers_with_one_hash(tmp_path: Path) -> None:
    listed = ",".join(str(k * (2**61 - 1)) for k in range(1, 30_000))
    text = json.dumps({**PUBLISHED["Qwen3-235B-A22B"]["config"], "x": "?", "mlp_only_layers": ["?"]})
    started = time.process_time()
    read(tmp_path, text.replace('["?"]', f"[{listed}]").replace('"?"', "NaN"))  # what has a NaN is read by Python
    assert time.process_time() - started < 5
