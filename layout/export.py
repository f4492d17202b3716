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

from ..errors import UsageError
from ..graph.counting import element_count
from ..graph.kinds import EdgeKind, NodeKind, Provenance
from ..graph.model_graph import ModelGraph
from .placement import Placement
from .ports import EdgeRoutes, edge_routes

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
    drawn: str
    ports: list[list[float]] | UnsetType = UNSET
    backward: bool | UnsetType = UNSET
    shape: tuple[int, ...] | UnsetType = UNSET  # of what flows
    dtype: str | UnsetType = UNSET
    source_port: str | UnsetType = UNSET
    target_port: str | UnsetType = UNSET


def to_json(graph: ModelGraph, placement: Placement) -> bytes:
    """Return nodes with their boxes and edges with their polylines as JSON.

    ``parameters`` and ``bytes`` are a node's own, without those of what it contains; ``box`` is centre and size
    in (u, v, w). Every edge of the graph is listed with the polyline of the route that draws it, and ``drawn`` says
    whether that is a "line" of its own or part of a "bundle" with a common trunk; several edges may share one polyline.
    An edge with ``"drawn": "port"`` has no points, but ``ports``, the places of its tabs at source and target. One that
    closes a cycle, and so runs against the reading order, is ``backward``.

    Raises
    ------
    UsageError
        When the placement leaves parts out: an export is of a whole model.
    """
    if not (placement.size[:, 0] > 0).all():
        raise UsageError("the placement leaves hidden parts out; one of the whole model would be right")
    return msgspec.json.encode(
        {
            "schema": 1,
            "name": graph.name,
            "format": graph.format,
            "files": [file.encode(errors="backslashreplace").decode() for file in graph.files],  # not always text
            "warnings": graph.warnings,
            "arrangement": placement.arrangement,
            "nodes": _nodes(graph, placement),
            "edges": _edges(graph, placement),
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


def _edges(graph: ModelGraph, placement: Placement) -> list[_Edge]:
    edges, routes = graph.edges, placement.routes
    kinds = [kind.name.lower() for kind in EdgeKind]
    provenances = [provenance.name.lower() for provenance in Provenance]
    shapes: list[tuple[int, ...] | UnsetType] = [*graph.shapes, UNSET]
    dtypes: list[str | UnsetType] = [*graph.dtypes, UNSET]
    names: list[str | UnsetType] = [*graph.names, UNSET]
    polylines: list[list[float]] = np.round(routes.points, _POINT_DECIMALS).tolist()
    start: list[int] = routes.start.tolist()
    found = edge_routes(graph, routes)
    bundled, backward = routes.bundle >= 0, routes.backward
    tabs = _tabs(placement, found)
    rows: list[list[int]] = np.stack([getattr(edges, field.name) for field in fields(edges)], 1).tolist()
    listed: list[_Edge] = []
    for k, (row, route) in enumerate(zip(rows, found.route.tolist(), strict=True)):
        source, target, kind, provenance, shape, dtype, source_port, target_port = row
        listed.append(
            _Edge(
                source, target, kinds[kind], provenances[provenance],
                polylines[start[route] : start[route + 1]] if route >= 0 else [],
                "port" if route < 0 else "bundle" if bundled[route] else "line",
                tabs[k] if route < 0 else UNSET, True if route >= 0 and backward[route] else UNSET,
                shapes[shape], dtypes[dtype], names[source_port], names[target_port],
            )
        )  # fmt: skip
    return listed


def _tabs(placement: Placement, found: EdgeRoutes) -> dict[int, list[list[float]]]:
    """Return the places of both ports of each edge without a line."""
    ports = placement.ports
    rows = zip(ports.node.tolist(), ports.outgoing.tolist(), ports.other.tolist(), strict=True)
    at = {(node, out, -1 if out else other): k for k, (node, out, other) in enumerate(rows)}
    points: list[list[float]] = np.round(ports.point, _POINT_DECIMALS).tolist()
    tabs: dict[int, list[list[float]]] = {}
    for edge in np.flatnonzero(found.route < 0).tolist():
        source, target = int(found.source[edge]), int(found.target[edge])
        incoming = at[(target, False, source) if (target, False, source) in at else (target, False, -1)]
        tabs[edge] = [points[at[source, True, -1]], points[incoming]]
    return tabs


def _or_unset(values: NDArray[Any], said: NDArray[np.bool_]) -> list[int | UnsetType]:
    listed: list[int | UnsetType] = [UNSET] * len(values)
    for i in np.flatnonzero(said).tolist():
        listed[i] = int(values[i])
    return listed


def _significant(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Round to some significant digits."""
    digits = _DIGITS - 1 - np.floor(np.log10(values))
    scale = 10.0 ** np.clip(digits, -300, 300)
    return np.round(values * scale) / scale
