"""A matrix that stands row by row in one file, and the windows of it that are read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from .codec import Codec
from .files import Files
from .windows import RowChoice, Run, columns_of, indices_of, rows_of, strips

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

    @property
    def transpose(self) -> None:
        """None: the values stand row by row."""
        return None

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
        whole = stop - first == self.shape[1]
        if not whole and self._most_units(stop - first) * self.codec.bytes <= _STRIP:
            self._read_ragged(runs, first, out)
            return out
        flat, at = out.reshape(-1), 0
        for start, end in self._flat_runs(runs) if whole else self._long_rows(runs, first, stop):
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
        if stop - first == self.shape[1]:
            return sum(b - a for a, b in (self._span(*run) for run in self._flat_runs(runs)))
        return self._ragged_bytes(rows, first, stop)

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

    # ---------------------------------------------------------------- windows of rows that begin anywhere in a unit
    def _most_units(self, width: int) -> int:
        return (width + self.codec.values - 2) // self.codec.values + 1

    def _read_ragged(self, runs: Sequence[Run], first: int, out: NDArray[np.float32]) -> None:
        """Read the units of each row, as many rows at once as make a strip, and shift what they hold into place.

        One by one, 256 values of 4 bits a row took 40 us; so they take 4.
        """
        values, size, width = self.codec.values, self.codec.bytes, out.shape[1]
        units = self._most_units(width)
        most = min(max(1, _STRIP // (units * size)), len(out))
        raw = np.zeros((most, units * size), np.uint8)  # what a row does not fill is decoded, too
        decoded = np.empty((most, units * values), np.float32)
        flat, done = raw.reshape(-1).data, 0
        for batch in strips(runs, most):
            starts = indices_of(batch) * self.shape[1] + first
            lows = starts // values * size
            sizes = np.minimum(-(-(starts + width) // values) * size, self.nbytes) - lows
            places = range(0, len(flat), units * size)
            spans = [
                (self.offset + low, flat[at : at + length])
                for at, low, length in zip(places, lows.tolist(), sizes.tolist(), strict=False)
            ]
            self.files.read_into(self.file, spans, scattered=True)
            count = len(starts)
            self.codec.decode(raw[:count].reshape(-1), decoded[:count].reshape(-1))
            shifted = sliding_window_view(decoded[:count], width, axis=1)
            out[done : done + count] = shifted[np.arange(count), starts % values]
            done += count

    def _ragged_bytes(self, rows: RowChoice, first: int, stop: int) -> int:
        values, columns = self.codec.values, self.shape[1]
        units_of_all = -(-self.shape[0] * columns // values)
        cut = units_of_all * self.codec.bytes - self.nbytes  # of the last unit, which rows from here on end in
        ends_in_last = ((units_of_all - 1) * values - stop) // columns + 1
        if isinstance(rows, slice):
            start, end = columns_of(rows, self.shape[0])
            chosen = np.arange(start, min(end, start + values))  # after so many rows units lie as before
            full, rest = divmod(end - start, values)
            cuts = max(0, end - max(start, ends_in_last))
        else:
            chosen, full, rest = np.asarray(rows, np.int64), 1, 0
            cuts = np.count_nonzero(chosen >= ends_in_last)
        before = chosen % values * (columns % values) % values
        units = -(-(before + stop) // values) - (before + first) // values
        return (int(units.sum()) * full + int(units[:rest].sum())) * self.codec.bytes - int(cuts) * cut

    # ---------------------------------------------------------------- everything else, as ranges of all values
    def _flat_runs(self, runs: Sequence[Run]) -> list[Run]:
        return [(start * self.shape[1], end * self.shape[1]) for start, end in runs]

    def _long_rows(self, runs: Sequence[Run], first: int, stop: int) -> Iterator[Run]:
        for start, end in runs:
            for k in range(start, end):
                yield k * self.shape[1] + first, k * self.shape[1] + stop

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
