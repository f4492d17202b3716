"""How good a placement is: overlaps, containment, direction, what lines pass through and cross, what has moved."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..graph.model_graph import ModelGraph
from .crossings import crossings
from .foreign import foreign_boxes
from .placement import Placement

__all__ = [
    "VIEWS",
    "Displacement",
    "Metrics",
    "containment",
    "crossings",
    "crossings_per_edge",
    "displacement",
    "foreign_boxes",
    "forwardness",
    "measure",
    "overlapping_siblings",
]

# Azimuth and elevation in degrees, as of the camera. Top and side are seen from 10 degrees off, as exactly edge-on all
# lines of a plate would lie on top of each other, which is no picture without crossings.
VIEWS = {
    "front": (0.0, 0.0),
    "top": (0.0, 80.0),
    "side": (80.0, 0.0),
    "right oblique": (30.0, 30.0),
    "left oblique": (-45.0, 20.0),
    "high oblique": (45.0, 60.0),
}

_NEAR = 1e-6  # of a box's size: nearer than this, boxes touch
_LEAST = 1e-9  # and in plan units, as positions of up to 1000 are known to about 1e-12
_CHUNK = 1 << 21
_MOST_PAIRS = 500_000  # of nodes whose order is compared


@dataclass(frozen=True, slots=True)
class Metrics:
    """What `measure` found.

    Attributes
    ----------
    overlaps : int
        Pairs of siblings whose boxes overlap in u, v and w.
    containment : float
        Part of the nodes that lie inside their parent in u and v; 1 for a graph of one node.
    forwardness : float
        Part of the lines between siblings, without those flagged as backward, that go right, to a later row or up.
    foreign : int
        Stretches of lines that pass through the inside of a foreign box, counted once for each such box.
    crossings : dict of str to float
        Crossings per line in each of `VIEWS`.
    """

    overlaps: int
    containment: float
    forwardness: float
    foreign: int
    crossings: dict[str, float]

    @property
    def best_crossings(self) -> float:
        """Crossings per line in the view that has fewest."""
        return min(self.crossings.values())

    @property
    def mean_crossings(self) -> float:
        """Mean of the crossings per line over all views."""
        return sum(self.crossings.values()) / len(self.crossings)


@dataclass(frozen=True, slots=True)
class Displacement:
    """How far a drawing has moved between two placements of one graph.

    Attributes
    ----------
    distance : float
        Mean distance that leaves have moved, as a part of the diagonal of the drawing before (u, v and w).
    rigid : float
        Part of the containers whose children all have kept their offset from the container's centre.
    flips : float
        Part of the pairs of leaves, along u and along v, that have changed their order.
    """

    distance: float
    rigid: float
    flips: float


def measure(graph: ModelGraph, placement: Placement) -> Metrics:
    """Measure a placement: half a minute for 100,000 drawn lines, most of it their crossings."""
    return Metrics(
        len(overlapping_siblings(graph, placement)),
        containment(graph, placement),
        forwardness(placement),
        len(foreign_boxes(graph, placement)),
        crossings_per_edge(placement),
    )


def overlapping_siblings(graph: ModelGraph, placement: Placement) -> NDArray[np.int64]:
    """Return pairs of siblings that overlap on all three axes, so plates one behind another do not; shape (K, 2).

    The children of each container are swept along the axis on which fewest of them share a place.
    """
    size = placement.size
    nodes = np.flatnonzero((size > 0).all(1) & (graph.parent >= 0))
    family = np.searchsorted(np.unique(graph.parent[nodes]), graph.parent[nodes])
    slack = np.maximum(_NEAR * size, _LEAST)
    low, high = placement.center - size / 2 + slack, placement.center + size / 2 - slack
    orders = [np.lexsort((low[nodes, axis], family)) for axis in range(3)]
    counts = [_followers(family[order], low[nodes[order], k], high[nodes[order], k]) for k, order in enumerate(orders)]
    families = int(family.max()) + 1 if len(nodes) else 0
    best = np.argmin(
        [np.bincount(family[order], count, families) for order, count in zip(orders, counts, strict=True)], axis=0
    )
    found: list[NDArray[np.int64]] = [np.empty((0, 2), np.int64)]
    for axis, (order, count) in enumerate(zip(orders, counts, strict=True)):
        chosen = np.where(best[family[order]] == axis, count, 0) if families else count
        stop = np.cumsum(chosen)
        total = int(stop[-1]) if len(stop) else 0
        for begin in range(0, total, _CHUNK):
            flat = np.arange(begin, min(begin + _CHUNK, total))
            first = np.searchsorted(stop, flat, side="right")
            a, b = nodes[order[first]], nodes[order[first + 1 + flat - (stop - chosen)[first]]]
            overlap = (np.minimum(high[a], high[b]) > np.maximum(low[a], low[b])).all(1)
            found.append(np.sort(np.stack([a[overlap], b[overlap]], 1), axis=1))
    pairs = np.concatenate(found)
    return pairs[np.lexsort(pairs.T[::-1])]


def _followers(family: NDArray[np.int64], low: NDArray[np.float64], high: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return how many of the rows after each, sorted by (family, low), begin before it ends."""
    n = len(family)
    order = np.lexsort((np.repeat([1, 0], n), np.concatenate([low, high]), np.tile(family, 2)))
    begun = np.cumsum(order < n)
    at = np.empty(2 * n, np.int64)
    at[order] = begun
    return np.maximum(at[n:] - 1 - np.arange(n), 0)


def containment(graph: ModelGraph, placement: Placement) -> float:
    """Return the part of the nodes that lie inside their parent in u and v, the root aside."""
    nodes = np.flatnonzero((placement.size > 0).all(1) & (graph.parent >= 0))
    if not len(nodes):
        return 1.0
    above = graph.parent[nodes]
    half, around = placement.size[nodes, :2] / 2, placement.size[above, :2] / 2
    way = np.abs(placement.center[nodes, :2] - placement.center[above, :2])
    return float((way + half <= around + np.maximum(_NEAR * half, _LEAST)).all(1).mean())


def forwardness(placement: Placement) -> float:
    """Return the part of the lines between siblings that go the way a page is read; 1 where there are none.

    Such a line's target lies wholly to the right of its source, wholly below it (in a later row) or wholly above it in
    w (on a later plate of a deck). Lines flagged as backward are left out.
    """
    routes = placement.routes
    between = (routes.source != routes.owner) & (routes.target != routes.owner) & ~routes.backward
    source, target = routes.source[between], routes.target[between]
    if not len(source):
        return 1.0
    half = placement.size / 2
    way = placement.center[target] - placement.center[source]
    room = half[source] + half[target]
    slack = np.maximum(_NEAR * room, _LEAST)
    return float((way * np.array([1.0, -1.0, 1.0]) >= room - slack).any(1).mean())


def crossings_per_edge(placement: Placement) -> dict[str, float]:
    """Return how many others a line crosses on average, in parallel projection, in each of `VIEWS`.

    A crossing counts for both lines. Lines that share an end or a trunk are not compared, and lines count whether or
    not a box hides them.
    """
    routes = placement.routes
    found: dict[str, float] = {}
    for name, (azimuth, elevation) in VIEWS.items():
        picture = routes.points @ _projection(azimuth, elevation).T
        count = crossings(picture, routes.start, routes.source, routes.target, routes.bundle)
        found[name] = 2 * count / max(len(routes), 1)
    return found


def _projection(azimuth: float, elevation: float) -> NDArray[np.float64]:
    """Return the rows (right, up) of a parallel projection from (u, v, w), shape (2, 3)."""
    a, e = np.radians([azimuth, elevation])
    right = [np.cos(a), 0.0, -np.sin(a)]
    up = [-np.sin(e) * np.sin(a), np.cos(e), -np.sin(e) * np.cos(a)]
    return np.array([right, up])


def displacement(
    graph: ModelGraph, before: Placement, after: Placement, unaffected: NDArray[np.bool_] | None = None
) -> Displacement:
    """Compare two placements of one graph.

    Parameters
    ----------
    unaffected : ndarray of bool, shape (N,), optional
        Nodes that should not have moved; by default all. Nodes without a size in either placement (hidden ones) never
        count.

    Returns
    -------
    Displacement
        Order is compared for all pairs of leaves, or for 500,000 that are drawn at random, the same each time. A part
        of nothing is 0 for `distance` and `flips` and 1 for `rigid`.
    """
    nodes: NDArray[np.bool_] = np.minimum(before.size, after.size).min(1) > 0
    if unaffected is not None:
        nodes &= unaffected
    leaves = np.flatnonzero(nodes & (graph.child_count == 0))
    moved = np.linalg.norm(after.center[leaves] - before.center[leaves], axis=1)
    low, high = (before.center + sign * before.size / 2 for sign in (-1, 1))
    diagonal = float(np.linalg.norm(high.max(0) - low.min(0)))

    child = np.flatnonzero(nodes & (graph.parent >= 0))
    child = child[nodes[graph.parent[child]]]
    parent = graph.parent[child]
    shift = (after.center[child] - after.center[parent]) - (before.center[child] - before.center[parent])
    stiff = (np.abs(shift) <= _LEAST).all(1)
    containers = np.unique(parent)
    loose = np.unique(parent[~stiff])

    one, two = _pairs_of(leaves)
    way, new = before.center[one] - before.center[two], after.center[one] - after.center[two]
    way, new = way[:, :2], new[:, :2]
    flipped = (way * new < 0) & (np.minimum(np.abs(way), np.abs(new)) > _LEAST)
    return Displacement(
        float(moved.mean()) / diagonal if len(leaves) else 0.0,
        1.0 - len(loose) / len(containers) if len(containers) else 1.0,
        float(flipped.mean()) if len(flipped) else 0.0,
    )


def _pairs_of(nodes: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    n = len(nodes)
    if n * (n - 1) // 2 <= _MOST_PAIRS:
        one, two = np.triu_indices(n, 1)
    else:
        random = np.random.default_rng(0)
        one = random.integers(0, n, _MOST_PAIRS)
        two = (one + random.integers(1, n, _MOST_PAIRS)) % n
    return nodes[one], nodes[two]
