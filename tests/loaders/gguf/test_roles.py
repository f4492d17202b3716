"""Models by llama.cpp's names: blocks, heads, experts, flow, from metadata and names (sizes made small)."""

from collections.abc import Callable
from math import prod
from pathlib import Path
from typing import Any

import pytest

from archviz3d.graph import ModelGraph, NodeKind, Provenance
from archviz3d.graph.summary import AttentionSummary, StackSummary, summarize
from archviz3d.loaders import load

from .conftest import ARRAY, I32, STRING, U32

K = NodeKind
H, V, W, E = 32, 96, 64, 8  # hidden size, vocabulary, width of an MLP, experts
Shapes = dict[str, tuple[int, ...]]
Open = Callable[..., ModelGraph]


@pytest.fixture
def open_model(write_gguf: Callable[..., Path]) -> Open:
    def open_(arch: str, shapes: Shapes, **figures: Any) -> ModelGraph:
        """Write F32 tensors (or, for names in no file, any shape) and open them."""
        tensors, offset = [], 0
        for name, shape in shapes.items():
            tensors.append((name, shape, 0, offset))
            offset += -(-4 * prod(shape) // 32) * 32
        metadata: dict[str, tuple[int, Any]] = {"general.architecture": (STRING, arch)}
        for key, value in figures.items():
            key = key.replace("__", ".")
            kind = (STRING, value) if isinstance(value, str) else (U32, value)
            metadata[key if key.startswith(("general.", "clip.", "adapter.")) else f"{arch}.{key}"] = (
                (ARRAY, (I32, value)) if isinstance(value, list) else kind
            )
        return load(str(write_gguf(tensors, metadata, data=offset)))

    return open_


SIZES: dict[str, Any] = {
    "block_count": 2,
    "embedding_length": H,
    "attention__head_count": 4,
    "attention__head_count_kv": 2,
}


def frame(layer: Callable[[str], Shapes], layers: int = 2, output: bool = True) -> Shapes:
    shapes: Shapes = {"token_embd.weight": (V, H)}
    for k in range(layers):
        shapes |= {f"blk.{k}.{name}": shape for name, shape in layer(f"{k}").items()}
    return shapes | {"output_norm.weight": (H,)} | ({"output.weight": (V, H)} if output else {})


def attention(kv: int = 16) -> Shapes:
    return {
        "attn_norm.weight": (H,),
        "attn_q.weight": (H, H),
        "attn_k.weight": (kv, H),
        "attn_v.weight": (kv, H),
        "attn_output.weight": (H, H),
    }


def gated(suffix: str = "", e: tuple[int, ...] = (), bias: bool = False) -> Shapes:
    shapes: Shapes = {f"ffn_{n}{suffix}.weight": (*e, W, H) for n in ("gate", "up")} | {
        f"ffn_down{suffix}.weight": (*e, H, W)
    }
    if bias:
        shapes |= {f"ffn_{n}{suffix}.bias": (*e, W) for n in ("gate", "up")} | {f"ffn_down{suffix}.bias": (*e, H)}
    return shapes


def kinds(graph: ModelGraph, *paths: str) -> list[NodeKind]:
    return [graph.kind_of(graph.id_of(path)) for path in paths]


def links(graph: ModelGraph, container: str) -> set[tuple[str, str]]:
    """Return the edges between children of a container, by name; "@" is the container."""
    node = graph.id_of(container)
    name = {int(child): graph.name_of(int(child)) for child in graph.children(node)} | {node: "@"}
    pairs = zip(graph.edges.source.tolist(), graph.edges.target.tolist(), strict=True)
    return {(name[a], name[b]) for a, b in pairs if a in name and b in name}


def test_a_dense_model(open_model):
    shapes = frame(lambda _: attention() | {"ffn_norm.weight": (H,)} | gated()) | {"rope_freqs.weight": (4,)}
    graph = open_model("llama", shapes, **SIZES, context_length=4096)
    s = summarize(graph)
    assert (s.layers, s.stacks) == (2, [StackSummary("blk", 2, 1)])
    assert s.attention == AttentionSummary(4, 2, 8)
    assert s.parameters == sum(map(prod, shapes.values())) - 4
    assert s.modules == 2 * 9 + 2 + 4 + 1  # those that names in the file say: no containers that we made
    assert kinds(graph, "token_embd", "blk.0", "blk.0.attn", "blk.0.ffn", "output_norm", "output") == [
        K.EMBEDDING,
        K.LAYER,
        K.ATTENTION,
        K.MLP,
        K.NORM,
        K.OUTPUT,
    ]
    assert links(graph, "blk.1") == {
        ("@", "attn_norm"),
        ("attn_norm", "attn"),
        ("attn", "@"),
        ("@", "ffn_norm"),
        ("ffn_norm", "ffn"),
        ("ffn", "@"),
    }
    assert links(graph, "blk.1.ffn") == {("ffn_gate", "ffn_down"), ("ffn_up", "ffn_down")}
    assert links(graph, "") == {("token_embd", "blk"), ("blk", "output_norm"), ("output_norm", "output")}
    assert not graph.warnings


def test_containers_are_derived_and_may_be_left_out_of_a_path(open_model):
    graph = open_model("llama", frame(lambda _: attention() | {"ffn_norm.weight": (H,)} | gated()), **SIZES)
    derived = {graph.path(i) for i in range(len(graph)) if graph.provenance_of(i) == Provenance.DERIVED}
    assert {path for path in derived if "heads" not in path} == {
        f"blk.{k}.{n}" for k in (0, 1) for n in ("attn", "ffn")
    }
    assert graph.id_of("blk.1.attn_q.weight") == graph.id_of("blk.1.attn.attn_q.weight")
    for unknown in ("blk.1.attn_x", "blk.1.3", "attn_q"):
        with pytest.raises(KeyError):
            graph.id_of(unknown)


def test_a_container_that_the_file_names_itself_is_declared(open_model):
    graph = open_model("mpt", frame(lambda _: attention() | gated() | {"ffn.act.scales": (W,)}), **SIZES)
    assert graph.provenance_of(graph.id_of("blk.0.ffn")) == Provenance.DECLARED
    assert graph.provenance_of(graph.id_of("blk.0.attn")) == Provenance.DERIVED


def test_a_mixture_of_experts(open_model):
    layer = attention() | {"ffn_norm.weight": (H,), "ffn_gate_inp.weight": (E, H)} | gated("_exps", (E,))
    graph = open_model("llama", frame(lambda _: layer), **SIZES, expert_count=E, expert_used_count=2)
    s = summarize(graph)
    assert (s.experts, s.experts_per_layer, s.experts_per_token, s.moe_layers) == (2 * E, E, 2, 2)
    assert s.tensors == 2 * 10 + 3
    assert links(graph, "blk.0.moe") == {("ffn_gate_inp", "experts")}
    assert links(graph, "blk.0.moe.experts.5") == {("ffn_gate_exps", "ffn_down_exps"), ("ffn_up_exps", "ffn_down_exps")}
    expert = graph.id_of("blk.1.moe.experts.5")
    assert graph.total(graph.parameters, expert) == 3 * W * H
    down = graph.id_of("blk.1.moe.experts.5.ffn_down_exps.weight")
    first = graph.id_of("blk.1.moe.experts.0.ffn_down_exps.weight")
    assert graph.offset[down] - graph.offset[first] == 5 * 4 * W * H
    assert graph.attributes_of(down).items() >= {"slice_of": "ffn_down_exps.weight", "slice_index": 5}.items()


def test_experts_of_2023_have_a_tensor_each(open_model):
    experts = {
        f"ffn_{n}.{e}.weight": (H, W) if n == "down" else (W, H) for n in ("gate", "up", "down") for e in range(E)
    }
    layer = attention() | {"ffn_norm.weight": (H,), "ffn_gate_inp.weight": (E, H)} | experts
    s = summarize(open_model("llama", frame(lambda _: layer), **SIZES, expert_count=E, expert_used_count=2))
    assert (s.experts, s.experts_per_layer, s.experts_per_token) == (2 * E, E, 2)
    assert s.tensors == 2 * (7 + 3 * E) + 3


def test_biases_and_scales_of_experts_are_sliced_too(open_model):
    """gpt-oss has biases and attention sinks, NVFP4 files a scale a matrix."""
    layer = (
        attention()
        | gated("_exps", (E,), bias=True)
        | {
            "attn_sinks.weight": (4,),
            "post_attention_norm.weight": (H,),
            "ffn_gate_inp.weight": (E, H),
            "ffn_gate_inp.bias": (E,),
            "ffn_up_exps.scale": (E,),
        }
    )
    graph = open_model("gpt-oss", frame(lambda _: layer), **SIZES, expert_count=E, expert_used_count=4)
    assert summarize(graph).experts_per_layer == E
    expert = graph.id_of("blk.0.moe.experts.7")
    assert graph.total(graph.parameters, expert) == 3 * W * H + 2 * W + H  # a scale is no parameter
    assert graph.shape_of(graph.id_of("blk.0.moe.experts.7.ffn_up_exps.bias")) == (W,)
    assert graph.shape_of(graph.id_of("blk.0.moe.experts.7.ffn_up_exps.scale")) == ()
    assert ("post_attention_norm", "moe") in links(graph, "blk.0")


def test_shared_experts_and_their_gate(open_model):
    layer = (
        attention()
        | {"ffn_norm.weight": (H,), "ffn_gate_inp.weight": (E, H), "ffn_gate_inp_shexp.weight": (H,)}
        | gated("_exps", (E,))
        | gated("_shexp")
    )
    graph = open_model("qwen2moe", frame(lambda _: layer), **SIZES, expert_count=E, expert_used_count=2)
    s = summarize(graph)
    assert (s.shared_experts, s.moe_layers, s.layers) == (1, 2, 2)
    assert kinds(graph, "blk.0.moe.shared_expert", "blk.0.moe.ffn_gate_inp") == [K.SHARED_EXPERT, K.ROUTER]
    assert links(graph, "blk.0.moe") == {("ffn_gate_inp", "experts"), ("ffn_gate_inp_shexp", "shared_expert")}


def latent(split: bool) -> Shapes:
    heads, nope, rope, value, rank = 4, 16, 8, 12, 24
    kv_b: Shapes = {"attn_kv_b.weight": (heads * (nope + value), rank)}
    if split:
        kv_b = {"attn_k_b.weight": (heads, rank, nope), "attn_v_b.weight": (heads, value, rank)}
    return {
        "attn_norm.weight": (H,),
        "attn_q_a.weight": (20, H),
        "attn_q_a_norm.weight": (20,),
        "attn_q_b.weight": (heads * (nope + rope), 20),
        "attn_kv_a_mqa.weight": (rank + rope, H),
        "attn_kv_a_norm.weight": (rank,),
        **kv_b,
        "attn_output.weight": (H, heads * value),
        "ffn_norm.weight": (H,),
    }


@pytest.mark.parametrize("split", [False, True])
def test_latent_attention(open_model, split):
    def layer(k: str) -> Shapes:
        moe = {"ffn_gate_inp.weight": (E, H), "exp_probs_b.bias": (E,)} | gated("_exps", (E,)) | gated("_shexp")
        return latent(split) | (gated() if k == "0" else moe)

    lengths = {"key_length": 32, "value_length": 24, "key_length_mla": 24, "value_length_mla": 12, "head_count_kv": 1}
    old = {"key_length": 24, "value_length": 12, "head_count_kv": 4}
    graph = open_model(
        "deepseek2",
        frame(layer),
        block_count=2,
        embedding_length=H,
        attention__head_count=4,
        attention__kv_lora_rank=24,
        rope__dimension_count=8,
        expert_count=E,
        expert_used_count=3,
        expert_shared_count=2,
        **{f"attention__{key}": value for key, value in (lengths if split else old).items()},
    )
    s = summarize(graph)
    assert s.attention == AttentionSummary(4, 4, 12)
    assert graph.attribute(0, "qk_head_dim") == 24
    assert (s.experts_per_layer, s.experts_per_token, s.shared_experts, s.moe_layers) == (E, 3, 2, 1)
    assert s.stacks == [StackSummary("blk", 2, 2)]
    into_heads = {source for source, target in links(graph, "blk.0.attn") if target == "heads"}
    assert into_heads == ({"attn_q_b", "attn_k_b", "attn_v_b"} if split else {"attn_q_b", "attn_kv_b"})
    assert graph.kind_of(graph.id_of("blk.1.moe.ffn_gate_inp")) == K.ROUTER
    assert not graph.warnings


def test_a_multi_token_prediction_layer(open_model):
    nextn: Shapes = {"nextn.eh_proj.weight": (H, 2 * H), "nextn.enorm.weight": (H,), "nextn.hnorm.weight": (H,)}
    base = attention() | {"post_attention_norm.weight": (H,)} | gated()
    graph = open_model(
        "glm4moe",
        frame(lambda k: base | (nextn if k == "2" else {}), layers=3),
        **{**SIZES, "block_count": 3},
        nextn_predict_layers=1,
    )
    s = summarize(graph)
    assert s.stacks == [StackSummary("blk", 2, 1), StackSummary("blk.2", 1, 1)]
    assert s.parameters - s.main_parameters == sum(map(prod, (base | nextn).values()))
    assert not graph.warnings


def test_norms_before_and_after_blocks(open_model):
    layer = (
        attention()
        | gated()
        | dict.fromkeys(("post_attention_norm.weight", "ffn_norm.weight", "post_ffw_norm.weight"), (H,))
    )
    graph = open_model("gemma2", frame(lambda _: layer, output=False), **SIZES, attention__key_length=8)
    assert links(graph, "blk.0") >= {
        ("attn", "post_attention_norm"),
        ("post_attention_norm", "@"),
        ("ffn", "post_ffw_norm"),
        ("post_ffw_norm", "@"),
    }


def test_fused_queries_and_parallel_blocks(open_model):
    layer: Shapes = {
        "attn_norm.weight": (H,),
        "attn_norm.bias": (H,),
        "attn_qkv.weight": (H + 16, H),
        "attn_output.weight": (H, H),
        "ffn_up.weight": (W, H),
        "ffn_down.weight": (H, W),
    }
    graph = open_model("falcon", frame(lambda _: layer), **{**SIZES, "attention__head_count_kv": 1})
    assert summarize(graph).attention == AttentionSummary(4, 1, 8)
    assert ("attn_norm", "ffn") in links(graph, "blk.0")


def test_heads_of_hybrid_models_are_lists(open_model):
    """Layers without attention have 0 heads; the others agree."""
    ssm = {"attn_norm.weight": (H,), "ssm_in.weight": (2 * W, H), "ssm_conv1d.weight": (W, 4), "ssm_out.weight": (H, W)}
    shapes = frame(lambda k: attention() | gated() if k == "0" else ssm)
    graph = open_model("jamba", shapes, **{**SIZES, "attention__head_count_kv": [2, 0]})
    assert summarize(graph).attention == AttentionSummary(4, 2, 8)
    assert kinds(graph, "blk.1.ssm", "blk.1") == [K.RECURRENT, K.LAYER]


def test_encoder_and_decoder(open_model):
    side = {"attn_norm.weight": (H,), "ffn_norm.weight": (H,)} | {f"attn_{n}.weight": (H, H) for n in "qkvo"} | gated()
    cross = {"cross_attn_norm.weight": (H,)} | {f"cross_attn_{n}.weight": (H, H) for n in "qkvo"}
    shapes: Shapes = {"token_embd.weight": (V, H)}
    for k in range(2):
        shapes |= {f"enc.blk.{k}.{n}": shape for n, shape in side.items()}
        shapes |= {f"dec.blk.{k}.{n}": shape for n, shape in (side | cross).items()}
    shapes |= {"enc.output_norm.weight": (H,), "dec.output_norm.weight": (H,)}
    graph = open_model("t5", shapes, **{**SIZES, "attention__head_count_kv": 4})
    assert kinds(graph, "enc.blk", "dec.blk", "dec.blk.1.cross_attn", "enc.blk.0.attn") == [
        K.STACK,
        K.STACK,
        K.ATTENTION,
        K.ATTENTION,
    ]
    assert links(graph, "dec.blk.0") >= {("cross_attn_norm", "cross_attn"), ("cross_attn", "@"), ("ffn", "@")}


def test_a_vision_tower(open_model):
    layer = {f"attn_{n}.weight": (H, H) for n in ("q", "k", "v", "out")} | {
        f"ffn_{n}.weight": (H, H) for n in ("up", "down")
    }
    shapes: Shapes = {"v.patch_embd.weight": (H, 3, 4, 4), "v.position_embd.weight": (16, H)}
    for k in range(2):
        shapes |= {f"v.blk.{k}.{n}": s for n, s in (layer | {"ln1.weight": (H,), "ln2.weight": (H,)}).items()}
    shapes |= {"v.post_ln.weight": (H,), "mm.0.weight": (W, H), "mm.2.weight": (W, W)}
    graph = open_model("clip", shapes, clip__vision__attention__head_count=4, clip__vision__block_count=2)
    s = summarize(graph)
    assert (s.layers, s.attention) == (2, AttentionSummary(4, 4, 8))
    assert kinds(graph, "v.patch_embd", "v.blk") == [K.CONV, K.STACK]
    assert links(graph, "v.blk.0") == {
        ("@", "ln1"),
        ("ln1", "attn"),
        ("attn", "@"),
        ("@", "ln2"),
        ("ln2", "ffn"),
        ("ffn", "@"),
    }


def test_two_towers_with_different_heads_get_none(open_model):
    shapes = {f"{t}.blk.0.attn_{n}.weight": (H, H) for t in "va" for n in ("q", "k", "v", "out")}
    figures = {"clip__vision__attention__head_count": 4, "clip__audio__attention__head_count": 8}
    assert summarize(open_model("clip", shapes, **figures)).attention is None


def test_an_adapter_and_a_control_vector_open_as_what_they_are(open_model):
    lora = {f"blk.{k}.attn_q.weight.lora_{x}": s for k in (0, 1) for x, s in (("a", (4, H)), ("b", (H, 4)))}
    graph = open_model("llama", lora, general__type="adapter", adapter__type="lora")
    assert graph.total(graph.parameters) == 2 * 8 * H
    assert graph.attribute(0, "metadata.adapter.type") == "lora"
    assert graph.shape_of(graph.id_of("blk.1.attn.attn_q.weight.lora_b")) == (H, 4)
    graph = open_model("controlvector", {f"direction.{k}": (H,) for k in (1, 2)}, model_hint="llama", layer_count=2)
    assert graph.total(graph.parameters) == 2 * H
    assert graph.attribute(0, "metadata.controlvector.layer_count") == 2


def test_names_that_would_collide_stay_as_they_are(open_model):
    graph = open_model("llama", {"blk.0.attn_q.weight": (4, 4), "blk.0.attn.attn_q.weight": (4, 4)})
    assert graph.total(graph.parameters) == 32
    assert graph.id_of("blk.0.attn_q.weight") != graph.id_of("blk.0.attn.attn_q.weight")
