"""How often drawn lines cross in a picture: segments are cut into slabs until few share a cell, then compared."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["crossings"]

_FEW = 12  # segments in a cell that are compared without cutting it
_MOST_SLABS = 512
_MOST_COPIES = 2.0  # of a segment, on average, when a cell is cut
_PRICE = 4.0  # of an entry, in pairs: cutting a cell must save more than its new entries cost
_MOST_ENTRIES = 4  # a segment, and a million: with more, no cell is cut any further
_ROUND_OFF = 1e-9  # of a slab
_CHUNK = 1 << 20  # pairs compared at a time
_MOST_PAIRS = 1 << 26  # compared in all; of more, an even sample


@dataclass(frozen=True, slots=True)
class _Entries:
    """Which segments run through which cells, and between which parts of their length (0 to 1); sorted by cell."""

    segment: NDArray[np.int64]
    begin: NDArray[np.float64]
    end: NDArray[np.float64]
    cell: NDArray[np.int64]

    def take(self, chosen: NDArray[Any]) -> "_Entries":
        return _Entries(self.segment[chosen], self.begin[chosen], self.end[chosen], self.cell[chosen])


@dataclass(frozen=True, slots=True)
class _Segments:
    """Stretches of all lines: where they start, how far they go, and the ends and bundle of their lines."""

    start: NDArray[np.float64]
    way: NDArray[np.float64]
    source: NDArray[np.int64]
    target: NDArray[np.int64]
    bundle: NDArray[np.int64]


def crossings(
    points: NDArray[np.float64],
    start: NDArray[np.int64],
    source: NDArray[Any],
    target: NDArray[Any],
    bundle: NDArray[Any] | None = None,
) -> int:
    """Count the points where two lines cross in a plane.

    Lines that share an end or a bundle do not count: they must meet somewhere. A line through the corner of another
    crosses it once. Lines that run on top of each other do not cross there, and one that only touches another counts
    twice or not at all; the side that it comes from decides.

    Parameters
    ----------
    points : ndarray of float64, shape (P, 2)
    start : ndarray of int64, shape (M + 1,)
        Line `k` is ``points[start[k] : start[k + 1]]``.
    source, target : ndarray of int, shape (M,)
        What the ends of the lines stand on.
    bundle : ndarray of int, shape (M,), optional
        Lines of equal number share a trunk; -1 for none.

    Returns
    -------
    int
        Exact, unless more than 2**26 pairs of segments lie so close that they must be compared: then an estimate
        from an even sample of that many.
    """
    segments = _segments_of(points, start, source, target, bundle)
    n = len(segments.start)
    if n < 2:
        return 0
    entries = _Entries(np.arange(n), np.zeros(n), np.ones(n), np.zeros(n, np.int64))
    bounds = np.array([[-np.inf, -np.inf, np.inf, np.inf]])
    leaves: list[tuple[_Entries, NDArray[np.float64]]] = []
    entries, bounds = _without_kin(segments, entries, bounds)
    listed = 0
    while len(entries.cell):
        if listed + len(entries.cell) > _MOST_ENTRIES * n + 1_000_000:
            leaves.append((entries, bounds))
            break
        entries, bounds, done = _cut(segments, entries, bounds)
        listed += len(done[0].cell)
        leaves.append(done)
        entries, bounds = _without_kin(segments, entries, bounds)
    if not leaves:
        return 0
    sizes = [len(bounds) for _, bounds in leaves]
    moved = np.cumsum(sizes) - sizes
    whole = _Entries(
        np.concatenate([leaf.segment for leaf, _ in leaves]),
        np.concatenate([leaf.begin for leaf, _ in leaves]),
        np.concatenate([leaf.end for leaf, _ in leaves]),
        np.concatenate([leaf.cell + int(by) for (leaf, _), by in zip(leaves, moved, strict=True)]),
    )
    return _count(segments, whole, np.concatenate([bounds for _, bounds in leaves]))


def _segments_of(
    points: NDArray[np.float64],
    start: NDArray[np.int64],
    source: NDArray[Any],
    target: NDArray[Any],
    bundle: NDArray[Any] | None,
) -> _Segments:
    line = np.repeat(np.arange(len(source)), np.diff(start))
    at = np.flatnonzero(line[1:] == line[:-1])
    way = points[at + 1] - points[at]
    at, way = at[way.any(1)], way[way.any(1)]
    line = line[at]
    # A line without a bundle is a bundle of its own.
    alone = -1 - np.arange(len(source))
    group = alone if bundle is None else np.where(bundle < 0, alone, bundle)
    return _Segments(points[at], way, source[line].astype(np.int64), target[line].astype(np.int64), group[line])


def _without_kin(
    segments: _Segments, entries: _Entries, bounds: NDArray[np.float64]
) -> tuple[_Entries, NDArray[np.float64]]:
    """Leave out cells in which all lines have one bundle, one source or one target."""
    if not len(entries.cell):
        return entries, bounds
    count = np.bincount(entries.cell, minlength=len(bounds))
    first = np.cumsum(count) - count
    mixed = np.ones(len(bounds), np.bool_)
    for column in (segments.bundle, segments.source, segments.target):
        value = column[entries.segment]
        mixed &= np.minimum.reduceat(value, first) != np.maximum.reduceat(value, first)
    kept = entries.take(mixed[entries.cell])
    return _Entries(kept.segment, kept.begin, kept.end, (np.cumsum(mixed) - 1)[kept.cell]), bounds[mixed]


def _cut(
    segments: _Segments, entries: _Entries, bounds: NDArray[np.float64]
) -> tuple[_Entries, NDArray[np.float64], tuple[_Entries, NDArray[np.float64]]]:
    """Cut cells into slabs across the axis along which their segments are shorter.

    Returns
    -------
    entries, bounds
        The new cells.
    done : (entries, bounds)
        Cells that are not worth cutting.
    """
    cells = len(bounds)
    count = np.bincount(entries.cell, minlength=cells)
    first = np.cumsum(count) - count
    one = segments.start[entries.segment] + entries.begin[:, None] * segments.way[entries.segment]
    two = segments.start[entries.segment] + entries.end[:, None] * segments.way[entries.segment]
    low, high = np.minimum(one, two), np.maximum(one, two)
    cell_low = np.minimum.reduceat(low, first)
    extent = np.maximum.reduceat(high, first) - cell_low
    with np.errstate(divide="ignore", invalid="ignore"):
        part = np.add.reduceat(high - low, first) / count[:, None] / extent
    part[~(extent > 0)] = np.inf
    axis = part.argmin(1)
    row = np.arange(cells)
    part, extent, cell_low = part[row, axis], extent[row, axis], cell_low[row, axis]
    slabs = np.minimum(np.sqrt(count), _MOST_SLABS)
    slabs = np.minimum(slabs, np.divide(_MOST_COPIES, part, out=np.full(cells, np.inf), where=part > 0)).astype(int)
    cut = (count > _FEW) & (slabs > 1)

    of = entries.cell
    with np.errstate(divide="ignore", invalid="ignore"):
        slab_of = [
            np.nan_to_num((side[np.arange(len(of)), axis[of]] - cell_low[of]) / extent[of] * slabs[of]) + error
            for side, error in ((low, -_ROUND_OFF), (high, _ROUND_OFF))
        ]
    last = slabs[of] - 1
    from_slab, to_slab = (np.clip(np.floor(slab), 0, last).astype(np.int64) for slab in slab_of)
    chosen = np.flatnonzero(cut[of])
    copies = (to_slab - from_slab + 1)[chosen]
    copy_of = np.repeat(chosen, copies)
    slab = np.arange(len(copy_of)) - np.repeat(np.cumsum(copies) - copies, copies) + from_slab[copy_of]
    offset = np.cumsum(slabs) - slabs
    child = offset[of[copy_of]] + slab
    entries_of = np.bincount(child, minlength=int(slabs.sum())).astype(np.float64)
    saved = count.astype(np.float64) ** 2 - np.add.reduceat(entries_of**2, offset)
    cut &= saved / 2 > _PRICE * np.add.reduceat(entries_of, offset)
    kept = ~cut[of]
    new_number = np.cumsum(~cut) - 1
    stay = entries.take(kept)
    done = _Entries(stay.segment, stay.begin, stay.end, new_number[stay.cell]), bounds[~cut]

    going = cut[of[copy_of]]
    copy_of, slab, child = copy_of[going], slab[going], child[going]
    parent = of[copy_of]
    border_low = cell_low[parent] + extent[parent] * slab / slabs[parent]
    border_high = cell_low[parent] + extent[parent] * (slab + 1) / slabs[parent]
    is_first, is_last = slab == 0, slab == slabs[parent] - 1
    begin, end = _within(
        segments, entries, copy_of, axis[parent],
        np.where(is_first, -np.inf, border_low), np.where(is_last, np.inf, border_high),
    )  # fmt: skip
    used, inverse = np.unique(child, return_inverse=True)
    some = np.zeros(len(used), np.int64)
    some[inverse] = np.arange(len(child))
    new_bounds = bounds[parent[some]]
    at = np.arange(len(used))
    along = axis[parent[some]]
    inner = ~is_first[some]
    new_bounds[at[inner], along[inner]] = border_low[some][inner]
    inner = ~is_last[some]
    new_bounds[at[inner], along[inner] + 2] = border_high[some][inner]
    order = np.argsort(inverse, kind="stable")
    new = _Entries(entries.segment[copy_of], begin, end, inverse).take(order)
    return new, new_bounds, done


def _within(
    segments: _Segments,
    entries: _Entries,
    chosen: NDArray[np.int64],
    axis: NDArray[np.int64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return which part of each chosen stretch lies between two borders, a little more rather than less."""
    segment = entries.segment[chosen]
    at, way = segments.start[segment, axis], segments.way[segment, axis]
    flat = way == 0
    safe = np.where(flat, 1.0, way)
    with np.errstate(over="ignore", invalid="ignore"):
        one, two = (low - at) / safe, (high - at) / safe
    begin, end = np.minimum(one, two) - _ROUND_OFF, np.maximum(one, two) + _ROUND_OFF
    begin = np.where(flat, entries.begin[chosen], np.maximum(begin, entries.begin[chosen]))
    end = np.where(flat, entries.end[chosen], np.minimum(end, entries.end[chosen]))
    return begin, np.maximum(begin, end)


def _count(segments: _Segments, entries: _Entries, bounds: NDArray[np.float64]) -> int:
    """Count crossings in cells; each belongs to the cell that it lies in."""
    entries, first, stop = _partners(segments, entries)
    found = 0
    number = stop - first
    total = int(number.sum())
    stride = -(-total // _MOST_PAIRS) if total else 1
    for here, there in _pairs(first, number, stride):
        one, two = entries.segment[here], entries.segment[there]
        one, two = np.minimum(one, two), np.maximum(one, two)
        apart = (segments.source[one] != segments.source[two]) & (segments.target[one] != segments.target[two])
        apart &= (segments.source[one] != segments.target[two]) & (segments.target[one] != segments.source[two])
        apart &= segments.bundle[one] != segments.bundle[two]
        one, two, cell = one[apart], two[apart], entries.cell[here[apart]]
        start, way = segments.start[one], segments.way[one]
        other, other_way = segments.start[two], segments.way[two]
        offset = other - start
        ahead, behind = _cross(way, offset), _cross(way, offset + other_way)
        meet = (ahead >= 0) != (behind >= 0)
        left, right = -_cross(other_way, offset), _cross(other_way, way - offset)
        meet &= (left >= 0) != (right >= 0)
        at = start[meet] + way[meet] * (left[meet] / (left[meet] - right[meet]))[:, None]
        box = bounds[cell[meet]]
        found += int(((at >= box[:, :2]) & (at < box[:, 2:])).all(1).sum())
    return found * stride


def _partners(segments: _Segments, entries: _Entries) -> tuple[_Entries, NDArray[np.int64], NDArray[np.int64]]:
    """Sort entries so that each is compared with a run of later ones of its cell; return them and these runs.

    In each cell, what has the same bundle, source or target is left out in one piece, whichever leaves fewest pairs:
    a thousand lines from one place would be half a million pairs.
    """
    count = np.bincount(entries.cell)
    stop_of_cell = np.cumsum(count)
    crowded = count[entries.cell] > _FEW
    best = np.full(len(count), np.inf)
    key = entries.segment.copy()  # every segment is a group of its own, where few are
    for column in (segments.bundle, segments.source, segments.target):
        value = column[entries.segment]
        chosen = np.flatnonzero(crowded)
        order = chosen[np.lexsort((value[chosen], entries.cell[chosen]))]
        begins = _begins(entries.cell[order], value[order])
        runs = np.diff(np.append(begins, len(order)))
        same = np.bincount(entries.cell[order[begins]], runs.astype(np.float64) ** 2, len(count))
        pairs = count.astype(np.float64) ** 2 - same
        better = crowded & (pairs < best)[entries.cell]
        key[better] = value[better]
        best = np.where(count > _FEW, np.minimum(best, pairs), best)
    order = np.lexsort((key, entries.cell))
    entries, key = entries.take(order), key[order]
    begins = _begins(entries.cell, key)
    ends = np.append(begins[1:], len(key))
    return entries, np.repeat(ends, ends - begins), stop_of_cell[entries.cell]


def _begins(cell: NDArray[np.int64], key: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where runs of equal cell and key begin."""
    new = np.ones(len(cell), np.bool_)
    new[1:] = (cell[1:] != cell[:-1]) | (key[1:] != key[:-1])
    return np.flatnonzero(new)


def _pairs(
    first: NDArray[np.int64], number: NDArray[np.int64], stride: int
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Yield pairs of an entry and one of its partners, in chunks; every `stride`-th pair."""
    stop = np.cumsum(number)
    total = int(stop[-1]) if len(stop) else 0
    for begin in range(0, total, _CHUNK * stride):
        flat = np.arange(begin, min(begin + _CHUNK * stride, total), stride)
        here = np.searchsorted(stop, flat, side="right")
        yield here, first[here] + flat - (stop - number)[here]


def _cross(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    return a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
