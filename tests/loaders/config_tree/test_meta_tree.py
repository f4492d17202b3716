"""transformers on the meta device: in the worker, without anything from the network or the file's own code."""

import json
from pathlib import Path
from typing import Any

import pytest

from archviz3d import load
from archviz3d.errors import InputError
from archviz3d.graph import ModelGraph, NodeKind
from archviz3d.loaders import LoadLimits
from archviz3d.loaders.config_tree import reader
from archviz3d.loaders.config_tree.meta_tree import meta_tree
from archviz3d.loaders.config_tree.sizes import ConfigError

pytest.importorskip("torch")
pytest.importorskip("transformers", minversion="5.0")

MIXTRAL = {
    "architectures": ["MixtralForCausalLM"], "model_type": "mixtral", "num_hidden_layers": 2, "num_local_experts": 4,
    "hidden_size": 64, "intermediate_size": 96, "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 100,
}  # fmt: skip


def write(folder: Path, config: dict[str, Any]) -> str:
    (folder / "config.json").write_text(json.dumps(config))
    return str(folder)


def read(folder: Path, config: dict[str, Any]) -> ModelGraph:
    """Read in this process: importing transformers once for all tests is enough."""
    return reader.load(write(folder, config), LoadLimits(), lambda *_: None)


def test_a_model_that_only_transformers_knows_opens_in_the_worker(tmp_path: Path) -> None:
    config = {"model_type": "mamba", "num_hidden_layers": 2, "hidden_size": 64, "vocab_size": 100}
    code = {"AutoConfig": "evil.EvilConfig", "AutoModelForCausalLM": "evil.Evil"}
    (tmp_path / "evil.py").write_text("raise SystemExit('this must not run')")
    graph = load(write(tmp_path, {**config, "auto_map": code}))
    assert any(w.startswith("made by MambaForCausalLM of transformers") for w in graph.warnings)
    assert graph.shape_of(graph.id_of("backbone.layers.1.mixer.in_proj.weight")) == (256, 64)
    assert graph.attribute(graph.id_of("backbone.layers.1.mixer"), "class").endswith("MambaMixer")
    assert graph.bytes.sum() == 0


def test_experts_that_transformers_fuses_stand_as_in_files(tmp_path: Path) -> None:
    graph = read(tmp_path, MIXTRAL)
    assert len(graph.of_kind(NodeKind.EXPERT)) == 8
    assert graph.shape_of(graph.id_of("model.layers.1.block_sparse_moe.experts.3.w2.weight")) == (64, 96)
    assert graph.names[int(graph.name_code[graph.children(graph.id_of("model"))[0]])] == "embed_tokens"
    assert graph.attribute(0, "heads") == 4


def test_why_the_own_table_was_taken_is_said(tmp_path: Path) -> None:
    graph = read(tmp_path, {**MIXTRAL, "rope_parameters": 3})
    assert any("refused by transformers" in w and "own table" in w for w in graph.warnings)
    assert len(graph.of_kind(NodeKind.EXPERT)) == 8


@pytest.mark.parametrize(
    "odd",
    [
        {"num_hidden_layers": 10**9}, {"num_hidden_layers": 5000}, {"num_hidden_layers": float("nan")},
        {"num_hidden_layers": "2"}, {"num_local_experts": 10**6}, {"hidden_size": 2**62},
        {"text_config": {"num_hidden_layers": 10**8}}, {"layers": [{"depths": [2, 10**7]}]}, {"num_labels": 10**9},
        {"architectures": ["Trainer"], "model_type": "none"}, {"architectures": ["os.system"], "model_type": 3},
        {"num_hidden_layers": 4000, "num_local_experts": 4000},
    ],
)  # fmt: skip
def test_odd_configs_are_refused_before_they_cost_anything(odd: dict[str, Any]) -> None:
    with pytest.raises(ConfigError) as caught:
        meta_tree({**MIXTRAL, **odd}, 1_000_000)
    assert "\n" not in str(caught.value)


def test_a_limit_without_end_is_no_size() -> None:
    config = {"architectures": ["Mamba2ForCausalLM"], "num_hidden_layers": 1, "time_step_limit": [0.0, float("inf")]}
    assert len(meta_tree({**config, "vocab_size": 100}, 1000).names) == 12


def test_a_model_that_grows_too_large_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    from archviz3d.loaders.config_tree import meta_tree as module

    monkeypatch.setattr(module, "_MOST_PARAMETERS", 10)
    with pytest.raises(ConfigError, match="not done after 11 parameters"):
        meta_tree(MIXTRAL, 1_000_000)


def test_what_nobody_knows_is_an_error_of_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'zebra' is not known") as caught:
        read(tmp_path, {"model_type": "zebra", "architectures": ["ZebraForCausalLM"]})
    assert "\n" not in str(caught.value)
