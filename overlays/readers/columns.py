"""A column of numbers or of texts, from cells that are both at first."""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .facts import Facts
from .making import Column
from .reading import MAX_NAME, counted, line_error, quoted

__all__ = ["ColumnBuilder", "as_float32"]

MAX_CATEGORIES = 64  # more different texts than this are comments or ids, no categories
_NOTHING = frozenset(("", "nan", "na", "n/a", "null", "none"))  # without regard to case
_DECIMAL_COMMA = re.compile(r"\s*[-+]?\d+,\d+\s*")


class ColumnBuilder:
    """Collects a column's cells: numbers if the first that is not empty is one, else texts.

    Parameters
    ----------
    path : str
        The file, for errors.
    name : str
        The column.
    before : int
        Rows that were there before the column was first seen: they have no data.
    """

    def __init__(self, path: str, name: str, before: int = 0) -> None:
        self._path, self._name = path, name
        self._pieces: list[NDArray[np.float32]] = [np.full(before, np.nan, np.float32)]
        self._has_texts: bool | None = None  # None: every cell was empty so far
        self._codes: dict[str, int] = {}
        self._infinite = 0

    def add(self, cells: Sequence[object], lines: Sequence[int]) -> None:
        """Take in cells: texts as a file has them, or numbers; None is no data.

        Raises
        ------
        InputError
            When a cell is no number in a column of numbers; its line is named.
        """
        numbers = None if self._has_texts else _plain_numbers(cells)
        if numbers is None:
            numbers = np.array([self._one(cell, line) for cell, line in zip(cells, lines, strict=True)], np.float64)
        elif self._has_texts is None and not np.isnan(numbers).all():
            self._has_texts = False
        values, infinite = as_float32(numbers)
        self._infinite += infinite
        self._pieces.append(values)

    def built(self, facts: Facts, warnings: list[str]) -> Column | None:
        """Return the column; None, and a warning, where it has too many different texts."""
        if len(self._codes) > MAX_CATEGORIES:
            warnings.append(f"{quoted(self._name)} has more than {MAX_CATEGORIES} different texts: not shown")
            return None
        if self._infinite:
            many = counted(self._infinite, "value is", "values are")
            warnings.append(f"{quoted(self._name)}: {many} infinite or over 3.4e38, shown as no data")
        return Column(np.concatenate(self._pieces), tuple(self._codes), facts)

    def _one(self, cell: object, line: int) -> float:
        if cell is None or (isinstance(cell, str) and cell.strip().casefold() in _NOTHING):
            return np.nan
        number = _number(cell)
        if self._has_texts is None:
            self._has_texts = number is None
        if not self._has_texts:
            if number is None:
                problem = f"column {quoted(self._name)}: {quoted(str(cell), 40)} is no number"
                raise line_error(self._path, line, problem, "a number, or nothing where there is no data, is needed")
            return number
        return self._code(cell, line)

    def _code(self, cell: object, line: int) -> float:
        """Return the code of a text; beyond so many that they are no categories, always the same."""
        text = str(cell).strip()
        if _DECIMAL_COMMA.fullmatch(text):
            problem = f"column {quoted(self._name)}: {quoted(text, 40)} has a comma in it"
            raise line_error(self._path, line, problem, "write numbers with a decimal point and without separators")
        if len(text) > MAX_NAME:
            problem = f"column {quoted(self._name)}: a text of {len(text):,} characters"
            raise line_error(self._path, line, problem, f"at most {MAX_NAME:,} are read")
        if text not in self._codes and len(self._codes) > MAX_CATEGORIES:
            return np.nan
        return self._codes.setdefault(text, len(self._codes))


def as_float32(numbers: NDArray[np.float64]) -> tuple[NDArray[np.float32], int]:
    """Return numbers in single precision, and how many of them are infinite in it, which become NaN."""
    with np.errstate(over="ignore"):
        values = numbers.astype(np.float32)
    infinite = np.isinf(values)
    values[infinite] = np.nan
    return values, int(infinite.sum())


def _plain_numbers(cells: Sequence[object]) -> NDArray[np.float64] | None:
    """Return cells as numbers, None where one is empty or none: the quick way for most columns."""
    try:
        if "_" in "".join(cells):  # pyright: ignore[reportArgumentType, reportCallIssue] - TypeError is the answer
            return None  # Python reads 1_000 as a number
        return np.array(list(map(float, cells)), np.float64)  # pyright: ignore[reportArgumentType]
    except (TypeError, ValueError):
        return None


def _number(cell: object) -> float | None:
    if isinstance(cell, int | float):
        try:
            return float(cell)
        except OverflowError:
            return np.inf
    if not isinstance(cell, str) or "_" in cell:
        return None
    try:
        return float(cell)
    except ValueError:
        return None
