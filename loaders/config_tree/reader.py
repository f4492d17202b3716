"""A config.json without weights: what it asks for, as a model's tree."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...graph import ModelGraph
from ..checkpoint import Checkpoint, Report, build_graph
from ..dtypes import TORCH_DTYPES
from ..files import input_error, plain_text
from ..huggingface import display_name, read_config
from ..limits import LoadLimits
from ..untyped import is_dict
from .meta_tree import MetaTree, is_installed, meta_tree
from .own_tree import OwnTree, own_tree, tensor_table
from .sizes import ConfigError

__all__ = ["load"]

# Kimi-K2 has 69,975 tensors; half a million take 4 s and 400 MB, by transformers a second for every 30,000.
_MOST_TENSORS = 500_000
_MOST_BY_TRANSFORMERS = 150_000
_INSTALL = 'pip install "archviz3d[transformers]"'


def load(path: str, limits: LoadLimits, report: Report) -> ModelGraph:
    """Read a config.json, or a folder that has nothing else of a model.

    transformers knows most models, so it is asked first where it is installed; this package's own tables know the
    usual families without it. The graph's warnings say which was asked.

    Raises
    ------
    InputError
        When neither knows the model, or it asks for more than can be shown.
    """
    file = str(Path(path) / "config.json") if os.path.isdir(path) else path  # noqa: PTH112 - a path may be anything
    config = read_config(file, limits)
    if not any(config.get(key) for key in ("model_type", "architectures")):
        problem = "has a config.json that names no model, and no weights" if file != path else "names no model"
        raise input_error(path, problem, 'a config needs "model_type" or "architectures", a folder needs weights')
    most = min(_MOST_TENSORS, limits.nodes)
    warnings = ["no weights here: names and shapes are derived from config.json"]
    try:
        own = own_tree(config, most)
    except ConfigError as problem:
        raise input_error(file, str(problem), "the config is damaged or hostile") from problem
    meta = _asked_of_transformers(config, own, most, warnings, report)
    if meta is None and own is None:
        kind = plain_text(str(config.get("model_type") or config.get("architectures")), 80)
        reason = f" ({warnings[1]})" if len(warnings) > 1 else ""
        remedy = (
            "a known family is needed" if is_installed() else f"install transformers, which may know it: {_INSTALL}"
        )
        raise input_error(file, f"its model_type {kind!r} is not known{reason}", remedy)
    checkpoint = _checkpoint(config, own, meta, warnings)
    return build_graph(path, "config.json", checkpoint, limits, plain_text(_name(path, config)))


def _asked_of_transformers(
    config: Mapping[str, Any], own: OwnTree | None, most: int, warnings: list[str], report: Report
) -> MetaTree | None:
    if not is_installed():
        return None
    report("importing transformers", None)
    try:
        found = meta_tree(config, min(most, _MOST_BY_TRANSFORMERS))
    except ConfigError as problem:
        known = "so this is archviz3d's own table of the family" if own is not None else "so nothing is known"
        warnings.append(f"transformers was asked first, but config.json {problem}; {known}")
        return None
    warnings.append(f"made by {found.architecture} of transformers {found.version} on the meta device")
    return found


def _checkpoint(
    config: Mapping[str, Any], own: OwnTree | None, meta: MetaTree | None, warnings: list[str]
) -> Checkpoint:
    dtype = _dtype(config)
    if meta is None:
        assert own is not None
        if len(warnings) == 1:
            warnings.append(f"made by archviz3d's own table for {own.architecture}; transformers is not installed")
        names, codes, shapes = own.names, own.codes, own.shapes
    else:
        names, shapes = list(meta.names), list(dict.fromkeys(meta.shapes))
        code = {shape: i for i, shape in enumerate(shapes)}
        codes = [code[shape] for shape in meta.shapes]
        if own is not None and own.prediction:
            start, have = len(names), set(names)
            for name, of_shape in zip(own.names, own.codes, strict=True):
                if name not in have:
                    names.append(name)
                    codes.append(len(shapes) + of_shape)
            shapes += own.shapes
            if len(names) > start:
                warnings.append(
                    f"transformers leaves out the {len(own.prediction)} layers for multi-token prediction: "
                    "they are from archviz3d's own table"
                )
    table = tensor_table(names, codes, shapes, dtype)
    if meta is not None:
        table.modules = _placed(meta, names)
    quantised = config.get("quantization_config")
    if is_dict(quantised):
        method = plain_text(str(quantised.get("quant_method")), 40)
        warnings.append(f"the config says that weights are quantised ({method}): shapes here are those before that")
    known: Mapping[str, Any] = meta.known if meta is not None else own.known if own is not None else {}
    said = {key: value for key, value in config.items() if value is not None}
    return Checkpoint(table, config={**known, **said}, warnings=warnings)


def _placed(meta: MetaTree, names: list[str]) -> list[tuple[int, str, dict[str, Any]]]:
    """Return each module with the number of tensors before its first one."""
    first: dict[str, int] = {"": 0}
    for i, name in enumerate(names):
        parts = name.split(".")
        for depth in range(1, len(parts)):
            first.setdefault(".".join(parts[:depth]), i)
    placed = [(first[path], path, attributes) for path, attributes in meta.modules]
    return sorted(placed, key=lambda module: module[0])


def _dtype(config: Mapping[str, Any]) -> str:
    """Return the dtype that a config names, as safetensors calls it; float32 is what transformers takes otherwise."""
    inner = config.get("text_config")
    for place in (config, inner if is_dict(inner) else {}):
        named = place.get("dtype") or place.get("torch_dtype")
        if isinstance(named, str):
            return TORCH_DTYPES.get(named.removeprefix("torch."), "F32")
    return "F32"


def _name(path: str, config: Mapping[str, Any]) -> str:
    """Return the model's name: a config.json is called as its folder."""
    place = Path(path)
    return display_name(str(place if place.is_dir() else place.absolute().parent), config)
