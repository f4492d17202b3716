"""Pictures of weights for a frame: asks for the tiles that it needs and takes those that are there."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..graph.model_graph import ModelGraph
from ..overlays.tiles.pyramid import MOST_TILES, Statistic, Tile, TileKey
from ..overlays.tiles.store import TileStore
from .cameras.camera import Camera, Viewport
from .detail.cut import Cut
from .detail.surface_plan import Face, Patch, corner_rays, patch_of, patches_of, plan_level, tile_count

__all__ = ["Picture", "WeightPictures"]

_LEAST_SIDE, _LEAST_AREA = 8.0, 500.0  # text pixels; smaller faces show no weights
_COARSEST = 12
_STAND_INS = 4  # levels looked through for something to show until a tile is there
_EXACT_BYTES = 2 << 30  # of files, that a picture may read for exact cells


@dataclass(frozen=True, eq=False)
class Picture:
    """What is on the faces of a frame.

    Attributes
    ----------
    faces : dict of int to Face
        By node.
    patches : list of (Patch, Tile)
        Coarser ones first where finer ones are still to come.
    share : float
        Of the values behind the cells, how many were read.
    loading : bool
        Whether more is to come.
    left_out : int
        Tensors that are large enough, but too many to be shown at once.
    """

    faces: dict[int, Face]
    patches: list[tuple[Patch, Tile]]
    share: float
    loading: bool
    left_out: int = 0

    @property
    def levels(self) -> list[int]:
        """The levels that are drawn, ascending."""
        return sorted({patch.key.level for patch, _ in self.patches})

    def cells(self, nodes: range | None = None) -> NDArray[np.float32]:
        """Return the cells that are drawn, as one row; of some nodes and of matrices alone, where there are such."""
        for fits in (
            lambda face: (nodes is None or face.node in nodes) and min(face.grid.rows, face.grid.columns) > 1,
            lambda face: nodes is None or face.node in nodes,
            lambda _face: True,
        ):
            found = [tile.cells.ravel() for patch, tile in self.patches if fits(patch.face)]
            if found:
                return np.concatenate(found)
        return np.empty(0, np.float32)


class WeightPictures:
    """Chooses and fetches the tiles of one model for frames.

    Parameters
    ----------
    graph : ModelGraph
    on_ready : callable or None
        Called from a worker thread when more tiles are there; None fetches all that a frame needs at once.
    """

    def __init__(self, graph: ModelGraph, on_ready: Callable[[], None] | None) -> None:
        self._graph = graph
        self._waits = on_ready is None
        self._store = TileStore(graph, exact_bytes=_EXACT_BYTES, on_ready=on_ready)

    def faces(
        self, cut: Cut, boxes: NDArray[np.float64], camera: Camera, viewport: Viewport, scale: float
    ) -> tuple[list[Face], NDArray[np.bool_]]:
        """Return the faces in view that are large enough for a picture, and which nodes cannot be read.

        Parameters
        ----------
        boxes : ndarray, shape (K, 2, 3)
            Centre and size of each box of the cut.

        Returns
        -------
        faces : list of Face
        unreadable : ndarray of bool, shape (N,)
        """
        graph = self._graph
        unreadable = np.zeros(len(graph), bool)
        large = (cut.short_px >= _LEAST_SIDE * scale) & (cut.px.prod(1) >= _LEAST_AREA * scale**2)
        rows = np.flatnonzero(~cut.opened & large & (graph.shape_code[cut.nodes] >= 0))
        faces: list[Face] = []
        rays = corner_rays(camera, viewport)
        for row in rows[np.argsort(-cut.px[rows].prod(1), kind="stable")].tolist():
            node = int(cut.nodes[row])
            grid = self._store.grid(node)
            unreadable[node] = grid is None
            face = Face.of(node, row, grid, boxes[row], camera, viewport, rays) if grid is not None else None
            if face is not None:
                faces.append(face)
        return faces, unreadable

    def problem(self, node: int) -> str | None:
        """Return why a tensor cannot be shown."""
        return self._store.problem(node)

    def notes(self, node: int) -> tuple[str, ...]:
        """Return what must be said of a tensor's values, as that they are shown without their scales."""
        return self._store.notes(node)

    @property
    def pending(self) -> bool:
        """Whether tiles are still to come."""
        return self._store.pending > 0

    def close(self) -> None:
        """End the reading thread."""
        self._store.close()

    def picture(self, faces: list[Face], statistic: Statistic, scale: float) -> Picture:
        """Return what can be drawn now on some faces, the largest first, and have the rest read."""
        left_out = max(0, len(faces) - MOST_TILES)
        faces = faces[:MOST_TILES]  # each needs a tile
        coarser = next(
            (
                coarser
                for coarser in range(_COARSEST)
                if sum(tile_count(face, plan_level(face, scale, coarser)) for face in faces) <= MOST_TILES
            ),
            _COARSEST,
        )
        patches = [p for face in faces for p in patches_of(face, statistic, plan_level(face, scale, coarser))]
        keys = [patch.key for patch in patches]
        if self._waits:
            found = self._store.fetch(keys)
            ready = [(patch, found[patch.key]) for patch in patches if patch.key in found]
        else:
            self._store.want(keys)
            ready = self._at_hand(patches)
        values = sum(patch.count for patch, _ in ready)
        read = sum(patch.count * tile.share for patch, tile in ready)
        return Picture(
            {face.node: face for face in faces}, ready, read / values if values else 1.0, self.pending, left_out
        )

    def _at_hand(self, patches: list[Patch]) -> list[tuple[Patch, Tile]]:
        """Return the tiles that are in memory; where one is not, a coarser one that holds it, if there is one."""
        stand_ins: dict[TileKey, tuple[Patch, Tile]] = {}
        ready: list[tuple[Patch, Tile]] = []
        for patch in patches:
            tile = self._store.get(patch.key)
            if tile is not None:
                ready.append((patch, tile))
                continue
            for up in range(1, _STAND_INS + 1):
                level = patch.key.level + up
                if level >= patch.face.grid.levels:
                    break
                key = TileKey(patch.key.node, patch.key.statistic, level, patch.key.row >> up, patch.key.column >> up)
                tile = self._store.get(key)
                if tile is not None:
                    stand_ins[key] = (patch_of(patch.face, key), tile)
                    break
        return [*stand_ins.values(), *ready]
