"""Kinds, heads and flow for every naming school, from the real names of its tensors (sizes made small)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from archviz3d.graph import EdgeKind, ModelGraph, NodeKind, Provenance
from archviz3d.graph.roles import recognise

H, V, W, E = 32, 96, 64, 8  # hidden size, vocabulary, width of an MLP, experts
Shapes = dict[str, tuple[int, ...]]


def linear(name: str, out: int, into: int, bias: bool = False) -> Shapes:
    return {f"{name}.weight": (out, into)} | ({f"{name}.bias": (out,)} if bias else {})


def conv1d(name: str, out: int, into: int) -> Shapes:
    """A linear layer as GPT-2 stores it: transposed."""
    return {f"{name}.weight": (into, out), f"{name}.bias": (out,)}


def norm(name: str, size: int = H, bias: bool = False) -> Shapes:
    return {f"{name}.weight": (size,)} | ({f"{name}.bias": (size,)} if bias else {})


def separate_attention(p: str, heads: int = 4, kv: int = 2, dim: int = 8, o: str = "o_proj") -> Shapes:
    return {
        **linear(f"{p}.q_proj", heads * dim, H),
        **linear(f"{p}.k_proj", kv * dim, H),
        **linear(f"{p}.v_proj", kv * dim, H),
        **linear(f"{p}.{o}", H, heads * dim),
    }


def gated_mlp(p: str, width: int = W, names: str = "gate_proj up_proj down_proj") -> Shapes:
    gate, up, down = names.split()
    return {**linear(f"{p}.{gate}", width, H), **linear(f"{p}.{up}", width, H), **linear(f"{p}.{down}", H, width)}


def llama_frame(layers: list[Shapes], p: str = "model.") -> Shapes:
    out = linear(f"{p}embed_tokens", V, H)
    for layer in layers:
        out |= layer
    return out | norm(f"{p}norm") | linear("lm_head", V, H)


def llama_layer(p: str, mlp: Shapes) -> Shapes:
    return {
        **separate_attention(f"{p}.self_attn"),
        **mlp,
        **norm(f"{p}.input_layernorm"),
        **norm(f"{p}.post_attention_layernorm"),
    }


def llama(p: str = "model.") -> Shapes:
    return llama_frame([llama_layer(f"{p}layers.{i}", gated_mlp(f"{p}layers.{i}.mlp")) for i in range(3)], p)


def gpt2(p: str) -> Shapes:
    out = linear(f"{p}wte", V, H) | linear(f"{p}wpe", 16, H)
    for i in range(2):
        h = f"{p}h.{i}"
        out |= norm(f"{h}.ln_1", bias=True) | {f"{h}.attn.bias": (1, 1, 16, 16)}
        out |= conv1d(f"{h}.attn.c_attn", 3 * H, H) | conv1d(f"{h}.attn.c_proj", H, H)
        out |= norm(f"{h}.ln_2", bias=True)
        out |= conv1d(f"{h}.mlp.c_fc", 4 * H, H) | conv1d(f"{h}.mlp.c_proj", H, 4 * H)
    return out | norm(f"{p}ln_f", bias=True)


def bert(p: str = "bert.") -> Shapes:
    e = f"{p}embeddings"
    out = linear(f"{e}.word_embeddings", V, H) | linear(f"{e}.position_embeddings", 16, H)
    out |= linear(f"{e}.token_type_embeddings", 2, H) | norm(f"{e}.LayerNorm", bias=True)
    for i in range(2):
        a = f"{p}encoder.layer.{i}"
        for name in ("query", "key", "value"):
            out |= linear(f"{a}.attention.self.{name}", H, H, True)
        out |= linear(f"{a}.attention.output.dense", H, H, True) | norm(f"{a}.attention.output.LayerNorm", bias=True)
        out |= linear(f"{a}.intermediate.dense", 4 * H, H, True) | linear(f"{a}.output.dense", H, 4 * H, True)
        out |= norm(f"{a}.output.LayerNorm", bias=True)
    out |= linear(f"{p}pooler.dense", H, H, True)
    out |= {"cls.predictions.bias": (V,)} | linear("cls.predictions.transform.dense", H, H, True)
    return out | norm("cls.predictions.transform.LayerNorm", bias=True) | linear("cls.predictions.decoder", V, H, True)


def mla_attention(p: str, heads: int = 4, q_lora: int | None = 24) -> Shapes:
    nope, rope, value, kv_lora = 8, 4, 8, 16
    out: Shapes = {}
    if q_lora is None:
        out |= linear(f"{p}.q_proj", heads * (nope + rope), H)
    else:
        out |= linear(f"{p}.q_a_proj", q_lora, H) | norm(f"{p}.q_a_layernorm", q_lora)
        out |= linear(f"{p}.q_b_proj", heads * (nope + rope), q_lora)
    out |= linear(f"{p}.kv_a_proj_with_mqa", kv_lora + rope, H) | norm(f"{p}.kv_a_layernorm", kv_lora)
    return out | linear(f"{p}.kv_b_proj", heads * (nope + value), kv_lora) | linear(f"{p}.o_proj", H, heads * value)


MLA = {
    "num_attention_heads": 4,
    "num_key_value_heads": 4,
    "qk_nope_head_dim": 8,
    "qk_rope_head_dim": 4,
    "v_head_dim": 8,
    "hidden_size": H,
    "vocab_size": V,
}


def deepseek_layer(p: str, moe: bool, q_lora: int | None = 24) -> Shapes:
    out = mla_attention(f"{p}.self_attn", q_lora=q_lora)
    if moe:
        out |= linear(f"{p}.mlp.gate", E, H) | {f"{p}.mlp.gate.e_score_correction_bias": (E,)}
        out |= gated_mlp(f"{p}.mlp.shared_experts", 16)
        for e in range(E):
            out |= gated_mlp(f"{p}.mlp.experts.{e}", 16)
    else:
        out |= gated_mlp(f"{p}.mlp")
    return out | norm(f"{p}.input_layernorm") | norm(f"{p}.post_attention_layernorm")


def deepseek_v3() -> Shapes:
    layers = [deepseek_layer(f"model.layers.{i}", i > 0) for i in range(4)]
    p = "model.layers.3"
    layers[3] |= linear(f"{p}.embed_tokens", V, H) | norm(f"{p}.enorm") | norm(f"{p}.hnorm")
    layers[3] |= (
        linear(f"{p}.eh_proj", H, 2 * H) | norm(f"{p}.shared_head.norm") | linear(f"{p}.shared_head.head", V, H)
    )
    return llama_frame(layers)


def mixtral() -> Shapes:
    def layer(p: str) -> Shapes:
        moe = linear(f"{p}.block_sparse_moe.gate", E, H)
        for e in range(E):
            moe |= gated_mlp(f"{p}.block_sparse_moe.experts.{e}", W, "w1 w3 w2")
        return llama_layer(p, moe)

    return llama_frame([layer(f"model.layers.{i}") for i in range(2)])


def qwen2_moe() -> Shapes:
    def layer(p: str) -> Shapes:
        moe = (
            linear(f"{p}.mlp.gate", E, H)
            | gated_mlp(f"{p}.mlp.shared_expert")
            | linear(f"{p}.mlp.shared_expert_gate", 1, H)
        )
        for e in range(E):
            moe |= gated_mlp(f"{p}.mlp.experts.{e}", 16)
        return llama_layer(p, moe)

    return llama_frame([layer(f"model.layers.{i}") for i in range(2)])


def qwen3_norms() -> Shapes:
    layers = []
    for i in range(2):
        p = f"model.layers.{i}"
        layers.append(
            llama_layer(p, gated_mlp(f"{p}.mlp")) | norm(f"{p}.self_attn.q_norm", 8) | norm(f"{p}.self_attn.k_norm", 8)
        )
    return llama_frame(layers)


def gpt_oss() -> Shapes:
    def layer(p: str) -> Shapes:
        x = f"{p}.mlp.experts"
        moe = linear(f"{p}.mlp.router", E, H, True) | {
            f"{x}.gate_up_proj_blocks": (E, 2 * W, H // 32, 16),
            f"{x}.gate_up_proj_scales": (E, 2 * W, H // 32),
            f"{x}.gate_up_proj_bias": (E, 2 * W),
            f"{x}.down_proj_blocks": (E, H, W // 32, 16),
            f"{x}.down_proj_scales": (E, H, W // 32),
            f"{x}.down_proj_bias": (E, H),
        }
        return llama_layer(p, moe) | {f"{p}.self_attn.sinks": (4,)}

    return llama_frame([layer(f"model.layers.{i}") for i in range(2)])


def fused() -> Shapes:
    """Mixtral as a live transformers 5 module names it."""

    def layer(p: str) -> Shapes:
        x = f"{p}.mlp.experts"
        moe = {f"{p}.mlp.gate.weight": (E, H), f"{x}.gate_up_proj": (E, 2 * W, H), f"{x}.down_proj": (E, H, W)}
        return llama_layer(p, moe)

    return llama_frame([layer(f"model.layers.{i}") for i in range(2)])


def torch_encoder() -> Shapes:
    out: Shapes = {}
    for i in range(2):
        p = f"layers.{i}"
        out |= {f"{p}.self_attn.in_proj_weight": (3 * H, H), f"{p}.self_attn.in_proj_bias": (3 * H,)}
        out |= linear(f"{p}.self_attn.out_proj", H, H, True)
        out |= linear(f"{p}.linear1", W, H, True) | linear(f"{p}.linear2", H, W, True)
        out |= norm(f"{p}.norm1", bias=True) | norm(f"{p}.norm2", bias=True)
    return out


def t5() -> Shapes:
    out = linear("shared", V, H)
    for side, blocks in (("encoder", ["SelfAttention"]), ("decoder", ["SelfAttention", "EncDecAttention"])):
        for i in range(2):
            p = f"{side}.block.{i}.layer"
            for k, attention in enumerate(blocks):
                for name in "qkvo":
                    out |= linear(f"{p}.{k}.{attention}.{name}", H, H)
                out |= norm(f"{p}.{k}.layer_norm")
            out |= linear(f"{p}.{len(blocks)}.DenseReluDense.wi", W, H) | linear(
                f"{p}.{len(blocks)}.DenseReluDense.wo", H, W
            )
            out |= norm(f"{p}.{len(blocks)}.layer_norm")
        out |= linear(f"{side}.block.0.layer.0.SelfAttention.relative_attention_bias", 32, 4) | norm(
            f"{side}.final_layer_norm"
        )
    return out


def neox() -> Shapes:
    out = linear("gpt_neox.embed_in", V, H)
    for i in range(2):
        p = f"gpt_neox.layers.{i}"
        out |= linear(f"{p}.attention.query_key_value", 3 * H, H, True) | linear(f"{p}.attention.dense", H, H, True)
        out |= linear(f"{p}.mlp.dense_h_to_4h", W, H, True) | linear(f"{p}.mlp.dense_4h_to_h", H, W, True)
        out |= norm(f"{p}.input_layernorm", bias=True) | norm(f"{p}.post_attention_layernorm", bias=True)
    return out | norm("gpt_neox.final_layer_norm", bias=True) | linear("embed_out", V, H)


def phi() -> Shapes:
    out = linear("model.embed_tokens", V, H)
    for i in range(2):
        p = f"model.layers.{i}"
        out |= separate_attention(f"{p}.self_attn", kv=4, o="dense") | norm(f"{p}.input_layernorm", bias=True)
        out |= linear(f"{p}.mlp.fc1", W, H, True) | linear(f"{p}.mlp.fc2", H, W, True)
    return out | norm("model.final_layernorm", bias=True) | linear("lm_head", V, H, True)


def gemma2() -> Shapes:
    layers = []
    for i in range(2):
        p = f"model.layers.{i}"
        layer = llama_layer(p, gated_mlp(f"{p}.mlp"))
        layers.append(layer | norm(f"{p}.pre_feedforward_layernorm") | norm(f"{p}.post_feedforward_layernorm"))
    return llama_frame(layers)


def resnet() -> Shapes:
    def bn(name: str, c: int) -> Shapes:
        return norm(name, c, True) | {
            f"{name}.running_mean": (c,),
            f"{name}.running_var": (c,),
            f"{name}.num_batches_tracked": (),
        }

    out = {"conv1.weight": (8, 3, 7, 7)} | bn("bn1", 8)
    for i in range(2):
        out |= {f"layer1.{i}.conv1.weight": (8, 8, 3, 3)} | bn(f"layer1.{i}.bn1", 8)
    return out | linear("fc", 10, 8, True)


def meta_llama() -> Shapes:
    out = linear("tok_embeddings", V, H)
    for i in range(2):
        p = f"layers.{i}"
        for name in ("wq", "wk", "wv", "wo"):
            out |= linear(f"{p}.attention.{name}", H, H)
        out |= gated_mlp(f"{p}.feed_forward", W, "w1 w3 w2") | norm(f"{p}.attention_norm") | norm(f"{p}.ffn_norm")
    return out | norm("norm") | linear("output", V, H)


def falcon() -> Shapes:
    out = linear("transformer.word_embeddings", V, H)
    for i in range(2):
        p = f"transformer.h.{i}"
        out |= linear(f"{p}.self_attention.query_key_value", 6 * 8, H) | linear(f"{p}.self_attention.dense", H, H)
        out |= linear(f"{p}.mlp.dense_h_to_4h", W, H) | linear(f"{p}.mlp.dense_4h_to_h", H, W)
        out |= norm(f"{p}.input_layernorm", bias=True)
    return out | norm("transformer.ln_f", bias=True) | linear("lm_head", V, H)


def gpt_neo() -> Shapes:
    out = linear("transformer.wte", V, H) | linear("transformer.wpe", 16, H)
    for i in range(2):
        p = f"transformer.h.{i}"
        out |= separate_attention(f"{p}.attn.attention", kv=4, o="out_proj") | norm(f"{p}.ln_1", bias=True)
        out |= (
            linear(f"{p}.mlp.c_fc", W, H, True) | linear(f"{p}.mlp.c_proj", H, W, True) | norm(f"{p}.ln_2", bias=True)
        )
    return out | norm("transformer.ln_f", bias=True)


GQA = {"num_attention_heads": 4, "num_key_value_heads": 2, "hidden_size": H, "vocab_size": V}
MHA = {"num_attention_heads": 4, "hidden_size": H, "vocab_size": V}
K = NodeKind
LLAMA_KINDS = {
    "model.embed_tokens": K.EMBEDDING,
    "model.layers": K.STACK,
    "model.layers.1": K.LAYER,
    "model.layers.1.self_attn": K.ATTENTION,
    "model.layers.1.self_attn.q_proj": K.PROJECTION,
    "model.layers.1.self_attn.o_proj": K.OUTPUT_PROJECTION,
    "model.layers.1.input_layernorm": K.NORM,
    "model.norm": K.NORM,
    "lm_head": K.OUTPUT,
    "model": K.MODULE,
}
PRE_NORM = {
    ("{}", "{}.input_layernorm", "residual"),
    ("{}.input_layernorm", "{}.self_attn", "data"),
    ("{}.self_attn", "{}", "residual"),
    ("{}", "{}.post_attention_layernorm", "residual"),
    ("{}.post_attention_layernorm", "{}.mlp", "data"),
    ("{}.mlp", "{}", "residual"),
}
LLAMA_EDGES = {
    ("model.embed_tokens", "model.layers", "data"),
    ("model.layers", "model.norm", "data"),
    ("model.norm", "lm_head", "data"),
    ("model.layers.0", "model.layers.1", "residual"),
    ("model.layers.1.self_attn.q_proj", "model.layers.1.self_attn.heads", "data"),
    ("model.layers.1.self_attn.k_proj", "model.layers.1.self_attn.heads", "data"),
    ("model.layers.1.self_attn.v_proj", "model.layers.1.self_attn.heads", "data"),
    ("model.layers.1.self_attn.heads", "model.layers.1.self_attn.o_proj", "data"),
}


def at(layer: str, edges: set[tuple[str, str, str]]) -> set[tuple[str, str, str]]:
    return {(a.format(layer), b.format(layer), kind) for a, b, kind in edges}


@dataclass
class School:
    shapes: Shapes
    config: dict[str, Any] | None
    kinds: dict[str, NodeKind]
    edges: set[tuple[str, str, str]]
    heads: tuple[str, int, int, int] | None = None  # attention block, heads, kv_heads, head_dim
    absent: tuple[str, ...] = ()  # nodes that have no edges


SCHOOLS: dict[str, School] = {
    "llama": School(
        llama(),
        GQA | {"num_hidden_layers": 3},
        LLAMA_KINDS | {"model.layers.2.mlp": K.MLP, "model.layers.2.mlp.down_proj": K.LINEAR},
        LLAMA_EDGES
        | at("model.layers.1", PRE_NORM)
        | {("model.layers.0.mlp.gate_proj", "model.layers.0.mlp.down_proj", "data")},
        ("model.layers.1.self_attn", 4, 2, 8),
    ),
    "llama without config": School(
        llama(""),
        None,
        {"layers": K.STACK, "layers.0.self_attn": K.ATTENTION, "norm": K.NORM, "embed_tokens": K.EMBEDDING},
        at("layers.0", PRE_NORM) | {("layers.0.self_attn.q_proj", "layers.0.self_attn.o_proj", "data")},
    ),
    "gpt2": School(
        gpt2("transformer."),
        {"n_head": 4, "n_embd": H, "n_layer": 2, "vocab_size": V},
        {
            "transformer.wte": K.EMBEDDING,
            "transformer.wpe": K.EMBEDDING,
            "transformer.h": K.STACK,
            "transformer.h.0": K.LAYER,
            "transformer.h.0.attn": K.ATTENTION,
            "transformer.h.0.attn.c_attn": K.PROJECTION,
            "transformer.h.0.attn.c_proj": K.OUTPUT_PROJECTION,
            "transformer.h.0.mlp": K.MLP,
            "transformer.h.0.mlp.c_proj": K.LINEAR,
            "transformer.ln_f": K.NORM,
        },
        {
            ("transformer.wte", "transformer.h", "data"),
            ("transformer.wpe", "transformer.h", "data"),
            ("transformer.h", "transformer.ln_f", "data"),
            ("transformer.h.0", "transformer.h.0.ln_1", "residual"),
            ("transformer.h.0.attn.c_attn", "transformer.h.0.attn.heads", "data"),
            ("transformer.h.0.mlp.c_fc", "transformer.h.0.mlp.c_proj", "data"),
        },
        ("transformer.h.0.attn", 4, 4, 8),
    ),
    "gpt2 without prefix": School(
        gpt2(""), None, {"h": K.STACK, "h.1.ln_2": K.NORM, "wte": K.EMBEDDING, "ln_f": K.NORM}, {("h", "ln_f", "data")}
    ),
    "bert": School(
        bert(),
        MHA | {"num_hidden_layers": 2},
        {
            "bert.embeddings": K.EMBEDDING,
            "bert.embeddings.word_embeddings": K.EMBEDDING,
            "bert.encoder.layer": K.STACK,
            "bert.encoder.layer.0.attention": K.ATTENTION,
            "bert.encoder.layer.0.attention.self.query": K.PROJECTION,
            "bert.encoder.layer.0.attention.output.dense": K.OUTPUT_PROJECTION,
            "bert.encoder.layer.0.attention.output.LayerNorm": K.NORM,
            "bert.encoder.layer.0.intermediate": K.MLP,
            "bert.encoder.layer.0.intermediate.dense": K.LINEAR,
            "bert.encoder.layer.0.output": K.MLP,
            "cls": K.OUTPUT,
        },
        {
            ("bert.encoder.layer.0", "bert.encoder.layer.0.attention", "residual"),
            ("bert.encoder.layer.0.attention", "bert.encoder.layer.0", "residual"),
            ("bert.encoder.layer.0.intermediate", "bert.encoder.layer.0.output", "data"),
            ("bert.encoder.layer.0.output", "bert.encoder.layer.0", "residual"),
            ("bert.encoder.layer.0.attention.self.key", "bert.encoder.layer.0.attention.heads", "data"),
            ("bert.encoder.layer.0.attention.heads", "bert.encoder.layer.0.attention.output.dense", "data"),
            ("bert.embeddings", "bert.encoder.layer", "data"),
            ("bert.encoder.layer", "bert.pooler", "data"),
            ("bert.encoder.layer", "cls", "data"),
            ("bert.embeddings.word_embeddings", "bert.embeddings.LayerNorm", "data"),
        },
        ("bert.encoder.layer.1.attention", 4, 4, 8),
    ),
    "deepseek-v3": School(
        deepseek_v3(),
        MLA
        | {
            "num_hidden_layers": 3,
            "num_nextn_predict_layers": 1,
            "n_routed_experts": E,
            "num_experts_per_tok": 2,
            "n_shared_experts": 1,
        },
        {
            "model.layers": K.STACK,
            "model.layers.2": K.LAYER,
            "model.layers.3": K.MTP,
            "model.layers.3.eh_proj": K.LINEAR,
            "model.layers.3.enorm": K.NORM,
            "model.layers.3.embed_tokens": K.EMBEDDING,
            "model.layers.3.shared_head.head": K.OUTPUT,
            "model.layers.3.mlp.experts.7": K.EXPERT,
            "model.layers.0.mlp": K.MLP,
            "model.layers.1.mlp": K.MOE,
            "model.layers.1.mlp.gate": K.ROUTER,
            "model.layers.1.mlp.experts": K.EXPERTS,
            "model.layers.1.mlp.experts.7": K.EXPERT,
            "model.layers.1.mlp.experts.7.up_proj": K.LINEAR,
            "model.layers.1.mlp.shared_experts": K.SHARED_EXPERT,
            "model.layers.1.self_attn.kv_a_proj_with_mqa": K.PROJECTION,
            "model.layers.1.self_attn.q_a_layernorm": K.NORM,
        },
        at("model.layers.1", PRE_NORM)
        | {
            ("model.layers.2", "model.layers.3", "data"),
            ("model.layers.1.mlp.gate", "model.layers.1.mlp.experts", "routed"),
            ("model.layers.1.mlp.experts.7.up_proj", "model.layers.1.mlp.experts.7.down_proj", "data"),
            ("model.layers.1.self_attn.q_a_proj", "model.layers.1.self_attn.q_a_layernorm", "data"),
            ("model.layers.1.self_attn.q_b_proj", "model.layers.1.self_attn.heads", "data"),
            ("model.layers.1.self_attn.kv_b_proj", "model.layers.1.self_attn.heads", "data"),
            ("model.layers.3.enorm", "model.layers.3.eh_proj", "data"),
            ("model.layers.3.shared_head.norm", "model.layers.3.shared_head.head", "data"),
        },
        ("model.layers.1.self_attn", 4, 4, 8),
    ),
    "deepseek-v2-lite": School(
        llama_frame([deepseek_layer(f"model.layers.{i}", i > 0, None) for i in range(3)]),
        MLA | {"num_hidden_layers": 3, "n_routed_experts": E, "num_experts_per_tok": 2, "n_shared_experts": 2},
        {"model.layers.1.self_attn.q_proj": K.PROJECTION, "model.layers.1.self_attn": K.ATTENTION},
        {("model.layers.1.self_attn.q_proj", "model.layers.1.self_attn.heads", "data")},
        ("model.layers.2.self_attn", 4, 4, 8),
    ),
    "mixtral": School(
        mixtral(),
        GQA | {"num_local_experts": E, "num_experts_per_tok": 2},
        LLAMA_KINDS
        | {
            "model.layers.0.block_sparse_moe": K.MOE,
            "model.layers.0.block_sparse_moe.gate": K.ROUTER,
            "model.layers.0.block_sparse_moe.experts.3": K.EXPERT,
        },
        LLAMA_EDGES
        | {
            ("model.layers.0.block_sparse_moe.experts.3.w1", "model.layers.0.block_sparse_moe.experts.3.w2", "data"),
            ("model.layers.0.block_sparse_moe.experts.3.w3", "model.layers.0.block_sparse_moe.experts.3.w2", "data"),
            ("model.layers.0.post_attention_layernorm", "model.layers.0.block_sparse_moe", "data"),
        },
        ("model.layers.0.self_attn", 4, 2, 8),
    ),
    "qwen2-moe": School(
        qwen2_moe(),
        GQA | {"num_experts": E, "num_experts_per_tok": 2},
        LLAMA_KINDS
        | {
            "model.layers.0.mlp": K.MOE,
            "model.layers.0.mlp.gate": K.ROUTER,
            "model.layers.0.mlp.shared_expert": K.SHARED_EXPERT,
            "model.layers.0.mlp.shared_expert_gate": K.LINEAR,
        },
        LLAMA_EDGES | {("model.layers.0.mlp.shared_expert_gate", "model.layers.0.mlp.shared_expert", "data")},
        ("model.layers.0.self_attn", 4, 2, 8),
    ),
    "qwen3 without config": School(
        qwen3_norms(),
        None,
        LLAMA_KINDS | {"model.layers.0.self_attn.q_norm": K.NORM},
        {
            ("model.layers.0.self_attn.q_proj", "model.layers.0.self_attn.q_norm", "data"),
            ("model.layers.0.self_attn.q_norm", "model.layers.0.self_attn.heads", "data"),
        },
        ("model.layers.0.self_attn", 4, 2, 8),
    ),
    "gpt-oss": School(
        gpt_oss(),
        GQA | {"num_local_experts": E, "num_experts_per_tok": 2, "head_dim": 8},
        LLAMA_KINDS
        | {
            "model.layers.0.mlp": K.MOE,
            "model.layers.0.mlp.router": K.ROUTER,
            "model.layers.0.mlp.experts": K.EXPERTS,
            "model.layers.0.mlp.experts.7": K.EXPERT,
            "model.layers.0.mlp.experts.7.gate_up_proj_blocks": K.TENSOR,
        },
        LLAMA_EDGES
        | at("model.layers.1", PRE_NORM)
        | {
            ("model.layers.0.mlp.router", "model.layers.0.mlp.experts", "routed"),
            (
                "model.layers.0.mlp.experts.7.gate_up_proj_blocks",
                "model.layers.0.mlp.experts.7.down_proj_blocks",
                "data",
            ),
        },
        ("model.layers.0.self_attn", 4, 2, 8),
    ),
    "gpt-oss without config": School(gpt_oss(), None, {}, set(), ("model.layers.0.self_attn", 4, 2, 8)),
    "fused experts": School(
        fused(),
        GQA | {"num_local_experts": E, "num_experts_per_tok": 2},
        LLAMA_KINDS | {"model.layers.0.mlp": K.MOE, "model.layers.0.mlp.experts.0.down_proj": K.TENSOR},
        LLAMA_EDGES | {("model.layers.0.mlp.experts.5.gate_up_proj", "model.layers.0.mlp.experts.5.down_proj", "data")},
        ("model.layers.0.self_attn", 4, 2, 8),
    ),
    "torch.nn.TransformerEncoder": School(
        torch_encoder(),
        None,
        {
            "layers": K.STACK,
            "layers.0": K.LAYER,
            "layers.0.self_attn": K.ATTENTION,
            "layers.0.self_attn.out_proj": K.OUTPUT_PROJECTION,
            "layers.0.linear1": K.LINEAR,
            "layers.0.norm1": K.NORM,
        },
        {
            ("layers.0", "layers.1", "residual"),
            ("layers.0.self_attn.in_proj_weight", "layers.0.self_attn.out_proj", "data"),
        },
        absent=("layers.0.norm1", "layers.0.norm2"),  # before or after: names do not tell
    ),
    "t5": School(
        t5(),
        {"num_heads": 4, "d_kv": 8, "d_model": H, "num_layers": 2, "vocab_size": V, "is_encoder_decoder": True},
        {
            "shared": K.EMBEDDING,
            "encoder.block": K.STACK,
            "encoder.block.0": K.LAYER,
            "encoder.block.0.layer": K.MODULE,
            "encoder.block.0.layer.0.SelfAttention": K.ATTENTION,
            "encoder.block.0.layer.1.DenseReluDense": K.MLP,
            "decoder.block": K.STACK,
            "decoder.block.1.layer.1.EncDecAttention": K.ATTENTION,
            "decoder.block.1.layer.2.DenseReluDense.wo": K.LINEAR,
            "encoder.final_layer_norm": K.NORM,
        },
        {
            ("encoder.block", "encoder.final_layer_norm", "data"),
            ("encoder.block.0", "encoder.block.1", "residual"),
            ("decoder.block.1.layer.2.DenseReluDense.wi", "decoder.block.1.layer.2.DenseReluDense.wo", "data"),
        },
        ("encoder.block.1.layer.0.SelfAttention", 4, 4, 8),
    ),
    "gpt-neox": School(
        neox(),
        MHA,
        {"gpt_neox.layers": K.STACK, "gpt_neox.layers.0.attention": K.ATTENTION, "embed_out": K.OUTPUT},
        {
            ("gpt_neox.embed_in", "gpt_neox.layers", "data"),
            ("gpt_neox.final_layer_norm", "embed_out", "data"),
            ("gpt_neox.layers.0.attention.query_key_value", "gpt_neox.layers.0.attention.heads", "data"),
        },
        ("gpt_neox.layers.0.attention", 4, 4, 8),
    ),
    "phi, parallel blocks": School(
        phi(),
        MHA,
        {"model.layers.0.mlp": K.MLP, "model.final_layernorm": K.NORM},
        {
            ("model.layers.0.input_layernorm", "model.layers.0.self_attn", "data"),
            ("model.layers.0.input_layernorm", "model.layers.0.mlp", "data"),
            ("model.layers.0.mlp", "model.layers.0", "residual"),
        },
        ("model.layers.0.self_attn", 4, 4, 8),
    ),
    "gemma2, norms before and after": School(
        gemma2(),
        GQA,
        LLAMA_KINDS,
        {
            ("model.layers.0.self_attn", "model.layers.0.post_attention_layernorm", "data"),
            ("model.layers.0.post_attention_layernorm", "model.layers.0", "residual"),
            ("model.layers.0.pre_feedforward_layernorm", "model.layers.0.mlp", "data"),
        },
        ("model.layers.0.self_attn", 4, 2, 8),
    ),
    "meta's llama": School(
        meta_llama(),
        {"dim": H, "n_heads": 4, "n_layers": 2, "vocab_size": V},
        {"tok_embeddings": K.EMBEDDING, "output": K.OUTPUT, "layers.0.attention": K.ATTENTION, "norm": K.NORM},
        {("norm", "output", "data"), ("layers.0.ffn_norm", "layers.0.feed_forward", "data")},
        ("layers.0.attention", 4, 4, 8),
    ),
    "falcon, one key/value head": School(
        falcon(),
        MHA | {"multi_query": True, "num_kv_heads": 4, "parallel_attn": True},
        {"transformer.h.0.self_attention": K.ATTENTION, "transformer.word_embeddings": K.EMBEDDING},
        {("transformer.h.0.input_layernorm", "transformer.h.0.mlp", "data")},
        ("transformer.h.0.self_attention", 4, 1, 8),
    ),
    "gpt-neo, attention in attention": School(
        gpt_neo(),
        {"num_heads": 4, "hidden_size": H, "vocab_size": V},
        {"transformer.h.0.attn": K.ATTENTION, "transformer.h.0.attn.attention": K.MODULE},
        {
            ("transformer.h.0.ln_1", "transformer.h.0.attn", "data"),
            ("transformer.h.0.attn.heads", "transformer.h.0.attn.attention.out_proj", "data"),
        },
        ("transformer.h.0.attn", 4, 4, 8),
    ),
    "resnet": School(
        resnet(),
        None,
        {
            "conv1": K.CONV,
            "bn1": K.NORM,
            "layer1": K.MODULE,
            "layer1.0": K.MODULE,
            "layer1.0.conv1": K.CONV,
            "layer1.0.bn1": K.NORM,
            "fc": K.OUTPUT,
        },
        set(),
    ),
}


def edges_of(graph: ModelGraph) -> set[tuple[str, str, str]]:
    e = graph.edges
    return {
        (graph.path(s), graph.path(t), EdgeKind(k).name.lower())
        for s, t, k in zip(e.source.tolist(), e.target.tolist(), e.kind.tolist(), strict=True)
    }


@pytest.mark.parametrize("name", SCHOOLS)
def test_school(name: str, make_graph: Callable[[Shapes], ModelGraph]) -> None:
    school = SCHOOLS[name]
    before = make_graph(school.shapes)
    graph = recognise(before, school.config)
    assert graph.warnings == ()
    found = {path: graph.kind_of(graph.id_of(path)) for path in school.kinds}
    assert found == school.kinds
    edges = edges_of(graph)
    assert len(edges) == len(graph.edges), "an edge occurs twice"
    assert school.edges <= edges
    assert set(graph.edges.provenance.tolist()) <= {Provenance.INFERRED}
    assert not [edge for edge in edges if set(edge) & set(school.absent)]
    assert graph.parameters.sum() == before.parameters.sum()
    assert graph.bytes.sum() == before.bytes.sum()
    if school.heads is None:
        assert not len(graph.of_kind(K.HEADS))
        return
    block, *figures = school.heads
    attention = graph.id_of(block)
    assert [graph.attribute(attention, key) for key in ("heads", "kv_heads", "head_dim")] == figures
    container = graph.id_of(f"{block}.heads")
    heads = graph.children(container)
    assert [graph.name_of(i) for i in heads.tolist()] == [str(i) for i in range(figures[0])]
    assert (graph.kind[heads] == K.HEAD).all()
    assert (graph.provenance[heads] == Provenance.DERIVED).all()
    assert not graph.total(graph.bytes, container)
    siblings = [graph.kind_of(i) for i in graph.children(attention).tolist()]
    if K.OUTPUT_PROJECTION in siblings:
        assert siblings.index(K.HEADS) == siblings.index(K.OUTPUT_PROJECTION) - 1


@pytest.mark.parametrize("name", SCHOOLS)
def test_every_block_of_a_school_is_in_the_flow(name: str, make_graph: Callable[[Shapes], ModelGraph]) -> None:
    graph = recognise(make_graph(SCHOOLS[name].shapes), SCHOOLS[name].config)
    if name in ("t5", "torch.nn.TransformerEncoder", "resnet"):
        return  # their layers are not wired: see wirings.py
    inside_output = {i for o in graph.of_kind(K.OUTPUT).tolist() for i in range(o + 1, o + int(graph.size[o]))}
    linked = set(graph.edges.source.tolist()) | set(graph.edges.target.tolist())
    blocks = graph.of_kind(
        K.LAYER, K.MTP, K.ATTENTION, K.MLP, K.MOE, K.NORM, K.PROJECTION, K.OUTPUT_PROJECTION, K.EXPERTS
    )
    assert [graph.path(i) for i in blocks.tolist() if i not in linked | inside_output] == []


def test_deepseek_has_its_figures(make_graph: Callable[[Shapes], ModelGraph]) -> None:
    school = SCHOOLS["deepseek-v3"]
    graph = recognise(make_graph(school.shapes), school.config | {"architectures": ["DeepseekV3ForCausalLM"]})
    moe, router = graph.id_of("model.layers.1.mlp"), graph.id_of("model.layers.1.mlp.gate")
    assert graph.attributes_of(moe) == {"role": "moe", "experts": E, "top_k": 2, "shared_experts": 1}
    assert graph.attributes_of(router) == {"role": "moe.router", "experts": E, "top_k": 2}
    assert graph.attributes_of(0) == {
        "architecture": "DeepseekV3ForCausalLM",
        "layers": 3,
        "hidden_size": H,
        "vocab_size": V,
        "heads": 4,
        "kv_heads": 4,
        "head_dim": 8,
        "qk_head_dim": 12,
    }
    layers = graph.of_kind(K.LAYER)
    assert len(np.unique(graph.signature[layers])) == 2
