"""The own tables have what transformers has: committed digests of all classes, and a few classes made anew."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from archviz3d.loaders.config_tree.own_tree import classes, own_tree

ENTRIES = json.loads((Path(__file__).parents[2] / "data" / "class_trees.json").read_text())
# These are made in the test itself: dense, experts one by one, experts fused.
MADE_HERE = {
    "LlamaForCausalLM": {"num_hidden_layers": 3, "attention_bias": True},
    "DeepseekV3ForCausalLM": {"num_hidden_layers": 5, "n_routed_experts": 8, "num_nextn_predict_layers": 0},
    "GptOssForCausalLM": {"num_hidden_layers": 3},
}


def shapes(name: str, options: dict[str, Any]) -> dict[str, tuple[int, ...]]:
    tree = own_tree({"architectures": [name], **options}, 10**6)
    assert tree is not None
    return {key: tree.shapes[code] for key, code in zip(tree.names, tree.codes, strict=True)}


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda e: f"{e['class']}-{'-'.join(e['options'])}")
def test_names_and_shapes_are_those_of_transformers(entry: dict[str, Any]) -> None:
    found = shapes(entry["class"], entry["options"])
    assert len(found) == entry["tensors"]
    assert hashlib.sha256(repr(sorted(found.items())).encode()).hexdigest()[:16] == entry["digest"]


def test_every_class_is_checked() -> None:
    assert {entry["class"] for entry in ENTRIES} == set(classes())


@pytest.mark.parametrize("name", MADE_HERE)
def test_transformers_makes_the_same_here(name: str) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("transformers", minversion="5.0")
    from archviz3d.loaders.config_tree.meta_tree import meta_tree

    made = meta_tree({"architectures": [name], **MADE_HERE[name]}, 10**6)
    assert dict(zip(made.names, made.shapes, strict=True)) == shapes(name, MADE_HERE[name])
    assert made.architecture == name


def test_prediction_layers_are_whole_layers_with_embeddings_of_their_own() -> None:
    options = {"num_hidden_layers": 4, "n_routed_experts": 2, "num_nextn_predict_layers": 1}
    without = shapes("DeepseekV3ForCausalLM", {**options, "num_nextn_predict_layers": 0})
    with_mtp = shapes("DeepseekV3ForCausalLM", options)
    more = {key: shape for key, shape in with_mtp.items() if key not in without}
    assert {key.split(".")[2] for key in more} == {"4"}
    assert more["model.layers.4.eh_proj.weight"] == (7168, 14336)
    assert (
        more["model.layers.4.shared_head.head.weight"] == more["model.layers.4.embed_tokens.weight"] == (129280, 7168)
    )
    layer = {key.replace(".3.", ".4.", 1) for key in without if key.startswith("model.layers.3.")}
    assert layer <= more.keys()
