"""Families of dense decoders in the school of Llama."""

from .family import Family, Head, Ranges, decoder
from .sizes import Sizes

__all__ = ["DECODERS", "LLAMA_ATTENTION", "LLAMA_NORMS", "QKV_BIAS_ATTENTION"]

_LLAMA_SIZES = """
V vocab_size 32000
H hidden_size 4096
F intermediate_size 11008
L num_hidden_layers 32
A num_attention_heads 32
K num_key_value_heads A
D head_dim H/A
N num_labels 2
attention_bias attention_bias false
mlp_bias mlp_bias false
tied tie_word_embeddings false
"""
LLAMA_ATTENTION = """
layers.{L}.self_attn.q_proj.   A*D,H   +attention_bias
layers.{L}.self_attn.k_proj.   K*D,H   +attention_bias
layers.{L}.self_attn.v_proj.   K*D,H   +attention_bias
layers.{L}.self_attn.o_proj.   H,A*D   +attention_bias
"""
_HEAD_NORMS = """
layers.{L}.self_attn.q_norm.   D
layers.{L}.self_attn.k_norm.   D
"""
_LLAMA_MLP = """
layers.{L}.mlp.gate_proj.   F,H   +mlp_bias
layers.{L}.mlp.up_proj.     F,H   +mlp_bias
layers.{L}.mlp.down_proj.   H,F   +mlp_bias
"""
_PACKED_MLP = """
layers.{L}.mlp.gate_up_proj.   2*F,H
layers.{L}.mlp.down_proj.      H,F
"""
LLAMA_NORMS = """
layers.{L}.post_attention_layernorm.   H
"""
_EMBEDDING = """
embed_tokens.   V,H
"""
_FIRST_NORM = """
layers.{L}.input_layernorm.   H
"""
_LAST_NORM = """
norm.   H
"""
_LLAMA = _EMBEDDING + _FIRST_NORM + LLAMA_ATTENTION + LLAMA_NORMS + _LLAMA_MLP + _LAST_NORM
# Queries, keys and values have a bias, the output has none.
QKV_BIAS_ATTENTION = """
layers.{L}.self_attn.q_proj.   A*D,H   +qkv_bias
layers.{L}.self_attn.k_proj.   K*D,H   +qkv_bias
layers.{L}.self_attn.v_proj.   K*D,H   +qkv_bias
layers.{L}.self_attn.o_proj.   H,A*D
"""
_FEED_FORWARD_NORMS = """
layers.{L}.pre_feedforward_layernorm.    H
layers.{L}.post_feedforward_layernorm.   H
"""
_POST_FEED_FORWARD_NORM = """
layers.{L}.post_feedforward_layernorm.   H
"""


def _sizes(**defaults: str) -> str:
    """Return Llama's sizes with other defaults; a new symbol is given as ``SYMBOL="KEY DEFAULT"``."""
    lines: dict[str, str] = {}
    for line in _LLAMA_SIZES.strip().split("\n"):
        symbol, _, rest = line.partition(" ")
        lines[symbol] = rest
    for symbol, given in defaults.items():
        lines[symbol] = given if " " in given else f"{lines[symbol].split(' ')[0]} {given}"
    return "\n".join(f"{symbol} {rest}" for symbol, rest in lines.items())


def _qwen2(sizes: Sizes) -> Ranges:
    sizes.flags["qkv_bias"] = True
    return {}


_PHI = """
embed_tokens.   V,H
layers.{L}.self_attn.q_proj.   A*D,H   +
layers.{L}.self_attn.k_proj.   K*D,H   +
layers.{L}.self_attn.v_proj.   K*D,H   +
layers.{L}.self_attn.dense.    H,A*D   +
layers.{L}.self_attn.q_layernorm.   H/A   +   ?qk_norm
layers.{L}.self_attn.k_layernorm.   H/A   +   ?qk_norm
layers.{L}.mlp.fc1.   F,H   +
layers.{L}.mlp.fc2.   H,F   +
layers.{L}.input_layernorm.   H   +
final_layernorm.   H   +
"""
_STARCODER2 = """
embed_tokens.   V,H
layers.{L}.self_attn.q_proj.   A*D,H   +use_bias
layers.{L}.self_attn.k_proj.   K*D,H   +use_bias
layers.{L}.self_attn.v_proj.   K*D,H   +use_bias
layers.{L}.self_attn.o_proj.   H,A*D   +use_bias
layers.{L}.mlp.c_fc.     F,H   +use_bias
layers.{L}.mlp.c_proj.   H,F   +use_bias
layers.{L}.input_layernorm.            H   +
layers.{L}.post_attention_layernorm.   H   +
norm.   H   +
"""
_STABLELM_NORMS = """
layers.{L}.input_layernorm.            H   +
layers.{L}.post_attention_layernorm.   H   +   ?!parallel
norm.   H   +
"""
_COHERE_HEAD_NORMS = """
layers.{L}.self_attn.q_norm.   A,D   ?qk_norm
layers.{L}.self_attn.k_norm.   K,D   ?qk_norm
"""
_GLM4_NORMS = """
layers.{L}.post_attention_layernorm.   H
layers.{L}.post_self_attn_layernorm.   H
layers.{L}.post_mlp_layernorm.         H
"""
_GEMMA = _EMBEDDING + _FIRST_NORM + LLAMA_ATTENTION + LLAMA_NORMS + _LLAMA_MLP

DECODERS = (
    Family("llama", _LLAMA_SIZES, _LLAMA, decoder("Llama")),
    Family("mistral", _sizes(F="14336", K="8"), _LLAMA, decoder("Mistral")),
    Family("granite", _sizes(), _LLAMA, {"GraniteForCausalLM": decoder("")["ForCausalLM"], "GraniteModel": Head()}),
    Family(
        "smollm3",
        _sizes(V="128256", H="2048", L="36", A="16", K="4", tied="true"),
        _LLAMA,
        decoder("SmolLM3"),
    ),
    Family(
        "qwen2",
        _sizes(V="151936", F="22016"),
        _EMBEDDING + _FIRST_NORM + QKV_BIAS_ATTENTION + LLAMA_NORMS + _LLAMA_MLP + _LAST_NORM,
        decoder("Qwen2"),
        _qwen2,
    ),
    Family(
        "qwen3",
        _sizes(V="151936", F="22016", D="128"),
        _EMBEDDING + _FIRST_NORM + LLAMA_ATTENTION + _HEAD_NORMS + LLAMA_NORMS + _LLAMA_MLP + _LAST_NORM,
        decoder("Qwen3"),
    ),
    Family(
        "gemma",
        _sizes(V="256000", H="3072", F="24576", L="28", A="16", D="256", tied="true"),
        _GEMMA + _LAST_NORM,
        decoder("Gemma"),
    ),
    Family(
        "gemma2",
        _sizes(V="256000", H="2304", F="9216", L="26", A="8", K="4", D="256", tied="true"),
        _GEMMA + _FEED_FORWARD_NORMS + _LAST_NORM,
        decoder("Gemma2"),
    ),
    Family(
        "gemma3_text",
        _sizes(V="262208", H="2304", F="9216", L="26", A="8", K="4", D="256", tied="true"),
        _GEMMA + _HEAD_NORMS + _FEED_FORWARD_NORMS + _LAST_NORM,
        {"Gemma3ForCausalLM": decoder("")["ForCausalLM"], "Gemma3TextModel": Head()},
    ),
    Family(
        "phi3",
        _sizes(V="32064", H="3072", F="8192"),
        _EMBEDDING
        + _FIRST_NORM
        + """
layers.{L}.self_attn.qkv_proj.   A*D+2*K*D,H
layers.{L}.self_attn.o_proj.     H,A*D
"""
        + LLAMA_NORMS
        + _PACKED_MLP
        + _LAST_NORM,
        decoder("Phi3"),
    ),
    Family(
        "phi",
        _sizes(V="51200", H="2048", F="8192", L="24", qk_norm="qk_layernorm false"),
        _PHI,
        decoder("Phi", head="lm_head.   V,H   +"),
        without="tie_word_embeddings",
    ),
    Family(
        "olmo",
        _sizes(V="50304"),
        _EMBEDDING + LLAMA_ATTENTION + _LLAMA_MLP + _LAST_NORM.replace("norm.   H", ""),
        decoder("Olmo"),
    ),
    Family(
        "olmo2",
        _sizes(V="50304"),
        _EMBEDDING
        + LLAMA_ATTENTION
        + """
layers.{L}.self_attn.q_norm.   A*D
layers.{L}.self_attn.k_norm.   K*D
"""
        + LLAMA_NORMS
        + _LLAMA_MLP
        + _POST_FEED_FORWARD_NORM
        + _LAST_NORM,
        decoder("Olmo2"),
    ),
    Family(
        "glm4",
        _sizes(V="151552", F="13696", L="40", K="2", D="128", qkv_bias="attention_bias true"),
        _EMBEDDING + _FIRST_NORM + QKV_BIAS_ATTENTION + _GLM4_NORMS + _PACKED_MLP + _LAST_NORM,
        decoder("Glm4"),
    ),
    Family(
        "starcoder2",
        _sizes(V="49152", H="3072", F="12288", L="30", A="24", K="2", use_bias="use_bias true", tied="true"),
        _STARCODER2,
        decoder("Starcoder2"),
    ),
    Family(
        "stablelm",
        _sizes(
            V="50304",
            H="2560",
            F="6912",
            qkv_bias="use_qkv_bias false",
            parallel="use_parallel_residual false",
        ),
        _EMBEDDING + QKV_BIAS_ATTENTION + _LLAMA_MLP + _STABLELM_NORMS,
        decoder("StableLm"),
        without="qk_layernorm",
    ),
    Family(
        "cohere",
        _sizes(V="256000", H="8192", F="22528", L="40", A="64", qk_norm="use_qk_norm false", tied="true"),
        _EMBEDDING + _FIRST_NORM + LLAMA_ATTENTION + _COHERE_HEAD_NORMS + _LLAMA_MLP + _LAST_NORM,
        {"CohereForCausalLM": decoder("")["ForCausalLM"], "CohereModel": Head()},
    ),
)
