"""Computing a tile: values are read piece by piece and summed over blocks, in float64."""

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ...weights import TensorValues
from .pieces import READ_BYTES, Piece, exact_pieces, is_row_by_row, sampled_level, sampled_pieces
from .pyramid import Statistic, Tile, TileGrid, TileKey

__all__ = ["exact_tile", "sampled_tile", "tile_cost"]


def tile_cost(values: TensorValues, rows: slice, columns: slice) -> int:
    """Return what an exact tile of a region costs, in bytes that are read in a row: a short read counts as 4 KB."""
    if values.transpose is not None:
        return tile_cost(values.transpose, columns, rows)
    reads = rows.stop - rows.start if is_row_by_row(values, rows, columns) else 1
    return max(values.stored_bytes(rows, columns), reads * READ_BYTES)


def exact_tile(values: TensorValues, key: TileKey, keep_going: Callable[[], bool]) -> Tile | None:
    """Return a tile made of all its values; at level 0 these are its cells, infinities and NaN included.

    Parameters
    ----------
    keep_going : callable
        Asked before each piece, at most 4 MB of float32; where it says no, the result is None.

    Raises
    ------
    InputError
        When values cannot be read.
    """
    if values.transpose is not None:
        return _turned(exact_tile(values.transpose, _turned_key(key), keep_going))
    rows, columns = TileGrid(*values.shape).region(key)
    if key.level == 0:
        cells = values.read(rows, columns)
        return Tile(cells if key.statistic is Statistic.SIGNED else np.abs(cells), 1.0)
    return _reduced(values, key, key.level, exact_pieces(values, rows, columns, key.level), keep_going)


def sampled_tile(values: TensorValues, key: TileKey, keep_going: Callable[[], bool]) -> Tile | None:
    """Return a tile made of a few rows of each block; `Tile.share` says how many. See `exact_tile`.

    It is of level 1 or more: at level 0 a cell is one value, and there is nothing to choose from. Whatever the tensor,
    it takes about 16 MB and 4,096 reads at most, and as many of scales. Of a giant tensor that is not enough for all
    cells: then those of a higher level are sampled, and 2 x 2 or more cells of the tile show one.
    """
    if values.transpose is not None:
        return _turned(sampled_tile(values.transpose, _turned_key(key), keep_going))
    rows, columns = TileGrid(*values.shape).region(key)
    level = sampled_level(values, rows, columns, key.level)
    tile = _reduced(values, key, level, sampled_pieces(values, rows, columns, level), keep_going)
    if tile is None or level == key.level:
        return tile
    shared = 1 << (level - key.level)
    height, width = -(-(rows.stop - rows.start) >> key.level), -(-(columns.stop - columns.start) >> key.level)
    return Tile(tile.cells.repeat(shared, 0)[:height].repeat(shared, 1)[:, :width], tile.share)


# ---------------------------------------------------------------- matrices that stand column by column
def _turned_key(key: TileKey) -> TileKey:
    return replace(key, row=key.column, column=key.row)


def _turned(tile: Tile | None) -> Tile | None:
    return None if tile is None else Tile(np.ascontiguousarray(tile.cells.T), tile.share)


# ---------------------------------------------------------------- values to cells
def _reduced(
    values: TensorValues, key: TileKey, level: int, pieces: Iterable[Piece], keep_going: Callable[[], bool]
) -> Tile | None:
    """Return the cells of a level in a tile's region."""
    rows, columns = TileGrid(*values.shape).region(key)
    height, width = rows.stop - rows.start, columns.stop - columns.start
    sums = np.zeros((-(-height >> level), -(-width >> level)))
    counts = np.zeros_like(sums)
    read = 0
    for piece in pieces:
        if not keep_going():
            return None
        part = values.read(piece.rows, piece.columns)
        read += part.size
        summed, counted = _block_sums(part.reshape(piece.blocks, -1, part.shape[1]), key.statistic, level)
        at = (
            slice(piece.row, piece.row + summed.shape[0]),
            slice(piece.column, piece.column + summed.shape[1]),
        )
        sums[at] += summed
        counts[at] += counted
    with np.errstate(invalid="ignore"):  # 0 / 0 where a block has no values: NaN, no data
        means = sums / counts
    cells = np.sqrt(means) if key.statistic is Statistic.RMS else means
    return Tile(cells.astype(np.float32), read / (height * width))


def _block_sums(
    part: NDArray[np.float32], statistic: Statistic, level: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return sums and counts for each cell, of values of shape (row blocks, rows of each, columns)."""
    sums = _summed(part, statistic, level)
    if np.isfinite(sums).all():  # finite float32 values cannot overflow these sums: nothing else is in them
        columns: int = part.shape[2]
        across = np.minimum(columns - np.arange(0, columns, 1 << level), 1 << level)
        return sums, np.broadcast_to(across * float(part.shape[1]), sums.shape)
    finite = np.isfinite(part)
    counts = _summed(finite.astype(np.float32), Statistic.SIGNED, level)
    return _summed(np.where(finite, part, np.float32(0)), statistic, level), counts


def _summed(part: NDArray[np.float32], statistic: Statistic, level: int) -> NDArray[np.float64]:
    # einsum adds in float64 through a small buffer: 3 GB/s, four times the rate of add.reduceat or a float64 copy.
    with np.errstate(invalid="ignore"):  # inf - inf: the caller sees the NaN
        if statistic is Statistic.RMS:
            rows = np.einsum("abc,abc->ac", part, part, dtype=np.float64, casting="safe")
        else:
            terms = part if statistic is Statistic.SIGNED else np.abs(part)
            rows = np.einsum("abc->ac", terms, dtype=np.float64, casting="safe")
        whole = rows.shape[1] >> level << level
        sums = rows[:, :whole].reshape(len(rows), -1, 1 << level).sum(2)
        if whole == rows.shape[1]:
            return sums
        return np.concatenate([sums, rows[:, whole:].sum(1, keepdims=True)], axis=1)
