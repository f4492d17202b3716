"""Records, one a place and step: the lines of a JSONL file, or the objects of a JSON array."""

from collections.abc import Hashable, Iterator
from typing import Any

import numpy as np

from ...errors import InputError
from ...graph.model_graph import ModelGraph
from .about import About, facts_of, read_about
from .columns import ColumnBuilder
from .json_text import check_name, decode, is_object, is_value, step_name
from .places import PlaceKeys, Places, place_keys
from .reading import MAX_COLUMNS, MAX_NAME, MAX_VALUES, check_steps, line_error, plain_text, quoted, read_text
from .table import ReadOverlays, Table, overlays_of_tables

__all__ = ["read_json_lines", "read_records"]

_CHUNK, _CHUNK_TEXT = (
    20_000,
    2**23,
)  # records at once, and their characters: as Python objects they take 12 times as many
_LONGEST_LINE = 2**20
_MAX_KEYS = MAX_COLUMNS + 8  # of a record: the values, and what says where and when
_MAX_NUMBER = 10**9  # of a layer, expert or head
Record = tuple[int, dict[str, Any], int]  # line, object, characters


def read_json_lines(path: str, graph: ModelGraph) -> ReadOverlays:
    """Read a JSONL file: one object a line; the first may be ``{"about": {...}}``.

    Raises
    ------
    InputError
        When a line is no record of values; it is named.
    """
    records = _lines(path)
    first = next(records, None)
    if first is None:
        raise line_error(path, 1, "there are no records", "one JSON object a line is needed")
    about = first[1].get("about") if first[1].keys() == {"about"} else None
    if about is None:
        return read_records(path, graph, _again(first, records), {})
    return read_records(path, graph, records, read_about(path, about))


def read_records(path: str, graph: ModelGraph, records: Iterator[Record], about: About) -> ReadOverlays:
    """Read records, each with the number of its line and the characters that are to be counted for it.

    Raises
    ------
    InputError
        When they are no values of places; the line is named.
    """
    first = next(records, None)
    if first is None:
        raise line_error(path, 1, "there are no records", "one JSON object a place is needed")
    try:
        keys = place_keys(first[1])
    except ValueError as error:
        remedy = "each record needs a path, or layer and expert, or layer and head"
        raise line_error(path, first[0], f"has {error} among its keys", remedy) from error
    places, steps = Places(path, graph, keys.kind), dict[str, int]()
    rows, row_steps, lines = list[int](), list[int](), list[int]()
    columns: dict[str, ColumnBuilder] = {}
    records = _again(first, records)
    skipped = keys.all
    while chunk := _chunk(path, records):
        for line, record in chunk:
            for column in record:
                if column not in columns and column not in skipped:
                    check_name(column, path)
                    _check_values(path, line, len(lines), len(columns) + 1)  # it is filled up with gaps
                    columns[column] = ColumnBuilder(path, column, len(lines))
        numbers = [line for line, _ in chunk]
        lines += numbers
        _check_values(path, numbers[-1], len(lines), len(columns))
        rows += places.codes([_place(path, line, record, keys) for line, record in chunk])
        if keys.step is not None:
            names = [_step(path, line, record, keys.step) for line, record in chunk]
            row_steps += [steps.setdefault(name, len(steps)) for name in names]
            check_steps(path, len(steps))
        for column, builder in columns.items():
            builder.add([_value(path, line, record, column) for line, record in chunk], numbers)
    warnings: list[str] = []
    built = {name: builder.built(facts_of(path, about, name), warnings) for name, builder in columns.items()}
    table = Table(
        rows=np.array(rows, np.int32),
        columns={name: column for name, column in built.items() if column is not None},
        steps=tuple(steps),
        row_steps=np.array(row_steps, np.int32) if keys.step is not None else None,
        lines=np.array(lines, np.int32),
    )
    return overlays_of_tables(path, graph, places, [table], warnings)


def _lines(path: str) -> Iterator[Record]:
    """Yield the objects of the lines that have something in them."""
    text, start, number = read_text(path), 0, 0
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        number += 1
        if end - start > _LONGEST_LINE:
            raise line_error(path, number, f"has {end - start:,} characters", "one object a line is needed")
        line = text[start:end].strip()
        start = end + 1
        if not line:
            continue
        value = decode(line, path, number)
        if not is_object(value):
            raise line_error(path, number, "is no JSON object", 'write one like {"path": "...", "load": 1}')
        yield number, value, len(line)


def _chunk(path: str, records: Iterator[Record]) -> list[tuple[int, dict[str, Any]]]:
    """Return the next records that are held at once."""
    chunk: list[tuple[int, dict[str, Any]]] = []
    characters = 0
    for line, record, length in records:
        if len(record) > _MAX_KEYS:
            raise _too_many_keys(path, line)
        chunk.append((line, record))
        characters += length
        if len(chunk) == _CHUNK or characters > _CHUNK_TEXT:
            break
    return chunk


def _check_values(path: str, line: int, rows: int, columns: int) -> None:
    if columns > MAX_COLUMNS:
        raise _too_many_keys(path, line)
    if rows * max(columns, 1) > MAX_VALUES:
        raise line_error(path, line, "is beyond the limit", f"at most {MAX_VALUES:,} values are read")


def _too_many_keys(path: str, line: int) -> InputError:
    return line_error(path, line, "there are too many different keys", f"at most {MAX_COLUMNS} are read")


def _again(first: Record, others: Iterator[Record]) -> Iterator[Record]:
    yield first
    yield from others


def _place(path: str, line: int, record: dict[str, Any], keys: PlaceKeys) -> Hashable:
    found = [record.get(key) for key in keys.where]
    if keys.kind is None:
        name = found[0]
        if not isinstance(name, str) or not 0 < len(name) <= MAX_NAME:
            problem = f"{keys.where[0]!r} is {plain_text(repr(name), 40)}"
            raise line_error(path, line, problem, f"a text of 1 to {MAX_NAME:,} characters is needed")
        return name
    for key, number in zip(keys.where, found, strict=True):
        if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < _MAX_NUMBER:
            problem = f"{key!r} is {plain_text(repr(number), 40)}"
            raise line_error(path, line, problem, "a whole number from 0 on is needed")
    return found[0], found[-1]


def _step(path: str, line: int, record: dict[str, Any], key: str) -> str:
    try:
        return step_name(record.get(key))
    except ValueError as error:
        problem, _, remedy = str(error).partition("; ")
        raise line_error(path, line, problem, remedy) from error


def _value(path: str, line: int, record: dict[str, Any], key: str) -> object:
    value = record.get(key)
    if not is_value(value):
        problem = f"{quoted(key)} is {plain_text(repr(value), 40)}"
        raise line_error(path, line, problem, "a number, a text or null is needed")
    return value
