"""The wire format of protocol buffers: fields of a message, without a schema and without copying what is long.

See https://protobuf.dev/programming-guides/encoding. A reader that builds objects holds a file's weights twice
(onnx.load: 2.9 GB for 1.5 GB of weights); this one touches tags and lengths.
"""

from collections.abc import Iterator
from mmap import mmap

from ..files import plain_text

__all__ = ["BYTES", "FIXED32", "FIXED64", "VARINT", "Buffer", "WireError", "fields", "signed", "text", "varints"]

Buffer = bytes | mmap
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_LONGEST_TEXT = 2**16  # names are short; what is longer is no name
_MASK = 2**64 - 1


class WireError(ValueError):
    """A message that contradicts itself or its length."""


def fields(data: Buffer, at: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """Yield the fields of the message in ``data[at:end]``.

    Yields
    ------
    number, wire type, first, second : int
        A VARINT's value and the position after it; of everything else where its bytes start and end.

    Raises
    ------
    WireError
        When a field reaches beyond the message or is of no known wire type.
    """
    try:
        while at < end:
            start = at
            key = data[at]
            at += 1
            if key >= 0x80:
                key, at = _varint(data, at - 1)
            wire = key & 7
            if wire == BYTES:
                length = data[at]
                at += 1
                if length >= 0x80:
                    length, at = _varint(data, at - 1)
                first, at = at, at + length
            elif wire == VARINT:
                first = data[at]
                at += 1
                if first >= 0x80:
                    first, at = _varint(data, at - 1)
            elif wire == FIXED32:
                first, at = at, at + 4
            elif wire == FIXED64:
                first, at = at, at + 8
            else:
                raise WireError(f"has a field of wire type {wire} at byte {start:,}")
            if at > end:
                raise WireError(f"has a field at byte {start:,} that reaches beyond its message")
            if key < 8:
                raise WireError(f"has a field without a number at byte {start:,}")
            yield key >> 3, wire, first, at
    except IndexError:
        raise WireError("is cut short") from None


def varints(data: Buffer, wire: int, first: int, end: int) -> Iterator[int]:
    """Yield the numbers of a repeated integer field, which may be packed into one or stand alone."""
    if wire == VARINT:
        yield first
        return
    if wire != BYTES:
        raise WireError(f"has bytes where numbers belong, at byte {first:,}")
    at = first
    while at < end:
        value, at = _varint(data, at)
        if at > end:
            raise WireError(f"has a number at byte {at:,} that reaches beyond its field")
        yield value


def signed(value: int) -> int:
    """Return an int64 or int32 field's value, which is written as 64 bits of two's complement."""
    value &= _MASK
    return value - 2**64 if value >= 2**63 else value


def text(data: Buffer, wire: int, first: int, end: int) -> str:
    """Return a short string field; bytes that are no UTF-8 are escaped.

    Raises
    ------
    WireError
        When it is no string, or too long for a name.
    """
    if wire != BYTES:
        raise WireError(f"has a number where a text belongs, at byte {first:,}")
    if end - first > _LONGEST_TEXT:
        shown = plain_text(data[first : first + 60].decode(errors="replace"))
        raise WireError(f"has a name of {end - first:,} bytes ({shown}...)")
    return data[first:end].decode(errors="backslashreplace")


def _varint(data: Buffer, at: int) -> tuple[int, int]:
    value = shift = 0
    try:
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value, at
            shift += 7
            if shift > 63:
                raise WireError(f"has a number of more than 64 bits at byte {at:,}")
    except IndexError:
        raise WireError("is cut short") from None
