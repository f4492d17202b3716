"""Previews on the fronts of closed boxes: one quad and a few texels for all that is in a container."""

import numpy as np
from numpy.typing import NDArray

from ..detail.child_maps import ChildMaps
from ..detail.cut import CutTree
from ..detail.previews import Previews, choose_previews, preview_texels
from ..theme import Theme, rgb
from .boxes import BEVEL_PX, FRONT_ABOVE, FRONT_BELOW, HATCH_PX, MARK_PX, TILE_MAX_PX, TILE_RIM_PX, to_world
from .frame import REACH, Frame
from .mesh import QuadMesh
from .part_colors import Look, PartColors, channels, shown, words
from .texture import DataTexture

__all__ = ["PreviewQuads"]

_ATLAS_WIDTH = 1024  # preview.frag knows how many bits that are
_TILE = 2.0  # how preview.vert is told of one
_BUSY = 0.15  # strength from which writing needs a plate of its own
_AROUND = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float64)
_BASE_256 = np.array([65536, 256, 1], np.int32)


class PreviewQuads:
    """All previews of a frame in one mesh, with the colours of all that they show in one texture.

    Parameters
    ----------
    theme : Theme

    Attributes
    ----------
    shown : Previews or None
        Those of the last `fill`.
    parts : ndarray of int64
        The nodes whose colours are seen in them.
    """

    def __init__(self, theme: Theme) -> None:
        self._mesh = QuadMesh("preview", {"face": 4, "texels": 4, "ground": 4, "finish": 4})
        self.actor = self._mesh.actor
        self._mesh.uniform("edgeLight", theme.edge)
        self._mesh.uniform("lightAbove", FRONT_ABOVE)
        self._mesh.uniform("lightBelow", FRONT_BELOW)
        mark = rgb(theme.selection) / 255
        self._mesh.uniform("markColor", (mark[0], mark[1], mark[2]))
        self._atlas = DataTexture()
        self._mesh.texture("atlas", self._atlas.texture)
        self._maps: ChildMaps | None = None
        self._colors = PartColors()
        self.shown: Previews | None = None
        self.parts = np.empty(0, np.int64)

    @property
    def pictured(self) -> frozenset[int]:
        """The nodes whose fronts show so much of what is in them that no writing stands out from it."""
        if self.shown is None:
            return frozenset()
        return frozenset(self.shown.nodes[self.shown.strength > _BUSY].tolist())

    def fill(self, tree: CutTree, frame: Frame, gaps: NDArray[np.float32], look: Look) -> None:
        """Draw the previews of a frame.

        Parameters
        ----------
        gaps : ndarray, shape (N, 2)
            As `Boxes.fill` takes it.
        look : Look
            What the frame was made with.
        """
        if self._maps is None or self._maps.tree is not tree:
            self._maps = ChildMaps(tree)
        scale = frame.view.scale
        previews = self.shown = choose_previews(self._maps, frame.cut, scale, frame.paint.on_surfaces)
        self.parts = np.empty(0, np.int64)
        if not len(previews):
            self.actor.VisibilityOff()
            return
        nodes, start = preview_texels(previews, self._maps)
        seen = np.repeat(previews.strength > _BUSY, previews.maps.columns * previews.maps.rows)
        self.parts = nodes[seen & (nodes >= 0)]
        closed = channels(self._colors.of(tree.graph, previews.nodes, look))
        plates = shown(tree.graph, previews.nodes, True, look)
        texels = self._colors.of(tree.graph, nodes, look)
        self._upload(_with_plates(texels, nodes, previews, closed, plates, len(tree.graph)))
        for name, px in (("hatchPitch", HATCH_PX), ("markWidth", MARK_PX), ("bevelWidth", BEVEL_PX)):
            self._mesh.uniform(name, px * scale)
        is_tile = (np.minimum(previews.px[:, 0], previews.px[:, 1]) < TILE_MAX_PX * scale) | (previews.level > 0)
        points, face = _corners(tree, previews, frame, gaps, is_tile)
        behind = np.where(previews.level[:, None] == 0, frame.behind[previews.row], plates[previews.below])
        maps = previews.maps
        columns = {
            "texels": np.stack([start, maps.columns, maps.rows, previews.strength], 1),
            "ground": np.column_stack([maps.gap, plates @ _BASE_256, behind @ _BASE_256]),
            "finish": np.column_stack(
                [np.where(is_tile, _TILE, frame.cut.stand[previews.row]), *_marks(previews, frame), previews.level]
            ),
        }
        order = np.argsort(-previews.level, kind="stable")  # what lies on others first: what it hides is never shaded
        fronts = words(np.rint(_fronts(previews, closed, frame)).astype(np.uint8))[order]
        self._mesh.fill(
            to_world(points[order]).reshape(-1, 3).astype(np.float32),
            np.repeat(fronts, 4).view(np.uint8).reshape(-1, 4),
            face=face[order].reshape(-1, 4),
            **{name: np.repeat(column[order], 4, 0).astype(np.float32) for name, column in columns.items()},
        )
        self.actor.SetPosition(*to_world(frame.view.anchor))

    def _upload(self, texels: NDArray[np.uint32]) -> None:
        rows = -(-len(texels) // _ATLAS_WIDTH)
        sheet = np.zeros(rows * _ATLAS_WIDTH, np.uint32)
        sheet[: len(texels)] = texels
        self._atlas.fill(sheet.view(np.uint8).reshape(rows, _ATLAS_WIDTH, 4))


def _with_plates(
    texels: NDArray[np.uint32],
    nodes: NDArray[np.int64],
    previews: Previews,
    closed: NDArray[np.float64],
    plates: NDArray[np.uint8],
    count: int,
) -> NDArray[np.uint32]:
    """Return texels in which parts with a preview of their own have the colour of its plate.

    Texels do not end exactly where that preview does: what is seen of them around it goes with it.
    """
    inner = np.flatnonzero(previews.level > 0)
    if not len(inner):
        return texels
    mixed = closed[inner] + (plates[inner] - closed[inner]) * previews.strength[inner, None]
    around = np.zeros(count, np.uint32)
    around[previews.nodes[inner]] = words(np.rint(mixed).astype(np.uint8))
    found = around[nodes]
    return np.where((nodes >= 0) & (found > 0), found, texels)


def _fronts(previews: Previews, closed: NDArray[np.float64], frame: Frame) -> NDArray[np.float64]:
    """Return what each preview lies on: its closed box, or its texels in the preview below it, shape (Q, 3)."""
    fronts = frame.shown(previews.row).astype(np.float64)
    for level in range(1, int(previews.level.max()) + 1):
        rows = np.flatnonzero(previews.level == level)
        below = previews.below[rows]
        fronts[rows] = fronts[below] + (closed[rows] - fronts[below]) * previews.strength[below, None]
    return fronts


def _corners(
    tree: CutTree, previews: Previews, frame: Frame, gaps: NDArray[np.float32], is_tile: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Return the corners of the quads, shape (Q, 4, 3), and their places on the front and in texels, (Q, 4, 4)."""
    view, cut, row, maps = frame.view, frame.cut, previews.row, previews.maps
    size = tree.placement.size[previews.nodes, :2]
    low = tree.placement.center[previews.nodes, :2] - size / 2 - view.anchor[:2]
    # As in boxes.py: a tile's quad reaches half a pixel out, but not into its neighbour's.
    rim = np.minimum(gaps[frame.above[row]] / 2, TILE_RIM_PX / cut.unit_px[row, None])
    rim = np.where((is_tile & (previews.level == 0))[:, None], rim, 0.0)
    reach = REACH * view.camera.distance
    points, face = np.empty((len(previews), 4, 3)), np.empty((len(previews), 4, 4), np.float32)
    for corner, around in enumerate(_AROUND):
        at = np.clip(np.where(around > 0, low + size + rim, low - rim), -reach, reach)
        share = (at - low) / size
        points[:, corner, :2] = at
        face[:, corner, :2] = 2 * share - 1
        face[:, corner, 2:] = (share - maps.low) / (maps.high - maps.low) * np.stack([maps.columns, maps.rows], 1)
    points[:, :, 2] = (frame.center[row, 2] + frame.size[row, 2] / 2 - view.anchor[2])[:, None]
    return frame.layered(points, cut.level[row]), face


def _marks(previews: Previews, frame: Frame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return how strongly the rim of what a filter keeps, and the lines of no data, are drawn, as on the boxes."""
    coloring = frame.paint.coloring
    none = np.zeros(len(previews))
    if coloring is None:
        return none, none
    value, share, fade = frame.datum[previews.row].T
    whole = np.where((previews.level == 0) & (share > 0.9), 1.0 - fade, 0.0)
    kept = none if coloring.keep is None else whole * coloring.kept(value)
    return kept, whole * np.isnan(value)
