"""A graph and its placement as JSON, schema 1: what ``archviz3d export -o x.json`` writes.

`loaders.graph_json.own_export` reads it back without loss. Fields that say what a reader knows anyway are left out: a
giant's export has 76 MB.
"""

from dataclasses import fields
from typing import Any

import msgspec
import numpy as np
from msgspec import UNSET, UnsetType
from numpy.typing import NDArray

from ..graph.counting import element_count
from ..graph.kinds import EdgeKind, NodeKind, Provenance
from ..graph.model_graph import ModelGraph
from .lift import lifted_ends
from .placement import Placement, Routes

__all__ = ["to_json"]

_DECIMALS = 6  # of positions of boxes; the root plate is 1000 high
_POINT_DECIMALS = 4
_DIGITS = 6  # of sizes, which may be very small


class _Node(msgspec.Struct):
    id: int
    path: str
    parent: int
    kind: str
    name: str
    parameters: int
    bytes: int
    shape: tuple[int, ...] | None
    dtype: str | None
    provenance: str
    attributes: dict[str, Any]
    box: list[float]
    elements: int | UnsetType = UNSET  # stored ones, where the shape does not tell
    file: int | UnsetType = UNSET  # position in the document's "files"
    offset: int | UnsetType = UNSET  # of a tensor's data in its file


class _Edge(msgspec.Struct):
    source: int
    target: int
    kind: str
    provenance: str
    points: list[list[float]]
    shape: tuple[int, ...] | UnsetType = UNSET  # of what flows
    dtype: str | UnsetType = UNSET
    source_port: str | UnsetType = UNSET
    target_port: str | UnsetType = UNSET


def to_json(graph: ModelGraph, placement: Placement) -> bytes:
    """Return nodes with their boxes and edges with their polylines as JSON.

    ``parameters`` and ``bytes`` are a node's own, without those of what it contains; ``box`` is centre and size
    in (u, v, w). Every edge of the graph is listed with the polyline of the route that draws it. Several edges may
    share one, and an edge that is not drawn has no points.
    """
    return msgspec.json.encode(
        {
            "schema": 1,
            "name": graph.name,
            "format": graph.format,
            "files": [file.encode(errors="backslashreplace").decode() for file in graph.files],  # not always text
            "warnings": graph.warnings,
            "nodes": _nodes(graph, placement),
            "edges": _edges(graph, placement.routes),
        }
    )


def _nodes(graph: ModelGraph, placement: Placement) -> list[_Node]:
    n = len(graph)
    parent: list[int] = graph.parent.tolist()
    codes: list[int] = graph.name_code.tolist()
    names = [graph.names[code] for code in codes]
    names[0] = graph.name
    paths = [""] * n
    for i in range(1, n):
        above = paths[parent[i]]
        paths[i] = f"{above}.{names[i]}" if above else names[i]
    attributes: list[dict[str, Any]] = [{} for _ in range(n)]
    for key, column in graph.attributes.items():
        for i, value in zip(column.ids.tolist(), column.values, strict=True):
            attributes[i][key] = value
    kinds = [kind.name.lower() for kind in NodeKind]
    provenances = [provenance.name.lower() for provenance in Provenance]
    shapes = [*graph.shapes, None]
    dtypes = [*graph.dtypes, None]
    boxes: list[list[float]] = np.concatenate(
        [np.round(placement.center, _DECIMALS), _significant(placement.size)], 1
    ).tolist()
    parameters: list[int] = graph.parameters.tolist()
    nbytes: list[int] = graph.bytes.tolist()
    kind: list[int] = graph.kind.tolist()
    provenance: list[int] = graph.provenance.tolist()
    shape: list[int] = graph.shape_code.tolist()
    dtype: list[int] = graph.dtype_code.tolist()
    usual = np.array([element_count(s) for s in graph.shapes] + [0], np.int64)[graph.shape_code]
    elements = _or_unset(graph.elements, graph.elements != usual)
    file = _or_unset(graph.file_code, graph.file_code >= 0)
    offset = _or_unset(graph.offset, graph.offset != -1)
    return [
        _Node(
            i, paths[i], parent[i], kinds[kind[i]], names[i], parameters[i], nbytes[i], shapes[shape[i]],
            dtypes[dtype[i]], provenances[provenance[i]], attributes[i], boxes[i], elements[i], file[i], offset[i],
        )
        for i in range(n)
    ]  # fmt: skip


def _edges(graph: ModelGraph, routes: Routes) -> list[_Edge]:
    edges = graph.edges
    kinds = [kind.name.lower() for kind in EdgeKind]
    provenances = [provenance.name.lower() for provenance in Provenance]
    shapes: list[tuple[int, ...] | UnsetType] = [*graph.shapes, UNSET]
    dtypes: list[str | UnsetType] = [*graph.dtypes, UNSET]
    names: list[str | UnsetType] = [*graph.names, UNSET]
    polylines: list[list[float]] = np.round(routes.points, _POINT_DECIMALS).tolist()
    start: list[int] = routes.start.tolist()
    route: list[int] = _route_of_each(graph, routes).tolist()
    rows: list[list[int]] = np.stack([getattr(edges, field.name) for field in fields(edges)], 1).tolist()
    return [
        _Edge(
            source, target, kinds[kind], provenances[provenance],
            polylines[start[drawn] : start[drawn + 1]] if drawn >= 0 else [],
            shapes[shape], dtypes[dtype], names[source_port], names[target_port],
        )
        for (source, target, kind, provenance, shape, dtype, source_port, target_port), drawn in zip(
            rows, route, strict=True
        )
    ]  # fmt: skip


def _or_unset(values: NDArray[Any], said: NDArray[np.bool_]) -> list[int | UnsetType]:
    listed: list[int | UnsetType] = [UNSET] * len(values)
    for i in np.flatnonzero(said).tolist():
        listed[i] = int(values[i])
    return listed


def _route_of_each(graph: ModelGraph, routes: Routes) -> NDArray[np.int64]:
    """Return which route draws each edge, -1 for none."""
    source, target = lifted_ends(graph)
    if not len(routes):
        return np.full(len(source), -1, np.int64)
    n = len(graph)
    key = routes.source.astype(np.int64) * n + routes.target
    order = np.argsort(key, kind="stable")
    wanted = source * n + target
    at = order[np.minimum(np.searchsorted(key[order], wanted), len(order) - 1)]
    return np.where((key[at] == wanted) & (source >= 0), at, -1)


def _significant(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Round to some significant digits."""
    digits = _DIGITS - 1 - np.floor(np.log10(values))
    scale = 10.0 ** np.clip(digits, -300, 300)
    return np.round(values * scale) / scale
