"""The router: ways between the children of one container, in tracks through its free space.

Gutters, corridors and the margin are channels, as in the routing of circuits: first every way is a sequence of
channels, then each channel gives tracks to the nets that run along it.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .ends import Ends, ends_of
from .links import ADD, READ, Links, bundles
from .pack import Room
from .polylines import WIDEST_ARC, Ways
from .space import MARGIN, Space
from .tracks import ENDS, HIGH, LOW, Stops, Tracks

__all__ = ["Routed", "Router"]

_DATA_WIDTH = 0.4  # of the narrowest gutter, where there are no tracks
_TRACK = 0.6  # width of a ribbon in a track, as a part of the pitch
_COMMON = 0.4  # of the broadest ribbon: ways with room for as much are all as wide as the narrowest of them
_LANE_JOG = 0.04  # along the residual lane, where a way leaves or joins it
# Room for ways takes at most this part of the frame, between all columns or rows, and at one edge.
_MOST_BETWEEN, _MOST_AT_EDGE = 0.4, 0.1
_ENOUGH = 0.75  # of the pitch that is wanted: for less, everything is planned once more
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
_NONE = -1


@dataclass(frozen=True, eq=False)
class Routed:
    """Ways of some links.

    Attributes
    ----------
    ways : Ways
    width : ndarray of float64, shape (m,)
        Of the ribbons.
    bundle : ndarray of int32, shape (m,)
        From 0; -1 for none.
    """

    ways: Ways
    width: Floats
    bundle: NDArray[np.int32]


@dataclass(eq=False)
class _Paths:
    """Links on their way.

    Attributes
    ----------
    channels : ndarray of int64, shape (m, 5)
        What each runs through: vertical channels in even places, corridors in odd ones, `_NONE` where there is none.
    first, last : ndarray of int64, shape (m,)
        Places of the first and of the last channel.
    """

    links: Links
    net: Ints
    channels: Ints
    ends: Ends
    first: Ints = field(init=False)
    last: Ints = field(init=False)

    def __post_init__(self) -> None:
        used = self.channels != _NONE
        self.first = np.argmax(used, 1)
        self.last = 4 - np.argmax(used[:, ::-1], 1)


class Router:
    """The ways of all links of one container.

    No way passes through a box, since all run in the free strips; in each strip nets have tracks of their own.

    Parameters
    ----------
    space : Space
    links : Links
        One at least.
    lane : float
        Height of the residual lane.
    """

    def __init__(self, space: Space, links: Links, lane: float) -> None:
        self._space, self.links, self._lane = space, links, lane
        self._paths = _paths(space, links, lane)
        self._vertical, self._horizontal = _tracks(space, self._paths)
        self._count = self._vertical.count + self._horizontal.count

    def routed(self, broadest: float) -> Routed:
        """Return the ways; `broadest` is the width of a ribbon that has room enough."""
        broadest = min(broadest, _DATA_WIDTH * self._space.narrowest())
        paths, links, vertical, count = self._paths, self.links, self._vertical, self._count
        used, channel = paths.channels != _NONE, paths.channels
        pitch = np.where(vertical.count > 0, vertical.pitch, self._horizontal.pitch)
        own = np.where(used & (count[channel] > 0), _TRACK * pitch[channel], broadest).min(1)
        width = np.full(int(paths.net.max()) + 1, broadest)
        np.minimum.at(width, paths.net, own)
        # One width for all that have room for it is calmer than each its own.
        width = np.minimum(width, max(float(width.min()), _COMMON * broadest))
        members = np.bincount(paths.net)
        number = np.where(members > 1, np.cumsum(members > 1) - 1, -1)
        return Routed(
            _ways(self._space, paths, vertical, self._horizontal, self._lane),
            np.where(links.width > 0, links.width, width[paths.net]),
            number[paths.net].astype(np.int32),
        )

    def demand(self, pitch: float) -> Room | None:
        """Return the free space with which all tracks are `pitch` apart; None where they nearly are."""
        space, count = self._space, self._count
        wide = space.edges[:, 1] - space.edges[:, 0]
        if (wide >= _ENOUGH * pitch * (count + 1))[count > 0].all():
            return None
        need = np.where(count > 0, pitch * (count + 1), 0.0)
        gutters, row = need[: space.corridors], space.row_of(np.arange(space.corridors))
        column = np.arange(space.corridors) - space.gutter(row, np.zeros_like(row))
        left, right = gutters[column == 0], gutters[column == space.columns[row]]
        inner = gutters[(column > 0) & (column < space.columns[row])]
        corridors = need[space.corridors : space.margin]
        edge = _MOST_AT_EDGE * min(space.width, 1.0)
        return Room(
            gutter=min(inner.max(initial=0.0), _MOST_BETWEEN * space.width / int(space.columns.max())),
            corridor=min(corridors[1:-1].max(initial=0.0), _MOST_BETWEEN / space.rows),
            left=min(self._left_edge(float(left.max()), float(need[space.margin])), 2 * edge),
            right=min(right.max(), edge),
            top=min(corridors[0], edge),
            bottom=min(corridors[-1], edge),
        )

    def _left_edge(self, gutter: float, margin: float) -> float:
        """Return the room at the left that has these widths for the first gutter and for the margin before it."""
        if self._space.rows == 1:
            return gutter
        return max(gutter / (1 - MARGIN), margin / MARGIN)


def _paths(space: Space, links: Links, lane: float) -> _Paths:
    net, gathers = bundles(links)
    row, column = space.out_slot(links.source)
    to_row, to_column = space.in_slot(links.target)
    near = space.are_neighbours(row, column, to_row, to_column)
    out, into = space.gutter(row, column + 1), space.gutter(to_row, to_column)
    same = row == to_row
    # Skips pass above their row; what comes together in one child, and what closes a cycle, below it.
    leaving = np.where(same, row + (gathers | links.backward), np.where(to_row > row, row + 1, row))
    entering = np.where(same, leaving, np.where(to_row > row, to_row, to_row + 1))
    direct = leaving == entering
    channels = np.full((len(links), 5), _NONE, np.int64)
    channels[:, 0] = out
    channels[:, 1] = np.where(near, _NONE, space.corridors + leaving)
    channels[:, 2] = np.where(near | direct, _NONE, space.margin)
    channels[:, 3] = np.where(near | direct, _NONE, space.corridors + entering)
    channels[:, 4] = np.where(near, _NONE, into)
    for kind, child_row, gutter, child in ((READ, to_row, into, links.target), (ADD, row, out, links.source)):
        here = np.flatnonzero(links.lane == kind)
        if not len(here):
            continue
        # Down beside the child; rows below are passed by the margin.
        below = child_row[here] < space.rows - 1
        down = np.full((len(here), 5), _NONE, np.int64)
        down[:, 0] = gutter[here]
        down[below, 1], down[below, 2] = space.corridors + child_row[here][below] + 1, space.margin
        down[space.reaches_down(child[here])] = _NONE
        channels[here] = down[:, ::-1] if kind == READ else down
    straight = near & (links.lane == 0)
    return _Paths(links, net, channels, ends_of(space, links, net, gathers, channels, straight, lane))


def _tracks(space: Space, paths: _Paths) -> tuple[Tracks, Tracks]:
    """Give every net a track in each of its channels: vertical ones first, as corridors must know where they end."""
    net, lane, used = paths.net, paths.links.lane, paths.channels != _NONE
    row, place = np.nonzero(used)
    channel = paths.channels[row, place]
    next_one = np.flatnonzero(row[1:] == row[:-1])
    own, after = channel[next_one], channel[next_one + 1]
    upright = place[next_one] % 2 == 0
    vertical, corridor = np.where(upright, own, after), np.where(upright, after, own)
    joint = net[row[next_one]]

    begins = np.append(True, row[1:] != row[:-1])[: len(row)]
    ends = np.append(row[1:] != row[:-1], True)[: len(row)]
    first, last = row[begins], row[ends]
    upright_tracks = Tracks(
        Stops(
            np.concatenate([channel[begins], channel[ends], vertical]),
            np.concatenate([net[first], net[last], joint]),
            np.concatenate([paths.ends.start[first, 1], paths.ends.stop[last, 1], space.edges.mean(1)[corridor]]),
            np.concatenate(
                [
                    np.where(lane[first] == READ, ENDS, LOW), np.where(lane[last] == ADD, ENDS, HIGH),
                    np.where(vertical == space.margin, HIGH, ENDS),
                ]
            ),
        ),
        space.edges,
    )  # fmt: skip
    below = space.row_of(np.minimum(vertical, space.corridors - 1)) == corridor - space.corridors
    side = np.where(vertical == space.margin, ENDS, np.where(below, LOW, HIGH))
    return upright_tracks, Tracks(Stops(corridor, joint, upright_tracks.at(vertical, joint), side), space.edges)


def _ways(space: Space, paths: _Paths, vertical: Tracks, horizontal: Tracks, lane: float) -> Ways:
    """Return all ways' corners, and for each the radius that keeps its arc off the boxes."""
    links, channels, net, n = paths.links, paths.channels, paths.net, len(paths.links)
    place = np.where(np.arange(5) % 2, horizontal.at(np.maximum(channels, 0), net[:, None]), 0.0)
    place[:, ::2] = vertical.at(np.maximum(channels[:, ::2], 0), net[:, None])
    edge = space.edges[np.maximum(channels, 0)]
    own = np.minimum(place - edge[:, :, 0], edge[:, :, 1] - place)
    used = channels != _NONE
    rows = np.arange(n)
    start, stop = paths.ends.start.copy(), paths.ends.stop.copy()
    reads, adds = links.lane == READ, links.lane == ADD
    start[reads, 0] = np.maximum(place[rows, paths.first][reads] - _LANE_JOG, 0.0)
    stop[adds, 0] = np.minimum(place[rows, paths.last][adds] + _LANE_JOG, space.width)

    corners, radii = np.empty((n, 8, 2)), np.zeros((n, 8))
    corners[:, 0] = start
    at = start.copy()
    room = np.where(reads, 0.0, _free_arc(space, links.source, start[:, 1], _toward(paths, place, stop, 0), out=True))
    for k in range(5):
        here = used[:, k]
        at[here, 1 - (k % 2 == 0)] = place[here, k]
        corners[:, k + 1] = at
        radii[here, k + 1] = np.maximum(room, own[:, k])[here]
        room = np.where(here, own[:, k], room)
    corners[:, 6] = np.column_stack([at[:, 0], stop[:, 1]])
    last = np.where(adds, 0.0, _free_arc(space, links.target, stop[:, 1], _toward(paths, place, start, 1), out=False))
    radii[:, 6] = np.maximum(room, last)
    corners[:, 7] = stop
    lone = ~used.any(1)
    if lone.any():
        corners[lone], radii[lone] = _right_above(space, links, lone, lane), WIDEST_ARC
    return Ways(corners, np.minimum(radii, WIDEST_ARC))


def _toward(paths: _Paths, place: Floats, other: Floats, at_end: int) -> Floats:
    """Return the height that the first (or last) vertical stretch leads to."""
    channels, rows = paths.channels, np.arange(len(paths.links))
    corridors = channels[:, 1::2] != _NONE
    first = np.argmax(corridors, 1) if not at_end else 1 - np.argmax(corridors[:, ::-1], 1)
    return np.where(corridors.any(1), place[rows, 1 + 2 * first], other[:, 1])


def _free_arc(space: Space, child: Ints, height: Floats, toward: Floats, *, out: bool) -> Floats:
    """Return how large arcs beside children may be that have their column to themselves: they reach over their row."""
    row, _ = space.out_slot(child) if out else space.in_slot(child)
    reach = np.where(toward > height, space.top[row] - height, height - space.bottom[row])
    return np.where(space.is_crowded(child), 0.0, np.maximum(reach, 0.0))


def _right_above(space: Space, links: Links, lone: NDArray[np.bool_], lane: float) -> Floats:
    """Return the ways between the residual lane and children that stand right above it."""
    reads = links.lane[lone] == READ
    child = np.where(reads, links.target[lone], links.source[lone])
    low, high = space.low[child], space.high[child]
    x = low[:, 0] + links.at[lone] * (high[:, 0] - low[:, 0])
    beside = np.where(reads, np.maximum(x - _LANE_JOG, 0.0), np.minimum(x + _LANE_JOG, space.width))
    three = np.stack(
        [np.column_stack([beside, np.full(len(x), lane)]), np.column_stack([x, np.full(len(x), lane)]),
         np.column_stack([x, low[:, 1]])], 1
    )  # fmt: skip
    three[~reads] = three[~reads][:, ::-1]
    return np.concatenate([three, np.repeat(three[:, -1:], 5, 1)], 1)
