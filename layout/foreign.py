"""Which boxes drawn lines pass through: boxes in groups of groups, asked about all stretches of lines at once."""

import numpy as np
from numpy.typing import NDArray

from ..graph.model_graph import ModelGraph
from .placement import Placement

__all__ = ["foreign_boxes"]

# A box is passed through where a line is this far inside it, as a part of its size; and at least this far,
# since positions of up to 1000 are known to about 1e-12.
_SKIN, _LEAST_SKIN = 1e-6, 1e-9
_GROUP = 8  # boxes, or groups of them
_RUN = 6  # stretches
_CHUNK = 1 << 13  # runs at a time
_TINIEST = 1e-300
_BITS = 20  # of each axis, in the order along which boxes are grouped


def foreign_boxes(graph: ModelGraph, placement: Placement) -> NDArray[np.int64]:
    """Return where lines pass through the inside of boxes that have nothing to do with them, in three dimensions.

    A box has to do with a line when it is one of its ends or contains one of them. What lies inside an end is foreign.

    Returns
    -------
    ndarray of int64, shape (K, 3)
        Route, first point of the stretch among ``placement.routes.points``, and node; sorted.
    """
    routes = placement.routes
    line = np.repeat(np.arange(len(routes)), np.diff(routes.start))
    stretch = np.flatnonzero(line[1:] == line[:-1])
    skin = np.maximum(_SKIN * placement.size, _LEAST_SKIN)
    low, high = placement.center - placement.size / 2 + skin, placement.center + placement.size / 2 - skin
    boxes = np.flatnonzero((low < high).all(1))
    if not len(stretch) or not len(boxes):
        return np.empty((0, 3), np.int64)
    boxes = boxes[_order(placement.center[boxes], placement.size[boxes])]
    levels = [(low[boxes], high[boxes])]
    while len(levels[-1][0]) > _GROUP:
        first = np.arange(0, len(levels[-1][0]), _GROUP)
        levels.append((np.minimum.reduceat(levels[-1][0], first), np.maximum.reduceat(levels[-1][1], first)))

    # Few stretches of one line after another make a run: arcs are many short ones.
    runs = np.flatnonzero(_starts(line[stretch]))
    low, high = (choose(routes.points[stretch], routes.points[stretch + 1]) for choose in (np.minimum, np.maximum))
    run_low, run_high = np.minimum.reduceat(low, runs), np.maximum.reduceat(high, runs)
    length = np.diff(np.append(runs, len(stretch)))
    found: list[NDArray[np.int64]] = [np.empty((0, 3), np.int64)]
    for begin in range(0, len(runs), _CHUNK):
        some = slice(begin, begin + _CHUNK)
        run, box = _near(run_low[some], run_high[some], levels)
        count = length[some][run]
        at = stretch[np.repeat(runs[some][run] - np.cumsum(count) + count, count) + np.arange(int(count.sum()))]
        node, route = boxes[np.repeat(box, count)], line[at]
        foreign = np.ones(len(at), np.bool_)
        for end in (routes.source[route], routes.target[route]):
            foreign &= (end < node) | (end >= node + graph.size[node])
        at, node, route = at[foreign], node[foreign], route[foreign]
        box = np.repeat(box, count)[foreign]
        hit = _meets(routes.points[at], routes.points[at + 1], levels[0][0][box], levels[0][1][box])
        found.append(np.stack([route, at, node], 1)[hit])
    rows = np.concatenate(found)
    return rows[np.lexsort(rows.T[::-1])]


def _starts(line: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return where runs of up to `_RUN` equal entries begin."""
    new = np.ones(len(line), np.bool_)
    new[1:] = line[1:] != line[:-1]
    position = np.arange(len(line))
    return (position - np.maximum.accumulate(np.where(new, position, 0))) % _RUN == 0


def _near(
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    levels: list[tuple[NDArray[np.float64], NDArray[np.float64]]],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return all pairs of a run and a box of the first level whose bounds overlap, from the last level down."""
    groups = len(levels[-1][0])
    run: NDArray[np.int64] = np.repeat(np.arange(len(low)), groups)
    box: NDArray[np.int64] = np.tile(np.arange(groups), len(low))
    for below in range(len(levels) - 1, -1, -1):
        box_low, box_high = levels[below]
        for axis in range(3):
            hit = (low[run, axis] < box_high[box, axis]) & (box_low[box, axis] < high[run, axis])
            run, box = run[hit], box[hit]
        if below:
            count = np.minimum(_GROUP, len(levels[below - 1][0]) - box * _GROUP)
            run = np.repeat(run, count)
            box = np.repeat(box * _GROUP - np.cumsum(count) + count, count) + np.arange(len(run))
    return run, box


def _meets(
    start: NDArray[np.float64], stop: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Whether stretches pass through open boxes, row by row (slab method)."""
    enter, leave = np.zeros(len(start)), np.ones(len(start))
    meets = np.ones(len(start), np.bool_)
    for axis in range(3):
        a, way = start[:, axis], stop[:, axis] - start[:, axis]
        still = np.abs(way) < _TINIEST
        meets &= ~still | ((low[:, axis] < a) & (a < high[:, axis]))
        safe = np.where(still, 1.0, way)
        with np.errstate(over="ignore"):
            one, two = (low[:, axis] - a) / safe, (high[:, axis] - a) / safe
        enter = np.where(still, enter, np.maximum(enter, np.minimum(one, two)))
        leave = np.where(still, leave, np.minimum(leave, np.maximum(one, two)))
    return meets & (enter < leave)


def _order(center: NDArray[np.float64], size: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return boxes by size, to a factor of two, and then along a Z curve in (u, v): neighbours make tight groups."""
    scale = np.log2(size[:, :2].max(1)).astype(np.int64)
    low = center[:, :2].min(0)
    cell = ((center[:, :2] - low) / max(float(np.ptp(center[:, :2], axis=0).max()), _TINIEST) * (2**_BITS - 1)).astype(
        np.uint64
    )
    curve = _spread(cell[:, 0]) | (_spread(cell[:, 1]) << np.uint64(1))
    return np.lexsort((curve, scale))


def _spread(value: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Put a zero between any two bits of numbers below 2**32."""
    for shift, mask in (
        (16, 0x0000FFFF0000FFFF),
        (8, 0x00FF00FF00FF00FF),
        (4, 0x0F0F0F0F0F0F0F0F),
        (2, 0x3333333333333333),
        (1, 0x5555555555555555),
    ):
        value = (value | (value << np.uint64(shift))) & np.uint64(mask)
    return value
