"""Front faces of boxes on the screen: where one may write on them, or beside them."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..frame import Frame, View
from .label_layout import Rect, Spot

__all__ = ["SPINE", "Face", "bounds", "faces", "front_corners", "number_spot", "plate_faces", "plate_strips"]

_CORE = 240  # pixels of a long face's middle that its name may take
SPINE = 3.0  # height over width from which a layer has no room for a number at its corner


@dataclass(frozen=True)
class Face:
    """A front face on the screen: an upright rectangle that lies in it, the one that it lies in, and its corners."""

    inner: Rect
    outer: Rect
    corners: tuple[tuple[float, float], ...]  # upper left first, clockwise

    @property
    def middle(self) -> Rect:
        """The pixels around its middle."""
        left, top, right, bottom = self.inner
        x, y = (left + right) / 2, (top + bottom) / 2
        return x - 1, y - 1, x + 1, y + 1

    @cached_property
    def heart(self) -> tuple[float, float]:
        """The mean of its corners."""
        return sum(x for x, _ in self.corners) / 4, sum(y for _, y in self.corners) / 4

    @cached_property
    def _sides(self) -> list[tuple[float, float, float]]:
        """Of each edge the normal, without signs, and its product with the way to the heart."""
        x, y = self.heart
        sides: list[tuple[float, float, float]] = []
        for (ax, ay), (bx, by) in zip(self.corners, (*self.corners[1:], self.corners[0]), strict=True):
            nx, ny = ay - by, bx - ax
            sides.append((abs(nx), abs(ny), abs(nx * (x - ax) + ny * (y - ay))))
        return sides

    def over(self, left: float, right: float) -> float:
        """Return the height on the screen that its upper edge does not reach between two places."""
        (x, y), (end, y_end) = self.corners[:2]
        slope = (y_end - y) / max(end - x, 1.0)
        return min(y + slope * (min(max(place, x), end) - x) for place in (left, right))

    def times(self, width: float, height: float, pad: tuple[float, float]) -> float:
        """Return how many times as large a rectangle around the heart still lies in the face, with air at its sides.

        A convex shape holds what no edge cuts, and an edge cuts a rectangle that reaches further along its normal than
        it is away.
        """
        return min(
            (away - nx * pad[0] - ny * pad[1]) / max(nx * width / 2 + ny * height / 2, 1e-9)
            for nx, ny, away in self._sides
        )


def faces(frame: Frame, rows: NDArray[np.int64]) -> list[Face | None]:
    """Return where the front faces of some rows are on the screen, None behind the eye."""
    view = frame.view
    px, depth = view.camera.project(front_corners(frame.center, frame.size, rows), view.viewport)
    inner = _upright(px)
    # A long face that leans has hardly any upright rectangle in it; the middle of it has.
    share = np.minimum(_CORE * view.scale / np.maximum(np.ptp(px, axis=1), 1), 1.0)
    core = _upright(_middle_part(px, share))
    leans = (inner[:, 2:] - inner[:, :2] < 0.7 * (core[:, 2:] - core[:, :2])).any(1)
    inner[leans] = core[leans]
    # A slender one that leans has none at all: it is a point that can be named beside.
    empty = (inner[:, 2:] - inner[:, :2]).min(1) <= 0
    inner[empty] = np.tile(px[empty].mean(1), 2) + np.array([-0.5, -0.5, 0.5, 0.5])
    outer = np.concatenate([px.min(1), px.max(1)], 1)
    ok = depth.min(1) > 0
    return [
        Face(tuple(a), tuple(b), tuple(map(tuple, c))) if good else None
        for a, b, c, good in zip(inner.tolist(), outer.tolist(), px.tolist(), ok.tolist(), strict=True)
    ]


def number_spot(frame: Frame, row: int, face: Face) -> Spot | None:
    """Return where a layer's number stands outside of its face; None where it stands on it.

    A spine has it below. A plate of a deck has it at the corner that sticks out behind the next plate, away from that.
    """
    view = frame.view
    width, height, _ = frame.size[row].tolist()
    anywhere, gap = (np.inf, np.inf), 3 * view.scale
    if frame.rising[row]:
        right, up, _ = view.camera.axes[:, 2]  # where on the screen the plates before it are
        x, y = face.corners[(0 if right > 0 else 1) if up < 0 else (3 if right > 0 else 2)]
        return Spot(x, y + (-gap if up < 0 else gap), (float(right > 0), float(up < 0)), anywhere, "plate")
    if height > SPINE * width:
        (x, y), (end, y_end) = face.corners[2:]
        return Spot((x + end) / 2, (y + y_end) / 2 + gap, (0.5, 0), anywhere, "plate")
    return None


def plate_faces(frame: Frame) -> dict[int, Face]:
    """Return the fronts of the plates which are wholly before the eye, by node."""
    rows = np.flatnonzero(frame.cut.opened)
    nodes = frame.cut.nodes[rows].tolist()
    return {node: face for node, face in zip(nodes, faces(frame, rows), strict=True) if face is not None}


def plate_strips(frame: Frame) -> NDArray[np.float64]:
    """Return the pixels from each plate's upper edge to the plates on it, and from these to its lower edge.

    Shape (K, 2), a row a box of the cut; endless where no plate stands on it.
    """
    cut = frame.cut
    row_of = np.full(int(max(cut.nodes.max(initial=0), frame.above.max(initial=0))) + 1, -1, np.int64)
    row_of[cut.nodes] = np.arange(len(cut.nodes))
    plates = np.flatnonzero(cut.opened)
    on = row_of[frame.above[plates]]
    plates, on = plates[on >= 0], on[on >= 0]
    low, high = frame.center[:, 1] - frame.size[:, 1] / 2, frame.center[:, 1] + frame.size[:, 1] / 2
    top, foot = np.full(len(cut.nodes), -np.inf), np.full(len(cut.nodes), np.inf)
    np.maximum.at(top, on, high[plates])
    np.minimum.at(foot, on, low[plates])
    return np.stack([high - top, foot - low], 1) * (cut.px[:, 1] / np.maximum(frame.size[:, 1], 1e-300))[:, None]


def front_corners(
    center: NDArray[np.float64], size: NDArray[np.float64], rows: NDArray[np.integer]
) -> NDArray[np.float64]:
    """Return the corners of boxes' front faces, the upper left first, clockwise, shape (K, 4, 3)."""
    around = np.array([[-1, 1, 1], [1, 1, 1], [1, -1, 1], [-1, -1, 1]], np.float64)
    return center[rows][:, None, :] + size[rows][:, None, :] / 2 * around


def bounds(corners: NDArray[np.float64], view: View) -> NDArray[np.float64]:
    """Return the upright rectangles around faces on the screen, without those behind the eye, shape (K, 4)."""
    px, depth = view.camera.project(corners, view.viewport)
    return np.concatenate([px.min(1), px.max(1)], 1)[depth.min(1) > 0]


def _upright(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the upright rectangles inside quadrilaterals (upper left first, clockwise), shape (K, 4)."""
    left, right = corners[:, [0, 3], 0].max(1), corners[:, [1, 2], 0].min(1)
    top, bottom = corners[:, [0, 1], 1].max(1), corners[:, [2, 3], 1].min(1)
    return np.stack([left, top, right, bottom], 1)


def _middle_part(corners: NDArray[np.float64], share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the middle of quadrilaterals: so much of their width and height, shape (K, 2), along their own edges."""
    a, b, c, d = (corners[:, k] for k in range(4))
    u, v = share[:, :1] / 2, share[:, 1:] / 2
    parts = [
        (0.5 - y) * ((0.5 - x) * a + (0.5 + x) * b) + (0.5 + y) * ((0.5 - x) * d + (0.5 + x) * c)
        for x, y in ((-u, -v), (u, -v), (u, v), (-u, v))
    ]
    return np.stack(parts, 1)
