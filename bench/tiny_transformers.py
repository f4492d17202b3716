"""Tiny models of the architectures of the installed transformers package: real code, real names, small numbers.

All numbers that a role is told by are different (heads, key/value heads, experts, layers), so that no coincidence
passes for knowledge. Needs torch and transformers.
"""

import re
from collections.abc import Iterator
from typing import Any

import torch
import transformers
from transformers import CONFIG_MAPPING, PreTrainedModel
from transformers.models.auto import modeling_auto

__all__ = ["NotBuilt", "candidates", "model_types"]

MAX_PARAMETERS = 30_000_000
VARIANTS = 5

# (pattern on a key, value for it): the first that matches counts. Only whole numbers above zero are replaced.
_MAIN: tuple[tuple[str, int], ...] = (
    (r"num_nextn_predict_layers|num_mtp.*|mtp_.*", 1),
    (r"first_k_dense_replace|num_dense_layers|moe_layer_start_index|moe_num_dense_layers", 1),
    (r"num_global_layers|num_layers_per_stack|.*resampler.*depth|entity_layers|x_layers|r_layers", 2),
    (r"encoder_layers|num_encoder_layers|encoder_num_(hidden_)?layers|n_encoder_layers|e_layers", 2),
    (
        r"num_hidden_layers|n_layers?|num_layers|(num_)?decoder_layers|decoder_num_(hidden_)?layers|n_decoder_layers"
        r"|depth|num_blocks|decoder_num_layers|num_hidden_blocks|text_layers|num_(l|r|x)_?layers|[lrx]_layers",
        3,
    ),
    (
        r"num_key_value_heads|num_kv_heads|n_kv_heads|n_head_kv|multi_query_group_num|kv_heads"
        r"|swa_num_key_value_heads|num_global_key_value_heads|kv_n_heads|.*_num_key_value_heads",
        4,
    ),
    (r"qk_nope_head_dim", 12),
    (r"qk_rope_head_dim", 8),
    (r"v_head_dim", 16),
    (r"qk_head_dim", 20),
    (r"q_lora_rank", 40),
    (r"kv_lora_rank", 24),
    (r"o_lora_rank", 24),
    (r".*head_dim|kv_channels|d_kv|d_head|.*attention_head_size", 16),
    (
        r"num_experts_per_tok(en)?|experts_per_token|num_experts_per_token|moe_top_?k|num_selected_experts|moe_k|top_k_experts|router_top_k"
        r"|moe_num_active.*|num_experts_per_topk|norm_topk",
        2,
    ),
    (r"n_group|topk_group|num_expert_group.*|moe_n_group", 1),
    (r"n_routed_experts|num_local_experts|num_experts|moe_num_experts|n_experts|num_moe_experts", 6),
    (r"(mamba|ssm|time_mix|linear|rwkv|attention_mamba).*|.*(state_size|d_state|d_conv|conv_kernel|expand)|", 0),
    (
        r"(num_)?(encoder_|decoder_|text_|.*_)?(attention_heads|num_heads|n_heads?|attn_heads|attention_head_num)"
        r"|num_attention_heads|n_heads?|num_heads|attention_heads",
        8,
    ),
    (r"moe_(intermediate|ffn|hidden).*|.*moe.*(intermediate|ffn).*|expert_(ffn|hidden|intermediate).*|expert_dim", 56),
    (r"shared_.*(intermediate|ffn|hidden).*", 48),
    (
        r"(.*_)?(intermediate_size|ffn_dim|d_ff|n_inner|ffn_hidden_size|mlp_dim|intermediate_dim|mlp_hidden_dim"
        r"|feed_forward.*(size|dim)|dim_feedforward|inner_dim|hidden_dim_ff|dff|dim_ff|ffn_intermediate.*|word_embed_proj_dim)",
        160,
    ),
    (
        r"(.*_)?(hidden_size|d_model|n_embd|hidden_dim|embed_dim|embedding_size|hid_dim|emb_dim|embedding_dim|dim|width"
        r"|encoder_hidden|decoder_hidden|projection_dim|channels_dim|model_dim|out_hidden_size|hidden_channels"
        r"|n_embed|embed_proj_dim|output_dim|emb_dim)",
        96,
    ),
    (r"codebook_size", 64),
    (r".*vocab_size.*|num_embeddings|entity_.*size|n_vocab|vocab_.*size", 101),
    (r".*max_.*position.*|n_positions|n_ctx|max_.*len.*|context_length|.*seq_len.*|max_(source|target)_.*", 64),
    (r"image_size|input_size|img_size", 32),
    (r"sliding_window|attention_window|local_attention|window", 8),
)
_TOWER: tuple[tuple[str, int], ...] = (
    (r"num_hidden_layers|n_layers?|num_layers|(encoder|decoder)_layers|depth|num_blocks", 2),
    (r"num_attention_heads|n_heads?|num_heads|(encoder|decoder)_attention_heads|attention_heads", 4),
    (r"(.*_)?(hidden_size|d_model|embed_dim|hidden_dim|dim|width)", 64),
    (r"(.*_)?(intermediate_size|ffn_dim|d_ff|mlp_dim)", 112),
    *_MAIN,
)
_TOWERS = re.compile(r"(vision|visual|audio|speech|sam|vit|image|mm|encodec|detector|backbone|.*encoder).*")
_TOKEN = re.compile(r".*(token|_id|_ids|_idx|_index)$|.*token_ids?")
_LISTS: tuple[tuple[str, Any], ...] = (
    (r"num_blocks_per.*|layers|num_layers|.*depths?|stage_num_blocks|num_blocks", lambda i: 2 + i % 2),
    (r".*(num_)?(attention_)?heads|num_heads", lambda i: 2 ** (i + 1)),
    (
        r"hidden_sizes|embed_dims?|embedding_dims?|dims|.*channels|.*hidden_sizes|.*dims|.*widths|out_features_dim"
        r"|.*dim|conv_dim",
        lambda i: 32 * 2**i,
    ),
)
# Layer patterns have one entry a layer.
_PATTERNS = re.compile(
    r"layer_types|.*_layer_types|layers_block_type|block_types|.*layer_pattern|layers_types|attn_layer_pattern"
    r"|attention_layers|layer_types_.*|mlp_layer_types|.*_per_layer|no_rope_layers|layers_.*type"
)
# What the rules above cannot make: one reason each.
_OVERRIDES: dict[str, dict[str, Any]] = {
    "autoformer": {"prediction_length": 8},
    "informer": {"prediction_length": 8},
    "esm": {"vocab_size": 33, "pad_token_id": 1, "mask_token_id": 32},
    "dots1": {"n_routed_experts": 6, "n_shared_experts": 1},
    "hunyuan_v1_dense": {"head_dim": 16},
    "hunyuan_v1_moe": {"head_dim": 16},
    "hunyuan_vl_text": {"head_dim": 16},
    "ministral": {"head_dim": 16},
    "nemotron": {"head_dim": 16},
    "gemma3n_text": {
        "intermediate_size": 160,
        "num_hidden_layers": 3,
        "activation_sparsity_pattern": [0.0] * 3,
        "num_kv_shared_layers": 0,
        "layer_types": None,
    },
    "cpmant": {"dim_head": 16},
    "laguna": {"num_attention_heads_per_layer": None},
    "nllb-moe": {"encoder_sparse_step": 2, "decoder_sparse_step": 2},
    "switch_transformers": {"num_sparse_encoder_layers": 1, "num_sparse_decoder_layers": 1},
    # They ignore what their configs say of head sizes or key/value heads: tell them what they do anyway.
    "helium": {"head_dim": 12},
    "pixtral": {"head_dim": 12},
    "zaya": {"num_experts_per_tok": 1},
    "hunyuan_vl_vision": {"num_key_value_heads": 8},
    "albert": {"num_hidden_groups": 1},
    "funnel": {"block_sizes": [2, 3, 2]},
    "mamba2": {"num_heads": 12, "head_dim": 16, "hidden_size": 96, "expand": 2, "state_size": 16, "n_groups": 1},
    "jamba": {"attn_layer_period": 2, "attn_layer_offset": 1, "expert_layer_period": 2, "expert_layer_offset": 1},
    "bamba": {"attn_layer_indices": [1], "mamba_n_heads": 12, "mamba_d_head": 16, "mamba_d_state": 16},
    "granitemoehybrid": {"mamba_n_heads": 12, "mamba_d_head": 16, "mamba_d_state": 16},
    "evolla": {"protein_num_hidden_layers": 2, "resampler_depth": 2},
    "dbrx": {
        "ffn_config": {"ffn_hidden_size": 56, "moe_num_experts": 6, "moe_top_k": 2},
        "attn_config": {"kv_n_heads": 4, "clip_qkv": 8},
        "d_model": 96,
        "n_heads": 8,
        "n_layers": 3,
    },
}
_PREFERRED = (
    "MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM", "MODEL_FOR_SPEECH_SEQ_2_SEQ", "MODEL_FOR_IMAGE_TEXT_TO_TEXT",
    "MODEL_FOR_MULTIMODAL_LM", "MODEL_FOR_MASKED_LM", "MODEL_FOR_CAUSAL_LM", "MODEL_FOR_ZERO_SHOT_IMAGE_CLASSIFICATION",
    "MODEL_FOR_IMAGE_CLASSIFICATION", "MODEL_FOR_OBJECT_DETECTION", "MODEL_FOR_CTC", "MODEL",
    "MODEL_FOR_PRETRAINING", "MODEL_FOR_TEXT_ENCODING", "MODEL_FOR_BACKBONE",
    "MODEL_FOR_TEXT_TO_WAVEFORM", "MODEL_FOR_TEXT_TO_SPECTROGRAM", "MODEL_FOR_TIME_SERIES_PREDICTION",
)  # fmt: skip


class NotBuilt(Exception):  # noqa: N818
    """A model type that no tiny model could be made of; the message says why."""


def model_types() -> list[str]:
    """Return all model types that the package has a config for, sorted."""
    return sorted(CONFIG_MAPPING.keys())


def candidates(model_type: str) -> Iterator[PreTrainedModel]:
    """Yield tiny models of a type, on the CPU, weights initialised; the first is the one nearest to the rules.

    Raises
    ------
    NotBuilt
        When no model is left: the first failure is named.
    """
    names = _class_names(model_type)
    if not names:
        raise NotBuilt("a part of other models: no model class of its own")
    failure = ""
    for variant in range(VARIANTS):
        for name in names[:2]:
            try:
                yield _build(model_type, getattr(transformers, name), variant)
            except Exception as error:  # noqa: BLE001 a library's constructors may raise anything; the reason is kept
                failure = failure or f"{type(error).__name__}: {' '.join(str(error).split())[:160]}"
    raise NotBuilt(failure)


def _build(model_type: str, cls: Any, variant: int) -> PreTrainedModel:
    with torch.device("meta"):
        size = sum(p.numel() for p in cls(_config(model_type, variant)).parameters())
    if size > MAX_PARAMETERS:
        raise NotBuilt(f"still {size:,} parameters")
    torch.manual_seed(0)
    return cls(_config(model_type, variant)).eval()  # a config of its own: building may change it


def _class_names(model_type: str) -> list[str]:
    found: list[str] = []
    tables = {key: value for key, value in vars(modeling_auto).items() if key.endswith("_MAPPING_NAMES")}
    tables.pop("CONFIG_MAPPING_NAMES", None)
    order = [f"{name}_MAPPING_NAMES" for name in _PREFERRED]
    for key in [*order, *(key for key in sorted(tables) if key not in order)]:
        name = tables.get(key, {}).get(model_type)
        for one in [name] if isinstance(name, str) else list(name or ()):
            if one not in found:
                found.append(one)
    return found


# ---------------------------------------------------------------- configs
def _config(model_type: str, variant: int) -> Any:
    """Return a shrunken config; a later variant changes less or evens numbers out."""
    cls = CONFIG_MAPPING[model_type]
    config = cls()
    if variant == 4:  # set numbers on the default config: for configs that cannot be made from their own dict
        _set(config, _MAIN, 0)
        return config
    shrunk = _shrunk(config.to_dict(), _MAIN, variant)
    shrunk.update(_OVERRIDES.get(model_type, {}))
    return cls(**{k: v for k, v in shrunk.items() if k not in ("model_type", "transformers_version", "architectures")})


def _value(key: str, value: int, rules: tuple[tuple[str, int], ...], variant: int) -> int:
    for pattern, small in rules:
        if re.fullmatch(pattern, key):
            if not small:
                break
            if variant == 1 and small == 16 and key in ("head_dim", "kv_channels", "d_kv"):
                return 12  # hidden size / heads
            if variant == 2 and small == 4 and "heads" in key:
                return 8
            return min(value, small) if small > 8 else small
    if variant >= 2 and value > 512 and not key.endswith(("rate", "hop_length", "theta")):
        return 96
    return value


def _shrunk(config: dict[str, Any], rules: tuple[tuple[str, int], ...], variant: int) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, value in config.items():
        if isinstance(value, dict) and (key.endswith("config") or key in ("encoder", "decoder", "text", "vision")):
            inner = _TOWER if _TOWERS.fullmatch(key) and variant != 3 else rules
            out[key] = _shrunk(value, inner, variant)
        elif isinstance(value, bool) or key in ("rope_parameters", "rope_scaling", "id2label", "label2id"):
            out[key] = value
        elif isinstance(value, int) and _TOKEN.fullmatch(key) and "per_token" not in key:
            out[key] = value if value < 90 else 60 + sum(map(ord, key)) % 38
        elif isinstance(value, int) and value > 0:
            out[key] = _value(key, value, rules, variant)
        elif isinstance(value, list | tuple) and value:
            out[key] = _list(key, list(value), variant)
        else:
            out[key] = value
    _fit_patterns(out)
    return out


def _list(key: str, values: list[Any], variant: int) -> list[Any]:
    if _PATTERNS.fullmatch(key):
        kinds = list(dict.fromkeys(map(str, values)))
        pick = [next(v for v in values if str(v) == kind) for kind in kinds]
        return [pick[i % len(pick)] for i in range(3)] if variant < 3 else values[:3]
    numbers = all(isinstance(value, int) and not isinstance(value, bool) and value > 0 for value in values)
    if variant in (0, 1) and numbers and len(values) > 1:
        for pattern, small in _LISTS:
            if re.fullmatch(pattern, key):
                return [small(0)] * len(values) if len(set(values)) == 1 else [small(i) for i in range(len(values))]
    return values


def _fit_patterns(config: dict[str, Any]) -> None:
    layers = config.get("num_hidden_layers") or config.get("n_layer") or config.get("num_layers")
    for key, value in list(config.items()):
        if _PATTERNS.fullmatch(key) and isinstance(value, list) and isinstance(layers, int):
            config[key] = (value * layers)[:layers]


def _set(config: Any, rules: tuple[tuple[str, int], ...], variant: int) -> None:
    for key, value in list(vars(config).items()):
        if hasattr(value, "to_dict"):
            _set(value, rules, variant)
        elif isinstance(value, int) and not isinstance(value, bool) and value > 0 and not _TOKEN.fullmatch(key):
            setattr(config, key, _value(key, value, rules, variant))
        elif isinstance(value, list) and _PATTERNS.fullmatch(key):
            setattr(config, key, _list(key, value, 0))
