"""In which pieces a tile's values are read: all of them in strips, or a sample of a few rows from each block."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...weights import TensorValues

__all__ = ["PIECE", "Piece", "exact_pieces", "sampled_pieces"]

PIECE = 4 << 20  # values read at once: 16 MB of float32
_RUN_BYTES = 4096  # a sample reads at least so much in a row: less costs the same
_RUNS = 4  # runs of rows from each block, where that is at most an eighth of it
_SAMPLE_BYTES = 16 << 20  # of a whole tile; where one row of each block takes more, a part of each row is read


@dataclass(frozen=True, eq=False, slots=True)
class Piece:
    """Values that are read at once.

    Attributes
    ----------
    rows : slice or ndarray
        Rows of the tensor, as many in each block of rows.
    columns : slice
        From the left edge of a cell, or inside of one.
    blocks : int
        How many blocks of rows they are.
    row, column : int
        The tile's cell that the first value belongs to.
    """

    rows: slice | NDArray[np.int64]
    columns: slice
    blocks: int
    row: int
    column: int


def exact_pieces(rows: slice, columns: slice, level: int) -> Iterator[Piece]:
    """Yield all values of a region, each once, at most `PIECE` at a time."""
    for across, column in _strips(columns, level, PIECE):
        for down, row in _strips(rows, level, PIECE // (across.stop - across.start)):
            # Whole blocks first, then the last one, cut at the tensor's edge; or a part of one.
            full = (down.stop - down.start) >> level
            middle = down.start + (full << level)
            if full:
                yield Piece(slice(down.start, middle), across, full, row, column)
            if middle < down.stop:
                yield Piece(slice(middle, down.stop), across, 1, row + full, column)


def sampled_pieces(values: TensorValues, rows: slice, columns: slice, level: int) -> Iterator[Piece]:
    """Yield a sample of a region: evenly spaced runs of rows from each block, at most `PIECE` values at a time.

    The rows are as wide as the region, unless one row of each block is more than is affordable: then they are windows
    in the middle of each cell. The same region always gives the same sample.
    """
    block, height = 1 << level, rows.stop - rows.start
    row_bytes = max(values.stored_bytes(slice(rows.start, rows.start + 1), columns), 1)
    run = min(max(-(-_RUN_BYTES // row_bytes), values.block[0]), block)
    least = -(-height >> level) * run * row_bytes  # one run of each block
    runs = max(1, min(_RUNS, block // (8 * run), _SAMPLE_BYTES // least))
    full = height >> level
    for first, count, size in ((0, full, block), (full, 1, height - (full << level))):
        if not count or not size:
            continue
        chosen = _spread(size, runs, run, values.block[0])
        most = max(PIECE // len(chosen), 1)
        if least > _SAMPLE_BYTES:
            windows = _middles(columns, level, min(block * _SAMPLE_BYTES // least, most), values.block[1])
        else:
            windows = _strips(columns, level, most)
        for across, column in windows:
            at_once = max(most // (across.stop - across.start), 1)
            for row in range(first, first + count, at_once):
                blocks = np.arange(row, min(row + at_once, first + count), dtype=np.int64)
                tops = rows.start + (blocks << level)
                yield Piece((tops[:, None] + chosen).ravel(), across, len(blocks), row, column)


def _strips(span: slice, level: int, most: int) -> Iterator[tuple[slice, int]]:
    """Yield parts of a span and the cell that each starts in.

    Their length is a power of two, at most `most` and at least 1: each is either whole blocks or lies inside one.
    """
    step = 1 << (max(most, 1).bit_length() - 1)
    for start in range(span.start, span.stop, step):
        yield slice(start, min(start + step, span.stop)), (start - span.start) >> level


def _middles(span: slice, level: int, most: int, unit: int) -> Iterator[tuple[slice, int]]:
    """Yield a window in the middle of each cell, of about `most` values in whole units, and the cell."""
    width = min(max(most // unit * unit, unit), 1 << level)
    for cell, start in enumerate(range(span.start, span.stop, 1 << level)):
        stop = min(start + (1 << level), span.stop)
        left = max((start + stop - width) // 2 // unit * unit, start)
        yield slice(left, min(left + width, stop)), cell


def _spread(size: int, runs: int, run: int, unit: int) -> NDArray[np.int64]:
    """Return the rows, ascending, of evenly spaced runs in a block of `size` rows."""
    run = min(run, size)
    middles = (2 * np.arange(runs, dtype=np.int64) + 1) * size // (2 * runs)
    starts = np.clip((middles - run // 2) // unit * unit, 0, size - run)
    return np.unique(starts[:, None] + np.arange(run))
