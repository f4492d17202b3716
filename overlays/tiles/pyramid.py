"""A tensor's values at every distance: level k of its pyramid has one cell for each block of 2^k x 2^k values."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

__all__ = ["MOST_TILES", "TILE", "Statistic", "Tile", "TileGrid", "TileKey"]

TILE = 256  # cells a side
MOST_TILES = 240  # full ones that a picture may have: a `TileStore` holds them, 63 MB, and as many that it had before


class Statistic(StrEnum):
    """What a cell says of its block of values; a block of one value (level 0) gives w, |w|, |w|.

    From level 1 on values that are NaN or infinite do not count; a block of nothing else is NaN.
    """

    SIGNED = "signed"  # mean(w)
    RMS = "rms"  # sqrt(mean(w^2))
    MEAN_ABS = "mean_abs"  # mean(|w|)


@dataclass(frozen=True, slots=True)
class TileKey:
    """Which tile: of a tensor node, a statistic, a level; `row` and `column` count tiles."""

    node: int
    statistic: Statistic
    level: int
    row: int
    column: int


@dataclass(frozen=True, eq=False, slots=True)
class Tile:
    """A square of cells, cut at the tensor's edge.

    Attributes
    ----------
    cells : ndarray of float32, shape (H, W)
        H and W at most `TILE`; NaN is no data, and at level 0 what the tensor has there, as infinities are. Not to be
        written to.
    share : float
        Of the tile's values, how many were read: 1.0 is exact, less is a sample.
    """

    cells: NDArray[np.float32]
    share: float


@dataclass(frozen=True)
class TileGrid:
    """How a tensor of `rows` x `columns` values (none of them 0) is cut into levels and tiles."""

    rows: int
    columns: int

    @property
    def levels(self) -> int:
        """How many levels there are; the last one fits into one tile."""
        return ((max(self.rows, self.columns) - 1) // TILE).bit_length() + 1

    def cells(self, level: int) -> tuple[int, int]:
        """Return how many rows and columns of cells a level has."""
        return -(-self.rows >> level), -(-self.columns >> level)

    def tiles(self, level: int) -> tuple[int, int]:
        """Return how many rows and columns of tiles a level has."""
        rows, columns = self.cells(level)
        return -(-rows // TILE), -(-columns // TILE)

    def region(self, key: TileKey) -> tuple[slice, slice]:
        """Return the rows and columns of the values that a tile is made of.

        Raises
        ------
        ValueError
            When the tensor has no such tile.
        """
        rows, columns = self.tiles(key.level) if 0 <= key.level < self.levels else (0, 0)
        if not (0 <= key.row < rows and 0 <= key.column < columns):
            raise ValueError(f"a tensor of {self.rows} x {self.columns} values has no {key}")
        side = TILE << key.level
        return (
            slice(key.row * side, min((key.row + 1) * side, self.rows)),
            slice(key.column * side, min((key.column + 1) * side, self.columns)),
        )

    def tile_bytes(self, key: TileKey) -> int:
        """Return the bytes that a tile's cells take in memory."""
        rows, columns = self.region(key)
        return 4 * -(-(rows.stop - rows.start) >> key.level) * -(-(columns.stop - columns.start) >> key.level)
