"""Weights on the faces of tensors, in one draw call."""

import numpy as np
from numpy.typing import NDArray

from ..detail.surface_plan import Patch
from ..theme import Theme
from ..weight_pictures import Picture
from .boxes import to_world
from .cell_atlas import CellAtlas, Slot
from .frame import Frame
from .mesh import QuadMesh
from .paint import RECEDE
from .value_colors import ValueColors

__all__ = ["Surfaces"]

_GRID_PX = 9.0  # cells from this size on have lines between them
_HATCH_PX = 7.0
_LIFT = 0.25  # pixels in front of the face; finer tiles lie before coarser ones that stand in for others


class Surfaces:
    """All pictures on faces in one mesh.

    Parameters
    ----------
    theme : Theme
    """

    def __init__(self, theme: Theme) -> None:
        self._mesh = QuadMesh("surface", {"texel": 2, "limits": 4, "shade": 2})
        self.actor = self._mesh.actor
        self.values = ValueColors(theme, self._mesh)
        self._mesh.uniform("recede", RECEDE)
        self._atlas = CellAtlas()
        self._mesh.texture("cellValues", self._atlas.texture.texture)

    def fill(self, picture: Picture, frame: Frame) -> None:
        """Draw a picture."""
        scale, view = frame.view.scale, frame.view
        self._mesh.uniform("gridFrom", _GRID_PX * scale)
        self._mesh.uniform("hatchPitch", _HATCH_PX * scale)
        slots = self._atlas.place({patch.key: tile for patch, tile in picture.patches})
        shown = [patch for patch, _ in picture.patches if patch.key in slots]
        count = len(shown)
        points = np.empty((count, 4, 3))
        texel, limits = np.empty((count, 4, 2), np.float32), np.empty((count, 4, 4), np.float32)
        coarsest = max((patch.key.level for patch in shown), default=0)
        shade, behind = np.ones((count, 4, 2), np.float32), np.full((count, 4, 4), 255, np.uint8)
        for k, patch in enumerate(shown):
            points[k], texel[k] = _corners(patch, slots[patch.key])
            x, y, width, height = slots[patch.key]
            limits[k] = x, y, x + width - 1, y + height - 1
            row = patch.face.row
            points[k, :, 2] += _LIFT * (1 + coarsest - patch.key.level) / frame.cut.unit_px[row]
            behind[k, :, :3] = frame.behind[row]
            shade[k, :, 1] = frame.datum[row, 2]
        rows = np.array([patch.face.row for patch in shown], np.int64)
        points = frame.layered(points - view.anchor, frame.cut.level[rows] + 0.5)
        local = to_world(points).reshape(-1, 3).astype(np.float32)
        self._mesh.fill(
            local,
            behind.reshape(-1, 4),
            texel=texel.reshape(-1, 2),
            limits=limits.reshape(-1, 4),
            shade=shade.reshape(-1, 2),
        )
        self.actor.SetPosition(*to_world(view.anchor))

    def clear(self) -> None:
        """Draw nothing."""
        self.actor.VisibilityOff()


def _corners(patch: Patch, slot: Slot) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return a patch's corners in the plan, in order around it, and their places in the atlas."""
    x, y, _, _ = slot
    size = 1 << patch.key.level
    points, texels = np.empty((4, 3)), np.empty((4, 2))
    (r0, r1), (c0, c1) = patch.rows, patch.columns
    for k, (row, column) in enumerate(((r1, c0), (r1, c1), (r0, c1), (r0, c0))):
        points[k] = patch.face.corner(row, column)
        texels[k] = x + (column - c0) / size, y + (row - r0) / size
    return points, texels
