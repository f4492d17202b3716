"""Parts that a layout leaves out: which nodes these are, and where they are while they are nowhere."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from ..graph.model_graph import ModelGraph
from .lift import Lifted

__all__ = ["among_shown", "hidden_mask", "leave_out"]


def hidden_mask(graph: ModelGraph, hidden: Iterable[int] | NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which nodes are hidden: those that are named, and all that is inside them.

    Parameters
    ----------
    hidden : iterable of int, or ndarray of bool, shape (N,)
        Nodes; what they contain is hidden with them.

    Returns
    -------
    ndarray of bool, shape (N,)

    Raises
    ------
    UsageError
        When the root is among them, or there is no such node.
    """
    n = len(graph)
    try:
        given = np.asarray(hidden if isinstance(hidden, np.ndarray) else list(hidden))
    except (TypeError, ValueError):
        raise UsageError("hidden parts are named by ids, or by a mask of a value a node") from None
    if given.dtype == np.bool_ and given.shape != (n,):
        raise UsageError(f"a mask of hidden parts has shape {given.shape}; ({n},), a value a node, would be right")
    if given.dtype != np.bool_ and (given.ndim != 1 or (given.size and given.dtype.kind not in "iu")):
        raise UsageError("ids of hidden parts are a flat list of whole numbers")
    roots = np.flatnonzero(given) if given.dtype == np.bool_ else np.unique(given).astype(np.int64)
    if len(roots) and not (roots[0] > 0 and roots[-1] < n):
        raise UsageError("the whole model cannot be hidden; ids of parts inside it would be right")
    # A node is hidden while more subtrees of hidden nodes have begun than ended.
    change = np.zeros(n + 1, np.int64)
    change[roots] += 1
    np.subtract.at(change, roots + graph.size[roots], 1)
    return np.cumsum(change[:n]) > 0


def among_shown(lifted: Lifted, hidden: NDArray[np.bool_]) -> Lifted:
    """Return the flow whose ends are both shown, even where the parts inside them that cause it are hidden."""
    return lifted.taken(~(hidden[lifted.source] | hidden[lifted.target]))


def leave_out(
    graph: ModelGraph, hidden: NDArray[np.bool_], center: NDArray[np.float64], size: NDArray[np.float64]
) -> None:
    """Give hidden nodes, in place, no size and the centre of the nearest container that is shown."""
    roots = np.flatnonzero(hidden & ~hidden[graph.parent])  # the root is shown, so its parent of -1 says nothing
    size[hidden] = 0.0
    center[hidden] = np.repeat(center[graph.parent[roots]], graph.size[roots], axis=0)
