"""Values of less than 8 bits, several to a byte, the first in the lowest bits.

4-bit floats as torch's ``float4_e2m1fn_x2``, safetensors' F4 and gpt-oss have them; 2-, 4- and 6-bit ones as ONNX does
(``onnx.numpy_helper``).
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .codec import Codec, by_table, values_of_codes

__all__ = ["packed_codec"]

_NAMES = {
    "F4": "float4_e2m1fn",
    "F4_X2": "float4_e2m1fn",
    "INT4": "int4",
    "UINT4": "uint4",
    "INT2": "int2",
    "UINT2": "uint2",
    "F6_E2M3": "float6_e2m3fn",
    "F6_E3M2": "float6_e3m2fn",
}


@lru_cache(maxsize=16)
def packed_codec(dtype: str) -> Codec | None:
    """Return how a packed data type is stored, None when it is none."""
    name = _NAMES.get(dtype)
    if name is None:
        return None
    bits = int(next(c for c in name if c.isdecimal()))
    values = values_of_codes(name, 2**bits)
    return _six_bits(values) if bits == 6 else _in_bytes(values, bits)


def _in_bytes(values: NDArray[np.float32], bits: int) -> Codec:
    each = 8 // bits
    codes = np.arange(256)[:, None] >> (bits * np.arange(each)) & (2**bits - 1)
    table = values[codes]  # (256, each): all values of a byte are looked up at once
    if each == 2:
        return Codec(2, 1, by_table(np.ascontiguousarray(table).view(np.uint64)[:, 0]))

    def decode(raw: NDArray[np.uint8], out: NDArray[np.float32]) -> None:
        np.take(table, raw, axis=0, out=out.reshape(-1, each), mode="clip")

    return Codec(each, 1, decode)


def _six_bits(values: NDArray[np.float32]) -> Codec:
    def decode(raw: NDArray[np.uint8], out: NDArray[np.float32]) -> None:
        three = raw.reshape(-1, 3).astype(np.uint32)
        word = three[:, 0] | three[:, 1] << 8 | three[:, 2] << 16
        four = out.reshape(-1, 4)
        for k in range(4):
            four[:, k] = values[word >> (6 * k) & 63]

    return Codec(4, 3, decode)
