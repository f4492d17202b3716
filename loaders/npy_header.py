r"""The header of an array as numpy.save writes it: a Python literal, read without Python's own parser.

"\x93NUMPY", version, header length, then ``{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }``.
See https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html.
"""

import re
from dataclasses import dataclass
from math import prod
from typing import Any

from .untyped import is_dict, is_list, is_tuple

__all__ = ["MAGIC", "MAX_HEADER", "Array", "parse_header"]

MAGIC = b"\x93NUMPY"
MAX_HEADER = 2**16  # numpy itself refuses more than 10,000 bytes without being asked
_MAX_DEPTH, _MAX_RANK = 32, 64
_TOKEN = re.compile(
    r"\s*(?:'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"|(-?\d{1,19})L?(?!\w)|(True|False|None)(?!\w)|([][(){},:]))",
    re.ASCII,
)
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U000[0-9a-fA-F]{5}|U0010[0-9a-fA-F]{4}|.)")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", "'": "'", '"': '"'}
_CONSTANTS = {"True": True, "False": False, "None": None}
_CLOSING = {"(": ")", "[": "]", "{": "}"}

_DESCR = re.compile(r"([<>|=]?)([a-zA-Z])(\d{0,9})((?:\[[0-9a-zA-Z]{1,8}\])?)", re.ASCII)
# numpy's letter and bytes -> the name that safetensors has for it.
_NAMES = {
    "b1": "BOOL", "i1": "I8", "i2": "I16", "i4": "I32", "i8": "I64", "u1": "U8", "u2": "U16", "u4": "U32", "u8": "U64",
    "f2": "F16", "f4": "F32", "f8": "F64", "c8": "C64", "c16": "C128",
    "f12": "F96", "f16": "F128", "c24": "C192", "c32": "C256",  # long double: not half precision, as "f16" reads
}  # fmt: skip
_NUMBERS = "biufcV"
_OBJECT = "object"


@dataclass(frozen=True, slots=True)
class Array:
    """What a header says.

    Attributes
    ----------
    dtype : str
        As safetensors names it; as numpy does where that has no name, or the bytes stand the other way round.
    itemsize : int
        Bytes of a value, 0 for Python objects.
    shape : tuple of int
    fortran_order : bool
        Whether the first dimension is the one that lies closest together.
    data : int
        Where the values start behind the header.
    is_numeric : bool
        Whether it has numbers (or truth values), or bytes of a type that numpy has no name for.
    """

    dtype: str
    itemsize: int
    shape: tuple[int, ...]
    fortran_order: bool
    data: int
    is_numeric: bool

    @property
    def is_object(self) -> bool:
        """Whether the values are pickled Python objects."""
        return self.dtype == _OBJECT

    @property
    def nbytes(self) -> int:
        """Bytes of all values."""
        return prod(self.shape) * self.itemsize


def parse_header(raw: bytes) -> Array:
    """Read the header at the beginning of `raw`.

    Raises
    ------
    ValueError
        When it is none; the message says what is wrong.
    """
    if raw[:6] != MAGIC or len(raw) < 10:
        raise ValueError("does not start as numpy.save writes it")
    version = (raw[6], raw[7])
    if version not in ((1, 0), (2, 0), (3, 0)):
        raise ValueError(f"has an unknown version ({version[0]}.{version[1]})")
    start = 10 if version == (1, 0) else 12
    length = int.from_bytes(raw[8:start], "little")
    if length > MAX_HEADER:
        raise ValueError(f"has a header of {length:,} bytes, at most {MAX_HEADER:,} are read")
    text = raw[start : start + length]
    if len(text) < length or len(raw) < start:
        raise ValueError("is cut short in its header")
    try:
        header = _literal(text.decode("utf-8" if version == (3, 0) else "latin-1"))
    except UnicodeDecodeError as error:
        raise ValueError("has a header that is no text") from error
    if not is_dict(header) or header.keys() != {"descr", "fortran_order", "shape"}:
        raise ValueError("has a header without descr, fortran_order and shape")
    shape, order = header["shape"], header["fortran_order"]
    if not is_tuple(shape) or len(shape) > _MAX_RANK or any(type(n) is not int or not 0 <= n < 2**63 for n in shape):
        raise ValueError("has a shape that is none")
    if type(order) is not bool:
        raise ValueError("does not say in which order its values are")
    dtype, itemsize, is_numeric = _dtype(header["descr"])
    array = Array(dtype, itemsize, shape, order, start + length, is_numeric)
    if max(array.nbytes, prod(shape)) >= 2**63:
        raise ValueError("has more values than can be")
    return array


# ---------------------------------------------------------------- types
def _dtype(descr: Any) -> tuple[str, int, bool]:
    """Return name, bytes of a value, and whether that is a number."""
    if is_list(descr):
        return _structured(descr)
    match = _DESCR.fullmatch(descr) if isinstance(descr, str) else None
    if match is None:
        raise ValueError("has a type that is none")
    order, letter, digits, unit = match.groups()
    size = int(digits) if digits else 0
    if letter == "O":
        return _OBJECT, 0, False
    if letter in "Mm":
        return f"{letter}8{unit}", 8, False
    if letter in "SaU":
        return f"{letter}{size}", size * (4 if letter == "U" else 1), False
    if letter not in "biufcV" or not digits or (letter != "V" and not 0 < size <= 32):
        raise ValueError(f"has the unknown type {descr[:40]!r}")
    name = _NAMES.get(f"{letter}{size}", f"{letter}{size}")
    if order == ">" and size > 1:
        name = f">{letter}{size}"
    return name, size, letter in _NUMBERS


def _structured(descr: list[Any]) -> tuple[str, int, bool]:
    """Describe a type of named fields; each is (name, type) or (name, type, shape)."""
    shown, total = list[str](), 0
    todo: list[tuple[Any, int]] = [(field, 1) for field in reversed(descr)]
    while todo:
        field, repeat = todo.pop()
        if not is_tuple(field) or len(field) not in (2, 3):
            raise ValueError("has a type with a field that is none")
        shape = field[2] if len(field) == 3 else ()
        if not is_tuple(shape) or any(type(n) is not int or not 0 <= n < 2**31 for n in shape):
            raise ValueError("has a type with a field that is none")
        many = repeat * prod(shape)
        if is_list(field[1]):
            todo += [(each, many) for each in reversed(field[1])]
            continue
        name, size, _ = _dtype(field[1])
        if name == _OBJECT:
            return _OBJECT, 0, False
        total += many * size
        if total >= 2**63:
            raise ValueError("has a type of more bytes than can be")
        label = field[0][1] if is_tuple(field[0]) and len(field[0]) == 2 else field[0]
        shown.append(f"{label} {name}")
    more = f", {len(shown) - 3} more" if len(shown) > 3 else ""
    return f"({', '.join(shown[:3])}{more})", total, False


# ---------------------------------------------------------------- Python literals, without recursion
def _literal(text: str) -> Any:
    """Return the value of a literal of dicts, tuples, lists, texts, whole numbers and constants."""
    text = text.rstrip()
    open_: list[tuple[str, list[Any]]] = [("", [])]  # bracket, what is in it so far
    at, after_value = 0, False
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise ValueError("has a header that is no plain literal")
        at = match.end()
        single, double, number, constant, mark = match.groups()
        bracket, items = open_[-1]
        if mark is None:
            if after_value:
                raise ValueError("has a header that is no plain literal")
            items.append(_scalar(single if double is None else double, number, constant))
            after_value = True
        elif mark in "([{":
            if after_value or len(open_) > _MAX_DEPTH:
                raise ValueError("has a header that is no plain literal or nested too deeply")
            open_.append((mark, []))
        elif mark in ",:":
            if not after_value or (mark == ":") != (bracket == "{" and len(items) % 2 == 1) or not bracket:
                raise ValueError("has a header that is no plain literal")
            after_value = False
            # ("x") is a text and ("x",) a tuple.
            open_[-1] = (bracket + mark if bracket == "(" else bracket, items)
        else:
            if mark != _CLOSING.get(bracket[:1]) or (bracket == "{" and len(items) % 2):
                raise ValueError("has a header that is no plain literal")
            open_.pop()
            open_[-1][1].append(_closed(bracket, items))
            after_value = True
    if len(open_) != 1 or len(open_[0][1]) != 1:
        raise ValueError("has a header that is no plain literal")
    return open_[0][1][0]


def _scalar(text: str | None, number: str | None, constant: str) -> str | int | None:
    if text is not None:
        return _ESCAPE.sub(_unescaped, text) if "\\" in text else text
    return int(number) if number is not None else _CONSTANTS[constant]


def _unescaped(escape: re.Match[str]) -> str:
    code = escape[1]
    if len(code) > 1:
        return chr(int(code[1:], 16))
    return _ESCAPES.get(code, escape[0])


def _closed(bracket: str, items: list[Any]) -> Any:
    if bracket == "(" and len(items) == 1:
        return items[0]
    if bracket[0] == "(":
        return tuple(items)
    if bracket == "[":
        return items
    keys = items[::2]
    if any(not isinstance(key, str) for key in keys) or len(set(keys)) != len(keys):
        raise ValueError("has a header with keys that are no texts, or are there twice")
    return dict(zip(keys, items[1::2], strict=True))
