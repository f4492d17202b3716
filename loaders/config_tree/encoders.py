"""Families of encoders, and of encoders with decoders."""

from .family import Family, Head, Ranges
from .sizes import Sizes

__all__ = ["ENCODERS"]

_BERT_SIZES = """
V vocab_size {V}
H hidden_size {H}
L num_hidden_layers 12
F intermediate_size {F}
P max_position_embeddings 512
Y type_vocab_size 2
N num_labels 2
tied tie_word_embeddings true
"""
_BERT_LAYERS = """
encoder.layer.{L}.attention.self.query.   H,H   +
encoder.layer.{L}.attention.self.key.     H,H   +
encoder.layer.{L}.attention.self.value.   H,H   +
encoder.layer.{L}.attention.output.dense.       H,H   +
encoder.layer.{L}.attention.output.LayerNorm.   H   +
encoder.layer.{L}.intermediate.dense.   F,H   +
encoder.layer.{L}.output.dense.         H,F   +
encoder.layer.{L}.output.LayerNorm.     H   +
"""
_BERT = (
    """
embeddings.word_embeddings.         V,H
embeddings.position_embeddings.     P,H
embeddings.token_type_embeddings.   Y,H
embeddings.LayerNorm.   H   +
"""
    + _BERT_LAYERS
    + """
pooler.dense.   H,H   +   ?pooler
"""
)
_BERT_MLM = """
cls.predictions.bias   V
cls.predictions.transform.dense.       H,H   +
cls.predictions.transform.LayerNorm.   H   +
cls.predictions.decoder.weight   V,H   ?!tied
cls.predictions.decoder.bias     V     ?!tied
"""
_ROBERTA_MLM = """
lm_head.bias   V
lm_head.dense.        H,H   +
lm_head.layer_norm.   H   +
lm_head.decoder.weight   V,H   ?!tied
lm_head.decoder.bias     V     ?!tied
"""
_ROBERTA_CLASSIFIER = """
classifier.dense.      H,H   +
classifier.out_proj.   N,H   +
"""
_POOLER, _NO_POOLER = {"pooler": True}, {"pooler": False}


def _roberta(name: str) -> dict[str, Head]:
    return {
        f"{name}ForMaskedLM": Head("roberta.", _ROBERTA_MLM, _NO_POOLER),
        f"{name}Model": Head("", "", _POOLER),
        f"{name}ForSequenceClassification": Head("roberta.", _ROBERTA_CLASSIFIER, _NO_POOLER),
        f"{name}ForTokenClassification": Head("roberta.", "classifier.   N,H   +", _NO_POOLER),
        f"{name}ForQuestionAnswering": Head("roberta.", "qa_outputs.   N,H   +", _NO_POOLER),
    }


_DISTILBERT = """
embeddings.word_embeddings.       V,H
embeddings.position_embeddings.   P,H
embeddings.LayerNorm.   H   +
transformer.layer.{L}.attention.q_lin.     H,H   +
transformer.layer.{L}.attention.k_lin.     H,H   +
transformer.layer.{L}.attention.v_lin.     H,H   +
transformer.layer.{L}.attention.out_lin.   H,H   +
transformer.layer.{L}.sa_layer_norm.   H   +
transformer.layer.{L}.ffn.lin1.   F,H   +
transformer.layer.{L}.ffn.lin2.   H,F   +
transformer.layer.{L}.output_layer_norm.   H   +
"""
_DISTILBERT_MLM = """
vocab_transform.    H,H   +
vocab_layer_norm.   H   +
vocab_projector.weight   V,H   ?!tied
vocab_projector.bias     V
"""
_DISTILBERT_CLASSIFIER = """
pre_classifier.   H,H   +
classifier.       N,H   +
"""
_T5 = """
shared.   V,H
encoder.block.{L}.layer.0.SelfAttention.q.   A*D,H
encoder.block.{L}.layer.0.SelfAttention.k.   A*D,H
encoder.block.{L}.layer.0.SelfAttention.v.   A*D,H
encoder.block.{L}.layer.0.SelfAttention.o.   H,A*D
encoder.block.{Z}.layer.0.SelfAttention.relative_attention_bias.   B,A
encoder.block.{L}.layer.0.layer_norm.   H
encoder.block.{L}.layer.1.DenseReluDense.wi.     F,H   ?!gated
encoder.block.{L}.layer.1.DenseReluDense.wi_0.   F,H   ?gated
encoder.block.{L}.layer.1.DenseReluDense.wi_1.   F,H   ?gated
encoder.block.{L}.layer.1.DenseReluDense.wo.     H,F
encoder.block.{L}.layer.1.layer_norm.   H
encoder.final_layer_norm.   H
"""
_T5_DECODER = """
decoder.block.{M}.layer.0.SelfAttention.q.   A*D,H
decoder.block.{M}.layer.0.SelfAttention.k.   A*D,H
decoder.block.{M}.layer.0.SelfAttention.v.   A*D,H
decoder.block.{M}.layer.0.SelfAttention.o.   H,A*D
decoder.block.{Y}.layer.0.SelfAttention.relative_attention_bias.   B,A
decoder.block.{M}.layer.0.layer_norm.   H
decoder.block.{M}.layer.1.EncDecAttention.q.   A*D,H
decoder.block.{M}.layer.1.EncDecAttention.k.   A*D,H
decoder.block.{M}.layer.1.EncDecAttention.v.   A*D,H
decoder.block.{M}.layer.1.EncDecAttention.o.   H,A*D
decoder.block.{M}.layer.1.layer_norm.   H
decoder.block.{M}.layer.2.DenseReluDense.wi.     F,H   ?!gated
decoder.block.{M}.layer.2.DenseReluDense.wi_0.   F,H   ?gated
decoder.block.{M}.layer.2.DenseReluDense.wi_1.   F,H   ?gated
decoder.block.{M}.layer.2.DenseReluDense.wo.     H,F
decoder.block.{M}.layer.2.layer_norm.   H
decoder.final_layer_norm.   H
"""


def _t5(sizes: Sizes) -> Ranges:
    n, kind = sizes.numbers, sizes.config.get("feed_forward_proj", "relu")
    sizes.flags["gated"] = isinstance(kind, str) and kind.startswith("gated-")
    # Positions are learned in the first block only.
    return {"Z": range(min(n["L"], 1)), "M": range(n["M"]), "Y": range(min(n["M"], 1))}


_VIT = """
embeddings.cls_token   1,1,H
embeddings.position_embeddings   1,T,H
embeddings.patch_embeddings.projection.   H,C,S,S   +
encoder.layer.{L}.attention.attention.query.   H,H   +qkv_bias
encoder.layer.{L}.attention.attention.key.     H,H   +qkv_bias
encoder.layer.{L}.attention.attention.value.   H,H   +qkv_bias
encoder.layer.{L}.attention.output.dense.      H,H   +
encoder.layer.{L}.intermediate.dense.   F,H   +
encoder.layer.{L}.output.dense.         H,F   +
encoder.layer.{L}.layernorm_before.   H   +
encoder.layer.{L}.layernorm_after.    H   +
layernorm.   H   +
pooler.dense.   O,H   +   ?pooler
"""


def _vit(sizes: Sizes) -> Ranges:
    n = sizes.numbers
    side = n["I"] // max(n["S"], 1)
    n["T"] = side * side + 1
    return {}


ENCODERS = (
    Family(
        "bert",
        _BERT_SIZES.format(V=30522, H=768, F=3072),
        _BERT,
        {
            "BertForMaskedLM": Head("bert.", _BERT_MLM, _NO_POOLER),
            "BertModel": Head("", "", _POOLER),
            "BertLMHeadModel": Head("bert.", _BERT_MLM, _NO_POOLER),
            "BertForPreTraining": Head("bert.", _BERT_MLM + "cls.seq_relationship.   2,H   +\n", _POOLER),
            "BertForSequenceClassification": Head("bert.", "classifier.   N,H   +", _POOLER),
            "BertForTokenClassification": Head("bert.", "classifier.   N,H   +", _NO_POOLER),
            "BertForQuestionAnswering": Head("bert.", "qa_outputs.   N,H   +", _NO_POOLER),
        },
        without="add_cross_attention",
    ),
    Family(
        "roberta",
        _BERT_SIZES.format(V=50265, H=768, F=3072),
        _BERT,
        _roberta("Roberta"),
        without="add_cross_attention",
    ),
    Family(
        "xlm-roberta",
        _BERT_SIZES.format(V=30522, H=768, F=3072),
        _BERT,
        _roberta("XLMRoberta"),
        without="add_cross_attention",
    ),
    Family(
        "distilbert",
        """
V vocab_size 30522
P max_position_embeddings 512
L n_layers 6
H dim 768
F hidden_dim 3072
N num_labels 2
tied tie_word_embeddings true
""",
        _DISTILBERT,
        {
            "DistilBertForMaskedLM": Head("distilbert.", _DISTILBERT_MLM),
            "DistilBertModel": Head(),
            "DistilBertForSequenceClassification": Head("distilbert.", _DISTILBERT_CLASSIFIER),
            "DistilBertForTokenClassification": Head("distilbert.", "classifier.   N,H   +"),
            "DistilBertForQuestionAnswering": Head("distilbert.", "qa_outputs.   N,H   +"),
        },
    ),
    Family(
        "t5",
        """
V vocab_size 32128
H d_model 512
D d_kv 64
F d_ff 2048
L num_layers 6
M num_decoder_layers L
A num_heads 8
B relative_attention_num_buckets 32
tied tie_word_embeddings true
""",
        _T5,
        {
            "T5ForConditionalGeneration": Head("", _T5_DECODER + "lm_head.   V,H   ?!tied\n"),
            "T5Model": Head("", _T5_DECODER),
            "T5EncoderModel": Head(),
        },
        _t5,
    ),
    Family(
        "vit",
        """
H hidden_size 768
L num_hidden_layers 12
F intermediate_size 3072
I image_size 224
S patch_size 16
C num_channels 3
O pooler_output_size H
N num_labels 2
qkv_bias qkv_bias true
""",
        _VIT,
        {
            "ViTForImageClassification": Head("vit.", "classifier.   N,H   +", _NO_POOLER),
            "ViTModel": Head("", "", _POOLER),
        },
        _vit,
    ),
)
