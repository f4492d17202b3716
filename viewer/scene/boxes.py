"""The drawn boxes of a cut as quads: fronts, and the sides that face the eye."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...layout.placement import Placement
from ..theme import Theme, rgb
from .frame import KEPT_ANGLE, Frame
from .mesh import QuadMesh
from .paint import RECEDE
from .value_colors import ValueColors, encoded

__all__ = [
    "BEVEL_PX", "FRONT_ABOVE", "FRONT_BELOW", "HATCH_PX", "MARK_PX", "TILE_MAX_PX", "TILE_RIM_PX", "Boxes", "to_world",
]  # fmt: skip

# Soft light from above and the front, as factors of a face's colour.
_TOP, _BOTTOM, _LEFT, _RIGHT = 1.22, 0.52, 0.72, 0.66
FRONT_ABOVE, FRONT_BELOW = 1.05, 0.95  # a front face is a little brighter at its upper edge
_SHADOW_FROM_PX, _SHADOW_FROM_PX_MOVING = 18.0, 72.0  # smaller boxes cast none
_SHADOW_MAX_PX, _SHADOW_OF_HEIGHT = 24.0, 2.2  # reach below a box, at most and as a part of its height
_SHADOW_SIDE, _SHADOW_ABOVE = 0.6, 0.3  # reach beside and above a box, as parts of the reach below it
_SHADOW_OF_PLATE = 0.035  # of the plate's smaller side: room is what there is between its children
_SHADOW_BELOW = 0.75  # levels below the box that casts it: on its plate, below the routes
_KEPT_RISE_PX = 0.7  # pixels that fronts may rise before it gets one
_SIDE_MIN_PX = 0.8  # sides thinner than this are not drawn
_STEEPEST = 1e6  # tangent of a line of sight's angle with the plan's normal: on the screen, as good as level
BEVEL_PX = 2.5  # of a front that is not opened
MARK_PX = 1.0  # rim of what a filter keeps
HATCH_PX = 7.0  # from line to line of what has no data
TILE_MAX_PX = 16.0  # closed boxes smaller than this smooth their own outline
TILE_RIM_PX = 0.6

_PLAIN_SIDE, _FRONT, _TILE, _SHADOW = 0.0, 1.0, 2.0, 3.0
_FLAT = 0.4  # more than _FRONT, where it is flat and so its edge not lit; box.frag has the same number
_BEVEL, _BEVELS = 4.0, 15  # more than that for each step to the full bevel; box.vert has the same numbers
_AROUND = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float64)


def to_world(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return plan coordinates (u, v, w) as world coordinates (u, -w, v)."""
    return np.stack([points[..., 0], -points[..., 2], points[..., 1]], -1)


@dataclass(frozen=True, eq=False)
class _Faces:
    """Quads of one kind: points (K, 4, 3), brightness (K, 4), and what the shader reads."""

    points: NDArray[np.float64]
    owner: NDArray[np.int64]
    light: NDArray[np.floating]
    place: NDArray[np.float64]
    style: NDArray[np.float64]
    side: bool = False
    on_plate: bool = False  # lies on the plate behind, and is painted in its colour


@dataclass(frozen=True, eq=False)
class _Built:
    """What the mesh holds: the frame that it was made for."""

    frame: Frame
    placement: Placement

    def serves(self, frame: Frame, placement: Placement) -> bool:
        """Return whether a frame may show this mesh: the same boxes and values, seen from the same place.

        A moving frame may be seen from a little aside. Colours of values are the shader's: a frame that differs in its
        range or colour map alone has the same mesh.
        """
        mine = self.frame
        return (
            placement is self.placement
            and frame.view.is_near(mine.view)
            and mine.step == frame.step
            and np.array_equal(mine.cut.nodes, frame.cut.nodes)
            and np.array_equal(mine.cut.opened, frame.cut.opened)
            and np.array_equal(mine.colors, frame.colors)
            and self._is_as_high(frame)
            and np.array_equal(mine.datum, frame.datum, equal_nan=True)
        )

    def _is_as_high(self, frame: Frame) -> bool:
        """Return whether all fronts are where they were; a hair's breadth beside that while moving."""
        off = np.abs((self.frame.center + self.frame.size / 2 - frame.center - frame.size / 2)[:, 2])
        most = _KEPT_RISE_PX * frame.view.scale if frame.view.moving else 0.0
        return bool((off * frame.cut.unit_px <= most).all())


class Boxes:
    """All boxes of a frame in one mesh.

    Parameters
    ----------
    theme : Theme
    """

    def __init__(self, theme: Theme) -> None:
        self._mesh = QuadMesh("box", {"face": 4, "datum": 4})
        self._mesh.uniform("edgeLight", theme.edge)
        self._mesh.uniform("recede", RECEDE)
        mark = rgb(theme.selection) / 255
        self._mesh.uniform("markColor", (mark[0], mark[1], mark[2]))
        self.values = ValueColors(theme, self._mesh)
        self._mesh.uniform("shadow", theme.shadow)
        self._built: _Built | None = None
        self.actor = self._mesh.actor

    def fill(self, frame: Frame, placement: Placement, gaps: NDArray[np.float32]) -> bool:
        """Draw a frame's boxes, and return whether that took a new mesh.

        Parameters
        ----------
        gaps : ndarray, shape (N, 2)
            For each node, free space between the tiles on it, in plan units: see `Grids`.
        """
        self._mesh.uniform("hatchPitch", HATCH_PX * frame.view.scale)
        self._mesh.uniform("markWidth", MARK_PX * frame.view.scale)
        self._mesh.uniform("bevelWidth", BEVEL_PX * frame.view.scale)
        if self._built is not None and self._built.serves(frame, placement):
            return False
        self._build(frame, placement, gaps)
        self._built = _Built(frame, placement)
        return True

    def _build(self, frame: Frame, placement: Placement, gaps: NDArray[np.float32]) -> None:
        low, high = frame.bounds
        free = gaps[frame.above]
        plate = placement.center[frame.above, :2] - frame.view.anchor[:2], placement.size[frame.above, :2]
        shadows = _shadows(low, high, frame, plate, free)
        self._upload([shadows, _fronts(low, high, frame, free), *_sides(low, high, frame)], frame)

    def _upload(self, faces: list[_Faces], frame: Frame) -> None:
        total = sum(len(f.owner) for f in faces)
        points = np.empty((total, 4, 3), np.float32)
        rgba = np.full((total, 4, 4), 255, np.uint8)
        face = np.empty((total, 4, 4), np.float32)
        datum = np.empty((total, 4, 4), np.float32)
        value = encoded(frame.datum[:, 0])
        packed = (frame.behind.astype(np.int32) @ np.array([65536, 256, 1], np.int32)).astype(np.float32)
        # The deepest come first: what they hide is never shaded.
        at = total
        for f in faces:
            rows = slice(at - len(f.owner), at)
            at = rows.start
            owner = f.owner[::-1]
            level = frame.cut.level[owner] - (_SHADOW_BELOW if f.on_plate else 0.0)
            points[rows] = to_world(frame.layered(f.points[::-1], level))
            paint = frame.behind if f.on_plate else frame.flanks if f.side else frame.colors
            share = frame.flank_share if f.side else frame.datum[:, 1]
            np.minimum(paint[owner][:, None, :] * f.light[::-1, :, None], 255, out=rgba[rows, :, :3], casting="unsafe")
            face[rows, :, :2] = f.place[::-1]
            face[rows, :, 2] = packed[owner, None]
            face[rows, :, 3] = f.style[::-1, None]
            datum[rows, :, 0] = value[owner, None]
            datum[rows, :, 1] = f.light[::-1]
            datum[rows, :, 2] = 0.0 if f.on_plate else share[owner, None]
            datum[rows, :, 3] = frame.datum[owner, 2, None]
        # A software renderer works out both sides of a branch: without values, boxes are drawn in half the time.
        self._mesh.define(*(("VALUES",) if datum[..., 2].any() else ()))
        self._mesh.fill(
            points.reshape(-1, 3), rgba.reshape(-1, 4), face=face.reshape(-1, 4), datum=datum.reshape(-1, 4)
        )
        self.actor.SetPosition(*to_world(frame.view.anchor))


def _shadows(
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    frame: Frame,
    plates: tuple[NDArray[np.float64], NDArray[np.float64]],
    gaps: NDArray[np.float32],
) -> _Faces:
    """Return soft rims on the plates around large boxes: what makes them stand rather than float.

    `plates` are centres and sizes of the plates that the boxes stand on: no shadow falls beside them.
    """
    cut, scale = frame.cut, frame.view.scale
    least = (_SHADOW_FROM_PX_MOVING if frame.view.moving else _SHADOW_FROM_PX) * scale
    cast = np.flatnonzero((cut.short_px > least) & (cut.nodes > 0) & ~frame.rising)
    low, high, center, size = low[cast], high[cast], plates[0][cast], plates[1][cast]
    plate = size.min(1)
    free = np.where(gaps[cast] > 0, gaps[cast] / 2, np.inf).min(1)
    reach = np.minimum(_SHADOW_OF_HEIGHT * (high - low)[:, 2], _SHADOW_MAX_PX * scale / cut.unit_px[cast])
    reach = np.minimum.reduce([reach, _SHADOW_OF_PLATE * plate, free])
    inner, outer = np.empty((len(cast), 4, 2)), np.empty((len(cast), 4, 2))
    for corner, (x, y) in enumerate(_AROUND):
        inner[:, corner] = np.stack([(high if x > 0 else low)[:, 0], (high if y > 0 else low)[:, 1]], 1)
        fall = np.array([_SHADOW_SIDE * x, _SHADOW_ABOVE if y > 0 else -1.0])
        outer[:, corner] = np.clip(inner[:, corner] + fall * reach[:, None], center - size / 2, center + size / 2)
    quads = np.empty((len(cast), 4, 4, 3))
    for side in range(4):
        after = (side + 1) % 4
        quads[:, side, :, :2] = np.stack([inner[:, side], inner[:, after], outer[:, after], outer[:, side]], 1)
    quads[..., 2] = low[:, 2, None, None]  # not above the plate: a thin neighbour would lie below
    count = 4 * len(cast)
    light = np.ones((count, 4), np.float32)
    place = np.broadcast_to([[0.0, 0.0], [0.0, 0.0], [1.0, 0.0], [1.0, 0.0]], (count, 4, 2))  # from the box outwards
    return _Faces(quads.reshape(-1, 4, 3), np.repeat(cast, 4), light, place, np.full(count, _SHADOW), on_plate=True)


def _fronts(low: NDArray[np.float64], high: NDArray[np.float64], frame: Frame, gaps: NDArray[np.float32]) -> _Faces:
    cut = frame.cut
    is_tile = ~cut.opened & (cut.short_px < TILE_MAX_PX * frame.view.scale)
    # A tile's quad reaches half a pixel out, but not into its neighbour's: the shader paints that rim.
    rim = np.where(is_tile[:, None], np.minimum(gaps / 2, TILE_RIM_PX / cut.unit_px[:, None]), 0.0)
    lower, upper = low[:, :2] - rim, high[:, :2] + rim
    points = np.empty((len(low), 4, 3))
    for corner, (x, y) in enumerate(_AROUND):
        points[:, corner, 0] = (upper if x > 0 else lower)[:, 0]
        points[:, corner, 1] = (upper if y > 0 else lower)[:, 1]
    points[:, :, 2] = high[:, 2, None]
    place = _AROUND * (1 + 2 * rim / (high - low)[:, :2])[:, None, :]
    above = np.where(cut.opened, FRONT_ABOVE + (1 - FRONT_ABOVE) * cut.rise, FRONT_ABOVE)
    below = np.where(cut.opened, FRONT_BELOW + (1 - FRONT_BELOW) * cut.rise, FRONT_BELOW)
    light = np.stack([below, below, above, above], 1).astype(np.float32)
    bevel = np.rint(np.where(cut.opened, 1 - cut.rise, 1.0) * _BEVELS)
    style = np.where(is_tile, _TILE, _FRONT + _FLAT * (1 - cut.stand) + _BEVEL * bevel)
    return _Faces(points, np.arange(len(low)), light, place, style)


def _sides(low: NDArray[np.float64], high: NDArray[np.float64], frame: Frame) -> list[_Faces]:
    """Return the sides that the eye sees and that are thick enough on the screen."""
    found: list[_Faces] = []
    cut, camera, viewport = frame.cut, frame.view.camera, frame.view.viewport
    thick_px = (high[:, 2] - low[:, 2]) * cut.unit_px
    # No line of sight leans more than the view's corner does; only what is larger than the view reaches beyond.
    steepest = np.tan(min(camera.leaning(viewport), 1.5))
    candidates = np.flatnonzero((thick_px * steepest > _SIDE_MIN_PX) | (cut.long_px > viewport[1] / 4))
    low, high, thick_px = low[candidates], high[candidates], thick_px[candidates]
    eye = camera.eye - frame.view.anchor
    # A mesh made while moving is kept while the eye turns a little: it has the sides that will come into view.
    slack = np.tan(np.radians(KEPT_ANGLE)) if frame.view.moving else 0.0
    for axis, edge, outward, light in (
        (1, high, 1, _TOP), (1, low, -1, _BOTTOM), (0, low, -1, _LEFT), (0, high, 1, _RIGHT),
    ):  # fmt: skip
        lean = (eye[axis] - edge[:, axis]) * outward / np.maximum(eye[2] - low[:, 2], 1e-300)
        lean = np.clip(lean, -_STEEPEST, _STEEPEST)  # where the eye is below a box's foot: no product overflows
        shown = np.flatnonzero((lean > -slack) & (thick_px * (lean + slack) > _SIDE_MIN_PX))
        other = 1 - axis
        points = np.empty((len(shown), 4, 3))
        points[:, :, axis] = edge[shown, axis, None]
        points[:, 0, other] = points[:, 3, other] = low[shown, other]
        points[:, 1, other] = points[:, 2, other] = high[shown, other]
        points[:, 0, 2] = points[:, 1, 2] = low[shown, 2]
        points[:, 2, 2] = points[:, 3, 2] = high[shown, 2]
        shade = np.full((len(shown), 4), light, np.float32)
        shade[:, :2] *= 0.86  # a little darker towards the plate: contact shadow
        place = np.broadcast_to(_AROUND, (len(shown), 4, 2))
        found.append(_Faces(points, candidates[shown], shade, place, np.full(len(shown), _PLAIN_SIDE), True))
    return found
