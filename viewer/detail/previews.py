"""Previews: which closed containers show what is in them on their fronts, and which part of that is under a point."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..easing import smooth
from ..pointing.pick import nearest_in_plan
from .child_maps import DETAILS, ChildMaps, Maps
from .cut import Cut, CutTree

__all__ = ["Previews", "choose_previews", "legible", "preview_texels", "strength"]

# How clearly children are seen grows with the room that they have, in that at which a container opens: from about 0.7
# to 2.3 px a side. It is whole before the container opens, so that nothing jumps then.
_ROOM = (0.25, 0.8)
_SIDE_PX = (1.5, 6.0)  # and with the container's smaller side
# What stays closed for longer than that is meant as one tile, with its name on it: parts of the side at which it opens.
_TILE_SIDE_PX = 24.0
_SIDE_OF_TILE = (0.6, 0.95)
_DISTINCT = 0.7  # strength from which one means a part rather than the whole: children of about 1.5 px
_TEXEL_PX = 1.5  # at most, as far as there are maps so fine
_MOST_TEXELS = 1 << 20  # in a frame: the largest containers come first


def strength(
    roominess: NDArray[np.float64], side: NDArray[np.float64], open_side: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Return how clearly containers show their children, 0 to 1, shape (K,).

    Parameters
    ----------
    roominess : ndarray, shape (K,)
        See `CutTree.roominess`.
    side, open_side : ndarray, shape (K,)
        Their smaller sides on the screen, in text pixels, and those at which they open on a screen at rest.
    """
    is_tile = open_side > _TILE_SIDE_PX
    return _ramp(roominess, *_ROOM) * np.where(is_tile, _ramp(side / open_side, *_SIDE_OF_TILE), _ramp(side, *_SIDE_PX))


def legible(tree: CutTree, cut: Cut, scale: float, pictures: bool) -> NDArray[np.float64]:
    """Return how clearly each box of a cut shows its parts on its front, 0 to 1, shape (K,); 0 for an opened one.

    Parameters
    ----------
    scale, pictures
        As `choose_previews` takes them.
    """
    found = np.zeros(len(cut))
    rows = np.flatnonzero(~cut.opened & (tree.child_start[cut.nodes + 1] > tree.child_start[cut.nodes]))
    if tree.covering is not None:
        rows = rows[[not tree.placement.rises(node) for node in cut.nodes[rows].tolist()]]
    nodes, px = cut.nodes[rows], cut.px[rows]
    open_side = (tree.open_side_for_pictures if pictures else tree.open_side)[nodes]
    found[rows] = strength(tree.roominess(nodes, px, scale), cut.short_px[rows] / scale, open_side)
    return found


def _ramp(size: NDArray[np.float64], low: float, high: float) -> NDArray[np.float64]:
    return smooth(np.log(np.maximum(size, 1e-9) / low) / np.log(high / low))


@dataclass(frozen=True, eq=False)
class Previews:
    """The previews of a frame, one row each, those on top of others after these.

    Attributes
    ----------
    nodes : ndarray of int64, shape (Q,)
        Containers.
    row : ndarray of int64, shape (Q,)
        The closed box of the cut on whose front each is: its own, or that of a container around it.
    below : ndarray of int64, shape (Q,)
        The preview that each lies on, of its parent or of what holds the long chain that ends with it; -1 for those of
        closed boxes themselves.
    level : ndarray of int64, shape (Q,)
        How many it lies on.
    px : ndarray of float64, shape (Q, 2)
        Projected width and height.
    strength : ndarray of float64, shape (Q,)
        How clearly it shows its children, 0 to 1.
    maps : Maps
        Which child is where.
    """

    nodes: NDArray[np.int64]
    row: NDArray[np.int64]
    below: NDArray[np.int64]
    level: NDArray[np.int64]
    px: NDArray[np.float64]
    strength: NDArray[np.float64]
    maps: Maps

    def __len__(self) -> int:
        return len(self.nodes)

    @property
    def distinct(self) -> NDArray[np.int64]:
        """The containers whose parts are told apart."""
        return self.nodes[self.strength >= _DISTINCT]

    def part_at(self, tree: CutTree, node: int, point: NDArray[np.float64], reach: float) -> int:
        """Return the deepest part that is told apart at a point of a closed box's front: the box itself, if none is.

        Parameters
        ----------
        point : ndarray, shape (2,)
            In the plan.
        reach : float
            A part is meant from so far beside it, too.
        """
        while len(found := np.flatnonzero(self.nodes == node)) and self.strength[found[0]] >= _DISTINCT:
            children = tree.children(np.array([node]))
            hit = nearest_in_plan(tree.placement.center, tree.placement.size, children, point, reach)
            if hit is None:
                break
            node, last = hit, int(tree.last_links(np.array([hit]))[0])
            if nearest_in_plan(tree.placement.center, tree.placement.size, np.array([last]), point, reach) is not None:
                node = last
        return node


def choose_previews(maps: ChildMaps, cut: Cut, scale: float, pictures: bool) -> Previews:
    """Choose the containers that show what is in them: closed ones, and those that are seen on their fronts.

    Parameters
    ----------
    scale : float
        Device pixels of a text pixel.
    pictures : bool
        Tensors show pictures of their weights.
    """
    tree = maps.tree
    open_side = tree.open_side_for_pictures if pictures else tree.open_side
    size, is_deck = tree.placement.size, tree.covering is not None
    row = np.flatnonzero(~cut.opened)
    nodes, px, below, clear = cut.nodes[row], cut.px[row], np.full(len(row), -1), np.ones(len(row))
    found: list[tuple[NDArray[Any], ...]] = []
    total = 0
    while len(nodes) or not found:
        # Most are leaves or too small: they are left out by the fewest numbers.
        side = np.minimum(px[:, 0], px[:, 1]) / scale
        needed = open_side[nodes]
        chosen = np.flatnonzero(side > np.where(needed > _TILE_SIDE_PX, _SIDE_OF_TILE[0] * needed, _SIDE_PX[0]))
        chosen = chosen[tree.child_start[nodes[chosen] + 1] > tree.child_start[nodes[chosen]]]
        if is_deck:  # its plates stand one behind the other
            chosen = chosen[[not tree.placement.rises(node) for node in nodes[chosen].tolist()]]
        roominess = tree.roominess(nodes[chosen], px[chosen], scale)
        shown = strength(roominess, side[chosen], needed[chosen]) * clear[chosen]
        chosen, shown = chosen[shown > 0], shown[shown > 0]
        nodes, row, below, px = nodes[chosen], row[chosen], below[chosen], px[chosen]
        found.append((nodes, row, below, np.full(len(nodes), len(found)), px, shown))
        room = px * maps.of(nodes, _detail(px, scale)).largest
        held = np.flatnonzero(np.minimum(room[:, 0], room[:, 1]) > _SIDE_PX[0] * scale)
        count = tree.child_start[nodes[held] + 1] - tree.child_start[nodes[held]]
        inner, below = tree.last_links(tree.children(nodes[held])), np.repeat(total + held, count)
        clear = np.repeat(shown[held], count)  # what lies on a faint preview is fainter
        unit = px[held] / size[nodes[held], :2]
        row, px = np.repeat(row[held], count), np.repeat(unit, count, 0) * size.take(inner, 0)[:, :2]
        nodes, total = inner, total + len(nodes)
    nodes, row, below, level, px, shown = (np.concatenate(column) for column in zip(*found, strict=True))
    return _within_bounds(Previews(nodes, row, below, level, px, shown, maps.of(nodes, _detail(px, scale))))


def _detail(px: NDArray[np.float64], scale: float) -> NDArray[np.integer]:
    """Return how fine the maps of fronts of a size must be."""
    return np.searchsorted(np.array(DETAILS[:-1]) * _TEXEL_PX, np.maximum(px[:, 0], px[:, 1]) / scale)


def _within_bounds(previews: Previews) -> Previews:
    """Leave out the smallest ones, and what lies on them, where there are too many texels for a frame."""
    texels = previews.maps.columns * previews.maps.rows
    if texels.sum() <= _MOST_TEXELS:
        return previews
    order = np.argsort(-previews.px.prod(1), kind="stable")  # what lies on another one is smaller than that
    kept = np.zeros(len(previews), bool)
    kept[order] = np.cumsum(texels[order]) <= _MOST_TEXELS
    place = np.append(np.cumsum(kept) - 1, -1)
    rows = np.flatnonzero(kept)
    return Previews(
        previews.nodes[rows],
        previews.row[rows],
        place[previews.below[rows]],
        previews.level[rows],
        previews.px[rows],
        previews.strength[rows],
        previews.maps.take(rows),
    )


def preview_texels(previews: Previews, maps: ChildMaps) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the node at each texel of a frame's previews, shape (T,), and where each one's begin, shape (Q,).

    Where the plate shows, it is -1.
    """
    count = previews.maps.columns * previews.maps.rows
    begin = np.cumsum(count) - count
    source = np.repeat(previews.maps.start - begin, count) + np.arange(int(count.sum()))
    offset = maps.texels[source]
    return np.where(offset > 0, np.repeat(previews.nodes, count) + offset, -1), begin
