"""What a transformers config says about its model: the truth that roles are measured against.

Written apart from `graph/roles/config.py`, and by other means: it asks the live config object, whose class knows the
synonyms (``attribute_map``), and looks into the live model whether there is attention or a mixture of experts at all.
A config speaks of one or more towers (text, vision, encoder, decoder); each tower has one set of figures.
"""

from collections.abc import Iterator
from typing import Any

__all__ = ["FIGURES", "Tower", "towers_of"]

Tower = dict[str, Any]
FIGURES = ("layers", "heads", "kv_heads", "head_dim", "experts", "top_k")

_LAYERS = ("num_hidden_layers", "n_layer", "n_layers", "num_layers", "depth", "num_blocks")
_HEADS = ("num_attention_heads", "n_head", "n_heads", "num_heads", "attention_heads")
_KV = ("num_key_value_heads", "num_kv_heads", "n_kv_heads", "n_head_kv", "kv_n_heads", "multi_query_group_num")
_WIDTH = ("hidden_size", "n_embd", "d_model", "dim", "embed_dim", "hidden_dim")
_DIM = ("head_dim", "attention_head_size", "kv_channels", "d_kv", "d_head", "dim_head")
_EXPERTS = ("n_routed_experts", "num_local_experts", "num_experts", "moe_num_experts")
_TOP_K = (
    "num_experts_per_tok", "num_experts_per_token", "experts_per_token", "moe_top_k", "moe_topk", "moe_k",
    "top_k_experts", "num_selected_experts",
)  # fmt: skip


def towers_of(model: Any) -> list[Tower]:
    """Return the towers of a live transformers model.

    Those that a person would call the model are ``main``: the one that generates; where none does, any.
    """
    found: list[Tower] = []
    for name, config, part in _parts(model):
        found.extend(_towers(name, config, part))
    found.sort(key=lambda tower: _rank(tower["tower"]))
    generates = model.can_generate()
    for index, tower in enumerate(found):
        tower["main"] = index == 0 or not generates
    return found


def _rank(name: str) -> int:
    # A language model with eyes is a language model; an encoder-decoder is known by its decoder.
    words = ("text", "llm", "language", "thinker", "decoder")
    return 0 if name == "" else 2 if name.endswith("encoder") else 1 if any(w in name for w in words) else 3


def _parts(model: Any) -> Iterator[tuple[str, Any, Any]]:
    """Yield each config of the model, with the module that was built from it (the model, where none is found)."""
    waiting = [("", model.config, model)]
    while waiting:
        path, config, part = waiting.pop()
        yield path, config, part
        for key in config.sub_configs:
            inner = getattr(config, key, None)
            if hasattr(inner, "to_dict"):
                built = next((m for m in part.modules() if getattr(m, "config", None) is inner and m is not part), None)
                waiting.append((f"{path}.{key}".strip("."), inner, built or part))


def _holds_together(config: Any) -> bool:
    """Return whether a config is there for the configs inside it, and has no layers of its own."""
    inner = [key for key in config.sub_configs if hasattr(getattr(config, key, None), "to_dict")]
    if any(word in key for key in inner for word in ("text", "language", "llm", "lm_", "vlm", "thinker")):
        return True
    has_own = _first(config, _LAYERS) or _sides(config)[1] or _number(_first(config, _HEADS))
    return bool(inner) and not has_own


def _first(config: Any, names: tuple[str, ...]) -> Any:
    return next((value for value in (_get(config, name) for name in names) if value is not None), None)


def _get(config: Any, name: str) -> Any:
    try:
        return getattr(config, name, None)
    except (ValueError, AttributeError, RuntimeError):  # a number that some layers have another of
        return config.to_dict().get(name)


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _towers(name: str, config: Any, part: Any) -> list[Tower]:
    classes = {type(module).__name__ for module in part.modules()}
    attends = any("ttention" in c or "Attn" in c or c.endswith("MLA") for c in classes)
    mixes = any(c.endswith(("Experts", "SparseMLP", "TopKGating")) for c in classes)
    experts = _number(_first(config, _EXPERTS)) if mixes else None
    if _holds_together(config):
        return []
    encoder, decoder = _sides(config)
    if encoder and decoder and _has_both(part):
        return [
            _tower(f"{name}.encoder".strip("."), config, encoder, "encoder_attention_heads", attends, experts),
            _tower(f"{name}.decoder".strip("."), config, decoder, "decoder_attention_heads", attends, experts),
        ]
    layers = _first(config, _LAYERS)
    if config.model_type == "albert":  # runs what it stores many times
        layers = config.num_hidden_groups * config.inner_group_num
    if config.model_type == "longcat_flash":  # a layer has two attention blocks, and counts as two for its cache
        layers = config.num_layers
    depths = _first_list(config, ("depths", "num_layers", "depth", "block_sizes", "blocks_per_stage"))
    if depths is not None:
        return _stages(name, config, depths, attends)
    layers = _number(layers) or decoder or encoder
    if layers is None and not attends:
        return [{"tower": name, **dict.fromkeys(FIGURES)}]
    return [_tower(name, config, layers, "", attends, experts)]


def _first_list(config: Any, names: tuple[str, ...]) -> list[int] | None:
    return next((value for value in (getattr(config, name, None) for name in names) if _is_list(value)), None)


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(v, int) for v in value)


def _sides(config: Any) -> tuple[int | None, int | None]:
    encoder = _number(_first(config, ("encoder_layers", "num_encoder_layers", "encoder_num_hidden_layers")))
    decoder = _number(_first(config, ("decoder_layers", "num_decoder_layers", "decoder_num_hidden_layers")))
    if decoder and encoder is None and getattr(config, "is_encoder_decoder", False):
        encoder = _number(_first(config, _LAYERS))
    return encoder, decoder


def _has_both(part: Any) -> bool:
    names = {name.rsplit(".", 1)[-1] for name, _ in part.named_modules()}
    return "encoder" in names and "decoder" in names


def _tower(name: str, config: Any, layers: int | None, heads_key: str, attends: bool, experts: int | None) -> Tower:
    heads = (_number(getattr(config, heads_key, None)) if heads_key else None) or _number(_first(config, _HEADS))
    heads = heads if attends else None
    kv = _number(_first(config, _KV)) or heads
    width = _number(_first(config, _WIDTH))
    dim = _number(_first(config, _DIM)) or (width // heads if width and heads else None)
    if getattr(config, "kv_lora_rank", None) and _number(getattr(config, "v_head_dim", None)):
        dim = config.v_head_dim  # latent attention: what a head puts out
    if getattr(config, "multi_query", None) is True and not getattr(config, "new_decoder_architecture", False):
        kv = 1
    ratio = _number(getattr(config, "head_ratio", None))
    if ratio and heads:  # ConvBERT: convolutions take the place of the other heads
        heads = kv = heads // ratio
    return {
        "tower": name,
        "layers": layers,
        "heads": heads,
        "kv_heads": kv if heads else None,
        "head_dim": dim if heads else None,
        "experts": experts,
        "top_k": _number(_first(config, _TOP_K)) if experts else None,
    }


def _stages(name: str, config: Any, depths: list[int], attends: bool) -> list[Tower]:
    """Return a tower a stage, each with a number of heads of its own where the config says so."""
    if not attends:
        return [{"tower": name, **dict.fromkeys(FIGURES)}]  # a convolutional network: no layers, no heads
    stages = [f"{name}.stage{i}".strip(".") for i in range(len(depths))]
    heads = _first_list(config, ("num_heads", "num_attention_heads"))
    if heads is None and _number(_first(config, _HEADS)):
        return [_tower(stage, config, depth, "", True, None) for stage, depth in zip(stages, depths, strict=True)]
    towers: list[Tower] = []
    for i, (stage, depth) in enumerate(zip(stages, depths, strict=True)):
        own = heads[i] if heads is not None and i < len(heads) else None
        towers.append({"tower": stage, **dict.fromkeys(FIGURES), "layers": depth, "heads": own, "kv_heads": own})
    return towers
