"""The facts of a Hugging Face config, whatever its school calls them, for each of the model's towers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

__all__ = ["Config", "Facts", "read_config"]

# fact -> keys that mean it, the most telling first
_KEYS: dict[str, tuple[str, ...]] = {
    "layers": ("num_hidden_layers", "n_layer", "n_layers", "num_layers", "decoder_layers", "encoder_layers"),
    "mtp_layers": ("num_nextn_predict_layers",),
    "hidden_size": ("hidden_size", "n_embd", "d_model", "dim", "model_dim", "embed_dim", "emb_dim", "hidden_dim"),
    "embedding_size": ("embedding_size", "word_embed_proj_dim"),
    "vocab_size": ("vocab_size", "n_vocab"),
    "heads": ("num_attention_heads", "n_head", "n_heads", "num_heads", "decoder_attention_heads", "attention_heads"),
    "kv_heads": (
        "num_key_value_heads", "num_kv_heads", "n_kv_heads", "n_head_kv", "multi_query_group_num", "kv_n_heads",
    ),
    "head_dim": ("head_dim", "attention_head_size", "kv_channels", "d_kv", "d_head", "dim_head"),
    "qk_nope_head_dim": ("qk_nope_head_dim",),
    "qk_rope_head_dim": ("qk_rope_head_dim",),
    "v_head_dim": ("v_head_dim",),
    "experts": ("n_routed_experts", "num_local_experts", "num_experts", "moe_num_experts"),
    "top_k": (
        "num_experts_per_tok", "num_experts_per_token", "experts_per_token", "moe_top_k", "moe_topk",
        "num_selected_experts", "moe_k", "top_k_experts", "router_top_k",
    ),
    "shared_experts": ("n_shared_experts", "num_shared_experts", "moe_num_shared_experts"),
}  # fmt: skip
# Keys of the config of a language model that others stand around.
_TEXT = ("text_config", "llm_config", "language_config", "thinker_config", "decoder_config", "vlm_config", "lm_config")
# Keys of DBRX and MPT: blocks of settings, of the same model.
_SETTINGS = ("attn_config", "ffn_config")
# Words in a path that say which inner config it is about; otherwise the key itself without "_config".
_WORDS: dict[str, tuple[str, ...]] = {
    "vision": ("vision", "visual", "vit", "image_encoder", "img_encoder", "vpm"),
    "audio": ("audio", "speech", "sound"),
    "text": ("text", "language", "llm"),
}
# Families with BART's names ("self_attn_layer_norm", "final_layer_norm"), which stand before blocks or after sums.
_NORMS_FIRST = frozenset(
    "mbart pegasus bigbird_pegasus m2m_100 nllb-moe blenderbot whisper speech_to_text xglm biogpt".split()  # noqa: SIM905
)
_NORMS_LAST = frozenset("bart plbart mvp marian led blenderbot-small trocr prophetnet distilbert".split())  # noqa: SIM905
_SIDES = ("encoder", "decoder")  # encoder-decoder models may give each side heads of its own
_MAX_DEPTH = 3


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
    heads_of_stages: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Config:
    """A config by what it is about.

    Attributes
    ----------
    architecture, model_type : str or None
    norms_first : bool or None
        Whether norms stand before their blocks or after the sum, for families whose names do not tell.
    main : Facts
        Of the model itself; of its language model, where it has towers.
    towers : tuple of (words, Facts)
        Facts for what stands under a name that contains one of the words.
    """

    architecture: str | None = None
    model_type: str | None = None
    norms_first: bool | None = None
    main: Facts = Facts()
    towers: tuple[tuple[tuple[str, ...], Facts], ...] = ()

    def facts_for(self, names: Sequence[str]) -> list[Facts]:
        """Return what may be said about what stands under modules of these names, the most likely first."""
        named = [facts for words, facts in self.towers if any(word in name for name in names for word in words)]
        # Where a tower is named, the model around it has no say: its numbers may fit by chance.
        return list(dict.fromkeys(named or [self.main]))

    @property
    def others(self) -> list[Facts]:
        """All towers' facts."""
        return list(dict.fromkeys(facts for _, facts in self.towers))


def read_config(config: Mapping[str, Any] | None) -> Config:
    """Read a Hugging Face config; what is missing or of the wrong type is left out."""
    if not isinstance(config, Mapping):
        return Config()
    text = _language_model(config)
    towers = [(words, _facts(inner)) for words, inner in _inner_configs(config, 0)]
    # After the towers: a vision tower may have an "encoder", too.
    towers += [((side,), _facts({**text, **own})) for side, own in _sides(text)]
    towers = [(words, facts) for words, facts in towers if facts.heads or facts.heads_of_stages]
    architectures = config.get("architectures")
    architecture = cast("list[Any]", architectures)[0] if isinstance(architectures, list) and architectures else None
    model_type = _text(config.get("model_type"))
    return Config(_text(architecture), model_type, _norms_first(model_type, config), _facts(text), tuple(towers))


def _norms_first(model_type: str | None, config: Mapping[str, Any]) -> bool | None:
    if model_type == "opt":
        return config.get("do_layer_norm_before", True) is True  # 350m alone has them after
    return True if model_type in _NORMS_FIRST else False if model_type in _NORMS_LAST else None


def _language_model(config: Mapping[str, Any]) -> Mapping[str, Any]:
    for _ in range(_MAX_DEPTH):
        inner = next((config[key] for key in _TEXT if isinstance(config.get(key), Mapping)), None)
        if inner is None:
            break
        config = {**config, **cast("Mapping[str, Any]", inner)}
        for key in _TEXT:
            if config.get(key) is inner:
                config = {k: v for k, v in config.items() if k != key}
    for key in _SETTINGS:
        if isinstance(config.get(key), Mapping):
            config = {**cast("Mapping[str, Any]", config[key]), **config}
    return config


def _inner_configs(config: Mapping[str, Any], depth: int) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    for key, value in config.items():
        if not isinstance(value, Mapping) or key in _SETTINGS:
            continue
        inner = cast("Mapping[str, Any]", value)
        stem = key.removesuffix("_config")
        if depth < _MAX_DEPTH:
            yield from _inner_configs(inner, depth + 1)
        if stem != key or key in _SIDES:
            yield _WORDS.get(stem, (stem,)), inner


def _sides(config: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for side in _SIDES:
        own = {
            fact: config[key]
            for fact, key in (
                ("num_attention_heads", f"{side}_attention_heads"),
                ("num_attention_heads", f"{side}_num_attention_heads"),
                ("num_attention_heads", f"num_{side}_attention_heads"),
                ("num_key_value_heads", f"{side}_num_key_value_heads"),
                ("hidden_size", f"{side}_hidden_size"),
            )
            if key in config
        }
        if "num_attention_heads" in own:
            yield side, own


def _facts(config: Mapping[str, Any]) -> Facts:
    found = {fact: next((n for n in map(_count, map(config.get, keys)) if n), None) for fact, keys in _KEYS.items()}
    if config.get("multi_query") is True and not config.get("new_decoder_architecture"):
        found["kv_heads"] = 1  # Falcon writes n_head_kv beside it, which its code then ignores
    if "num_hidden_groups" in config:
        found["layers"] = None  # ALBERT runs one stored layer many times
    ratio = _count(config.get("head_ratio"))
    if ratio and found["heads"] and found["hidden_size"]:  # ConvBERT: convolutions take the place of the other heads
        found["head_dim"] = found["hidden_size"] // found["heads"]
        found["heads"] = found["heads"] // ratio or None
    return Facts(**found, heads_of_stages=_heads_of_stages(config))


def _heads_of_stages(config: Mapping[str, Any]) -> tuple[int, ...]:
    for key in _KEYS["heads"]:
        value = config.get(key)
        if isinstance(value, list) and value:
            heads = [_count(entry) for entry in cast("list[Any]", value)[:64]]
            return tuple(count for count in heads if count) if all(heads) else ()
    return ()


def _count(value: Any) -> int | None:
    # A list (a number a layer) is none of the model's; True is an int in Python.
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**31 else None


def _text(value: Any) -> str | None:
    # The name of a class or a type; anything else would only disturb where it is shown.
    return value if isinstance(value, str) and len(value) <= 200 and value.isprintable() else None
