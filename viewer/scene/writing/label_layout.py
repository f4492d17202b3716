"""Where labels go: never over one another, never over what they do not name, never clipped; equal parts alike."""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from .occupancy import Occupancy, Rect

__all__ = ["Block", "Candidate", "Line", "PlacedLabel", "Rect", "Spot", "place_labels"]

# A group takes a way that so many of its members can take; the one of the last frame if so many still can.
_AGREE, _AGREE_STILL = 0.8, 0.6
_ROUNDING = 1e-9
# What stood in the last frame is a little more important and may be a little too large before it goes or moves, and
# what comes after it needs a little more than its room: at the edge between them nothing flickers.
_KEPT_PRIORITY, _KEPT_ROOM, _NEW_ROOM, _KEPT_GAP = 1.5, 1.1, 0.92, 0.34
_STEPS = tuple(k * 10**power for power in range(7) for k in (1, 2, 5))  # a series is thinned to every so many


@dataclass(frozen=True)
class Line:
    """One line of text with its measures in pixels; `free` are rows without ink at its top and its bottom."""

    text: str
    font: tuple[int, str]
    width: int
    height: int
    free: tuple[int, int] = (0, 0)


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

    @property
    def inked(self) -> tuple[int, int]:
        """Width and height without the rows at its ends that have no ink."""
        width, height = self.size
        free = self.lines[0].free[0] + self.lines[-1].free[1]
        return (width - free, height) if self.vertical else (width, height - free)


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
        "rim" (such ground, and edges of plates in it), "across" (the same, with a plate of its own), "cover" (whatever
        is there: only for labels that must not be missed).
    within : Rect, optional
        The block must stay inside.
    way : str
        Which of the ways to label a part this is: equal parts are labelled in the same one, and a part keeps its own
        from frame to frame. A number stands for "".
    """

    x: float
    y: float
    align: tuple[float, float]
    room: tuple[float, float]
    on: str = "face"
    within: Rect | None = None
    way: str = ""


@dataclass(frozen=True)
class Candidate:
    """A label that would like to be shown: what it may say and where, from the best choice to the last.

    Attributes
    ----------
    row : int
        Of its box in the cut.
    role : str
        Which of its node's labels it is.
    group : hashable, optional
        Labels of equal parts: most of them are shown, all in one way, or none.
    number : int, optional
        Its place in a series: of these, all are shown, or every second, fifth, tenth ...
    beside : sequence of Rect
        Plates beside what it names: on a plate, it does not lie on those.
    """

    node: int
    row: int
    priority: float
    options: tuple[tuple[Block, Spot], ...]
    role: str = "name"
    group: Hashable = None
    number: int | None = None
    beside: tuple[Rect, ...] = ()

    @cached_property
    def ways(self) -> dict[str, tuple[Block, Spot]]:
        """The options by their ways."""
        return {spot.way or str(k): (block, spot) for k, (block, spot) in enumerate(self.options)}


@dataclass(frozen=True)
class PlacedLabel:
    """A label in its place."""

    candidate: Candidate
    block: Block
    spot: Spot
    rect: Rect
    way: str = ""
    crosses: bool = False  # a ribbon runs under it


Ways = Mapping[tuple[int, str], str]  # by node and role


def place_labels(
    candidates: Sequence[Candidate],
    viewport: tuple[int, int],
    taken: Sequence[Rect],
    boxes: Occupancy,
    ribbons: Occupancy,
    gap: float,
    limit: int,
    covered: Callable[[Candidate, Rect], bool] | None = None,
    before: Ways | None = None,
    rims: Callable[[Rect], bool] | None = None,
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
    before : mapping of (int, str) to str, optional
        By node and role, the ways of the labels of the last frame: they stay where they can.
    rims : callable, optional
        Tells whether the edge of a plate runs through a rectangle.

    Returns
    -------
    list of PlacedLabel
        In order of priority; ties by node id, so that the same view has the same labels.
    """
    before = before or {}
    ground = _Ground(viewport, taken, len(candidates), boxes, ribbons, gap, covered, rims, _NEW_ROOM if before else 1.0)
    placed: list[PlacedLabel] = []
    for members in _groups(candidates, before):
        placed += _labelled(members, ground, before, limit - len(placed))
        if len(placed) >= limit:
            break
    return placed


def _groups(candidates: Sequence[Candidate], before: Ways) -> list[list[Candidate]]:
    """Return the candidates that are decided on together, the most important first."""

    def order(candidate: Candidate) -> tuple[float, int]:
        kept = (candidate.node, candidate.role) in before
        return -candidate.priority - (_KEPT_PRIORITY if kept else 0.0), candidate.node

    groups: defaultdict[Hashable, list[Candidate]] = defaultdict(list)
    for k, candidate in enumerate(sorted(candidates, key=order)):
        groups[("", k) if candidate.group is None else candidate.group].append(candidate)
    return list(groups.values())


def _labelled(members: list[Candidate], ground: "_Ground", before: Ways, limit: int) -> list[PlacedLabel]:
    """Label a group in the first way that all its members can take, or enough of them."""
    for some in _thinned(members):
        if len(some) > limit and len(members) > 1:
            continue
        last = Counter(filter(None, (before.get((member.node, member.role)) for member in some)))
        usual = dict.fromkeys(way for member in some for way in member.ways)
        favourite = next((way for way, _ in last.most_common(1) if way in usual), None)
        ways = [*([favourite] if favourite else []), *(way for way in usual if way != favourite)]
        # A way that all can take comes first; on ribbons many would hide the flow.
        rounds = [(1.0, False), (1.0, True)] if len(members) == 1 else [(1.0, False), (_AGREE, False)]
        if some[0].number is not None:  # one at an end that has no place must not thin out all
            rounds = [(1.0 - 1.0 / len(some), False)]
        for agree, crossing in rounds:
            for way in ways:
                enough = min(agree, _AGREE_STILL) if way == favourite and some[0].number is None else agree
                found = ground.tried(some, way, enough, crossing, before)
                if found:
                    return found
    return []


def _thinned(members: list[Candidate]) -> Iterator[list[Candidate]]:
    """Yield all members; of a series then every second, every fifth ..., as long as two are left."""
    yield members
    if members[0].number is not None:
        for step in _STEPS[1:]:
            some = [member for member in members if (member.number or 0) % step == 0]
            if len(some) < 2:
                return
            yield some


class _Ground:
    """What is free on the screen, label by label."""

    def __init__(
        self,
        viewport: tuple[int, int],
        taken: Sequence[Rect],
        most: int,
        boxes: Occupancy,
        ribbons: Occupancy,
        gap: float,
        covered: Callable[[Candidate, Rect], bool] | None,
        rims: Callable[[Rect], bool] | None,
        new_room: float,
    ) -> None:
        self._new_room, self._rims = new_room, rims
        self._bounds: Rect = (0, 0, *viewport)
        self._boxes, self._ribbons, self._gap, self._covered = boxes, ribbons, gap, covered
        self._first = len(taken)
        self._count = len(taken)
        self._used = np.empty((len(taken) + most, 4))
        self._used[: self._count] = np.array(taken, np.float64).reshape(-1, 4)

    def tried(
        self, members: list[Candidate], way: str, agree: float, crossing: bool, before: Ways
    ) -> list[PlacedLabel]:
        """Take a place for each member that has one in this way; none at all where too few have one.

        A member that reaches out of the picture or is covered does not count.
        """
        start = self._count
        found: list[PlacedLabel] = []
        failed = 0
        for member in members:
            option = member.ways.get(way)
            kept = before.get((member.node, member.role)) == way
            # The smallest of a group may be a little too small: it is labelled as the others are.
            lenient = kept or (len(members) > 1 and member.number is None)
            label = None if option is None else self._place(member, way, option, kept, lenient, crossing)
            if isinstance(label, PlacedLabel):
                found.append(label)
                self._used[self._count] = label.rect
                self._count += 1
            elif label is None:
                failed += 1
                if failed > (1 - agree) * len(members) + _ROUNDING:
                    break
        if found and len(found) >= agree * (len(found) + failed) - _ROUNDING:
            return found
        self._count = start
        return []

    def _place(
        self, candidate: Candidate, way: str, option: tuple[Block, Spot], kept: bool, lenient: bool, crossing: bool
    ) -> "PlacedLabel | bool | None":
        """Return the label; None where it does not fit; False where nobody could see it there."""
        block, spot = option
        width, height = block.size
        room = _KEPT_ROOM if lenient else self._new_room
        inked = block.inked
        if inked[0] > spot.room[0] * room or inked[1] > spot.room[1] * room:
            return None
        left, top = round(spot.x - spot.align[0] * width), round(spot.y - spot.align[1] * height)
        rect = (left, top, left + width, top + height)
        if not _inside(rect, self._bounds):
            return False
        if spot.within is not None and not _inside(rect, spot.within):
            return None
        gap = self._gap * (_KEPT_GAP if kept else 1.0)
        if _hits(rect, self._used[: self._first], gap) or (
            self._covered is not None and self._covered(candidate, rect)
        ):
            return False
        if _hits(rect, self._used[self._first : self._count], gap):
            return None
        crosses = False
        if spot.on in ("plate", "rim", "across"):
            ink = _ink(block, rect, self._gap - gap)
            crosses = not self._ribbons.is_free(ink)
            if not self._boxes.is_free(ink) or (crosses and not crossing):
                return None
            if any(_meet(ink, other) for other in candidate.beside):
                return None
            if spot.on == "plate" and self._rims is not None and self._rims(ink):
                return None
        return PlacedLabel(candidate, block, spot, rect, way, crosses)


def _ink(block: Block, rect: Rect, less: float) -> Rect:
    """Return the part of a label's rectangle that has ink, and so many pixels less at each side."""
    left, top, right, bottom = rect
    above, below = _free(block)
    if block.vertical:
        return left + above + less, top + less, right - below - less, bottom - less
    return left + less, top + above + less, right - less, bottom - below - less


def _free(block: Block) -> tuple[int, int]:
    return block.lines[0].free[0], block.lines[-1].free[1]


def _inside(rect: Rect, bounds: Rect) -> bool:
    return rect[0] >= bounds[0] and rect[1] >= bounds[1] and rect[2] <= bounds[2] and rect[3] <= bounds[3]


def _meet(a: Rect, b: Rect) -> bool:
    return a[0] < b[2] and a[2] > b[0] and a[1] < b[3] and a[3] > b[1]


def _hits(rect: Rect, used: NDArray[np.float64], gap: float) -> bool:
    return bool(
        (
            (used[:, 0] < rect[2] + gap)
            & (used[:, 2] > rect[0] - gap)
            & (used[:, 1] < rect[3] + gap)
            & (used[:, 3] > rect[1] - gap)
        ).any()
    )
