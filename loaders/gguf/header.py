"""The header of one GGUF file: metadata and where its tensors are. Data is never read.

"GGUF", version, number of tensors, number of key-value pairs; the pairs; a description of each tensor; padding;
the data. Version 1 has 32-bit counts and lengths, 2 and 3 have 64-bit ones; 3 may be big-endian.
"""

import os
import struct
from dataclasses import dataclass, field
from typing import Any

from ...errors import InputError
from ..files import input_error, not_the_file, open_regular, plain_text, read_at
from ..limits import LoadLimits

__all__ = ["MAGIC", "Header", "read_header"]

MAGIC = b"GGUF"
_VERSIONS = (1, 2, 3)
_REMEDY = "the file is damaged or is no GGUF file"
_FIRST_READ = 2**20  # a model without a vocabulary fits in it
_GROWTH = 4

_STRING, _ARRAY = 8, 9
# Value types of the metadata -> struct code; a boolean is a byte.
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_WIDTH = {code: struct.calcsize(f"<{letter}") for code, letter in _SCALARS.items()}
# Figures a layer (heads, widths) are read; a vocabulary is only counted.
_MAX_KEPT = 4096
_MAX_KEPT_TEXTS = 16
_MAX_RANK = 64


@dataclass(slots=True)
class Header:
    """What one file says of itself.

    Attributes
    ----------
    path : str
    version, size : int
        Of the format; bytes of the file.
    big_endian : bool
    values : dict
        Metadata by key: numbers, texts and short lists of them.
    lengths : dict
        Number of elements of each list by key, also of those that are too long to be kept.
    names : list of bytes
        Of the tensors.
    kinds : list of bytes
        Per tensor: rank, dimensions and type as they stand in the file (`unpack_kind`).
    offsets : list of int
        Per tensor, relative to the data.
    end : int
        Bytes of the header, padding not included.
    """

    path: str
    version: int
    size: int
    big_endian: bool
    values: dict[str, Any] = field(default_factory=dict[str, Any])
    lengths: dict[str, int] = field(default_factory=dict[str, int])
    names: list[bytes] = field(default_factory=list[bytes])
    kinds: list[bytes] = field(default_factory=list[bytes])
    offsets: list[int] = field(default_factory=list[int])
    end: int = 0

    def unpack_kind(self, kind: bytes) -> tuple[tuple[int, ...], int]:
        """Return shape (outermost dimension first, as everywhere but in ggml) and type of an entry of `kinds`."""
        rank = (len(kind) - 8) // (4 if self.version == 1 else 8)
        order = ">" if self.big_endian else "<"
        _, *dimensions, code = struct.unpack(f"{order}I{rank}{'I' if self.version == 1 else 'Q'}I", kind)
        return tuple(reversed(dimensions)), code


class _Short(Exception):  # noqa: N818 - no error: more of the file must be read
    """What is parsed goes beyond the bytes that were read."""


def read_header(path: str, limits: LoadLimits) -> Header:
    """Read one file's header.

    Raises
    ------
    InputError
        When it is no GGUF file, contradicts itself or the file, or is larger than the limits.
    """
    fd = open_regular(path)
    try:
        return _Parser(path, fd, limits).header()
    finally:
        os.close(fd)


class _Parser:
    def __init__(self, path: str, fd: int, limits: LoadLimits) -> None:
        self._path, self._fd, self._limits = path, fd, limits
        self._size = os.fstat(fd).st_size
        self._data = read_at(fd, min(self._size, _FIRST_READ), 0)

    # ---------------------------------------------------------------- the parts of a header
    def header(self) -> Header:
        if self._data[:4] != MAGIC:
            not_the_file(self._path, self._data[:64])
            raise self._bad("does not start with GGUF")
        raw = self._data[4:8]
        # A version is small: where its low half is empty, its bytes stand the other way round.
        big_endian = len(raw) == 4 and raw[:2] == b"\0\0" and raw[2:] != b"\0\0"
        self._order = ">" if big_endian else "<"
        version = int.from_bytes(raw, "big" if big_endian else "little")
        if version not in _VERSIONS:
            raise input_error(self._path, f"is GGUF version {version:,}", "versions 1 to 3 are read")
        self._u32 = struct.Struct(f"{self._order}I")
        self._word = self._u32 if version == 1 else struct.Struct(f"{self._order}Q")
        header = Header(self._path, version, self._size, big_endian)
        tensors, pairs = self._retry(self._counts)
        at = 8 + 2 * self._word.size
        for _ in range(pairs):
            at = self._retry(self._pair, at, header)
        header.end = self._tensors(at, tensors, header)
        return header

    def _retry(self, parse: Any, *arguments: Any) -> Any:
        """Call a parser, with more of the file in memory where it needs more."""
        while True:
            try:
                return parse(*arguments)
            except (_Short, struct.error):
                self._grow()

    def _grow(self) -> None:
        have = len(self._data)
        if have >= self._size:
            raise self._bad(f"is cut short: its header goes beyond its {self._size:,} bytes")
        if have >= self._limits.header_bytes:
            remedy = f"at most {self._limits.header_bytes:,} are read"
            raise input_error(self._path, f"has a header of more than {have:,} bytes", remedy)
        wanted = min(have * _GROWTH, self._size, self._limits.header_bytes)
        self._data += read_at(self._fd, wanted - have, have)

    def _counts(self) -> tuple[int, int]:
        (tensors,), (pairs,) = (self._word.unpack_from(self._data, 8 + k * self._word.size) for k in (0, 1))
        least = self._word.size + 4 + 4 + 8  # of a tensor's description: name, rank, type, offset
        if tensors * least > self._size:
            raise self._bad(f"announces {tensors:,} tensors in {self._size:,} bytes")
        if tensors > self._limits.nodes:
            raise input_error(self._path, f"has {tensors:,} tensors", f"at most {self._limits.nodes:,} are shown")
        if pairs * (self._word.size + 4 + 1) > self._size:
            raise self._bad(f"announces {pairs:,} metadata entries in {self._size:,} bytes")
        if pairs > self._limits.names:
            raise input_error(self._path, f"has {pairs:,} metadata entries", f"at most {self._limits.names:,} are read")
        return tensors, pairs

    def _pair(self, at: int, header: Header) -> int:
        """Read one key and its value; return where the next one starts."""
        raw, at = self._text(at)
        key = raw.decode(errors="replace")
        (code,) = self._u32.unpack_from(self._data, at)
        at += 4
        if key in header.values or key in header.lengths:
            raise self._bad(f"has the metadata key {plain_text(key, 120)!r} twice")
        if code == _STRING:
            raw, at = self._text(at)
            header.values[key] = raw.decode(errors="replace")
        elif code == _ARRAY:
            at = self._array(at, key, header)
        elif code in _SCALARS:
            (header.values[key],) = struct.unpack_from(self._order + _SCALARS[code], self._data, at)
            at += _WIDTH[code]
        else:
            raise self._bad(f"has metadata {plain_text(key, 120)!r} of unknown type {code}")
        return at

    def _array(self, at: int, key: str, header: Header) -> int:
        (code,) = self._u32.unpack_from(self._data, at)
        (count,) = self._word.unpack_from(self._data, at + 4)
        at += 4 + self._word.size
        if code == _ARRAY:
            raise self._bad(f"has lists of lists in its metadata ({plain_text(key, 120)!r})")
        if code != _STRING and code not in _SCALARS:
            raise self._bad(f"has a list of unknown type {code} in its metadata ({plain_text(key, 120)!r})")
        width = self._word.size if code == _STRING else _WIDTH[code]
        if count * width > self._size - at:
            raise self._bad(f"announces {count:,} elements of {plain_text(key, 120)!r}: more than fit into the file")
        if code == _STRING:
            at = self._texts(at, count, key, header)
        else:
            if at + count * width > len(self._data):
                raise _Short
            if count <= _MAX_KEPT:
                header.values[key] = list(struct.unpack_from(f"{self._order}{count}{_SCALARS[code]}", self._data, at))
            at += count * width
        header.lengths[key] = count
        return at

    def _texts(self, at: int, count: int, key: str, header: Header) -> int:
        if count <= _MAX_KEPT_TEXTS:
            kept: list[str] = []
            for _ in range(count):
                raw, at = self._text(at)
                kept.append(raw.decode(errors="replace"))
            header.values[key] = kept
            return at
        # 130,000 tokens, twice: only their lengths are looked at.
        unpack, width, data, size = self._word.unpack_from, self._word.size, self._data, self._size
        for _ in range(count):
            at += unpack(data, at)[0] + width
            if at > size:
                raise self._bad(f"has a text in {plain_text(key, 120)!r} that goes beyond the file")
        return at

    def _text(self, at: int) -> tuple[bytes, int]:
        (length,) = self._word.unpack_from(self._data, at)
        at += self._word.size
        if length > self._size - at:
            raise self._bad(f"has a text of {length:,} bytes, which goes beyond the file")
        if at + length > len(self._data):
            raise _Short
        return self._data[at : at + length], at + length

    def _tensors(self, at: int, count: int, header: Header) -> int:
        """Read the descriptions of all tensors; return where they end."""
        at = self._more_tensors(at, count, header)
        while len(header.names) < count:
            self._grow()
            at = self._more_tensors(at, count, header)
        return at

    def _more_tensors(self, at: int, count: int, header: Header) -> int:
        """Read descriptions as far as the bytes in memory go; return where the next one starts."""
        names, kinds, offsets = header.names, header.kinds, header.offsets
        data, size, width = self._data, self._size, self._word.size
        word, u32, u64 = self._word.unpack_from, self._u32.unpack_from, struct.Struct(f"{self._order}Q").unpack_from
        try:
            while len(names) < count:
                start = at + width
                stop = start + word(data, at)[0]
                if stop > size:
                    raise self._bad("has the name of a tensor that goes beyond the file")
                rank = u32(data, stop)[0]
                if rank > _MAX_RANK:
                    name = plain_text(data[start:stop].decode(errors="replace"), 120)
                    raise self._bad(f"gives tensor {name!r} {rank:,} dimensions")
                end = stop + 8 + rank * width
                offsets.append(u64(data, end)[0])
                names.append(data[start:stop])
                kinds.append(data[stop:end])
                at = end + 8
        except struct.error:
            return at  # a description goes on beyond the bytes that were read: the caller reads more, from here on
        return at

    def _bad(self, problem: str) -> InputError:
        return input_error(self._path, problem, _REMEDY)
