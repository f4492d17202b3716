"""What containers are by the children that they have, wherever they stand, as data."""

from dataclasses import dataclass

from ..kinds import NodeKind as K

__all__ = ["BLOCKS", "LAYER_EVIDENCE", "MTP_EVIDENCE", "Block"]


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


@dataclass(frozen=True, slots=True)
class Block:
    """A container known by its children.

    Attributes
    ----------
    kind : NodeKind
    has : tuple of str
        Names of children that it must all have; dotted names lie deeper.
    names : frozenset of str
        Own names for which the row holds; empty = any. Children with common names (``q``, ``fc1``, ``w1``)
        need a telling name of the container beside them.
    """

    kind: K
    has: tuple[str, ...]
    names: frozenset[str] = frozenset()


_ATTENTION = _names(
    "attention attn self_attn self_attention selfattention cross_attn cross_attention crossattention encoder_attn"
    " encdecattention attn1 attn2 mha multihead_attn temporal_attn msa multi_head_attention self_att attention_block"
)
_MLP = _names(
    "mlp ffn ff feed_forward feedforward densereludense ffw shared_mlp shared_expert shared_experts experts # "
    " ffn_layer fc_block dense_mlp feed_forward1 feed_forward2 feed_forward_macaron channel_mlp third_sub_layer"
)


def _blocks(kind: K, names: frozenset[str], *children: str) -> tuple[Block, ...]:
    return tuple(Block(kind, tuple(has.split()), names) for has in children)


# Modules that an adapter changes, which may be any of a block's: one tells the block, with a telling name around it.
_FACTORS = ["lora_a", "lora_down", "hada_w1_a", "lokr_w1", "lokr_w1_a", "vera_lambda_b", "ia3_l", "oft_r"]
_ADAPTED_ATTENTION = (
    "q_proj k_proj v_proj o_proj out_proj qkv_proj query key value query_key_value to_q to_k to_v c_attn"
)
_ADAPTED_MLP = "gate_proj up_proj down_proj gate_up_proj fc1 fc2 c_fc w1 w2 w3 dense_h_to_4h dense_4h_to_h"


def _adapted(modules: str) -> list[str]:
    return [f"{module}.{factor}" for module in modules.split() for factor in _FACTORS]


BLOCKS: tuple[Block, ...] = (
    # Before attention: linear attention with a decay has queries, keys and values, too.
    *_blocks(K.RECURRENT, frozenset(), "q_proj k_proj v_proj a_log"),  # Kimi's delta attention
    *_blocks(K.RECURRENT, frozenset(), "receptance time_decay key value output"),  # RWKV
    *_blocks(K.RECURRENT, frozenset(), "in_proj a_log out_proj", "in_proj x_proj dt_proj out_proj"),  # Mamba
    *_blocks(K.RECURRENT, frozenset(), "in_proj_qkvz conv1d out_proj"),  # gated delta net of Qwen3-Next
    *_blocks(K.RECURRENT, frozenset(), "ssm_conv1d ssm_out", "time_mix_key time_mix_value time_mix_output"),  # GGUF
    *_blocks(
        K.ATTENTION,
        frozenset(),
        "q_proj k_proj v_proj",  # Llama and most of Hugging Face
        "q_a_proj kv_a_proj_with_mqa",  # DeepSeek-V2/V3: multi-head latent attention
        "q_proj kv_a_proj_with_mqa",  # DeepSeek-V2-Lite: queries not compressed
        "qkv_proj o_proj",  # Phi-3
        "qkv_proj out_proj",  # CodeGen
        "c_attn c_proj",  # GPT-2, StarCoder, Qwen-1
        "query_key_value dense",  # NeoX, Falcon, BLOOM
        "in_proj_weight out_proj",  # torch.nn.MultiheadAttention
        "q_proj_weight k_proj_weight v_proj_weight out_proj",  # the same, with key and value sizes of their own
        "to_q to_k to_v",  # diffusers
        "to_q to_kv to_out",
        "wqkv out_proj",
        "wqkv wo",
        "linear_qkv linear_proj",  # Megatron core
        "q_lin k_lin v_lin",  # DistilBERT, XLM
        "self.query self.key self.value",  # BERT
        "self.query_proj self.key_proj self.value_proj",  # DeBERTa
        "attention.q_proj attention.k_proj attention.v_proj",  # GPT-Neo
        "attn.q attn.k attn.v",  # MPNet
        "self.in_proj",  # DeBERTa
        "linear_q linear_k linear_v",  # conformers of NeMo and ESPnet
        "query_proj key_proj value_proj",  # ProphetNet
        "query_net key_net value_net",  # NeMo's decoders
        "project_q project_k project_v",  # CPM-Ant
        "q_head k_head v_head",  # Funnel
        "qkv out_proj",
        "att_proj attn_out",  # Molmo
        "gqkv_proj o_proj",  # HRM: the gate of the output comes first
        "wq_a wkv",  # DeepSeek-V4
        "wq_du wk_dv wv_dv",  # Inkling
        "wq_a wkv_a_with_mqa",
        "wq wkv_a_with_mqa",
        "kv_a_proj_with_mqa kv_b_proj",
        "attn_q attn_k attn_v",  # GGUF, from here on
        "attn_qkv attn_output",
        "attn_qkv attn_out",  # of vision towers
        "attn_q_a attn_kv_a_mqa",
        "attn_q attn_kv_a_mqa",
        "attn_q attn_output",  # keys and values of an earlier layer
        "cross_attn_q cross_attn_k cross_attn_v",
    ),
    *_blocks(
        K.ATTENTION,
        _ATTENTION,
        "q k v",
        "qkv proj",
        "qkv dense",
        "qkv out",  # gpt-oss as OpenAI wrote it
        "query key value",
        "wq wk wv",
        "attention.query",
        "attention.qkv",
        "attention.attention.query",
        "attention.projection_query",  # CvT
        "self_attention.project_q",
        "in_proj o_proj",
        "in_proj out_proj",
        "q_proj kv_proj",
        "q kv",
        "kv_proj experts",  # JetMoE: a mixture of attention heads
        "q_proj o_proj",  # keys and values of an earlier layer
    ),
    *_blocks(K.ATTENTION, _ATTENTION, *_adapted(_ADAPTED_ATTENTION)),
    *_blocks(
        K.MLP,
        frozenset(),
        "gate_proj up_proj down_proj",  # Llama, Qwen, DeepSeek
        "gate_up_proj down_proj",  # Phi-3, and fused checkpoints
        "c_fc c_proj",  # GPT-2
        "dense_h_to_4h dense_4h_to_h",  # NeoX, Falcon, BLOOM
        "fc_in fc_out",  # GPT-J
        "linear_fc1 linear_fc2",  # Megatron core
        "wi_0 wi_1 wo",  # T5 1.1
        "ffn_up ffn_down",  # GGUF, from here on
        "ffn_up_shexp ffn_down_shexp",
    ),
    *_blocks(K.MLP, _MLP, *_adapted(_ADAPTED_MLP)),
    *_blocks(
        K.MLP,
        _MLP,
        "w1 w2 w3",
        "w1 w2",
        "w12 w3",
        "fc1 fc2",
        "wi wo",
        "up_proj down_proj",
        "lin1 lin2",
        "linear_1 linear_2",
        "intermediate output",
        "intermediate_dense output_dense",  # wav2vec 2.0
        "conv1 conv2",  # convolutions of FastSpeech's conformers
        "dense_in dense_out",
        "dense1 dense2",
        "ff_proj ff_out",  # Molmo
        "key receptance value",  # RWKV's channel mixing
        "layer_1 layer_2",
        "c_fc c_proj",
        "fc_1 fc_2",
        "w_1 w_2",
        "linear1 linear2",
    ),
)

# A numbered part is a layer when it has one of the blocks above as a child, or one of these descendants.
LAYER_EVIDENCE: tuple[str, ...] = (
    "layer.0.selfattention",  # T5: block.N.layer.M
    "fourier.output",  # FNet
    "attention.self_attention",  # Reformer
    "norm_attn_norm.attn",  # DBRX
    "self_att.self_attention",  # CPM-Ant
    "feature_mixer.mlp",  # PatchTSMixer
)
# A layer that has all children of one of these is a multi-token-prediction layer.
MTP_EVIDENCE: tuple[tuple[str, ...], ...] = (
    ("eh_proj", "enorm", "hnorm"),  # DeepSeek-V3, GLM-4.5
    ("nextn",),  # the same in GGUF
)
