"""How what grows or moves starts and ends."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["smooth"]


def smooth(t: ArrayLike) -> NDArray[np.float64]:
    """Return 0 below 0, 1 above 1, and between them a cubic without a bend at either end; of arrays, of each number."""
    t = np.clip(np.asarray(t, np.float64), 0.0, 1.0)
    return t * t * (3 - 2 * t)
