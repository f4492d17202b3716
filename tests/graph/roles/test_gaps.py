"""Names and orders beyond the common schools: experts without a container, groups in groups, norms after sums."""

from collections.abc import Callable

import numpy as np
import pytest
from school_tensors import E, H, Shapes, V, W, linear, norm, separate_attention
from small_models import check_invariants

from archviz3d.graph import EdgeKind, ModelGraph, NodeKind, Provenance
from archviz3d.graph.roles import recognise

K = NodeKind
Make = Callable[[Shapes], ModelGraph]
GQA = {"num_attention_heads": 4, "num_key_value_heads": 2, "hidden_size": H, "num_experts_per_tok": 2}


def edges_in(graph: ModelGraph, layer: str) -> set[tuple[str, str, str]]:
    """Edges between a layer's children and the layer itself, which is "@"."""
    e = graph.edges
    found: set[tuple[str, str, str]] = set()
    for source, target, kind in zip(e.source.tolist(), e.target.tolist(), e.kind.tolist(), strict=True):
        names = [graph.path(end).removeprefix(layer).removeprefix(".") or "@" for end in (source, target)]
        inside = [graph.path(end).startswith(f"{layer}.") or graph.path(end) == layer for end in (source, target)]
        if all(inside) and not any("." in name for name in names):
            found.add((names[0], names[1], EdgeKind(kind).name.lower()))
    return found


# ---------------------------------------------------------------- experts
def granite_moe() -> Shapes:
    out: Shapes = {}
    for i in range(2):
        p = f"model.layers.{i}"
        out |= separate_attention(f"{p}.self_attn")
        out |= {f"{p}.block_sparse_moe.input_linear.weight": (E, 2 * W, H)}
        out |= {f"{p}.block_sparse_moe.output_linear.weight": (E, H, W)}
        out |= linear(f"{p}.block_sparse_moe.router.layer", E, H)
    return out


def test_experts_beside_their_router_get_a_container(make_graph: Make) -> None:
    before = make_graph(granite_moe())
    graph = recognise(before, GQA)
    check_invariants(graph)
    moe = graph.id_of("model.layers.1.block_sparse_moe")
    assert graph.kind_of(moe) == K.MOE
    assert (graph.attribute(moe, "experts"), graph.attribute(moe, "top_k")) == (E, 2)
    experts = graph.id_of("model.layers.1.block_sparse_moe.experts")
    assert (graph.kind_of(experts), graph.provenance_of(experts)) == (K.EXPERTS, Provenance.DERIVED)
    assert [graph.name_of(i) for i in graph.children(experts).tolist()] == [str(e) for e in range(E)]
    weight = graph.id_of("model.layers.1.block_sparse_moe.experts.3.output_linear.weight")
    fused = before.id_of("model.layers.1.block_sparse_moe.output_linear.weight")
    assert graph.shape_of(weight) == (H, W)
    assert graph.offset[weight] == before.offset[fused] + 3 * H * W * 2
    assert graph.attribute(weight, "slice_of") == "output_linear.weight"
    assert graph.total(graph.parameters) == before.total(before.parameters)
    assert graph.kind_of(graph.id_of("model.layers.1.block_sparse_moe.router")) == K.ROUTER


def test_matrices_of_another_count_than_the_router_are_no_experts(make_graph: Make) -> None:
    shapes = {k: ((E + 1, H) if k.endswith("router.layer.weight") else s) for k, s in granite_moe().items()}
    assert not len(recognise(make_graph(shapes), GQA).of_kind(K.EXPERT, K.MOE))


def test_gpt_oss_as_its_authors_wrote_it(make_graph: Make) -> None:
    shapes = linear("embedding", V, H) | linear("unembedding", V, H) | {"norm.scale": (H,)}
    for i in range(2):
        p = f"block.{i}"
        shapes |= {f"{p}.attn.norm.scale": (H,), f"{p}.attn.sinks": (4,), f"{p}.mlp.norm.scale": (H,)}
        shapes |= linear(f"{p}.attn.qkv", 64, H, True) | linear(f"{p}.attn.out", H, 32, True)
        shapes |= linear(f"{p}.mlp.gate", E, H, True)
        for name, rows in (("mlp1", 2 * W), ("mlp2", H)):
            shapes |= {f"{p}.mlp.{name}_weight.blocks": (E, rows, 1, 16), f"{p}.mlp.{name}_weight.scales": (E, rows, 1)}
            shapes[f"{p}.mlp.{name}_bias"] = (E, rows)
    graph = recognise(make_graph(shapes), GQA | {"head_dim": 8})
    attention = graph.id_of("block.1.attn")
    assert [graph.attribute(attention, key) for key in ("heads", "kv_heads", "head_dim")] == [4, 2, 8]
    assert len(graph.of_kind(K.EXPERT)) == 2 * E
    assert graph.kind_of(graph.id_of("block.1.mlp.experts.7.mlp2_weight")) == K.LINEAR
    assert graph.kind_of(graph.id_of("block.0.mlp.norm")) == K.NORM
    assert graph.kind_of(graph.id_of("unembedding")) == K.OUTPUT


def test_megatron_has_its_experts_in_a_group(make_graph: Make) -> None:
    shapes: Shapes = {}
    for i in range(2):
        p = f"decoder.layers.{i}"
        shapes |= linear(f"{p}.self_attention.linear_qkv", 64, H) | linear(f"{p}.self_attention.linear_proj", H, 32)
        shapes |= linear(f"{p}.mlp.router", E, H)
        for e in range(E):
            expert = f"{p}.mlp.experts.local_experts.{e}"
            shapes |= linear(f"{expert}.linear_fc1", 2 * W, H) | linear(f"{expert}.linear_fc2", H, W)
    graph = recognise(make_graph(shapes), GQA)
    assert graph.kind_of(graph.id_of("decoder.layers.1.mlp.experts.local_experts")) == K.EXPERTS
    assert graph.kind_of(graph.id_of("decoder.layers.1.mlp.experts.local_experts.7")) == K.EXPERT
    moe = graph.id_of("decoder.layers.1.mlp")
    assert (graph.kind_of(moe), graph.attribute(moe, "experts")) == (K.MOE, E)


def test_experts_may_have_words_before_their_numbers(make_graph: Make) -> None:
    shapes: Shapes = linear("block.0.mlp.router", 3, H)
    for e in range(3):
        shapes |= linear(f"block.0.mlp.experts.expert_{e}.wi", W, H) | linear(
            f"block.0.mlp.experts.expert_{e}.wo", H, W
        )
    graph = recognise(make_graph(shapes))
    assert [graph.name_of(i) for i in graph.of_kind(K.EXPERT).tolist()] == ["expert_0", "expert_1", "expert_2"]
    assert graph.kind_of(graph.id_of("block.0.mlp.router")) == K.ROUTER


# ---------------------------------------------------------------- heads
def test_a_gate_makes_queries_twice_as_long(make_graph: Make) -> None:
    shapes = separate_attention("layers.0.self_attn") | {"layers.0.self_attn.q_proj.weight": (64, H)}
    graph = recognise(make_graph(shapes), GQA | {"head_dim": 8})
    block = graph.id_of("layers.0.self_attn")
    assert [graph.attribute(block, key) for key in ("heads", "kv_heads", "head_dim")] == [4, 2, 8]


def test_stages_have_heads_of_their_own(make_graph: Make) -> None:
    shapes: Shapes = {}
    for stage, width in enumerate((16, 32)):
        for block in range(2):
            a = f"encoder.layers.{stage}.blocks.{block}.attention"
            for name in ("self.query", "self.key", "self.value", "output.dense"):
                shapes |= linear(f"{a}.{name}", width, width)
    graph = recognise(make_graph(shapes), {"num_heads": [2, 8], "depths": [2, 2], "embed_dim": 16})
    heads = [graph.attribute(graph.id_of(f"encoder.layers.{i}.blocks.1.attention"), "heads") for i in (0, 1)]
    assert heads == [2, 8]


def test_linear_attention_is_no_attention_with_heads(make_graph: Make) -> None:
    p = "layers.0.self_attn"
    shapes = separate_attention(p, 4, 4) | {f"{p}.A_log": (4,), f"{p}.dt_bias": (4,)}
    graph = recognise(make_graph(shapes), GQA)
    assert graph.kind_of(graph.id_of(p)) == K.RECURRENT
    assert not len(graph.of_kind(K.HEADS))


# ---------------------------------------------------------------- norms before blocks or after sums
def bart_layer(p: str) -> Shapes:
    out = separate_attention(f"{p}.self_attn", 4, 4, o="out_proj") | linear(f"{p}.fc1", W, H) | linear(f"{p}.fc2", H, W)
    return out | norm(f"{p}.self_attn_layer_norm", bias=True) | norm(f"{p}.final_layer_norm", bias=True)


def bart(layer: Callable[[str], Shapes] = bart_layer) -> Shapes:
    return {name: shape for i in range(2) for name, shape in layer(f"model.layers.{i}").items()}


AFTER = {
    ("@", "self_attn", "residual"),
    ("@", "self_attn_layer_norm", "residual"),
    ("self_attn", "self_attn_layer_norm", "data"),
    ("self_attn_layer_norm", "fc1", "data"),
    ("self_attn_layer_norm", "final_layer_norm", "residual"),
    ("fc1", "fc2", "data"),
    ("fc2", "final_layer_norm", "data"),
    ("final_layer_norm", "@", "residual"),
}
BEFORE = {
    ("@", "self_attn_layer_norm", "residual"),
    ("self_attn_layer_norm", "self_attn", "data"),
    ("self_attn", "@", "residual"),
    ("@", "final_layer_norm", "residual"),
    ("final_layer_norm", "fc1", "data"),
    ("fc1", "fc2", "data"),
    ("fc2", "@", "residual"),
}


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"model_type": "bart"}, AFTER),
        ({"model_type": "whisper"}, BEFORE),
        ({"model_type": "opt", "do_layer_norm_before": True}, BEFORE),
        ({"model_type": "opt", "do_layer_norm_before": False}, AFTER),
        ({"model_type": "something"}, set()),  # the names do not tell
        ({}, set()),
    ],
)
def test_the_family_tells_where_norms_stand(
    make_graph: Make, config: dict[str, object], expected: set[tuple[str, str, str]]
) -> None:
    graph = recognise(make_graph(bart()), config)
    assert edges_in(graph, "model.layers.1") == expected


def test_cross_attention_stands_between(make_graph: Make) -> None:
    def layer(p: str) -> Shapes:
        cross = separate_attention(f"{p}.encoder_attn", 4, 4, o="out_proj")
        return bart_layer(p) | cross | norm(f"{p}.encoder_attn_layer_norm", bias=True)

    edges = edges_in(recognise(make_graph(bart(layer)), {"model_type": "bart"}), "model.layers.0")
    assert {
        ("self_attn_layer_norm", "encoder_attn", "data"),
        ("self_attn_layer_norm", "encoder_attn_layer_norm", "residual"),
        ("encoder_attn_layer_norm", "fc1", "data"),
    } <= edges
    assert ("self_attn_layer_norm", "fc1", "data") not in edges


def test_distilbert_has_an_mlp_module(make_graph: Make) -> None:
    def layer(p: str) -> Shapes:
        out: Shapes = {}
        for name in ("q_lin", "k_lin", "v_lin", "out_lin"):
            out |= linear(f"{p}.attention.{name}", H, H, True)
        out |= linear(f"{p}.ffn.lin1", W, H, True) | linear(f"{p}.ffn.lin2", H, W, True)
        return out | norm(f"{p}.sa_layer_norm", bias=True) | norm(f"{p}.output_layer_norm", bias=True)

    graph = recognise(make_graph(bart(layer)), {"model_type": "distilbert", "n_heads": 4, "dim": H})
    edges = edges_in(graph, "model.layers.0")
    assert {
        ("@", "attention", "residual"),
        ("sa_layer_norm", "ffn", "data"),
        ("output_layer_norm", "@", "residual"),
    } <= edges
    assert np.array_equal(np.unique(graph.edges.provenance), [Provenance.INFERRED])
