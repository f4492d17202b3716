"""What flows inside containers, and the ways that it takes there."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..graph.kinds import EdgeKind
from ..graph.model_graph import ModelGraph
from .lanes import lane_of, quantised
from .lift import Lifted
from .links import ADD, NO_LANE, READ, SELF, Links
from .pack import Plan, Room
from .plans import Flow
from .route_table import RouteTable, Stretch
from .router import Router
from .space import Space
from .stack import Port, apart_of, is_page, pack_stack, stack_port
from .tree import Tree

__all__ = ["Flows"]

_WIDEST_DATA = 0.022
_PITCH = 0.011  # from track to track, of a container's smaller side
# Where on its lower side a child is joined to the lane right below it.
_READ_AT, _READ_BESIDE_ADD, _ADD_AT = 0.5, 0.2, 0.88


class Flows:
    """Flow between the children of each container of one graph.

    Parameters
    ----------
    graph : ModelGraph
    tree : Tree
    lifted : Lifted
        Flow between what the tree places.
    arrangement_of : callable
        Returns a container's arrangement.

    Attributes
    ----------
    entered, left : ndarray of bool, shape (N,)
        What flow comes to, and leaves, on its parent's plate.
    has_lane : ndarray of bool, shape (N,)
        Containers with a residual stream of their own.
    """

    def __init__(self, graph: ModelGraph, tree: Tree, lifted: Lifted, arrangement_of: Callable[[int], str]) -> None:
        self._graph = graph
        self._tree = tree
        self._lifted = lifted
        self._arrangement_of = arrangement_of
        self._last: tuple[int, Plan, Router] | None = None
        self._start = np.append(0, np.cumsum(np.bincount(lifted.owner, minlength=len(graph))))
        between = (lifted.source != lifted.owner) & (lifted.target != lifted.owner)
        self.entered, self.left, self.has_lane = (np.zeros(len(graph), np.bool_) for _ in range(3))
        self.entered[lifted.target[between]] = True
        self.left[lifted.source[between]] = True
        self.has_lane[lifted.owner[lifted.on_lane]] = True
        self._has_stream = self.has_lane.copy()
        self._has_stream[lifted.owner[lifted.kind == EdgeKind.RESIDUAL]] = True

    def _rows(self, node: int) -> slice:
        return slice(int(self._start[node]), int(self._start[node + 1]))

    def _ends(self, node: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
        """Return both ends of a container's flow by position, and which of it is a residual stream's."""
        rows, children = self._rows(node), self._tree.children(node)
        ends = self._lifted.source[rows], self._lifted.target[rows]
        source, target = (np.where(end == node, SELF, np.searchsorted(children, end)) for end in ends)
        return source, target, self._lifted.kind[rows] == EdgeKind.RESIDUAL

    def flow(self, node: int) -> Flow:
        """Return what flows inside a container."""
        if self._start[node] == self._start[node + 1]:
            return Flow([], [], [])
        source, target, streams = self._ends(node)
        between = (source != SELF) & (target != SELF)
        return Flow(
            list(zip(source[between].tolist(), target[between].tolist(), strict=True)),
            target[(source == SELF) & streams].tolist(),
            source[(target == SELF) & streams].tolist(),
        )

    def room(self, node: int, aspect: float, plan: Plan, flow: Flow) -> Room | None:
        """Return the free space that the ways need for tracks that can be told apart; None where they have it."""
        children = self._graph.kind[self._tree.children(node)]
        if self._start[node] == self._start[node + 1] or is_page(children, flow.pairs):
            return None
        return self._router(node, aspect, plan, flow).demand(_PITCH * min(aspect, 1.0))

    def routes(self, node: int, aspect: float, plan: Plan, flow: Flow, stretches: list[Stretch]) -> RouteTable:
        """Return the routes of a container's flow, after those stretches of streams that are given."""
        if flow.has_lane:
            lane = lane_of(aspect)
            source, target, streams = self._ends(node)
            on_lane = streams & ((source == SELF) | (target == SELF))
            tag = int(self._lifted.provenance[self._rows(node)][on_lane].max())  # no more is known of the whole lane
            stretches = [Stretch(SELF, SELF, tag, [(0.0, lane.y), (aspect, lane.y)], lane.width), *stretches]
        if self._start[node] == self._start[node + 1]:
            return RouteTable.of(stretches, None, None, aspect)
        router = self._router(node, aspect, plan, flow)
        return RouteTable.of(stretches, router.links, router.routed(_WIDEST_DATA), aspect)

    def _router(self, node: int, aspect: float, plan: Plan, flow: Flow) -> Router:
        """Return the router of a container's flow; that of the last call, where nothing has changed since."""
        if self._last is None or self._last[0] != node or self._last[1] is not plan:
            lane = lane_of(aspect)
            space = Space(plan, aspect, lane.top if flow.has_lane else 0.0)
            self._last = node, plan, Router(space, self._links(node, aspect, plan, flow), lane.y)
        return self._last[2]

    def _links(self, node: int, aspect: float, plan: Plan, flow: Flow) -> Links:
        source, target, streams = self._ends(node)
        rows, m = self._rows(node), len(source)
        lane = np.where(streams & (source == SELF), READ, np.where(streams & (target == SELF), ADD, NO_LANE))
        leave, enter, width = np.full(m, np.nan), np.full(m, np.nan), np.zeros(m)
        width[lane != NO_LANE] = lane_of(aspect).branch
        children = self._tree.children(node)
        has = np.append(self._has_stream[children], False)  # the container's own stream is no port
        rows_of_streams = np.flatnonzero((has[source] | has[target]) & (source != SELF) & (target != SELF))
        ends = np.unique(np.append(source[rows_of_streams], target[rows_of_streams])).tolist()
        ports = {end: self.port(children, plan, end) for end in ends}
        for k in rows_of_streams.tolist():
            out, into = ports[int(source[k])], ports[int(target[k])]
            leave[k] = out.leave if out else np.nan
            enter[k] = into.enter if into else np.nan
            width[k] = max(port.width if port else 0.0 for port in (out, into))
        return Links(
            source, target, self._lifted.kind[rows], self._lifted.provenance[rows], self._lifted.backward[rows],
            self._lifted.group[rows].astype(np.int64), lane, leave, enter, width,
            np.where(lane == ADD, _ADD_AT, np.where(np.isin(target, flow.adds), _READ_BESIDE_ADD, _READ_AT)),
        )  # fmt: skip

    def port(self, children: NDArray[np.int32], plan: Plan, position: int) -> Port | None:
        """Return where the residual stream enters and leaves a child, None for one that has no stream."""
        child = int(children[position])
        bottom, height = float(plan.low[position, 1]), float(plan.size[position, 1])
        if self.has_lane[child]:
            lane = lane_of(float(plan.size[position, 0]) / height)
            return Port(bottom + lane.y * height, bottom + lane.y * height, lane.width * height)
        layers = self._tree.children(child)
        pairs = self.flow(child).pairs
        if len(layers) < 2 or not self._has_stream[child] or not pairs or not is_page(self._graph.kind[layers], pairs):
            return None
        apart = apart_of(self._graph.kind[layers])
        aspect = quantised(float(plan.size[position, 0]) / height)
        inner = pack_stack(self._arrangement_of(child), len(layers), apart, aspect, streams=True)
        port = stack_port(inner, len(layers) - apart, lanes=bool(self.has_lane[layers[0]]))
        return Port(bottom + port.enter * height, bottom + port.leave * height, port.width * height)

    def stream_of(self, node: int) -> int | None:
        """Return the weakest provenance of the residual stream between a container's children, None without one."""
        rows = self._rows(node)
        tags = self._lifted.provenance[rows][self._lifted.kind[rows] == EdgeKind.RESIDUAL]
        return int(tags.max()) if len(tags) else None
