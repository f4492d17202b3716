"""Tables of values, whatever file they came from, become overlays of a graph."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ...errors import InputError
from ...graph.kinds import NodeKind
from ...graph.model_graph import ModelGraph
from ..names.matching import Matches, MatchReport
from ..overlay import Overlay
from .making import Column, make_overlay
from .places import Places
from .reading import MAX_DENSE, MAX_NAME, check_steps, counted, input_error, line_error, plain_text, quoted

__all__ = ["ReadOverlays", "Table", "overlays_of_tables"]

_NAMED = 3  # of each side in an error about names


@dataclass(frozen=True)
class ReadOverlays:
    """What a file brought.

    Attributes
    ----------
    overlays : tuple of Overlay
        In the order of the file's columns or keys.
    report : MatchReport
        How its names met the graph's nodes.
    warnings : tuple of str
        What is not shown, one line each.
    """

    overlays: tuple[Overlay, ...]
    report: MatchReport
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of values, each for a place at a step.

    Attributes
    ----------
    rows : ndarray of int32, shape (R,)
        The code that `Places` gave to each row's place.
    columns : mapping of str to Column
    steps : sequence of str
        As the file names them, in the order in which they occur.
    row_steps : ndarray of int32, shape (R,), optional
        Index into `steps`.
    lines : ndarray of int32, shape (R,), optional
        Where each row stands, for errors.
    """

    rows: NDArray[np.int32]
    columns: Mapping[str, Column]
    steps: Sequence[str] = ()
    row_steps: NDArray[np.int32] | None = None
    lines: NDArray[np.int32] | None = None


def overlays_of_tables(
    path: str, graph: ModelGraph, places: Places, tables: Sequence[Table], warnings: Sequence[str]
) -> ReadOverlays:
    """Return the columns of a file's tables as overlays.

    Raises
    ------
    InputError
        When a place has two values at one step, nothing matches, or steps and places are too many.
    """
    _check_size(path, tables)
    addresses, matches = places.matched()
    for table in tables:
        _check_once(path, table, addresses)
    report = matches.report(graph, addresses)
    report = replace(report, unmatched=tuple(plain_text(name, MAX_NAME) for name in report.unmatched))
    if not report.matched:
        raise _nothing_matches(path, graph, places.kind, addresses)
    overlays: list[Overlay] = []
    notes = list(warnings)
    titles = [column.facts.title for table in tables for column in table.columns.values()]
    for table in tables:
        ids, at_step, at_place, known, steps = _placed(table, matches)
        for name, column in table.columns.items():
            values = np.full((max(len(steps), 1), len(ids)), np.nan, np.float32)
            values[at_step, at_place] = column.values[known]
            if np.isnan(values).all():
                notes.append(f"{quoted(name)} has no value on any part of the model: not shown")
                continue
            title = column.facts.title or name
            if titles.count(title) > 1 and title != name:
                title = f"{title}: {name}"  # one title for several columns
            try:
                overlays.append(make_overlay(path, name, plain_text(title), column, ids, values, steps))
            except ValueError as error:
                problem, _, remedy = str(error).partition("; ")
                raise input_error(path, f"{quoted(name)} {problem}", remedy) from error
    if not overlays:
        raise input_error(path, "has no values for this model", notes[-1] if notes else "a column of numbers is needed")
    return ReadOverlays(tuple(overlays), report, tuple(notes))


def _placed(
    table: Table, matches: Matches
) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_], tuple[str, ...]]:
    """Return the table's nodes, the step and node of each row that has one, which rows these are, and the steps."""
    nodes = matches.ids[table.rows]
    known = nodes >= 0
    order, steps = _ordered_steps([plain_text(step, MAX_NAME) for step in table.steps])
    ids, at_place = np.unique(nodes[known], return_inverse=True)
    at_step = order[table.row_steps[known]] if table.row_steps is not None else np.zeros(len(at_place), np.int64)
    return ids.astype(np.int32), at_step, at_place.astype(np.int64), known, steps


def _check_size(path: str, tables: Sequence[Table]) -> None:
    dense = 0
    for table in tables:
        steps = len(table.steps)
        check_steps(path, steps)
        here = len(np.unique(table.rows))
        dense += max(steps, 1) * here * len(table.columns)
        if dense > MAX_DENSE:
            columns = counted(len(table.columns), "column")
            problem = f"has {counted(steps, 'step')} of {counted(here, 'place')} and {columns}"
            raise input_error(path, problem, f"at most {MAX_DENSE:,} values, gaps included, are read")


def _check_once(path: str, table: Table, addresses: Sequence[str]) -> None:
    """Refuse two rows for the same place at the same step."""
    key = table.rows.astype(np.int64)
    if table.row_steps is not None:
        key = key * len(table.steps) + table.row_steps
    order = np.argsort(key, kind="stable")
    again = np.flatnonzero(np.diff(key[order]) == 0)
    if not len(again):
        return
    second = int(order[again + 1].min())  # the first row that should not be there
    step = ""
    if table.row_steps is not None and len(table.steps):
        step = f" at step {quoted(table.steps[int(table.row_steps[second])], 40)}"
    problem = f"{quoted(addresses[int(table.rows[second])])} has a second value{step}"
    remedy = "give each place one value a step"
    if table.lines is None:
        raise input_error(path, problem, remedy)
    first = int(table.lines[np.flatnonzero(key == key[second])[0]])
    raise line_error(path, int(table.lines[second]), f"{problem} (the first is in line {first:,})", remedy)


def _nothing_matches(path: str, graph: ModelGraph, kind: NodeKind | None, addresses: Sequence[str]) -> InputError:
    """Return the error that shows names of both sides."""
    theirs = ", ".join(quoted(name, 80) for name in addresses[:_NAMED])
    problem = f"nothing in it matches the model: it names {theirs}"
    nodes = graph.of_kind(kind if kind is not None else NodeKind.TENSOR)
    if kind is not None and not len(nodes):
        return input_error(path, problem, f"the model has no {kind.name.lower()}s")
    nodes = nodes if len(nodes) else np.arange(1, len(graph))
    shown = dict.fromkeys(nodes[[0, len(nodes) // 2, -1]].tolist()) if len(nodes) else {}
    ours = ", ".join(quoted(graph.path(node), 80) for node in shown)
    return input_error(path, problem, f"the model has {ours or 'no parts'}")


def _ordered_steps(steps: Sequence[str]) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Return the row of each step and the steps in order: by number where all are numbers, else as they occur."""
    try:
        numbers = np.array([float(step) for step in steps])
    except ValueError:
        return np.arange(len(steps)), tuple(steps)
    by_number = np.argsort(numbers, kind="stable")
    row = np.empty(len(steps), np.int64)
    row[by_number] = np.arange(len(steps))
    return row, tuple([steps[k] for k in map(int, by_number)])
