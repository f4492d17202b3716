"""Structural hashes: equal signature, equal structure."""

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .hashing import mix, subtree_hashes

__all__ = ["signatures"]


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
    name_hash = np.array([0 if s.isdecimal() else _hash(s) for s in names] or [0], np.uint64)
    shape_hash = np.array([_hash(repr(s)) for s in shapes] + [0], np.uint64)  # code -1 is the last entry
    local = mix(name_hash[name_code] + mix(shape_hash[shape_code] + kind.astype(np.uint64)))
    return subtree_hashes(parent, size, local)


def _hash(text: str) -> int:
    # blake2b rather than hash(): the same in every process and on every machine.
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")
