"""Hashes of all subtrees of a tree at once."""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["mix", "subtree_hashes"]

_BASE = 0x9E3779B97F4A7C15  # odd, so that it has an inverse modulo 2**64
_INVERSE = pow(_BASE, -1, 2**64)


def mix(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return each value scrambled: the finaliser of splitmix64 (Steele, Lea, Flood 2014)."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def subtree_hashes(parent: NDArray[np.int32], size: NDArray[Any], local: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Hash each subtree from what its nodes are and how they hang together.

    A subtree is its pre-order sequence of (what the node is, distance to its parent), which determines
    the tree. The sequence is hashed as a polynomial modulo 2**64, so that every subtree is a difference
    of two prefix sums: no loop over levels, any depth. The distance to the parent in each term makes
    terms of equal siblings differ, which is what defeats Thue-Morse collisions of such polynomials.

    Parameters
    ----------
    parent, size : ndarray of int, shape (N,)
        The tree in pre-order, as in `ModelGraph`.
    local : ndarray of uint64, shape (N,)
        What each node is by itself.

    Returns
    -------
    ndarray of uint64, shape (N,)
    """
    n = len(parent)
    distance = np.arange(n, dtype=np.uint64) - parent.astype(np.uint64)
    prefix = np.zeros(n + 1, np.uint64)
    np.cumsum(mix(local + mix(distance)) * _powers(_BASE, n), out=prefix[1:])
    below = (prefix[np.arange(n) + size] - prefix[1:]) * _powers(_INVERSE, n)
    return mix(below + mix(local + size.astype(np.uint64)))


@lru_cache(maxsize=2)  # a graph and its layout ask for the same
def _powers(base: int, n: int) -> NDArray[np.uint64]:
    factors = np.full(n, base, np.uint64)
    factors[:1] = 1
    return np.cumprod(factors)
