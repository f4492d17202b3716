"""The facts of a Hugging Face config, whatever its school calls them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

__all__ = ["Config", "Facts", "read_config"]

# fact -> keys that mean it, the most telling first
_KEYS: dict[str, tuple[str, ...]] = {
    "layers": ("num_hidden_layers", "n_layer", "n_layers", "num_layers", "decoder_layers", "encoder_layers"),
    "mtp_layers": ("num_nextn_predict_layers",),
    "hidden_size": ("hidden_size", "n_embd", "d_model", "dim", "model_dim"),
    "embedding_size": ("embedding_size", "word_embed_proj_dim"),
    "vocab_size": ("vocab_size", "n_vocab"),
    "heads": ("num_attention_heads", "n_head", "n_heads", "num_heads", "decoder_attention_heads", "attention_heads"),
    "kv_heads": ("num_key_value_heads", "num_kv_heads", "n_kv_heads", "n_head_kv", "multi_query_group_num"),
    "head_dim": ("head_dim", "kv_channels", "d_kv", "d_head"),
    "qk_nope_head_dim": ("qk_nope_head_dim",),
    "qk_rope_head_dim": ("qk_rope_head_dim",),
    "v_head_dim": ("v_head_dim",),
    "experts": ("n_routed_experts", "num_local_experts", "num_experts", "moe_num_experts"),
    "top_k": (
        "num_experts_per_tok",
        "num_experts_per_token",
        "experts_per_token",
        "moe_top_k",
        "moe_topk",
        "num_selected_experts",
        "moe_k",
    ),
    "shared_experts": ("n_shared_experts", "num_shared_experts", "moe_num_shared_experts"),
}
# Configs in configs: (key of the inner config, words in a path that it is about)
_TOWERS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("vision_config", ("vision", "visual")),
    ("audio_config", ("audio", "speech")),
)
_TEXT = ("text_config", "llm_config", "language_config")
# Encoder-decoder models give each side heads of its own.
_SIDES = {"encoder": "encoder_attention_heads", "decoder": "decoder_attention_heads"}


@dataclass(frozen=True, slots=True)
class Facts:
    """What a config says about one transformer; None where it says nothing."""

    layers: int | None = None
    mtp_layers: int | None = None
    hidden_size: int | None = None
    embedding_size: int | None = None
    vocab_size: int | None = None
    heads: int | None = None
    kv_heads: int | None = None
    head_dim: int | None = None
    qk_nope_head_dim: int | None = None
    qk_rope_head_dim: int | None = None
    v_head_dim: int | None = None
    experts: int | None = None
    top_k: int | None = None
    shared_experts: int | None = None
    gated_queries: bool = False


@dataclass(frozen=True, slots=True)
class Config:
    """A config by what it is about.

    Attributes
    ----------
    architecture, model_type : str or None
    main : Facts
        Of the model itself; of its language model, where it has towers.
    towers : tuple of (words, Facts)
        Facts for what stands under a name that contains one of the words.
    """

    architecture: str | None = None
    model_type: str | None = None
    main: Facts = Facts()
    towers: tuple[tuple[tuple[str, ...], Facts], ...] = ()

    def facts_for(self, names: list[str]) -> Facts:
        """Return the facts about what stands under modules of these names."""
        for words, facts in self.towers:
            if any(word in name for name in names for word in words):
                return facts
        return self.main


def read_config(config: Mapping[str, Any] | None) -> Config:
    """Read a Hugging Face config; what is missing or of the wrong type is left out."""
    if not isinstance(config, Mapping):
        return Config()
    inner = next((config[key] for key in _TEXT if isinstance(config.get(key), Mapping)), None)
    text = {**config, **cast("Mapping[str, Any]", inner)} if inner is not None else config
    towers = [(words, _facts(config[key])) for key, words in _TOWERS if isinstance(config.get(key), Mapping)]
    # After the towers: a vision tower may have an "encoder", too.
    sides = [(side, text[key]) for side, key in _SIDES.items() if key in text]
    towers += [((side,), _facts({**text, "num_attention_heads": heads})) for side, heads in sides]
    architectures = config.get("architectures")
    architecture = cast("list[Any]", architectures)[0] if isinstance(architectures, list) and architectures else None
    return Config(_text(architecture), _text(config.get("model_type")), _facts(text), tuple(towers))


def _facts(config: Mapping[str, Any]) -> Facts:
    found = {fact: next((n for n in map(_count, map(config.get, keys)) if n), None) for fact, keys in _KEYS.items()}
    if config.get("multi_query") is True and not config.get("new_decoder_architecture"):
        found["kv_heads"] = 1  # Falcon writes n_head_kv beside it, which its code then ignores
    if "num_hidden_groups" in config:
        found["layers"] = None  # ALBERT runs one stored layer many times
    return Facts(**found, gated_queries=config.get("attn_output_gate") is True)


def _count(value: Any) -> int | None:
    # A list (a number a layer) is none of the model's; True is an int in Python.
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**31 else None


def _text(value: Any) -> str | None:
    # The name of a class or a type; anything else would only disturb where it is shown.
    return value if isinstance(value, str) and len(value) <= 200 and value.isprintable() else None
