"""Megatron's arguments, which its checkpoints carry, in the words of a Hugging Face config."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...errors import InputError
from ..limits import LoadLimits
from ..pytorch.container import opened
from ..pytorch.pickled_tree import entries
from ..untyped import is_dict

__all__ = ["config_of_arguments", "megatron_config"]

_SAME = ("num_layers", "hidden_size", "num_attention_heads")
_RENAMED = {
    "kv_channels": "head_dim",
    "padded_vocab_size": "vocab_size",
    "ffn_hidden_size": "intermediate_size",
    "num_experts": "num_experts",
    "moe_router_topk": "num_experts_per_tok",
}


def config_of_arguments(arguments: Any) -> dict[str, Any]:
    """Return the config that Megatron's ``args`` (an ``argparse.Namespace``) amount to."""
    values: Mapping[Any, Any] = entries(arguments)

    def number(name: str) -> int | None:
        value = values.get(name)
        return value if type(value) is int and 0 < value < 2**31 else None

    config: dict[str, Any] = {name: found for name in _SAME if (found := number(name))}
    config |= {new: found for name, new in _RENAMED.items() if (found := number(name))}
    if "num_experts" not in config:
        config.pop("num_experts_per_tok", None)  # the argument has a default
    if values.get("group_query_attention") is True and (groups := number("num_query_groups")):
        config["num_key_value_heads"] = groups
    elif "num_attention_heads" in config:
        config["num_key_value_heads"] = config["num_attention_heads"]
    return config


def megatron_config(folder: str, limits: LoadLimits, warnings: list[str]) -> dict[str, Any] | None:
    """Return the config of a ``torch_dist`` folder: its common.pt has the arguments. None when there is none.

    The weights can be read without it, so that it cannot be read is worth a warning only.
    """
    common = Path(folder) / "common.pt"
    if not common.is_file():
        return None
    try:
        with opened(str(common), limits, warnings) as (root, _, _):
            return config_of_arguments(root.get("args") if is_dict(root) else None) or None
    except InputError as error:
        warnings.append(f"not used: {error}")
        return None
