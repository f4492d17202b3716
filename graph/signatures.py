"""Structural hashes: equal signature, equal structure."""

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["signatures"]

_BASE = 0x9E3779B97F4A7C15  # odd, so that it has an inverse modulo 2**64
_INVERSE = pow(_BASE, -1, 2**64)


def signatures(
    parent: NDArray[np.int32],
    size: NDArray[np.int32],
    kind: NDArray[np.uint8],
    name_code: NDArray[np.int32],
    names: Sequence[str],
    shape_code: NDArray[np.int32],
    shapes: Sequence[tuple[int, ...]],
) -> NDArray[np.uint64]:
    """Hash each subtree's kinds, shapes, order and names without purely numeric parts.

    A subtree is its pre-order sequence of (what the node is, distance to its parent), which determines
    the tree. The sequence is hashed as a polynomial modulo 2**64, so that every subtree is a difference
    of two prefix sums: no loop over levels, any depth. The distance to the parent in each term makes
    terms of equal siblings differ, which is what defeats Thue-Morse collisions of such polynomials.

    Parameters
    ----------
    parent, size, kind, name_code, shape_code : ndarray, shape (N,)
        Columns in pre-order, as in `ModelGraph`.
    names, shapes : sequence
        The tables that the codes point into.

    Returns
    -------
    ndarray of uint64, shape (N,)
    """
    n = len(parent)
    ids = np.arange(n, dtype=np.uint64)
    name_hash = np.array([0 if s.isdecimal() else _hash(s) for s in names] or [0], np.uint64)
    shape_hash = np.array([_hash(repr(s)) for s in shapes] + [0], np.uint64)  # code -1 is the last entry
    local = _mix(name_hash[name_code] + _mix(shape_hash[shape_code] + kind.astype(np.uint64)))
    token = _mix(local + _mix(ids - parent.astype(np.uint64)))
    prefix = np.zeros(n + 1, np.uint64)
    np.cumsum(token * _powers(_BASE, n), out=prefix[1:])
    end = np.arange(n) + size
    below = (prefix[end] - prefix[1:]) * _powers(_INVERSE, n)
    return _mix(below + _mix(local + size.astype(np.uint64)))


def _hash(text: str) -> int:
    # blake2b rather than hash(): the same in every process and on every machine.
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


def _powers(base: int, n: int) -> NDArray[np.uint64]:
    factors = np.full(n, base, np.uint64)
    factors[:1] = 1
    return np.cumprod(factors)


def _mix(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    # The finaliser of splitmix64 (Steele, Lea, Flood 2014).
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))
