"""safetensors headers: one file, or many that make one model. Data is never read.

The format: 8 bytes little-endian header length N, then N bytes of JSON
``{"name": {"dtype", "shape", "data_offsets": [begin, end]}, "__metadata__": {...}}``, then the data,
without holes. See https://github.com/huggingface/safetensors#format.
"""

import os
from itertools import chain
from math import prod
from operator import attrgetter
from typing import Any, TypeGuard

import msgspec
import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..graph import CodedSequence, ModelGraph, SameHashes
from .checkpoint import Checkpoint, Report, build_graph, short_attributes
from .dtypes import BITS
from .files import input_error, not_the_file, open_regular, plain_text, read_at
from .huggingface import config_beside
from .limits import LoadLimits
from .tensor_table import TensorTable, check_names, printable_names

__all__ = ["load", "read_headers", "read_metadata"]

_MAX_RANK = 64  # of numpy and torch; the product of a million dimensions would take minutes
_HEADERS = 3  # of the largest size, for all files of one model; DeepSeek-V3's 163 have 12 MB together
_UNKNOWN_DTYPE = -1
_IMPOSSIBLE = -2


class _Tensor(msgspec.Struct, gc=False):
    # Defaults let the one decoder read "__metadata__" too; a tensor must have all three.
    dtype: str = ""
    shape: tuple[int, ...] | None = None
    data_offsets: tuple[int, int] | None = None


class _Metadata(msgspec.Struct):
    values: dict[str, str] = msgspec.field(name="__metadata__", default_factory=dict[str, str])


_HEADER = msgspec.json.Decoder(dict[str, _Tensor])
_METADATA = msgspec.json.Decoder(_Metadata)

# As C functions: a Python expression a tensor would cost 20 ms for 10^5 of them.
_KIND = attrgetter("dtype", "shape")
_RANGE = attrgetter("data_offsets")


class _Kinds(dict[tuple[str, tuple[int, ...] | None], int]):
    """Codes of the distinct (dtype, shape): a model of 10^5 tensors has some dozens.

    Attributes
    ----------
    sizes : list of int
        By code: bytes of such a tensor, or why that is not known.
    least : list of int
        By code: fewest bytes of such a tensor; less than a bit an element has no dtype.
    """

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[int] = []
        self.least: list[int] = []
        self._hashes = SameHashes()

    def __missing__(self, key: tuple[str, tuple[int, ...] | None]) -> int:
        dtype, shape = key
        bits, least = BITS.get(dtype), 0
        if not dtype or not _is_shape(shape):
            size = _IMPOSSIBLE
        elif bits is None:
            size, least = _UNKNOWN_DTYPE, -(-prod(shape) // 8)
        else:
            size = prod(shape) * bits
        if max(size, least) >= 2**63 or (size > 0 and size % 8):
            size, least = _IMPOSSIBLE, 0
        self._hashes.note(shape or ())
        self.sizes.append(size // 8 if size > 0 else size)
        self.least.append(least)
        code = self[key] = len(self)
        return code


def _is_shape(shape: tuple[int, ...] | None) -> TypeGuard[tuple[int, ...]]:
    if shape is None or len(shape) > _MAX_RANK:
        return False
    return not shape or 0 <= min(shape) <= max(shape) < 2**63


def load(path: str, limits: LoadLimits, report: Report) -> ModelGraph:
    """Read one safetensors file."""
    from .adapters import adapter_config_beside, place_adapter  # 2 ms that shards do without

    warnings: list[str] = []
    checkpoint = Checkpoint(read_headers([path], limits, warnings, report), warnings=warnings)
    checkpoint.attributes = read_metadata(path, limits)
    checkpoint.config = config_beside(path, limits, warnings)
    place_adapter(checkpoint, adapter_config_beside(path, limits, warnings), path, limits)
    return build_graph(path, "safetensors", checkpoint, limits)


def read_headers(paths: list[str], limits: LoadLimits, warnings: list[str], report: Report) -> TensorTable:
    """Read the headers of one model's files.

    Parameters
    ----------
    paths : list of str
        The files; a tensor's ``file`` is its base name.
    warnings : list of str
        Gets a line for what is odd, but no error.
    report : callable
        Told what is being read, and how far it is (0 to 1).

    Raises
    ------
    InputError
        When a file is no safetensors file, or its header contradicts itself or the file.
    """
    names: list[str] = []
    kinds = _Kinds()
    columns: list[tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int64]]] = []  # kind, offset and bytes a file
    all_plain = True
    header_bytes = 0
    for k, path in enumerate(paths):
        report(os.path.basename(path), k / len(paths))  # noqa: PTH119 - a Path a shard costs as much as the shard
        header, data_start, data_size, plain = _read_header(path, limits)
        all_plain &= plain
        header_bytes += data_start
        if header_bytes > _HEADERS * limits.header_bytes:
            problem = f"and the files before it have headers of more than {_HEADERS * limits.header_bytes:,} bytes"
            raise input_error(path, problem, "fewer are read")
        ranges = _ranges(header, path)
        _check_coverage(header, ranges, data_size, path)
        nbytes = ranges[:, 1] - ranges[:, 0]
        codes = np.fromiter(map(kinds.__getitem__, map(_KIND, header.values())), np.int32, len(header))
        _check_sizes(header, codes, kinds, nbytes, path)
        names += header
        columns.append((codes, ranges[:, 0] + data_start, nbytes))
        if len(names) > limits.nodes:
            raise input_error(path, "has too many tensors", f"at most {limits.nodes:,} are shown")
    codes, offsets, nbytes = (np.concatenate(column) for column in zip(*columns, strict=True))
    files = np.repeat(np.arange(len(paths), dtype=np.int32), [len(column[0]) for column in columns])
    _warn_unknown(kinds, codes, warnings)
    return TensorTable(
        names=check_names(names if all_plain else printable_names(names, warnings), files, paths, limits),
        dtypes=CodedSequence(codes, [plain_text(dtype, 40) for dtype, _ in kinds]),
        shapes=CodedSequence(codes, [shape or () for _, shape in kinds]),
        nbytes=nbytes,
        files=files,
        offsets=offsets,
        file_names=[os.path.basename(path) for path in paths],  # noqa: PTH119
    )


def read_metadata(path: str, limits: LoadLimits) -> dict[str, Any]:
    """Return the ``__metadata__`` of a file whose header was read before, as attributes."""
    fd = open_regular(path)
    try:
        raw = read_at(fd, min(int.from_bytes(read_at(fd, 8, 0), "little"), limits.header_bytes), 8)
        return short_attributes(_METADATA.decode(raw).values, "metadata")
    except (msgspec.ValidationError, UnicodeDecodeError):
        return {}  # no texts by name: nothing that could be shown
    finally:
        os.close(fd)


def _read_header(path: str, limits: LoadLimits) -> tuple[dict[str, _Tensor], int, int, bool]:
    """Return the header, the data's offset in the file, its bytes, and whether names are free of control characters."""
    fd = open_regular(path)
    try:
        size = os.fstat(fd).st_size
        length = int.from_bytes(read_at(fd, 8, 0), "little")
        if size < 10:
            raise input_error(path, f"has only {size} bytes", "a safetensors file starts with a header of 10 or more")
        if length > size - 8:
            not_the_file(path, read_at(fd, 64, 0))
            problem = f"announces a header of {length:,} bytes but only {size - 8:,} follow"
            raise input_error(path, problem, "the file is cut short or is no safetensors file")
        if length > limits.header_bytes:
            raise input_error(path, f"has a header of {length:,} bytes", f"at most {limits.header_bytes:,} are read")
        raw = read_at(fd, length, 8)
    finally:
        os.close(fd)
    if not raw.startswith(b"{"):
        raise input_error(path, "has no JSON object as its header", "the file is damaged or is no safetensors file")
    plain = raw.isascii() and b"\\" not in raw and b"\x7f" not in raw  # JSON has no other way to a control character
    header = _decode(raw, plain, path)
    header.pop("__metadata__", None)
    return header, 8 + length, size - 8 - length, plain and "" not in header


def _decode(raw: bytes, plain: bool, path: str) -> dict[str, _Tensor]:
    """Decode a header. A dict keeps the last of two equal names, so two must be noticed otherwise.

    Every tensor has one key "data_offsets". In a header without escapes, as many of these bytes as there
    are tensors prove that no tensor was lost; any other header goes the slow way, which sees every pair.
    """
    try:
        header = _HEADER.decode(raw)
    except msgspec.ValidationError:
        return _decode_pairs(raw, path)  # metadata that looks half like a tensor, or a bad entry to be named
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise _bad_json(path, error) from error
    tensors = len(header) - ("__metadata__" in header)
    if not (plain or b"\\" not in raw) or raw.count(b'"data_offsets"') != tensors:
        return _decode_pairs(raw, path)
    return header


def _decode_pairs(raw: bytes, path: str) -> dict[str, _Tensor]:
    """Decode an odd header slowly, to say what is odd about it."""
    import json  # only here: 6 ms to import

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            seen: set[str] = set()
            twice = next(name for name, _ in pairs if name in seen or seen.add(name))
            raise input_error(path, f"the name {twice!r} occurs twice in its header", "each name must occur once")
        return found

    try:
        header: dict[str, Any] = json.loads(raw, object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        raise _bad_json(path, error) from error
    header.pop("__metadata__", None)
    tensors: dict[str, _Tensor] = {}
    for name, entry in header.items():
        try:
            tensors[name] = msgspec.convert(entry, _Tensor)
        except msgspec.ValidationError as error:
            raise input_error(
                path, f"tensor {plain_text(name, 120)!r} is described wrongly ({error})", "see the safetensors format"
            ) from error
    return tensors


def _bad_json(path: str, error: Exception) -> InputError:
    reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
    return input_error(path, f"its header is no valid JSON ({reason})", "the file is damaged or is no safetensors file")


def _ranges(header: dict[str, _Tensor], path: str) -> NDArray[np.int64]:
    """Return [begin, end] of every tensor, shape (T, 2)."""
    pairs: list[Any] = list(map(_RANGE, header.values()))
    try:
        return np.fromiter(chain.from_iterable(pairs), np.int64, 2 * len(pairs)).reshape(-1, 2)
    except (TypeError, OverflowError) as error:
        name = next(
            name
            for name, pair in zip(header, pairs, strict=True)
            if pair is None or not -(2**63) <= min(pair) <= max(pair) < 2**63
        )
        problem = f"tensor {plain_text(name, 120)!r} has no data_offsets that lie in a file"
        raise input_error(path, problem, "each tensor needs dtype, shape and data_offsets") from error


def _check_coverage(header: dict[str, _Tensor], ranges: NDArray[np.int64], data_size: int, path: str) -> None:
    """Ranges must follow each other from the first byte of the data to the last, without hole or overlap."""
    begin, end = ranges[:, 0], ranges[:, 1]
    order = None
    if len(begin) > 1 and (begin[1:] != end[:-1]).any():  # most writers list tensors in file order
        order = np.lexsort((end, begin))
        begin, end = begin[order], end[order]
    expected = np.concatenate([np.zeros(1, np.int64), end[:-1]]) if len(begin) else begin
    wrong = np.flatnonzero((begin != expected) | (end < begin))
    if len(wrong):
        k = int(wrong[0])
        name = plain_text(list(header)[k if order is None else int(order[k])], 120)
        where = f"[{begin[k]}, {end[k]}]"
        if end[k] < begin[k]:
            problem = f"tensor {name!r} ends before it begins: {where}"
        else:
            kind = "leaves a hole before" if begin[k] > expected[k] else "overlaps with what is before"
            problem = f"tensor {name!r} at {where} {kind} it (byte {expected[k]} is next)"
        raise input_error(path, problem, "tensors must follow each other without hole or overlap")
    last = int(end[-1]) if len(end) else 0
    if last > data_size:
        problem = f"is cut short: its header describes {last:,} bytes of data, {data_size:,} are there"
        raise input_error(path, problem, "download or copy it again")
    if last < data_size:
        problem = f"has {data_size - last:,} bytes after its last tensor"
        raise input_error(path, problem, "the header must describe all of the data")


def _check_sizes(
    header: dict[str, _Tensor], codes: NDArray[np.int32], kinds: _Kinds, nbytes: NDArray[np.int64], path: str
) -> None:
    """A tensor's shape and dtype must fill its range of bytes exactly; the range gives the size of an unknown dtype."""
    sizes, least = np.array(kinds.sizes, np.int64)[codes], np.array(kinds.least, np.int64)[codes]
    wrong = np.flatnonzero(((sizes != nbytes) & (sizes != _UNKNOWN_DTYPE)) | (nbytes < least))
    if len(wrong):
        i = int(wrong[0])
        name, tensor = list(header.items())[i]
        kind = f"{tensor.dtype or 'without dtype'} {'without shape' if tensor.shape is None else list(tensor.shape)}"
        problem = f"tensor {plain_text(name, 120)!r} is {plain_text(kind, 120)} but has {nbytes[i]:,} bytes"
        raise input_error(path, problem, "shape, dtype and data_offsets must agree")


def _warn_unknown(kinds: _Kinds, codes: NDArray[np.int32], warnings: list[str]) -> None:
    unknown = [code for code, size in enumerate(kinds.sizes) if size == _UNKNOWN_DTYPE]
    if unknown:
        dtypes = sorted({dtype for (dtype, _), size in zip(kinds, kinds.sizes, strict=True) if size == _UNKNOWN_DTYPE})
        listed = ", ".join(plain_text(dtype, 40) for dtype in dtypes[:5])
        problem = f"{int(np.isin(codes, unknown).sum())} tensors have a dtype that is not known here"
        warnings.append(f"{problem} ({listed}): their sizes are the file's own")
