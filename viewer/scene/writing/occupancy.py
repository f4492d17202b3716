"""Which ground of the screen is taken: asked for many rectangles a frame, answered in constant time."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

__all__ = ["Occupancy", "Rect"]

Rect = tuple[float, float, float, float]  # left, top, right, bottom in pixels


@dataclass(eq=False)
class Occupancy:
    """Which parts of the viewport are covered, answered in constant time for any rectangle.

    Parameters
    ----------
    viewport : tuple of int
    rects : ndarray, shape (K, 4)
        Left, top, right, bottom in pixels.
    cell : int
        Pixels of a cell.
    """

    viewport: tuple[int, int]
    rects: NDArray[np.float64]
    cell: int = 2
    _sums: NDArray[np.int32] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        width, height = -(-self.viewport[0] // self.cell), -(-self.viewport[1] // self.cell)
        covered = np.zeros((height, width), np.int32)
        if len(self.rects):
            bounds = np.clip(self.rects / self.cell, 0, [width, height, width, height])
            x0, y0 = np.floor(bounds[:, :2]).astype(np.int64).T
            x1, y1 = np.ceil(bounds[:, 2:]).astype(np.int64).T
            # Each rectangle steps up at two of its corners and down at the others; running sums fill it in.
            corners = np.concatenate([y0 * (width + 1) + x0, y1 * (width + 1) + x1])
            others = np.concatenate([y0 * (width + 1) + x1, y1 * (width + 1) + x0])
            cells = (height + 1) * (width + 1)
            steps = np.bincount(corners, minlength=cells) - np.bincount(others, minlength=cells)
            depth = steps.astype(np.int32).reshape(height + 1, width + 1).cumsum(0, dtype=np.int32)
            covered = (depth.cumsum(1, dtype=np.int32)[:height, :width] > 0).astype(np.int32)
        self._sums = np.zeros((height + 1, width + 1), np.int32)
        self._sums[1:, 1:] = covered.cumsum(0, dtype=np.int32).cumsum(1, dtype=np.int32)

    def is_free(self, rect: Rect) -> bool:
        """Return whether nothing covers any of a rectangle."""
        height, width = self._sums.shape[0] - 1, self._sums.shape[1] - 1
        x0, y0 = max(int(rect[0] // self.cell), 0), max(int(rect[1] // self.cell), 0)
        x1, y1 = min(int(-(-rect[2] // self.cell)), width), min(int(-(-rect[3] // self.cell)), height)
        if x1 <= x0 or y1 <= y0:
            return True
        s = self._sums
        return bool(s[y1, x1] - s[y0, x1] - s[y1, x0] + s[y0, x0] == 0)
