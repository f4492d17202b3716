"""How each kind of container lays out its children: as a page of panels, a grid, by shares, or by size."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..graph.kinds import NodeKind
from ..graph.model_graph import ModelGraph
from .columns import flow_rows
from .items import TENSOR_GAP, TENSOR_RIM, Naturals, Sizes
from .lanes import lane_of
from .pack import NO_ROOM, Frame, Items, Plan, Room, pack_grid, pack_rows
from .ranks import ranks_of
from .shares import PLANNED
from .stack import apart_of, is_page, pack_stack
from .tree import Tree

__all__ = ["Flow", "Planner"]

# Rims and gutters, as parts of the smaller side of a frame unless said otherwise.
_RIM = 0.03
_PANEL_RIM = 0.022
_RIM_OF_FLOW = 0.045  # routes may turn there
_BLOCK_RIM = 0.014  # blocks inside a layer's panel
_SPINE_RIM = 0.006  # around the stack: the page is to be filled
_GRID_GAP = 0.13  # of a cell
_BELOW_GRID = 0.08  # of the frame's height
_GUTTER = 0.028  # between columns of a plan by shares
_GAP = 0.10  # of the side of a mean item
_GAP_OF_FLOW = 0.18
_SKIP_LANE = 0.04
_ROW_PRICE = 1.25
_FREE_ROWS = 6.0  # in a frame more slender than this, rows have no price: it would only become more slender inside
# Operators and values stay small: this slender at most, and beside tensors this part of the largest one's side.
_CHIPS = (NodeKind.OPERATOR, NodeKind.VALUE)
_SLENDEREST_CHIP = 5.0
_LARGEST_CHIP = 0.5
_LARGEST_OF_FRAME = 0.15
# A frame narrower than this takes the columns of a plan by shares as rows.
_NARROW = 0.8
_CHIPS_A_ROW, _CHIP_LINE = 8, 3.0  # number, and share at least


@dataclass(frozen=True, slots=True)
class Flow:
    """What flows inside one container, with children by position.

    Attributes
    ----------
    pairs : list of (int, int)
        From child to child.
    reads, adds : list of int
        Children that read from, or add to, the container's residual stream.
    """

    pairs: list[tuple[int, int]]
    reads: list[int]
    adds: list[int]

    @property
    def has_lane(self) -> bool:
        """Whether the container has a residual stream of its own."""
        return bool(self.reads or self.adds)


class Planner:
    """Plans one container's children; some of them may be hidden, and are not placed then.

    Parameters
    ----------
    graph : ModelGraph
    tree : Tree
        Tells which children are placed.
    naturals : Naturals
        Of the whole graph.
    node : int
        The container.
    flow : Flow
        Between these children.
    aspect : float
        Of the frame, whose height is 1.
    every_flow : Flow, optional
        Between all children, where some are hidden: it tells how those that are placed are laid out and ordered.
    arrangement : str
        How layers are arranged, if its children are layers.
    """

    def __init__(
        self,
        graph: ModelGraph,
        tree: Tree,
        naturals: Naturals,
        node: int,
        flow: Flow,
        aspect: float,
        every_flow: Flow | None = None,
        arrangement: str = "wrap",
    ) -> None:
        self._graph, self._tree = graph, tree
        self.naturals, self.node, self.kind = naturals, node, graph.kind_of(node)
        self.flow, self.aspect, self._arrangement = flow, aspect, arrangement
        self.children, self.every = tree.children(node), naturals.tree.children(node)
        self.kinds: list[int] = graph.kind[self.children].tolist()
        self.every_kinds: list[int] = graph.kind[self.every].tolist()
        self._every_flow = every_flow or flow
        self.room = NO_ROOM
        self.rows: int | None = None  # of the last plan by size; with room for ways it has as many

    def plan(self, room: Room = NO_ROOM) -> Plan:
        """Return the plan.

        Parameters
        ----------
        room : Room
            Free space at least, where children are packed by shares or by size.
        """
        self.room = room
        graph, tree, whole = self._graph, self._tree, self._every_flow
        if not whole.has_lane and is_page(graph.kind[self.every], whole.pairs):
            apart = apart_of(graph.kind[self.children])
            return pack_stack(self._arrangement, len(self.children), apart, self.aspect, streams=bool(whole.pairs))
        if not whole.pairs and not whole.has_lane and len(self.every) > 2:
            tails = tree.tail[self.children]
            key = self.naturals.tree.key[tails]  # what is hidden inside children does not make them look different
            alike = (key == key[0]) & (tree.step[tails] == tree.step[tails[0]])
            if alike.all():
                return _equal(self)
            # transformers 5 has the activation that all experts use among them.
            last_is_empty = not graph.total_parameters[self.children[-1]]
            if self.kind == NodeKind.EXPERTS and alike[:-1].all() and last_is_empty:
                return _equal(self, above=1)
        by_shares = any(kind in PLANNED for kind in set(self.every_kinds)) or self.naturals.holds_stack(self.node)
        return _by_shares(self) if by_shares else _by_size(self)

    @cached_property
    def sizes(self) -> Sizes:
        """Natural sizes of the children."""
        return self.naturals.sizes(self.node, self.children)

    def frame(self, rim: float, above: float = 0.0) -> Frame:
        """Return the frame less a rim, the strip of the residual lane, and the room that ways need."""
        edge, room = rim * min(self.aspect, 1.0), self.room
        left, right, top = max(edge, room.left), max(edge, room.right), max(edge + above, room.top)
        floor = lane_of(self.aspect).strip + room.bottom if self.flow.has_lane else max(edge, room.bottom)
        return Frame(left, floor, self.aspect - left - right, 1.0 - floor - top)

    @cached_property
    def ranks_by_kind(self) -> list[list[int]]:
        """The children's ranks."""
        return self._ranks(self.every_kinds)

    @cached_property
    def ranks_by_role(self) -> list[list[int]]:
        """The children's ranks, where plain modules that stand for something known count as that."""
        return self._ranks(self.naturals.roles(self.every))

    def _ranks(self, roles: list[int]) -> list[list[int]]:
        """Return the children's ranks, in the order that all have together; `roles` are those of all."""
        ranks = ranks_of(roles, self._every_flow.pairs, self.kind)
        if len(self.children) == len(self.every):
            return ranks
        position = {child: k for k, child in enumerate(np.searchsorted(self.every, self.children).tolist())}
        placed = [[position[child] for child in rank if child in position] for rank in ranks]
        return [rank for rank in placed if rank]


def _equal(container: Planner, above: int = 0) -> Plan:
    """Many equal children: a uniform grid.

    Parameters
    ----------
    above : int
        Children at the end that stand by themselves below the grid.
    """
    sizes = container.naturals.sizes(container.node, container.children[:1])
    want = 1.0 if container.kind in (NodeKind.EXPERTS, NodeKind.HEADS) else float(sizes.u[0] / sizes.v[0])
    count = len(container.children) - above

    def grid(rim: float) -> Plan:
        frame = container.frame(rim)
        floor = _BELOW_GRID if above else 0.0
        frame = Frame(frame.left, frame.bottom + floor, frame.width, frame.height - floor)
        return pack_grid(count, frame, want, _GRID_GAP)

    plan = grid(0.0)
    # The rim is as wide as a gap, so that grids of any size look alike.
    space = _GRID_GAP * min(container.aspect / len(plan.slots[0]), 1.0 / len(plan.bands))
    plan = grid(0.5 * space / min(container.aspect, 1.0))
    if sizes.rigid[0]:
        _fit(plan, np.full(count, want))
    return _with_one_below(plan, container.aspect) if above else plan


def _with_one_below(plan: Plan, aspect: float) -> Plan:
    """Return a grid's plan with a small child below it."""
    low, high = 0.25 * _BELOW_GRID, 0.85 * _BELOW_GRID
    width = min(0.3 * aspect, 3.0 * (high - low))
    left = 0.5 * (aspect - width)
    return Plan(
        np.vstack([plan.low, [left, low]]),
        np.vstack([plan.size, [width, high - low]]),
        [*plan.row, len(plan.bands)],
        [*plan.column, 0],
        [*plan.bands, (low, high)],
        [*plan.slots, [(left, left + width)]],
        plan.scale,
    )


def _by_shares(container: Planner) -> Plan:
    """Known blocks: columns whose widths are set by kind."""
    naturals = container.naturals
    has_spine = naturals.holds_stack(container.node)
    in_panel = container.kind in (NodeKind.LAYER, NodeKind.MTP)
    ranks = container.ranks_by_role
    frame = container.frame(
        _SPINE_RIM if has_spine else _PANEL_RIM if in_panel else _BLOCK_RIM,
        _SKIP_LANE if _skips(ranks, container.flow) else 0.0,
    )
    shares = naturals.shares(container.node, container.children)
    # In a narrow frame ranks are rows, those of operators several to a row.
    narrow = container.aspect < _NARROW and len(ranks) > 1
    lines = _lines(ranks, container.kinds) if narrow else [[rank] for rank in ranks]
    if narrow:  # an operator that lies across the frame is no thread
        kinds = container.kinds
        shares = [
            max(share, _CHIP_LINE) if kind in _CHIPS else share for share, kind in zip(shares, kinds, strict=True)
        ]
    widths = [max(shares[i] for rank in line for i in rank) for line in lines]
    length, across = (frame.height, frame.width) if narrow else (frame.width, frame.height)
    wanted = container.room.corridor if narrow else container.room.gutter
    gutter = min(max(_GUTTER * (0.3 if has_spine else 1.0), wanted), 0.25 * length / len(lines))
    # One natural unit is a percent of the panel; the other side is whatever fills the frame.
    unit = (length - gutter * (len(lines) - 1)) / sum(widths)
    gap = gutter / unit
    u, v = [0.0] * len(shares), [0.0] * len(shares)
    for line, width in zip(lines, widths, strict=True):
        part = across / unit / len(line) - gap * (1 - 1 / len(line))
        for rank in line:
            total = sum(shares[i] for i in rank)
            free = max(across / unit - gap * (len(rank) - 1), 0.1 * across / unit)
            for i in rank:
                u[i], v[i] = (part, width * shares[i] / total) if narrow else (width, free * shares[i] / total)
    stretch = [True] * len(shares)
    items = Items(u, v, stretch, stretch)
    plan = pack_rows(lines if narrow else flow_rows(ranks, items, frame, gap), items, frame, gap)
    sizes = container.sizes
    ratio = sizes.u / sizes.v
    # A bar stands, as the flow crosses it.
    ratio[sizes.bar] = np.minimum(ratio, 1 / ratio)[sizes.bar]
    # Norms are as tall as their panel, so that the flow goes straight through.
    ratio[~sizes.rigid | (np.array(container.kinds) == NodeKind.NORM)] = np.nan
    _fit(plan, ratio)
    _trim_chips(plan, container, np.inf)
    return plan


def _lines(ranks: list[list[int]], kinds: list[int]) -> list[list[list[int]]]:
    """Return the rows of a narrow frame: one a rank, but several ranks of nothing but operators and values."""
    lines: list[list[list[int]]] = []
    small = False
    for rank in ranks:
        chips = all(kinds[i] in _CHIPS for i in rank)
        if chips and small and len(lines[-1]) < _CHIPS_A_ROW:
            lines[-1].append(rank)
        else:
            lines.append([rank])
        small = chips
    return lines


def _by_size(container: Planner) -> Plan:
    """Anything else: natural sizes, to one scale."""
    sizes = container.sizes
    ranks = container.ranks_by_kind
    only_tensors = bool(sizes.rigid.all()) and all(kind == NodeKind.TENSOR for kind in container.kinds)
    if only_tensors:
        rim, gap, price = TENSOR_RIM, TENSOR_GAP * float(np.maximum(sizes.u, sizes.v).max()), 1.0
    else:
        mean = float(np.sqrt((sizes.u * sizes.v).mean()))
        rim = _RIM_OF_FLOW if container.flow.pairs else _RIM
        gap = (_GAP_OF_FLOW if container.flow.pairs else _GAP) * mean
        price = _ROW_PRICE if 1 / _FREE_ROWS < container.aspect < _FREE_ROWS else 1.0
    frame = container.frame(rim, _SKIP_LANE if _skips(ranks, container.flow) else 0.0)
    stretch: list[bool] = (~sizes.rigid).tolist()
    best: Plan | None = None
    # Vectors lie or stand, all alike: whichever leaves more room. Norms stand, as the flow crosses them.
    stands = (np.array(container.kinds) == NodeKind.NORM) & bool(container.flow.pairs)
    for turned in (False, True) if sizes.bar.any() else (False,):
        turn = sizes.bar & (stands | turned)
        items = Items(
            np.where(turn, sizes.v, sizes.u).tolist(), np.where(turn, sizes.u, sizes.v).tolist(), stretch, stretch
        )
        rows = flow_rows(ranks, items, frame, gap, price, container.room, container.rows)
        plan = pack_rows(rows, items, frame, gap, container.room)
        if best is None or plan.scale > best.scale * 1.001:
            best = plan
    assert best is not None
    container.rows = len(best.bands)
    _trim_chips(best, container, _LARGEST_CHIP * best.scale * float(np.sqrt((sizes.u * sizes.v).max())))
    return best


def _skips(ranks: list[list[int]], flow: Flow) -> bool:
    """Whether some flow passes a rank by."""
    rank_of = {child: r for r, rank in enumerate(ranks) for child in rank}
    return any(rank_of[target] - rank_of[source] != 1 for source, target in flow.pairs)


def _trim_chips(plan: Plan, container: Planner, most: float) -> None:
    """Shrink, in place, operators and values about their centres: they say what is done, not how much there is.

    Parameters
    ----------
    most : float
        Longest side.
    """
    chips = np.isin(container.kinds, _CHIPS)
    if not chips.any():
        return
    size = plan.size[chips]
    trimmed = np.minimum(np.minimum(size, _SLENDEREST_CHIP * size.min(1, keepdims=True)), most)
    trimmed[trimmed > _LARGEST_OF_FRAME] = _LARGEST_OF_FRAME
    plan.low[chips] += (size - trimmed) / 2
    plan.size[chips] = trimmed


def _fit(plan: Plan, ratio: NDArray[np.float64]) -> None:
    """Shrink, in place, each box to its own ratio of u to v about its centre; NaN leaves it as it is."""
    size = plan.size
    has = ~np.isnan(ratio)
    new = size.copy()
    new[has, 0] = np.minimum(size[has, 0], size[has, 1] * ratio[has])
    new[has, 1] = new[has, 0] / ratio[has]
    plan.low[:] += (size - new) / 2
    plan.size[:] = new
