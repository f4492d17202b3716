"""Cells of many tiles in one float texture."""

import numpy as np
from numpy.typing import NDArray

from ...overlays.tiles.pyramid import Tile, TileKey
from .texture import DataTexture
from .value_colors import encoded

__all__ = ["CellAtlas"]

_WIDTH = 2048
_HEIGHTS = (512, 1024, 2048, 4096, 8192)
Slot = tuple[int, int, int, int]
"""Column, row, width, height in the texture."""


class CellAtlas:
    """Packs the tiles of a frame onto shelves; the same tiles again are not uploaded again."""

    def __init__(self) -> None:
        self.texture = DataTexture()
        self._cells: NDArray[np.float32] = np.zeros((_HEIGHTS[0], _WIDTH), np.float32)
        self.texture.fill(self._cells)
        self._held: dict[TileKey, tuple[Tile, Slot]] = {}

    def place(self, tiles: dict[TileKey, Tile]) -> dict[TileKey, Slot]:
        """Return where each tile is in the texture; those that do not fit into the largest one are left out."""
        held = self._held
        if tiles.keys() != held.keys() or any(held[key][0] is not tile for key, tile in tiles.items()):
            self._held = self._pack(tiles)
        return {key: slot for key, (_, slot) in self._held.items()}

    def _pack(self, tiles: dict[TileKey, Tile]) -> dict[TileKey, tuple[Tile, Slot]]:
        # The tallest first: shelves waste little then.
        ordered = sorted(tiles.items(), key=lambda item: -item[1].cells.shape[0])
        found: dict[TileKey, tuple[Tile, Slot]] = {}
        x = y = shelf = 0
        for key, tile in ordered:
            height, width = tile.cells.shape
            if x + width > _WIDTH:
                x, y, shelf = 0, y + shelf, 0
            if y + height > _HEIGHTS[-1]:
                break
            found[key] = (tile, (x, y, width, height))
            x, shelf = x + width, max(shelf, height)
        self._fit(y + shelf)
        for tile, (x, y, width, height) in found.values():
            self._cells[y : y + height, x : x + width] = encoded(tile.cells)
        self.texture.touch()
        return found

    def _fit(self, height: int) -> None:
        needed = next(h for h in _HEIGHTS if h >= height)
        if needed > len(self._cells) or needed <= len(self._cells) // 4:
            self._cells = np.zeros((needed, _WIDTH), np.float32)
            self.texture.fill(self._cells)
