"""Equal values, found by sorting."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["group_equal"]


def group_equal(values: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Group equal values.

    `numpy.unique` does it too, but it imports `numpy.ma`: 15 ms, a tenth of what reading 163 headers takes.

    Parameters
    ----------
    values : ndarray, shape (N,)

    Returns
    -------
    first : ndarray of int64, shape (G,)
        Where each value occurs first; the values themselves are ``values[first]``, ascending.
    group : ndarray of int64, shape (N,)
        Which group each entry belongs to.
    """
    order = np.argsort(values, kind="stable")
    ranked = values[order]
    starts = np.concatenate([[True], ranked[1:] != ranked[:-1]])[: len(values)]
    group = np.empty(len(values), np.int64)
    group[order] = np.cumsum(starts) - 1
    return order[starts], group
