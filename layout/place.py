"""ModelGraph -> Placement: every node's box and every drawn edge, in time linear in the graph."""

from math import isfinite

from ..errors import UsageError
from ..graph.model_graph import ModelGraph
from .boxes import set_boxes
from .lift import lift
from .placement import Placement
from .ribbons import set_routes
from .template import Library
from .tree import survey

__all__ = ["ARRANGEMENTS", "place"]

ARRANGEMENTS = ("wrap",)


def place(graph: ModelGraph, aspect: float = 16 / 9, arrangement: str = "wrap") -> Placement:
    """Lay a model out.

    Every container lays out its children alone, in a frame of its own; the resulting templates are shared
    by all containers of equal structure and shape, and set into place level by level.

    Parameters
    ----------
    graph : ModelGraph
    aspect : float
        Width over height of the root plate.
    arrangement : str
        One of `ARRANGEMENTS`: "wrap" sets a stack's layers into rows, like text on a page.

    Returns
    -------
    Placement
        The same for the same input, bit for bit. The root is centred at u = v = 0 and 1000 high.

    Raises
    ------
    UsageError
        When the arrangement or the aspect makes no sense.
    """
    if arrangement not in ARRANGEMENTS:
        raise UsageError(f"arrangement {arrangement!r} is not known; one of: {', '.join(ARRANGEMENTS)}")
    if not (isfinite(aspect) and 0.01 <= aspect <= 100):
        raise UsageError(f"aspect {aspect} is out of range; between 0.01 and 100")
    lifted = lift(graph)
    tree = survey(graph, lifted)
    library = Library(graph, tree, lifted)
    library.make(aspect)
    boxes = set_boxes(graph, tree, library.templates, aspect)
    routes = set_routes(tree, library.templates, boxes)
    return Placement(arrangement, aspect, boxes.center, boxes.size, routes)
