"""Where one is: what an overview map shows of a model, and which part of it is in view."""

import numpy as np
from numpy.typing import NDArray

from ...graph.model_graph import ModelGraph
from ...layout.placement import Placement
from .camera import Camera, Viewport
from .corners import clipped, corners_of
from .framing import framed_boxes, framing

__all__ = ["are_all_in_view", "map_camera", "outer_corners", "part_in_view"]

_FRONT = (0.0, 0.0, 1.0)
_AROUND = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float64) / 2
_TOLERANCE_PX = 2.0


def map_camera(graph: ModelGraph, placement: Placement, viewport: Viewport) -> Camera:
    """Return the camera of a map of the whole model: from the front, or for a deck from where its plates are seen."""
    angle = None if placement.rises(0) else _FRONT
    return framing(graph, placement, 0, angle, viewport, (0.0, 0.0, 0.0, 0.0), orthographic=True)


def outer_corners(graph: ModelGraph, placement: Placement) -> NDArray[np.float64]:
    """Return points, shape (K, 3), that are in view where all of the model is: the corners of it and of its decks."""
    boxes = framed_boxes(graph, placement, 0)
    return corners_of(placement.center[boxes], placement.size[boxes]).reshape(-1, 3)


def are_all_in_view(points: NDArray[np.float64], camera: Camera, viewport: Viewport) -> bool:
    """Return whether a camera shows all of some points, shape (K, 3), but for a hair's breadth."""
    px, depth = camera.project(points, viewport)
    inside = (px >= -_TOLERANCE_PX) & (px <= np.asarray(viewport) + _TOLERANCE_PX)
    return bool(inside.all() and (depth > 0).all())


def part_in_view(placement: Placement, camera: Camera, viewport: Viewport) -> NDArray[np.float64]:
    """Return the part of the model's plan that a camera shows, at the height of its target.

    Returns
    -------
    ndarray, shape (P, 3)
        The corners (u, v, w) of a convex polygon, in order around it; empty where nothing of the plan is in view.
    """
    center, size = placement.center[0, :2], placement.size[0, :2]
    polygon = np.column_stack([center + size * _AROUND, np.full(4, camera.target[2])])
    ahead = camera.to_view(polygon)
    # Half the view's width and height are linear in the depth, so its sides are planes.
    half = np.array(camera.frustum(np.array([1.0, 2.0]), viewport))
    slope, start = half[:, 1] - half[:, 0], 2 * half[:, 0] - half[:, 1]
    for axis in (0, 1):
        for side in (-1.0, 1.0):
            room = slope[axis] * ahead[:, 2] + start[axis] - side * ahead[:, axis]
            polygon, ahead = clipped(polygon, room), clipped(ahead, room)
    return polygon
