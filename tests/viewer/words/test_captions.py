"""Titles, facts and names in plain words."""

import numpy as np
import pytest

from archviz3d.graph.builder import GraphBuilder
from archviz3d.graph.kinds import NodeKind
from archviz3d.viewer.words.captions import (
    Caption,
    caption_of,
    facts_of,
    in_and_out,
    matrix_of,
    name_of,
    title_of,
    title_parts,
)


def test_title_leaves_out_what_goes_without_saying(toy):
    expert = toy.id_of("model.layers.3.mlp.experts.11")
    assert title_of(toy, expert) == "toy-moe › layer 3 › expert 11"
    assert title_of(toy, 0) == "toy-moe"
    assert title_of(toy, toy.id_of("model.layers.2.self_attn.q_proj")) == "toy-moe › layer 2 › attention › q_proj"
    assert title_of(toy, toy.id_of("model.layers")) == "toy-moe › 6 layers"


def test_title_parts_can_be_walked(toy):
    expert = toy.id_of("model.layers.3.mlp.experts.11")
    assert [node for _, node in title_parts(toy, expert)] == [0, toy.id_of("model.layers.3"), expert]


def test_two_stacks_are_told_apart():
    b = GraphBuilder("t5", "made by hand")
    for side in ("encoder", "decoder"):
        stack = b.node(b.node(0, side), "block", NodeKind.STACK)
        for k in range(2):
            b.tensor(b.node(stack, str(k), NodeKind.LAYER), "weight", (2, 2), "F32", nbytes=16)
    graph = b.build()
    assert title_of(graph, graph.id_of("decoder.block.1")) == "t5 › decoder › layer 1"


def test_facts(toy):
    assert facts_of(toy, 0) == "823 k parameters · 6 layers · 96 routed experts · 1.65 MB"
    layer = facts_of(toy, toy.id_of("model.layers.1"))
    assert "8 heads" in layer
    assert "2 of 16 experts" in layer
    assert facts_of(toy, toy.id_of("model.layers.1.mlp.experts.3")) == "6.14 k parameters · 3 matrices · 12.3 kB"
    assert facts_of(toy, toy.id_of("lm_head.weight")) == "1000 × 64 · BF16 · 64 k parameters · 128 kB"
    assert facts_of(toy, toy.id_of("model.layers.0.self_attn.heads.2")).startswith("8 dimensions")


def test_names_and_captions(toy):
    assert name_of(toy, toy.id_of("model.layers.0.mlp.experts")) == "16 experts"
    assert name_of(toy, toy.id_of("model.layers.0.self_attn.heads")) == "8 heads"
    assert caption_of(toy, toy.id_of("model.layers.0.mlp.gate")) == Caption("router", "top 2 of 16")
    assert caption_of(toy, toy.id_of("model.layers.0.mlp.experts.0.up_proj")) == Caption("up_proj", "64 → 32")
    assert caption_of(toy, toy.id_of("model.layers.0.mlp.experts.0.up_proj.weight")) == Caption(
        "up_proj", "weight  32 × 64"
    )
    assert caption_of(toy, toy.id_of("model.layers.5")) == Caption("5")


def test_a_number_is_told_with_its_class():
    b = GraphBuilder("cnn", "made by hand")
    b.node(b.node(0, "features"), "2", NodeKind.ACTIVATION, **{"class": "torch.nn.modules.activation.ReLU"})
    graph = b.build()
    assert caption_of(graph, graph.id_of("features.2")) == Caption("2", "ReLU")


def test_the_matrix_of_a_module(toy):
    module = toy.id_of("lm_head")
    assert matrix_of(toy, module) == toy.id_of("lm_head.weight")
    assert matrix_of(toy, toy.id_of("model.norm")) is None  # a vector is no matrix
    assert matrix_of(toy, toy.id_of("model.layers.0")) is None


def test_unknown_parts_keep_their_names():
    b = GraphBuilder("odd", "made by hand")
    node = b.node(0, "whatever|$x$")
    b.tensor(node, "w", (3,), "F32", nbytes=12)
    graph = b.build()
    assert name_of(graph, 1) == "whatever|$x$"
    assert facts_of(graph, 1) == "3 parameters · 12 B"


def test_what_goes_in_and_comes_out_is_told_only_where_it_is_known(toy):
    def module(name, kind=NodeKind.LINEAR, **tensors):
        b = GraphBuilder("one", "made by hand")
        node = b.node(0, name, kind)
        for tensor, shape in tensors.items():
            b.tensor(node, tensor, shape, "F32", nbytes=4)
        graph = b.build()
        return in_and_out(graph, graph.id_of(f"{name}.{next(iter(tensors))}"))

    assert module("up_proj", weight=(32, 64)) == (64, 32)
    assert module("c_fc", weight=(768, 3072), bias=(3072,)) == (768, 3072)  # GPT-2 stores it transposed
    assert module("c_fc", weight=(768, 3072)) == (768, 3072)
    assert module("c_fc", weight=(3072, 768)) == (768, 3072)  # nanoGPT does not
    assert module("c_proj", weight=(3072, 768)) == (3072, 768)
    assert module("odd", weight=(5, 7), bias=(7,)) == (5, 7)
    assert module("fused", gate_up=(5, 7)) is None
    assert module("wte", NodeKind.EMBEDDING, weight=(100, 8)) is None
    assert module("conv", NodeKind.CONV, weight=(8, 3, 3, 3)) is None


@pytest.mark.parametrize(
    ("operator", "said"),
    [
        ("aten.linear.default", "linear"),
        ("torch.ops.aten.add.Tensor", "add"),
        ("aten::silu", "silu"),
        ("com.microsoft.Gelu", "Gelu"),
        ("MatMul", "MatMul"),
        ("transformers.grouped_mm_fallback.default", "grouped_mm_fallback"),
    ],
)
def test_an_operator_says_what_it_does_and_makes(operator, said):
    b = GraphBuilder("ops", "test")
    step, after = (b.node(0, f"node_{k}", NodeKind.OPERATOR, operator=operator) for k in range(2))
    b.edge(step, after, shape=(-1, 8))
    graph = b.build()
    assert caption_of(graph, graph.id_of("node_0")) == Caption(said, "? × 8")
    assert caption_of(graph, graph.id_of("node_1")) == Caption(said, "")


def test_names_that_count_tell_how_many_are_shown(toy):
    experts, stack = toy.id_of("model.layers.2.mlp.experts"), toy.id_of("model.layers")
    hidden = np.zeros(len(toy), bool)
    assert name_of(toy, experts, is_hidden=hidden) == "16 experts"
    for k in range(12):
        hidden[toy.subtree(toy.id_of(f"model.layers.2.mlp.experts.{k}"))] = True
    assert caption_of(toy, experts, is_hidden=hidden).name == "4 of 16 experts shown"
    assert name_of(toy, toy.id_of("model.layers.3.mlp.experts"), is_hidden=hidden) == "16 experts"
    hidden[toy.subtree(toy.id_of("model.layers.0"))] = True
    assert name_of(toy, stack, is_hidden=hidden) == "5 of 6 layers shown"
