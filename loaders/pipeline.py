"""A diffusers pipeline: a folder with a model_index.json, and a model in each of several folders in it."""

import os
from pathlib import Path
from typing import Any

import numpy as np

from ..graph import ModelGraph, NodeKind
from . import shards
from .checkpoint import Checkpoint, Report, build_graph
from .files import check_inside, input_error, plain_text, unreadable
from .huggingface import read_config
from .limits import LoadLimits
from .quantisation import note_quantisation
from .tensor_table import TensorTable
from .untyped import is_sequence

__all__ = ["load"]

_INDEX = "model_index.json"
_MOST_PARTS = 64  # the largest pipelines have about ten
_PYTORCH = (".bin", ".pt", ".pth", ".ckpt")


def load(path: str, limits: LoadLimits, report: Report) -> ModelGraph:
    """Read the models of a pipeline as one, each a subtree called as its folder.

    Raises
    ------
    InputError
        When none of its folders holds weights, or one cannot be read.
    """
    folder = Path(path) if os.path.isdir(path) else Path(path).parent  # noqa: PTH112 - a path may be anything
    index = read_config(str(folder / _INDEX), limits)
    parts = {name: _class_name(entry) for name, entry in index.items() if _class_name(entry) and _is_plain(name)}
    if len(parts) > _MOST_PARTS:
        raise input_error(str(folder / _INDEX), f"names {len(parts):,} parts", f"at most {_MOST_PARTS} are read")
    attributes: dict[str, Any] = {}
    if isinstance(index.get("_class_name"), str):
        attributes["architecture"] = plain_text(index["_class_name"], 80)
    checkpoint = Checkpoint(_nothing(), attributes=attributes)
    empty: list[str] = []
    for name, kind in parts.items():
        part = _read_part(folder / name, limits, report)
        if part is None:
            empty.append(name)
            continue
        warnings = list[str]()
        note_quantisation(part.model, part.config, warnings)
        part.model.file_names = [f"{name}/{file}" for file in part.model.file_names]
        checkpoint.beside.append((name, NodeKind.MODULE, part.model))
        checkpoint.warnings += [f"{name}: {warning}" for warning in part.warnings + warnings]
        attributes[f"parts.{name}"] = kind
    if not checkpoint.beside:
        listed = ", ".join(plain_text(name, 40) for name in empty[:10]) or "none"
        raise input_error(
            path, f"is a pipeline whose parts hold no weights here ({listed})", "download the whole of it"
        )
    # A scheduler or a tokenizer has no weights anywhere; a model that has a config but none is not downloaded.
    lost = [name for name in empty if (folder / name / "config.json").is_file()]
    if lost:
        listed = ", ".join(plain_text(name, 40) for name in lost)
        checkpoint.warnings.append(f"without weights here, so not shown: {listed}")
    return build_graph(path, "diffusers", checkpoint, limits)


def _class_name(entry: Any) -> str:
    """Return the class of a part, as ``["diffusers", "UNet2DConditionModel"]`` has it, "" for anything else."""
    fits = is_sequence(entry) and len(entry) == 2 and all(isinstance(word, str) for word in entry)
    return plain_text(".".join(entry), 120) if fits else ""


def _is_plain(name: str) -> bool:
    """Return whether a name is one of a folder beside the index: nothing leads out, on no system."""
    return bool(name) and name not in (".", "..") and name.isprintable() and not any(c in name for c in "/\\:.")


def _read_part(folder: Path, limits: LoadLimits, report: Report) -> Checkpoint | None:
    """Return what a part's folder holds; None for a scheduler, a tokenizer, or what was not downloaded."""
    if not folder.is_dir():
        return None
    check_inside(str(folder))
    try:
        entries = os.listdir(folder)  # noqa: PTH208
    except OSError as error:
        raise unreadable(str(folder), error) from error
    if any(name.endswith((".safetensors", ".safetensors.index.json")) for name in entries):
        return shards.read_safetensors(str(folder), limits, report)
    if any(name.endswith((*_PYTORCH, ".bin.index.json")) for name in entries):
        return shards.read_pytorch(str(folder), limits, report)
    return None


def _nothing() -> TensorTable:
    """Return a table without tensors: a pipeline has none of its own."""
    return TensorTable([], [], [], np.empty(0, np.int64), [], np.empty(0, np.int64), [])
