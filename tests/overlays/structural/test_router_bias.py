import json

import numpy as np
import pytest
from safetensors.numpy import save_file

from archviz3d.errors import InputError
from archviz3d.loaders import load
from archviz3d.overlays.overlay import Aggregate

from .conftest import RECIPES, made, mixture, value

EXPERTS = 12  # beyond 9: "10" stands before "2" in the file
LAYER = "model.layers.{}.mlp"


def deepseek(folder, **biases):
    """A checkpoint of two layers with random biases in the first, written by the real library; returns it and them."""
    rng = np.random.default_rng(0)
    tensors = {"model.embed_tokens.weight": np.zeros((10, 8), np.float32)}
    written = {}
    for layer in range(2):
        mlp = LAYER.format(layer)
        for name in ("q_proj", "k_proj", "v_proj", "o_proj"):
            tensors[f"model.layers.{layer}.self_attn.{name}.weight"] = np.zeros((8, 8), np.float32)
        tensors[f"{mlp}.gate.weight"] = np.zeros((EXPERTS, 8), np.float32)
        for i in range(EXPERTS):
            for name in ("gate_proj", "up_proj", "down_proj"):
                tensors[f"{mlp}.experts.{i}.{name}.weight"] = np.zeros((8, 8), np.float32)
        for name, shape in biases.items():
            if layer == 0:
                written[name] = rng.normal(size=shape).astype(np.float32)
                tensors[f"{mlp}.{name.replace('__', '.')}"] = written[name]
    folder.mkdir(exist_ok=True)
    save_file(tensors, folder / "model.safetensors")
    config = {"model_type": "deepseek_v3", "num_experts_per_tok": 2, "n_routed_experts": EXPERTS}
    (folder / "config.json").write_text(json.dumps(config))
    return load(str(folder)), written


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("gate__e_score_correction_bias", (EXPERTS,)),  # DeepSeek-V3
        ("gate__bias", (EXPERTS,)),  # gpt-oss
        ("moe_statics__e_score_correction_bias", (1, EXPERTS)),  # Ernie 4.5
    ],
)
def test_each_expert_has_its_own_bias(tmp_path, name, shape):
    graph, written = deepseek(tmp_path, **{name: shape})
    overlay = made(graph, "router-bias")
    for i in range(EXPERTS):
        path = f"{LAYER.format(0)}.experts.{i}"
        assert value(graph, "router-bias", path) == written[name].ravel()[i], path
    assert len(overlay.ids) == EXPERTS
    assert np.isnan(value(graph, "router-bias", LAYER.format(1)))
    assert overlay.aggregate is Aggregate.NONE
    assert overlay.diverging
    assert overlay.definition.endswith(f"Here: {name.split('__')[1]}.")


def test_the_bias_that_only_chooses_goes_before_that_of_the_matrix(tmp_path):
    names = ("gate__bias", "gate__e_score_correction_bias")
    graph, written = deepseek(tmp_path, **dict.fromkeys(names, (EXPERTS,)))
    assert value(graph, "router-bias", f"{LAYER.format(0)}.experts.7") == written[names[1]][7]


def test_what_is_not_one_value_an_expert_is_no_bias_of_experts(tmp_path):
    graph, _ = deepseek(tmp_path, gate__bias=(EXPERTS + 1,))
    assert RECIPES["router-bias"].missing(graph) == "no router of this model has a bias"


def test_a_bias_that_is_not_stored_is_not_shown():
    assert "not stored with it" in str(RECIPES["router-bias"].missing(mixture(bias=True)))


def test_a_file_that_is_cut_off_is_bad_input(tmp_path):
    graph, _ = deepseek(tmp_path, gate__bias=(EXPERTS,))
    file = tmp_path / "model.safetensors"
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(InputError):
        made(graph, "router-bias")
