"""Megatron-LM's rank folders: ``iter_0000100/mp_rank_TT[_PPP][_EEE]/model_optim_rng.pt``, joined to one model.

Each file is what one rank had: its shards of the tensors (tensor-parallel rank TT), its layers counted from 0
(pipeline rank PPP), its experts counted from 0 (expert rank EEE). The arguments of the run, which are in each file,
say how many of each there are.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from ...graph import ModelGraph
from ..checkpoint import Checkpoint, Report, build_graph, short_attributes
from ..files import check_inside, input_error, plain_text, read_whole
from ..limits import LoadLimits
from ..pytorch.pickled_tree import entries
from ..untyped import is_dict
from .dcp import load_folder
from .folders import listed, names_in
from .megatron_config import config_of_arguments
from .megatron_rules import rule_of
from .pieces import Piece, PieceTable, check_ranks
from .rank_files import Row, join, read_rank, rows_of

__all__ = ["load"]

_TRACKER = "latest_checkpointed_iteration.txt"
_RANK = re.compile(r"mp_rank_(\d{2,4})(?:_(\d{3}))?(?:_(\d{3}))?")
_FILES = ("model_optim_rng.pt", "model_rng.pt")
_LAYER = re.compile(r"((?:^|.*\.)layers\.)(\d{1,6})(\..+)")
_EXPERT = re.compile(r"(.*\.experts\.(?:local_experts\.|linear_fc[12]\.(?:weight|bias)))(\d{1,6})($|\..+)")
_NUMBER = re.compile(r"\d{1,9}")
_MAX_RANKS = 20_000


class _Rank(NamedTuple):
    """One rank's file: tensor-, pipeline- and expert-parallel rank."""

    file: str
    tensor: int
    pipeline: int
    expert: int


class _Sizes(NamedTuple):
    """How many ranks and layers there are, by the run's arguments."""

    tensor: int
    pipeline: int
    expert: int
    layers: int | None
    is_gated: bool


def load(path: str, limits: LoadLimits, report: Report) -> ModelGraph:
    """Read a folder of Megatron's iterations, or one iteration."""
    warnings: list[str] = []
    folder = _iteration(path, warnings)
    if (folder / ".metadata").exists():  # written with --ckpt-format torch_dist
        return load_folder(path, str(folder), limits, report, warnings)
    found = _rank_files(folder)
    first, _ = read_rank(str(folder / found[0][0]), found[0][0], limits, [], lambda _: {})
    arguments = first.get("args") if is_dict(first) else None
    sizes = _sizes(arguments, found)
    ranks = [_rank(file, numbers, sizes) for file, numbers in found]
    parts = _Parts(sizes)
    for k, rank in enumerate(ranks):
        report(Path(rank.file).parent.name, k / len(ranks))
        _, tables = read_rank(str(folder / rank.file), rank.file, limits, warnings, _models)
        for chunk, table in tables.items():
            parts.add(rank, chunk, rows_of(table))
    _warn_missing(ranks, sizes, warnings)
    table = PieceTable(path, limits, warnings)
    unknown: list[str] = []
    for name, shape, dtype, nbytes, pieces in parts.joined(path, unknown):
        table.add(name, dtype, shape, pieces, nbytes)
    if unknown:
        warnings.append(
            f"how {len(unknown):,} tensors are cut among ranks is not known, so each rank's is shown: {listed(unknown)}"
        )
    checkpoint = Checkpoint(table.table(), config=config_of_arguments(arguments))
    checkpoint.attributes = {
        **short_attributes({key: value for key, value in entries(first).items() if key != "args"}, "checkpoint"),
        **short_attributes(entries(arguments), "checkpoint.args"),
        "ranks": len(ranks),
    }
    checkpoint.warnings = warnings
    return build_graph(path, "Megatron checkpoint", checkpoint, limits)


def _iteration(path: str, warnings: list[str]) -> Path:
    """Return the folder of the latest iteration, or `path` where it is one."""
    names = names_in(path)
    if _TRACKER not in names:
        return Path(path)
    text = read_whole(str(Path(path) / _TRACKER), 1000).decode("utf-8", "replace").strip()
    wanted = text if text == "release" else f"iter_{int(text):07d}" if _NUMBER.fullmatch(text) else ""
    if wanted not in names:
        problem = f"names {plain_text(text, 60)!r}, which is not here"
        raise input_error(str(Path(path) / _TRACKER), problem, "name the folder of an iteration: iter_...")
    check_inside(str(Path(path) / wanted))
    others = [name for name in names if name.startswith("iter_") and name != wanted]
    if others:
        warnings.append(f"the latest iteration is shown, {wanted}; others are here: {listed(others)}")
    return Path(path) / wanted


def _rank_files(folder: Path) -> list[tuple[str, list[int]]]:
    """Return the ranks' files, relative to the folder, with the numbers of their names."""
    found: list[tuple[str, list[int]]] = []
    for name in names_in(str(folder)):
        match = _RANK.fullmatch(name)
        file = next((f for f in _FILES if match and os.path.lexists(folder / name / f)), None)
        if match and file:
            check_inside(str(folder / name))
            found.append((f"{name}/{file}", [int(number) for number in match.groups() if number is not None]))
    if not found or len(found) > _MAX_RANKS:
        what = f"has {len(found):,} ranks" if found else f"has no mp_rank_*/{_FILES[0]}"
        raise input_error(str(folder), what, "the folder of one of Megatron's iterations is needed")
    return found


def _models(root: Any) -> dict[str, Any]:
    """Return a rank's state dicts: "model", or "model0", "model1" for its virtual pipeline stages."""
    return {
        key: part
        for key, part in entries(root).items()
        if isinstance(key, str) and re.fullmatch(r"model\d{0,3}", key) and is_dict(part)
    }


def _sizes(arguments: Any, found: list[tuple[str, list[int]]]) -> _Sizes:
    values = entries(arguments)

    def number(key: str) -> int | None:
        value = values.get(key)
        return value if type(value) is int and 0 < value <= 2**20 else None

    numbers = [rank for _, rank in found]
    second = 1 + max((rank[1] for rank in numbers if len(rank) > 1), default=0)
    third = 1 + max((rank[2] for rank in numbers if len(rank) > 2), default=0)
    # Two numbers are tensor and pipeline rank, or tensor and expert rank where there is no pipeline.
    is_expert = second > 1 and third == 1 and number("pipeline_model_parallel_size") == 1
    return _Sizes(
        number("tensor_model_parallel_size") or 1 + max(rank[0] for rank in numbers),
        number("pipeline_model_parallel_size") or second,
        number("expert_model_parallel_size") or (second if is_expert else third),
        number("num_layers"),
        values.get("swiglu") is True,
    )


def _rank(file: str, numbers: list[int], sizes: _Sizes) -> _Rank:
    if len(numbers) == 2 and sizes.pipeline == 1:
        return _Rank(file, numbers[0], 0, numbers[1])
    return _Rank(file, *numbers, *[0] * (3 - len(numbers)))


def _warn_missing(ranks: list[_Rank], sizes: _Sizes, warnings: list[str]) -> None:
    wanted = sizes.tensor * sizes.pipeline * sizes.expert
    if len(ranks) < wanted:
        warnings.append(f"{wanted - len(ranks)} of {wanted} ranks are missing: what they have is not shown")


class _Parts:
    """Shards of all ranks by their names in the whole model."""

    def __init__(self, sizes: _Sizes) -> None:
        self._sizes = sizes
        self._stages: dict[tuple[int, int], list[tuple[_Rank, dict[str, Row]]]] = {}

    def add(self, rank: _Rank, chunk: str, rows: dict[str, Row]) -> None:
        """Add a rank's tensors; `chunk` is "model", or "model1" for its second virtual stage."""
        number = int(chunk.removeprefix("model") or 0)
        self._stages.setdefault((number, rank.pipeline), []).append((rank, rows))

    def joined(self, path: str, unknown: list[str]) -> Iterator[tuple[str, tuple[int, ...], str, int, list[Piece]]]:
        """Yield (name, shape, dtype, bytes, pieces) of the whole model's tensors, stage after stage.

        Parameters
        ----------
        unknown : list of str
            Gets the names of tensors that no rule joins.
        """
        before: dict[str, int] = {}  # "decoder.layers." -> layers of the stages before this one
        seen: set[tuple[str, tuple[int, ...]]] = set()
        for (chunk, pipeline), members in sorted(self._stages.items()):  # virtual stage, then rank: in order of layers
            shards: dict[str, dict[int, Row]] = {}
            layers: dict[str, int] = {}
            for rank, rows in members:
                experts = _experts_in(rows) * rank.expert
                for name, row in rows.items():
                    match = _LAYER.fullmatch(name)
                    whole = name
                    if match is not None:
                        layers[match[1]] = max(layers.get(match[1], 0), int(match[2]) + 1)
                        first = self._first_layer(path, chunk, pipeline, before.get(match[1], 0))
                        whole = f"{match[1]}{first + int(match[2])}{match[3]}"
                    match = _EXPERT.fullmatch(whole) if experts else None
                    if match is not None:
                        whole = f"{match[1]}{experts + int(match[2])}{match[3]}"
                    shards.setdefault(whole, {}).setdefault(rank.tensor, row)
            for prefix, count in layers.items():
                before[prefix] = before.get(prefix, 0) + count
            check_ranks(path, len(shards), self._sizes.tensor)
            for name, by_rank in shards.items():
                shape = next(iter(by_rank.values())).shape
                if (name, shape) not in seen:  # what is no layer's may be on several stages, the same on each
                    seen.add((name, shape))
                    yield from self._join(path, name, by_rank, unknown)

    def _first_layer(self, path: str, chunk: int, pipeline: int, before: int) -> int:
        """Return a stage's first layer: by the stages before it, or by the arguments if some of them are missing."""
        chunks = 1 + max(number for number, _ in self._stages)
        if len(self._stages) == chunks * self._sizes.pipeline:
            return before
        stages = chunks * self._sizes.pipeline
        if self._sizes.layers is None or self._sizes.layers % stages:
            problem = "lacks pipeline ranks, and how many layers they have is not known"
            raise input_error(path, problem, "all of a checkpoint's mp_rank folders are needed")
        return (chunk * self._sizes.pipeline + pipeline) * (self._sizes.layers // stages)

    def _join(
        self, path: str, name: str, by_rank: dict[int, Row], unknown: list[str]
    ) -> Iterator[tuple[str, tuple[int, ...], str, int, list[Piece]]]:
        first = next(iter(by_rank.values()))
        rule = rule_of(name)
        if self._sizes.tensor == 1 or rule == "same":
            yield name, first.shape, first.dtype, first.nbytes, [first.piece((0,) * len(first.shape))]
        elif rule is None:
            unknown.append(name)
            for k, row in sorted(by_rank.items()):
                yield f"{name}.rank_{k}", row.shape, row.dtype, row.nbytes, [row.piece((0,) * len(row.shape))]
        else:
            rows = [by_rank.get(k) for k in range(self._sizes.tensor)]
            blocks = 2 if rule == "rows" and self._sizes.is_gated and ".linear_fc1." in name else 1
            shape, pieces = join(path, name, rows, 0 if rule == "rows" else 1, blocks)
            yield name, shape, first.dtype, sum(row.nbytes for row in by_rank.values()), pieces


def _experts_in(rows: dict[str, Row]) -> int:
    """Return how many experts of a layer a rank has."""
    numbers = (int(match[2]) for name in rows if (match := _EXPERT.fullmatch(name)))
    return 1 + max(numbers, default=-1)
