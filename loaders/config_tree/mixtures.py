"""Families of decoders with mixtures of experts."""

from .decoders import LLAMA_ATTENTION, LLAMA_NORMS, QKV_BIAS_ATTENTION
from .family import Family, Head, Ranges, decoder
from .sizes import Sizes

__all__ = ["MIXTURES"]

_START = """
embed_tokens.   V,H
layers.{L}.input_layernorm.   H
"""
_END = """
norm.   H
"""
# Dense layers {B} have an MLP, sparse ones {M} a router and experts.
_DENSE = """
layers.{B}.mlp.gate_proj.   F,H
layers.{B}.mlp.up_proj.     F,H
layers.{B}.mlp.down_proj.   H,F
"""
_EXPERTS = """
layers.{M}.mlp.gate.   E,H
layers.{M}.mlp.gate.e_score_correction_bias   E   ?score_bias
layers.{M}.mlp.experts.{E}.gate_proj.   X,H
layers.{M}.mlp.experts.{E}.up_proj.     X,H
layers.{M}.mlp.experts.{E}.down_proj.   H,X
layers.{M}.mlp.shared_experts.gate_proj.   S*X,H   ?shared
layers.{M}.mlp.shared_experts.up_proj.     S*X,H   ?shared
layers.{M}.mlp.shared_experts.down_proj.   H,S*X   ?shared
"""
# Multi-token prediction: whole layers of their own {P} behind the last one, which transformers leaves out.
_MTP = """
layers.{P}.embed_tokens.   V,H
layers.{P}.enorm.   H
layers.{P}.hnorm.   H
layers.{P}.eh_proj.   H,2*H
layers.{P}.shared_head.norm.   H
layers.{P}.shared_head.head.   V,H
"""
_LATENT_ATTENTION = """
layers.{L}.self_attn.q_proj.                A*C+A*R,H   ?!low_rank
layers.{L}.self_attn.q_a_proj.              Q,H   +attention_bias   ?low_rank
layers.{L}.self_attn.q_a_layernorm.         Q   ?low_rank
layers.{L}.self_attn.q_b_proj.              A*C+A*R,Q   ?low_rank
layers.{L}.self_attn.kv_a_proj_with_mqa.    T+R,H   +attention_bias
layers.{L}.self_attn.kv_a_layernorm.        T
layers.{L}.self_attn.kv_b_proj.             A*C+A*U,T
layers.{L}.self_attn.o_proj.                H,A*U   +attention_bias
"""
_DEEPSEEK_SIZES = """
V vocab_size {V}
H hidden_size {H}
F intermediate_size {F}
X moe_intermediate_size {X}
L num_hidden_layers {L}
P num_nextn_predict_layers 0
dense first_k_dense_replace {dense}
E n_routed_experts {E}
S n_shared_experts {S}
A num_attention_heads {A}
Q q_lora_rank {Q}
T kv_lora_rank 512
R qk_rope_head_dim 64
C qk_nope_head_dim 128
U v_head_dim 128
N num_labels 2
attention_bias attention_bias false
tied tie_word_embeddings false
"""


def _after_dense(sizes: Sizes) -> Ranges:
    """The first layers are dense, all others sparse, prediction layers too."""
    n, flags = sizes.numbers, sizes.flags
    layers, dense, total = n["L"], min(n["dense"], n["L"]), n["L"] + n["P"]
    flags["shared"] = n["S"] > 0
    sparse = range(dense, total)
    return {"L": range(total), "B": range(dense), "M": sparse, "P": range(layers, total)}


def _deepseek_v2(sizes: Sizes) -> Ranges:
    sizes.flags["score_bias"] = False
    return _latent(sizes)


def _deepseek_v3(sizes: Sizes) -> Ranges:
    sizes.flags["score_bias"] = True
    return _latent(sizes)


def _latent(sizes: Sizes) -> Ranges:
    # "q_lora_rank": null is the way to say that queries have no low rank.
    sizes.flags["low_rank"] = not ("q_lora_rank" in sizes.config and sizes.config["q_lora_rank"] is None)
    return _after_dense(sizes)


def _glm4_moe(sizes: Sizes) -> Ranges:
    sizes.flags["score_bias"] = True
    return _after_dense(sizes)


def _every_step(sizes: Sizes) -> Ranges:
    """Every so many layers one is sparse, but for those that are named."""
    layers, step, dense = range(sizes.numbers["L"]), sizes.numbers["step"], sizes.indices("mlp_only_layers")
    has_experts = sizes.numbers["E"] > 0 and step > 0
    sparse = [i for i in layers if has_experts and i not in dense and (i + 1) % step == 0]
    rest = set(sparse)
    sizes.flags |= {"score_bias": False, "shared": False}
    return {"M": sparse, "B": [i for i in layers if i not in rest]}


def _all_sparse(sizes: Sizes) -> Ranges:
    sizes.flags |= {"score_bias": False, "shared": False}
    return {"M": range(sizes.numbers["L"])}


_DEEPSEEK = _START + _LATENT_ATTENTION + LLAMA_NORMS + _DENSE + _EXPERTS + _END

MIXTURES = (
    Family(
        "mixtral",
        """
V vocab_size 32000
H hidden_size 4096
F intermediate_size 14336
L num_hidden_layers 32
A num_attention_heads 32
K num_key_value_heads 8
D head_dim H/A
E num_local_experts 8
N num_labels 2
attention_bias - false
tied tie_word_embeddings false
""",
        _START
        + LLAMA_ATTENTION
        + LLAMA_NORMS
        + """
layers.{L}.block_sparse_moe.gate.   E,H
layers.{L}.block_sparse_moe.experts.{E}.w1.   F,H
layers.{L}.block_sparse_moe.experts.{E}.w2.   H,F
layers.{L}.block_sparse_moe.experts.{E}.w3.   F,H
"""
        + _END,
        decoder("Mixtral"),
    ),
    Family(
        "qwen2_moe",
        """
V vocab_size 151936
H hidden_size 2048
F intermediate_size 5632
X moe_intermediate_size 1408
S shared_expert_intermediate_size 5632
L num_hidden_layers 24
A num_attention_heads 16
K num_key_value_heads A
D head_dim H/A
E num_experts 60
step decoder_sparse_step 1
N num_labels 2
qkv_bias qkv_bias true
tied tie_word_embeddings false
""",
        _START
        + QKV_BIAS_ATTENTION
        + LLAMA_NORMS
        + _DENSE
        + _EXPERTS
        + """
layers.{M}.mlp.shared_expert.gate_proj.   S,H
layers.{M}.mlp.shared_expert.up_proj.     S,H
layers.{M}.mlp.shared_expert.down_proj.   H,S
layers.{M}.mlp.shared_expert_gate.   1,H
"""
        + _END,
        decoder("Qwen2Moe"),
        _every_step,
    ),
    Family(
        "qwen3_moe",
        """
V vocab_size 151936
H hidden_size 2048
F intermediate_size 6144
X moe_intermediate_size 768
L num_hidden_layers 24
A num_attention_heads 32
K num_key_value_heads 4
D head_dim H/A
E num_experts|num_local_experts 128
step decoder_sparse_step 1
N num_labels 2
attention_bias attention_bias false
tied tie_word_embeddings false
""",
        _START
        + LLAMA_ATTENTION
        + """
layers.{L}.self_attn.q_norm.   D
layers.{L}.self_attn.k_norm.   D
"""
        + LLAMA_NORMS
        + _DENSE
        + _EXPERTS
        + _END,
        decoder("Qwen3Moe"),
        _every_step,
    ),
    Family(
        "olmoe",
        """
V vocab_size 50304
H hidden_size 2048
X intermediate_size 2048
L num_hidden_layers 16
A num_attention_heads 16
K num_key_value_heads A
D - H/A
E num_experts 64
N num_labels 2
attention_bias attention_bias false
tied tie_word_embeddings false
""",
        _START
        + LLAMA_ATTENTION
        + """
layers.{L}.self_attn.q_norm.   H
layers.{L}.self_attn.k_norm.   K*D
"""
        + LLAMA_NORMS
        + _EXPERTS
        + _END,
        {"OlmoeForCausalLM": decoder("")["ForCausalLM"], "OlmoeModel": Head()},
        _all_sparse,
    ),
    Family(
        "deepseek_v2",
        _DEEPSEEK_SIZES.format(V=102400, H=4096, F=11008, X=1407, L=32, dense=0, E=64, S=2, A=32, Q=1536),
        _DEEPSEEK,
        decoder("DeepseekV2"),
        _deepseek_v2,
    ),
    Family(
        "deepseek_v3 kimi_k2",
        _DEEPSEEK_SIZES.format(V=129280, H=7168, F=18432, X=2048, L=61, dense=3, E=256, S=1, A=128, Q=1536),
        _DEEPSEEK + _MTP,
        decoder("DeepseekV3"),
        _deepseek_v3,
    ),
    Family(
        "glm4_moe",
        """
V vocab_size 151552
H hidden_size 4096
F intermediate_size 10944
X moe_intermediate_size 1408
L num_hidden_layers 46
P num_nextn_predict_layers 0
dense first_k_dense_replace 1
E n_routed_experts 128
S n_shared_experts 1
A num_attention_heads 96
K num_key_value_heads 8
D head_dim H/A
N num_labels 2
qkv_bias attention_bias false
qk_norm use_qk_norm false
tied tie_word_embeddings false
""",
        _START
        + QKV_BIAS_ATTENTION
        + """
layers.{L}.self_attn.q_norm.   D   ?qk_norm
layers.{L}.self_attn.k_norm.   D   ?qk_norm
"""
        + LLAMA_NORMS
        + _DENSE
        + _EXPERTS
        + _END
        + _MTP,
        {"Glm4MoeForCausalLM": decoder("")["ForCausalLM"], "Glm4MoeModel": Head()},
        _glm4_moe,
    ),
    Family(
        "gpt_oss",
        """
V vocab_size 201088
H hidden_size 2880
F intermediate_size 2880
L num_hidden_layers 36
A num_attention_heads 64
K num_key_value_heads 8
D head_dim 64
E num_local_experts 128
N num_labels 2
attention_bias attention_bias true
tied tie_word_embeddings false
""",
        _START
        + """
layers.{L}.self_attn.sinks   A
"""
        + LLAMA_ATTENTION
        + LLAMA_NORMS
        + """
layers.{L}.mlp.router.   E,H   +
layers.{L}.mlp.experts.gate_up_proj        E,H,2*F
layers.{L}.mlp.experts.gate_up_proj_bias   E,2*F
layers.{L}.mlp.experts.down_proj           E,F,H
layers.{L}.mlp.experts.down_proj_bias      E,H
"""
        + _END,
        decoder("GptOss"),
    ),
)
