"""What of a frame is under a pixel, drawn or seen on a closed box's front, and where such parts are."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..detail.cut import CutTree
from ..detail.previews import Previews
from ..pointing.band import parts_in_band
from ..pointing.pick import nearest_box, nearest_in_plan
from .frame import Frame

__all__ = ["boxes_of", "part_at", "parts_in"]

# Tiles of a few pixels have gaps of one: what is meant there is a tile, not the plate below.
_NEAR_PX = 3.0


def part_at(tree: CutTree, frame: Frame, previews: Previews | None, px: Sequence[float]) -> int | None:
    """Return the deepest part that one can tell apart under a device pixel, or within a hair's breadth of it.

    Parameters
    ----------
    previews : Previews or None
        Those of the frame: what is seen on a closed box's front is a part, too.
    """
    cut, view = frame.cut, frame.view
    origin, direction = view.camera.ray(px, view.viewport)
    row = nearest_box(frame.center, frame.size, origin, direction)
    if row is None:
        return None
    point = _on_front(frame, row, origin, direction)
    if point is None:
        return int(cut.nodes[row])
    near = _NEAR_PX * view.scale / cut.unit_px[row]
    if cut.opened[row]:
        on_it = np.flatnonzero((frame.above == cut.nodes[row]) & (cut.nodes > 0) & ~frame.rising)
        beside = nearest_in_plan(frame.center, frame.size, on_it, point, near)
        row = row if beside is None else beside
    if cut.opened[row] or previews is None:
        return int(cut.nodes[row])
    return previews.part_at(tree, int(cut.nodes[row]), point, near)


def _on_front(frame: Frame, row: int, origin: np.ndarray, direction: np.ndarray) -> np.ndarray | None:
    """Return where a ray meets a box's front, in the plan; None where it meets one of the sides first."""
    if direction[2] >= 0:
        return None
    front = frame.center[row, 2] + frame.size[row, 2] / 2
    point = (origin + direction * ((front - origin[2]) / direction[2]))[:2]
    beside = np.abs(point - frame.center[row, :2]) - frame.size[row, :2] / 2
    return point if (beside <= 1e-9 * frame.size[row, :2]).all() else None


def boxes_of(
    tree: CutTree, frame: Frame | None, nodes: Sequence[int]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return centres and sizes of nodes as a frame shows them: as they are drawn, or flat on a closed box around them.

    Both have the shape (K, 3).
    """
    wanted = np.asarray(nodes, np.int64)
    center, size = tree.placement.center[wanted], tree.placement.size[wanted]
    if frame is None or not len(frame.cut.nodes):
        return center, size
    order = np.argsort(frame.cut.nodes)
    drawn = frame.cut.nodes[order]
    row, around = np.full(len(wanted), -1), wanted.copy()
    left = np.arange(len(wanted))
    while len(left):  # up to the innermost box that is drawn
        at = np.minimum(np.searchsorted(drawn, around[left]), len(drawn) - 1)
        met = drawn[at] == around[left]
        row[left[met]] = order[at[met]]
        left = left[~met]
        around[left] = tree.graph.parent[around[left]]
        left = left[around[left] >= 0]
    alone = (row >= 0) & (around == wanted)
    center[alone], size[alone] = frame.center[row[alone]], frame.size[row[alone]]
    flat = (row >= 0) & ~alone & ~frame.cut.opened[row]
    center[flat, 2] = frame.center[row[flat], 2] + frame.size[row[flat], 2] / 2
    size[flat, 2] = 0.0
    return center, size


def parts_in(
    tree: CutTree, frame: Frame, previews: Previews | None, band: tuple[float, float, float, float]
) -> list[int]:
    """Return the largest parts inside a rectangle (left, top, right, bottom in device pixels), ascending."""
    view, shows = frame.view, np.zeros(len(tree.graph), np.bool_)
    shows[frame.cut.nodes[frame.cut.opened]] = True
    if previews is not None:
        shows[previews.distinct] = True
    return parts_in_band(tree, view.camera, view.viewport, band, shows, view.scale).tolist()
