"""CSV: comma, semicolon or tab; a path, or layer and expert or head, then numbers; comments before the header."""

import csv
import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice

import numpy as np

from ...graph.model_graph import ModelGraph
from .columns import ColumnBuilder
from .facts import FACT_KEYS, Facts, with_facts
from .places import PlaceKeys, Places, place_keys, says_where
from .reading import MAX_COLUMNS, MAX_NAME, MAX_VALUES, check_steps, counted, line_error, quoted, read_text
from .table import ReadOverlays, Table, overlays_of_tables

__all__ = ["read_csv"]

_CHUNK = 20_000  # rows at once: as Python texts they take ten times the bytes of the numbers
_LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n|\Z)")
_INTEGER = re.compile(r"\s*(\d{1,9})(?:\.0*)?\s*", re.ASCII)  # 3.0 is how a table with gaps is written
_MAX_COMMENTS = 1000
_LONGEST_FACT = 4096  # characters of a comment that may say something; longer ones are free text
_LONGEST_ROW, _LONGEST_HEADER = 2**20, 2**16  # characters; a row may have quoted line breaks
_Row = tuple[int, list[str]]


def read_csv(path: str, graph: ModelGraph) -> ReadOverlays:
    """Read a CSV file.

    Raises
    ------
    InputError
        When it is no table of values on this model; the line is named.
    """
    lines = _lines(path, read_text(path))
    warnings: list[str] = []
    stated, header_line, header_text = _comments(path, lines, warnings)
    rows = _rows(path, chain([header_text], lines), _delimiter(header_text), header_line - 1)
    header_line, header = next(rows, (header_line, list[str]()))
    names = _column_names(path, header, header_line)
    try:
        keys = place_keys(names)
    except ValueError as error:
        remedy = "name a column path, or columns layer and expert, or layer and head"
        raise line_error(path, header_line, f"has {error} among its columns", remedy) from error
    columns = {name: ColumnBuilder(path, name) for name in names if name and name not in keys.all}
    if not columns:
        raise line_error(path, header_line, "has no column of values", "add one beside those that say where")
    if "" in names:
        warnings.append("a column without a name is not shown")
    warnings += [f"facts of {quoted(name)}, which is no column" for name in stated if name and name not in columns]
    return _read_rows(path, graph, rows, names, keys, columns, stated, warnings)


def _read_rows(
    path: str,
    graph: ModelGraph,
    rows: Iterator[_Row],
    names: Sequence[str],
    keys: PlaceKeys,
    columns: Mapping[str, ColumnBuilder],
    stated: Mapping[str, Mapping[str, str]],
    warnings: list[str],
) -> ReadOverlays:
    places, steps, lines = Places(path, graph, keys.kind), dict[str, int](), list[int]()
    row_places, row_steps = list[int](), list[int]()
    while chunk := list(islice(rows, _CHUNK)):
        numbers = [line for line, _ in chunk]
        lines += numbers
        if len(lines) * len(names) > MAX_VALUES:
            raise line_error(path, numbers[-1], "is beyond the limit", f"at most {MAX_VALUES:,} cells are read")
        cells = dict(zip(names, zip(*(row for _, row in chunk), strict=True), strict=True))
        where = [_place_cells(path, name, cells[name], numbers, keys) for name in keys.where]
        row_places += places.codes(zip(where[0], where[-1], strict=True) if keys.kind is not None else where[0])
        if keys.step is not None:
            texts = _texts(path, keys.step, cells[keys.step], numbers)
            row_steps += [steps.setdefault(step, len(steps)) for step in texts]
            check_steps(path, len(steps))
        for name, column in columns.items():
            column.add(cells[name], numbers)
    if not lines:
        raise line_error(path, 1, "the table has no rows", "write one for each place")
    built = {name: column.built(_facts(stated, name), warnings) for name, column in columns.items()}
    table = Table(
        rows=np.array(row_places, np.int32),
        columns={name: column for name, column in built.items() if column is not None},
        steps=tuple(steps),
        row_steps=np.array(row_steps, np.int32) if keys.step is not None else None,
        lines=np.array(lines, np.int32),
    )
    return overlays_of_tables(path, graph, places, [table], warnings)


def _facts(stated: Mapping[str, Mapping[str, str]], name: str) -> Facts:
    return with_facts(Facts(), {**stated.get("", {}), **stated.get(name, {})})


def _lines(path: str, text: str) -> Iterator[str]:
    """Yield the lines of a text, with what ends them."""
    for number, match in enumerate(_LINE.finditer(text), 1):
        length = match.end() - match.start()
        if length > _LONGEST_ROW:
            raise line_error(path, number, f"has {length:,} characters", f"at most {_LONGEST_ROW:,} are read")
        line = match[0]
        if "\0" in line:
            raise line_error(path, number, "has a NUL character", "save the file as UTF-8 text")
        if line:  # else the end of the text
            yield line


def _comments(path: str, lines: Iterator[str], warnings: list[str]) -> tuple[dict[str, dict[str, str]], int, str]:
    """Return the facts by column ("" for all), and the first line that is no comment, with its number."""
    stated: dict[str, dict[str, str]] = {}
    for number, line in enumerate(lines, 1):
        if number > _MAX_COMMENTS:
            raise line_error(path, number, "the table does not begin", "a header of names in the first lines is needed")
        if not line.strip():
            continue
        if not line.startswith("#"):
            return stated, number, line
        column, key, value = _fact(line)
        if key not in FACT_KEYS:
            close = difflib.get_close_matches(key, FACT_KEYS, 1, 0.7)
            if close:
                warnings.append(f"line {number}: {key!r} says nothing; did you mean {close[0]!r}?")
            continue
        try:
            with_facts(Facts(), {key: value})
        except ValueError as error:
            problem, _, remedy = str(error).partition("; ")
            raise line_error(path, number, problem, remedy) from error
        stated.setdefault(column, {})[key] = value
    raise line_error(path, 1, "there is no table in it", "a header and rows are needed")


def _fact(comment: str) -> tuple[str, str, str]:
    """Return column, key and value of a comment ``# column.key: value``; no key where it is free text.

    The first colon with a known key before it counts: names of columns may have colons, too.
    """
    if len(comment) > _LONGEST_FACT:
        return "", "", ""
    text = comment.strip().lstrip("#").strip()
    before = 0
    for piece in text.split(":")[:-1]:
        head, dot, key = piece.rpartition(".")
        if key.strip().lower() in FACT_KEYS and (dot or not before):
            end = before + len(piece)
            return text[: before + len(head)].strip(), key.strip().lower(), text[end + 1 :]
        before += len(piece) + 1
    key = text.partition(":")[0].rpartition(".")[2].strip().lower()
    return "", key if ":" in text and key.isascii() and key.isalpha() else "", ""


def _delimiter(header: str) -> str:
    """Return what stands between the names: what makes one of them say where the values belong."""
    most_first = sorted(",;\t", key=header.count, reverse=True)
    # Names are a few letters: a long line is no header, and the csv module would refuse it.
    for delimiter in most_first if len(header) <= _LONGEST_HEADER else []:
        if says_where(next(csv.reader([header], delimiter=delimiter), list[str]())):
            return delimiter
    return most_first[0]


def _column_names(path: str, header: Sequence[str], line: int) -> list[str]:
    names = [name.strip() for name in header]
    if len(names) > MAX_COLUMNS:
        raise line_error(path, line, f"has {len(names):,} columns", f"at most {MAX_COLUMNS} are read")
    for name in names:
        if len(name) > MAX_NAME:
            raise line_error(path, line, "has a name that is too long", f"at most {MAX_NAME:,} characters are read")
    twice = next((name for k, name in enumerate(names) if name in names[:k]), None)
    if twice is not None:
        raise line_error(path, line, f"has the column {quoted(twice)} twice", "give each its own name")
    return names


def _rows(path: str, lines: Iterable[str], delimiter: str, offset: int) -> Iterator[_Row]:
    """Yield the rows with something in them, each with the line where it begins; the first says how many cells."""
    line, width, characters = offset + 1, 0, 0

    def counted_lines() -> Iterator[str]:
        nonlocal characters
        for text in lines:
            characters += len(text)
            if characters > _LONGEST_ROW:
                problem = f"begins a row of over {_LONGEST_ROW:,} characters"
                raise line_error(path, line, problem, "close every quote that is opened")
            yield text

    reader = csv.reader(counted_lines(), delimiter=delimiter, strict=True)
    while True:
        line, characters = reader.line_num + offset + 1, 0
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise line_error(path, line, f"is no CSV ({error})", "close every quote that is opened") from error
        if len(row) > 1 or (row and row[0].strip()):
            width = width or len(row)
            if len(row) != width:
                problem = f"has {counted(len(row), 'cell')}"
                raise line_error(path, line, problem, f"{width} as in the header are needed")
            yield line, row


def _place_cells(
    path: str, name: str, cells: Sequence[str], lines: Sequence[int], keys: PlaceKeys
) -> Sequence[str] | Sequence[int]:
    """Return paths, or the numbers of layers, experts or heads."""
    if keys.kind is None:
        return _texts(path, name, cells, lines)
    numbers: dict[str, int] = {}
    for cell in set(cells):
        match = _INTEGER.fullmatch(cell)
        if match is None:
            problem = f"column {quoted(name)}: {quoted(cell, 40)} is no number of a part"
            raise line_error(path, lines[cells.index(cell)], problem, "whole numbers from 0 on are needed")
        numbers[cell] = int(match[1])
    return [numbers[cell] for cell in cells]


def _texts(path: str, name: str, cells: Sequence[str], lines: Sequence[int]) -> list[str]:
    texts = [cell.strip() for cell in cells]
    for text, line in zip(texts, lines, strict=True):
        if not 0 < len(text) <= MAX_NAME:
            problem = f"column {quoted(name)} is {'too long' if text else 'empty'}"
            raise line_error(path, line, problem, f"1 to {MAX_NAME:,} characters are needed")
    return texts
