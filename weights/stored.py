"""A matrix that stands row by row in one file, and the windows of it that are read."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .codec import Codec
from .files import Files
from .windows import RowChoice, Run, columns_of, rows_of, strips

__all__ = ["StoredValues"]

# Bytes that are read and decoded at once: with their values they stay in the cache of a core.
_STRIP = 2**20
# Whole rows are read where they are shorter than this, or where the window has most of them: a call costs about as
# much as copying 5 KB, and a page of the file is read anyway.
_SHORT_ROW = 512
_MOST = 0.8


@dataclass(frozen=True, eq=False, slots=True)
class StoredValues:
    """A tensor whose values stand in a row in one file; see `TensorValues`.

    Attributes
    ----------
    files : Files
    file : str
        Relative to the model's folder.
    offset, nbytes : int
        Where the values start, and how many bytes they take.
    codec : Codec
    """

    files: Files
    file: str
    offset: int
    nbytes: int
    codec: Codec
    shape: tuple[int, int]
    dtype: str
    notes: tuple[str, ...] = ()

    @property
    def block(self) -> tuple[int, int]:
        """Rows and columns of the smallest window that is read without waste."""
        if self.shape[1] % self.codec.values == 0:
            return 1, self.codec.values
        return (self.codec.values, 1) if self.shape[1] == 1 else (1, 1)

    def read(self, rows: RowChoice, columns: slice) -> NDArray[np.float32]:
        """Return the values of a window."""
        runs, (first, stop) = rows_of(rows, self.shape[0]), columns_of(columns, self.shape[1])
        out = np.empty((sum(end - start for start, end in runs), stop - first), np.float32)
        if not out.size:
            return out
        units = self._units(first, stop)
        if units is not None:
            self._read_rows(runs, units, first, out)
            return out
        flat, at = out.reshape(-1), 0
        for start, end in self._flat_runs(runs, first, stop):
            self._read_flat(start, end, flat[at : at + end - start])
            at += end - start
        return out

    def stored_bytes(self, rows: RowChoice, columns: slice) -> int:
        """Return how many bytes `read` of this window takes from the file."""
        runs, (first, stop) = rows_of(rows, self.shape[0]), columns_of(columns, self.shape[1])
        if first == stop:
            return 0
        units = self._units(first, stop)
        if units is not None:
            return sum(end - start for start, end in runs) * (units[1] - units[0]) * self.codec.bytes
        return sum(b - a for a, b in (self._span(*run) for run in self._flat_runs(runs, first, stop)))

    # ---------------------------------------------------------------- rows that consist of whole units
    def _units(self, first: int, stop: int) -> Run | None:
        """Return which units of each row are read; None where rows have no whole units, or are very long."""
        values, size = self.codec.values, self.codec.bytes
        if self.shape[1] % values:
            return None
        row = self.shape[1] // values
        start, end = first // values, -(-stop // values)
        if row * size <= _SHORT_ROW or (row * size <= _STRIP and end - start >= _MOST * row):
            start, end = 0, row
        return (start, end) if (end - start) * size <= _STRIP else None

    def _read_rows(self, runs: Sequence[Run], units: Run, first: int, out: NDArray[np.float32]) -> None:
        row = self.shape[1] // self.codec.values * self.codec.bytes
        begin, size = units[0] * self.codec.bytes, (units[1] - units[0]) * self.codec.bytes
        width, skip = (units[1] - units[0]) * self.codec.values, first - units[0] * self.codec.values
        fits = width == out.shape[1]
        most = max(1, _STRIP // size)
        raw = np.empty(min(most, len(out)) * size, np.uint8)
        decoded = out[:0] if fits else np.empty((min(most, len(out)), width), np.float32)
        done = 0
        for batch in strips(runs, most):
            spans: list[tuple[int, memoryview]] = []
            at, view = 0, raw.data
            for start, end in batch:
                step = end - start if size == row else 1  # neighbours in one read, narrow windows row by row
                for k in range(start, end, step):
                    spans.append((self.offset + k * row + begin, view[at : at + step * size]))
                    at += step * size
            self.files.read_into(self.file, spans, scattered=size < row)
            count = at // size
            target = out[done : done + count] if fits else decoded[:count]
            self.codec.decode(raw[:at], target.reshape(-1))
            if not fits:
                out[done : done + count] = target[:, skip : skip + out.shape[1]]
            done += count

    # ---------------------------------------------------------------- everything else, as ranges of all values
    def _flat_runs(self, runs: Sequence[Run], first: int, stop: int) -> list[Run]:
        columns = self.shape[1]
        if stop - first == columns:
            return [(start * columns, end * columns) for start, end in runs]
        return [(k * columns + first, k * columns + stop) for start, end in runs for k in range(start, end)]

    def _span(self, start: int, end: int) -> Run:
        """Return the bytes that hold values; the last unit of all may be cut."""
        values, size = self.codec.values, self.codec.bytes
        return start // values * size, min(-(-end // values) * size, self.nbytes)

    def _read_flat(self, start: int, end: int, out: NDArray[np.float32]) -> None:
        values, size = self.codec.values, self.codec.bytes
        step = max(1, _STRIP // size) * values
        raw = np.empty(min(step, (end - start) + 2 * values) // values * size + size, np.uint8)
        for at in range(start // values * values, end, step):
            stop = min(at + step, end)
            first, last = self._span(at, stop)
            count = -(-(stop - at) // values)
            raw[last - first : count * size] = 0  # what is cut off
            self.files.read_into(self.file, [(self.offset + first, raw.data[: last - first])], scattered=False)
            low = max(at, start)
            if low == at and stop - at == count * values:
                self.codec.decode(raw[: count * size], out[at - start : stop - start])
            else:
                decoded = np.empty(count * values, np.float32)
                self.codec.decode(raw[: count * size], decoded)
                out[low - start : stop - start] = decoded[low - at : stop - at]
