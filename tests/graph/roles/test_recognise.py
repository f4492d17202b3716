"""What holds for any model: nothing is lost, nothing is made up, the tree stays a tree."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_models import CONFIG, H, Shapes, check_invariants, llama

from archviz3d.graph import EdgeKind, GraphBuilder, ModelGraph, NodeKind
from archviz3d.graph.roles import RESERVED, recognise
from archviz3d.graph.signatures import signatures

Make = Callable[[Shapes], ModelGraph]
CLAIMS = set(NodeKind) - {NodeKind.MODEL, NodeKind.MODULE, NodeKind.TENSOR}

# ---------------------------------------------------------------- any names
VOCABULARY = """
    model layers h 0 1 2 3 10 self_attn attn attention mlp experts gate router q_proj k_proj v_proj o_proj qkv proj
    q k v gate_proj up_proj down_proj gate_up_proj w1 w2 w3 c_attn c_proj c_fc input_layernorm norm embed_tokens lm_head
    weight bias heads sinks eh_proj enorm hnorm shared_experts down_proj_blocks gate_up_proj_scales in_proj_weight
    out_proj layer SelfAttention self query key value output dense intermediate embeddings word_embeddings
"""
PARTS = st.sampled_from(VOCABULARY.split())
SHAPES = st.sampled_from(
    [(), (2,), (4,), (8,), (4, 8), (8, 4), (8, 8), (2, 8), (2, 8, 4), (2, 4, 8), (4, 8, 4), (2, 8, 4, 16)]
)
TENSORS = st.dictionaries(st.lists(PARTS, min_size=1, max_size=5).map(".".join), SHAPES, min_size=1, max_size=40)
CONFIGS = st.none() | st.dictionaries(
    st.sampled_from(
        ["num_attention_heads", "n_head", "num_key_value_heads", "head_dim", "hidden_size", "num_local_experts"]
    ),
    st.sampled_from([0, 1, 2, 4, 8, -1, 10**30, None, "8", [2, 4], True, {}]),
)


@given(TENSORS, CONFIGS)
@settings(max_examples=400, deadline=None)
def test_nothing_is_lost_and_the_tree_stays_a_tree(tensors: Shapes, config: dict[str, Any] | None) -> None:
    names = list(tensors)
    builder = GraphBuilder("m", "test")
    inner = {name.rsplit(".", k)[0] for name in names for k in range(1, name.count(".") + 1)}
    names = [name for name in names if name not in inner]  # a name is a module's or a tensor's
    sizes = [int(np.prod(tensors[name])) for name in names]
    builder.tensors(names, ["U8"] * len(names), [tensors[n] for n in names], sizes, [0] * len(names), sizes, ["f"])
    before = builder.build()
    graph = recognise(before, config)
    check_invariants(graph)
    for column in ("parameters", "elements", "bytes"):
        assert getattr(graph, column).sum() == getattr(before, column).sum()
    # Every stored tensor is there, whole or in slices.
    kept = {before.path(i) for i in before.of_kind(NodeKind.TENSOR).tolist()}
    slices = graph.attributes.get("slice_of")
    for i in graph.of_kind(NodeKind.TENSOR).tolist():
        if slices is None or slices.get(i) is None:
            kept.remove(graph.path(i))
    fused = graph.attributes.get("fused_tensors")
    assert len(kept) == (sum(fused.values) if fused is not None else 0)
    expected = signatures(
        graph.parent, graph.size, graph.kind, graph.name_code, graph.names, graph.shape_code, graph.shapes
    )
    assert (expected == graph.signature).all()


@given(st.integers(1, 4), st.integers(0, 3), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_scrambled_names_claim_nothing(layers: int, experts: int, random: Any) -> None:
    scrambled: dict[str, str] = {}

    def scramble(name: str) -> str:
        if name.isdecimal() or name == "weight":
            return name
        return scrambled.setdefault(name, "".join(random.choices("abcdefgh", k=10)))

    tensors = {
        ".".join(map(scramble, name.split("."))): shape for name, shape in llama(layers, experts=experts).items()
    }
    builder = GraphBuilder("m", "test")
    n = len(tensors)
    builder.tensors(list(tensors), ["F32"] * n, list(tensors.values()), [4] * n, [0] * n, [0] * n, ["f"])
    graph = recognise(builder.build(), CONFIG)
    assert not CLAIMS & {NodeKind(k) for k in graph.kind.tolist()}
    assert not len(graph.edges)
    assert "role" not in graph.attributes


# ---------------------------------------------------------------- partly known
def test_a_block_with_an_unknown_part_has_no_flow(make_graph: Make) -> None:
    graph = recognise(make_graph(llama() | {"model.layers.1.mystery.weight": (H, H)}), CONFIG)
    sources = {graph.path(i) for i in graph.edges.source.tolist()}
    assert "model.layers.0.mlp" in sources
    assert "model.layers.1.mlp" not in sources
    assert "model.layers.1.mlp.up_proj" in sources
    assert graph.kind_of(graph.id_of("model.layers.1.mystery")) == NodeKind.MODULE


def test_a_layer_with_missing_tensors_is_still_a_layer(make_graph: Make) -> None:
    shapes = {name: shape for name, shape in llama(4).items() if not re.search(r"layers\.2\.(self_attn|mlp)", name)}
    shapes = {name: shape for name, shape in shapes.items() if "layers.1.post_att" not in name}
    graph = recognise(make_graph(shapes), None)
    assert [graph.path(i) for i in graph.of_kind(NodeKind.LAYER).tolist()] == [f"model.layers.{i}" for i in range(4)]
    ends = {graph.path(i) for i in graph.edges.target.tolist()}
    assert "model.layers.3.mlp" in ends
    assert "model.layers.1.mlp" not in ends  # one norm is missing: this is no parallel block


def test_a_gap_in_the_layers_breaks_the_stream(make_graph: Make) -> None:
    shapes = {name: shape for name, shape in llama(4).items() if "layers.1." not in name}
    graph = recognise(make_graph(shapes), None)
    e = graph.edges
    links = {
        (graph.path(s), graph.path(t))
        for s, t, k in zip(e.source, e.target, e.kind, strict=True)
        if k == EdgeKind.RESIDUAL
    }
    assert ("model.layers.2", "model.layers.3") in links
    assert ("model.layers.0", "model.layers.2") not in links


def test_a_gate_without_experts_is_no_router(make_graph: Make) -> None:
    graph = recognise(make_graph({"a.gate.weight": (4, H), "a.mix.weight": (H, H)}), None)
    assert not len(graph.of_kind(NodeKind.ROUTER, NodeKind.MOE))


def test_a_gate_of_another_size_is_no_router(make_graph: Make) -> None:
    graph = recognise(make_graph(llama(experts=4) | {"model.layers.0.mlp.gate.weight": (3, H)}), None)
    assert [graph.path(i) for i in graph.of_kind(NodeKind.ROUTER).tolist()] == ["model.layers.1.mlp.gate"]


def test_one_layer_alone_is_a_stack_where_its_container_says_so(make_graph: Make) -> None:
    graph = recognise(make_graph(llama(1)), None)
    assert [graph.path(i) for i in graph.of_kind(NodeKind.STACK).tolist()] == ["model.layers"]
    assert graph.attribute(0, "layers") == 1
    elsewhere = {name.replace("layers", "things"): shape for name, shape in llama(1).items()}
    graph = recognise(make_graph(elsewhere), None)
    assert not len(graph.of_kind(NodeKind.STACK))
    assert len(graph.of_kind(NodeKind.LAYER)) == 1


def test_a_module_called_heads_keeps_its_name(make_graph: Make) -> None:
    graph = recognise(make_graph(llama() | {"model.layers.0.self_attn.heads.weight": (3,)}), CONFIG)
    assert graph.kind_of(graph.id_of("model.layers.0.self_attn.heads")) == NodeKind.MODULE
    assert graph.kind_of(graph.id_of("model.layers.0.self_attn.attention_heads")) == NodeKind.HEADS


# ---------------------------------------------------------------- size
def test_deepseek_v3_at_its_real_counts(make_graph: Make) -> None:
    shapes: Shapes = {"model.embed_tokens.weight": (64, H)}

    def mlp(p: str) -> Shapes:
        return {
            f"{p}.{x}_proj.{t}": s
            for x in ("gate", "up", "down")
            for t, s in (("weight", (H, H)), ("weight_scale_inv", (1, 1)))
        }

    for i in range(62):
        p = f"model.layers.{i}"
        a = f"{p}.self_attn"
        rows = {"q_a_proj": 12, "q_b_proj": 128 * 6, "kv_a_proj_with_mqa": 10, "kv_b_proj": 128 * 8, "o_proj": H}
        shapes |= {f"{a}.{name}.weight": (count, 8) for name, count in rows.items()}
        shapes |= {f"{a}.{name}_layernorm.weight": (8,) for name in ("q_a", "kv_a")}
        if i < 3:
            shapes |= mlp(f"{p}.mlp")
        else:
            shapes |= {f"{p}.mlp.gate.weight": (256, H), f"{p}.mlp.gate.e_score_correction_bias": (256,)}
            shapes |= mlp(f"{p}.mlp.shared_experts")
            for e in range(256):
                shapes |= mlp(f"{p}.mlp.experts.{e}")
        shapes |= {f"{p}.input_layernorm.weight": (H,), f"{p}.post_attention_layernorm.weight": (H,)}
    p = "model.layers.61"
    shapes |= {f"{p}.{x}.weight": (H,) for x in ("enorm", "hnorm")} | {f"{p}.eh_proj.weight": (H, 2 * H)}
    shapes |= {"model.norm.weight": (H,), "lm_head.weight": (64, H)}
    config = {
        "num_attention_heads": 128,
        "qk_nope_head_dim": 4,
        "qk_rope_head_dim": 2,
        "v_head_dim": 4,
        "num_hidden_layers": 61,
    }
    graph = recognise(make_graph(shapes), config | {"num_experts_per_tok": 8})
    kinds = {kind: len(graph.of_kind(kind)) for kind in NodeKind}
    K = NodeKind  # noqa: N806
    assert (kinds[K.LAYER], kinds[K.MTP], kinds[K.MOE], kinds[K.EXPERT]) == (61, 1, 59, 59 * 256)
    assert (kinds[K.HEADS], kinds[K.HEAD], kinds[K.ROUTER]) == (62, 62 * 128, 59)
    assert len(np.unique(graph.signature[graph.of_kind(K.LAYER)])) == 2
    assert graph.warnings == ()


@pytest.mark.parametrize("odd", ["\ud800", "\x1b[31m", "x" * 1000, 5, ["a"]])
def test_names_in_a_config_that_are_none_are_left_out(make_graph: Make, odd: object) -> None:
    graph = recognise(make_graph({"w": (2, 2)}), {"model_type": odd, "architectures": [odd]})
    assert graph.attribute(0, "model_type") is None
    assert graph.attribute(0, "architecture") is None


def test_what_is_noted_has_a_reserved_name(make_graph: Make) -> None:
    layer = "model.layers.0"
    shapes = {f"{layer}.self_attn.{k}_proj.weight": (8, 8) for k in "qkvo"}
    shapes |= {f"{layer}.mlp.gate.weight": (4, 8), f"{layer}.mlp.experts.gate_up_proj": (4, 8, 16)}
    shapes |= {f"{layer}.mlp.experts.down_proj": (4, 8, 8), "model.embed_tokens.weight": (10, 8)}
    config = {"model_type": "m", "architectures": ["M"], "num_attention_heads": 2, "num_experts_per_tok": 2}
    graph = recognise(make_graph(shapes), config)
    assert {"heads", "slice_index", "top_k", "architecture"} <= graph.attributes.keys()
    assert graph.attributes.keys() <= RESERVED


@pytest.mark.parametrize("rows", [(16, 0, 0, 16), (0, 0, 0, 0), (0, 8, 8, 0)])
@pytest.mark.parametrize("head_dim", [None, 8])
def test_projections_of_nothing_have_no_heads(rows, head_dim):
    names = [f"model.layers.0.self_attn.{name}_proj.weight" for name in "qkvo"]
    shapes = [*((size, 8) for size in rows[:3]), (8, rows[3])]
    b = GraphBuilder("empty", "test")
    b.tensors(names, ["F32"] * 4, shapes, [32 * size for size in rows], [-1] * 4, [-1] * 4, [])
    graph = recognise(
        b.build(), {"num_attention_heads": 2, "model_type": "llama"} | ({"head_dim": 8} if head_dim else {})
    )
    assert "heads" not in graph.attributes
