"""Windows of a matrix: rows as runs of neighbours, columns as a range."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["RowChoice", "Run", "columns_of", "indices_of", "rows_of", "strips"]

RowChoice = slice | NDArray[np.integer[Any]]
Run = tuple[int, int]  # rows [start, stop)


def rows_of(rows: RowChoice, count: int) -> list[Run]:
    """Return the chosen rows as runs, none of them empty.

    Raises
    ------
    IndexError
        When they do not ascend, or there are fewer rows than that.
    """
    if isinstance(rows, slice):
        start, stop = columns_of(rows, count)
        return [(start, stop)] if start < stop else []
    at = np.asarray(rows, np.int64)
    if not len(at):
        return []
    steps = np.diff(at)
    if at.ndim != 1 or (steps < 0).any() or not 0 <= at[0] <= at[-1] < count:
        raise IndexError(f"rows must ascend from 0 to less than {count:,}")
    breaks = np.flatnonzero(steps != 1) + 1
    starts, ends = at[np.r_[0, breaks]], at[np.r_[breaks - 1, len(at) - 1]] + 1
    return list(zip(starts.tolist(), ends.tolist(), strict=True))


def columns_of(columns: slice, count: int) -> Run:
    """Return the first column and the one behind the last; both are equal where the slice is empty.

    Raises
    ------
    IndexError
        When it has a step.
    """
    start, stop, step = columns.indices(count)
    if step != 1:
        raise IndexError("a window has no step")
    return start, max(start, stop)


def strips(runs: Sequence[Run], most: int) -> Iterator[list[Run]]:
    """Yield the runs in order, cut so that no more than `most` rows come at once."""
    batch: list[Run] = []
    room = most
    for start, stop in runs:
        while start < stop:
            taken = min(room, stop - start)
            batch.append((start, start + taken))
            start, room = start + taken, room - taken
            if not room:
                yield batch
                batch, room = [], most
    if batch:
        yield batch


def indices_of(runs: Sequence[Run]) -> NDArray[np.int64]:
    """Return the positions of all rows of some runs."""
    return np.concatenate([np.arange(start, stop) for start, stop in runs])
