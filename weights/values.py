"""What all kinds of stored tensors have in common."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from .windows import RowChoice

__all__ = ["TensorValues"]


class TensorValues(Protocol):
    """A tensor as a matrix whose values are read when asked for. Safe to use from several threads."""

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns: the first dimension, and the product of the others.

        Leading ones of more than two dimensions are dropped, as the layout does. A vector is a column, a scalar 1 x 1.
        Packed values count as what they hold.
        """
        ...

    @property
    def dtype(self) -> str:
        """What is stored, for people: "BF16", "F8_E4M3 x F32 scales of 128 x 128 blocks"."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the values must know: what was not applied, or follows from shapes alone."""
        ...

    @property
    def block(self) -> tuple[int, int]:
        """Rows and columns of the smallest window that is read without waste."""
        ...

    @property
    def transpose(self) -> "TensorValues | None":
        """The transpose, where the values stand column by column: its rows are read in long runs. Else None."""
        ...

    def read(self, rows: RowChoice, columns: slice) -> NDArray[np.float32]:
        """Return the values of a window.

        Parameters
        ----------
        rows : slice or ndarray of int
            A slice without a step, or ascending positions.
        columns : slice
            Without a step.

        Raises
        ------
        UnreadableValuesError
            When the file is not what it was when it was opened.
        IndexError
            When the window is not inside `shape`.
        """
        ...

    def stored_bytes(self, rows: RowChoice, columns: slice) -> int:
        """Return how many bytes `read` of this window takes from files."""
        ...
