"""What the key-value pairs mean: attributes of the model, and the sizes that roles need, in Hugging Face's words."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..checkpoint import short_attributes
from ..untyped import is_sequence
from .ggml_types import FILE_TYPES
from .header import Header

__all__ = ["attributes_of", "config_of"]

_GUESSED = 1024  # a flag that llama.cpp adds to a file type that it concluded from the tensors
# GGUF key behind the architecture -> key of a Hugging Face config.
_KEYS = {
    "embedding_length": "hidden_size",
    "vocab_size": "vocab_size",
    "attention.head_count": "num_attention_heads",
    "attention.head_count_kv": "num_key_value_heads",
    "attention.key_length": "head_dim",
    "expert_count": "n_routed_experts",
    "expert_used_count": "num_experts_per_tok",
    "expert_shared_count": "n_shared_experts",
    "nextn_predict_layers": "num_nextn_predict_layers",
}


def attributes_of(header: Header) -> dict[str, Any]:
    """Return what a user may want to know of the model: its metadata as it is, and the same in plain words."""
    values, lengths = header.values, header.lengths
    architecture = _architecture(values)
    file_type = values.get("general.file_type")
    known = {
        "gguf_version": header.version,
        "byte_order": "big-endian" if header.big_endian else None,
        "file_type": _file_type(file_type) if isinstance(file_type, int) else None,
        "quantization_version": values.get("general.quantization_version"),
        "context_length": values.get(f"{architecture}.context_length"),
        "rope_base": values.get(f"{architecture}.rope.freq_base"),
        "rope_dimensions": values.get(f"{architecture}.rope.dimension_count"),
        "experts_used": values.get(f"{architecture}.expert_used_count"),
        "tokenizer": values.get("tokenizer.ggml.model"),
        "tokens": lengths.get("tokenizer.ggml.tokens"),
    }
    shown = {
        key: value for key, value in values.items() if not key.startswith("split.") and key != "general.architecture"
    }
    counted = {f"{key}.count": count for key, count in lengths.items() if key not in short_attributes(values)}
    found = short_attributes({key: value for key, value in known.items() if value is not None})
    return found | {f"metadata.{key}": value for key, value in short_attributes(shown | counted).items()}


def config_of(values: Mapping[str, Any], lengths: Mapping[str, int]) -> dict[str, Any]:
    """Return the sizes of the model as a Hugging Face config has them."""
    architecture = _architecture(values)
    if architecture == "clip":
        return _clip(values)
    said = {
        key.removeprefix(f"{architecture}."): value
        for key, value in values.items()
        if key.startswith(f"{architecture}.")
    }
    config: dict[str, Any] = {
        "architectures": [architecture],
        "model_type": architecture,
        **{name: _one(said[key]) for key, name in _KEYS.items() if key in said},
    }
    blocks, extra = _one(said.get("block_count")), _one(said.get("nextn_predict_layers"))
    if blocks is not None:
        config["num_hidden_layers"] = blocks - (extra or 0)
    if config.get("vocab_size") is None:
        config["vocab_size"] = lengths.get("tokenizer.ggml.tokens")
    heads, hidden = config.get("num_attention_heads"), config.get("hidden_size")
    if "attention.head_count_kv" not in said:
        config["num_key_value_heads"] = heads
    if "attention.key_length" not in said and heads and hidden and hidden % heads == 0:
        config["head_dim"] = hidden // heads  # what llama.cpp does without the key
    if "attention.kv_lora_rank" in said:
        config |= _latent(said, heads)
    return {key: value for key, value in config.items() if value is not None}


def _latent(said: Mapping[str, Any], heads: int | None) -> dict[str, Any]:
    """Return the sizes of multi-head latent attention.

    Since 2025 its keys and values are stored as one compressed head; the lengths of the real heads have keys
    of their own ("_mla").
    """
    rope = _one(said.get("rope.dimension_count"))
    key = _one(said.get("attention.key_length_mla", said.get("attention.key_length")))
    value = _one(said.get("attention.value_length_mla", said.get("attention.value_length")))
    return {
        "num_key_value_heads": heads,
        "head_dim": None,
        "qk_rope_head_dim": rope,
        "qk_nope_head_dim": key - rope if key is not None and rope is not None and key > rope else None,
        "v_head_dim": value,
    }


def _clip(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the sizes of a tower ("mmproj"); where there are two with different heads, neither's."""
    towers = [
        {key.removeprefix(prefix): value for key, value in values.items() if key.startswith(prefix)}
        for prefix in ("clip.vision.", "clip.audio.")
    ]
    towers = [tower for tower in towers if "attention.head_count" in tower]
    heads = {_one(tower["attention.head_count"]) for tower in towers}
    config: dict[str, Any] = {"architectures": ["clip"], "model_type": "clip"}
    if len(heads) == 1:
        config["num_attention_heads"] = heads.pop()
    return config


def _architecture(values: Mapping[str, Any]) -> str:
    found = values.get("general.architecture")
    return found if isinstance(found, str) else ""


def _one(value: Any) -> int | None:
    """Return a count; of a list (a number a layer) the one that all layers that have any share."""
    found: Sequence[Any] = [each for each in set(value) if each != 0] if is_sequence(value) else [value]
    only = found[0] if len(found) == 1 else None
    return only if isinstance(only, int) and not isinstance(only, bool) else None


def _file_type(code: int) -> str:
    name = FILE_TYPES.get(code & ~_GUESSED, f"type {code & ~_GUESSED}")
    return f"{name} (guessed)" if code & _GUESSED else name
