"""Where labels go: never over one another, never over what they do not name, never clipped."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

__all__ = ["Block", "Candidate", "Line", "Occupancy", "PlacedLabel", "Rect", "Spot", "place_labels", "shortened"]

Rect = tuple[float, float, float, float]  # left, top, right, bottom in pixels


@dataclass(frozen=True)
class Line:
    """One line of text with its measures in pixels."""

    text: str
    font: tuple[int, str]
    width: int
    height: int


@dataclass(frozen=True)
class Block:
    """Lines under one another; `vertical` blocks read from below to above."""

    lines: tuple[Line, ...]
    vertical: bool = False

    @property
    def size(self) -> tuple[int, int]:
        """Width and height on the screen."""
        width, height = max(line.width for line in self.lines), sum(line.height for line in self.lines)
        return (height, width) if self.vertical else (width, height)


@dataclass(frozen=True)
class Spot:
    """A place that a label may take.

    Attributes
    ----------
    x, y : float
        Anchor in pixels.
    align : tuple of float
        Which point of the block is put on the anchor: 0, 0 is its top left, 1, 1 its bottom right.
    room : tuple of float
        Width and height that the block may have here.
    on : str
        What it is written on: "face" (of its own box), "plate" (free ground around or above the box),
        "cover" (whatever is there: only for labels that must not be missed).
    within : Rect, optional
        The block must stay inside.
    """

    x: float
    y: float
    align: tuple[float, float]
    room: tuple[float, float]
    on: str = "face"
    within: Rect | None = None


@dataclass(frozen=True)
class Candidate:
    """A label that would like to be shown: what it may say and where, from the best choice to the last."""

    node: int
    row: int  # of its box in the cut
    priority: float
    options: tuple[tuple[Block, Spot], ...]


@dataclass(frozen=True)
class PlacedLabel:
    """A label in its place."""

    candidate: Candidate
    block: Block
    spot: Spot
    rect: Rect
    crosses: bool = False  # a ribbon runs under it


@dataclass(eq=False)
class Occupancy:
    """Which parts of the viewport are covered, answered in constant time for any rectangle.

    Parameters
    ----------
    viewport : tuple of int
    rects : ndarray, shape (K, 4)
        Left, top, right, bottom in pixels.
    cell : int
        Pixels of a cell.
    """

    viewport: tuple[int, int]
    rects: NDArray[np.float64]
    cell: int = 2
    _sums: NDArray[np.int32] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        width, height = -(-self.viewport[0] // self.cell), -(-self.viewport[1] // self.cell)
        covered = np.zeros((height, width), np.int32)
        if len(self.rects):
            bounds = np.clip(self.rects / self.cell, 0, [width, height, width, height])
            x0, y0 = np.floor(bounds[:, :2]).astype(np.int64).T
            x1, y1 = np.ceil(bounds[:, 2:]).astype(np.int64).T
            # Each rectangle steps up at two of its corners and down at the others; running sums fill it in.
            corners = np.concatenate([y0 * (width + 1) + x0, y1 * (width + 1) + x1])
            others = np.concatenate([y0 * (width + 1) + x1, y1 * (width + 1) + x0])
            cells = (height + 1) * (width + 1)
            steps = np.bincount(corners, minlength=cells) - np.bincount(others, minlength=cells)
            depth = steps.astype(np.int32).reshape(height + 1, width + 1).cumsum(0, dtype=np.int32)
            covered = (depth.cumsum(1, dtype=np.int32)[:height, :width] > 0).astype(np.int32)
        self._sums = np.zeros((height + 1, width + 1), np.int32)
        self._sums[1:, 1:] = covered.cumsum(0, dtype=np.int32).cumsum(1, dtype=np.int32)

    def is_free(self, rect: Rect) -> bool:
        """Return whether nothing covers any of a rectangle."""
        height, width = self._sums.shape[0] - 1, self._sums.shape[1] - 1
        x0, y0 = max(int(rect[0] // self.cell), 0), max(int(rect[1] // self.cell), 0)
        x1, y1 = min(int(-(-rect[2] // self.cell)), width), min(int(-(-rect[3] // self.cell)), height)
        if x1 <= x0 or y1 <= y0:
            return True
        s = self._sums
        return bool(s[y1, x1] - s[y0, x1] - s[y1, x0] + s[y0, x0] == 0)


def place_labels(
    candidates: Sequence[Candidate],
    viewport: tuple[int, int],
    taken: Sequence[Rect],
    boxes: Occupancy,
    ribbons: Occupancy,
    gap: float,
    limit: int,
    covered: Callable[[Candidate, Rect], bool] | None = None,
) -> list[PlacedLabel]:
    """Give the most important candidates a place each.

    Parameters
    ----------
    taken : sequence of Rect
        Ground of the title and the legend.
    boxes : Occupancy
        What a label on a plate must not cover.
    ribbons : Occupancy
        What it covers only when there is no other place.
    gap : float
        Free pixels kept around each label.
    limit : int
        Labels at most.
    covered : callable, optional
        Tells whether something stands before a candidate's box at a rectangle.

    Returns
    -------
    list of PlacedLabel
        In order of priority; ties by node id, so that the same view has the same labels.
    """
    placed: list[PlacedLabel] = []
    used = np.empty((len(taken) + len(candidates), 4))
    used[: len(taken)] = np.array(taken, np.float64).reshape(-1, 4)
    count = len(taken)
    for candidate in sorted(candidates, key=lambda c: (-c.priority, c.node)):
        label = _placed(candidate, viewport, used[:count], boxes, ribbons, gap, covered)
        if label is not None:
            placed.append(label)
            used[count] = label.rect
            count += 1
            if len(placed) == limit:
                break
    return placed


def _placed(
    candidate: Candidate,
    viewport: tuple[int, int],
    used: NDArray[np.float64],
    boxes: Occupancy,
    ribbons: Occupancy,
    gap: float,
    covered: Callable[[Candidate, Rect], bool] | None,
) -> PlacedLabel | None:
    second_best: PlacedLabel | None = None
    for block, spot in candidate.options:
        width, height = block.size
        if width > spot.room[0] or height > spot.room[1]:
            continue
        left, top = round(spot.x - spot.align[0] * width), round(spot.y - spot.align[1] * height)
        rect = (left, top, left + width, top + height)
        if not _inside(rect, spot.within or (0, 0, *viewport)) or not _inside(rect, (0, 0, *viewport)):
            continue
        if _hits(rect, used, gap) or (covered is not None and covered(candidate, rect)):
            continue
        if spot.on == "plate":
            if not boxes.is_free(rect):
                continue
            if not ribbons.is_free(rect):
                second_best = second_best or PlacedLabel(candidate, block, spot, rect, crosses=True)
                continue
        return PlacedLabel(candidate, block, spot, rect)
    return second_best


def _inside(rect: Rect, bounds: Rect) -> bool:
    return rect[0] >= bounds[0] and rect[1] >= bounds[1] and rect[2] <= bounds[2] and rect[3] <= bounds[3]


def _hits(rect: Rect, used: NDArray[np.float64], gap: float) -> bool:
    return bool(
        (
            (used[:, 0] < rect[2] + gap)
            & (used[:, 2] > rect[0] - gap)
            & (used[:, 1] < rect[3] + gap)
            & (used[:, 3] > rect[1] - gap)
        ).any()
    )


def shortened(text: str, room: float, width_of: Callable[[str], int], least: int = 5) -> str | None:
    """Return a text cut in its middle so that it fits, or None when fewer than `least` characters would be left.

    The beginning and the end tell most: ``kv_a_proj_with_mqa`` becomes ``kv_a_pr…mqa``.
    """
    if width_of(text) <= room:
        return text
    low, high = least, len(text) - 1
    best: str | None = None
    while low <= high:
        kept = (low + high) // 2
        head = (kept + 1) // 2 + kept // 8
        tail = kept - head
        short = text[:head] + "…" + (text[-tail:] if tail else "")
        if width_of(short) <= room:
            best, low = short, kept + 1
        else:
            high = kept - 1
    return best
