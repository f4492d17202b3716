"""A ModelGraph as bytes: how the opening worker hands it over. Plain data only, never pickle."""

import os
from dataclasses import fields
from typing import Any

import msgspec
import numpy as np

from .columns import Edges, SparseColumn
from .model_graph import ModelGraph

__all__ = ["pack", "unpack"]

_COLUMNS = (
    "parent",
    "size",
    "depth",
    "kind",
    "provenance",
    "name_code",
    "parameters",
    "elements",
    "bytes",
    "shape_code",
    "dtype_code",
    "file_code",
    "offset",
    "signature",
)
_EDGE_COLUMNS = tuple(column.name for column in fields(Edges))
_TEXTS = ("name", "format")
_TABLES = ("names", "shapes", "dtypes", "warnings")


class _Header(msgspec.Struct):
    columns: list[tuple[str, str, int]]  # name, numpy dtype, length; the bytes follow in this order
    texts: dict[str, str]
    names: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]
    dtypes: tuple[str, ...]
    warnings: tuple[str, ...]
    source: bytes  # paths are not always text
    files: tuple[bytes, ...]
    attributes: dict[str, list[Any]]


def pack(graph: ModelGraph) -> bytes:
    """Return the graph as one block: header length (8 bytes, little-endian), msgpack header, raw columns."""
    arrays = {name: getattr(graph, name) for name in _COLUMNS}
    arrays |= {f"edges.{name}": getattr(graph.edges, name) for name in _EDGE_COLUMNS}
    arrays |= {f"attributes.{key}": column.ids for key, column in graph.attributes.items()}
    header = msgspec.msgpack.encode(
        _Header(
            columns=[(name, array.dtype.str, len(array)) for name, array in arrays.items()],
            texts={name: getattr(graph, name) for name in _TEXTS},
            source=os.fsencode(graph.source),
            files=tuple(map(os.fsencode, graph.files)),
            attributes={key: column.values for key, column in graph.attributes.items()},
            **{name: getattr(graph, name) for name in _TABLES},
        )
    )
    return b"".join([len(header).to_bytes(8, "little"), header, *(array.tobytes() for array in arrays.values())])


def unpack(data: bytes | memoryview) -> ModelGraph:
    """Return the graph that `pack` wrote.

    Raises
    ------
    ValueError
        When the block is cut short.
    msgspec.DecodeError
        When its header is not one of `pack`.
    """
    view = memoryview(data)
    start = 8 + int.from_bytes(view[:8], "little")
    header = msgspec.msgpack.decode(view[8:start], type=_Header)
    arrays: dict[str, Any] = {}
    for name, dtype, length in header.columns:
        arrays[name] = np.frombuffer(view, np.dtype(dtype), length, start)
        start += arrays[name].nbytes
    return ModelGraph(
        **{name: arrays[name] for name in _COLUMNS},
        **{name: getattr(header, name) for name in _TABLES},
        name=header.texts["name"],
        format=header.texts["format"],
        source=os.fsdecode(header.source),
        files=tuple(map(os.fsdecode, header.files)),
        edges=Edges(**{name: arrays[f"edges.{name}"] for name in _EDGE_COLUMNS}),
        attributes={
            key: SparseColumn(arrays[f"attributes.{key}"], values) for key, values in header.attributes.items()
        },
    )
