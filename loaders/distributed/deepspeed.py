"""DeepSpeed's folders: a tag (``global_step1000/``) of model states and ZeRO partitions, and ``latest`` that names it.

Up to ZeRO stage 2, and without it, one file has all weights of its tensor-parallel rank. With ZeRO stage 3 no file
has a weight: each rank has its part of all, flat and in 32 bits; names and shapes are beside (`param_shapes`). A
pipeline's layers are a file each.
"""

import os
import re
from collections.abc import Callable
from math import prod
from pathlib import Path
from typing import Any

from ...graph import ModelGraph, NodeKind
from ..checkpoint import Checkpoint, Report, build_graph, short_attributes
from ..files import DAMAGED, check_inside, input_error, plain_text, read_whole
from ..limits import LoadLimits
from ..pytorch.inert_pickle import Inert
from ..pytorch.pickled_tree import entries
from ..tensor_table import TensorTable, joined_tables
from ..untyped import is_dict, is_sequence
from .folders import config_in, listed, names_in
from .megatron_rules import rule_of
from .pieces import Piece, PieceTable, check_ranks
from .rank_files import Row, join, prefixed, read_rank, rows_of

__all__ = ["load"]

_MODEL = re.compile(r"mp_rank_(\d{1,6})_model_states\.pt")
_ZERO3_MODEL = re.compile(r"zero_pp_rank_(\d{1,6})_mp_rank_(\d{1,6})_model_states\.pt")
_LAYER = re.compile(r"layer_(\d{1,6})(?:-model_(\d{1,6}))?-model_states\.pt")
_OPTIMIZER = re.compile(r"(?:bf16_|fp16_)?zero_pp_rank_(\d{1,6})_mp_rank_(\d{1,6})_optim_states\.pt")
_MAX_FILES = 100_000


def load(path: str, limits: LoadLimits, report: Report) -> ModelGraph:
    """Read a DeepSpeed checkpoint: the folder with ``latest``, or that of one step."""
    folder = _tag(path)
    prefix = "" if folder == Path(path) else f"{folder.name}/"
    reader = _Reader(path, folder, prefix, limits, report)
    checkpoint = reader.read()
    checkpoint.config = config_in(path, str(folder), limits, reader.warnings)
    checkpoint.warnings = reader.warnings
    return build_graph(path, "DeepSpeed checkpoint", checkpoint, limits)


def _tag(path: str) -> Path:
    """Return the folder of the latest step, or `path` where it is one."""
    names = names_in(path)
    if any(name.endswith("_model_states.pt") or _LAYER.fullmatch(name) for name in names):
        return Path(path)
    if "latest" not in names:
        raise input_error(path, "has no *_model_states.pt", "a folder that DeepSpeed wrote is needed")
    tag = read_whole(str(Path(path) / "latest"), 1000).decode("utf-8", "replace").strip()
    # Separators and drives of every system: a tag is a folder beside the file that names it.
    if not tag or tag in (".", "..") or any(c in tag for c in "/\\:\0"):
        problem = f"names {plain_text(tag, 100)!r}, which is not in the checkpoint's folder"
        raise input_error(str(Path(path) / "latest"), problem, "the folder of a step must lie beside it")
    if tag not in names or not os.path.isdir(Path(path) / tag):  # noqa: PTH112 - keeps a path that is no text
        problem = f"names {plain_text(tag, 100)!r}, which is not here"
        raise input_error(str(Path(path) / "latest"), problem, "name the folder of a step")
    check_inside(str(Path(path) / tag))
    return Path(path) / tag


class _Reader:
    """One step's files."""

    def __init__(self, path: str, folder: Path, prefix: str, limits: LoadLimits, report: Report) -> None:
        self._path, self._folder, self._prefix, self._limits, self._report = path, folder, prefix, limits, report
        self.warnings: list[str] = []
        names = names_in(str(folder))
        if len(names) > _MAX_FILES:
            raise input_error(str(folder), f"has {len(names):,} files", f"at most {_MAX_FILES:,} are read")

        def matching(pattern: re.Pattern[str]) -> dict[str, tuple[int, ...]]:
            found = {name: match for name in names if (match := pattern.fullmatch(name))}
            return {name: tuple(int(n) for n in match.groups() if n is not None) for name, match in found.items()}

        self._model, self._zero3 = matching(_MODEL), matching(_ZERO3_MODEL)
        self._layers, self._optimizer = matching(_LAYER), matching(_OPTIMIZER)
        known = {*self._model, *self._zero3, *self._layers, *self._optimizer}
        others = [name for name in names if name.endswith("_states.pt") and name not in known]
        if others:
            self.warnings.append(f"other states are in this folder and not read: {listed(others)}")

    def read(self) -> Checkpoint:
        """Return the model, with the optimizer's partitions beside it."""
        if self._zero3:
            checkpoint = self._partitioned()
        elif self._layers:
            checkpoint = self._pipeline()
        else:
            checkpoint = self._whole()
        optimizer = self._optimizer_states()
        if optimizer is not None:
            checkpoint.beside.append(("optimizer", NodeKind.OPTIMIZER, optimizer))
        return checkpoint

    def _rank(self, name: str, pick: Callable[[Any], dict[str, Any]]) -> tuple[Any, dict[str, TensorTable]]:
        return read_rank(str(self._folder / name), f"{self._prefix}{name}", self._limits, self.warnings, pick)

    # ---------------------------------------------------------------- weights in one file a rank
    def _whole(self) -> Checkpoint:
        """Read ``mp_rank_XX_model_states.pt``."""
        if not self._model:
            raise input_error(str(self._folder), "has no model states", "a folder that DeepSpeed wrote is needed")
        shards: list[TensorTable] = []
        facts: dict[str, Any] = {}
        for k, name in enumerate(self._model):
            self._report(name, k / len(self._model))
            root, tables = self._rank(name, _module)
            facts = facts or _facts(root)
            if "module" in tables:
                shards.append(tables["module"])
        if not shards:
            problem = "its model states hold no module"
            raise input_error(str(self._folder), problem, "the weights of a pipeline are in layer_*-model_states.pt")
        model = shards[0] if len(shards) == 1 else self._joined([rows_of(table) for table in shards])
        return Checkpoint(model, attributes=facts)

    def _pipeline(self) -> Checkpoint:
        """Read ``layer_LL-model_TT-model_states.pt``: a layer's names begin anew in each."""
        layers: dict[int, list[dict[str, Row]]] = {}
        for k, (name, numbers) in enumerate(self._layers.items()):
            self._report(name, k / len(self._layers))
            _, tables = self._rank(name, _layer)
            for table in tables.values():
                layers.setdefault(numbers[0], []).append(rows_of(prefixed(table, str(numbers[0]))))
        missing = sorted(set(range(max(layers, default=0) + 1)) - layers.keys())
        facts: dict[str, Any] = {}
        for name in list(self._model)[:1]:
            root, _ = self._rank(name, _nothing)
            facts = _facts(root)
        if missing:  # a layer without weights has no file, so this is no error and not even odd
            facts["layers_without_weights"] = len(missing)
        ranks = max((len(shards) for shards in layers.values()), default=1)
        merged = [
            {name: row for shards in layers.values() for name, row in (shards[k] if k < len(shards) else {}).items()}
            for k in range(ranks)
        ]
        return Checkpoint(self._joined(merged), attributes=facts)

    def _joined(self, ranks: list[dict[str, Row]]) -> TensorTable:
        """Join the shards of tensor-parallel ranks, where Megatron's names say how."""
        table = PieceTable(self._path, self._limits, self.warnings)
        unknown: list[str] = []
        for name, first in ranks[0].items():
            rows = [rank.get(name) for rank in ranks]
            rule = rule_of(name) if len(ranks) > 1 else "same"
            if rule == "same":
                table.add(name, first.dtype, first.shape, [first.piece((0,) * len(first.shape))], first.nbytes)
            elif rule is None:
                unknown.append(name)
                for k, row in enumerate(rows):
                    if row is not None:
                        whole = [row.piece((0,) * len(row.shape))]
                        table.add(f"{name}.rank_{k}", row.dtype, row.shape, whole, row.nbytes)
            else:
                shape, pieces = join(self._path, name, rows, 0 if rule == "rows" else 1)
                table.add(name, first.dtype, shape, pieces, sum(row.nbytes for row in rows if row is not None))
        if unknown:
            self.warnings.append(
                f"how {len(unknown):,} tensors are cut among ranks is not known, so each rank's is shown: "
                f"{listed(unknown)}"
            )
        return table.table()

    # ---------------------------------------------------------------- ZeRO stage 3
    def _partitioned(self) -> Checkpoint:
        """Read names and shapes from a rank's model states, and find each weight in the ranks' flat partitions.

        As DeepSpeed's own ``zero_to_fp32``: a parameter is cut into as many equal shares as there are ranks (the last
        may be short), and each rank has its shares of all parameters one after the other.
        """
        name = next(iter(self._zero3))
        root, tables = self._rank(name, _module_and_fragments)
        facts = entries(root)
        groups = facts.get("param_shapes")
        if not is_sequence(groups) or not all(is_dict(group) for group in groups):
            raise input_error(str(self._folder / name), "does not say which parameters there are", DAMAGED)
        ranks = _count(facts.get("dp_world_size")) or max(numbers[0] for numbers in self._zero3.values()) + 1
        shapes = {parameter: size for group in groups for parameter, size in group.items()}
        frozen = facts.get("frozen_param_shapes")
        check_ranks(str(self._folder / name), len(shapes) + (len(frozen) if is_dict(frozen) else 0) + 1, ranks)
        table = PieceTable(self._path, self._limits, self.warnings)
        self._frozen(table, frozen, name, tables, ranks)
        flat = self._flat_groups()
        at = 0  # elements of each rank's partition before this parameter
        for parameter, size in shapes.items():
            shape = self._shape(name, parameter, size)
            share = -(-prod(shape) // ranks)
            pieces = [
                piece
                for rank in range(ranks)
                for piece in _cut(flat.get(rank), at, rank * share, min(share, prod(shape) - rank * share))
            ]
            table.add(parameter, "F32", shape, pieces, attributes={"partitioned_among": ranks})
            at += share
        for rank, rows in flat.items():
            if sum(prod(row.shape) for row in rows) != at:
                stored = sum(prod(row.shape) for row in rows)
                problem = f"rank {rank} has {stored:,} values, its share of all parameters is {at:,}"
                raise input_error(str(self._folder), problem, "all files must be of one checkpoint")
        for key, row in rows_of(tables["module"]).items() if "module" in tables else ():
            if prod(row.shape) and key not in shapes:  # a buffer; parameters have an empty stand-in
                table.add(key, row.dtype, row.shape, [row.piece((0,) * len(row.shape))], row.nbytes)
        for key, other in _pairs(facts.get("shared_params")):
            table.tie(key, other)
        missing = [rank for rank in range(ranks) if rank not in flat]
        if missing:
            self.warnings.append(f"the partitions of {len(missing)} of {ranks} ranks are missing")
        return Checkpoint(table.table(), attributes=_facts(root))

    def _frozen(self, table: PieceTable, shapes: Any, first: str, tables: dict[str, TensorTable], ranks: int) -> None:
        """Add the parameters that are not trained: each rank's model states have its share of each."""
        if not is_dict(shapes) or not shapes:
            return
        shares: dict[int, dict[str, Row]] = {}
        for name, numbers in self._zero3.items():
            if name != first:
                _, tables = self._rank(name, _fragments)
            shares[numbers[0]] = rows_of(tables["fragments"]) if "fragments" in tables else {}
        for parameter, size in shapes.items():
            shape = self._shape(first, parameter, size)
            share = -(-prod(shape) // ranks)
            row = next((rows[parameter] for rows in shares.values() if parameter in rows), None)
            pieces: list[Piece] = []
            for rank in range(ranks):
                own = shares.get(rank, {}).get(parameter)
                pieces += _cut([own] if own else None, 0, rank * share, min(share, prod(shape) - rank * share))
            told = {"partitioned_among": ranks, "frozen": True}
            table.add(parameter, row.dtype if row else "?", shape, pieces, None if row else 0, attributes=told)

    def _shape(self, name: str, parameter: Any, size: Any) -> tuple[int, ...]:
        is_shape = is_sequence(size) and len(size) <= 64 and all(type(d) is int and 0 <= d < 2**63 for d in size)
        if not isinstance(parameter, str) or not is_shape or prod(size) >= 2**63:
            shown = plain_text(parameter, 120) if isinstance(parameter, str) else type(parameter).__name__
            problem = f"has no valid shape for {shown!r}"
            raise input_error(str(self._folder / name), problem, DAMAGED)
        return tuple(size)

    def _flat_groups(self) -> dict[int, list[Row]]:
        """Return rank -> its flat partitions of 32-bit values, which count as one row."""
        flat: dict[int, list[Row]] = {}
        for name, numbers in self._optimizer.items():
            _, tables = self._rank(name, _master_weights)
            rows = list(rows_of(tables["groups"]).values()) if "groups" in tables else []
            if any(row.dtype != "F32" or len(row.shape) != 1 for row in rows) or not rows:
                problem = "has no flat partition of 32-bit values"
                raise input_error(str(self._folder / name), problem, "optimizer states of ZeRO stage 3 are needed")
            flat[numbers[0]] = rows
        return flat

    def _optimizer_states(self) -> TensorTable | None:
        """Return what the ranks' optimizers hold, each rank's under its name: flat partitions, as they are."""
        parts: list[TensorTable] = []
        for k, (name, numbers) in enumerate(self._optimizer.items()):
            self._report(name, k / len(self._optimizer))
            _, tables = self._rank(name, _optimizer)
            parts += [prefixed(table, f"rank_{numbers[0]}_{numbers[1]}") for table in tables.values()]
        return joined_tables(parts) if parts else None


def _cut(rows: list[Row] | None, at: int, start: int, count: int) -> list[Piece]:
    """Return a share of a parameter: `count` values from element `at` of a rank's rows on, which may lie in several.

    Parameters
    ----------
    start : int
        Where the share begins in the parameter, counted as one flat row.
    """
    if count <= 0:
        return []
    if rows is None:
        return [Piece("", -1, (start,), (count,))]
    pieces: list[Piece] = []
    first = 0
    for row in rows:
        length = prod(row.shape)
        begin, end = max(at, first), min(at + count, first + length)
        if begin < end:
            item = row.nbytes // length
            offset = row.offset + (begin - first) * item if row.offset >= 0 else -1
            pieces.append(Piece(row.file, offset, (start + begin - at,), (end - begin,)))
        first += length
    return pieces


def _pairs(value: Any) -> list[tuple[str, str]]:
    """Return the pairs of a parameter and the one that it shares its values with: a dict, once a list."""
    pairs = list(value.items()) if is_dict(value) else list(value) if is_sequence(value) else []
    return [
        (pair[0], pair[1])
        for pair in pairs
        if is_sequence(pair) and len(pair) == 2 and isinstance(pair[0], str) and isinstance(pair[1], str)
    ]


def _module(root: Any) -> dict[str, Any]:
    module = entries(root).get("module")
    return {"module": module} if isinstance(module, dict | Inert) else {}


def _master_weights(root: Any) -> dict[str, Any]:
    state = entries(entries(root).get("optimizer_state_dict"))
    return {"groups": state.get("fp32_flat_groups")} if is_sequence(state.get("fp32_flat_groups")) else {}


def _facts(root: Any) -> dict[str, Any]:
    return short_attributes(entries(root), "checkpoint")


def _nothing(_root: Any) -> dict[str, Any]:
    return {}


def _layer(root: Any) -> dict[str, Any]:
    return {"layer": root} if is_dict(root) else {}


def _module_and_fragments(root: Any) -> dict[str, Any]:
    return _module(root) | _fragments(root)


def _fragments(root: Any) -> dict[str, Any]:
    fragments = entries(root).get("frozen_param_fragments")
    return {"fragments": fragments} if is_dict(fragments) else {}


def _optimizer(root: Any) -> dict[str, Any]:
    state = entries(root).get("optimizer_state_dict")
    return {"state": state} if is_dict(state) else {}


def _count(value: Any) -> int | None:
    return value if type(value) is int and 0 < value < 2**31 else None
