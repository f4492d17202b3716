"""What well-known parts are called in plain words: "Query projection" for ``q_proj``, "Softmax" for ``aten.softmax``.

By its kind first, then by its name; a part that is in neither table keeps its name, since nothing is made up.
"""

from ...graph.kinds import NodeKind
from ...graph.model_graph import ModelGraph
from .translation import QT_TRANSLATE_NOOP, translate

__all__ = ["plain_name", "plain_operator"]

_KINDS = {
    NodeKind.ATTENTION: QT_TRANSLATE_NOOP("Plain", "Attention"),
    NodeKind.OUTPUT_PROJECTION: QT_TRANSLATE_NOOP("Plain", "Output projection"),
    NodeKind.MLP: QT_TRANSLATE_NOOP("Plain", "Feed-forward"),
    NodeKind.MOE: QT_TRANSLATE_NOOP("Plain", "Mixture of experts"),
    NodeKind.ROUTER: QT_TRANSLATE_NOOP("Plain", "Router"),
    NodeKind.SHARED_EXPERT: QT_TRANSLATE_NOOP("Plain", "Shared expert"),
    NodeKind.NORM: QT_TRANSLATE_NOOP("Plain", "Normalisation"),
    NodeKind.EMBEDDING: QT_TRANSLATE_NOOP("Plain", "Embedding"),
    NodeKind.OUTPUT: QT_TRANSLATE_NOOP("Plain", "Output head"),
    NodeKind.OPTIMIZER: QT_TRANSLATE_NOOP("Plain", "Optimizer state"),
}
_CROSS = QT_TRANSLATE_NOOP("Plain", "Attention to the encoder")
_CROSS_NAMES = frozenset(["encoder_attn", "encdecattention", "crossattention", "cross_attn", "cross_attention"])


def _table(*rows: tuple[str, str]) -> dict[str, str]:
    return {name: word for word, names in rows for name in names.split()}


# Names as checkpoints have them, in lower case, by kind: "gate" is a router in one place and a matrix in another.
_NAMES = {
    NodeKind.PROJECTION: _table(
        (
            QT_TRANSLATE_NOOP("Plain", "Query projection"),
            "q_proj query query_proj wq q to_q q_lin attn_q cross_attn_q linear_q",
        ),
        (
            QT_TRANSLATE_NOOP("Plain", "Key projection"),
            "k_proj key key_proj wk k to_k k_lin attn_k cross_attn_k linear_k",
        ),
        (
            QT_TRANSLATE_NOOP("Plain", "Value projection"),
            "v_proj value value_proj wv v to_v v_lin attn_v cross_attn_v linear_v",
        ),
        (
            QT_TRANSLATE_NOOP("Plain", "Query, key and value projection"),
            "qkv_proj c_attn query_key_value wqkv qkv linear_qkv attn_qkv in_proj",
        ),
        (QT_TRANSLATE_NOOP("Plain", "Key and value projection"), "kv_proj kv kv_linear to_kv"),
        (QT_TRANSLATE_NOOP("Plain", "Query compression"), "q_a_proj attn_q_a wq_a"),
        (QT_TRANSLATE_NOOP("Plain", "Query expansion"), "q_b_proj attn_q_b wq_b"),
        (
            QT_TRANSLATE_NOOP("Plain", "Key and value compression"),
            "kv_a_proj_with_mqa attn_kv_a_mqa wkv_a_with_mqa",
        ),
        (QT_TRANSLATE_NOOP("Plain", "Key and value expansion"), "kv_b_proj attn_kv_b wkv_b"),
    ),
    NodeKind.LINEAR: _table(
        (QT_TRANSLATE_NOOP("Plain", "Gate projection"), "gate_proj wi_0 ffn_gate ffn_gate_shexp"),
        (
            QT_TRANSLATE_NOOP("Plain", "Up projection"),
            "up_proj wi_1 wi c_fc fc1 fc_in dense_h_to_4h linear_fc1 lin1 ffn_up ffn_up_shexp",
        ),
        (QT_TRANSLATE_NOOP("Plain", "Gate and up projection"), "gate_up_proj"),
        (
            QT_TRANSLATE_NOOP("Plain", "Down projection"),
            "down_proj wo c_proj fc2 fc_out dense_4h_to_h linear_fc2 lin2 ffn_down ffn_down_shexp",
        ),
    ),
    NodeKind.NORM: _table(
        (
            QT_TRANSLATE_NOOP("Plain", "Normalisation before attention"),
            "input_layernorm layernorm_before attn_norm attention_norm",
        ),
        (
            QT_TRANSLATE_NOOP("Plain", "Normalisation after attention"),
            "post_attention_layernorm layernorm_after post_attention_norm",
        ),
        (
            QT_TRANSLATE_NOOP("Plain", "Normalisation before feed-forward"),
            "pre_feedforward_layernorm ffn_norm",
        ),
        (QT_TRANSLATE_NOOP("Plain", "Normalisation after feed-forward"), "post_feedforward_layernorm"),
        (QT_TRANSLATE_NOOP("Plain", "First normalisation"), "ln_1 ln1 norm1 layer_norm1"),
        (QT_TRANSLATE_NOOP("Plain", "Second normalisation"), "ln_2 ln2 norm2 layer_norm2"),
        (QT_TRANSLATE_NOOP("Plain", "Final normalisation"), "ln_f norm_f final_layernorm final_layer_norm output_norm"),
        (QT_TRANSLATE_NOOP("Plain", "Normalisation of the query"), "q_norm q_a_layernorm attn_q_norm attn_q_a_norm"),
        (QT_TRANSLATE_NOOP("Plain", "Normalisation of the key"), "k_norm attn_k_norm"),
        (QT_TRANSLATE_NOOP("Plain", "Normalisation of key and value"), "kv_a_layernorm attn_kv_a_norm"),
    ),
    NodeKind.EMBEDDING: _table(
        (
            QT_TRANSLATE_NOOP("Plain", "Token embedding"),
            "embed_tokens wte tok_embeddings token_embd token_embedding word_embeddings embed_in shared",
        ),
        (
            QT_TRANSLATE_NOOP("Plain", "Position embedding"),
            "wpe embed_positions position_embedding position_embeddings position_embd relative_attention_bias",
        ),
        (QT_TRANSLATE_NOOP("Plain", "Segment embedding"), "token_type_embeddings"),
    ),
    NodeKind.CONV: _table((QT_TRANSLATE_NOOP("Plain", "Patch embedding"), "patch_embedding patch_embed")),
}
# Mixtral and Llama's own code number the matrices of an MLP that has a gate; without w3 there is none.
_NUMBERED = _table(
    (QT_TRANSLATE_NOOP("Plain", "Gate projection"), "w1"),
    (QT_TRANSLATE_NOOP("Plain", "Down projection"), "w2"),
    (QT_TRANSLATE_NOOP("Plain", "Up projection"), "w3"),
)

# Types of torch and ONNX, in lower case and without underscores.
_OPERATORS = _table(
    (QT_TRANSLATE_NOOP("Plain", "Matrix product"), "matmul mm bmm gemm einsum"),
    (QT_TRANSLATE_NOOP("Plain", "Linear map"), "linear addmm"),
    (QT_TRANSLATE_NOOP("Plain", "Softmax"), "softmax"),
    (QT_TRANSLATE_NOOP("Plain", "Attention"), "scaleddotproductattention attention multiheadattention"),
    (QT_TRANSLATE_NOOP("Plain", "Sum"), "add sum reducesum"),
    (QT_TRANSLATE_NOOP("Plain", "Difference"), "sub"),
    (QT_TRANSLATE_NOOP("Plain", "Product"), "mul"),
    (QT_TRANSLATE_NOOP("Plain", "Quotient"), "div"),
    (QT_TRANSLATE_NOOP("Plain", "Power"), "pow"),
    (QT_TRANSLATE_NOOP("Plain", "Square root"), "sqrt"),
    (QT_TRANSLATE_NOOP("Plain", "Inverse square root"), "rsqrt"),
    (QT_TRANSLATE_NOOP("Plain", "Reciprocal"), "reciprocal"),
    (QT_TRANSLATE_NOOP("Plain", "Negative"), "neg"),
    (QT_TRANSLATE_NOOP("Plain", "Mean"), "mean reducemean"),
    (QT_TRANSLATE_NOOP("Plain", "Exponential"), "exp"),
    (QT_TRANSLATE_NOOP("Plain", "Logarithm"), "log"),
    (QT_TRANSLATE_NOOP("Plain", "Sine"), "sin"),
    (QT_TRANSLATE_NOOP("Plain", "Cosine"), "cos"),
    (QT_TRANSLATE_NOOP("Plain", "Sigmoid"), "sigmoid"),
    (QT_TRANSLATE_NOOP("Plain", "Hyperbolic tangent"), "tanh"),
    (QT_TRANSLATE_NOOP("Plain", "Activation (ReLU)"), "relu"),
    (QT_TRANSLATE_NOOP("Plain", "Activation (GELU)"), "gelu"),
    (QT_TRANSLATE_NOOP("Plain", "Activation (SiLU)"), "silu"),
    (QT_TRANSLATE_NOOP("Plain", "Convolution"), "conv conv1d conv2d conv3d convolution"),
    (QT_TRANSLATE_NOOP("Plain", "Largest of each patch"), "maxpool maxpool1d maxpool2d"),
    (QT_TRANSLATE_NOOP("Plain", "Mean of each patch"), "averagepool avgpool1d avgpool2d"),
    (QT_TRANSLATE_NOOP("Plain", "Mean of each channel"), "globalaveragepool adaptiveavgpool2d"),
    (QT_TRANSLATE_NOOP("Plain", "Normalisation"), "layernorm layernormalization rmsnorm groupnorm"),
    (QT_TRANSLATE_NOOP("Plain", "Normalisation by batch"), "batchnorm batchnormalization"),
    (QT_TRANSLATE_NOOP("Plain", "Look-up"), "embedding gather index indexselect"),
    (QT_TRANSLATE_NOOP("Plain", "Join"), "cat concat stack"),
    (QT_TRANSLATE_NOOP("Plain", "Split"), "split splitwithsizes chunk"),
    (QT_TRANSLATE_NOOP("Plain", "Part"), "slice select narrow"),
    (QT_TRANSLATE_NOOP("Plain", "New shape"), "reshape view flatten squeeze unsqueeze"),
    (QT_TRANSLATE_NOOP("Plain", "Axes exchanged"), "transpose permute t"),
    (QT_TRANSLATE_NOOP("Plain", "Repeat"), "expand repeat tile"),
    (QT_TRANSLATE_NOOP("Plain", "Choice by a mask"), "where"),
    (QT_TRANSLATE_NOOP("Plain", "Dropout"), "dropout"),
    (QT_TRANSLATE_NOOP("Plain", "Change of type"), "cast"),
    (QT_TRANSLATE_NOOP("Plain", "The largest few"), "topk"),
)


def plain_name(graph: ModelGraph, node: int) -> str | None:
    """Return what a module is called in plain words, None where it is not known."""
    kind, name = graph.kind_of(node), graph.name_of(node).lower()
    if kind == NodeKind.ATTENTION and name in _CROSS_NAMES:
        return translate("Plain", _CROSS)
    if kind == NodeKind.LINEAR and name in _NUMBERED:
        above = int(graph.parent[node])
        gated = any(graph.name_of(int(child)).lower() == "w3" for child in graph.children(above))
        return translate("Plain", _NUMBERED[name]) if gated else None
    word = _NAMES.get(kind, {}).get(name) or _KINDS.get(kind)
    return translate("Plain", word) if word else None


def plain_operator(name: str) -> str | None:
    """Return what an operator does in plain words, by its type without name space and overload; None if not known."""
    word = _OPERATORS.get(name.lower().replace("_", ""))
    return translate("Plain", word) if word else None
