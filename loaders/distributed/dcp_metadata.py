"""The ``.metadata`` of a PyTorch distributed checkpoint (DCP): a pickle, read without running it.

It has, by "fully qualified name", each tensor's global size, dtype and chunks (`state_dict_metadata`), for each
chunk the file and the range of bytes (`storage_data`), and how the names came from nested dicts (`planner_data`).
The classes are those of ``torch/distributed/checkpoint/metadata.py`` (2.0 to 2.13).
"""

from collections.abc import Iterable
from math import prod
from typing import Any, NamedTuple, TypeGuard

from ..dtypes import BITS, TORCH_DTYPES
from ..files import DAMAGED, input_error, plain_text, read_whole
from ..limits import LoadLimits
from ..pytorch.inert_pickle import InertUnpickler, foreign_warning, pickle_file
from ..pytorch.torch_globals import known_globals
from ..untyped import is_dict, is_sequence, is_tuple

__all__ = ["Item", "Metadata", "StoredTensor", "read_metadata"]

_METADATA = "torch.distributed.checkpoint.metadata"
_SHARDED = "torch.distributed._shard.sharded_tensor.metadata"  # TensorProperties until 2.2
_STORAGE = "torch.distributed.checkpoint.filesystem"
_OF_CHECKPOINTS = ("torch.distributed.", "megatron.core.dist_checkpointing.")
_MAX_RANK = 64
_MAX_EMPTY = 100_000  # chunks that are stored nowhere: they have no elements
_NEEDED = "a folder that torch.distributed.checkpoint wrote is needed"


class _Fields:
    """An object of one of the classes below: what it was built with, by name. Half the memory of an `Inert`."""

    __slots__ = ("fields",)
    fields: Any

    def __setstate__(self, state: object) -> None:
        self.fields = state

    def get(self, name: str) -> Any:
        fields = getattr(self, "fields", None)
        return fields.get(name) if is_dict(fields) else None


class _Metadata(_Fields):
    __slots__ = ()


class _Tensor(_Fields):
    __slots__ = ()


class _Bytes(_Fields):
    __slots__ = ()


class _Chunk(_Fields):
    __slots__ = ()


class _Index(_Fields):
    __slots__ = ()


class _StorageInfo(_Fields):
    __slots__ = ()


class _Properties(_Fields):
    __slots__ = ()


_CLASSES: dict[str, type] = {
    f"{_METADATA}.Metadata": _Metadata,
    f"{_METADATA}.TensorStorageMetadata": _Tensor,
    f"{_METADATA}.BytesStorageMetadata": _Bytes,
    f"{_METADATA}.ChunkStorageMetadata": _Chunk,
    f"{_METADATA}.MetadataIndex": _Index,
    f"{_METADATA}.TensorProperties": _Properties,
    f"{_SHARDED}.TensorProperties": _Properties,
    f"{_STORAGE}._StorageInfo": _StorageInfo,
}


class Item(NamedTuple):
    """Where one chunk, or one object that is no tensor, is stored."""

    file: str
    offset: int
    length: int
    is_packed: bool  # compressed or otherwise transformed


class StoredTensor(NamedTuple):
    """A tensor as the metadata describes it: checked, but its chunks not yet against each other."""

    dtype: str
    shape: tuple[int, ...]
    chunks: list[tuple[tuple[int, ...], tuple[int, ...], Item | None]]  # start, shape, where


class Metadata(NamedTuple):
    """A checked ``.metadata``.

    Attributes
    ----------
    tensors : dict of str to StoredTensor
        By fully qualified name.
    objects : list of str
        Names of what is no tensor.
    paths : dict of str to tuple
        Name -> the keys of the nested dicts that it was under, where the file tells.
    items : list of Item
        All that is stored.
    """

    tensors: dict[str, StoredTensor]
    objects: list[str]
    paths: dict[str, tuple[str, ...]]
    items: list[Item]


def read_metadata(path: str, limits: LoadLimits, warnings: list[str]) -> Metadata:
    """Read and check a ``.metadata`` file.

    Raises
    ------
    InputError
        When it is damaged, or describes no distributed checkpoint.
    """
    data = read_whole(path, limits.pickle_bytes)
    text = (f"{_METADATA}._MEM_FORMAT_ENCODING", f"{_SHARDED}.MEM_FORMAT_ENCODING")
    known = known_globals() | _CLASSES | dict.fromkeys(text, _ignored)
    unpickler = InertUnpickler(pickle_file(data), known)
    root = unpickler.read(path)
    # Megatron keeps its plans of who writes what in it, too.
    foreign = [name for name in unpickler.foreign() if not name.startswith(_OF_CHECKPOINTS)]
    if foreign:
        warnings.append(foreign_warning(foreign))
    described = root.get("state_dict_metadata") if isinstance(root, _Metadata) else None
    if not isinstance(root, _Metadata) or not is_dict(described):
        raise input_error(path, "describes no distributed checkpoint", _NEEDED)
    return _Reader(path, limits, _stored(path, root.get("storage_data"))).read(described, root.get("planner_data"))


def _ignored(*_arguments: Any) -> None:
    """Stand for an enumeration's value that nothing here needs."""


def _place(start: Iterable[int]) -> str:
    """Return a position as a key: Python's hash of a tuple of numbers can be chosen, that of a text cannot."""
    return ",".join(map(str, start))


def _stored(path: str, storage_data: Any) -> dict[tuple[str, str | None], Item]:
    """Return (name, start of the chunk) -> where it is."""
    stored: dict[tuple[str, str | None], Item] = {}
    if not is_dict(storage_data):
        raise input_error(path, "does not say where its tensors are stored", _NEEDED)
    for index, info in storage_data.items():
        name = index.get("fqn") if isinstance(index, _Index) else None
        if not isinstance(info, _StorageInfo) or not isinstance(index, _Index) or not isinstance(name, str):
            raise input_error(path, "says in an unknown way where its tensors are stored", _NEEDED)
        start = index.get("offset")
        file, offset, length = info.get("relative_path"), info.get("offset"), info.get("length")
        if not isinstance(file, str) or not _is_size(offset) or not _is_size(length):
            raise input_error(path, f"does not say where {plain_text(name, 120)!r} is stored", DAMAGED)
        # Separators and drives of every system: what is refused must not depend on where it is opened.
        if not file or file in (".", "..") or any(c in file for c in "/\\:\0"):
            problem = f"names the file {plain_text(file, 200)!r}, which is not in the checkpoint's folder"
            raise input_error(path, problem, "the .distcp files must lie beside it")
        key = (name, _place(start) if _is_sizes(start) else None)
        if key in stored:
            raise input_error(path, f"stores {plain_text(name, 120)!r} twice", DAMAGED)
        stored[key] = Item(file, offset, length, bool(info.get("transform_descriptors")))
    return stored


class _Reader:
    def __init__(self, path: str, limits: LoadLimits, stored: dict[tuple[str, str | None], Item]) -> None:
        self._path, self._limits, self._stored = path, limits, stored
        self._chunks = 0

    def read(self, described: dict[Any, Any], planner_data: Any) -> Metadata:
        tensors: dict[str, StoredTensor] = {}
        objects: list[str] = []
        if len(described) > self._limits.nodes:
            raise input_error(self._path, "has too many tensors", f"at most {self._limits.nodes:,} are shown")
        for name, what in described.items():
            if isinstance(name, str) and isinstance(what, _Tensor):
                tensors[name] = self._tensor(name, what)
            elif isinstance(name, str) and isinstance(what, _Bytes):
                objects.append(name)
            else:
                raise input_error(self._path, "describes something that is neither a tensor nor bytes", _NEEDED)
        paths: dict[str, tuple[str, ...]] = {}
        if is_dict(planner_data):
            for name, keys in planner_data.items():
                if isinstance(name, str) and is_tuple(keys) and keys and all(map(_is_key, keys)):
                    paths[name] = tuple(map(str, keys))
        return Metadata(tensors, objects, paths, list(self._stored.values()))

    def _tensor(self, name: str, what: _Tensor) -> StoredTensor:
        properties, size, chunks = what.get("properties"), what.get("size"), what.get("chunks")
        if not _is_sizes(size) or not is_sequence(chunks) or prod(size) >= 2**63:
            raise input_error(self._path, f"tensor {plain_text(name, 120)!r} has no valid size and chunks", DAMAGED)
        self._chunks += len(chunks)
        if self._chunks > 2 * len(self._stored) + _MAX_EMPTY:
            raise input_error(self._path, "has far more chunks than it says are stored", DAMAGED)
        found: list[tuple[tuple[int, ...], tuple[int, ...], Item | None]] = []
        for chunk in chunks:
            start, shape = (chunk.get("offsets"), chunk.get("sizes")) if isinstance(chunk, _Chunk) else (None, None)
            if not _is_sizes(start) or not _is_sizes(shape):
                raise input_error(self._path, f"tensor {plain_text(name, 120)!r} has a chunk without a size", DAMAGED)
            found.append((tuple(start), tuple(shape), self._stored.get((name, _place(start)))))
        return StoredTensor(_dtype(properties), tuple(size), found)


def _dtype(properties: Any) -> str:
    """Return the dtype of TensorProperties, whose state is a tuple (a dict before 2.0) that begins with it."""
    state = getattr(properties, "fields", None) if isinstance(properties, _Properties) else None
    dtype = state[0] if is_tuple(state) and state else properties.get("dtype") if is_dict(state) else None
    if not isinstance(dtype, str):
        return "?"
    bare = dtype.removeprefix("torch.")
    known = TORCH_DTYPES.get(bare, "")
    return known if known in BITS else plain_text(bare, 60)


def _is_key(value: Any) -> bool:
    return isinstance(value, str) or (type(value) is int and -(2**63) <= value < 2**63)


def _is_size(value: Any) -> bool:
    return type(value) is int and 0 <= value < 2**63


def _is_sizes(sizes: Any) -> TypeGuard[tuple[int, ...] | list[int]]:
    return is_sequence(sizes) and len(sizes) <= _MAX_RANK and all(map(_is_size, sizes))
