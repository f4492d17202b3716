"""A model in many files: a folder, or the index that names them."""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..graph import ModelGraph
from . import safetensors
from .checkpoint import Checkpoint, Report, build_graph
from .files import input_error, plain_text, unreadable
from .huggingface import read_config
from .limits import LoadLimits
from .shard_index import ShardIndex
from .tensor_table import TensorTable

__all__ = ["load_pytorch", "load_safetensors", "read_pytorch", "read_safetensors"]

_SAFETENSORS = (".safetensors",)
_PYTORCH = (".bin", ".pt", ".pth", ".ckpt")
# The whole model, by the names that transformers and diffusers give it; other weights beside it are copies.
_USUAL: dict[tuple[str, ...], tuple[str, ...]] = {
    _SAFETENSORS: ("model.safetensors", "diffusion_pytorch_model.safetensors"),
    _PYTORCH: ("pytorch_model.bin", "diffusion_pytorch_model.bin"),
}
# What the Hugging Face trainer and accelerate put beside weights.
_NO_WEIGHTS = re.compile(
    r"training_args\.bin|(optimizer|scheduler|scaler)(_\d+)?\.(pt|bin)|(rng_state|random_states)(_\d+)?\.(pth|pkl)"
    r"|trainer_state\.json|dataloader.*\.(pt|bin)"
)
_OF = re.compile(r"(.*?)(\d+)-of-(\d+)(.*)")
_MAX_LISTED = 50
_MAX_DIGITS = 6  # no model has more files


@dataclass(slots=True)
class _Place:
    """A folder of shards: where it is, what is in it, and what else is known of the model."""

    path: str  # as given
    folder: Path
    entries: list[str]
    index: ShardIndex | None
    config: dict[str, Any] | None
    warnings: list[str]

    def paths(self, names: list[str]) -> list[str]:
        """Return the paths of files in the folder."""
        return [str(self.folder / name) for name in names]


def load_safetensors(path: str, limits: LoadLimits, report: Report) -> ModelGraph:
    """Read the model of a folder or an index, with the config.json beside it if there is one."""
    return build_graph(path, "safetensors", read_safetensors(path, limits, report), limits)


def load_pytorch(path: str, limits: LoadLimits, report: Report) -> ModelGraph:
    """Read the model of a folder or index of PyTorch files, with the config.json beside it if there is one."""
    return build_graph(path, "pytorch", read_pytorch(path, limits, report), limits)


def read_safetensors(path: str, limits: LoadLimits, report: Report) -> Checkpoint:
    """Read what a folder or an index of .safetensors files holds."""
    place = _look(path, _SAFETENSORS, limits)
    before = len(place.warnings)
    paths = place.paths(_whole_series(place.entries)) if place.index else []
    table = safetensors.read_headers(paths, limits, place.warnings, report) if paths else None
    if table is None or place.index is None or not place.index.agrees(len(table.names)):
        del place.warnings[before:]
        names, weight_map = _choose(place, _SAFETENSORS)
        paths = place.paths(names)
        table = safetensors.read_headers(paths, limits, place.warnings, report)
        _compare(weight_map, names, table, place.warnings)
    attributes = {**safetensors.read_metadata(paths[0], limits), **_training_state(place)}
    return Checkpoint(table, attributes=attributes, config=place.config, warnings=place.warnings)


def read_pytorch(path: str, limits: LoadLimits, report: Report) -> Checkpoint:
    """Read what a folder or an index of PyTorch files holds."""
    from .pytorch import container

    place = _look(path, _PYTORCH, limits)
    names, weight_map = _choose(place, _PYTORCH)
    checkpoint = container.read_files(place.paths(names), limits, place.warnings, report)
    _compare(weight_map, names, checkpoint.model, place.warnings)
    checkpoint.config = place.config or checkpoint.config
    checkpoint.attributes = {**checkpoint.attributes, **_training_state(place)}
    checkpoint.warnings = place.warnings
    return checkpoint


def _look(path: str, suffixes: tuple[str, ...], limits: LoadLimits) -> _Place:
    folder, warnings = Path(path), list[str]()
    index = None if folder.is_dir() else path
    folder = folder if index is None else folder.parent
    entries = _entries(folder)
    if index is None:
        index = _choose_index(folder, entries, suffixes, warnings)
    config = read_config(str(folder / "config.json"), limits) if "config.json" in entries else None
    return _Place(path, folder, entries, ShardIndex(index, suffixes, limits) if index else None, config, warnings)


def _choose(place: _Place, suffixes: tuple[str, ...]) -> tuple[list[str], dict[str, str]]:
    """Return the names of the shards that are there, and tensor -> shard as the index has it."""
    if place.index is None:
        return _choose_files(place, suffixes), {}
    weight_map = place.index.weight_map()
    return _present(place, place.index.path, weight_map), weight_map


def _training_state(place: _Place) -> dict[str, str]:
    """Return the files of training that lie beside a model, as an attribute."""
    found = [name for name in place.entries if _NO_WEIGHTS.fullmatch(name)]
    return {"training_state": _listed(found)} if found else {}


def _entries(folder: Path) -> list[str]:
    """Return the names in a folder. A link to nothing is not there: hub caches have some while a download runs."""
    try:
        with os.scandir(folder) as listed:
            entries = [entry.name for entry in listed if not entry.is_symlink() or os.path.exists(entry.path)]  # noqa: PTH110
    except OSError as error:
        raise unreadable(str(folder), error) from error
    return sorted(entries, key=_natural)


def _natural(name: str) -> list[tuple[int, str]]:
    """Sort key that takes runs of digits as numbers; by length first, since `int` refuses very long ones."""
    return [
        (len(part.lstrip("0")), part.lstrip("0")) if part.isdecimal() else (0, part)
        for part in re.split(r"(\d+)", name)
    ]


def _choose_index(folder: Path, entries: list[str], suffixes: tuple[str, ...], warnings: list[str]) -> str | None:
    if any(usual in entries for usual in _USUAL[suffixes]):
        return None
    found = [name for name in entries if name.endswith(tuple(f"{suffix}.index.json" for suffix in suffixes))]
    found.sort(key=lambda name: len(name))  # "model.safetensors.index.json" before "model.safetensors.index.fp16.json"
    if len(found) > 1:
        warnings.append(f"{len(found)} indexes are here; read: {found[0]}; not read: {_listed(found[1:])}")
    return str(folder / found[0]) if found else None


def _present(place: _Place, index: str, weight_map: dict[str, str]) -> list[str]:
    """Return the named shards that are there; some may be missing, as while a download runs."""
    wanted = sorted(set(weight_map.values()), key=_natural)
    here = set(place.entries)
    shards = [name for name in wanted if name in here]
    if not shards:
        problem = f"none of its {len(wanted)} shards is here ({plain_text(wanted[0], 100)} ...)"
        raise input_error(index, problem, "shards must lie beside the index")
    if len(shards) < len(wanted):
        missing = [name for name in wanted if name not in here]
        absent = set(missing)
        lost = sum(name in absent for name in weight_map.values())
        place.warnings.append(
            f"{len(missing)} of {len(wanted)} shards are missing, so {lost:,} tensors are not shown: {_listed(missing)}"
        )
    return shards


def _whole_series(entries: list[str]) -> list[str]:
    """Return the only series of shards among the names, if it is whole: 00001-of-00163 to 00163-of-00163."""
    series = [match for name in entries if name.endswith(_SAFETENSORS) and (match := _OF.fullmatch(name))]
    kinds = {(match[1], match[3], match[4]) for match in series}
    whole = len(kinds) == 1 and not _gaps(series) and not _may_lack_last(series)
    return [match[0] for match in series] if whole else []


def _choose_files(place: _Place, suffixes: tuple[str, ...]) -> list[str]:
    """Return the weights of a folder that has no index."""
    entries, warnings = place.entries, place.warnings
    found = [name for name in entries if name.lower().endswith(suffixes) and not _NO_WEIGHTS.fullmatch(name)]
    if not found:
        what = "has a config.json but no weights" if "config.json" in entries else "holds no weights"
        raise input_error(place.path, what, "a folder needs .safetensors or PyTorch files (.bin .pt .pth .ckpt)")
    usual = next((name for name in _USUAL[suffixes] if name in found), None)
    series = [match for name in found if (match := _OF.fullmatch(name))]
    if usual is not None:
        used = [usual]
    elif series:
        series = [match for match in series if (match[1], match[4]) == (series[0][1], series[0][4])]
        used = [match[0] for match in series]
        missing = _gaps(series)
        if missing:
            width = len(series[0][2])
            lost = [f"{series[0][1]}{k:0{width}}-of-{series[0][3]}{series[0][4]}" for k in missing[:_MAX_LISTED]]
            warnings.append(f"{len(missing)} of {int(series[0][3])} shards are missing: {_listed(lost, len(missing))}")
        elif _may_lack_last(series):
            lost = f"{series[0][1]}{series[0][3]}-of-{series[0][3]}{series[0][4]}"
            warnings.append(f"shards count from 0: whether {plain_text(lost, 120)} belongs to them is not known")
    elif len(found) > 1 and suffixes == _PYTORCH:
        raise input_error(place.path, f"holds {len(found)} PyTorch files ({_listed(found[:4])})", "name one of them")
    else:
        used = found
    others = [name for name in found if name not in set(used)]
    if others:
        warnings.append(f"other weights are in this folder and not read: {_listed(others)}")
    return used


def _gaps(series: list[re.Match[str]]) -> list[int]:
    """Return the numbers that are missing in "-00003-of-00163"."""
    total = series[0][3]
    if len(total) > _MAX_DIGITS or any(len(match[2]) > _MAX_DIGITS for match in series):
        return []
    numbers = {int(match[2]) for match in series}
    first = 0 if 0 in numbers else 1
    last = int(total) if int(total) in numbers else int(total) + first - 1
    return [k for k in range(first, last + 1) if k not in numbers]


def _may_lack_last(series: list[re.Match[str]]) -> bool:
    """Return whether nobody can tell from the names if the last one is there.

    From 00000 on, some count to 00014 "of 00015", and gpt-oss to 00014 "of 00014".
    """
    numbers = {int(match[2]) for match in series if len(match[2]) <= _MAX_DIGITS}
    total = int(series[0][3]) if len(series[0][3]) <= _MAX_DIGITS else 0
    return 0 in numbers and total > 0 and total not in numbers


def _compare(weight_map: dict[str, str], shards: list[str], table: TensorTable, warnings: list[str]) -> None:
    """Warn of tensors that the index promises in a shard that is here, but no shard has."""
    lost, here = weight_map.keys() - set(table.names), set(shards)
    absent = [name for name, shard in weight_map.items() if name in lost and shard in here]
    if absent:
        listed = _listed(absent[:5], len(absent))
        warnings.append(f"{len(absent):,} tensors of the index are in none of its shards: {listed}")


def _listed(names: list[str], total: int | None = None) -> str:
    total = len(names) if total is None else total
    shown = ", ".join(plain_text(name, 120) for name in names[:_MAX_LISTED])
    more = total - min(len(names), _MAX_LISTED)
    return f"{shown} and {more} more" if more else shown
