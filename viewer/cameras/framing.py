"""The camera that frames a part, where none was chosen."""

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from ...graph.model_graph import ModelGraph
from ...layout.placement import Placement
from .camera import Camera, Margins, Viewport

__all__ = [
    "DECK_ANGLE",
    "USUAL_ANGLE",
    "VIEW_ANGLES",
    "Angle",
    "framed_boxes",
    "framing",
    "in_the_way",
    "rising",
    "usual_angle",
]

Angle = tuple[float, float, float]  # azimuth and elevation in degrees, zoom

# Nearly the front: the view fills the frame, yet one sees that things stand on one another.
USUAL_ANGLE: Angle = (-6.0, 10.0, 1.0)
# A deck from its left and above: plates further back stick out there, with their upper left corners and numbers.
DECK_ANGLE: Angle = (-52.0, 16.0, 1.0)
# By name: None is what suits the part. "city" looks from above the lower edge of the wall, which then is the ground.
VIEW_ANGLES: Mapping[str, Angle | None] = {
    "front": (0.0, 0.0, 1.0),
    "oblique": None,
    "city": (0.0, -54.0, 1.0),
    "side": (-64.0, 8.0, 1.0),
}


def framing(
    graph: ModelGraph,
    placement: Placement,
    node: int,
    angle: Angle | None,
    viewport: Viewport,
    margins: Margins,
    orthographic: bool = False,
    beside: Iterable[int] = (),
) -> Camera:
    """Return the camera that shows a whole part, and what rises above it, inside the margins.

    Parameters
    ----------
    angle : tuple of float or None
        None for one that suits the part: a deck is seen from the side.
    beside : iterable of int
        Parts that it shows, too.
    """
    azimuth, elevation, zoom = angle or usual_angle(placement, node)
    camera = Camera((0.0, 0.0, 0.0), azimuth, elevation, 1.0, orthographic=orthographic)
    boxes = np.concatenate([framed_boxes(graph, placement, part) for part in (node, *beside)])
    fitted = camera.fitted(placement.center[boxes], placement.size[boxes], viewport, margins)
    return fitted.zoomed(zoom, (viewport[0] / 2, viewport[1] / 2), viewport)


def usual_angle(placement: Placement, node: int) -> Angle:
    """Return the angle that suits a part: a deck is seen from the side."""
    return DECK_ANGLE if placement.rises(node) else USUAL_ANGLE


def framed_boxes(graph: ModelGraph, placement: Placement, node: int) -> NDArray[np.integer]:
    """Return a part, tensors on it, and what rises above it: the boxes that are in view where it is framed."""
    children = graph.children(node)
    # A tensor stands so high on the plate of its module that it would reach the legend; plates are thin.
    boxes = np.append(node, children[graph.size[children] == 1])
    if placement.rises(node):
        inside = np.arange(len(graph))[graph.subtree(node)]
        boxes = np.append(boxes, inside[rising(graph, placement, inside)])
    return boxes


def rising(graph: ModelGraph, placement: Placement, nodes: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Return which nodes do not touch the plate that they are on: plates of decks, and what stands beside them."""
    plate = np.maximum(graph.parent[nodes], 0)
    back = placement.center[nodes, 2] - placement.size[nodes, 2] / 2
    front = placement.center[plate, 2] + placement.size[plate, 2] / 2
    return (back - front > 1e-6 * placement.size[plate, :2].min(1)) & (nodes > 0)


def in_the_way(graph: ModelGraph, placement: Placement, focus: int) -> frozenset[int]:
    """Return the plates of a deck that stand before the one with the focus, and so must not be drawn."""
    if placement.arrangement != "deck":
        return frozenset()
    for node in (focus, *graph.ancestors(focus))[:-1]:
        parent = int(graph.parent[node])
        if placement.rises(parent) and not placement.rises(node):
            siblings = graph.children(parent)
            beyond = placement.center[siblings, 2] > placement.center[node, 2] + placement.size[node, 2] / 2
            over = np.abs(placement.center[siblings, :2] - placement.center[node, :2])
            meet = (over < (placement.size[siblings, :2] + placement.size[node, :2]) / 2 * (1 - 1e-6)).all(1)
            return frozenset(siblings[beyond & meet].tolist())
    return frozenset()
