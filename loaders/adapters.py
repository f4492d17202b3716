"""Adapters (LoRA and its kin): small tensors that change the modules of a model which is elsewhere.

Each is shown on the module that it adapts, where the model itself would have its weights, so that an adapter looks
like the model it belongs to. The base model is named, never looked for.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import InputError
from .checkpoint import Checkpoint, short_attributes
from .flat_names import component_paths
from .huggingface import read_config
from .limits import LoadLimits
from .tensor_table import TensorTable, check_names
from .untyped import is_dict, is_sequence

__all__ = ["ADAPTER_CONFIG", "adapter_config_beside", "place_adapter"]

ADAPTER_CONFIG = "adapter_config.json"
# What PEFT puts before the names of the base model: PeftModel.base_model, LoraModel.model.
_PREFIX = re.compile(r"base_model\.(?:model\.)?")
# Parameters of an adapter, where they stand in a name, and how people call their kind: PEFT's, kohya's and LyCORIS'.
_KINDS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(rf"(?:^|[._])({pattern})(?:\.|$)"))
    for kind, pattern in (
        ("DoRA", r"lora_magnitude_vector|dora_scale"),
        ("LoRA", r"lora_(?:embedding_)?[AB]|lora_(?:up|down|mid)|lora\d?\.(?:up|down)|lora_[ab]"),
        ("LoHa", r"hada_(?:w[12]_[ab]|t[12])"),
        ("LoKr", r"lokr_(?:w[12](?:_[ab])?|t2)"),
        ("VeRA", r"vera_(?:lambda_[bd]|[AB])"),
        ("(IA)3", r"ia3_l"),
        ("OFT", r"oft_(?:r|R|blocks|diag)|boft_[RS]"),
    )
)
_MARKS = ("lora", "hada_", "lokr_", "vera_", "ia3_l", "oft_", "dora_scale", "prompt_embeddings")
_FIRST_FACTOR = re.compile(r"(?:^|[._])(?:lora_(?:embedding_)?A|lora_down|lora\d?\.down|lora_a)(?:\.weight)?$")


def adapter_config_beside(path: str, limits: LoadLimits, warnings: list[str]) -> dict[str, Any] | None:
    """Return the adapter_config.json beside a file, None when there is none; one that cannot be read is a warning."""
    beside = Path(path).parent / ADAPTER_CONFIG
    if not beside.is_file():
        return None
    try:
        return read_config(str(beside), limits)
    except InputError as error:
        warnings.append(f"not used: {error}")
        return None


def place_adapter(checkpoint: Checkpoint, config: Mapping[str, Any] | None, path: str, limits: LoadLimits) -> bool:
    """Put an adapter's tensors on the modules that they adapt; leave what is no adapter alone.

    A tensor that is shown under another name than the file's has that in its attribute ``tensor_name``.

    Parameters
    ----------
    checkpoint : Checkpoint
        As read; changed in place.
    config : mapping or None
        adapter_config.json.
    path : str
        Of the file, for errors.

    Returns
    -------
    bool
        Whether it is an adapter.
    """
    table = checkpoint.model
    if config is None and not _is_marked("\n".join(table.names)):
        return False  # told for 10^5 names in 5 ms
    names = list(table.names)
    kinds = [kind for kind, _ in filter(None, map(_adapted, names))]
    own = len(kinds) + sum(name.endswith((".alpha", "prompt_embeddings")) for name in names)
    if config is None and 2 * own < len(names):
        return False  # a model with adapters still in it
    paths = _paths(names)
    if len(set(paths)) != len(paths):
        paths = names  # two names that would be one path: the file's own are right
    attributes = {i: dict(values) for i, values in table.attributes.items()}
    for i, (name, shown) in enumerate(zip(names, paths, strict=True)):
        if name != shown:
            attributes.setdefault(i, {})["tensor_name"] = name
    table.names = check_names(paths, table.files, [path] * max(1, len(table.file_names)), limits)
    table.attributes = attributes
    # LyCORIS and kohya store each module's alpha as a tensor of one number: a setting, no parameter.
    table.parameters = {**table.parameters, **{i: 0 for i, name in enumerate(names) if name.endswith(".alpha")}}
    table.modules = [*table.modules, *_modules(table, config or {})]
    checkpoint.attributes = {**checkpoint.attributes, **_facts(config, set(kinds))}
    return True


def _is_marked(text: str) -> bool:
    return any(mark in text for mark in _MARKS)


def _adapted(name: str) -> tuple[str, str] | None:
    """Return the kind of adapter that a tensor is of, and the module that it adapts."""
    for kind, pattern in _KINDS:
        match = pattern.search(name)
        if match is not None:
            return kind, name[: match.start()]
    return None


def _paths(names: list[str]) -> list[str]:
    """Return where each tensor is shown: at its module's path in the base model."""
    return component_paths([_PREFIX.sub("", name, count=1) if _PREFIX.match(name) else name for name in names])


def _modules(table: TensorTable, config: Mapping[str, Any]) -> list[tuple[int, str, dict[str, Any]]]:
    """Return what is known of each adapted module: kind, rank, alpha."""
    found: dict[str, tuple[int, dict[str, Any]]] = {}
    for i, name in enumerate(table.names):
        adapted = _adapted(name)
        if adapted is None or not adapted[1]:
            continue
        kind, module = adapted
        known = found.setdefault(module, (i, {"adapter": kind}))[1]
        if kind == "DoRA":
            known["adapter"] = kind
        shape = table.shapes[i]
        if _FIRST_FACTOR.search(name) and shape:
            known["rank"] = shape[0]
            alpha = _alpha(module, config)
            if alpha is not None:
                known["alpha"] = alpha
    return [(i, module, known) for module, (i, known) in found.items()]


def _alpha(module: str, config: Mapping[str, Any]) -> int | float | None:
    alpha: Any = config.get("lora_alpha")
    patterns = config.get("alpha_pattern")
    if is_dict(patterns) and patterns:
        # Its keys are regular expressions, which a file must not have us run: plain names are taken, others not.
        for key, value in patterns.items():
            if key == module or module.endswith(f".{key}"):
                alpha = value
                break
        else:
            alpha = None if any(not re.fullmatch(r"[\w.]+", str(key)) for key in patterns) else alpha
    return alpha if type(alpha) in (int, float) else None


def _facts(config: Mapping[str, Any] | None, kinds: set[str]) -> dict[str, Any]:
    """Return the root's attributes: what it adapts, and how."""
    found = {f"adapter.{key}": value for key, value in short_attributes(config or {}).items() if value is not None}
    targets = (config or {}).get("target_modules")
    if is_sequence(targets) and "adapter.target_modules" not in found:
        found["adapter.target_modules"] = f"{len(targets)} modules"
    kind = "DoRA" if "DoRA" in kinds else ", ".join(sorted(kinds))
    return {**found, "adapter": kind or str((config or {}).get("peft_type") or "adapter")}
