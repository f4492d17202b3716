"""Tensors, types and attributes: the messages that those of `messages` are made of."""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .data_types import dtype_name
from .wire import BYTES, FIXED32, Buffer, WireError, fields, signed, text, varints

__all__ = [
    "MAX_TEXT",
    "Attribute",
    "Tensor",
    "Typed",
    "read_attribute",
    "read_entry",
    "read_sparse",
    "read_tensor",
    "read_typed",
    "span",
]

MAX_TEXT = 200  # of a value that is worth showing
_MAX_RANK = 64  # of numpy and torch
_MAX_LIST = 16  # values of an attribute that are worth showing


@dataclass(slots=True)
class Tensor:
    """A TensorProto: what is said of its data, not the data.

    Attributes
    ----------
    start, length : int
        Where its bytes are in the file: raw, or packed numbers. -1 and 0 where there are none.
    source : int
        Number of the field that has the data (9 is raw_data), 0 for none.
    entries : int
        Numbers or texts that stand alone, not packed.
    external : dict or None
        Where the data is, when it is in another file.
    sparse : tuple of (Tensor, tuple of int) or None
        Indices, and the shape of the whole, where this has the values of a sparse tensor.
    """

    name: str = ""
    dims: list[int] = field(default_factory=list[int])
    data_type: int = 0
    start: int = -1
    length: int = 0
    source: int = 0
    entries: int = 0
    external: dict[str, str] | None = None
    sparse: "tuple[Tensor, list[int]] | None" = None


@dataclass(slots=True)
class Typed:
    """A named value with its type: -1 for a dimension that is left open, no dtype for what is no tensor."""

    name: str = ""
    shape: tuple[int, ...] | None = None
    dtype: str | None = None


@dataclass(slots=True)
class Attribute:
    """An attribute of a node: a plain and short value, a tensor, or subgraphs as spans of the file."""

    name: str = ""
    value: Any = None
    tensor: Tensor | None = None
    graphs: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    refers_to: str = ""


def span(wire: int, first: int, end: int) -> tuple[int, int]:
    """Return where a message inside another one is."""
    if wire != BYTES:
        raise WireError(f"has a number where a message belongs, at byte {first:,}")
    return first, end


def read_entry(data: Buffer, at: int, end: int, into: dict[str, str], wanted: frozenset[str] | None) -> None:
    """Read a StringStringEntryProto; of what is not wanted, only the key."""
    key, value = "", (BYTES, 0, 0)
    for number, wire, a, b in fields(data, at, end):
        if number == 1:
            key = text(data, wire, a, b)
        elif number == 2:
            value = (wire, a, b)
    if (wanted is None and value[2] - value[1] <= MAX_TEXT) or (wanted is not None and key in wanted):
        into[key] = text(data, *value)


# ---------------------------------------------------------------- tensors
# Fields of numbers that may be packed: bytes of a number that is not, and whether its bytes are the values' own.
_NUMBERS = {4: True, 5: False, 7: False, 10: True, 11: False}
_DATA = frozenset((*_NUMBERS, 6, 9))
_EXTERNAL = frozenset(("location", "offset", "length"))


def read_tensor(data: Buffer, at: int, end: int) -> Tensor:
    """Read a TensorProto, its data skipped."""
    tensor = Tensor()
    external = dict[str, str]()
    for number, wire, a, b in fields(data, at, end):
        if number == 1:
            tensor.dims += _dims(data, wire, a, b, _MAX_RANK - len(tensor.dims))
        elif number == 2:
            tensor.data_type = signed(a)
        elif number == 8:
            tensor.name = text(data, wire, a, b)
        elif number in _DATA and tensor.source not in (0, number):
            raise WireError(f"has a tensor {tensor.name!r} with data of two kinds")
        elif number == 9:
            tensor.start, end_of_data = span(wire, a, b)
            tensor.length, tensor.source = end_of_data - tensor.start, 9
        elif number == 6:
            tensor.source = 6
            tensor.entries += 1
            tensor.length += b - a
        elif number in _NUMBERS:
            tensor.source = number
            if wire == BYTES and not tensor.length:
                tensor.start, tensor.length = (a if _NUMBERS[number] else -1), b - a
            else:  # one by one, or in many packed pieces: they have no place of their own
                tensor.start = -1
                if wire == BYTES:
                    tensor.length += b - a
                else:
                    tensor.entries += 1
        elif number == 13:
            read_entry(data, *span(wire, a, b), external, _EXTERNAL)
        elif number == 14 and a == 1:
            tensor.external = external
    return tensor


def _dims(data: Buffer, wire: int, a: int, b: int, room: int) -> Iterator[int]:
    for value in varints(data, wire, a, b):
        room -= 1
        if room < 0:
            raise WireError(f"has a tensor of more than {_MAX_RANK} dimensions at byte {a:,}")
        yield signed(value)


def read_sparse(data: Buffer, at: int, end: int) -> Tensor:
    """Read a SparseTensorProto as its values."""
    values, indices, dims = Tensor(), Tensor(), list[int]()
    for number, wire, a, b in fields(data, at, end):
        if number == 1:
            values = read_tensor(data, *span(wire, a, b))
        elif number == 2:
            indices = read_tensor(data, *span(wire, a, b))
        elif number == 3:
            dims += _dims(data, wire, a, b, _MAX_RANK - len(dims))
    values.sparse = (indices, dims)
    return values


# ---------------------------------------------------------------- types
def read_typed(data: Buffer, at: int, end: int) -> Typed:
    """Read a ValueInfoProto."""
    typed = Typed()
    for number, wire, a, b in fields(data, at, end):
        if number == 1:
            typed.name = text(data, wire, a, b)
        elif number == 2:
            for kind, inner_wire, x, y in fields(data, *span(wire, a, b)):
                if kind in (1, 8):  # a tensor, dense or sparse; sequences, maps and optionals have no shape
                    typed.dtype, typed.shape = _tensor_type(data, *span(inner_wire, x, y))
    return typed


def _tensor_type(data: Buffer, at: int, end: int) -> tuple[str | None, tuple[int, ...] | None]:
    dtype, shape = None, None
    for number, wire, a, b in fields(data, at, end):
        if number == 1 and a:
            dtype = dtype_name(signed(a))
        elif number == 2:
            dims = list[int]()
            for kind, inner_wire, x, y in fields(data, *span(wire, a, b)):
                if kind == 1:
                    dims.append(_dimension(data, *span(inner_wire, x, y)))
                    if len(dims) > _MAX_RANK:
                        raise WireError(f"has a value of more than {_MAX_RANK} dimensions at byte {a:,}")
            shape = tuple(dims)
    return dtype, shape


def _dimension(data: Buffer, at: int, end: int) -> int:
    value = -1
    for number, wire, a, _ in fields(data, at, end):
        if number == 1 and wire != BYTES:
            value = max(signed(a), -1)
    return value


# ---------------------------------------------------------------- attributes
def read_attribute(data: Buffer, at: int, end: int) -> Attribute:
    """Read an AttributeProto; of long lists and texts only that they are there."""
    attribute = Attribute()
    listed: list[Any] = []
    count = 0
    for number, wire, a, b in fields(data, at, end):
        if number == 1:
            attribute.name = text(data, wire, a, b)
        elif number == 2:
            attribute.value = _float(data, wire, a)
        elif number == 3:
            attribute.value = signed(a)
        elif number == 4:
            attribute.value = _short(data, wire, a, b)
        elif number == 5:
            attribute.tensor = read_tensor(data, *span(wire, a, b))
        elif number in (6, 11):
            attribute.graphs.append(span(wire, a, b))
        elif number in _LISTS and count <= _MAX_LIST:
            for value in _LISTS[number](data, wire, a, b):
                listed.append(value)
                count += 1
                if count > _MAX_LIST:
                    break
        elif number == 21:
            attribute.refers_to = text(data, wire, a, b)
        elif number == 22:
            attribute.tensor = read_sparse(data, *span(wire, a, b))
    if 0 < count <= _MAX_LIST and None not in listed:
        attribute.value = listed
    return attribute


def _float(data: Buffer, wire: int, at: int) -> float:
    if wire != FIXED32:
        raise WireError(f"has another kind of number where a float belongs, at byte {at:,}")
    # The shortest digits that stand for this number in single precision: 1e-05, not 9.999999747378752e-06.
    return float(str(np.float32(struct.unpack("<f", data[at : at + 4])[0])))


def _short(data: Buffer, wire: int, a: int, b: int) -> str | None:
    return text(data, wire, a, b) if b - a <= MAX_TEXT else None


def _floats(data: Buffer, wire: int, a: int, b: int) -> Iterator[float]:
    if wire == FIXED32:
        yield _float(data, wire, a)
        return
    if (b - a) % 4:
        raise WireError(f"has floats in {b - a:,} bytes at byte {a:,}")
    for at in range(a, b, 4):
        yield _float(data, FIXED32, at)


def _ints(data: Buffer, wire: int, a: int, b: int) -> Iterator[int]:
    return map(signed, varints(data, wire, a, b))


def _texts(data: Buffer, wire: int, a: int, b: int) -> Iterator[str | None]:
    yield _short(data, wire, a, b)


_LISTS: dict[int, Callable[[Buffer, int, int, int], Iterator[Any]]] = {7: _floats, 8: _ints, 9: _texts}
