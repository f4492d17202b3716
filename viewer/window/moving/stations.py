"""Which parts are worth framing: the stops on the way from the whole model into its depth, and sideways."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ....graph.kinds import NodeKind
from ....graph.model_graph import ModelGraph
from ....layout.placement import Placement

__all__ = ["beside", "common_container", "step_in", "step_out"]

_LAYERS = frozenset({NodeKind.LAYER, NodeKind.MTP})
_EXPERTS = frozenset({NodeKind.EXPERT, NodeKind.SHARED_EXPERT})


def common_container(graph: ModelGraph, nodes: Sequence[int]) -> int:
    """Return the innermost node that is or holds each of some nodes."""
    first, last = min(nodes), max(nodes)
    return next(node for node in (first, *graph.ancestors(first)) if last < node + graph.size[node])


def step_in(graph: ModelGraph, focus: int, hit: int) -> int:
    """Return the next stop on the way from `focus` to `hit`, the part under the cursor.

    From outside a layer that is the layer itself, from inside one it is the expert where there is
    one on the way, else the part of `focus` that holds `hit`. When `hit` lies outside `focus`, the
    way starts at the innermost container of both. Returns `focus` when `hit` is the focus itself.
    """
    way = [hit, *graph.ancestors(hit)]
    base = focus if focus in way else next(node for node in graph.ancestors(focus) if node in way)
    way = way[: way.index(base)][::-1]  # from the first part inside `base` down to `hit`
    if not way:
        return base
    inside = {graph.kind_of(node) for node in (base, *graph.ancestors(base))}
    wanted = _EXPERTS if inside & _LAYERS else _LAYERS
    for node in way:
        if graph.kind_of(node) in wanted:
            return node
    # A container with one part looks like that part, and one around all layers like the whole model:
    # stop at the first that shows something new.
    for node in way:
        if graph.child_count[node] != 1 and not _holds_layers(graph, node):
            return node
    return hit


def step_out(graph: ModelGraph, focus: int) -> int:
    """Return the stop before `focus` on the way down from the model; the model for itself."""
    last = stop = 0
    while stop != focus:
        last, stop = stop, step_in(graph, stop, focus)
    return last


def beside(graph: ModelGraph, placement: Placement, hidden: NDArray[np.bool_], node: int, right: int, up: int) -> int:
    """Return the shown sibling one step right (+1) or left (-1) in order, or above (+1) or below (-1) on the plan.

    Returns `node` itself where there is none.
    """
    parent = int(graph.parent[node])
    if parent < 0:
        return node
    siblings = graph.children(parent)
    siblings = siblings[~hidden[siblings] | (siblings == node)]
    place = int(np.searchsorted(siblings, node))
    if right:
        return int(siblings[np.clip(place + right, 0, len(siblings) - 1)])
    # In plan units, a step sideways costs three times a step up: the answer is above, not beside.
    offset = placement.center[siblings, :2] - placement.center[node, :2]
    ahead = offset[:, 1] * up
    cost = np.where(ahead > 1e-9, ahead + 3.0 * np.abs(offset[:, 0]), np.inf)
    best = int(np.argmin(cost))
    return int(siblings[best]) if np.isfinite(cost[best]) else node


def _holds_layers(graph: ModelGraph, node: int) -> bool:
    return bool(np.isin(graph.kind[graph.subtree(node)], list(_LAYERS)).any())
