"""Netron's attachments: ``{"signature": "netron:attachment", "metadata": [...], "metrics": [...]}``.

See ``metadata.Attachment`` in Netron's ``source/view.js`` (read in version 9.3.3). An item is ``{"kind": "model" |
"graph" | "node" | "value" | "tensor", "target" or "identifier", "name", "value", "type"}``; Netron skips items without
kind or target, and so do we, with a warning.
"""

import re
from typing import Any

import numpy as np

from ...graph.model_graph import ModelGraph
from ..overlay import Figure
from .columns import ColumnBuilder
from .facts import Facts
from .json_text import check_name, is_list, is_object, is_value
from .places import Places
from .reading import MAX_COLUMNS, counted, input_error, plain_text, quoted
from .table import ReadOverlays, Table, overlays_of_tables

__all__ = ["SIGNATURE", "read_attachment"]

SIGNATURE = "netron:attachment"
_ON_PARTS = ("node", "value", "tensor")
_ON_ALL = ("model", "graph")
# What says how a value is written or stored, not what it is in.
_NO_UNIT = re.compile(r"|attribute|percentage|string|bool(ean)?|b?float\d*|u?int\d*|complex\d*", re.ASCII)
_Key = tuple[str, str, str]  # container, name, kind: each is an overlay


def read_attachment(path: str, graph: ModelGraph, value: dict[str, Any]) -> ReadOverlays:
    """Read an attachment: an overlay for each name of a metric, and for each of metadata with few different texts.

    Raises
    ------
    InputError
        When an item is no value of a part, or one part has two values of a name.
    """
    places = Places(path, graph)
    found: dict[_Key, dict[str, object]] = {}
    types: dict[_Key, str] = {}
    skipped, whole = 0, 0
    for container in ("metrics", "metadata"):
        items = value.get(container, [])
        if not is_list(items):
            raise input_error(path, f"{container!r} is no array", "a list of items is needed")
        for number, item in enumerate(items, 1):
            target = _target(item)
            if target is None:
                skipped += 1
            elif item["kind"] in _ON_ALL:
                whole += 1
            else:
                key = _key(path, container, number, item)
                check_name(target, path)
                if target in found.setdefault(key, {}):
                    problem = f"{container}: {quoted(target)} has {quoted(key[1])} twice"
                    raise input_error(path, problem, "Netron would show the last alone; give each part one")
                found[key][target] = item.get("value")
                places.check_count(len(found[key]))
                if len(found) > MAX_COLUMNS:
                    raise input_error(path, "has too many names of values", f"at most {MAX_COLUMNS} are read")
                types.setdefault(key, item["type"] if isinstance(item.get("type"), str) else "")
    warnings = [f"{counted(skipped, 'item')} without kind, target and name: skipped"] if skipped else []
    if whole:
        warnings.append(f"{counted(whole, 'value')} of the whole model or graph: on no part, not shown")
    if not found:
        raise input_error(path, "has no values of parts", f"items of the kinds {', '.join(_ON_PARTS)} are needed")
    names = [name for _, name, _ in found]
    tables: list[Table] = []
    for key, values in found.items():
        _, name, kind = key
        label = name if names.count(name) == 1 else f"{name} ({kind})"
        builder = ColumnBuilder(path, label)
        builder.add(list(values.values()), range(1, len(values) + 1))
        column = builder.built(_facts(types[key]), warnings)
        if column is not None:
            tables.append(Table(np.array(places.codes(values), np.int32), {label: column}))
    return overlays_of_tables(path, graph, places, tables, warnings)


def _target(item: object) -> str | None:
    """Return what an item is about: Netron compares names up to their first line break."""
    if not is_object(item) or item.get("kind") not in (*_ON_PARTS, *_ON_ALL) or not item.get("name"):
        return None
    target = item.get("target", item.get("identifier"))
    if not isinstance(target, str):
        return None
    target = target.split("\n")[0]
    # PyTorch's ONNX exporter names values so; our graphs have the node, and its first output stands for it.
    return target.removesuffix("_output_0") if item["kind"] == "value" else target


def _key(path: str, container: str, number: int, item: dict[str, Any]) -> _Key:
    if not isinstance(item["name"], str) or not is_value(item.get("value")):
        problem = f"{container}: item {number} has name {plain_text(repr(item['name']), 40)} and value"
        problem += f" {plain_text(repr(item.get('value')), 40)}"
        raise input_error(path, problem, "a text, and a number or text, are needed")
    check_name(item["name"], path)
    return container, item["name"], item["kind"]


def _facts(kind: str) -> Facts:
    """Return unit and figure of what Netron calls a type: "percentage" is a share (0.5 is 50.0 %), "us" a unit."""
    return Facts(
        unit=None if _NO_UNIT.fullmatch(kind) else plain_text(kind, 40),
        figure=Figure.SHARE if kind == "percentage" else None,
    )
