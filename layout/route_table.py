"""Routes of one template."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..graph.kinds import EdgeKind
from .links import Links
from .polylines import WIDEST_ARC, Ways, polylines
from .router import Routed

__all__ = ["RouteTable", "Stretch"]


class Stretch(NamedTuple):
    """A stretch of a residual stream along or from the edge of its container: ends by position, corners, width."""

    source: int
    target: int
    provenance: int
    corners: Sequence[tuple[float, float]]
    width: float


@dataclass(frozen=True, slots=True)
class RouteTable:
    """Routes of one template, one row a route.

    Attributes
    ----------
    source, target : ndarray of int64, shape (m,)
        Positions of children; `links.SELF` for the container itself.
    kind, provenance : ndarray of uint8, shape (m,)
    backward : ndarray of bool, shape (m,)
    bundle : ndarray of int32, shape (m,)
        From 0; -1 for none.
    width : ndarray of float64, shape (m,)
        As a part of the container's height.
    counts : ndarray of int64, shape (m,)
        Number of points of each route.
    points : ndarray of float64, shape (p, 2)
        Points of all routes, one after another, in unit coordinates.
    """

    source: NDArray[np.int64]
    target: NDArray[np.int64]
    kind: NDArray[np.uint8]
    provenance: NDArray[np.uint8]
    backward: NDArray[np.bool_]
    bundle: NDArray[np.int32]
    width: NDArray[np.float64]
    counts: NDArray[np.int64]
    points: NDArray[np.float64]

    @classmethod
    def of(
        cls, stretches: Sequence[Stretch], links: Links | None, routed: Routed | None, aspect: float
    ) -> "RouteTable":
        """Join stretches of streams and routed links, drawn in a frame of height 1, to a table."""
        if links is None or routed is None:
            points, counts = polylines(_padded([stretch.corners for stretch in stretches], 2))
            return cls(*_columns(stretches), counts=counts, points=points / (aspect, 1.0))
        own: list[NDArray[Any]] = [
            links.source, links.target, links.kind, links.provenance, links.backward, routed.bundle, routed.width
        ]  # fmt: skip
        ways = routed.ways
        if stretches:
            before = _padded([stretch.corners for stretch in stretches], ways.radii.shape[1])
            ways = Ways(np.concatenate([before.corners, ways.corners]), np.concatenate([before.radii, ways.radii]))
        points, counts = polylines(ways)
        if stretches:
            own = [np.concatenate(pair) for pair in zip(_columns(stretches), own, strict=True)]
        return cls(*own, counts=counts, points=points / (aspect, 1.0))


def _columns(stretches: Sequence[Stretch]) -> tuple[NDArray[Any], ...]:
    """Return stretches as the first columns of a table."""
    return (
        np.array([stretch.source for stretch in stretches], np.int64),
        np.array([stretch.target for stretch in stretches], np.int64),
        np.full(len(stretches), EdgeKind.RESIDUAL, np.uint8),
        np.array([stretch.provenance for stretch in stretches], np.uint8),
        np.zeros(len(stretches), np.bool_),
        np.full(len(stretches), -1, np.int32),
        np.array([stretch.width for stretch in stretches], np.float64),
    )


def _padded(ways: Sequence[Sequence[tuple[float, float]]], most: int) -> Ways:
    """Return ways as long as the longest, and `most` corners at least: their ends repeated."""
    most = max(most, *(len(way) for way in ways), 2) if ways else most
    corners = np.array([[*way, *[way[-1]] * (most - len(way))] for way in ways]).reshape(len(ways), most, 2)
    return Ways(corners, np.full((len(ways), most), WIDEST_ARC))
