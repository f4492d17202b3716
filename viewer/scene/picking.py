"""What of a frame is under a pixel, drawn or seen on a closed box's front, and where such parts are."""

from collections.abc import Sequence

import numpy as np

from ...layout.placement import Placement
from ..detail.cut import CutTree
from ..detail.previews import Previews
from ..pointing.band import parts_in_band
from ..pointing.pick import nearest_box, nearest_in_plan
from .frame import Frame
from .outline import Box

__all__ = ["box_of", "part_at", "parts_in"]

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


def box_of(tree: CutTree, frame: Frame | None, node: int) -> Box:
    """Return centre and size of a node as a frame shows it: as it is drawn, or flat on the closed box that it is in."""
    placement: Placement = tree.placement
    center, size = placement.center[node], placement.size[node]
    if frame is None:
        return center, size
    nodes = frame.cut.nodes
    around = np.flatnonzero((nodes <= node) & (node < nodes + tree.graph.size[nodes]))
    if not len(around):
        return center, size
    row = int(around[np.argmax(nodes[around])])  # of what holds it, the last in order is the innermost
    if nodes[row] == node:
        return frame.center[row], frame.size[row]
    if frame.cut.opened[row]:
        return center, size
    front = frame.center[row, 2] + frame.size[row, 2] / 2
    return np.array([center[0], center[1], front]), np.array([size[0], size[1], 0.0])


def parts_in(
    tree: CutTree, frame: Frame, previews: Previews | None, band: tuple[float, float, float, float]
) -> list[int]:
    """Return the largest parts inside a rectangle (left, top, right, bottom in device pixels), ascending."""
    view, shows = frame.view, np.zeros(len(tree.graph), np.bool_)
    shows[frame.cut.nodes[frame.cut.opened]] = True
    if previews is not None:
        shows[previews.distinct] = True
    return parts_in_band(tree, view.camera, view.viewport, band, shows, view.scale).tolist()
