"""ModelGraph -> Placement: every node's box and every drawn edge, in time linear in the graph."""

from collections.abc import Iterable
from numbers import Real

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from ..graph.model_graph import ModelGraph
from .boxes import set_boxes
from .deck_heights import raise_decks, tops
from .deck_routes import with_decks
from .hiding import among_shown, hidden_mask, leave_out
from .lift import lift, lifted_ends
from .placement import Placement
from .ports import set_ports
from .ribbons import set_routes
from .stack import ARRANGEMENTS, picked
from .template import Library
from .tree import survey

__all__ = ["ARRANGEMENTS", "place"]


def place(
    graph: ModelGraph,
    aspect: float = 16 / 9,
    arrangement: str = "auto",
    hidden: Iterable[int] | NDArray[np.bool_] | None = None,
) -> Placement:
    """Lay a model out.

    Every container lays out its children alone, in a frame of its own; the resulting templates are shared
    by all containers of equal structure and shape, and set into place level by level.

    Parameters
    ----------
    graph : ModelGraph
    aspect : float
        Width over height of the root plate.
    arrangement : str
        One of `ARRANGEMENTS`: "wrap" sets a stack's layers into rows, like text on a page; "row" sets them side by
        side as spines; "deck" sets them one behind another along w; "auto" picks "wrap" or "row" by the aspect and
        the number of layers (`stack.picked`). Each keeps every order. Stacks inside a layer are always wrapped.
    hidden : iterable of int, or ndarray of bool, shape (N,), optional
        Nodes to leave out with all that is in them. A container that has some of them as children keeps its box and
        packs its other children anew; nothing else is touched, and what stays keeps its order. A hidden node gets size
        0 and the centre of the nearest container that is shown.

    Returns
    -------
    Placement
        The same for the same input, bit for bit. The root is centred at u = v = 0 and 1000 high.

    Raises
    ------
    UsageError
        When the arrangement, the aspect or what is hidden makes no sense.
    """
    if arrangement not in ARRANGEMENTS:
        raise UsageError(f"arrangement {arrangement!r} is not known; one of: {', '.join(ARRANGEMENTS)}")
    if not isinstance(aspect, Real) or not (0.01 <= aspect <= 100):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise UsageError(f"aspect {str(aspect)[:60]} is out of range; between 0.01 and 100")
    ends = lifted_ends(graph)
    lifted, shared = lift(graph, ends)
    tree = survey(graph, lifted)
    arrangement = picked(arrangement, graph, aspect)
    library = Library(graph, tree, lifted, arrangement=arrangement)
    library.make(aspect)
    left_out = None if hidden is None else hidden_mask(graph, hidden)
    if left_out is not None and left_out.any():
        tree = survey(graph, lifted, left_out)
        lifted = among_shown(lifted, left_out)
        library = Library(graph, tree, lifted, library, arrangement)
        library.make(aspect)
    boxes = set_boxes(graph, tree, library.templates, aspect)
    decks = np.flatnonzero(np.isin(boxes.template, library.decks))
    leaves = raise_decks(graph, tree, lifted, boxes, decks)
    if left_out is not None:
        leave_out(graph, left_out, boxes.center, boxes.size)
    routes = with_decks(set_routes(tree, library.templates, boxes), graph, tree, lifted, boxes, decks, leaves)
    top = tops(graph, boxes, leaves)
    ports = set_ports(graph, ends, shared, tree.tail, boxes.center, boxes.size)
    return Placement(arrangement, aspect, boxes.center, boxes.size, top, routes, ports)
