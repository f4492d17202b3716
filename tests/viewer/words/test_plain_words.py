"""Parts in plain words: what is well known by its kind or name, and nothing made up."""

import pytest

from archviz3d.graph.builder import GraphBuilder
from archviz3d.graph.kinds import NodeKind
from archviz3d.viewer.words.captions import Caption, caption_of, name_of, title_of
from archviz3d.viewer.words.plain_words import plain_name, plain_operator


def named(name, kind, *siblings):
    b = GraphBuilder("one", "made by hand")
    block = b.node(0, "block", NodeKind.EXPERT)
    node = b.node(block, name, kind)
    for sibling in siblings:
        b.node(block, sibling, kind)
    return plain_name(b.build(), node)


@pytest.mark.parametrize(
    ("name", "kind", "said"),
    [
        ("self_attn", NodeKind.ATTENTION, "Attention"),
        ("SelfAttention", NodeKind.ATTENTION, "Attention"),
        ("EncDecAttention", NodeKind.ATTENTION, "Attention to the encoder"),
        ("q_proj", NodeKind.PROJECTION, "Query projection"),
        ("attn_k", NodeKind.PROJECTION, "Key projection"),
        ("c_attn", NodeKind.PROJECTION, "Query, key and value projection"),
        ("o_proj", NodeKind.OUTPUT_PROJECTION, "Output projection"),
        ("input_layernorm", NodeKind.NORM, "Normalisation before attention"),
        ("whatever_norm", NodeKind.NORM, "Normalisation"),
        ("embed_tokens", NodeKind.EMBEDDING, "Token embedding"),
        ("wpe", NodeKind.EMBEDDING, "Position embedding"),
        ("down_proj", NodeKind.LINEAR, "Down projection"),
        ("gate", NodeKind.ROUTER, "Router"),
        ("lm_head", NodeKind.OUTPUT, "Output head"),
    ],
)
def test_well_known_parts(name, kind, said):
    assert named(name, kind) == said


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("zeta_proj", NodeKind.PROJECTION),
        ("eh_proj", NodeKind.LINEAR),
        ("q_proj", NodeKind.MODULE),
        ("self_attn", NodeKind.MODULE),
        ("w1", NodeKind.LINEAR),  # of a block without a gate
    ],
)
def test_what_is_not_known_keeps_its_name(name, kind):
    assert named(name, kind) is None


def test_numbered_matrices_of_a_gated_block():
    assert named("w1", NodeKind.LINEAR, "w2", "w3") == "Gate projection"
    assert named("w2", NodeKind.LINEAR, "w1", "w3") == "Down projection"
    assert named("w3", NodeKind.LINEAR, "w1", "w2") == "Up projection"


def test_operators_of_torch_and_onnx():
    assert plain_operator("matmul") == plain_operator("MatMul") == "Matrix product"
    assert plain_operator("scaled_dot_product_attention") == "Attention"
    assert plain_operator("Softmax") == "Softmax"
    assert plain_operator("grouped_mm_fallback") is None


def test_titles_and_captions_in_plain_words(toy):
    query = toy.id_of("model.layers.2.self_attn.q_proj")
    assert title_of(toy, query, plain=True) == "toy-moe › layer 2 › Attention › Query projection"
    assert caption_of(toy, query, plain=True) == Caption("Query projection", "64 → 64")
    assert caption_of(toy, query + 1, plain=True) == Caption("Query projection", "weight  64 × 64")
    router = toy.id_of("model.layers.0.mlp.gate")
    assert caption_of(toy, router, plain=True) == Caption("Router", "chooses 2 of 16 experts")
    assert name_of(toy, toy.id_of("model.layers.0.mlp.experts.3"), plain=True) == "expert 3"
    assert caption_of(toy, query) == Caption("q_proj", "64 → 64")  # not unless asked for


def test_an_operator_in_plain_words():
    b = GraphBuilder("ops", "test")
    node = b.node(0, "node_0", NodeKind.OPERATOR, operator="aten.softmax.int")
    odd = b.node(0, "node_1", NodeKind.OPERATOR, operator="my::odd")
    graph = b.build()
    assert caption_of(graph, node, plain=True) == Caption("Softmax")
    assert caption_of(graph, odd, plain=True) == Caption("odd")
