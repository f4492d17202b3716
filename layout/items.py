"""What each container packs: natural sizes of its children, and the way they are packed."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..graph.kinds import NodeKind
from ..graph.model_graph import ModelGraph
from .footprint import STANDS, footprints, module_area, rim
from .shares import MANY_BLOCKS, NORM_BY_SPINE, OPERATOR_BY_SPINE, REST_BY_SPINE, SHARE, SPINE_SHARE
from .tree import Tree

__all__ = ["TENSOR_GAP", "TENSOR_RIM", "Naturals", "Sizes"]

# A module of up to this many tensors and nothing else is drawn to scale, as one thing.
_FEW_TENSORS = 6
# Room between the tensors of one module, as a part of the side of the largest.
TENSOR_GAP = 0.05
TENSOR_RIM = 0.02
# Heads have no matrices of their own; they get this part of what the projections around them take.
_HEADS_AREA = 0.7
_OPTIMIZER_AREA = 0.1
_HEADS_ALONE = 400.0
_BLOCKS = (NodeKind.ATTENTION, NodeKind.MLP, NodeKind.MOE)
_MANY_OPERATORS = 30  # in a block double its share of the panel
_LARGEST_TO_SMALLEST = 12.0  # sides of what stretches
_LARGEST_TO_TINIEST = 30.0  # sides of what is to scale


@dataclass(slots=True)
class Sizes:
    """Natural sizes of one container's children.

    Attributes
    ----------
    u, v : ndarray of float64, shape (n,)
    rigid : ndarray of bool, shape (n,)
        Keeps its proportions; everything else fills its slot.
    bar : ndarray of bool, shape (n,)
        A vector: may lie or stand.
    """

    u: NDArray[np.float64]
    v: NDArray[np.float64]
    rigid: NDArray[np.bool_]
    bar: NDArray[np.bool_]


class Naturals:
    """Natural sizes and shares of the nodes of one graph."""

    def __init__(self, graph: ModelGraph, tree: Tree) -> None:
        self._graph = graph
        self.tree = tree
        self._footprints = footprints(graph.shapes)
        self._is_vector = np.array([len(shape) == 1 for shape in graph.shapes] + [False])
        kinds = (NodeKind.STACK, NodeKind.OUTPUT, NodeKind.OPERATOR)
        self._of_kind = {kind: np.flatnonzero(graph.kind == kind) for kind in kinds}
        self._modules: dict[int, tuple[float, float]] = {}

    def holds_stack(self, node: int) -> bool:
        """Whether a node is a stack or has one inside."""
        return bool(self._inside(NodeKind.STACK, np.array([node]))[0])

    def _inside(self, kind: NodeKind, nodes: NDArray[np.integer]) -> NDArray[np.int64]:
        """Return how many nodes of a kind each subtree has."""
        ids = self._of_kind[kind]
        return np.searchsorted(ids, nodes + self._graph.size[nodes]) - np.searchsorted(ids, nodes)

    def roles(self, children: NDArray[np.int32]) -> list[int]:
        """Return the children's kinds; a plain module around an output head counts as one."""
        kind = self._graph.kind[children]
        holds = (self._inside(NodeKind.OUTPUT, children) > 0) & (self._inside(NodeKind.STACK, children) == 0)
        return np.where(holds & (kind == NodeKind.MODULE), NodeKind.OUTPUT, kind).tolist()

    def sizes(self, container: int, children: NDArray[np.int32]) -> Sizes:
        """Return the natural sizes of a container's children."""
        graph, tree = self._graph, self.tree
        tails = tree.tail[children]
        leaf = tree.count[tails] == 0
        shaped = graph.shape_code[tails] >= 0
        size = self._footprints[graph.shape_code[tails]]
        grown = size + _rim_around(size.min(1), tree.step[tails])[:, None]
        u, v = grown[:, 0].copy(), grown[:, 1].copy()
        rigid = leaf & shaped
        bar = rigid & self._is_vector[graph.shape_code[tails]]
        kinds = graph.kind[children]
        heads: list[int] = []
        optimizers: list[int] = []
        for k in np.flatnonzero(~leaf).tolist():
            tail = int(tails[k])
            if kinds[k] == NodeKind.HEADS:
                heads.append(k)
            elif kinds[k] == NodeKind.OPTIMIZER:
                optimizers.append(k)
            elif (own := self._module(tail)) is not None:
                extra = float(_rim_around(np.array(min(own)), tree.step[tail]))
                u[k], v[k], rigid[k] = own[0] + extra, own[1] + extra, True
            else:
                side = module_area(int(graph.total_parameters[tail]), int(graph.size[tail])) ** 0.5
                u[k], v[k] = 1.15 * side, side / 1.15
        standing = STANDS[kinds] | (STANDS[graph.kind[container]] & leaf)
        rigid &= ~standing
        for some, part in ((heads, _HEADS_AREA), (optimizers, _OPTIMIZER_AREA)):
            if some:
                others = np.delete(u * v, some)
                side = (part * float(others.sum()) / len(some) if len(others) else _HEADS_ALONE) ** 0.5
                u[some], v[some] = side, side
        _shrink_the_rest(u, v, rigid, graph.total_parameters[children] > 0)
        _lift_the_small(u, v, rigid)
        return Sizes(u, v, rigid, bar)

    def _module(self, tail: int) -> tuple[float, float] | None:
        """Return the natural size of a module of few tensors, None for other containers."""
        tree, graph = self.tree, self._graph
        if tree.count[tail] > _FEW_TENSORS:
            return None
        key = int(tree.key[tail])
        if key not in self._modules:
            children = tree.children(tail)
            if not len(children) or tree.count[children].any() or (graph.shape_code[children] < 0).any():
                return None
            self._modules[key] = _natural_module(self.sizes(tail, children))
        return self._modules[key]

    def shares(self, container: int, children: NDArray[np.int32]) -> list[float]:
        """Return what part of a panel each child takes, by its kind."""
        graph = self._graph
        whole = int(graph.size[container])
        by_spine = self.holds_stack(container)
        sizes: list[int] = graph.total_parameters[children].tolist()
        largest = max(max(sizes), 1)
        kinds: list[int] = graph.kind[children].tolist()
        number = Counter(kinds)
        shares: list[float] = []
        for child, kind, parameters in zip(children.tolist(), kinds, sizes, strict=True):
            if kind == NodeKind.NORM and by_spine:
                share = NORM_BY_SPINE
            elif kind == NodeKind.OPERATOR and by_spine:
                share = OPERATOR_BY_SPINE
            elif kind in _BLOCKS:
                share = SHARE[NodeKind(kind)] * number[kind] ** (MANY_BLOCKS - 1)
                share *= min(1 + int(self._inside(NodeKind.OPERATOR, np.array([child]))[0]) / _MANY_OPERATORS, 2.0)
            elif kind in SHARE:
                share = SHARE[NodeKind(kind)]
            elif kind == NodeKind.LAYER:  # one that is in no stack
                share = SPINE_SHARE * number[kind] ** (MANY_BLOCKS - 1)
            elif self.holds_stack(child):
                share = max(SPINE_SHARE * (int(graph.size[child]) / whole) ** 0.5, SHARE[NodeKind.OPTIMIZER])
            elif self._inside(NodeKind.OUTPUT, np.array([child]))[0]:
                share = SHARE[NodeKind.OUTPUT] + SHARE[NodeKind.NORM]
            else:
                most = REST_BY_SPINE if by_spine else SHARE[NodeKind.MLP]
                share = max(most * (parameters / largest) ** 0.25, SHARE[NodeKind.NORM])
            shares.append(share)
        return shares


def _rim_around(side: NDArray[np.float64], step: NDArray[np.int32]) -> NDArray[np.float64]:
    """Return how much larger, in both directions, a run's head is than its member of smaller side `side`."""
    return side / (1.0 - 2.0 * rim(step)) - side


def _natural_module(sizes: Sizes) -> tuple[float, float]:
    """Return the natural size of tensors side by side or one below the other, whichever is more compact."""
    gap = TENSOR_GAP * float(np.maximum(sizes.u, sizes.v).max())
    gaps = gap * (len(sizes.u) - 1)
    standing_u, standing_v = np.where(sizes.bar, [sizes.v, sizes.u], [sizes.u, sizes.v])
    beside = float(standing_u.sum()) + gaps, float(standing_v.max())
    below = float(sizes.u.max()), float(sizes.v.sum()) + gaps
    u, v = below if below[0] * below[1] < beside[0] * beside[1] else beside
    extra = min(u, v) / (1.0 - 2.0 * TENSOR_RIM) - min(u, v)
    return u + extra, v + extra


def _shrink_the_rest(
    u: NDArray[np.float64], v: NDArray[np.float64], rigid: NDArray[np.bool_], counts: NDArray[np.bool_]
) -> None:
    """Scale down, in place, tensors that are no parameters (masks, caches) to the largest that is one."""
    matters, rest = rigid & counts, rigid & ~counts
    if matters.any() and rest.any():
        most = (u * v)[matters].max()
        factor = np.minimum(np.sqrt(most / (u * v)[rest]), 1.0)
        u[rest] *= factor
        v[rest] *= factor


def _lift_the_small(u: NDArray[np.float64], v: NDArray[np.float64], rigid: NDArray[np.bool_]) -> None:
    """Scale up, in place, what would be too small to see beside the largest."""
    side = np.sqrt(u * v)
    range_of_sides = np.where(rigid, _LARGEST_TO_TINIEST, _LARGEST_TO_SMALLEST)
    factor = np.maximum(float(side.max()) / range_of_sides / side, 1.0)
    u *= factor
    v *= factor
