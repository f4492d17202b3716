"""JSON files: which form one has, and the two forms of our own; docs/overlays.md has an example of each."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...graph.model_graph import ModelGraph
from .columns import ColumnBuilder
from .facts import FACT_KEYS, Facts, with_facts
from .json_text import check_name, decode, is_list, is_object, is_value, step_name
from .making import Column
from .model_explorer import is_node_data, read_node_data
from .netron import SIGNATURE, read_attachment
from .places import Places
from .reading import MAX_COLUMNS, MAX_NAME, MAX_STEPS, MAX_VALUES, input_error, plain_text, quoted, read_text
from .records import read_records
from .table import ReadOverlays, Table, overlays_of_tables

__all__ = ["read_json"]

_SCHEMA = 1
_KEYS = frozenset((*FACT_KEYS, "name", "steps", "values"))


def read_json(path: str, graph: ModelGraph) -> ReadOverlays:
    """Read a JSON file of any of the forms that docs/overlays.md lists.

    Raises
    ------
    InputError
        When it has none of them; the key is named, or the line where it is no JSON.
    """
    value = decode(read_text(path), path)
    if is_list(value):
        records = ((k, each, 0) for k, each in enumerate(value, 1))  # all are in memory already
        if not all(is_object(each) for each in value):
            raise input_error(path, "is an array of other things than objects", "records with a path are needed")
        return read_records(path, graph, records, {})
    if not is_object(value) or not value:
        raise input_error(path, "is no JSON object with something in it", 'write {"path": value, ...}')
    if value.get("signature") == SIGNATURE:
        return read_attachment(path, graph, value)
    if "schema" in value and is_list(value.get("overlays")):
        return _full(path, graph, value)
    if is_node_data(value):
        return read_node_data(path, graph, value)
    return _plain(path, graph, value)


def _plain(path: str, graph: ModelGraph, value: dict[str, Any]) -> ReadOverlays:
    """Read ``{path: value}`` or ``{path: {metric: value}}``."""
    places = Places(path, graph)
    places.check_count(len(value))
    nested = is_object(next(iter(value.values())))
    columns: dict[str, dict[str, Any]] = {}
    for name, held in value.items():
        check_name(name, path)
        metrics = held if nested else {"value": held}
        if not is_object(metrics):
            problem = f"{quoted(name)} has {plain_text(repr(held), 40)}, other keys have objects"
            raise input_error(path, problem, "write one or the other everywhere")
        for metric, number in metrics.items():
            check_name(metric, path)
            if not is_value(number):
                problem = f"{quoted(name)} has {plain_text(repr(number), 40)}"
                raise input_error(path, problem, "a number, a text or null is needed; the full form has steps")
            columns.setdefault(metric, {})[name] = number
            if len(columns) > MAX_COLUMNS:
                raise input_error(path, "has too many metrics", f"at most {MAX_COLUMNS} are read")
    if not columns:
        raise input_error(path, "has no values", 'write {"path": {"metric": value}}')
    warnings: list[str] = []
    tables = [_table_of(path, places, metric, found, warnings) for metric, found in columns.items()]
    return overlays_of_tables(path, graph, places, [table for table in tables if table is not None], warnings)


def _table_of(path: str, places: Places, metric: str, found: dict[str, Any], warnings: list[str]) -> Table | None:
    builder = ColumnBuilder(path, metric)
    builder.add(list(found.values()), range(1, len(found) + 1))
    column = builder.built(Facts(), warnings)
    return Table(np.array(places.codes(found), np.int32), {metric: column}) if column is not None else None


def _full(path: str, graph: ModelGraph, value: dict[str, Any]) -> ReadOverlays:
    """Read ``{"schema": 1, "overlays": [{...}]}``."""
    if value["schema"] is True or value["schema"] != _SCHEMA:  # to Python, True is 1
        problem = f"has schema {plain_text(repr(value['schema']), 40)}"
        raise input_error(path, problem, f"{_SCHEMA} is read; a newer version of this program may read others")
    if len(value["overlays"]) > MAX_COLUMNS:
        raise input_error(path, f"has {len(value['overlays']):,} overlays", f"at most {MAX_COLUMNS} are read")
    places = Places(path, graph)
    warnings: list[str] = []
    tables = [_full_overlay(path, places, k, each, warnings) for k, each in enumerate(value["overlays"], 1)]
    if not places:
        raise input_error(path, "has no values", 'write them as "values": {"path": number}')
    return overlays_of_tables(path, graph, places, [table for table in tables if table is not None], warnings)


def _full_overlay(path: str, places: Places, number: int, entry: object, warnings: list[str]) -> Table | None:
    values = entry.get("values") if is_object(entry) else None
    if not is_object(entry) or not is_object(values):
        raise input_error(path, f"overlay {number} has no values", 'write them as "values": {"path": number}')
    places.check_count(len(values))
    unknown = next((key for key in entry if key not in _KEYS), None)
    if unknown is not None:
        problem = f"overlay {number} has the key {quoted(unknown)}"
        raise input_error(path, problem, f"keys are {', '.join(sorted(_KEYS))}")
    name = entry.get("name", f"overlay {number}")
    try:
        facts = with_facts(Facts(), {key: entry.get(key) for key in FACT_KEYS})
        steps = [step_name(step) for step in _list_or_none(entry.get("steps"))]
        if not isinstance(name, str) or not 0 < len(name) <= MAX_NAME:
            raise ValueError(f"name is no text of 1 to {MAX_NAME:,} characters")
        if len(set(steps)) != len(steps):
            raise ValueError("steps has a step twice")
    except ValueError as error:
        problem, _, remedy = str(error).partition("; ")
        raise input_error(path, f"overlay {number}: {problem}", remedy or "give each its own name") from error
    cells, codes = _cells(path, number, values, len(steps)), np.array(places.codes(values), np.int32)
    builder = ColumnBuilder(path, name)
    builder.add(cells, range(1, len(cells) + 1))
    column = builder.built(facts, warnings)
    if column is None or not len(codes):
        return None
    column = Column(column.values, column.categories, facts, name if "name" in entry else "")
    width = len(cells) // len(codes)
    row_steps: NDArray[np.int32] | None = np.tile(np.arange(width, dtype=np.int32), len(codes)) if steps else None
    return Table(np.repeat(codes, width), {name: column}, steps, row_steps)


def _list_or_none(steps: object) -> list[Any]:
    if steps is None:
        return []
    if not is_list(steps) or not 0 < len(steps) <= MAX_STEPS:
        raise ValueError(f"steps is no array of 1 to {MAX_STEPS:,} names; leave it out where there is one step")
    return steps


def _cells(path: str, number: int, values: dict[str, Any], steps: int) -> list[object]:
    """Return the values place by place, and for each as many as there are steps."""
    cells: list[object] = []
    for name, held in values.items():
        check_name(name, path)
        row = held if steps and is_list(held) else [held]
        if len(row) != max(steps, 1) or not all(is_value(cell) for cell in row):
            wanted = f"an array of {steps:,} values, one a step," if steps else "a number, a text or null"
            problem = f"overlay {number}: {quoted(name)} has {plain_text(repr(held), 40)}"
            raise input_error(path, problem, f"{wanted} is needed")
        cells += row
        if len(cells) > MAX_VALUES:
            raise input_error(path, "has too many values", f"at most {MAX_VALUES:,} are read")
    return cells
