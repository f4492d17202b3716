"""How Megatron cuts tensors among tensor-parallel ranks, by name: data, checked against megatron-core's own models.

A column-parallel layer is cut along its outputs (dimension 0 of the weight, and its bias), a row-parallel one along
its inputs (dimension 1; its bias is whole on every rank). Whatever is not named here is not joined.
"""

import re
from typing import Literal

__all__ = ["Rule", "rule_of"]

Rule = Literal["rows", "columns", "same"]

_RULES: tuple[tuple[Rule, str], ...] = (
    # megatron-core, then Megatron-LM before it
    ("rows", r"(?:linear_qkv|linear_q|linear_kv|linear_fc1)\.(?:weight\d*|bias\d*)"),
    ("rows", r"(?:linear_q_proj|linear_q_up_proj|linear_kv_up_proj)\.weight"),
    ("rows", r"word_embeddings\.weight|output_layer\.(?:weight|bias)|lm_head\.(?:weight|bias)"),
    ("rows", r"(?:query_key_value|query|key_value|dense_h_to_4h)\.(?:weight|bias)"),
    ("columns", r"(?:linear_proj|linear_fc2|dense_4h_to_h)\.weight\d*"),
    ("columns", r"(?:self_attention|inter_attention|attention)\.dense\.weight"),
    ("same", r"(?:linear_proj|linear_fc2|dense_4h_to_h)\.bias\d*"),
    ("same", r"(?:self_attention|inter_attention|attention)\.dense\.bias"),
    ("same", r"\w*(?:layernorm|norm)\.(?:weight|bias)|layer_norm_(?:weight|bias)"),
    ("same", r"router\.(?:weight|bias|expert_bias)|position_embeddings\.weight|tokentype_embeddings\.weight"),
)
_PATTERNS: list[tuple[Rule, re.Pattern[str]]] = [
    (rule, re.compile(rf"(?:^|.*\.)(?:{pattern})")) for rule, pattern in _RULES
]


def rule_of(name: str) -> Rule | None:
    """Return how a tensor is cut: along its rows, its columns, or whole on every rank; None when it is not known."""
    return next((rule for rule, pattern in _PATTERNS if pattern.fullmatch(name)), None)
