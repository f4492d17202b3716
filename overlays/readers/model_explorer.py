"""Model Explorer's node data, as ``ModelNodeData`` and ``GraphNodeData`` of its builder write them.

See ``model_explorer/node_data_builder.py`` of ai-edge-model-explorer 0.1.34. A file is one ``GraphNodeData``,
``{"results": {key: {"value", "bgColor", "textColor"}}, "name", "thresholds", "gradient", ...}``, or an object of them
by graph id. Keys are node ids (our graphs keep them) or names of output tensors (our graphs do not).
"""

from typing import Any

import numpy as np

from ...graph.model_graph import ModelGraph
from .columns import ColumnBuilder
from .facts import Facts
from .json_text import check_name, is_list, is_object, is_value
from .places import Places
from .reading import MAX_COLUMNS, input_error, plain_text, quoted
from .table import ReadOverlays, Table, overlays_of_tables

__all__ = ["is_node_data", "read_node_data"]

_COLOURS = ("thresholds", "gradient")
_SHOWN_BY_ITS_TABLES = (
    "hideInAggregatedStatsTable",
    "hideInChildrenStatsTable",
    "hideAggregatedStats",
    "showExpandedSummaryOnGroupNode",
    "showLabelCountColumnsInChildrenStatsTable",
)
_RESULT_KEYS = frozenset(("value", "bgColor", "textColor"))


def is_node_data(value: dict[str, Any]) -> bool:
    """Return whether a JSON object is node data: of one graph, or of several by id."""
    return _is_graph(value) or all(is_object(each) and _is_graph(each) for each in value.values())


def read_node_data(path: str, graph: ModelGraph, value: dict[str, Any]) -> ReadOverlays:
    """Read node data, an overlay for each of its graphs.

    Raises
    ------
    InputError
        When a result is no value of a node; the key is named.
    """
    graphs = {"": value} if _is_graph(value) else value
    if len(graphs) > MAX_COLUMNS:
        raise input_error(path, f"has {len(graphs):,} graphs", f"at most {MAX_COLUMNS} are read")
    places = Places(path, graph)
    warnings: list[str] = []
    tables: list[Table] = []
    for graph_id, data in graphs.items():
        name = data.get("name") or graph_id or "value"
        if not isinstance(name, str):
            raise input_error(path, f"'name' is {plain_text(repr(name), 40)}", "a text is needed")
        results: dict[str, Any] = data["results"]
        places.check_count(len(results))
        builder = ColumnBuilder(path, name)
        cells = [_value(path, key, result) for key, result in results.items()]
        builder.add(cells, range(1, len(cells) + 1))
        column = builder.built(Facts(title=plain_text(name) if name != "value" else None), warnings)
        if column is not None:
            label = graph_id or name
            tables.append(Table(np.array(places.codes(results), np.int32), {label: column}))
        warnings += _not_used(path, name, data)
    if not places:
        raise input_error(path, "has no results", "one for each node is needed")
    return overlays_of_tables(path, graph, places, tables, warnings)


def _is_graph(value: dict[str, Any]) -> bool:
    """Return whether an object is a GraphNodeData; a plain table could have a path called "results", with numbers."""
    results = value.get("results")
    return is_object(results) and all(is_object(each) and "value" in each for each in results.values())


def _value(path: str, key: str, result: dict[str, Any]) -> object:
    check_name(key, path)
    value = result["value"]
    unknown = next((each for each in result if each not in _RESULT_KEYS), None)
    if unknown is not None or not is_value(value):
        problem = f"key {quoted(unknown)}" if unknown is not None else plain_text(repr(value), 40)
        problem = f"the result of {quoted(key)} has {problem}"
        raise input_error(path, problem, "value (a number or text), bgColor and textColor are what it may have")
    return value


def _not_used(path: str, name: str, data: dict[str, Any]) -> list[str]:
    """Return what the file says of colours and tables, which are this program's own."""
    notes: list[str] = []
    for key in _COLOURS:
        if not is_list(data.get(key, [])):
            raise input_error(path, f"{key!r} is {plain_text(repr(data[key]), 40)}", "an array is needed")
    found = [f"{key} ({len(data[key])})" for key in _COLOURS if data.get(key)]
    coloured = sum(1 for result in data["results"].values() if result.get("bgColor") or result.get("textColor"))
    if coloured:
        found.append(f"colours of {coloured:,} nodes")
    if found:
        notes.append(f"{quoted(name)}: {', '.join(found)} not used: colours come from the chosen colour map")
    tables = [key for key in _SHOWN_BY_ITS_TABLES if data.get(key)]
    if tables:
        notes.append(f"{quoted(name)}: {', '.join(tables)} not used: they are about Model Explorer's tables")
    return notes
