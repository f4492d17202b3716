"""What a drawn route stands for: the edges of the graph behind it."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ...graph.kinds import EdgeKind, Provenance
from ...graph.model_graph import ModelGraph
from ...layout.placement import Ports, Routes

__all__ = ["WayFacts", "facts_of_port", "facts_of_route"]

_T = TypeVar("_T")


@dataclass(frozen=True)
class WayFacts:
    """What a route or a port stands for.

    Attributes
    ----------
    source, target : int
        Where the data comes from and goes to: the ends of the edges where these are one part each, else the parts
        that the route joins; -1 for several parts that nothing drawn stands for.
    stream : bool
        Whether it is a stretch of the residual stream of its source or target, or between two of them.
    kind : EdgeKind
    provenances : frozenset of Provenance
        Of the edges; of the route where no edge is behind it.
    count : int
        Edges that it stands for.
    shape : tuple of int, or None
        Of what flows, where that is known and the same of all of them.
    dtype : str or None
    """

    source: int
    target: int
    stream: bool
    kind: EdgeKind
    provenances: frozenset[Provenance]
    count: int
    shape: tuple[int, ...] | None
    dtype: str | None


def facts_of_route(graph: ModelGraph, routes: Routes, route: int) -> WayFacts:
    """Return what a route stands for; costs a few passes over the graph's edges."""
    edges = graph.edges
    source, target, owner = (int(column[route]) for column in (routes.source, routes.target, routes.owner))
    kind = EdgeKind(int(routes.kind[route]))
    rows = _edges_behind(graph, source, target, owner, kind)
    known = frozenset(Provenance(int(code)) for code in np.unique(edges.provenance[rows]))
    return WayFacts(
        _one_end(edges.source[rows], source if source != owner else -1 if target != owner else owner),
        _one_end(edges.target[rows], target if target != owner else -1 if source != owner else owner),
        kind == EdgeKind.RESIDUAL,
        kind,
        known or frozenset((Provenance(int(routes.provenance[route])),)),
        len(rows),
        _same(graph.shapes, edges.shape_code[rows]),
        _same(graph.dtypes, edges.dtype_code[rows]),
    )


def facts_of_port(graph: ModelGraph, ports: Ports, port: int) -> WayFacts:
    """Return what a port stands for."""
    edges = graph.edges
    node, other, kind = int(ports.node[port]), int(ports.other[port]), EdgeKind(int(ports.kind[port]))
    out = bool(ports.outgoing[port])
    own, far = (edges.source, edges.target) if out else (edges.target, edges.source)
    here = _within(graph, own, node) & (edges.kind == kind)
    rows = np.flatnonzero(here & (_within(graph, far, other) if other >= 0 else ~_within(graph, far, node)))
    source, target = (node, other) if out else (other, node)
    return WayFacts(
        source,
        target,
        False,
        kind,
        frozenset((Provenance(int(ports.provenance[port])),)),
        max(len(rows), int(ports.count[port])),
        _same(graph.shapes, edges.shape_code[rows]),
        _same(graph.dtypes, edges.dtype_code[rows]),
    )


def _edges_behind(graph: ModelGraph, source: int, target: int, owner: int, kind: EdgeKind) -> NDArray[np.int64]:
    edges = graph.edges
    flows = (edges.kind != EdgeKind.TIED) & (edges.source != edges.target)
    if owner not in (source, target):
        return np.flatnonzero(flows & _within(graph, edges.source, source) & _within(graph, edges.target, target))
    if source == target:  # a stream passes its container: what comes in
        return np.flatnonzero(flows & (edges.target == owner) & ~_within(graph, edges.source, owner))
    # Between the owner and a child: of the owner's stream, or of what crosses its boundary.
    inner, child, outer = (
        (edges.target, target, edges.source) if source == owner else (edges.source, source, edges.target)
    )
    on_stream = flows & (edges.kind == EdgeKind.RESIDUAL) & (outer == owner) & _within(graph, inner, child)
    if kind == EdgeKind.RESIDUAL and on_stream.any():
        return np.flatnonzero(on_stream)
    crossing = flows & _within(graph, inner, child) & (~_within(graph, outer, owner) | (outer == owner))
    if crossing.any():
        return np.flatnonzero(crossing)
    for around in (owner, *graph.ancestors(owner)):  # the layout leads on inside what ends at a container
        at_edge = flows & (inner == around) & ~_within(graph, outer, around)
        if at_edge.any():
            return np.flatnonzero(at_edge)
    return np.empty(0, np.int64)


def _within(graph: ModelGraph, ends: NDArray[np.int32], node: int) -> NDArray[np.bool_]:
    return (ends >= node) & (ends < node + graph.size[node])


def _one_end(ends: NDArray[np.int32], otherwise: int) -> int:
    return int(ends[0]) if len(ends) and (ends == ends[0]).all() else otherwise


def _same(table: tuple[_T, ...], codes: NDArray[np.int32]) -> _T | None:
    return table[int(codes[0])] if len(codes) and codes[0] >= 0 and (codes == codes[0]).all() else None
