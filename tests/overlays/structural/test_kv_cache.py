import numpy as np
import pytest

from archviz3d.graph import GraphBuilder, ModelGraph, NodeKind

from .conftest import RECIPES, made, mixture, module, value

K = NodeKind


def decoder(*blocks: str, names: str = "layers", **root) -> ModelGraph:
    """A model with an attention block for each entry: space-separated roles of its projections, all of 4 rows."""
    b = GraphBuilder("m", "test")
    b.annotate(0, **root)
    module(b, 0, "embed", K.EMBEDDING, 10, 4, role="embedding.token")
    stack = b.node(0, names, K.STACK)
    for i, roles in enumerate(blocks):
        known = {"heads": 2, "kv_heads": 1, "head_dim": 2} if "?" not in roles else {}
        attn = b.node(b.node(stack, str(i), K.LAYER), "attn", K.ATTENTION, role="attention", **known)
        for role in roles.replace("?", "").split():
            module(b, attn, role, K.PROJECTION, 4, 4, role=f"attention.{role}")
    return b.build()


def test_keys_and_values_of_all_heads_two_bytes_each():
    graph = mixture()
    assert value(graph, "kv-cache", "layers.0.attn") == 2 * 1 * 2 * 2
    assert value(graph, "kv-cache", "") == 8
    assert np.isnan(value(graph, "kv-cache", "layers.0.moe"))
    assert list(made(graph, "kv-cache").ids) == [graph.id_of("layers.0.attn")]


@pytest.mark.parametrize("roles", ["q k v", "qkv", "gqkv", "q kv"])
def test_projections_of_all_kinds(roles):
    assert value(decoder(roles), "kv-cache", "layers.0.attn") == 8


def test_latent_attention_stores_what_the_compressing_matrix_puts_out():
    graph = decoder("q kv_a kv_b", "q kv_a k_b v_b")
    assert value(graph, "kv-cache", "layers.0.attn") == value(graph, "kv-cache", "layers.1.attn") == 4 * 2


@pytest.mark.parametrize("roles", ["q", "q k", "q kv_b", "q k v ?"])
def test_a_block_that_is_not_known_leaves_its_containers_without_a_value(roles):
    graph = decoder("q k v", roles)
    assert value(graph, "kv-cache", "layers.0") == 8
    for path in ("layers.1", "layers", ""):
        assert np.isnan(value(graph, "kv-cache", path)), path


def test_a_packed_compressing_matrix_counts_by_its_shape_before_packing():
    b = GraphBuilder("m", "test")
    module(b, 0, "embed", K.EMBEDDING, 10, 4, role="embedding.token")
    said = ({"logical_shape": [16, 8]}, {}, {"logical_shape": "16 x 8"}, {"logical_shape": [16.0, 8]})
    for i, known in enumerate(said):
        attn = b.node(0, f"attn{i}", K.ATTENTION)
        packed = b.node(attn, "kv_a", K.PROJECTION, role="attention.kv_a")
        b.tensor(packed, "qweight", (1, 16), "I32", nbytes=1, parameters=128, **known)
    graph = b.build()
    assert value(graph, "kv-cache", "attn0") == 32
    for i in (1, 2, 3):
        assert np.isnan(value(graph, "kv-cache", f"attn{i}"))


@pytest.mark.parametrize(
    "graph",
    [
        decoder("q k v", names="encoder"),
        decoder("q k v", names="vision_tower"),
        decoder("q k v", architecture="DistilBertForMaskedLM"),
        decoder("q k v", model_type="modernbert"),
    ],
)
def test_what_reads_everything_at_once_has_no_cache(graph):
    assert RECIPES["kv-cache"].missing(graph) == "this model has no attention block of a decoder that reads tokens"


def test_attention_to_an_encoder_is_left_out():
    b = GraphBuilder("m", "test")
    module(b, 0, "embed", K.EMBEDDING, 10, 4, role="embedding.token")
    for name, role in (("self_attn", "attention"), ("second", "attention.cross"), ("EncDecAttention", "attention")):
        attn = b.node(0, name, K.ATTENTION, role=role, heads=1, kv_heads=1, head_dim=4)
        for part in ("q", "k", "v"):
            module(b, attn, part, K.PROJECTION, 4, 4, role=f"attention.{part}")
    graph = b.build()
    assert value(graph, "kv-cache", "") == value(graph, "kv-cache", "self_attn") == 16


def test_a_block_inside_a_block_is_one_block():
    b = GraphBuilder("m", "test")
    module(b, 0, "embed", K.EMBEDDING, 10, 4, role="embedding.token")
    outer = b.node(0, "attn", K.ATTENTION, kv_heads=1, head_dim=4)
    inner = b.node(outer, "self", K.ATTENTION, kv_heads=1, head_dim=4)
    module(b, inner, "qkv", K.PROJECTION, 12, 4, role="attention.qkv")
    assert value(b.build(), "kv-cache", "") == 16
