"""What Hugging Face puts beside weights: config.json, and the model's name."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from ..errors import InputError
from .files import input_error, read_whole
from .limits import LoadLimits
from .untyped import is_dict

__all__ = ["config_beside", "display_name", "read_config"]

_CONFIG_BYTES = 16 * 2**20
# ~/.cache/huggingface/hub/models--deepseek-ai--DeepSeek-V3/snapshots/<commit>
_HUB_CACHE = re.compile(r"models--(?:.+--)?(.+)")
_SHARD = re.compile(r"[-_.]?\d+-of-\d+$")
_SUFFIX = re.compile(r"\.(safetensors|bin|pt|pth|ckpt|pt2|jit|ptl|npz|npy|onnx|ort)(\.index\.json)?$", re.IGNORECASE)


def read_config(path: str, limits: LoadLimits) -> dict[str, Any]:
    """Return a config.json as a checked dict.

    Raises
    ------
    InputError
        When it is no JSON object, too large or nested too deeply.
    """
    raw = read_whole(path, min(_CONFIG_BYTES, limits.header_bytes))
    try:
        config = _decoded(raw)
    except RecursionError as error:
        raise input_error(path, "is nested too deeply", f"at most {limits.json_depth} levels are read") from error
    except ValueError as error:
        raise input_error(path, f"is no valid JSON ({error})", "a Hugging Face config.json is needed") from error
    if not is_dict(config):
        raise input_error(path, "holds no JSON object", "a Hugging Face config.json is needed")
    if _depth(config) > limits.json_depth:
        raise input_error(path, "is nested too deeply", f"at most {limits.json_depth} levels are read")
    return config


def _decoded(raw: bytes) -> Any:
    try:
        return msgspec.json.decode(raw)
    except msgspec.DecodeError:
        import json  # takes the NaN and Infinity that Python writes; 6 ms to import

        return json.loads(raw)


def config_beside(path: str, limits: LoadLimits, warnings: list[str]) -> dict[str, Any] | None:
    """Return the config of the model that a single weights file belongs to, None when it has none.

    A file was asked for, not a folder: a config that cannot be read is worth a warning only.
    """
    beside = Path(path).parent / "config.json"
    if not beside.is_file():
        return None
    try:
        config = read_config(str(beside), limits)
    except InputError as error:
        warnings.append(f"not used: {error}")
        return None
    return config if "model_type" in config or "architectures" in config else None


def display_name(path: str, config: Mapping[str, Any] | None = None) -> str:
    """Return what people call the model at `path`: the config's name for it, else the folder's or file's."""
    declared = config.get("_name_or_path") if config else None
    if isinstance(declared, str) and declared.strip("./\\ "):
        return re.split(r"[/\\]", declared.rstrip("/\\ "))[-1]
    place = Path(path).absolute()
    if place.name.endswith(".index.json") or _SHARD.search(_SUFFIX.sub("", place.name)):
        place = place.parent
    for part in (place, *place.parents[:4]):
        cached = _HUB_CACHE.fullmatch(part.name)
        if cached:
            return cached[1]
    return _SUFFIX.sub("", place.name) or place.name or str(place)


def _depth(value: Any) -> int:
    depth, level = 0, [value]
    while level:
        depth += 1
        inner: list[Any] = []
        for item in level:
            if is_dict(item):
                inner += item.values()
            elif isinstance(item, list):
                inner += item
        level = inner
    return depth
