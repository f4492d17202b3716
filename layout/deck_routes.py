"""Ways between the plates of a deck, and of what goes on from its last plate."""

from dataclasses import fields

import numpy as np
from numpy.typing import NDArray

from ..graph.kinds import EdgeKind
from ..graph.model_graph import ModelGraph
from .boxes import Boxes
from .deck import levels
from .lanes import lane_of
from .lift import Lifted
from .placement import Routes
from .stack import apart_of
from .tree import Tree

__all__ = ["with_decks"]

_LIFT = 0.003  # above a plate's front, as a part of its smaller side, as routes on plates are
_CROSSING = 0.2  # how far before the next plate's back a way crosses the gap, in steps
_TURNS = (0.3, 0.6)  # where in the margin beside the plates a way turns
_SIDE = 0.5  # height at which what is no stream meets a plate's side, as a part of the plate's
_DATA_WIDTH = 0.012  # of a plate's height


def with_decks(
    routes: Routes,
    graph: ModelGraph,
    tree: Tree,
    lifted: Lifted,
    boxes: Boxes,
    decks: NDArray[np.int64],
    leaves: dict[int, float],
) -> Routes:
    """Return routes together with those of decks; the others are bent, in place, to where what they join has moved.

    A way from plate to plate leaves at the right, follows w beside the plates to just before the next one, crosses to
    the left in the free space there, and enters at the left: it meets no box. So seen from above or below the residual
    stream goes up a deck as stairs do.

    Parameters
    ----------
    routes : Routes
        Of all other containers.
    decks, leaves
        As `deck_heights.raise_decks` has and returns them.
    """
    if not len(decks):
        return routes
    _bend(routes, graph, boxes, leaves)
    rows: list[tuple[int, int, int, int, int, float, bool]] = []
    lines: list[NDArray[np.float64]] = []
    streams = np.zeros(len(graph), np.bool_)
    streams[lifted.owner[lifted.on_lane]] = True
    for deck in decks.tolist():
        first, last = np.searchsorted(lifted.owner, [deck, deck + 1]).tolist()
        plates = tree.children(deck)
        main = len(plates) - apart_of(graph.kind[plates])
        width, height = boxes.size[plates[0], :2].tolist()
        lane = lane_of(width / height)
        _, step = levels(len(plates), len(plates) - main, width, height)
        space = _Space(boxes, deck, int(plates[0]), step)
        residual: list[int] = []
        for k in range(first, last):
            source, target = int(lifted.source[k]), int(lifted.target[k])
            kind, provenance = int(lifted.kind[k]), int(lifted.provenance[k])
            broad = lane.width if streams[source] or streams[target] else _DATA_WIDTH
            rows.append((source, target, deck, kind, provenance, broad * height, bool(lifted.backward[k])))
            leave, enter = (lane.y if streams[end] else _SIDE for end in (source, target))
            if source == deck:
                lines.append(space.into(target, enter))
            elif target == deck:
                lines.append(space.out_of(source, leave, leaves[deck]))
            else:
                lines.append(space.between(source, target, leave, enter))
                if kind == EdgeKind.RESIDUAL:
                    residual.append(provenance)
        if residual:
            entered, left = _ends(lifted, deck)
            if entered:
                rows.append((deck, int(plates[0]), deck, EdgeKind.RESIDUAL, max(residual), lane.width * height, False))
                lines.append(space.into(int(plates[0]), lane.y if streams[plates[0]] else _SIDE))
            if left:
                rows.append(
                    (int(plates[main - 1]), deck, deck, EdgeKind.RESIDUAL, max(residual), lane.width * height, False)
                )
                leave = lane.y if streams[plates[main - 1]] else _SIDE
                lines.append(space.out_of(int(plates[main - 1]), leave, leaves[deck]))
    return _joined(routes, rows, lines) if rows else routes


class _Space:
    """The free space around the plates of one deck."""

    def __init__(self, boxes: Boxes, deck: int, plate: int, step: float) -> None:
        self._boxes = boxes
        half = boxes.size[deck] / 2
        self._left, self._right = float(boxes.center[deck, 0] - half[0]), float(boxes.center[deck, 0] + half[0])
        self._ground = float(boxes.center[deck, 2] + half[2])
        middle, width = float(boxes.center[plate, 0]), float(boxes.size[plate, 0])
        self._low, self._high = middle - width / 2, middle + width / 2
        self._bottom = float(boxes.center[plate, 1] - boxes.size[plate, 1] / 2)
        self._height = float(boxes.size[plate, 1])
        self._lift = _LIFT * min(width, self._height)
        self._step = step

    def _front(self, plate: int) -> float:
        return float(self._boxes.center[plate, 2] + self._boxes.size[plate, 2] / 2) + self._lift

    def _turns(self, edge: float, rim: float) -> list[float]:
        return [edge + share * (rim - edge) for share in _TURNS]

    def between(self, source: int, target: int, leave: float, enter: float) -> NDArray[np.float64]:
        """Return the way from one plate's right side to another's left side, by heights as parts of a plate's."""
        a, b = self._bottom + leave * self._height, self._bottom + enter * self._height
        back = float(self._boxes.center[target, 2] - self._boxes.size[target, 2] / 2)
        start, gap, end = self._front(source), back - _CROSSING * self._step, self._front(target)
        near, far = self._turns(self._high, self._right), self._turns(self._low, self._left)
        return np.array(
            [
                (self._high, a, start), (near[0], a, start), (near[1], a, gap),
                (far[1], b, gap), (far[0], b, end), (self._low, b, end),
            ]
        )  # fmt: skip

    def into(self, plate: int, enter: float) -> NDArray[np.float64]:
        """Return the way from the deck's left edge to a plate."""
        at, ground, front = self._bottom + enter * self._height, self._ground + self._lift, self._front(plate)
        near, far = self._turns(self._low, self._left)
        return np.array([(self._left, at, ground), (far, at, ground), (near, at, front), (self._low, at, front)])

    def out_of(self, plate: int, leave: float, height: float) -> NDArray[np.float64]:
        """Return the way from a plate to above the deck's right edge, at the height w of the last plate's front."""
        at, front, end = self._bottom + leave * self._height, self._front(plate), height + self._lift
        near, far = self._turns(self._high, self._right)
        return np.array([(self._high, at, front), (near, at, front), (far, at, end), (self._right, at, end)])


def _ends(lifted: Lifted, deck: int) -> tuple[bool, bool]:
    """Return whether flow comes into a deck from its siblings, and goes out to them."""
    between = (lifted.source != lifted.owner) & (lifted.target != lifted.owner)
    return bool((lifted.target[between] == deck).any()), bool((lifted.source[between] == deck).any())


def _bend(routes: Routes, graph: ModelGraph, boxes: Boxes, leaves: dict[int, float]) -> None:
    """Move the ends of routes, in place, to the height of the boxes that they join, evenly along their way."""
    front = boxes.center[:, 2] + boxes.size[:, 2] / 2
    back = front - boxes.size[:, 2]
    ground = front[np.maximum(graph.parent, 0)]
    above = np.where(graph.parent >= 0, back - ground, 0.0)  # of what has been moved
    away, arrival = above.copy(), above
    for node, height in leaves.items():
        away[node] = height - ground[node] if node else 0.0
    own = routes.owner
    start = np.where(routes.source == own, 0.0, away[routes.source])
    end = np.where(routes.target == own, 0.0, arrival[routes.target])
    for node, height in leaves.items():  # outlets of what is around a deck leave it at the last plate's height
        end[(routes.target == node) & (own == node) & (routes.source != own)] = height - front[node]
    scale = np.minimum(boxes.size[own, 0], boxes.size[own, 1])
    for k in np.flatnonzero(np.maximum(np.abs(start), np.abs(end)) > 1e-9 * scale).tolist():
        line = routes.points[routes.start[k] : routes.start[k + 1]]
        way = np.append(0.0, np.cumsum(np.linalg.norm(np.diff(line[:, :2], axis=0), axis=1)))
        line[:, 2] += start[k] + (end[k] - start[k]) * way / max(way[-1], 1e-300)


def _joined(
    routes: Routes, rows: list[tuple[int, int, int, int, int, float, bool]], lines: list[NDArray[np.float64]]
) -> Routes:
    source, target, owner, kind, provenance, width, backward = (np.array(column) for column in zip(*rows, strict=True))
    inside = (source != owner) & (target != owner)
    ends = routes.start[-1] + np.cumsum([len(line) for line in lines])
    more = Routes(
        source.astype(np.int32), target.astype(np.int32), owner.astype(np.int32), kind.astype(np.uint8),
        provenance.astype(np.uint8), inside & backward, np.full(len(rows), -1, np.int32), ends,
        np.concatenate(lines), width.astype(np.float64),
    )  # fmt: skip
    columns = {field.name: (getattr(routes, field.name), getattr(more, field.name)) for field in fields(Routes)}
    return Routes(**{name: np.concatenate(pair) for name, pair in columns.items()})
