"""In which pieces a tile's values are read: all of them in strips, or a sample of a few rows from each block."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...weights import TensorValues

__all__ = ["PIECE", "READ_BYTES", "Piece", "exact_pieces", "is_row_by_row", "sampled_level", "sampled_pieces"]

PIECE = 1 << 20  # values read at once, 4 MB of float32: some 10 ms, after which the one who waits may say stop
READ_BYTES = 4096  # one read costs at least as much as one of so many bytes
_ROWS = 1024  # rows read at once where each takes a read of its own: 0.1 ms from a disk, 5 us from memory
_RUNS = 4  # runs of rows from each block, where that is at most an eighth of it
_SAMPLE_BYTES = 16 << 20  # of a whole tile; where one row of each block takes more, a part of each row is read
_WINDOWS = 4096  # such parts of rows, of a whole tile


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


def is_row_by_row(values: TensorValues, rows: slice, columns: slice) -> bool:
    """Return whether each row of a region takes a read of its own: less than whole rows is read."""
    one = slice(rows.start, rows.start + 1)
    return values.stored_bytes(one, columns) < values.stored_bytes(one, slice(0, values.shape[1]))


def exact_pieces(values: TensorValues, rows: slice, columns: slice, level: int) -> Iterator[Piece]:
    """Yield all values of a region, each once, at most `PIECE` and about a thousand reads at a time."""
    tallest = _ROWS if is_row_by_row(values, rows, columns) else PIECE
    for across, column in _strips(columns, level, PIECE):
        for down, row in _strips(rows, level, min(tallest, PIECE // (across.stop - across.start))):
            # Whole blocks first, then the last one, cut at the tensor's edge; or a part of one.
            full = (down.stop - down.start) >> level
            middle = down.start + (full << level)
            if full:
                yield Piece(slice(down.start, middle), across, full, row, column)
            if middle < down.stop:
                yield Piece(slice(middle, down.stop), across, 1, row + full, column)


def sampled_level(values: TensorValues, rows: slice, columns: slice, level: int) -> int:
    """Return the first level, from `level` on, of whose cells a sample can be taken in some thousand reads.

    It is another one for giant tensors only: 256 x 256 cells, with rows of more than 64 KB.
    """
    height, width = rows.stop - rows.start, columns.stop - columns.start
    while (
        _run_of_rows(values, rows, columns, level)[1] > _SAMPLE_BYTES
        and -(-height >> level) * -(-width >> level) > _WINDOWS
    ):
        level += 1
    return level


def sampled_pieces(values: TensorValues, rows: slice, columns: slice, level: int) -> Iterator[Piece]:
    """Yield a sample of a region: evenly spaced runs of rows from each block, at most `PIECE` values at a time.

    The rows are as wide as the region, unless one row of each block is more than is affordable: then they are windows
    in the middle of each cell. The same region always gives the same sample.
    """
    block, height = 1 << level, rows.stop - rows.start
    run, least = _run_of_rows(values, rows, columns, level)
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


def _run_of_rows(values: TensorValues, rows: slice, columns: slice, level: int) -> tuple[int, int]:
    """Return how many neighbouring rows a sample reads at least, and the bytes of one such run of each block."""
    row_bytes = max(values.stored_bytes(slice(rows.start, rows.start + 1), columns), 1)
    neighbours = 1 if is_row_by_row(values, rows, columns) else -(-READ_BYTES // row_bytes)  # less costs the same
    run = min(max(neighbours, values.block[0]), 1 << level)
    return run, -(-(rows.stop - rows.start) >> level) * run * row_bytes


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
