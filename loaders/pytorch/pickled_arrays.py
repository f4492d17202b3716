"""numpy arrays inside a pickle, as records of their shape and dtype: their values stand in the pickle itself.

The argument lists are those of ``numpy/_core/multiarray`` (``_reconstruct`` and a BUILD, any protocol) and
``numpy/_core/numeric`` (``_frombuffer``, protocol 5).
"""

from math import prod
from typing import Any

from ..dtypes import BITS, TORCH_DTYPES
from ..untyped import is_sequence, is_tuple
from .inert_pickle import Inert
from .torch_globals import TensorRecord

__all__ = ["ArrayRecord", "array_globals"]

_NAMES = {
    "f2": "F16",
    "f4": "F32",
    "f8": "F64",
    "b1": "BOOL",
    "c8": "C64",
    "c16": "C128",
    **{f"{kind}{size}": f"{letter}{8 * size}" for kind, letter in (("i", "I"), ("u", "U")) for size in (1, 2, 4, 8)},
}
_TEXT = (bytes, bytearray)


class ArrayRecord(TensorRecord):
    """What a pickle says of one array.

    Attributes
    ----------
    nbytes : int
        Of its values; -1 where shape, dtype and values contradict each other.
    """

    __slots__ = ("nbytes",)

    def __init__(self) -> None:
        super().__init__(None, 0, None, None)
        self.nbytes = 0

    def fill(self, shape: Any, dtype: Any, values: Any) -> None:
        """Note what it holds; an array of objects or texts is no tensor and stays without a shape."""
        name = dtype.name if isinstance(dtype, _Dtype) else ""
        if name and is_sequence(shape) and all(type(d) is int and 0 <= d < 2**63 for d in shape) and len(shape) <= 64:
            self.shape, self.dtype = tuple(shape), name
            self.nbytes = prod(self.shape) * BITS[name] // 8
            if not isinstance(values, _TEXT) or len(values) != self.nbytes:
                self.nbytes = -1

    def __setstate__(self, state: object) -> None:
        """Take (version, shape, dtype, is_fortran, values)."""
        if is_tuple(state) and len(state) == 5:
            self.fill(state[1], state[2], state[4])


class _Dtype:
    """A ``numpy.dtype``."""

    __slots__ = ("name",)

    def __init__(self, name: Any) -> None:
        if isinstance(name, Inert) or (isinstance(name, type) and issubclass(name, Inert)):  # ml_dtypes.bfloat16
            self.name = TORCH_DTYPES.get(name.qualified.rpartition(".")[2], "")
        else:
            self.name = _NAMES.get(name, "") if isinstance(name, str) else ""

    def __setstate__(self, _state: object) -> None:
        """Leave out byte order and alignment, which change no size."""


def array_globals() -> dict[str, Any]:
    """Return "module.name" -> collector, made anew: a pickle may set attributes on them."""

    def reconstruct(*_arguments: Any) -> ArrayRecord:
        return ArrayRecord()

    def from_buffer(values: Any = b"", dtype: Any = None, shape: Any = None, *_order: Any) -> ArrayRecord:
        record = ArrayRecord()
        record.fill(shape, dtype, values)
        return record

    def dtype(name: Any = None, *_arguments: Any) -> _Dtype:
        return _Dtype(name)

    def encode(text: Any = "", *_codec: Any) -> bytes:
        return text.encode("latin-1", "replace") if isinstance(text, str) else b""  # how protocol 2 writes bytes

    known: dict[str, Any] = {"numpy.dtype": dtype, "_codecs.encode": encode}
    for core in ("numpy.core", "numpy._core"):
        known[f"{core}.multiarray._reconstruct"] = reconstruct
        known[f"{core}.numeric._frombuffer"] = from_buffer
    return known
