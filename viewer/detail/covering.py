"""What the next plate of a deck hides: found before anything in it is looked at."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ...graph.model_graph import ModelGraph
from ...layout.placement import Placement
from ..cameras.camera import Camera, Viewport
from ..cameras.framing import rising

__all__ = ["Covering"]

_FRONT = np.array([[-1, 1, 1], [1, 1, 1], [1, -1, 1], [-1, -1, 1]], np.float64)
_CORNERS = np.array([[i, j, k] for i in (-1, 1) for j in (-1, 1) for k in (0, 1)], np.float64)


@dataclass(frozen=True, eq=False)
class Covering:
    """For each node on a plate of a deck, the plate before that one.

    Attributes
    ----------
    next_plate : ndarray of int32, shape (N,)
        -1 for what is on no such plate, or on the foremost.
    limit : ndarray of float64, shape (N,)
        Up to which w there is room: the next plate's back, for the foremost as far away as for the one before it.
        Infinite for what is on no such plate.
    """

    next_plate: NDArray[np.int32]
    limit: NDArray[np.float64]

    @classmethod
    def of(cls, graph: ModelGraph, placement: Placement, drawn: NDArray[np.bool_]) -> "Covering | None":
        """Find the decks of a placement, None where there are none; only plates that are drawn hide anything."""
        if placement.arrangement != "deck":
            return None
        ids = np.flatnonzero(drawn)
        plates = ids[rising(graph, placement, ids)]
        following, limit = np.full(len(graph), -1, np.int32), np.full(len(graph), np.inf)
        half = placement.size[:, 2] / 2
        back, front = placement.center[:, 2] - half, placement.center[:, 2] + half
        order = plates[np.lexsort((placement.center[plates, 2], graph.parent[plates]))]
        for plate, after in pairwise(order.tolist()):
            if graph.parent[plate] == graph.parent[after] and back[after] >= front[plate]:
                following[graph.subtree(plate)] = after
                limit[graph.subtree(plate)] = back[after]
                limit[graph.subtree(after)] = 2 * back[after] - back[plate]  # until the one after it is found
        return cls(following, limit)

    def room(self, placement: Placement, nodes: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return how far along w what stands on the backs of nodes may reach."""
        return self.limit[nodes] - (placement.center[nodes, 2] - placement.size[nodes, 2] / 2)

    def hides(
        self, placement: Placement, nodes: NDArray[np.int64], camera: Camera, viewport: Viewport
    ) -> NDArray[np.bool_]:
        """Return which nodes, with all that stands on them, are seen only through the next plate."""
        hidden = np.zeros(len(nodes), bool)
        rows = np.flatnonzero(self.next_plate[nodes] >= 0)
        plate = self.next_plate[nodes[rows]]
        front = placement.center[plate, 2] + placement.size[plate, 2] / 2
        before = camera.eye[2] > front
        rows, plate = rows[before], plate[before]
        if not len(rows):
            return hidden
        some, which = np.unique(plate, return_inverse=True)
        quads, depth = camera.project(
            placement.center[some][:, None] + placement.size[some][:, None] / 2 * _FRONT, viewport
        )
        # What stands on a node reaches to the next plate's back at most.
        center, half = placement.center[nodes[rows]], placement.size[nodes[rows]] / 2
        low = center[:, 2] - half[:, 2]
        corners = np.empty((len(rows), len(_CORNERS), 3))
        corners[..., :2] = center[:, None, :2] + half[:, None, :2] * _CORNERS[:, :2]
        reach = placement.center[plate, 2] - placement.size[plate, 2] / 2 - low
        corners[..., 2] = low[:, None] + reach[:, None] * _CORNERS[:, 2]
        px, ahead = camera.project(corners, viewport)
        inside = np.all(depth > 0, axis=1)[which] & np.all(ahead > 0, axis=1)
        edge = np.roll(quads, -1, axis=1) - quads  # clockwise on the screen, where y points down
        for k in range(4):
            along, at = edge[which, k], quads[which, k]
            to = px - at[:, None]
            inside &= (along[:, None, 0] * to[..., 1] - along[:, None, 1] * to[..., 0] >= 0).all(1)
        hidden[rows] = inside
        return hidden
