"""Templates: the plan of one container, made once for all containers of the same structure and shape."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..graph.model_graph import ModelGraph
from .flows import Flows
from .footprint import rim
from .items import Naturals
from .lanes import lane_of, quantised
from .lift import Lifted
from .links import SELF
from .pack import Plan
from .plans import Flow, Planner
from .route_table import RouteTable, Stretch
from .stack import apart_of, holders_of_layers, in_panels, is_page, stack_port
from .tree import Tree

__all__ = ["Library", "Template"]

_PLANS_WITH_ROOM = 2  # the first may cut ranks into other columns, which have other tracks


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
    """All templates that one graph needs, from the root's down; no recursion.

    Parameters
    ----------
    graph : ModelGraph
    tree : Tree
    lifted : Lifted
        Flow between what the tree places.
    whole : Library, optional
        The finished library of the same graph with nothing hidden. Containers that have nothing hidden directly in them
        are planned as they are there.
    arrangement : str
        Of the layers of each stack that is in no layer itself; those in layers are wrapped.

    Attributes
    ----------
    templates : list of Template
    decks : list of int
        Which of them have their children one behind another.
    """

    def __init__(
        self, graph: ModelGraph, tree: Tree, lifted: Lifted, whole: "Library | None" = None, arrangement: str = "wrap"
    ) -> None:
        self._graph = graph
        self._tree = tree
        self._lifted = lifted
        self._whole = whole or self
        self._naturals = whole._naturals if whole else Naturals(graph, tree)
        self._plans: dict[tuple[int, float, str], Plan] = whole._plans if whole else {}
        self._orders: list[_Order] = []
        self._index: dict[tuple[int, float, bool, bool, bool], int] = {}
        self._arrangement = arrangement
        self._holds_layers = holders_of_layers(graph)
        self._wrapped = np.ones(len(graph), np.bool_) if arrangement == "wrap" else in_panels(graph)
        self._flows = Flows(graph, tree, lifted, self._arrangement_of)
        self.templates: list[Template] = []
        self.decks: list[int] = []

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
        stretched = [quantised(aspect) for aspect in aspects.tolist()]
        is_stack = self._holds_layers[tails]  # only these have leads from and to their edges
        keys = zip(
            self._tree.key[tails].tolist(), stretched, (entered & is_stack).tolist(), (left & is_stack).tolist(),
            self._wrapped[tails].tolist(), strict=True,
        )  # fmt: skip
        found = np.empty(len(tails), np.int32)
        for k, key in enumerate(keys):
            number = self._index.get(key)
            if number is None:
                number = self._index[key] = len(self._orders)
                self._orders.append(_Order(int(tails[k]), key[1], key[2], key[3]))
            found[k] = number
        return found

    def _template(self, order: _Order) -> Template:
        tree = self._tree
        flow = self._flows.flow(order.node)
        plan = self._plan(order, flow)
        children = tree.children(order.node)
        tails = tree.tail[children]
        inner = tree.count[tails] > 0
        child = np.full(len(children), -1, np.int32)
        if inner.any():
            aspects = _inner_aspect(plan.size[inner, 0], plan.size[inner, 1], tree.step[tails[inner]])
            entered, left = self._flows.entered[children[inner]], self._flows.left[children[inner]]
            child[inner] = self._order(tails[inner], aspects, entered, left)
        unit = np.array([order.aspect, 1.0])
        is_deck = self._arrangement_of(order.node) == "deck" and self._is_page(order.node)
        if is_deck:
            self.decks.append(len(self.templates))
            # Ways between the plates of a deck are not on a plate: `deck_routes` finds them.
            routes = RouteTable.of([], None, None, order.aspect)
        else:
            routes = self._flows.routes(order.node, order.aspect, plan, flow, self._leads(order, plan))
        return Template(plan.low / unit, plan.size / unit, child, routes)

    def _plan(self, order: _Order, flow: Flow) -> Plan:
        """Return a container's plan; where all of its children are placed, that of any container of its structure."""
        whole = self._whole
        if self._tree.count[order.node] < whole._tree.count[order.node]:
            return self._planned(order, flow, whole._flows.flow(order.node))
        key = int(whole._tree.key[order.node]), order.aspect, self._arrangement_of(order.node)
        if key not in self._plans:
            self._plans[key] = self._planned(order, flow)
        return self._plans[key]

    def _planned(self, order: _Order, flow: Flow, every: Flow | None = None) -> Plan:
        node, arrangement = order.node, self._arrangement_of(order.node)
        planner = Planner(self._graph, self._tree, self._naturals, node, flow, order.aspect, every, arrangement)
        plan = planner.plan()
        # The number of tracks in the gutters is known only when there is a plan; with it, the next one has the room.
        for _ in range(_PLANS_WITH_ROOM):
            room = self._flows.room(node, order.aspect, plan, flow)
            if room is None:
                break
            plan = planner.plan(room)
        return plan

    def _arrangement_of(self, node: int) -> str:
        return "wrap" if self._wrapped[node] else self._arrangement

    def _is_page(self, node: int) -> bool:
        """Whether a container's children are arranged as a stack, where some may be hidden."""
        flow, every = self._whole._flows.flow(node), self._whole._tree.children(node)
        return not flow.has_lane and is_page(self._graph.kind[every], flow.pairs)

    def _leads(self, order: _Order, plan: Plan) -> list[Stretch]:
        """Return the stretches that join a stack's edges to its first and last layer, unless these are hidden."""
        children, every = self._tree.children(order.node), self._whole._tree.children(order.node)
        tag = self._flows.stream_of(order.node)
        if not (order.entered or order.left) or tag is None or not self._is_page(order.node):
            return []
        main = len(children) - apart_of(self._graph.kind[children])
        lanes = bool(self._flows.has_lane[children[0]])
        port = stack_port(plan, main, lanes=lanes)
        stretches: list[Stretch] = []
        if order.entered and children[0] == every[0]:
            corners = [(0.0, port.enter), (float(plan.low[0, 0]), port.enter)]
            stretches.append(Stretch(SELF, 0, tag, corners, port.width))
        if order.left and children[main - 1] == every[len(every) - apart_of(self._graph.kind[every]) - 1]:
            (left, bottom), (width, height) = plan.low[main - 1].tolist(), plan.size[main - 1].tolist()
            lane = bottom + (lane_of(width / height).y if lanes else 0.5) * height
            slots, column = plan.slots[plan.row[main - 1]], plan.column[main - 1]
            gutter = (slots[column][1] + (slots[column + 1][0] if column + 1 < len(slots) else order.aspect)) / 2
            corners = [(left + width, lane), (gutter, lane), (gutter, port.leave), (order.aspect, port.leave)]
            stretches.append(Stretch(main - 1, SELF, tag, corners, port.width))
        return stretches


def _inner_aspect(
    width: NDArray[np.float64], height: NDArray[np.float64], step: NDArray[np.int32]
) -> NDArray[np.float64]:
    """Return the aspect of the last member of runs whose heads have the given sizes."""
    edge = 2.0 * rim(step) * np.minimum(width, height)
    return (width - edge) / (height - edge)
