"""Which kind of graph a JSON file holds: told by its keys, not by its name."""

import re
from typing import Any

from ...graph import ModelGraph
from ..checked_json import decode
from ..checkpoint import Report
from ..files import input_error, read_whole
from ..limits import LoadLimits
from ..untyped import is_dict
from .explorer_schema import collections_of
from .model_explorer import load_collections
from .module_list import load_modules
from .own_export import load_export

__all__ = ["load"]

_BOM = b"\xef\xbb\xbf"
_OWN_EXPORT = re.compile(rb'\s*\{\s*"schema"\s*:')
_REMEDY = (
    'a module graph {"modules": [..], "connections": [..]}, a Model Explorer graph {"graphs": [..]}'
    " or an archviz3d export is needed"
)


def load(path: str, limits: LoadLimits, report: Report) -> ModelGraph:
    """Read a graph from JSON."""
    report("reading JSON", None)
    raw = read_whole(path, limits.json_bytes).removeprefix(_BOM)
    if _OWN_EXPORT.match(raw):  # may be large: typed decoding goes past most of it
        return load_export(raw, path, limits)
    value = decode(raw, path, limits)
    if is_dict(value) and "schema" in value and "nodes" in value:
        return load_export(raw, path, limits)
    if is_dict(value) and "modules" in value:
        return load_modules(value, path, limits)
    collections = collections_of(value, path)
    if collections is not None:
        return load_collections(collections, path, limits)
    raise input_error(path, f"is JSON, but no graph: {_keys(value)}", _REMEDY)


def _keys(value: Any) -> str:
    if not is_dict(value):
        return f"it holds a {'list' if isinstance(value, list) else 'plain value'}"
    listed = ", ".join(repr(str(key)[:40]) for key in list(value)[:5])
    return f"it has {listed}" if listed else "it is empty"
