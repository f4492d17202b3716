"""From headers to a table of tensors: types, true sizes, places in the file, each checked against the others."""

import os
from math import prod
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...errors import InputError
from ...graph import CodedSequence
from ..files import input_error, plain_text
from ..limits import LoadLimits
from ..tensor_table import TensorTable, check_names, printable_names
from .ggml_types import GGML_TYPES
from .header import Header

__all__ = ["tensor_table"]

_ALIGNMENT = 32
_REMEDY = "shape, type and offset must agree"
_UNKNOWN = -1


class _Kind(NamedTuple):
    """What equal entries have in common; a model of 10^5 tensors has some dozens."""

    dtype: str
    shape: tuple[int, ...]
    size: int  # bytes, -1 for a type that is not known
    least: int  # fewest bytes that a tensor of unknown type can have: a bit a value
    fault: str


def tensor_table(headers: list[Header], limits: LoadLimits, warnings: list[str]) -> TensorTable:
    """Return the tensors of one model's files, each name as its file has it.

    Raises
    ------
    InputError
        When tensors overlap, lie outside their file, or have a name twice.
    """
    names: list[str] = []
    kinds: dict[_Kind, int] = {}
    unknown: dict[str, int] = {}
    columns: list[tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int64]]] = []
    for header in headers:
        names += _names(header, warnings)
        columns.append(_columns(header, kinds, unknown, warnings))
        if len(names) > limits.nodes:
            raise input_error(header.path, "has too many tensors", f"at most {limits.nodes:,} are shown")
    codes, offsets, nbytes = (np.concatenate(column) for column in zip(*columns, strict=True))
    files = np.repeat(np.arange(len(headers), dtype=np.int32), [len(header.names) for header in headers])
    paths = [header.path for header in headers]
    if unknown:
        listed = ", ".join(f"{dtype} ({count})" for dtype, count in sorted(unknown.items())[:5])
        warnings.append(f"tensors of a type that is not known here: {listed}; their sizes are the file's own")
    return TensorTable(
        names=check_names(printable_names(names, warnings), files, paths, limits),
        dtypes=CodedSequence(codes, [kind.dtype for kind in kinds]),
        shapes=CodedSequence(codes, [kind.shape for kind in kinds]),
        nbytes=nbytes,
        files=files,
        offsets=offsets,
        file_names=[os.path.basename(path) for path in paths],  # noqa: PTH119 - what Path() refuses was an error before
    )


def _names(header: Header, warnings: list[str]) -> list[str]:
    try:
        return [name.decode() for name in header.names]
    except UnicodeDecodeError:
        warnings.append(f"{os.path.basename(header.path)}: some names are no UTF-8: their bytes are shown")  # noqa: PTH119
        return [name.decode(errors="backslashreplace") for name in header.names]


def _columns(
    header: Header, kinds: dict[_Kind, int], unknown: dict[str, int], warnings: list[str]
) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int64]]:
    """Return kind, offset in the file and bytes of one file's tensors."""
    own: dict[bytes, int] = {raw: k for k, raw in enumerate(dict.fromkeys(header.kinds))}
    found = [_kind(*header.unpack_kind(raw)) for raw in own]
    for raw, kind in zip(own, found, strict=True):
        if kind.fault:
            raise _wrong(header, header.kinds.index(raw), kind.fault)
    at = np.fromiter(map(own.__getitem__, header.kinds), np.int32, len(header.kinds))
    codes = np.array([kinds.setdefault(kind, len(kinds)) for kind in found], np.int32)[at]
    sizes, least = (np.array([getattr(kind, key) for kind in found], np.int64)[at] for key in ("size", "least"))
    for kind, count in zip(found, np.bincount(at, minlength=len(found)).tolist(), strict=True):
        if kind.size == _UNKNOWN:
            unknown[kind.dtype] = unknown.get(kind.dtype, 0) + count
    offsets, nbytes = _places(header, sizes, least, warnings)
    return codes, offsets, nbytes


def _kind(shape: tuple[int, ...], code: int) -> _Kind:
    elements = prod(shape)
    known = GGML_TYPES.get(code)
    if elements >= 2**63:
        return _Kind("", shape, 0, 0, f"has {elements:,} values")
    if known is None:
        return _Kind(f"type {code}", shape, _UNKNOWN, -(-elements // 8), "")
    row = shape[-1] if shape else 1
    if row % known.values:
        return _Kind("", shape, 0, 0, f"has rows of {row:,} values, but {known.name} has them by {known.values}")
    size = elements // known.values * known.bytes
    return _Kind(known.name, shape, size, 0, "" if size < 2**63 else f"has {elements:,} values")


def _places(
    header: Header, sizes: NDArray[np.int64], least: NDArray[np.int64], warnings: list[str]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return offsets in the file and bytes, checked: in the file, aligned, without overlap."""
    alignment = _alignment(header)
    start = -(-header.end // alignment) * alignment
    if max(header.offsets, default=0) >= 2**62:
        i = next(i for i, offset in enumerate(header.offsets) if offset >= 2**62)
        raise _wrong(header, i, f"lies at {header.offsets[i]:,}, beyond the file")
    begin = np.array(header.offsets, np.int64)
    crooked = np.flatnonzero(begin % alignment)
    if len(crooked):
        i = int(crooked[0])
        raise _wrong(header, i, f"lies at {begin[i]:,}, which is no multiple of the alignment ({alignment:,})")
    order = np.argsort(begin, kind="stable")
    data = max(header.size - start, 0)
    # The size of an unknown type is what lies before the next tensor that starts elsewhere, padding included.
    after = np.searchsorted(begin[order], begin, side="right")
    following = np.append(begin[order], data)[after]
    nbytes = np.where(sizes == _UNKNOWN, following - begin, sizes)
    end = begin + nbytes
    outside = np.flatnonzero((end > data) | (end < begin))
    if len(outside):
        i = int(outside[-1])
        problem = f"ends at byte {start + int(end[i]):,} of a file of {header.size:,}"
        raise _wrong(header, i, problem, "the file is cut short: download or copy it again")
    short = np.flatnonzero(nbytes < least)
    if len(short):
        i = int(short[0])
        raise _wrong(header, i, f"has {nbytes[i]:,} bytes, less than a bit a value")
    holds = order[nbytes[order] > 0]
    gaps = begin[holds][1:] - end[holds][:-1]
    if (gaps < 0).any():
        i = int(holds[1:][gaps < 0][0])
        raise _wrong(header, i, f"at {begin[i]:,} overlaps with the tensor before it")
    lost = int(np.maximum(gaps - (alignment - 1), 0).sum())
    if lost:
        warnings.append(f"{os.path.basename(header.path)}: {lost:,} bytes between its tensors are in none")  # noqa: PTH119
    return begin + start, nbytes


def _alignment(header: Header) -> int:
    alignment = header.values.get("general.alignment", _ALIGNMENT)
    if type(alignment) is not int or alignment <= 0 or alignment & (alignment - 1) or alignment > 2**32:
        problem = f"has the alignment {plain_text(str(alignment), 40)}"
        raise input_error(header.path, problem, "it must be a power of two")
    return alignment


def _wrong(header: Header, index: int, problem: str, remedy: str = _REMEDY) -> InputError:
    shape, code = header.unpack_kind(header.kinds[index])
    kind = GGML_TYPES[code].name if code in GGML_TYPES else f"type {code}"
    name = plain_text(header.names[index].decode(errors="replace"), 120)
    what = f"tensor {name!r} ({kind} {plain_text(str(list(shape)), 120)}) {problem}"
    return input_error(header.path, what, remedy)
