"""What a config says, and what the file says against it."""

from collections.abc import Callable
from typing import Any

import pytest
from small_models import CONFIG, Shapes, llama

from archviz3d.graph import ModelGraph, NodeKind
from archviz3d.graph.roles import recognise

Make = Callable[[Shapes], ModelGraph]


def test_a_config_that_contradicts_the_shapes_gives_no_heads(make_graph: Make) -> None:
    graph = recognise(make_graph(llama()), CONFIG | {"num_attention_heads": 3})
    assert not len(graph.of_kind(NodeKind.HEADS))
    assert graph.warnings == ("heads are not shown: the config says 3 heads, the file has q 16, k 8, v 8 rows",)


def test_key_value_heads_that_contradict_give_no_heads(make_graph: Make) -> None:
    graph = recognise(make_graph(llama()), CONFIG | {"num_key_value_heads": 4})
    assert not len(graph.of_kind(NodeKind.HEADS))
    assert len(graph.warnings) == 1


def test_layers_are_those_of_the_file(make_graph: Make) -> None:
    graph = recognise(make_graph(llama(2)), CONFIG | {"num_hidden_layers": 4})
    assert graph.warnings == ("the config says 4 layers, the file has 2",)
    assert graph.attribute(0, "layers") == 2


def test_sizes_are_those_of_the_file(make_graph: Make) -> None:
    graph = recognise(make_graph(llama()), CONFIG | {"vocab_size": 51})
    assert graph.warnings == ("the config says a token embedding of 51 x 16, the file has 50 x 16",)
    assert graph.attribute(0, "vocab_size") == 50


def test_experts_are_those_of_the_file(make_graph: Make) -> None:
    graph = recognise(make_graph(llama(experts=4)), CONFIG | {"num_local_experts": 8, "num_experts_per_tok": 2})
    assert graph.warnings == ("the config says 8 experts, the file has 4",)
    moe = graph.id_of("model.layers.0.mlp")
    assert (graph.attribute(moe, "experts"), graph.attribute(moe, "top_k")) == (4, 2)
    # A token cannot take more experts than there are.
    graph = recognise(make_graph(llama(experts=4)), CONFIG | {"num_experts_per_tok": 5})
    assert graph.attribute(moe, "top_k") is None


@pytest.mark.parametrize(
    "config", [{}, {"num_attention_heads": "4"}, {"num_attention_heads": [4, 4, 4]}, {"text_config": 3}]
)
def test_an_odd_config_says_nothing(make_graph: Make, config: dict[str, Any]) -> None:
    graph = recognise(make_graph(llama()), config)
    assert not len(graph.of_kind(NodeKind.HEADS))
    assert graph.warnings == ()


def test_a_text_config_inside_is_about_the_language_model(make_graph: Make) -> None:
    tower = {f"vision.{name}": shape for name, shape in llama().items() if ".layers." in name}
    config = {"model_type": "vlm", "text_config": CONFIG, "vision_config": {"num_attention_heads": 2}}
    graph = recognise(make_graph(llama() | tower), config)
    assert graph.attribute(graph.id_of("model.layers.0.self_attn"), "heads") == 4
    assert graph.attribute(graph.id_of("vision.model.layers.0.self_attn"), "heads") == 2
