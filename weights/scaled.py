"""Values that stand beside a matrix of scales: each scale is a factor of a block of values.

Block-wise 8-bit floats as DeepSeek-V3 stores them (``weight_dequant`` in its inference/kernel.py: the value in single
precision times its block's scale), a scale a row or a tensor (compressed-tensors, fbgemm), and MXFP4 as gpt-oss does
(32 values and a power of two).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .transposed import TransposedValues
from .values import TensorValues
from .windows import RowChoice, Run, columns_of, indices_of, rows_of, strips

__all__ = ["ScaledValues", "block_side"]

_PART = 2**18  # values that are multiplied at once: 1 MB, and as much of factors
_SIDES = (128, 32, 64, 16, 256, 512, 1024, 8, 4, 2, 1)  # of blocks, the usual ones first


@dataclass(frozen=True, eq=False, slots=True)
class ScaledValues:
    """The product of values and the scale of their block; see `TensorValues`.

    Attributes
    ----------
    values, scales : TensorValues
    side : (int, int)
        Rows and columns of a block; those at the edges may be smaller.
    """

    values: TensorValues
    scales: TensorValues
    side: tuple[int, int]
    dtype: str
    notes: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.values.shape

    @property
    def block(self) -> tuple[int, int]:
        """Rows and columns of the smallest window that is read without waste."""
        return self.values.block

    @property
    def transpose(self) -> "ScaledValues | None":
        """The transposes of both, where the values stand column by column."""
        values = self.values.transpose
        if values is None:
            return None
        scales = self.scales.transpose or TransposedValues(self.scales)
        return ScaledValues(values, scales, (self.side[1], self.side[0]), self.dtype, self.notes)

    def read(self, rows: RowChoice, columns: slice) -> NDArray[np.float32]:
        """Return the values of a window."""
        out = self.values.read(rows, columns)
        first, stop = columns_of(columns, self.shape[1])
        if not out.size:
            return out
        blocks, across = self._blocks(rows), self._across(first, stop)
        scales = self.scales.read(blocks, slice(*across))  # at most as many as values, and each once
        bounds = np.arange(across[0], across[1] + 1) * self.side[1]
        widths = np.diff(bounds.clip(first, stop))
        done = 0
        for batch in strips(rows_of(rows, self.shape[0]), max(1, _PART // (stop - first))):
            block = indices_of(batch) // self.side[0]
            at = block - blocks.start if isinstance(blocks, slice) else np.searchsorted(blocks, block)
            factors = scales[at[0] : at[-1] + 1]
            if len(widths) > 1:
                factors = np.repeat(factors, widths, axis=1)
            with np.errstate(all="ignore"):  # infinite and no values stay what they are
                out[done : done + len(at)] *= factors[at - at[0]] if len(factors) > 1 else factors
            done += len(at)
        return out

    def stored_bytes(self, rows: RowChoice, columns: slice) -> int:
        """Return how many bytes `read` of this window takes from files."""
        first, stop = columns_of(columns, self.shape[1])
        if first == stop:
            return 0
        scales = self.scales.stored_bytes(self._blocks(rows), slice(*self._across(first, stop)))
        return self.values.stored_bytes(rows, columns) + scales

    def _blocks(self, rows: RowChoice) -> RowChoice:
        """Return which blocks some rows are in, each once."""
        if isinstance(rows, slice):
            start, stop = columns_of(rows, self.shape[0])
            return slice(start // self.side[0], -(-stop // self.side[0]) if start < stop else start // self.side[0])
        return np.unique(np.asarray(rows, np.int64) // self.side[0])

    def _across(self, first: int, stop: int) -> Run:
        return first // self.side[1], -(-stop // self.side[1])


def block_side(length: int, blocks: int, declared: Sequence[int] = ()) -> int | None:
    """Return how long blocks are, so many of which cover a side; None when none of the usual lengths fits.

    Parameters
    ----------
    declared : sequence of int
        What the model says, which is taken where it fits.
    """
    if blocks == 1:
        return max(length, 1)
    exact = [length // blocks] if blocks > 1 and length % blocks == 0 else []
    return next((side for side in (*declared, *_SIDES, *exact) if side > 0 and -(-length // side) == blocks), None)
