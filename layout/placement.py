"""A Placement: where every node is, and the polyline of every drawn edge."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Placement", "Ports", "Routes"]


@dataclass(frozen=True, eq=False)
class Routes:
    """One polyline per lifted sibling edge, or per stretch of a residual stream.

    A residual stream is made of these stretches, all of kind RESIDUAL:

    - *through*: ``source == target == owner``. From the left to the right edge of a panel.
    - *read* (``source == owner``) and *add* (``target == owner``): between a panel's stream and a child.
    - *lead* (the same ends, where the owner is a stack): from the stack's left edge to its first layer, and
      from its last layer to its right edge.
    - between two layers: an edge between siblings like any other.

    What enters or leaves a container otherwise has *inlets* (``source == owner``, from the owner's left edge to the
    child that reads it) and *outlets* (``target == owner``, from the child that makes it to the right edge), of any
    other kind.

    Attributes
    ----------
    source, target : ndarray of int32, shape (M,)
        Node ids. Both ends are siblings, or one is the parent of the other, or both are the owner (above).
    owner : ndarray of int32, shape (M,)
        The container on whose plate the polyline lies.
    kind, provenance : ndarray of uint8, shape (M,)
        `EdgeKind` and `Provenance` values.
    backward : ndarray of bool, shape (M,)
        Closes a cycle, and so runs against the reading order.
    bundle : ndarray of int32, shape (M,)
        Routes of equal number share a trunk, which splits near their ends; -1 for a route of its own.
    start : ndarray of int64, shape (M + 1,)
        Polyline `k` is ``points[start[k] : start[k + 1]]``, from source to target; at least two points.
    points : ndarray of float64, shape (P, 3)
        (u, v, w). A little above the front face of the owner, residual streams above other edges.
    width : ndarray of float64, shape (M,)
        Width of the ribbon in plan units.
    """

    source: NDArray[np.int32]
    target: NDArray[np.int32]
    owner: NDArray[np.int32]
    kind: NDArray[np.uint8]
    provenance: NDArray[np.uint8]
    backward: NDArray[np.bool_]
    bundle: NDArray[np.int32]
    start: NDArray[np.int64]
    points: NDArray[np.float64]
    width: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.source)


@dataclass(frozen=True, eq=False)
class Ports:
    """Labelled tabs on the edges of boxes, for flow that is not drawn as a line.

    Ties, and what one part hands to many others far away (masks, rotary tables): as lines they would cross the whole
    scene.

    Attributes
    ----------
    node : ndarray of int32, shape (P,)
        On whose front face the port is: at the left edge for what comes in, at the right edge for what goes out.
    other : ndarray of int32, shape (P,)
        The node at the other end, -1 for several: all that read what goes out, or more than six that something comes
        in from. Ports of different kinds are apart.
    outgoing : ndarray of bool, shape (P,)
    count : ndarray of int32, shape (P,)
        Parts at the other end.
    kind, provenance : ndarray of uint8, shape (P,)
        `EdgeKind` and `Provenance` values.
    point : ndarray of float64, shape (P, 3)
    """

    node: NDArray[np.int32]
    other: NDArray[np.int32]
    outgoing: NDArray[np.bool_]
    count: NDArray[np.int32]
    kind: NDArray[np.uint8]
    provenance: NDArray[np.uint8]
    point: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.node)


@dataclass(frozen=True, eq=False)
class Placement:
    """Boxes and routes of one arrangement of one graph.

    Attributes
    ----------
    arrangement : str
        "wrap", "row" or "deck": what was picked for "auto".
    aspect : float
        Width over height that the root was laid out for.
    center, size : ndarray of float64, shape (N, 3)
        Box of each node in (u, v, w): u right, v up, w towards the viewer. A child's back face
        lies on its parent's front face, but for the layers of a deck, which rise above it one behind another, and
        for what follows a deck, which stands beside the last of them.
    top : ndarray of float64, shape (N,)
        Up to which w what rises in a node reaches: a deck's last plate and what is on it, for the deck and what is
        around it; for all others the front of the box.
    routes : Routes
        Drawn edges.
    ports : Ports
        Edges that are not drawn as lines.
    """

    arrangement: str
    aspect: float
    center: NDArray[np.float64]
    size: NDArray[np.float64]
    top: NDArray[np.float64]
    routes: Routes
    ports: Ports

    def bounds(self, node: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return centre and size of a node's box together with what rises above it."""
        center, size = self.center[node].copy(), self.size[node].copy()
        back = center[2] - size[2] / 2
        center[2], size[2] = (back + self.top[node]) / 2, self.top[node] - back
        return center, size

    def rises(self, node: int) -> bool:
        """Return whether a deck stands in a node."""
        front = self.center[node, 2] + self.size[node, 2] / 2
        return bool(self.top[node] - front > 1e-6 * self.size[node, :2].min())
