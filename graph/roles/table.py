"""The rules that turn names into roles, as data. To support one more school of names, add rows here.

Names are compared in lower case. `ROWS` say what a part is by its own name, given the place it stands in; what a
container is by the children it has is in `blocks`.
"""

from dataclasses import dataclass

from ..kinds import NodeKind as K

__all__ = [
    "ACTIVATION_NAMES",
    "EXPERTS_NAMES",
    "FUSED_TENSORS",
    "PLACES",
    "PLACE_OF_KIND",
    "ROUTER_NAMES",
    "ROWS",
    "SHARED_NAMES",
    "Row",
]


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


EXPERTS_NAMES = _names("experts local_experts switch_mlp")  # the last: MLX
ROUTER_NAMES = _names("gate router wg ffn_gate_inp")
SHARED_NAMES = _names("shared_expert shared_experts shared_mlp")
ACTIVATION_NAMES = _names("act act_fn activation activation_fn activation_func intermediate_act_fn")

# Fused experts: names of tensors [E, ...], by what they end with after a base name that `ROWS` know ("mlp").
FUSED_TENSORS: tuple[tuple[str, str], ...] = (
    ("_blocks", ""),  # MXFP4 values (gpt-oss)
    ("_scales", "mlp.scales"),
    ("_scale_inv", "mlp.scales"),
    ("_scale", "mlp.scales"),
    ("_bias", "mlp.bias"),
    ("_weight", ""),
    ("", ""),
)


@dataclass(frozen=True, slots=True)
class Row:
    """What a part is by its own name.

    Attributes
    ----------
    role : str
        Finer than the kind.
    kind : NodeKind or None
        None keeps the kind: of a tensor, or of the block that its children make it.
    names : frozenset of str
    forms : frozenset of str
        Forms (see `forms.form_of_shapes`) for which the row holds.
    opens : str
        The place that its children stand in; "" = that of its kind, or none.
    beside : frozenset of str
        Siblings of which it needs one; empty = none needed.
    without : frozenset of str
        Siblings of which it must have none.
    check : str
        A further condition, by name (`classify.CHECKS`).
    """

    role: str
    kind: K | None
    names: frozenset[str]
    forms: frozenset[str]
    opens: str = ""
    beside: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()
    check: str = ""


_LINEAR = _names("matrix linear adapter")
_LOOKUP = _names("matrix embedding")
_NORM = _names("vector norm")
_TENSOR = _names("tensor")
_MODULE = _names("container")
_BLOCK = _names("container attention")
_KERNEL = _names("kernel")


def _row(
    role: str, kind: K | None, names: str, forms: frozenset[str], *, opens: str = "", beside: str = "",
    without: str = "", check: str = "",
) -> Row:  # fmt: skip
    return Row(role, kind, _names(names), forms, opens, _names(beside), _names(without), check)


_IN_ATTENTION = (
    _row("attention.q", K.PROJECTION, "q_proj query query_proj wq q to_q q_lin q_attn attn_q cross_attn_q linear_q"
         " query_net project_q q_head projection_query", _LINEAR),
    _row("attention.k", K.PROJECTION, "k_proj key key_proj wk k to_k k_lin attn_k cross_attn_k linear_k key_net"
         " project_k k_head projection_key wk_dv", _LINEAR),
    _row("attention.v", K.PROJECTION, "v_proj value value_proj wv v to_v v_lin attn_v cross_attn_v linear_v"
         " value_net project_v v_head projection_value wv_dv", _LINEAR),
    _row("attention.qkv", K.PROJECTION, "qkv_proj c_attn query_key_value wqkv qkv linear_qkv attn_qkv in_proj att_proj",
         _LINEAR),
    _row("attention.gqkv", K.PROJECTION, "gqkv_proj", _LINEAR),
    _row("attention.kv", K.PROJECTION, "kv_proj kv kv_linear to_kv", _LINEAR),
    _row("attention.q_a", K.PROJECTION, "q_a_proj attn_q_a wq_a", _LINEAR),
    _row("attention.q_b", K.PROJECTION, "q_b_proj attn_q_b wq_b", _LINEAR),
    _row("attention.kv_a", K.PROJECTION, "kv_a_proj_with_mqa attn_kv_a_mqa wkv_a_with_mqa", _LINEAR),
    _row("attention.kv_b", K.PROJECTION, "kv_b_proj attn_kv_b wkv_b", _LINEAR),
    # GGUF splits kv_b for keys and values, a matrix a head: [heads, ...]
    _row("attention.k_b", K.PROJECTION, "attn_k_b", _KERNEL),
    _row("attention.v_b", K.PROJECTION, "attn_v_b", _KERNEL),
    _row("attention.q_a_norm", K.NORM, "q_a_layernorm attn_q_a_norm", _NORM),
    _row("attention.kv_a_norm", K.NORM, "kv_a_layernorm attn_kv_a_norm kv_a_norm", _NORM),
    _row("attention.q_norm", K.NORM, "q_norm q_layernorm query_norm norm_q q_ln attn_q_norm", _NORM),
    _row("attention.k_norm", K.NORM, "k_norm k_layernorm key_norm norm_k k_ln attn_k_norm", _NORM),
    _row(
        "attention.o", K.OUTPUT_PROJECTION,
        "o_proj out_proj c_proj dense wo to_out out_lin out linear_proj proj o attn_output attn_out attn_o cross_attn_o"
        " linear_out out_projection attention_out post_proj wo_b wo_ud",
        _LINEAR | _MODULE,
    ),
    _row("attention.norm", K.NORM, "layernorm", _NORM),  # BERT: attention.output.LayerNorm, after the residual sum
    _row("attention.norm", K.NORM, "attn_sub_norm", _NORM),
    _row("attention.self", None, "self attention attn self_attention", _MODULE, opens="attention"),
    _row("attention.output", None, "output", _MODULE, opens="attention",
         beside="self attention"),
    _row("attention.qkv", None, "in_proj_weight", _TENSOR),
    _row("attention.q", None, "q_proj_weight", _TENSOR),
    _row("attention.k", None, "k_proj_weight", _TENSOR),
    _row("attention.v", None, "v_proj_weight", _TENSOR),
    _row("attention.bias", None, "in_proj_bias bias_k bias_v bias masked_bias q_bias v_bias", _TENSOR),
    _row("attention.sinks", None, "sinks", _TENSOR),
    _row("attention.sinks", None, "attn_sinks", _NORM),
    _row("attention.position", K.EMBEDDING, "relative_attention_bias", _LOOKUP),
    _row("attention.position", None, "rotary_emb rotary_pos_emb", _MODULE | _names("other empty")),
)  # fmt: skip

_IN_MLP = (
    _row("mlp.gate", K.LINEAR, "gate_proj wi_0 ffn_gate ffn_gate_shexp", _LINEAR),
    _row("mlp.gate", K.LINEAR, "w1", _LINEAR, beside="w3"),
    _row(
        "mlp.up",
        K.LINEAR,
        "up_proj wi_1 wi c_fc fc1 fc_in dense_h_to_4h linear_fc1 linear1 lin1 ffn_up ffn_up_shexp",
        _LINEAR,
    ),
    _row("mlp.up", K.LINEAR, "w3", _LINEAR, without="w12"),
    _row("mlp.up", K.LINEAR, "w1", _LINEAR, without="w3"),
    _row("mlp.gate_up", K.LINEAR, "gate_up_proj w12", _LINEAR),
    _row(
        "mlp.down",
        K.LINEAR,
        "down_proj w2 wo c_proj fc2 fc_out dense_4h_to_h linear_fc2 linear2 lin2 ffn_down ffn_down_shexp",
        _LINEAR,
    ),
    _row("mlp.down", K.LINEAR, "w3", _LINEAR, beside="w12"),
    _row("mlp.gate", None, "gate_proj ffn_gate_exps", _TENSOR),
    _row("mlp.gate", None, "w1", _TENSOR, beside="w3"),
    _row("mlp.up", None, "up_proj ffn_up_exps", _TENSOR),
    _row("mlp.up", None, "w3", _TENSOR),
    _row("mlp.gate_up", None, "gate_up_proj ffn_gate_up_exps fc1 input_linear w13 mlp1", _TENSOR),
    _row("mlp.down", None, "down_proj w2 ffn_down_exps fc2 output_linear mlp2", _TENSOR),
    _row("mlp.norm", K.NORM, "ffn_sub_norm", _NORM),
)
# BERT splits its MLP into two siblings, each with a matrix called "dense".
_IN_MLP_INPUT = (_row("mlp.up", K.LINEAR, "dense", _LINEAR),)
_IN_MLP_OUTPUT = (
    _row("mlp.down", K.LINEAR, "dense", _LINEAR),
    _row("mlp.norm", K.NORM, "layernorm", _NORM),
)

_IN_MOE = (
    _row("moe.router", K.ROUTER, " ".join(sorted(ROUTER_NAMES)), _LINEAR | _MODULE, check="router"),
    _row("moe.group", None, "experts", _MODULE, opens="moe", check="experts group"),  # Megatron
    _row("moe.experts", K.EXPERTS, " ".join(sorted(EXPERTS_NAMES)), _MODULE, check="experts"),
    _row("moe.shared", K.SHARED_EXPERT, " ".join(sorted(SHARED_NAMES)), _MODULE, opens="mlp", check="mlp"),
    _row("moe.shared_gate", K.LINEAR, "shared_expert_gate", _LINEAR),
    _row("moe.shared_gate", K.LINEAR, "ffn_gate_inp_shexp", _LINEAR | _NORM),
    _row("moe.bias", None, "e_score_correction_bias expert_bias", _TENSOR),
)

_FEED_FORWARD_NORMS = "pre_feedforward_layernorm post_feedforward_layernorm"
_IN_LAYER = (
    _row("attention.cross", K.ATTENTION, "cross_attn cross_attention crossattention encoder_attn multihead_attn attn2",
         _BLOCK, check="attention"),
    _row("mlp.input", K.MLP, "intermediate", _MODULE, opens="mlp.input", beside="output"),
    _row("mlp.output", K.MLP, "output", _MODULE, opens="mlp.output", beside="intermediate"),
    # norms before their block
    _row("layer.norm.attention", K.NORM,
         "input_layernorm ln_1 attention_norm layer_norm1 layernorm_before ln_attn norm_1 attn_norm", _NORM),
    _row("layer.norm.mlp", K.NORM, "ln_2 ffn_norm layer_norm2 layernorm_after ln_mlp pre_mlp_layernorm norm_2", _NORM),
    _row("layer.norm.mlp", K.NORM, "pre_feedforward_layernorm", _NORM),
    _row("layer.norm.mlp", K.NORM, "post_attention_layernorm", _NORM, without=_FEED_FORWARD_NORMS),
    _row("layer.norm.cross", K.NORM, "ln_cross_attn", _NORM),
    _row("layer.norm.mlp", K.NORM, "post_attention_norm", _NORM, without="ffn_norm"),  # GGUF
    _row("layer.norm.cross", K.NORM, "cross_attn_norm", _NORM),
    # GGUF's vision towers
    _row("layer.norm.attention", K.NORM, "ln1", _NORM, check="gguf"),
    _row("layer.norm.mlp", K.NORM, "ln2", _NORM, check="gguf"),
    # timm's ViT: its attention has one "qkv" matrix. Elsewhere norm1 and norm2 may stand before or after.
    _row("layer.norm.attention", K.NORM, "norm1", _NORM, beside="attn", check="timm"),
    _row("layer.norm.mlp", K.NORM, "norm2", _NORM, beside="attn", check="timm"),
    # norms after their block, before the sum (Gemma 2, OLMo 2, GLM-4)
    _row("layer.norm.attention.post", K.NORM, "post_attention_layernorm", _NORM, beside=_FEED_FORWARD_NORMS),
    _row("layer.norm.attention.post", K.NORM, "post_self_attn_layernorm", _NORM),
    _row("layer.norm.attention.post", K.NORM, "post_attention_norm attn_post_norm", _NORM, beside="ffn_norm ln2"),
    _row("layer.norm.mlp.post", K.NORM, "post_feedforward_layernorm post_mlp_layernorm", _NORM),
    _row("layer.norm.mlp.post", K.NORM, "post_ffw_norm ffn_post_norm", _NORM),
    # a norm before or after, which names do not tell
    _row("layer.norm", K.NORM, "norm norm1 norm2 norm3 self_attn_layer_norm encoder_attn_layer_norm final_layer_norm"
         " sa_layer_norm output_layer_norm ln1 ln2 attn_output_norm layer_output_norm", _NORM),
    # an MLP without a module of its own (OPT, BART, torch.nn.TransformerEncoderLayer)
    _row("mlp.up", K.LINEAR, "fc1 linear1", _LINEAR, beside="fc2 linear2"),
    _row("mlp.down", K.LINEAR, "fc2 linear2", _LINEAR, beside="fc1 linear1"),
)  # fmt: skip

_IN_MTP = (
    _row("mtp.nextn", None, "nextn", _MODULE, opens="mtp"),  # GGUF
    _row("mtp.norm.final", K.NORM, "shared_head_norm", _NORM),
    _row("mtp.output", K.OUTPUT, "shared_head_head", _LINEAR),
    _row("mtp.norm.embedding", K.NORM, "enorm", _NORM),
    _row("mtp.norm.hidden", K.NORM, "hnorm", _NORM),
    _row("mtp.projection", K.LINEAR, "eh_proj", _LINEAR),
    _row("mtp.embedding", K.EMBEDDING, "embed_tokens", _LOOKUP),
    _row("mtp.head", None, "shared_head", _MODULE, opens="mtp.head"),
    *_IN_LAYER,
)
_IN_MTP_HEAD = (
    _row("mtp.norm.final", K.NORM, "norm", _NORM),
    _row("mtp.output", K.OUTPUT, "head", _LINEAR),
)

_IN_MODEL = (
    _row("embedding", K.EMBEDDING, "embeddings", _MODULE, opens="embedding", check="embeddings"),
    _row("embedding.token", K.EMBEDDING,
         "embed_tokens wte word_embeddings embed_in tok_embeddings token_embedding tok_emb token_emb token_embd",
         _LOOKUP),
    _row("embedding.token", K.EMBEDDING, "shared embedding embeddings emb embed", _LOOKUP, check="near layers"),
    _row("embedding.position", K.EMBEDDING,
         "wpe position_embeddings embed_positions pos_emb position_embedding position_embd", _LOOKUP),
    _row("embedding.position", None, "pos_embed pos_embedding position_embeddings", _TENSOR),
    _row("embedding.norm", K.NORM, "word_embeddings_layernorm layernorm_embedding embedding_norm token_embd_norm",
         _NORM),
    _row("norm.final", K.NORM, "norm ln_f final_layernorm final_layer_norm layernorm norm_f final_norm ln_final ln_out"
         " output_norm", _NORM, check="near layers"),
    _row("output", K.OUTPUT, "lm_head embed_out output_layer cls unembedding", _LINEAR | _MODULE),
    _row("output", K.OUTPUT, "output", _LINEAR, beside="tok_embeddings token_embd"),
    _row("output.classifier", K.OUTPUT, "classifier score qa_outputs", _LINEAR | _MODULE),
    _row("output.classifier", K.OUTPUT, "head fc", _LINEAR, check="last"),
    _row("pooler", None, "pooler", _MODULE),
)  # fmt: skip

_IN_EMBEDDING = (
    _row("embedding.token", K.EMBEDDING, "word_embeddings token_embedding", _LOOKUP),
    _row("embedding.position", K.EMBEDDING, "position_embeddings position_embedding", _LOOKUP),
    _row("embedding.type", K.EMBEDDING, "token_type_embeddings", _LOOKUP),
    _row("embedding.norm", K.NORM, "layernorm", _NORM),
)

PLACES: dict[str, tuple[Row, ...]] = {
    "model": _IN_MODEL,
    "embedding": _IN_EMBEDDING,
    "layer": _IN_LAYER,
    "mtp": _IN_MTP,
    "mtp.head": _IN_MTP_HEAD,
    "attention": _IN_ATTENTION,
    "mlp": _IN_MLP,
    "mlp.input": _IN_MLP_INPUT,
    "mlp.output": _IN_MLP_OUTPUT,
    "moe": _IN_MOE,
}
# The place that the children of a part stand in, by its kind.
PLACE_OF_KIND: dict[K, str] = {
    K.MODEL: "model",
    K.LAYER: "layer",
    K.MTP: "mtp",
    K.ATTENTION: "attention",
    K.MLP: "mlp",
    K.EXPERT: "mlp",
    K.SHARED_EXPERT: "mlp",
    K.MOE: "moe",
}
# Looking a name up must not depend on how many rows there are.
ROWS: dict[tuple[str, str], tuple[Row, ...]] = {
    (place, name): tuple(row for row in rows if name in row.names)
    for place, rows in PLACES.items()
    for name in {name for row in rows for name in row.names}
}
