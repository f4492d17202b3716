"""ModelGraph -> Placement: every node's box and every drawn edge, in time linear in the graph."""

from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from ..graph.kinds import EdgeKind
from ..graph.model_graph import ModelGraph
from .boxes import Boxes, set_boxes
from .lift import lift
from .placement import Placement, Routes
from .template import SELF, Library, RouteTable
from .tree import Tree, survey

__all__ = ["ARRANGEMENTS", "place"]

ARRANGEMENTS = ("wrap",)
# How far routes lie above the front face of their plate, as parts of its smaller side. Streams lie above data.
_LIFT = 0.002


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
    routes = _set_routes(tree, [template.routes for template in library.templates], boxes)
    return Placement(arrangement, aspect, boxes.center, boxes.size, routes)


def _set_routes(tree: Tree, tables: list[RouteTable], boxes: Boxes) -> Routes:
    """Copy each template's routes to all containers that share it."""
    per_template = np.array([len(table.source) for table in tables] or [0])
    owner = np.flatnonzero(boxes.template >= 0)
    owner = owner[per_template[boxes.template[owner]] > 0]
    if not len(owner):
        none, codes = np.empty(0, np.int32), np.empty(0, np.uint8)
        return Routes(none, none, none, codes, codes, np.zeros(1, np.int64), np.empty((0, 3)), np.empty(0))
    way, owner = _repeat(np.cumsum(per_template) - per_template, per_template, boxes.template[owner], owner)

    def column(name: str) -> NDArray[Any]:
        return np.concatenate([getattr(table, name) for table in tables])

    per_way = column("counts")
    source, target, kind = column("source")[way], column("target")[way], column("kind")[way]
    point, place_of = _repeat(np.cumsum(per_way) - per_way, per_way, way, np.arange(len(way)))
    frame = boxes.frame(owner)
    at = np.empty((len(point), 3))
    at[:, :2] = frame.low[place_of] + column("points")[point] * frame.size[place_of]
    # Of streams that meet, the one along the panel lies on top; streams lie above data.
    height = np.where(kind == EdgeKind.RESIDUAL, np.where(source == target, 2.0, 1.5), 1.0)
    at[:, 2] = (frame.front + _LIFT * height * np.minimum(frame.size[:, 0], frame.size[:, 1]))[place_of]
    start = np.zeros(len(way) + 1, np.int64)
    np.cumsum(per_way[way], out=start[1:])

    def ends(position: NDArray[np.int64]) -> NDArray[np.int32]:
        child = tree.heads[tree.first[owner] + np.maximum(position, 0)]
        return np.where(position == SELF, owner, child).astype(np.int32)

    return Routes(
        source=ends(source),
        target=ends(target),
        owner=owner.astype(np.int32),
        kind=kind,
        provenance=column("provenance")[way],
        start=start,
        points=at,
        width=column("width")[way] * frame.size[:, 1],
    )


def _repeat(
    start: NDArray[np.int64], count: NDArray[np.int64], chosen: NDArray[np.int64], tag: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the rows ``start[c] : start[c] + count[c]`` for each `c` chosen, one after another, and each row's tag."""
    counts = count[chosen]
    begin = np.cumsum(counts) - counts
    total = int(counts.sum())
    return np.repeat(start[chosen] - begin, counts) + np.arange(total), np.repeat(tag, counts)
