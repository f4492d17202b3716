"""Files of values become overlays; one module a format, listed in docs/overlays.md."""

import os
from pathlib import Path

from ...graph.model_graph import ModelGraph
from .csv_table import read_csv
from .json_file import read_json
from .numpy_archive import read_npz
from .reading import input_error
from .records import read_json_lines
from .table import ReadOverlays

__all__ = ["SUFFIXES", "ReadOverlays", "read_overlays"]

_READERS = {
    ".csv": read_csv,
    ".tsv": read_csv,
    ".json": read_json,
    ".jsonl": read_json_lines,
    ".ndjson": read_json_lines,
    ".npz": read_npz,
}
SUFFIXES = tuple(_READERS)
"""How the names of files that may hold overlays end."""


def read_overlays(path: str | os.PathLike[str], graph: ModelGraph) -> ReadOverlays:
    """Read a file of values and join it with a graph by name.

    Raises
    ------
    InputError
        ``PATH: line N: what is wrong; what would be right``.
    """
    path = os.fspath(path)
    reader = _READERS.get(Path(path).suffix.lower())
    if reader is None:
        kinds = ", ".join(_READERS)
        raise input_error(path, "is no file of values that can be read by its name", f"it should end in {kinds}")
    return reader(path, graph)
