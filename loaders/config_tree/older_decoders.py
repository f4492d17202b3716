"""Families of dense decoders from before Llama."""

from .family import Family, Head, Ranges, decoder
from .sizes import Sizes

__all__ = ["OLDER_DECODERS"]

_GPT2 = """
wte.   V,H
wpe.   P,H
h.{L}.ln_1.   H   +
h.{L}.attn.c_attn.weight   H,3*H
h.{L}.attn.c_attn.bias     3*H
h.{L}.attn.c_proj.         H,H   +
h.{L}.ln_2.   H   +
h.{L}.mlp.c_fc.weight    H,F
h.{L}.mlp.c_fc.bias      F
h.{L}.mlp.c_proj.weight  F,H
h.{L}.mlp.c_proj.bias    H
ln_f.   H   +
"""
_GPT_NEOX = """
embed_in.   V,H
layers.{L}.input_layernorm.            H   +
layers.{L}.post_attention_layernorm.   H   +
layers.{L}.attention.query_key_value.  3*H,H   +attention_bias
layers.{L}.attention.dense.            H,H     +attention_bias
layers.{L}.mlp.dense_h_to_4h.   F,H   +
layers.{L}.mlp.dense_4h_to_h.   H,F   +
final_layer_norm.   H   +
"""
_GPTJ = """
wte.   V,H
h.{L}.ln_1.   H   +
h.{L}.attn.k_proj.     H,H
h.{L}.attn.v_proj.     H,H
h.{L}.attn.q_proj.     H,H
h.{L}.attn.out_proj.   H,H
h.{L}.mlp.fc_in.    F,H   +
h.{L}.mlp.fc_out.   H,F   +
ln_f.   H   +
"""
_BLOOM = """
word_embeddings.   V,H
word_embeddings_layernorm.   H   +
h.{L}.input_layernorm.   H   +
h.{L}.self_attention.query_key_value.   3*H,H   +
h.{L}.self_attention.dense.             H,H     +
h.{L}.post_attention_layernorm.   H   +
h.{L}.mlp.dense_h_to_4h.   4*H,H   +
h.{L}.mlp.dense_4h_to_h.   H,4*H   +
ln_f.   H   +
"""
_FALCON = """
word_embeddings.   V,H
h.{L}.self_attention.query_key_value.   Q,H   +bias
h.{L}.self_attention.dense.             H,H   +bias
h.{L}.mlp.dense_h_to_4h.   F,H   +bias
h.{L}.mlp.dense_4h_to_h.   H,F   +bias
h.{L}.ln_attn.   H   +   ?two_norms
h.{L}.ln_mlp.    H   +   ?two_norms
h.{L}.input_layernorm.            H   +   ?!two_norms
h.{L}.post_attention_layernorm.   H   +   ?after_attention
ln_f.   H   +
"""


def _falcon(sizes: Sizes) -> Ranges:
    n, flags = sizes.numbers, sizes.flags
    new, head = flags["new_architecture"], n["H"] // max(n["A"], 1)
    if new:
        n["Q"] = (2 * n["K"] + n["A"]) * head
    else:
        n["Q"] = n["H"] + 2 * head if flags["multi_query"] else 3 * n["H"]
    flags["two_norms"] = new and n["norms"] == 2
    flags["after_attention"] = not new and not flags["parallel"]
    return {}


_OPT = """
decoder.embed_tokens.      V,W
decoder.embed_positions.   P+2,H
decoder.project_out.   W,H   ?projected
decoder.project_in.    H,W   ?projected
decoder.final_layer_norm.   H   +   ?final_norm
decoder.layers.{L}.self_attn.k_proj.     H,H   +enable_bias
decoder.layers.{L}.self_attn.v_proj.     H,H   +enable_bias
decoder.layers.{L}.self_attn.q_proj.     H,H   +enable_bias
decoder.layers.{L}.self_attn.out_proj.   H,H   +enable_bias
decoder.layers.{L}.self_attn_layer_norm.   H   +
decoder.layers.{L}.fc1.   F,H   +enable_bias
decoder.layers.{L}.fc2.   H,F   +enable_bias
decoder.layers.{L}.final_layer_norm.   H   +
"""


def _opt(sizes: Sizes) -> Ranges:
    flags = sizes.flags
    flags["projected"] = sizes.numbers["W"] != sizes.numbers["H"]
    flags["final_norm"] = flags["norm_before"] and not flags["no_final_norm"]
    return {}


OLDER_DECODERS = (
    Family(
        "gpt2",
        """
V vocab_size 50257
H n_embd 768
P n_positions 1024
L n_layer 12
F n_inner 4*H
N num_labels 2
tied tie_word_embeddings true
""",
        _GPT2,
        {
            "GPT2LMHeadModel": Head("transformer.", "lm_head.   V,H   ?!tied"),
            "GPT2Model": Head(),
            "GPT2ForSequenceClassification": Head("transformer.", "score.   N,H"),
        },
        without="add_cross_attention",
    ),
    Family(
        "gpt_neox",
        """
V vocab_size 50432
H hidden_size 6144
L num_hidden_layers 44
F intermediate_size 24576
N num_labels 2
attention_bias attention_bias true
tied tie_word_embeddings false
""",
        _GPT_NEOX,
        {
            "GPTNeoXForCausalLM": Head("gpt_neox.", "embed_out.   V,H   ?!tied"),
            "GPTNeoXModel": Head(),
            "GPTNeoXForSequenceClassification": Head("gpt_neox.", "score.   N,H"),
        },
    ),
    Family(
        "gptj",
        """
V vocab_size 50400
H n_embd 4096
L n_layer 28
F n_inner 4*H
N num_labels 2
""",
        _GPTJ,
        {
            "GPTJForCausalLM": Head("transformer.", "lm_head.   V,H   +"),
            "GPTJModel": Head(),
            "GPTJForSequenceClassification": Head("transformer.", "score.   N,H"),
        },
        without="tie_word_embeddings",
    ),
    Family(
        "bloom",
        """
V vocab_size 250880
H n_embed|hidden_size 64
L n_layer|num_hidden_layers 2
N num_labels 2
tied tie_word_embeddings true
""",
        _BLOOM,
        decoder("Bloom", "transformer."),
    ),
    Family(
        "falcon RefinedWeb RefinedWebModel",
        """
V vocab_size 65024
H hidden_size 4544
L num_hidden_layers|n_layer 32
A num_attention_heads|n_head 71
K num_kv_heads|n_head_kv A
F ffn_hidden_size 4*H
N num_labels 2
norms num_ln_in_parallel_attn 2
new_architecture new_decoder_architecture false
multi_query multi_query true
parallel parallel_attn true
bias bias false
tied tie_word_embeddings true
""",
        _FALCON,
        decoder("Falcon", "transformer."),
        _falcon,
    ),
    Family(
        "opt",
        """
V vocab_size 50272
H hidden_size 768
W word_embed_proj_dim H
P max_position_embeddings 2048
L num_hidden_layers 12
F ffn_dim 3072
N num_labels 2
enable_bias enable_bias true
norm_before do_layer_norm_before true
no_final_norm _remove_final_layer_norm false
tied tie_word_embeddings true
""",
        _OPT,
        {
            "OPTForCausalLM": Head("model.", "lm_head.   V,W   ?!tied"),
            "OPTModel": Head(),
            "OPTForSequenceClassification": Head("model.", "score.   N,W"),
        },
        _opt,
    ),
)
