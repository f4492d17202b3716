"""Numbers that are stored one by one: floats, whole numbers and truth values of 8 bits and more.

8-bit floats are those of the OCP specifications, by `ml_dtypes`, whose tables are also torch's.
"""

import re
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .codec import Codec, Decode, by_table, values_of_codes

__all__ = ["FLOAT8", "plain_codec"]

# safetensors' name -> ml_dtypes' and torch's.
FLOAT8 = {
    "F8_E4M3": "float8_e4m3fn",
    "F8_E5M2": "float8_e5m2",
    "F8_E4M3FNUZ": "float8_e4m3fnuz",
    "F8_E5M2FNUZ": "float8_e5m2fnuz",
    "F8_E8M0": "float8_e8m0fnu",
}
_NUMBERS = {
    **{f"I{8 * size}": f"i{size}" for size in (1, 2, 4, 8)},
    **{f"U{8 * size}": f"u{size}" for size in (1, 2, 4, 8)},
    **{f"I{bits}": "i1" for bits in range(1, 8)},  # torch.int1 ... int7: a byte each
    **{f"U{bits}": "u1" for bits in range(1, 8)},
    "F32": "f4",
    "F64": "f8",
}
_SWAPPED = re.compile(r">([iuf][248])")  # numpy's name where the high byte comes first


@lru_cache(maxsize=64)
def plain_codec(dtype: str, big_endian: bool) -> Codec | None:
    """Return how a data type is stored, None when it is none of these.

    Parameters
    ----------
    dtype : str
        As the graph names it.
    big_endian : bool
        Whether the file has the high byte first.
    """
    swapped = _SWAPPED.fullmatch(dtype)
    number = swapped[1] if swapped else _NUMBERS.get(dtype)
    order = ">" if big_endian or swapped else "<"
    if dtype == "BF16":
        return Codec(1, 2, _bfloat16(np.dtype(f"{order}u2")))
    if (dtype == "F16" or number == "f2") and order == "<":
        return Codec(1, 2, by_table(_half_table()))
    if dtype == "F16" or number is not None:
        return _number(np.dtype(f"{order}{number or 'f2'}"))
    if dtype == "BOOL":
        return Codec(1, 1, _truth)
    if dtype in FLOAT8:
        return Codec(1, 1, by_table(values_of_codes(FLOAT8[dtype], 256)))
    return None


def _bfloat16(stored: np.dtype[np.uint16]) -> Decode:
    def decode(raw: NDArray[np.uint8], out: NDArray[np.float32]) -> None:
        # A bfloat16 is the upper half of a single: 0.36 ns a value, by ml_dtypes 0.41 ns.
        np.left_shift(raw.view(stored), np.uint32(16), out=out.view(np.uint32), dtype=np.uint32)

    return decode


def _number(stored: "np.dtype[np.generic]") -> Codec:
    def decode(raw: NDArray[np.uint8], out: NDArray[np.float32]) -> None:
        with np.errstate(over="ignore", invalid="ignore"):  # a double beyond single precision is infinite there
            out[:] = raw.view(stored)

    return Codec(1, stored.itemsize, decode)


def _truth(raw: NDArray[np.uint8], out: NDArray[np.float32]) -> None:
    out[:] = raw != 0


@lru_cache(maxsize=1)
def _half_table() -> NDArray[np.float32]:
    with np.errstate(invalid="ignore"):
        return np.arange(2**16, dtype=np.uint16).view(np.float16).astype(np.float32)
