"""Matrices that stand column by column: Fortran order of numpy, transposed views of torch."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .values import TensorValues
from .windows import RowChoice, Run, columns_of, indices_of, rows_of

__all__ = ["TransposedValues"]

_SPAN = 2**18  # rows that are read at once, those between the wanted ones included
_PART = 2**20  # values that are turned at once


@dataclass(frozen=True, eq=False, slots=True)
class TransposedValues:
    """The transpose of another matrix; see `TensorValues`."""

    stored: TensorValues

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.stored.shape[1], self.stored.shape[0]

    @property
    def dtype(self) -> str:
        """What is stored, for people."""
        return f"{self.stored.dtype}, column by column"

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the values must know."""
        return self.stored.notes

    @property
    def block(self) -> tuple[int, int]:
        """Rows and columns of the smallest window that is read without waste."""
        return self.stored.block[1], self.stored.block[0]

    @property
    def transpose(self) -> TensorValues:
        """The matrix as it stands."""
        return self.stored

    def read(self, rows: RowChoice, columns: slice) -> NDArray[np.float32]:
        """Return the values of a window."""
        runs, (first, stop) = rows_of(rows, self.shape[0]), columns_of(columns, self.shape[1])
        out = np.empty((sum(end - start for start, end in runs), stop - first), np.float32)
        done = 0
        for group in _groups(runs):
            low, high = group[0][0], max(end for _, end in group)
            index = indices_of(group) - low
            step = max(1, _PART // (high - low))
            for at in range(first, stop, step):
                part = self.stored.read(slice(at, min(at + step, stop)), slice(low, high))
                out[done : done + len(index), at - first : at - first + len(part)] = part.T[index]
            done += len(index)
        return out

    def stored_bytes(self, rows: RowChoice, columns: slice) -> int:
        """Return how many bytes `read` of this window takes from the file."""
        if isinstance(rows, slice):
            start, stop = columns_of(rows, self.shape[0])
            full = (stop - start) // _SPAN  # groups, which all take the same
            parts = [(slice(start, start + _SPAN), full)] if full else []
            parts.append((slice(start + full * _SPAN, stop), 1))
        else:
            groups = _groups(rows_of(rows, self.shape[0]))
            parts = [(slice(group[0][0], max(end for _, end in group)), 1) for group in groups]
        return sum(count * self.stored.stored_bytes(columns, span) for span, count in parts)


def _groups(runs: Sequence[Run]) -> Iterator[list[Run]]:
    """Yield runs that lie near each other, long ones cut."""
    group: list[Run] = []
    for begin, end in runs:
        for start in range(begin, end, _SPAN):
            stop = min(start + _SPAN, end)
            if group and stop - group[0][0] > _SPAN:
                yield group
                group = []
            group.append((start, stop))
    if group:
        yield group
