"""PyTorch distributed checkpoints (DCP), as FSDP, torchtitan, Lightning, accelerate and Megatron's torch_dist write.

A folder of ``.metadata`` and ``__RANK_N.distcp`` files. A .distcp file is a row of items; each tensor's item is a small
archive of torch.save, in which its values stand as they are.
"""

import os
import struct
from collections.abc import Iterable
from math import prod
from pathlib import Path
from typing import Any

from ...errors import InputError
from ...graph import ModelGraph
from ..checkpoint import Report, build_graph
from ..dtypes import BITS
from ..files import input_error, open_regular, plain_text, read_at
from ..limits import LoadLimits
from ..pytorch.inert_pickle import InertDict
from ..pytorch.pickled_tree import find_tensors
from ..pytorch.state import sort_state
from ..pytorch.torch_globals import TensorRecord
from ..tensor_table import TensorTable
from .dcp_metadata import Item, Metadata, StoredTensor, read_metadata
from .folders import config_in, listed, names_in, nested_folder
from .megatron_config import megatron_config
from .pieces import Piece, PieceTable, check_pieces
from .stacked import unstacked

__all__ = ["load", "load_folder"]

_NESTED = ("pytorch_model_fsdp", "fsdp_model", "model", "checkpoint")
_MAX_FILES = 100_000
# Looking into an item costs 20 us and, from a cold disk, a seek; beyond this the values' places are left out.
_MAX_LOOKED_UP = 200_000
_TAIL = 1024  # bytes at an item's end that hold its archive's directory: 6 or 7 entries of 60 to 110 bytes
_DIRECTORY_ENTRY = struct.Struct("<4s6H3L5H2L")
_LOCAL_HEADER = struct.Struct("<4s5H3L2H")


class _Stored(TensorRecord):
    """A tensor of the metadata in the tree of nested dicts that it was saved from."""

    __slots__ = ("described", "name")

    def __init__(self, name: str, described: StoredTensor) -> None:
        super().__init__(None, 0, described.shape, None, described.dtype)
        self.name, self.described = name, described


def load(path: str, limits: LoadLimits, report: Report) -> ModelGraph:
    """Read a distributed checkpoint: a folder with ``.metadata``, or one that has such a folder for its model."""
    warnings: list[str] = []
    folder = nested_folder(path, lambda entries: ".metadata" in entries, _NESTED)
    if folder is None:
        raise input_error(path, "has no .metadata file", "the folder that torch.distributed.checkpoint wrote is needed")
    if folder != path:
        warnings.append(f"the model is in the folder {plain_text(Path(folder).name, 200)}")
    return load_folder(path, folder, limits, report, warnings)


def load_folder(path: str, folder: str, limits: LoadLimits, report: Report, warnings: list[str]) -> ModelGraph:
    """Read the distributed checkpoint in `folder`, which is `path` or in it."""
    report(".metadata", 0.0)
    metadata = read_metadata(str(Path(folder) / ".metadata"), limits, warnings)
    files = _Files(folder, metadata.items, warnings)
    config = megatron_config(folder, limits, warnings) or config_in(path, folder, limits, warnings)
    state = sort_state(_tree(metadata, folder))

    def table(value: Any) -> TensorTable:
        made = PieceTable(path, limits, warnings)
        found = find_tensors(value, path, limits).tensors
        for k, (name, record) in enumerate(found):
            if k % 1024 == 0:
                report(f"tensor {k:,}", k / len(found))
            assert isinstance(record, _Stored)  # `_tree` makes no other leaves
            stored = record.described
            known = None if stored.dtype in BITS else sum(item.length for _, _, item in stored.chunks if item)
            pieces = files.pieces(record.name, stored)
            for part, shape, own, attributes in unstacked(name, stored.shape, pieces, config):
                made.add(part, stored.dtype, shape, own, known, attributes)
        return made.table()

    try:
        checkpoint = state.checkpoint(table)
    finally:
        files.close()
    files.warn()
    checkpoint.config = config
    checkpoint.attributes = {**checkpoint.attributes, "files": len(files.present)}
    checkpoint.warnings = warnings
    return build_graph(path, "PyTorch distributed checkpoint", checkpoint, limits)


def _tree(metadata: Metadata, folder: str) -> InertDict:
    """Return the nested dicts that the checkpoint was saved from, with its tensors as leaves."""
    root = InertDict()
    wrappers = _wrappers(metadata.tensors)
    for name, described in metadata.tensors.items():
        keys = metadata.paths.get(name)
        if keys is None:
            first, _, rest = name.partition(".")
            keys = (first, rest) if first in wrappers else (name,)
        here = root
        for key in keys[:-1]:
            inner = here.get(key)
            if inner is None:
                inner = here[key] = InertDict()
            if not isinstance(inner, InertDict):
                raise _two_at_once(folder, name)
            here = inner
        if keys[-1] in here:
            raise _two_at_once(folder, name)
        here[keys[-1]] = _Stored(name, described)
    for name in metadata.objects:  # an optimizer is known by its param_groups, which hold no tensor
        first, _, rest = name.partition(".")
        keys = metadata.paths.get(name) or ((first, rest) if first in wrappers else ())
        if len(keys) > 1 and keys[1].startswith("param_groups") and isinstance(root.get(keys[0]), InertDict):
            root[keys[0]].setdefault("param_groups", None)
    return root


def _two_at_once(folder: str, name: str) -> InputError:
    problem = f"puts {plain_text(name, 120)!r} where another tensor is"
    return input_error(str(Path(folder) / ".metadata"), problem, "each tensor must have a place of its own")


def _wrappers(names: Iterable[str]) -> set[str]:
    """Return the first parts of names that are keys of the saved dict rather than modules of the model.

    Told by an optimizer beside the model: "model.layers.0.weight" alone may be a model whose module is called "model".
    """
    firsts = {name.partition(".")[0] for name in names if "." in name}
    optimizers = {first for first in firsts if first.lower().startswith("optim")}
    return optimizers | (firsts & {"model", "state_dict", "module"} if optimizers and len(firsts) < 8 else set())


class _Files:
    """The .distcp files of a folder."""

    def __init__(self, folder: str, items: list[Item], warnings: list[str]) -> None:
        self._folder, self._warnings = Path(folder), warnings
        self._open: tuple[str, int] = ("", -1)
        self._looked_up = 0
        self._lost: dict[str, int] = {}
        named = list(dict.fromkeys(item.file for item in items))
        if len(named) > _MAX_FILES:
            raise input_error(folder, f"names {len(named):,} files", f"at most {_MAX_FILES:,} are read")
        here = set(names_in(folder))
        self.present = {name: self._size(name) for name in named if name in here}
        missing = [name for name in named if name not in here]
        if named and not self.present:
            problem = f"none of its {len(named)} files is here ({plain_text(named[0], 100)} ...)"
            raise input_error(folder, problem, "the .distcp files must lie beside .metadata")
        if missing:
            warnings.append(f"{len(missing)} of {len(named)} files are missing: {listed(missing)}")
        self._check(items)

    def _size(self, name: str) -> int:
        fd = open_regular(str(self._folder / name))
        try:
            return os.fstat(fd).st_size
        finally:
            os.close(fd)

    def _check(self, items: list[Item]) -> None:
        """Items must lie in their files, one after the other."""
        end: dict[str, int] = {}
        for item in sorted(items, key=lambda item: (item.file, item.offset, item.length)):
            size = self.present.get(item.file)
            if size is not None and item.offset + item.length > size:
                problem = f"is cut short: an item of .metadata ends at byte {item.offset + item.length:,} of {size:,}"
                raise input_error(str(self._folder / item.file), problem, "download or copy it again")
            if item.offset < end.get(item.file, 0):
                problem = f"has two items at byte {item.offset:,}, says .metadata"
                raise input_error(str(self._folder / item.file), problem, "items must follow each other")
            end[item.file] = item.offset + item.length

    def pieces(self, name: str, described: StoredTensor) -> list[Piece]:
        """Return a tensor's pieces, checked against each other, the tensor and their files."""
        path, bits = str(self._folder / ".metadata"), BITS.get(described.dtype, 0)
        pieces: list[Piece] = []
        for start, shape, item in described.chunks:
            elements = prod(shape)
            nbytes = elements * bits // 8
            if item is None and elements:
                problem = f"does not say where a chunk of {plain_text(name, 120)!r} is stored"
                raise input_error(path, problem, "each chunk must be in storage_data")
            if item is not None and nbytes > item.length and not item.is_packed:
                problem = f"stores {nbytes:,} bytes of {plain_text(name, 120)!r} in {item.length:,}"
                raise input_error(path, problem, "sizes must agree with the files")
            is_here = item is not None and item.file in self.present
            offset = self._values(item, nbytes) if is_here and bits and item is not None else -1
            pieces.append(Piece(item.file if is_here and item is not None else "", offset, start, shape))
        left = check_pieces(path, name, described.shape, pieces)
        if left or any(not piece.file for piece in pieces):
            self._lost[name] = left
        return pieces

    def _values(self, item: Item, nbytes: int) -> int:
        """Return where an item's values start in its file, -1 when they do not stand there as they are."""
        self._looked_up += 1
        if item.is_packed or self._looked_up > _MAX_LOOKED_UP or item.length < _LOCAL_HEADER.size + nbytes:
            return -1
        if self._open[0] != item.file:
            self.close()
            self._open = (item.file, open_regular(str(self._folder / item.file)))
        fd = self._open[1]
        tail_start = max(item.offset, item.offset + item.length - _TAIL)
        tail = read_at(fd, item.offset + item.length - tail_start, tail_start)
        at = tail.rfind(b"/data/0")
        entry = tail.rfind(b"PK\x01\x02", 0, max(at, 0))
        if at < 0 or entry < 0 or entry + _DIRECTORY_ENTRY.size > len(tail):
            return -1
        _, _, _, flags, method, _, _, _, _, size, name_length, *_, header = _DIRECTORY_ENTRY.unpack_from(tail, entry)
        if method or flags & 1 or entry + _DIRECTORY_ENTRY.size + name_length != at + len(b"/data/0"):
            return -1
        if size not in (nbytes, 0xFFFFFFFF):
            return -1
        local = read_at(fd, _LOCAL_HEADER.size, item.offset + header)
        if local[:4] != b"PK\x03\x04" or len(local) < _LOCAL_HEADER.size:
            return -1
        *_, name_length, extra_length = _LOCAL_HEADER.unpack(local)
        start = item.offset + header + _LOCAL_HEADER.size + name_length + extra_length
        return start if start + nbytes <= item.offset + item.length else -1

    def close(self) -> None:
        """Close the file that is open."""
        if self._open[1] >= 0:
            os.close(self._open[1])
        self._open = ("", -1)

    def warn(self) -> None:
        """Say which tensors are not whole, and what was not looked up."""
        if self._lost:
            lost = sum(1 for left in self._lost.values() if left)
            what = f", {lost:,} of them even by .metadata" if lost else ""
            self._warnings.append(f"{len(self._lost):,} tensors are not whole{what}: {listed(list(self._lost))}")
        if self._looked_up > _MAX_LOOKED_UP:
            self._warnings.append(f"the places of values are told for the first {_MAX_LOOKED_UP:,} pieces only")
