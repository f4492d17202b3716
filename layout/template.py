"""Templates: the plan of one container, made once for all containers of the same structure and shape."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log2
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..graph.kinds import EdgeKind, NodeKind
from ..graph.model_graph import ModelGraph
from .footprint import rim
from .items import Naturals
from .lift import Lifted
from .pack import Plan
from .plans import Flow, plan_of
from .polylines import Way, polylines
from .routes import Roads
from .stack import LANE_STRIP, LANE_WIDTH, LANE_Y, Port, apart_of, is_page, pack_stack, stack_port
from .tree import Tree

__all__ = ["SELF", "Library", "RouteTable", "Template"]

# Aspects are told apart in steps of 1/256 of an octave: a template is stretched by at most 0.14 %.
_STEPS = 256
SELF = -1  # stands for the container itself as an end of a route
_DATA_WIDTH = 0.4  # of the narrowest gutter
_WIDEST_DATA = 0.022
_BRANCH_WIDTH = 0.55  # of the residual ribbon


class _Route(NamedTuple):
    """One route of a template: ends by position among the children, `SELF` for the container."""

    source: int
    target: int
    kind: int
    provenance: int
    width: float  # as a part of the container's height
    way: Way


@dataclass(frozen=True, slots=True)
class RouteTable:
    """Routes of one template, one row a route.

    Attributes
    ----------
    source, target : ndarray of int64, shape (m,)
        Positions of children; `SELF` for the container itself.
    kind, provenance : ndarray of uint8, shape (m,)
    width : ndarray of float64, shape (m,)
        As a part of the container's height.
    counts : ndarray of int64, shape (m,)
        Number of points of each route.
    points : ndarray of float64, shape (p, 2)
        Points of all routes, one after another, in unit coordinates.
    """

    source: NDArray[np.int64]
    target: NDArray[np.int64]
    kind: NDArray[np.uint8]
    provenance: NDArray[np.uint8]
    width: NDArray[np.float64]
    counts: NDArray[np.int64]
    points: NDArray[np.float64]

    @classmethod
    def of(cls, routes: Sequence[_Route], unit: NDArray[np.float64]) -> "RouteTable":
        """Turn routes, drawn in a frame of size `unit`, into a table."""
        lines, counts = polylines([route.way for route in routes])
        return cls(
            np.array([route.source for route in routes], np.int64),
            np.array([route.target for route in routes], np.int64),
            np.array([route.kind for route in routes], np.uint8),
            np.array([route.provenance for route in routes], np.uint8),
            np.array([route.width for route in routes], np.float64),
            counts,
            lines / unit,
        )


@dataclass(slots=True)
class Template:
    """Children of a container in unit coordinates, (0, 0) its lower left and (1, 1) its upper right corner.

    Attributes
    ----------
    low, size : ndarray of float64, shape (n, 2)
        Boxes of the children.
    child : ndarray of int32, shape (n,)
        Template of each child, -1 for one without children.
    routes : RouteTable
    """

    low: NDArray[np.float64]
    size: NDArray[np.float64]
    child: NDArray[np.int32]
    routes: RouteTable


@dataclass(frozen=True, slots=True)
class _Order:
    """A template to be made: a container that stands for all that share it."""

    node: int
    aspect: float
    entered: bool
    left: bool


class Library:
    """All templates that one graph needs, from the root's down; no recursion."""

    def __init__(self, graph: ModelGraph, tree: Tree, lifted: Lifted) -> None:
        self._graph = graph
        self._tree = tree
        self._lifted = lifted
        self._naturals = Naturals(graph, tree)
        self._orders: list[_Order] = []
        self._index: dict[tuple[int, int, bool, bool], int] = {}
        self._edge_start = np.searchsorted(lifted.owner, np.arange(len(graph) + 1))
        between = (lifted.source != lifted.owner) & (lifted.target != lifted.owner)
        self._entered = np.zeros(len(graph), np.bool_)
        self._entered[lifted.target[between]] = True
        self._left = np.zeros(len(graph), np.bool_)
        self._left[lifted.source[between]] = True
        self._has_lane = np.zeros(len(graph), np.bool_)
        self._has_lane[lifted.owner[~between]] = True
        self.templates: list[Template] = []

    def make(self, aspect: float) -> None:
        """Make the template of the root, of each of its children, and so on."""
        root = self._tree.tail[:1]
        inner = _inner_aspect(np.array([aspect]), np.array([1.0]), self._tree.step[root])
        if self._tree.count[root[0]]:
            self._order(root, inner, np.array([False]), np.array([False]))
        while len(self.templates) < len(self._orders):
            self.templates.append(self._template(self._orders[len(self.templates)]))

    def _order(
        self,
        tails: NDArray[np.int32],
        aspects: NDArray[np.float64],
        entered: NDArray[np.bool_],
        left: NDArray[np.bool_],
    ) -> NDArray[np.int32]:
        """Return the templates of containers, ordering those that do not exist yet."""
        steps = [round(log2(aspect) * _STEPS) for aspect in aspects.tolist()]
        is_stack = self._graph.kind[tails] == NodeKind.STACK
        keys = zip(
            self._tree.key[tails].tolist(), steps, (entered & is_stack).tolist(), (left & is_stack).tolist(),
            strict=True,
        )  # fmt: skip
        found = np.empty(len(tails), np.int32)
        for k, key in enumerate(keys):
            number = self._index.get(key)
            if number is None:
                number = self._index[key] = len(self._orders)
                self._orders.append(_Order(int(tails[k]), _quantised(float(aspects[k])), key[2], key[3]))
            found[k] = number
        return found

    def _template(self, order: _Order) -> Template:
        tree = self._tree
        flow, edges = self._flow(order.node)
        plan = plan_of(self._graph, tree, self._naturals, order.node, flow, order.aspect)
        children = tree.children(order.node)
        tails = tree.tail[children]
        inner = tree.count[tails] > 0
        child = np.full(len(children), -1, np.int32)
        if inner.any():
            aspects = _inner_aspect(plan.size[inner, 0], plan.size[inner, 1], tree.step[tails[inner]])
            child[inner] = self._order(
                tails[inner], aspects, self._entered[children[inner]], self._left[children[inner]]
            )
        unit = np.array([order.aspect, 1.0])
        routes = self._routes(order, plan, flow, edges) if edges or order.entered or order.left else []
        return Template(plan.low / unit, plan.size / unit, child, RouteTable.of(routes, unit))

    def _flow(self, node: int) -> tuple[Flow, list[tuple[int, int, int, int]]]:
        """Return what flows inside a container, and as (source, target, kind, provenance) rows."""
        start, stop = self._edge_start[node], self._edge_start[node + 1]
        if start == stop:
            return Flow([], [], []), []
        lifted = self._lifted
        children = self._tree.children(node)

        def position(ends: NDArray[np.int32]) -> list[int]:
            return np.where(ends == node, SELF, np.searchsorted(children, ends)).tolist()

        rows = list(
            zip(
                position(lifted.source[start:stop]), position(lifted.target[start:stop]),
                lifted.kind[start:stop].tolist(), lifted.provenance[start:stop].tolist(),
                strict=True,
            )
        )  # fmt: skip
        flow = Flow(
            [(a, b) for a, b, _, _ in rows if a != SELF and b != SELF],
            [b for a, b, _, _ in rows if a == SELF],
            [a for a, b, _, _ in rows if b == SELF],
        )
        return flow, rows

    def _routes(self, order: _Order, plan: Plan, flow: Flow, edges: list[tuple[int, int, int, int]]) -> list[_Route]:
        roads = Roads(plan, order.aspect, LANE_STRIP if flow.has_lane else 0.0)
        near = min(_DATA_WIDTH * roads.narrowest(), _WIDEST_DATA)
        far = min(_DATA_WIDTH * roads.rim(), near)
        children = self._tree.children(order.node)
        routes: list[_Route] = []
        if flow.has_lane:
            provenance = min(row[3] for row in edges if SELF in row[:2])
            through = Way([(0.0, LANE_Y), (order.aspect, LANE_Y)])
            routes.append(_Route(SELF, SELF, EdgeKind.RESIDUAL, provenance, LANE_WIDTH, through))
        for source, target, kind, provenance in edges:
            if source == SELF:
                at = 0.2 if target in flow.adds else 0.5
                way, width = roads.off_lane(target, at), LANE_WIDTH * _BRANCH_WIDTH
            elif target == SELF:
                way, width = roads.onto_lane(source, 0.88), LANE_WIDTH * _BRANCH_WIDTH
            else:
                leave, enter = self._port(children, plan, source), self._port(children, plan, target)
                way = roads.between(
                    source, target, *roads.level(source, target, leave and leave.leave, enter and enter.enter)
                )
                broad = max(port.width if port else 0.0 for port in (leave, enter))
                width = broad or (near if roads.are_neighbours(source, target) else far)
            routes.append(_Route(source, target, kind, provenance, width, way))
        if order.entered or order.left:
            routes.extend(self._leads(order, plan, roads))
        return routes

    def _port(self, children: NDArray[np.int32], plan: Plan, position: int) -> Port | None:
        """Return where the residual stream enters and leaves a child, None for one that has no stream."""
        child = int(children[position])
        bottom, height = float(plan.low[position, 1]), float(plan.size[position, 1])
        if self._has_lane[child]:
            return Port(bottom + LANE_Y * height, bottom + LANE_Y * height, LANE_WIDTH * height)
        layers = self._tree.children(child)
        if len(layers) < 2 or not is_page(self._graph.kind[layers]) or not self._flow(child)[0].pairs:
            return None
        apart = apart_of(self._graph.kind[layers])
        aspect = _quantised(float(plan.size[position, 0]) / height)
        inner = pack_stack(len(layers), apart, aspect, streams=True)
        port = stack_port(inner, len(layers) - apart)
        return Port(bottom + port.enter * height, bottom + port.leave * height, port.width * height)

    def _leads(self, order: _Order, plan: Plan, roads: Roads) -> list[_Route]:
        """Return the stretches that join a stack's edges to its first and last layer."""
        children = self._tree.children(order.node)
        main = len(children) - apart_of(self._graph.kind[children])
        own = slice(self._edge_start[order.node], self._edge_start[order.node + 1])
        residual = self._lifted.kind[own] == EdgeKind.RESIDUAL
        if not residual.any() or not is_page(self._graph.kind[children]):
            return []
        provenance = int(self._lifted.provenance[own][residual].max())
        port = stack_port(plan, main)
        routes: list[_Route] = []
        if order.entered:
            way = Way([(0.0, port.enter), (roads.box(0)[0], port.enter)])
            routes.append(_Route(SELF, 0, EdgeKind.RESIDUAL, provenance, port.width, way))
        if order.left:
            _, bottom, right, top = roads.box(main - 1)
            lane, gutter = bottom + LANE_Y * (top - bottom), roads.right_gutter(main - 1)
            way = Way([(right, lane), (gutter, lane), (gutter, port.leave), (order.aspect, port.leave)])
            routes.append(_Route(main - 1, SELF, EdgeKind.RESIDUAL, provenance, port.width, way))
        return routes


def _quantised(aspect: float) -> float:
    return 2.0 ** (round(log2(aspect) * _STEPS) / _STEPS)


def _inner_aspect(
    width: NDArray[np.float64], height: NDArray[np.float64], step: NDArray[np.int32]
) -> NDArray[np.float64]:
    """Return the aspect of the last member of runs whose heads have the given sizes."""
    edge = 2.0 * rim(step) * np.minimum(width, height)
    return (width - edge) / (height - edge)
