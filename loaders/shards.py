"""A model in many files: a folder, or the index that names them."""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from ..graph import ModelGraph
from . import safetensors
from .checkpoint import Checkpoint, Report, build_graph
from .files import input_error, plain_text, read_whole, unreadable
from .huggingface import read_config
from .limits import LoadLimits

__all__ = ["load_pytorch", "load_safetensors"]

_SAFETENSORS = (".safetensors",)
_PYTORCH = (".bin", ".pt", ".pth", ".ckpt")
_USUAL: dict[tuple[str, ...], str] = {_SAFETENSORS: "model.safetensors", _PYTORCH: "pytorch_model.bin"}
_NO_WEIGHTS = ("training_args.bin", "optimizer.pt", "optimizer.bin", "scheduler.pt", "scaler.pt")  # of the HF trainer
_OF = re.compile(r"(.*?)(\d+)-of-(\d+)(.*)")
_MAX_LISTED = 50


class _Index(msgspec.Struct):
    weight_map: dict[str, str]


@dataclass(slots=True)
class _Shards:
    """The files of one model, in order, and what lies beside them."""

    paths: list[str]
    weight_map: dict[str, str]
    config: dict[str, Any] | None
    warnings: list[str]


def load_safetensors(path: str, limits: LoadLimits, report: Report) -> ModelGraph:
    """Read the model of a folder or an index, with the config.json beside it if there is one."""
    shards = _find(path, _SAFETENSORS, limits)
    checkpoint = Checkpoint(safetensors.read_headers(shards.paths, limits, shards.warnings, report))
    checkpoint.attributes = safetensors.read_metadata(shards.paths[0], limits)
    return _build(path, "safetensors", shards, checkpoint, limits)


def load_pytorch(path: str, limits: LoadLimits, report: Report) -> ModelGraph:
    """Read the model of a folder or index of PyTorch files, with the config.json beside it if there is one."""
    from . import pytorch

    shards = _find(path, _PYTORCH, limits)
    checkpoint = pytorch.read_files(shards.paths, limits, shards.warnings, report)
    return _build(path, "pytorch", shards, checkpoint, limits)


def _build(path: str, format: str, shards: _Shards, checkpoint: Checkpoint, limits: LoadLimits) -> ModelGraph:
    checkpoint.config = shards.config or checkpoint.config
    checkpoint.warnings = shards.warnings
    _compare(shards, checkpoint)
    shards.weight_map.clear()  # 10^5 names and files, of no more use while the graph takes its memory
    return build_graph(path, format, checkpoint, limits)


def _find(path: str, suffixes: tuple[str, ...], limits: LoadLimits) -> _Shards:
    folder, index = Path(path), None
    if not folder.is_dir():
        index, folder = path, folder.parent
    entries = _entries(folder)
    warnings: list[str] = []
    if index is None:
        index = _choose_index(folder, entries, suffixes, warnings)
    weight_map: dict[str, str] = {}
    if index is None:
        names = _choose_files(path, entries, suffixes, warnings)
    else:
        weight_map = _read_index(index, suffixes, limits)
        names = _present(index, weight_map, warnings)
    config = read_config(str(folder / "config.json"), limits) if "config.json" in entries else None
    return _Shards([str(folder / name) for name in names], weight_map, config, warnings)


def _entries(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder), key=_natural)  # noqa: PTH208 - names, not paths
    except OSError as error:
        raise unreadable(str(folder), error) from error


def _natural(name: str) -> list[tuple[int, str]]:
    """Sort key that takes runs of digits as numbers; by length first, since `int` refuses very long ones."""
    return [
        (len(part.lstrip("0")), part.lstrip("0")) if part.isdecimal() else (0, part)
        for part in re.split(r"(\d+)", name)
    ]


def _choose_index(folder: Path, entries: list[str], suffixes: tuple[str, ...], warnings: list[str]) -> str | None:
    if _USUAL[suffixes] in entries:
        return None
    found = [name for name in entries if name.endswith(tuple(f"{suffix}.index.json" for suffix in suffixes))]
    found.sort(key=lambda name: len(name))  # "model.safetensors.index.json" before "model.safetensors.index.fp16.json"
    if len(found) > 1:
        warnings.append(f"{len(found)} indexes are here; read: {found[0]}; not read: {_listed(found[1:])}")
    return str(folder / found[0]) if found else None


def _read_index(path: str, suffixes: tuple[str, ...], limits: LoadLimits) -> dict[str, str]:
    raw = read_whole(path, limits.header_bytes)
    try:
        weight_map = msgspec.json.decode(raw, type=_Index).weight_map
    except (msgspec.MsgspecError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else error
        remedy = 'an index has "weight_map": {tensor: file}'
        raise input_error(path, f"is no index of shards ({reason})", remedy) from error
    if not weight_map:
        raise input_error(path, "names no tensor", 'an index has "weight_map": {tensor: file}')
    for name in set(weight_map.values()):
        # Both kinds of separator and a drive on every system: what is refused must not depend on where it is opened.
        if not name or name in (".", "..") or any(c in name for c in "/\\:\0"):
            problem = f"names the shard {plain_text(name, 200)!r}, which is not a file of the model's folder"
            raise input_error(path, problem, "shards must lie beside the index")
        if not name.lower().endswith(suffixes):
            problem = f"names {plain_text(name, 200)!r}, which is no {' or '.join(suffixes)} file"
            raise input_error(path, problem, "all shards must be of one format")
    return weight_map


def _present(index: str, weight_map: dict[str, str], warnings: list[str]) -> list[str]:
    """Return the named shards that are there; some may be missing, as while a download runs."""
    folder = Path(index).parent
    wanted = sorted(set(weight_map.values()), key=_natural)
    here = {name for name in wanted if (folder / name).exists()}  # follows the links of a hub cache
    shards = [name for name in wanted if name in here]
    if not shards:
        problem = f"none of its {len(wanted)} shards is here ({plain_text(wanted[0], 100)} ...)"
        raise input_error(index, problem, "shards must lie beside the index")
    if len(shards) < len(wanted):
        missing = [name for name in wanted if name not in here]
        absent = set(missing)
        lost = sum(name in absent for name in weight_map.values())
        warnings.append(
            f"{len(missing)} of {len(wanted)} shards are missing, so {lost:,} tensors are not shown: {_listed(missing)}"
        )
    return shards


def _choose_files(path: str, entries: list[str], suffixes: tuple[str, ...], warnings: list[str]) -> list[str]:
    """Return the weights of a folder that has no index."""
    found = [name for name in entries if name.lower().endswith(suffixes) and name not in _NO_WEIGHTS]
    if not found:
        what = "has a config.json but no weights" if "config.json" in entries else "holds no weights"
        raise input_error(path, what, "a folder needs .safetensors or PyTorch files (.bin .pt .pth .ckpt)")
    usual = _USUAL[suffixes]
    series = [match for name in found if (match := _OF.fullmatch(name))]
    if usual in found:
        used = [usual]
    elif series:
        used = [match[0] for match in series if (match[1], match[4]) == (series[0][1], series[0][4])]
        _warn_gaps(used, warnings)
    elif len(found) > 1 and suffixes == _PYTORCH:
        raise input_error(path, f"holds {len(found)} PyTorch files ({_listed(found[:4])})", "name one of them")
    else:
        used = found
    others = [name for name in found if name not in set(used)]
    if others:
        warnings.append(f"other weights are in this folder and not read: {_listed(others)}")
    return used


def _warn_gaps(shards: list[str], warnings: list[str]) -> None:
    """Without an index, the numbers in "-00003-of-00163" tell what is missing."""
    parts = [match for name in shards if (match := _OF.fullmatch(name))]
    total = parts[0][3]
    if len(total) > 6 or any(len(match[2]) > 6 for match in parts):
        return  # no count of files that anybody has
    numbers = {int(match[2]) for match in parts}
    first = 0 if 0 in numbers else 1  # gpt-oss counts from 00000 to 00014 "of 00014"
    missing = [k for k in range(first, int(total) + first) if k not in numbers]
    if missing:
        width = len(parts[0][2])
        names = [f"{parts[0][1]}{k:0{width}}-of-{total}{parts[0][4]}" for k in missing[: _MAX_LISTED + 1]]
        warnings.append(f"{len(missing)} of {total} shards are missing: {_listed(names, len(missing))}")


def _compare(shards: _Shards, checkpoint: Checkpoint) -> None:
    """Warn of tensors that the index promises in a shard that is here, but no shard has."""
    promised, names = shards.weight_map, checkpoint.model.names
    if len(promised) == len(names) and all(map(promised.__contains__, names)):  # names occur once: the sets are equal
        return
    lost = promised.keys() - set(names)
    here = {Path(path).name for path in shards.paths}
    absent = [name for name, shard in promised.items() if name in lost and shard in here]
    if absent:
        listed = _listed(absent[:5], len(absent))
        shards.warnings.append(f"{len(absent):,} tensors of the index are in none of its shards: {listed}")


def _listed(names: list[str], total: int | None = None) -> str:
    total = len(names) if total is None else total
    shown = ", ".join(plain_text(name, 120) for name in names[:_MAX_LISTED])
    more = total - min(len(names), _MAX_LISTED)
    return f"{shown} and {more} more" if more else shown
