"""npz archives: arrays of values by place, or by layer and expert or head.

Each array is an ``.npy`` record of a zip archive; its header is held against the record's size before its values are
read. Nothing is unpickled. See https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html.
"""

import re
import struct
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...graph.model_graph import ModelGraph
from .about import About, facts_of, read_about
from .columns import as_float32
from .grids import grid_places
from .json_text import check_name, decode, step_name
from .making import Column
from .places import Places
from .reading import MAX_COLUMNS, MAX_NAME, MAX_STEPS, MAX_VALUES, counted, input_error, plain_text, quoted, read_file
from .table import ReadOverlays, Table, overlays_of_tables
from .zip_records import npy_records

__all__ = ["read_npz"]

_PATHS, _STEPS, _ABOUT = "paths", "steps", "about"
_LENGTHS = {b"\x93NUMPY\1\0": struct.Struct("<H"), b"\x93NUMPY\2\0": struct.Struct("<I")}
"""How the length of a header is written, by the eight bytes before it: version 1.0 or 2.0."""
_MAX_HEADER = 2**16  # bytes; that of a plain type has 118
# As numpy.save writes it for a plain type, with up to 32 dimensions; matched, so that nothing of it is evaluated.
_HEADER = re.compile(
    rb"\{'descr': '(?P<order>[<>|=]?)(?P<letter>[biufcU])(?P<size>\d{1,6})', 'fortran_order': (?P<fortran>True|False),"
    rb" 'shape': \((?P<shape>(?:\d{1,12}, ?){0,31}(?:\d{1,12},?)?)\),? *\} *\n"
)
_LAST_CHARACTER = 0x10FFFF  # of Unicode: Python makes no text of what is beyond


def read_npz(path: str, graph: ModelGraph) -> ReadOverlays:
    """Read an npz archive.

    Raises
    ------
    InputError
        When it is none, or an array has a shape that fits neither its paths nor the model; it is named.
    """
    arrays = _arrays(path, read_file(path))
    about = _about(path, arrays.pop(_ABOUT, None))
    steps = _steps(path, arrays.pop(_STEPS, None))
    names = arrays.pop(_PATHS, None)
    if not 0 < len(arrays) <= MAX_COLUMNS:
        raise input_error(path, f"has {counted(len(arrays), 'array')} of values", f"1 to {MAX_COLUMNS} are read")
    for name, array in arrays.items():
        if array.dtype.kind not in "biuf":
            problem = f"its array {quoted(name)} has the type {array.dtype}"
            raise input_error(path, problem, "numbers are needed")
    if names is not None:
        places = Places(path, graph)
        places.check_count(names.size)
        codes = np.array(places.codes(_texts(path, _PATHS, names)), np.int32)
        return _read(path, graph, places, dict.fromkeys(arrays, (codes, codes.shape)), arrays, steps, about)
    places, grids = grid_places(path, graph, {name: array.shape for name, array in arrays.items()})
    return _read(path, graph, places, grids, arrays, steps, about)


def _read(
    path: str,
    graph: ModelGraph,
    places: Places,
    grids: dict[str, tuple[NDArray[np.int32], tuple[int, ...]]],
    arrays: dict[str, NDArray[Any]],
    steps: list[str] | None,
    about: About,
) -> ReadOverlays:
    """Return the arrays as overlays; each has the shape of its places, or that with a step before it."""
    warnings: list[str] = []
    tables: list[Table] = []
    for name, array in arrays.items():
        codes, shape = grids[name]
        if array.shape not in (shape, (*array.shape[:1], *shape)):
            problem = f"its array {quoted(name)} has the shape {array.shape}"
            raise input_error(path, problem, f"{shape} or (steps, {', '.join(map(str, shape))}) is needed")
        has_steps = array.ndim > len(shape)
        count = array.shape[0] if has_steps else 0
        if (steps is not None and count != len(steps)) or count > MAX_STEPS or (has_steps and not count):
            problem = f"its array {quoted(name)} has {counted(count, 'step')}"
            wanted = f"{len(steps):,} as in {_STEPS!r}" if steps is not None else f"1 to {MAX_STEPS:,}"
            raise input_error(path, problem, f"{wanted} are needed")
        values, infinite = as_float32(array.astype(np.float64).ravel())
        if infinite:
            many = counted(infinite, "value is", "values are")
            warnings.append(f"{quoted(name)}: {many} infinite or over 3.4e38, shown as no data")
        given = steps if steps is not None else [str(k) for k in range(count)]
        row_steps = np.repeat(np.arange(count, dtype=np.int32), codes.size) if count else None
        rows = np.tile(codes.ravel(), max(count, 1))
        column = Column(values, facts=facts_of(path, about, name))
        tables.append(Table(rows, {name: column}, given if count else (), row_steps))
    return overlays_of_tables(path, graph, places, tables, warnings)


def _arrays(path: str, raw: bytes) -> dict[str, NDArray[Any]]:
    """Return all arrays of an archive by name, within the limits."""
    found: dict[str, NDArray[Any]] = {}
    for name, record in npy_records(path, raw):
        check_name(name, path)
        if name in found:
            raise input_error(path, f"has two arrays {quoted(name)}", "give each its own name")
        try:
            found[name] = _array(path, name, record)
        except (ValueError, TypeError, OverflowError) as error:  # numpy has no such type, or no such shape
            problem = f"its array {quoted(name)} is none ({plain_text(str(error))})"
            raise input_error(path, problem, "write it with numpy.savez") from error
    return found


def _array(path: str, name: str, raw: bytes) -> NDArray[Any]:
    header, start = _header(raw)
    match = _HEADER.fullmatch(header)
    if match is None:
        problem = f"its array {quoted(name)} is none of plain numbers or texts"
        raise input_error(path, problem, "write it with numpy.savez; Python objects and records are not read")
    shape = tuple(int(length) for length in match["shape"].split(b",") if length.strip())
    dtype = np.dtype(f"{match['order'].decode()}{match['letter'].decode()}{int(match['size'])}")
    there, announced = len(raw) - start, prod(shape) * dtype.itemsize
    if announced != there or prod(shape) > MAX_VALUES:
        problem = f"its array {quoted(name)} announces {prod(shape):,} values of {dtype.itemsize} bytes"
        raise input_error(path, problem, f"{there:,} bytes are there, and at most {MAX_VALUES:,} values are read")
    if dtype.kind == "U":
        characters = np.frombuffer(raw, np.dtype(np.uint32).newbyteorder(dtype.byteorder), offset=start)
        if (characters > _LAST_CHARACTER).any():
            problem = f"its array {quoted(name)} has characters that are none"
            raise input_error(path, problem, "the file is damaged or was not written by numpy.savez")
    order = "F" if match["fortran"] == b"True" else "C"
    return np.frombuffer(raw, dtype, offset=start).reshape(shape, order=order)


def _header(raw: bytes) -> tuple[bytes, int]:
    """Return the text of an array's header, and where its values begin; no text where its length is none."""
    length = _LENGTHS.get(raw[:8])
    if length is None or len(raw) < 8 + length.size:
        return b"", 0
    start = 8 + length.size
    end = start + int(length.unpack_from(raw, 8)[0])
    return (raw[start:end], end) if end - start <= _MAX_HEADER else (b"", 0)


def _about(path: str, array: NDArray[Any] | None) -> About:
    if array is None:
        return {}
    if array.dtype.kind != "U" or array.ndim:
        raise input_error(path, f"{_ABOUT!r} is no text", "a JSON object as one text is needed")
    return read_about(path, decode(str(array[()]), path))


def _steps(path: str, array: NDArray[Any] | None) -> list[str] | None:
    """Return the names of the steps; None where the archive has none."""
    if array is None:
        return None
    if array.ndim != 1 or array.dtype.kind not in "iufU" or not 0 < len(array) <= MAX_STEPS:
        problem = f"{_STEPS!r} has the shape {array.shape} and the type {array.dtype}"
        raise input_error(path, problem, f"1 to {MAX_STEPS:,} numbers or texts are needed")
    try:
        steps = [step_name(step) for step in array.tolist()]
    except ValueError as error:
        problem, _, remedy = str(error).partition("; ")
        raise input_error(path, problem, remedy) from error
    if len(set(steps)) != len(steps):
        raise input_error(path, f"{_STEPS!r} has a step twice", "give each its own name")
    return steps


def _texts(path: str, name: str, array: NDArray[Any]) -> list[str]:
    if array.ndim != 1 or array.dtype.kind != "U" or not len(array) or array.dtype.itemsize > 4 * MAX_NAME:
        problem = f"{name!r} has the shape {array.shape} and the type {array.dtype}"
        raise input_error(path, problem, f"one list of texts of up to {MAX_NAME:,} characters is needed")
    texts: list[str] = array.tolist()
    for text in texts:
        check_name(text, path)
    return texts
