"""What must be found in a model of every naming school."""

from dataclasses import dataclass
from typing import Any

from school_tensors import (
    E,
    H,
    Shapes,
    V,
    bert,
    deepseek_layer,
    deepseek_v3,
    falcon,
    fused,
    gemma2,
    gpt2,
    gpt_neo,
    gpt_oss,
    llama,
    llama_frame,
    meta_llama,
    mixtral,
    neox,
    phi,
    qwen2_moe,
    qwen3_norms,
    resnet,
    t5,
    torch_encoder,
)

from archviz3d.graph import NodeKind

MLA = {
    "num_attention_heads": 4,
    "num_key_value_heads": 4,
    "qk_nope_head_dim": 8,
    "qk_rope_head_dim": 4,
    "v_head_dim": 8,
    "hidden_size": H,
    "vocab_size": V,
}

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
