"""A Placement: where every node is, and the polyline of every drawn edge."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Placement", "Routes"]


@dataclass(frozen=True, eq=False)
class Routes:
    """One polyline per lifted sibling edge, or per stretch of a residual stream.

    A residual stream is made of these stretches, all of kind RESIDUAL:

    - *through*: ``source == target == owner``. From the left to the right edge of a panel.
    - *read* (``source == owner``) and *add* (``target == owner``): between a panel's stream and a child.
    - *lead* (the same ends, where the owner is a stack): from the stack's left edge to its first layer, and
      from its last layer to its right edge.
    - between two layers: an edge between siblings like any other.

    Attributes
    ----------
    source, target : ndarray of int32, shape (M,)
        Node ids. Both ends are siblings, or one is the parent of the other, or both are the owner (above).
    owner : ndarray of int32, shape (M,)
        The container on whose plate the polyline lies.
    kind, provenance : ndarray of uint8, shape (M,)
        `EdgeKind` and `Provenance` values.
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
    start: NDArray[np.int64]
    points: NDArray[np.float64]
    width: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.source)


@dataclass(frozen=True, eq=False)
class Placement:
    """Boxes and routes of one arrangement of one graph.

    Attributes
    ----------
    arrangement : str
        "wrap" (others come later).
    aspect : float
        Width over height that the root was laid out for.
    center, size : ndarray of float64, shape (N, 3)
        Box of each node in (u, v, w): u right, v up, w towards the viewer. A child's back face
        lies on its parent's front face.
    routes : Routes
        Drawn edges.
    """

    arrangement: str
    aspect: float
    center: NDArray[np.float64]
    size: NDArray[np.float64]
    routes: Routes
