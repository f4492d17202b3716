"""Crossings an edge of a drawing of ours and of elkjs's, counted by the same code.

Both are divided by the edges of the graph, not by the lines drawn: ours has lines that others do not draw (a stretch
from a container's rim to the child that reads), and must not gain by them.
"""

from dataclasses import dataclass, replace

import numpy as np
from compound import read
from numpy.typing import NDArray
from peers import elk_drawing

from archviz3d.graph import ModelGraph
from archviz3d.layout import Placement, Routes, place
from archviz3d.layout.metrics import crossings_per_edge

__all__ = ["Crossings", "of_elk", "of_ours"]


@dataclass(frozen=True)
class Crossings:
    """How many others an edge crosses on average, and in which view."""

    routed: float
    straight: float  # every edge as a straight line between the centres of its leaves
    view: str
    lines: int  # drawn

    def __str__(self) -> str:
        return f"{self.routed:8.3f} ({self.view}; {self.lines:,} lines)   straight {self.straight:8.3f}"


def of_ours(name: str) -> Crossings:
    """Return what our layout of a graph has in the best of the six views of `archviz3d.layout.metrics`."""
    graph = read(name)
    placement = place(graph)
    routed = _of_lines(graph, placement)
    straight = _of_lines(graph, _with_lines(graph, placement, _straight(graph, placement.center)))
    view = min(routed, key=lambda view: routed[view])
    return Crossings(routed[view], min(straight.values()), view, len(placement.routes))


def of_elk(name: str) -> Crossings:
    """Return what the last drawing by elkjs has in its plane."""
    graph, drawing = read(name), elk_drawing(name)
    center = np.zeros((len(graph), 3))
    for node, place_ in drawing["nodes"].items():
        center[int(node), :2] = place_
    polylines = [np.pad(np.array(line, np.float64), ((0, 0), (0, 1))) for line in drawing["edges"]]
    flat = place(graph)  # only its lines count, and these are replaced
    routed = _of_lines(graph, _with_lines(graph, flat, polylines))["front"]
    straight = _of_lines(graph, _with_lines(graph, flat, _straight(graph, center)))["front"]
    return Crossings(routed, straight, "its plane", len(polylines))


def _of_lines(graph: ModelGraph, placement: Placement) -> dict[str, float]:
    lines = len(placement.routes)
    return {view: per_line * lines / len(graph.edges) for view, per_line in crossings_per_edge(placement).items()}


def _straight(graph: ModelGraph, center: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    return list(np.stack([center[graph.edges.source], center[graph.edges.target]], 1))


def _with_lines(graph: ModelGraph, placement: Placement, polylines: list[NDArray[np.float64]]) -> Placement:
    """Return a placement whose lines are the graph's own edges, each with its polyline and none in a bundle."""
    edges, count = graph.edges, len(graph.edges)
    lengths = [len(line) for line in polylines]
    routes = Routes(
        source=edges.source,
        target=edges.target,
        owner=np.zeros(count, np.int32),
        kind=edges.kind,
        provenance=edges.provenance,
        start=np.concatenate([[0], np.cumsum(lengths)]),
        points=np.concatenate(polylines),
        width=np.ones(count),
        backward=np.zeros(count, np.bool_),
        bundle=np.full(count, -1, np.int32),
    )
    return replace(placement, routes=routes)
