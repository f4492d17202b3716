"""Which tiles of weights a frame needs: the parts of tensors' faces that are in view, as finely as the screen shows."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, floor, log2

import numpy as np
from numpy.typing import NDArray

from ...overlays.tiles.pyramid import TILE, Statistic, TileGrid, TileKey
from ..cameras.camera import Camera, Viewport

__all__ = [
    "Face",
    "Patch",
    "corner_rays",
    "is_turned",
    "patch_of",
    "patches_of",
    "plan_level",
    "tile_count",
    "visible_part",
]

Part = tuple[float, float, float, float]
"""Left, top, right, bottom of a part of a face, 0 to 1."""

_CELL_PX = 1.0  # a cell is at least so large, in text pixels, along its smaller side


def is_turned(grid: TileGrid, size: NDArray[np.float64]) -> bool:
    """Return whether the layout has laid a tensor's rows along v rather than u: its longer side along the longer."""
    return (grid.rows > grid.columns) != (size[0] > size[1]) and grid.rows != grid.columns


@dataclass(frozen=True, eq=False)
class Face:
    """The front face of a drawn tensor and what of it is in view.

    Attributes
    ----------
    node, row : int
        The tensor, and its row in the frame.
    grid : TileGrid
    turned : bool
        Rows run downwards and columns to the right; else rows run to the right and columns downwards.
    center, size : ndarray, shape (3,)
        Its box.
    part : tuple of float
        What is in view.
    cell_px : tuple of float
        Device pixels of a single value, along the face's width and its height, in the middle of that part.
    """

    node: int
    row: int
    grid: TileGrid
    turned: bool
    center: NDArray[np.float64]
    size: NDArray[np.float64]
    part: Part
    cell_px: tuple[float, float]

    @classmethod
    def of(
        cls,
        node: int,
        row: int,
        grid: TileGrid,
        box: NDArray[np.float64],
        camera: Camera,
        viewport: Viewport,
        rays: NDArray[np.float64],
    ) -> "Face | None":
        """Return a face, None where nothing of it is in view.

        Parameters
        ----------
        box : ndarray, shape (2, 3)
            Its centre and size.
        rays : ndarray, shape (4, 3)
            The camera's `corner_rays`.
        """
        center, size = box
        part = visible_part(center, size, camera.eye, rays)
        if part is None:
            return None
        turned = is_turned(grid, size)
        across, down = (grid.columns, grid.rows) if turned else (grid.rows, grid.columns)
        x, y, step = (part[0] + part[2]) / 2, (part[1] + part[3]) / 2, 1e-3
        spots = ((x, y), (x + step, y), (x, y + step))
        px, _ = camera.project([_on_face(center, size, *spot) for spot in spots], viewport)
        sides = np.linalg.norm(px[1:] - px[0], axis=1) / step
        return cls(node, row, grid, turned, center, size, part, (float(sides[0]) / across, float(sides[1]) / down))

    def corner(self, rows: float, columns: float) -> NDArray[np.float64]:
        """Return the point (u, v, w) of a place given in values from the first row and column."""
        x, y = (columns / self.grid.columns, rows / self.grid.rows)
        if not self.turned:
            x, y = rows / self.grid.rows, columns / self.grid.columns
        return _on_face(self.center, self.size, x, y)

    def place_of(self, point: NDArray[np.float64]) -> tuple[float, float]:
        """Return the place, in values from the first row and column, of a point of the face."""
        x = (point[0] - self.center[0]) / self.size[0] + 0.5
        y = 0.5 - (point[1] - self.center[1]) / self.size[1]
        rows, columns = (y, x) if self.turned else (x, y)
        return rows * self.grid.rows, columns * self.grid.columns

    def ranges(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Return the rows and the columns in view, as values from the first one."""
        across, down = (self.part[0], self.part[2]), (self.part[1], self.part[3])
        rows, columns = (down, across) if self.turned else (across, down)
        return (
            (rows[0] * self.grid.rows, rows[1] * self.grid.rows),
            (columns[0] * self.grid.columns, columns[1] * self.grid.columns),
        )


@dataclass(frozen=True, slots=True)
class Patch:
    """A tile on a face, and which values it stands for: rows and columns from, and up to."""

    face: Face
    key: TileKey
    rows: tuple[int, int]
    columns: tuple[int, int]

    @property
    def count(self) -> int:
        """How many values there are."""
        return (self.rows[1] - self.rows[0]) * (self.columns[1] - self.columns[0])


def corner_rays(camera: Camera, viewport: Viewport) -> NDArray[np.float64]:
    """Return the directions from the eye to the viewport's corners, in order around it, shape (4, 3)."""
    half = [float(side) for side in camera.frustum(camera.reach, viewport)]
    around = np.array([(-1, 1), (1, 1), (1, -1), (-1, -1)]) * half
    directions = np.column_stack([around, np.full(4, -camera.reach)]) @ camera.axes
    return directions / np.linalg.norm(directions, axis=1, keepdims=True)


def visible_part(
    center: NDArray[np.float64], size: NDArray[np.float64], eye: NDArray[np.float64], rays: NDArray[np.float64]
) -> Part | None:
    """Return the upright part of a front face that holds everything of it that is in view, None where nothing is."""
    w = center[2] + size[2] / 2
    low, high = center[:2] - size[:2] / 2, center[:2] + size[:2] / 2
    if eye[2] <= w:
        return None
    if rays[:, 2].max() >= -1e-9:  # a corner looks over the face's horizon: anything may be in view
        return 0.0, 0.0, 1.0, 1.0
    seen = eye[:2] + rays[:, :2] * ((w - eye[2]) / rays[:, 2])[:, None]
    view_low, view_high = np.min(seen, 0), np.max(seen, 0)
    a, b = np.maximum(low, view_low), np.minimum(high, view_high)
    if (a >= b).any():
        return None
    span = high - low
    left, right = (a[0] - low[0]) / span[0], (b[0] - low[0]) / span[0]
    top, bottom = (high[1] - b[1]) / span[1], (high[1] - a[1]) / span[1]
    return float(left), float(top), float(right), float(bottom)


def plan_level(face: Face, scale: float, coarser: int = 0) -> int:
    """Return the level whose cells are just large enough for the screen; `coarser` levels are added."""
    smaller = min(face.cell_px) / scale
    level = max(0, ceil(log2(_CELL_PX / smaller) - 1e-9)) if smaller > 0 else face.grid.levels - 1
    return min(level + coarser, face.grid.levels - 1)


def tile_count(face: Face, level: int) -> int:
    """Return how many tiles of a level the part in view needs."""
    rows, columns = _tiles_in_view(face, level)
    return len(rows) * len(columns)


def patches_of(face: Face, statistic: Statistic, level: int) -> Iterator[Patch]:
    """Yield the tiles of a level that the part in view needs, those in its middle first."""
    rows, columns = _tiles_in_view(face, level)
    middle = [(first + last) / 2 / (TILE << level) - 0.5 for first, last in face.ranges()]
    found = [(row, column) for row in rows for column in columns]
    found.sort(key=lambda at: (at[0] - middle[0]) ** 2 + (at[1] - middle[1]) ** 2)
    for row, column in found:
        yield patch_of(face, TileKey(face.node, statistic, level, row, column))


def _tiles_in_view(face: Face, level: int) -> tuple[range, range]:
    side = TILE << level
    spans: list[range] = []
    for (first, last), there in zip(face.ranges(), face.grid.tiles(level), strict=True):
        begin = min(floor(first / side), there - 1)
        spans.append(range(begin, min(max(ceil(last / side), begin + 1), there)))
    return spans[0], spans[1]


def patch_of(face: Face, key: TileKey) -> Patch:
    """Return where a tile lies on its face."""
    rows, columns = face.grid.region(key)
    return Patch(face, key, (rows.start, rows.stop), (columns.start, columns.stop))


def _on_face(center: NDArray[np.float64], size: NDArray[np.float64], x: float, y: float) -> NDArray[np.float64]:
    return center + size * np.array([x - 0.5, 0.5 - y, 0.5])
