"""Containers whose children are tiles: how far they are apart, and which ground they cover together."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...layout.placement import Placement

__all__ = ["Grids"]


@dataclass(frozen=True, eq=False)
class Grids:
    """The regular grids of a placement: children of one size whose neighbours in a row differ along u only.

    Attributes
    ----------
    gaps : ndarray of float32, shape (N, 2)
        Free space beside and above the children of each node; zero for nodes that hold no grid.
    is_grid : ndarray of bool, shape (N,)
        Which nodes hold one.
    owners : ndarray of int64, shape (G,)
        The nodes that hold grids, ascending.
    center, size : ndarray, shape (G, 3)
        The box around all children.
    """

    gaps: NDArray[np.float32]
    is_grid: NDArray[np.bool_]
    owners: NDArray[np.int64]
    center: NDArray[np.float64]
    size: NDArray[np.float64]

    @classmethod
    def of(cls, placement: Placement, parent: NDArray[np.int32]) -> "Grids":
        """Find the grids of a placement, among the nodes that it has not left out."""
        order = np.argsort(parent[1:], kind="stable") + 1
        order = order[placement.size[order, 0] > 0]
        gaps = _gaps(placement, parent, order)
        is_grid = gaps.max(1) > 0
        children = order[is_grid[parent[order]]]
        owners, start = np.unique(parent[children], return_index=True)
        if not len(owners):
            return cls(gaps, is_grid, owners.astype(np.int64), np.empty((0, 3)), np.empty((0, 3)))
        half = placement.size[children] / 2
        low = np.minimum.reduceat(placement.center[children] - half, start)
        high = np.maximum.reduceat(placement.center[children] + half, start)
        return cls(gaps, is_grid, owners.astype(np.int64), (low + high) / 2, high - low)

    def closed(self) -> "Grids":
        """Return as many nodes without grids."""
        none = np.empty(0, np.int64)
        return Grids(np.zeros_like(self.gaps), np.zeros_like(self.is_grid), none, np.empty((0, 3)), np.empty((0, 3)))


def _gaps(placement: Placement, parent: NDArray[np.int32], order: NDArray[np.int64]) -> NDArray[np.float32]:
    gaps = np.full((len(parent), 2), np.inf)
    a, b = order[:-1], order[1:]
    siblings = parent[a] == parent[b]
    a, b = a[siblings], b[siblings]
    owner = parent[a]
    step = np.abs(placement.center[b] - placement.center[a])[:, :2]
    size = placement.size[a][:, :2]
    same = np.isclose(size, placement.size[b][:, :2], rtol=1e-6).all(1)
    in_row = step[:, 1] < 0.01 * size[:, 1]
    for axis, chosen in ((0, in_row), (1, ~in_row)):
        np.minimum.at(gaps[:, axis], owner[chosen], (step - size)[chosen, axis])
    gaps[owner[~same]] = 0
    gaps[~np.isfinite(gaps)] = 0
    return np.maximum(gaps, 0).astype(np.float32)
