"""Small immutable column types that a ModelGraph is made of."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from .dotted import TooManyNamesError

__all__ = ["CodedSequence", "Edges", "SameHashes", "ShapeCodes", "SparseColumn"]

# Of all shapes that a model has, no two have one hash.
_MOST_OF_ONE_HASH = 16


def _no_ids() -> NDArray[np.int32]:
    return np.empty(0, np.int32)


def _no_codes() -> NDArray[np.uint8]:
    return np.empty(0, np.uint8)


@dataclass(frozen=True, slots=True)
class Edges:
    """Edges as columns, sorted by nothing in particular.

    Attributes
    ----------
    source, target : ndarray of int32, shape (M,)
        Node ids. A RESIDUAL edge may join a container and its own child: the child reads from
        (container -> child) or adds to (child -> container) the container's residual stream.
    kind : ndarray of uint8, shape (M,)
        `EdgeKind` values.
    provenance : ndarray of uint8, shape (M,)
        `Provenance` values.
    shape_code, dtype_code : ndarray of int32, shape (M,)
        What flows: index into the graph's ``shapes`` and ``dtypes``, -1 where it is not known. A dimension of -1
        in such a shape is one that the file leaves open.
    source_port, target_port : ndarray of int32, shape (M,)
        Index into the graph's ``names``: which output of the source, which input of the target; -1 where there is
        nothing to say.
    """

    source: NDArray[np.int32] = field(default_factory=_no_ids)
    target: NDArray[np.int32] = field(default_factory=_no_ids)
    kind: NDArray[np.uint8] = field(default_factory=_no_codes)
    provenance: NDArray[np.uint8] = field(default_factory=_no_codes)
    shape_code: NDArray[np.int32] = field(default_factory=_no_ids)
    dtype_code: NDArray[np.int32] = field(default_factory=_no_ids)
    source_port: NDArray[np.int32] = field(default_factory=_no_ids)
    target_port: NDArray[np.int32] = field(default_factory=_no_ids)

    def __post_init__(self) -> None:
        count = len(self.source)
        for name in ("shape_code", "dtype_code", "source_port", "target_port"):
            if len(getattr(self, name)) != count:  # left out: not known of any edge
                object.__setattr__(self, name, np.full(count, -1, np.int32))

    def __len__(self) -> int:
        return len(self.source)

    def __add__(self, other: "Edges") -> "Edges":
        """Return the edges of both, these first."""
        return Edges(*(np.concatenate([getattr(self, f.name), getattr(other, f.name)]) for f in fields(self)))


_T = TypeVar("_T")


class CodedSequence(Sequence[_T]):
    """A sequence with few different values, kept as codes into a table of them.

    Parameters
    ----------
    codes : ndarray of int, shape (N,)
        Index into `table`.
    table : sequence
        The values; they need not differ.
    """

    def __init__(self, codes: NDArray[Any], table: Sequence[_T]) -> None:
        self.codes = codes
        self.table = table

    def __len__(self) -> int:
        return len(self.codes)

    @overload
    def __getitem__(self, index: int) -> _T: ...

    @overload
    def __getitem__(self, index: slice) -> "CodedSequence[_T]": ...

    def __getitem__(self, index: int | slice) -> "_T | CodedSequence[_T]":
        if isinstance(index, slice):
            return CodedSequence(self.codes[index], self.table)
        return self.table[int(self.codes[index])]


class SameHashes:
    """Refuses what makes every dict of shapes quadratic: Python's hash of a tuple of numbers can be chosen."""

    def __init__(self) -> None:
        self._found: dict[int, int] = {}

    def note(self, shape: tuple[int, ...]) -> None:
        """Note a shape that is new.

        Raises
        ------
        TooManyNamesError
            When many others have its hash.
        """
        key = hash(shape)
        self._found[key] = self._found.get(key, 0) + 1
        if self._found[key] > _MOST_OF_ONE_HASH:
            raise TooManyNamesError(f"more than {_MOST_OF_ONE_HASH} different shapes with one hash")


class ShapeCodes(dict[tuple[int, ...], int]):
    """Shape -> code; a new shape gets the next one, so that a C-level map can look up 92k in 6 ms."""

    def __init__(self) -> None:
        super().__init__()
        self._hashes = SameHashes()

    def __missing__(self, shape: tuple[int, ...]) -> int:
        self._hashes.note(shape)
        code = self[shape] = len(self)
        return code


@dataclass(frozen=True, slots=True)
class SparseColumn:
    """One attribute for some of the nodes.

    Attributes
    ----------
    ids : ndarray of int32, shape (K,)
        Strictly increasing node ids.
    values : list, length K
        Plain values: int, float, bool, str, or a list of those.
    """

    ids: NDArray[np.int32]
    values: list[Any]

    def get(self, node: int) -> Any:
        """Return the value of `node`, or None when it has none."""
        k = int(np.searchsorted(self.ids, node))
        return self.values[k] if k < len(self.ids) and self.ids[k] == node else None
