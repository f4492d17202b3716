"""What holds for any model: nothing is lost, nothing is made up, the tree stays a tree."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archviz3d.graph import EdgeKind, GraphBuilder, ModelGraph, NodeKind, Provenance
from archviz3d.graph.roles import RESERVED, recognise
from archviz3d.graph.signatures import signatures

Shapes = dict[str, tuple[int, ...]]
Make = Callable[[Shapes], ModelGraph]
H = 16
CLAIMS = set(NodeKind) - {NodeKind.MODEL, NodeKind.MODULE, NodeKind.TENSOR}


def check_invariants(graph: ModelGraph) -> None:
    n = len(graph)
    ids = np.arange(n)
    assert graph.parent[0] == -1
    assert (graph.parent[1:] < ids[1:]).all()
    assert (graph.depth[1:] == graph.depth[graph.parent[1:]] + 1).all()
    size = np.ones(n, np.int64)
    for i in range(n - 1, 0, -1):
        size[graph.parent[i]] += size[i]
    assert (size == graph.size).all()
    end = ids + graph.size
    assert (end[1:] <= end[graph.parent[1:]]).all()
    for column in graph.attributes.values():
        assert (np.diff(column.ids) > 0).all()
        assert len(column.ids) == len(column.values)
        assert not len(column.ids) or 0 <= column.ids[0] <= column.ids[-1] < n
    for end_of_edge in (graph.edges.source, graph.edges.target):
        assert not len(end_of_edge) or 0 <= end_of_edge.min() <= end_of_edge.max() < n
    for node in range(n):
        names = [graph.name_of(i) for i in graph.children(node).tolist()]
        assert len(set(names)) == len(names)


def llama(layers: int = 2, heads: int = 4, kv: int = 2, experts: int = 0) -> Shapes:
    dim = H // heads
    out: Shapes = {"model.embed_tokens.weight": (50, H)}
    for i in range(layers):
        p = f"model.layers.{i}"
        out |= {f"{p}.self_attn.q_proj.weight": (H, H), f"{p}.self_attn.o_proj.weight": (H, H)}
        out |= {f"{p}.self_attn.{x}_proj.weight": (kv * dim, H) for x in "kv"}
        out |= {f"{p}.input_layernorm.weight": (H,), f"{p}.post_attention_layernorm.weight": (H,)}
        inner = [f"{p}.mlp"] if not experts else [f"{p}.mlp.experts.{e}" for e in range(experts)]
        for q in inner:
            out |= {f"{q}.gate_proj.weight": (24, H), f"{q}.up_proj.weight": (24, H), f"{q}.down_proj.weight": (H, 24)}
        if experts:
            out[f"{p}.mlp.gate.weight"] = (experts, H)
    return out | {"model.norm.weight": (H,), "lm_head.weight": (50, H)}


CONFIG = {
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "hidden_size": H,
    "num_hidden_layers": 2,
    "vocab_size": 50,
}

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


# ---------------------------------------------------------------- config and file
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
    "config", [{}, {"num_attention_heads": "4"}, {"num_attention_heads": [4, 4]}, {"text_config": 3}]
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


def test_one_layer_alone_is_no_stack(make_graph: Make) -> None:
    graph = recognise(make_graph(llama(1)), None)
    assert not len(graph.of_kind(NodeKind.STACK))
    assert len(graph.of_kind(NodeKind.LAYER)) == 1


def test_a_module_called_heads_keeps_its_name(make_graph: Make) -> None:
    graph = recognise(make_graph(llama() | {"model.layers.0.self_attn.heads.weight": (3,)}), CONFIG)
    assert graph.kind_of(graph.id_of("model.layers.0.self_attn.heads")) == NodeKind.MODULE
    assert graph.kind_of(graph.id_of("model.layers.0.self_attn.attention_heads")) == NodeKind.HEADS


# ---------------------------------------------------------------- fused experts
def test_slices_stand_for_a_fused_tensor(make_graph: Make) -> None:
    shapes = {
        "mlp.router.weight": (4, H),
        "mlp.experts.gate_up_proj": (4, H, 48),
        "mlp.experts.down_proj": (4, 24, H),
        "after.weight": (2, 2),
    }
    before = make_graph(shapes)
    graph = recognise(before, {"num_experts_per_tok": 2})
    check_invariants(graph)
    experts = graph.id_of("mlp.experts")
    assert [graph.name_of(i) for i in graph.children(experts).tolist()] == ["0", "1", "2", "3"]
    fused = before.id_of("mlp.experts.gate_up_proj")
    for e in range(4):
        node = graph.id_of(f"mlp.experts.{e}.gate_up_proj")
        assert graph.shape_of(node) == (H, 48)
        assert graph.provenance_of(node) == Provenance.DERIVED
        assert graph.dtype_of(node) == "BF16"
        assert graph.file_of(node) == "m.safetensors"
        assert graph.offset[node] == before.offset[fused] + e * H * 48 * 2
        assert graph.bytes[node] == H * 48 * 2
        assert graph.attribute(node, "slice_of") == "gate_up_proj"
        assert graph.attribute(node, "slice_index") == e
    assert graph.attribute(experts, "fused_tensors") == 2
    with pytest.raises(KeyError):
        graph.id_of("mlp.experts.gate_up_proj")
    assert len(np.unique(graph.signature[graph.of_kind(NodeKind.EXPERT)])) == 1


def test_packed_blocks_count_two_values_a_byte(make_graph: Make) -> None:
    shapes = {
        "mlp.router.weight": (4, H),
        "mlp.experts.down_proj_blocks": (4, 8, 2, 16),
        "mlp.experts.down_proj_scales": (4, 8, 2),
        "mlp.experts.down_proj_bias": (4, 8),
    }
    graph = recognise(make_graph(shapes), None)
    blocks, scales = (graph.id_of(f"mlp.experts.3.down_proj_{name}") for name in ("blocks", "scales"))
    assert graph.parameters[blocks] == 8 * 2 * 16 * 2
    assert graph.elements[blocks] == graph.bytes[blocks] == 8 * 2 * 16
    assert graph.parameters[scales] == 0
    assert graph.total(graph.parameters, graph.id_of("mlp.experts")) == 4 * (8 * 2 * 16 * 2 + 8)


def test_tensors_of_different_counts_are_not_fused_experts(make_graph: Make) -> None:
    graph = recognise(make_graph({"mlp.experts.gate_up_proj": (4, H, 8), "mlp.experts.down_proj": (3, 4, H)}), None)
    assert not len(graph.of_kind(NodeKind.EXPERT))
    assert graph.id_of("mlp.experts.down_proj")


def test_a_hole_of_a_billion_experts_stays_one_tensor() -> None:
    builder = GraphBuilder("m", "test")
    experts = builder.node(builder.node(0, "mlp"), "experts")
    builder.tensor(experts, "gate_up_proj", (10**9, 2, 1), "U8", nbytes=2 * 10**9)
    builder.tensor(experts, "down_proj", (10**9, 1, 1), "U8", nbytes=10**9)
    graph = recognise(builder.build())
    assert len(graph) == 5
    assert graph.warnings == ("not all heads and experts are shown: they would be more than 1,000,000 nodes",)


def test_attributes_of_a_fused_tensor_go_to_its_slices() -> None:
    builder = GraphBuilder("m", "test")
    experts = builder.node(builder.node(0, "mlp"), "experts")
    for name, shape in (("gate_up_proj", (2, 8, 4)), ("down_proj", (2, 4, 4))):
        builder.tensor(experts, name, shape, "F32", nbytes=4 * int(np.prod(shape)), trainable=name == "down_proj")
    graph = recognise(builder.build())
    assert graph.attribute(graph.id_of("mlp.experts.1.down_proj"), "trainable") is True
    assert graph.attribute(graph.id_of("mlp.experts"), "trainable") is None


# ---------------------------------------------------------------- classes
def module(
    builder: GraphBuilder, parent: int, name: str, kind: str, shapes: Shapes | None = None, **attributes: Any
) -> int:
    node = builder.node(parent, name, **{"class": kind}, **attributes)
    for tensor, shape in (shapes or {}).items():
        builder.tensor(node, tensor, shape, "F32", nbytes=4 * int(np.prod(shape)))
    return node


def test_classes_are_stronger_than_names() -> None:
    b = GraphBuilder("m", "pickled module")
    nn = "torch.nn.modules."
    module(b, 0, "embed_tokens", nn + "linear.Linear", {"weight": (8, 4)})
    module(b, 0, "lookup", nn + "sparse.Embedding", {"weight": (8, 4)})
    module(b, 0, "a", nn + "conv.Conv2d", {"weight": (8, 4, 3, 3)})
    module(b, 0, "b", nn + "batchnorm.BatchNorm2d", {"weight": (8,), "bias": (8,)})
    module(b, 0, "c", nn + "activation.ReLU")
    module(b, 0, "d", nn + "pooling.AdaptiveAvgPool2d")
    module(b, 0, "e", nn + "rnn.LSTM", {"weight_ih_l0": (16, 4), "weight_hh_l0": (16, 4)})
    module(b, 0, "f", "transformers.models.llama.modeling_llama.LlamaRMSNorm", {"weight": (8,)})
    module(b, 0, "g", "transformers.pytorch_utils.Conv1D", {"weight": (4, 8), "bias": (8,)})
    module(b, 0, "h", "mine.Thing", {"weight": (8, 4)})
    graph = recognise(b.build())
    kinds = {graph.name_of(i): graph.kind_of(i).name for i in graph.children(0).tolist()}
    assert kinds == {
        "embed_tokens": "LINEAR",
        "lookup": "EMBEDDING",
        "a": "CONV",
        "b": "NORM",
        "c": "ACTIVATION",
        "d": "POOL",
        "e": "RECURRENT",
        "f": "NORM",
        "g": "LINEAR",
        "h": "MODULE",
    }


def test_modules_without_weights_are_told_apart_by_class() -> None:
    b = GraphBuilder("m", "pickled module")
    seq = module(b, 0, "net", "torch.nn.modules.container.Sequential")
    for i, kind in enumerate(["activation.ReLU", "pooling.MaxPool2d", "activation.ReLU", "dropout.Dropout"]):
        module(b, seq, str(i), f"torch.nn.modules.{kind}")
    graph = recognise(b.build())
    children = graph.children(graph.id_of("net")).tolist()
    assert [graph.kind_of(i).name for i in children] == ["ACTIVATION", "POOL", "ACTIVATION", "MODULE"]


def test_a_live_attention_module_knows_its_heads() -> None:
    b = GraphBuilder("m", "live module")
    attention = module(
        b, 0, "mix", "torch.nn.modules.activation.MultiheadAttention", {"in_proj_weight": (24, 8)}, num_heads=2
    )
    module(b, attention, "out_proj", "torch.nn.modules.linear.NonDynamicallyQuantizableLinear", {"weight": (8, 8)})
    graph = recognise(b.build())
    mix = graph.id_of("mix")
    assert graph.kind_of(mix) == NodeKind.ATTENTION
    assert {key: graph.attribute(mix, key) for key in ("heads", "kv_heads", "head_dim")} == {
        "heads": 2,
        "kv_heads": 2,
        "head_dim": 4,
    }
    assert [graph.name_of(i) for i in graph.children(mix).tolist()] == ["in_proj_weight", "heads", "out_proj"]


def test_declared_kinds_and_optimizer_state_stay() -> None:
    b = GraphBuilder("m", "checkpoint")
    optimizer = b.node(0, "optimizer", NodeKind.OPTIMIZER)
    state = b.node(b.node(optimizer, "layers"), "q_proj")
    b.tensor(state, "weight", (4, 4), "F32", nbytes=64)
    operator = b.node(0, "mlp", NodeKind.OPERATOR)
    for name in ("gate_proj", "up_proj", "down_proj"):
        b.tensor(b.node(operator, name), "weight", (4, 4), "F32", nbytes=64)
    graph = recognise(b.build())
    assert graph.kind_of(graph.id_of("mlp")) == NodeKind.OPERATOR
    assert graph.kind_of(graph.id_of("optimizer.layers.q_proj")) == NodeKind.MODULE
    assert not len(graph.edges)


def test_declared_edges_stay_at_their_nodes(make_graph: Make) -> None:
    b = GraphBuilder("m", "test")
    attention = b.node(0, "attn")
    for name in ("c_attn", "c_proj"):
        b.tensor(b.node(attention, name), "weight", (8, 24) if name == "c_attn" else (8, 8), "F32", nbytes=0)
        b.tensor(attention + 1, "bias", (24,), "F32", nbytes=0) if name == "c_attn" else None
    first, last = b.node(0, "first"), b.node(0, "last")
    b.edge(first, last, EdgeKind.TIED, Provenance.DECLARED)
    graph = recognise(b.build(), {"n_head": 2, "n_embd": 8})
    assert (graph.path(int(graph.edges.source[0])), graph.path(int(graph.edges.target[0]))) == ("first", "last")
    assert graph.edges.provenance[0] == Provenance.DECLARED
    check_invariants(graph)


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
