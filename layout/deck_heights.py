"""The plates of decks in space: how far along w each is from the ground, and what follows them."""

import numpy as np
from numpy.typing import NDArray

from ..graph.kinds import NodeKind
from ..graph.model_graph import ModelGraph
from .boxes import Boxes
from .deck import levels
from .lift import Lifted
from .stack import apart_of
from .tree import Tree

__all__ = ["raise_decks", "tops"]

_RELIEF = 0.55  # of a step: what stands on a plate must leave a way before the next


def raise_decks(
    graph: ModelGraph, tree: Tree, lifted: Lifted, boxes: Boxes, decks: NDArray[np.int64]
) -> dict[int, float]:
    """Move the plates of decks along w, in place, with all that stands on them, and what follows a deck beside it.

    What stands on a plate becomes as flat as the distance to the next plate asks for.

    Parameters
    ----------
    decks : ndarray of int64
        The containers whose children are plates, none in another.

    Returns
    -------
    dict of int to float
        For each deck and each container around one, the height w of the plate from which its data goes on.
    """
    center, size = boxes.center, boxes.size
    leaves: dict[int, float] = {}
    shift: dict[int, float] = {}
    for deck in decks.tolist():
        plates = tree.children(deck)
        apart = apart_of(graph.kind[plates])
        width, height = size[plates[0], :2].tolist()
        backs, step = levels(len(plates), apart, width, height)
        inside = slice(int(plates[0]), int(plates[-1] + graph.size[plates[-1]]))
        ground = float(center[deck, 2] + size[deck, 2] / 2)
        relief = float((center[inside, 2] + size[inside, 2] / 2).max()) - ground
        flat = min(1.0, _RELIEF * step / relief)
        plate = np.searchsorted(plates, np.arange(inside.start, inside.stop), side="right") - 1
        center[inside, 2] = ground + (center[inside, 2] - ground) * flat + backs[plate]
        size[inside, 2] *= flat
        last = int(plates[len(plates) - apart - 1])
        leaves[deck] = float(center[last, 2] + size[last, 2] / 2)
        back = float(center[last, 2] - size[last, 2] / 2)
        node = deck
        while node > 0:
            parent = int(graph.parent[node])
            ground = float(center[parent, 2] + size[parent, 2] / 2)
            for after in _after(graph, lifted, parent, node):
                shift[after] = max(back - ground, shift.get(after, 0.0))
            node = parent
            leaves[node] = max(leaves[deck], leaves.get(node, -np.inf))
    for node, by in shift.items():
        center[graph.subtree(node), 2] += by
    return leaves


def tops(graph: ModelGraph, boxes: Boxes, around: dict[int, float]) -> NDArray[np.float64]:
    """Return up to which w each node and what stands on its plates reaches, shape (N,).

    That is a box's own front, but for decks and the containers around them the front of all that is in them.
    """
    top = boxes.center[:, 2] + boxes.size[:, 2] / 2
    highest = {node: float(top[graph.subtree(node)].max()) for node in around}
    for node, reach in highest.items():
        top[node] = reach
    return top


def _after(graph: ModelGraph, lifted: Lifted, parent: int, node: int) -> list[int]:
    """Return the children of `parent` that flow leads to from `node`, as far as no stack comes in between."""
    first, last = np.searchsorted(lifted.owner, [parent, parent + 1])
    source, target = lifted.source[first:last], lifted.target[first:last]
    holds = np.append(0, np.cumsum(graph.kind == NodeKind.STACK))
    reached: set[int] = set()
    ahead = [node]
    while ahead:
        for child in target[source == ahead.pop()].tolist():
            stack_inside = holds[child + graph.size[child]] > holds[child]
            if child != parent and child not in reached and not stack_inside:
                reached.add(child)
                ahead.append(child)
    return sorted(reached)
