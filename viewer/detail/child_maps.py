"""Maps of containers' fronts: which child is in front at each texel, one map for all containers that look alike."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .cut import CutTree

__all__ = ["DETAILS", "ChildMaps", "Maps"]

DETAILS = (6, 12, 24, 48)
"""Texels at most along the longer side of a map that is no grid, by level of detail."""

_UNEVEN = 0.02  # of a cell: children that are further off than this make no grid
_SPARSE = 4  # cells a child at most
_WIDEST = 1024  # cells of a grid along a side
_DIVISIONS = np.linspace(0.7, 1.0, 10)  # of the texels that there may be: what fits the children's edges best is taken
_FITTED = 64  # ... looking at so many of them: of more, no division fits all
_STEPS = 1 << 20  # a front's side in these is told apart
_MIX = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93, 0xFF51AFD7ED558CCD,
                 0xC4CEB9FE1A85EC53], np.uint64)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Maps:
    """Maps, one row each. Texels run from the lower left corner, row by row upwards.

    Attributes
    ----------
    start : ndarray of int64, shape (K,)
        A map's first texel in `ChildMaps.texels`.
    columns, rows : ndarray of int64, shape (K,)
        How many texels there are.
    low, high : ndarray of float64, shape (K, 2)
        The part of the front that the texels cover, as shares of its sides from the lower left corner.
    gap : ndarray of float64, shape (K, 2)
        Of a regular grid, whose texels are cells: the share of a cell's sides that is free, half of it at each end.
    largest : ndarray of float64, shape (K, 2)
        The greatest width and height of a child, as shares of the front's.
    """

    start: NDArray[np.int64]
    columns: NDArray[np.int64]
    rows: NDArray[np.int64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    gap: NDArray[np.float64]
    largest: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.start)

    def take(self, which: NDArray[np.integer]) -> "Maps":
        """Return some of the maps."""
        return Maps(*(column[which] for column in self._columns()))

    def joined(self, more: "Maps") -> "Maps":
        """Return these maps and some more."""
        return Maps(*(np.concatenate(both) for both in zip(self._columns(), more._columns(), strict=True)))

    def _columns(self) -> tuple[NDArray[Any], ...]:
        return self.start, self.columns, self.rows, self.low, self.high, self.gap, self.largest


class ChildMaps:
    """Makes the maps of a tree's containers when they are first asked for.

    A regular grid of equal children has one texel a child. All else is as fine as its level of detail says; where no
    child is, or one smaller than a texel falls between two of them, the container's own plate shows.

    Parameters
    ----------
    tree : CutTree

    Attributes
    ----------
    texels : ndarray of int32
        Of all maps: how much larger the id of the child there is than its container's; 0 where no child is.
    """

    def __init__(self, tree: CutTree) -> None:
        self.tree = tree
        self.texels: NDArray[np.int32] = np.empty(0, np.int32)
        none, pairs = np.empty(0, np.int64), np.empty((0, 2))
        self._maps = Maps(none, none, none, pairs, pairs, pairs, pairs)
        self._map_of = np.full((len(DETAILS), len(tree.graph)), -1, np.int32)
        self._known: dict[tuple[int, int], int] = {}  # by detail and looks

    def of(self, nodes: NDArray[np.int64], detail: NDArray[np.integer]) -> Maps:
        """Return the maps of containers with drawn children.

        Parameters
        ----------
        nodes, detail : ndarray, shape (K,)
            The level of detail of each: an index into `DETAILS`.
        """
        for level in range(len(DETAILS)):
            wanted = nodes[detail == level]
            new = wanted[self._map_of[level, wanted] < 0]
            if len(new):
                self._learn(np.unique(new), level)
        return self._maps.take(self._map_of[detail, nodes])

    def _learn(self, nodes: NDArray[np.int64], level: int) -> None:
        """Find the maps of containers, and make those that no other container has had yet."""
        children = _Children.of(self.tree, nodes)
        looks = children.looks()
        kinds, first, which = np.unique(looks, return_index=True, return_inverse=True)
        found = np.array([self._known.get((level, look), -1) for look in kinds.tolist()], np.int32)
        missing = np.flatnonzero(found < 0)
        if len(missing):
            found[missing] = len(self._maps) + np.arange(len(missing))
            self._known.update(((level, int(kinds[k])), int(found[k])) for k in missing)
            maps, texels = _made(_Children.of(self.tree, nodes[first[missing]]), DETAILS[level], len(self.texels))
            self._maps = self._maps.joined(maps)
            self.texels = np.concatenate([self.texels, texels])
        self._map_of[level, nodes] = found[which]


@dataclass(frozen=True, eq=False)
class _Children:
    """The drawn children of containers, those of one after those of the other, the foremost last.

    `low` and `high` are their corners as shares of the container's sides, from its lower left corner.
    """

    owner: NDArray[np.int64]  # row of the container
    start: NDArray[np.int64]  # first child of each container
    offset: NDArray[np.int64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    aspect: NDArray[np.float64]  # of each container

    @classmethod
    def of(cls, tree: CutTree, nodes: NDArray[np.int64]) -> "_Children":
        count = tree.child_start[nodes + 1] - tree.child_start[nodes]
        owner, ids = np.repeat(np.arange(len(nodes)), count), tree.children(nodes)
        center, size = tree.placement.center, tree.placement.size
        order = np.lexsort((ids, center[ids, 2] + size[ids, 2] / 2, owner))
        ids = ids[order]
        plate, whole = nodes[owner], size[nodes[owner], :2]
        middle, half = (center[ids] - center[plate])[:, :2] / whole + 0.5, size[ids, :2] / 2 / whole
        start = np.cumsum(count) - count
        aspect = size[nodes, 0] / size[nodes, 1]
        return cls(owner, start, ids - plate, middle - half, middle + half, aspect)

    def looks(self) -> NDArray[np.uint64]:
        """Return a number for each container: containers of equal number have equal maps."""
        corners = np.rint(np.concatenate([self.low, self.high], 1) * _STEPS).astype(np.int64).astype(np.uint64)
        mixed = corners @ _MIX[:4] + self.offset.astype(np.uint64) * _MIX[4]
        mixed = (mixed ^ (mixed >> np.uint64(31))) * _MIX[5]
        mixed ^= mixed >> np.uint64(29)
        shape = np.rint(np.log(self.aspect) * 1e4).astype(np.int64).astype(np.uint64)
        return np.add.reduceat(mixed, self.start) + shape * _MIX[0]


def _made(children: _Children, most: int, start: int) -> tuple[Maps, NDArray[np.int32]]:
    """Return the maps of containers and their texels, which begin at `start`."""
    columns, rows, low, high, gap = _grids(children)
    odd = np.flatnonzero(columns == 0)
    sides = np.stack([np.minimum(1.0, children.aspect[odd]), np.minimum(1.0, 1 / children.aspect[odd])], 1)
    columns[odd], rows[odd] = (_divisions(children, odd, most * sides[:, axis], axis) for axis in (0, 1))
    count = columns * rows
    begin = np.cumsum(count) - count
    owner = children.owner
    side = np.stack([columns, rows], 1)[owner]
    scale = side / (high - low)[owner]
    # A texel shows what is at its middle.
    first = np.ceil((children.low - low[owner]) * scale - 0.5 - 1e-9).astype(np.int64)
    stop = np.ceil((children.high - low[owner]) * scale - 0.5 - 1e-9).astype(np.int64)
    first, stop = np.clip(first, 0, side), np.clip(stop, 0, side)
    across, up = np.maximum(stop - first, 0).T
    texels = np.zeros(int(count.sum()), np.int32)
    child = np.repeat(np.arange(len(owner)), across * up)
    within = np.arange(len(child)) - np.repeat(np.cumsum(across * up) - across * up, across * up)
    row, column = first[child, 1] + within // across[child], first[child, 0] + within % across[child]
    texels[begin[owner[child]] + row * side[child, 0] + column] = children.offset[
        child
    ]  # the last, and foremost, stays
    largest = np.maximum.reduceat(children.high - children.low, children.start)
    return Maps(start + begin, columns, rows, low, high, gap, largest), texels


def _grids(children: _Children) -> tuple[NDArray[np.int64], NDArray[np.int64], *tuple[NDArray[np.float64], ...]]:
    """Return columns, rows, low, high and gap of the maps that are grids; no columns and rows for all others."""
    owner, start = children.owner, children.start
    size = children.high - children.low
    least, largest = np.minimum.reduceat(size, start), np.maximum.reduceat(size, start)
    regular = (largest - least <= _UNEVEN * least).all(1)
    cells, low, pitch = (np.empty((len(start), 2)) for _ in range(3))
    for axis in (0, 1):
        order = np.lexsort((children.low[:, axis], owner))
        at, whose = children.low[order, axis], owner[order]
        step = np.diff(at, prepend=-np.inf)
        step[(whose != np.roll(whose, 1)) | (step < least[whose, axis] / 2)] = np.inf
        pitch[:, axis] = np.minimum.reduceat(step, start)
        alone = ~np.isfinite(pitch[:, axis])  # one column only
        pitch[alone, axis] = least[alone, axis]
        low[:, axis] = at[start]
        cell = (children.low[:, axis] - low[owner, axis]) / pitch[owner, axis]
        regular &= np.maximum.reduceat(np.abs(cell - np.rint(cell)), start) <= _UNEVEN
        cells[:, axis] = np.maximum.reduceat(np.rint(cell), start) + 1
    count = np.diff(start, append=len(owner))
    regular &= (cells.prod(1) <= _SPARSE * count) & (cells <= _WIDEST).all(1)
    gap = pitch - least
    low, gap, shown = low - gap / 2, gap / pitch, regular[:, None]
    whole = np.where(shown, cells, 0).astype(np.int64)
    low, high = np.where(shown, low, 0.0), np.where(shown, low + cells * pitch, 1.0)
    return whole[:, 0], whole[:, 1], low, high, np.where(shown, np.clip(gap, 0.0, 1.0), 0.0)


def _divisions(children: _Children, odd: NDArray[np.int64], most: NDArray[np.float64], axis: int) -> NDArray[np.int64]:
    """Return into how many texels one side of some fronts is divided, so that edges of texels are those of children."""
    if not len(odd):
        return np.empty(0, np.int64)
    choices = np.maximum(np.rint(most[:, None] * _DIVISIONS), 1.0)
    row = np.full(len(children.start), -1)
    row[odd] = np.arange(len(odd))
    among = np.arange(len(children.owner)) - children.start[children.owner]
    looked_at = np.flatnonzero((row[children.owner] >= 0) & (among < _FITTED))
    mine = row[children.owner[looked_at]]
    edges = np.stack([children.low[looked_at, axis], children.high[looked_at, axis]], 1)
    place = edges[:, :, None] * choices[mine][:, None, :]
    off = np.abs(place - np.rint(place)).sum(1) / choices[mine]
    misfit = np.add.reduceat(off, np.flatnonzero(np.diff(mine, prepend=-1)))
    # Of equally good ones the finest.
    best = choices.shape[1] - 1 - np.argmin(misfit[:, ::-1], 1)
    return choices[np.arange(len(odd)), best].astype(np.int64)
