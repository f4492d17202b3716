"""How each kind of container lays out its children: as a page of panels, a grid, by shares, or by size."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..graph.kinds import NodeKind
from ..graph.model_graph import ModelGraph
from .items import TENSOR_GAP, TENSOR_RIM, Naturals
from .pack import Frame, Items, Plan, pack_flow, pack_grid
from .ranks import ranks_of
from .shares import PLANNED
from .stack import LANE_STRIP, apart_of, is_page, pack_stack
from .tree import Tree

__all__ = ["Flow", "plan_of"]

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
# Operators and values stay small: this slender at most, and beside tensors this part of the largest one's side.
_CHIPS = (NodeKind.OPERATOR, NodeKind.VALUE)
_SLENDEREST_CHIP = 5.0
_LARGEST_CHIP = 0.5
_LARGEST_OF_FRAME = 0.15
# A frame narrower than this takes the columns of a plan by shares as rows.
_NARROW = 0.8


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


@dataclass(frozen=True, slots=True)
class _Container:
    """One container that is being planned."""

    node: int
    kind: NodeKind
    children: NDArray[np.int32]
    kinds: list[int]
    flow: Flow
    aspect: float

    def frame(self, rim: float, above: float = 0.0) -> Frame:
        """Return the frame less a rim, the strip of the residual lane and room above."""
        edge = rim * min(self.aspect, 1.0)
        floor = LANE_STRIP if self.flow.has_lane else edge
        return Frame(edge, floor, self.aspect - 2 * edge, 1.0 - floor - edge - above)


def plan_of(graph: ModelGraph, tree: Tree, naturals: Naturals, node: int, flow: Flow, aspect: float) -> Plan:
    """Return the plan of a container's children in a frame of the given aspect and height 1."""
    children = tree.children(node)
    container = _Container(node, graph.kind_of(node), children, graph.kind[children].tolist(), flow, aspect)
    kinds = set(container.kinds)
    if is_page(graph.kind[children]) and not flow.has_lane:
        return pack_stack(len(children), apart_of(graph.kind[children]), aspect, streams=bool(flow.pairs))
    if not flow.pairs and not flow.has_lane and len(children) > 2:
        tails = tree.tail[children]
        alike = (tree.key[tails] == tree.key[tails[0]]) & (tree.step[tails] == tree.step[tails[0]])
        if alike.all():
            return _equal(container, naturals)
        # transformers 5 has the activation that all experts use among them.
        if container.kind == NodeKind.EXPERTS and alike[:-1].all() and not graph.total_parameters[children[-1]]:
            return _equal_above_one(container, naturals)
    by_shares = not kinds.isdisjoint(PLANNED) or naturals.holds_stack(node)
    return _by_shares(container, naturals) if by_shares else _by_size(container, naturals)


def _equal(container: _Container, naturals: Naturals, above: int = 0) -> Plan:
    """Many equal children: a uniform grid.

    Parameters
    ----------
    above : int
        Children at the end that the grid leaves out, and room below it for them.
    """
    sizes = naturals.sizes(container.node, container.children[:1])
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
    return plan


def _equal_above_one(container: _Container, naturals: Naturals) -> Plan:
    """Many equal children as a grid, and a small one below them."""
    plan = _equal(container, naturals, above=1)
    low, high = 0.25 * _BELOW_GRID, 0.85 * _BELOW_GRID
    width = min(0.3 * container.aspect, 3.0 * (high - low))
    left = 0.5 * (container.aspect - width)
    return Plan(
        np.vstack([plan.low, [left, low]]),
        np.vstack([plan.size, [width, high - low]]),
        [*plan.row, len(plan.bands)],
        [*plan.column, 0],
        [*plan.bands, (low, high)],
        [*plan.slots, [(left, left + width)]],
        plan.scale,
    )


def _by_shares(container: _Container, naturals: Naturals) -> Plan:
    """Known blocks: columns whose widths are set by kind."""
    has_spine = naturals.holds_stack(container.node)
    in_panel = container.kind in (NodeKind.LAYER, NodeKind.MTP)
    ranks = ranks_of(naturals.roles(container.children), container.flow.pairs, container.kind)
    frame = container.frame(
        _SPINE_RIM if has_spine else _PANEL_RIM if in_panel else _BLOCK_RIM,
        _SKIP_LANE if _skips(ranks, container.flow) else 0.0,
    )
    shares = naturals.shares(container.node, container.children)
    widths = [max(shares[i] for i in rank) for rank in ranks]
    narrow = container.aspect < _NARROW and len(ranks) > 1
    length, across = (frame.height, frame.width) if narrow else (frame.width, frame.height)
    gutter = min(_GUTTER * (0.3 if has_spine else 1.0), 0.25 * length / len(ranks))
    # One natural unit is a percent of the panel; the other side is whatever fills the frame.
    unit = (length - gutter * (len(ranks) - 1)) / sum(widths)
    gap = gutter / unit
    u, v = [0.0] * len(shares), [0.0] * len(shares)
    for rank, width in zip(ranks, widths, strict=True):
        total = sum(shares[i] for i in rank)
        room = max(across / unit - gap * (len(rank) - 1), 0.1 * across / unit)
        for i in rank:
            if narrow:
                u[i], v[i] = across / unit, width * shares[i] / total
            else:
                u[i], v[i] = width, room * shares[i] / total
    stretch = [True] * len(shares)
    plan = pack_flow(ranks, Items(u, v, stretch, stretch), frame, gap, gap)
    sizes = naturals.sizes(container.node, container.children)
    ratio = sizes.u / sizes.v
    # A bar stands, as the flow crosses it.
    ratio[sizes.bar] = np.minimum(ratio, 1 / ratio)[sizes.bar]
    # Norms are as tall as their panel, so that the flow goes straight through.
    ratio[~sizes.rigid | (np.array(container.kinds) == NodeKind.NORM)] = np.nan
    _fit(plan, ratio)
    _trim_chips(plan, container, np.inf)
    return plan


def _by_size(container: _Container, naturals: Naturals) -> Plan:
    """Anything else: natural sizes, to one scale."""
    sizes = naturals.sizes(container.node, container.children)
    ranks = ranks_of(container.kinds, container.flow.pairs, container.kind)
    only_tensors = bool(sizes.rigid.all()) and all(kind == NodeKind.TENSOR for kind in container.kinds)
    if only_tensors:
        rim, gap, price = TENSOR_RIM, TENSOR_GAP * float(np.maximum(sizes.u, sizes.v).max()), 1.0
    else:
        mean = float(np.sqrt((sizes.u * sizes.v).mean()))
        rim = _RIM_OF_FLOW if container.flow.pairs else _RIM
        gap, price = (_GAP_OF_FLOW if container.flow.pairs else _GAP) * mean, _ROW_PRICE
    frame = container.frame(rim, _SKIP_LANE if _skips(ranks, container.flow) else 0.0)
    stretch: list[bool] = (~sizes.rigid).tolist()
    best: Plan | None = None
    # Vectors lie or stand, all alike: whichever leaves more room.
    for turned in (False, True) if sizes.bar.any() else (False,):
        turn = sizes.bar & turned
        items = Items(
            np.where(turn, sizes.v, sizes.u).tolist(), np.where(turn, sizes.u, sizes.v).tolist(), stretch, stretch
        )
        plan = pack_flow(ranks, items, frame, gap, gap, price)
        if best is None or plan.scale > best.scale * 1.001:
            best = plan
    assert best is not None
    _trim_chips(best, container, _LARGEST_CHIP * best.scale * float(np.sqrt((sizes.u * sizes.v).max())))
    return best


def _skips(ranks: list[list[int]], flow: Flow) -> bool:
    """Whether some flow passes a rank by."""
    rank_of = {child: r for r, rank in enumerate(ranks) for child in rank}
    return any(rank_of[target] - rank_of[source] != 1 for source, target in flow.pairs)


def _trim_chips(plan: Plan, container: _Container, most: float) -> None:
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
