"""The quantisations of ggml, decoded by the reference library for Python, `gguf.quants`."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .codec import Codec

__all__ = ["ggml_codec"]


@lru_cache(maxsize=64)
def ggml_codec(dtype: str) -> Codec | None:
    """Return how a quantised type of ggml is stored, None when `gguf` does not know it or cannot decode it."""
    from gguf import GGML_QUANT_SIZES, GGMLQuantizationType
    from gguf.quants import dequantize

    kind = GGMLQuantizationType.__members__.get(dtype)
    if kind is None:
        return None
    values, size = GGML_QUANT_SIZES[kind]
    try:
        dequantize(np.zeros((1, size), np.uint8), kind)
    except NotImplementedError:  # Q8_K, Q8_1: what is computed with, never what is stored
        return None

    def decode(raw: NDArray[np.uint8], out: NDArray[np.float32]) -> None:
        with np.errstate(all="ignore"):  # scales of a damaged file may be anything
            out.reshape(-1, values)[:] = dequantize(raw.reshape(-1, size), kind)

    return Codec(values, size, decode)
