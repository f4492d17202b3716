"""The drawn boxes of a cut as quads: fronts, and the sides that face the eye."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...layout.placement import Placement
from ..theme import Theme, rgb
from .frame import Frame
from .mesh import QuadMesh
from .paint import RECEDE
from .value_colors import ValueColors, encoded

__all__ = ["Boxes", "to_world"]

# Soft light from above and the front, as factors of a face's colour.
_TOP, _BOTTOM, _LEFT, _RIGHT = 1.22, 0.52, 0.72, 0.66
_FRONT_ABOVE, _FRONT_BELOW = 1.05, 0.95  # a front face is a little brighter at its upper edge
_SHADOW_FROM_PX, _SHADOW_FROM_PX_MOVING = 18.0, 72.0  # smaller boxes cast none
_SHADOW_MAX_PX = 10.0
_SHADOW_SIDE, _SHADOW_ABOVE = 0.6, 0.3  # reach beside and above a box, as parts of the reach below it
_SHADOW_OF_PLATE = 0.02  # of the plate's smaller side: room is what there is between its children
_SHADOW_LIFT = 0.0003  # of the plate's smaller side; routes lie higher
_KEPT_ANGLE = 4.0  # degrees that the eye may turn before a moving frame gets a new mesh
_SIDE_MIN_PX = 0.8  # sides thinner than this are not drawn
_MARK_PX = 1.0  # rim of what a filter keeps
_HATCH_PX = 7.0  # from line to line of what has no data
_TILE_MAX_PX = 16.0  # closed boxes smaller than this smooth their own outline
# Plates of the focus's ancestors reach far out of the frustum; beyond this many distances they are cut off, so
# that single precision is enough for what is in it.
_REACH = 60.0

_PLAIN_SIDE, _FRONT, _TILE = 0.0, 1.0, 2.0
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
    on_plate: bool = False  # painted in the colour of the plate behind


@dataclass(frozen=True, eq=False)
class _Built:
    """What the mesh holds: the frame that it was made for, and that frame's larger boxes near its anchor."""

    frame: Frame
    placement: Placement
    low: NDArray[np.float64]
    high: NDArray[np.float64]

    def serves(self, frame: Frame, placement: Placement) -> bool:
        """Return whether a frame may show this mesh: the same boxes and values, seen from the same place.

        A moving frame may be seen from a little aside. Colours of values are the shader's: a frame that differs in its
        range or colour map alone has the same mesh.
        """
        mine, before, now = self.frame, self.frame.view.camera, frame.view.camera
        return (
            placement is self.placement
            and mine.view.moving == frame.view.moving
            and (mine.view == frame.view or (frame.view.moving and self._is_near(frame)))
            and abs(now.distance / before.distance - 1) < 0.04
            and np.array_equal(mine.cut.nodes, frame.cut.nodes)
            and np.array_equal(mine.cut.opened, frame.cut.opened)
            and np.array_equal(mine.colors, frame.colors)
            and np.array_equal(mine.size, frame.size)
            and np.array_equal(mine.datum, frame.datum, equal_nan=True)
        )

    def _is_near(self, frame: Frame) -> bool:
        before, now = self.frame.view.camera, frame.view.camera
        return (
            abs(now.azimuth - before.azimuth) < _KEPT_ANGLE
            and abs(now.elevation - before.elevation) < _KEPT_ANGLE
            and self.frame.view.viewport == frame.view.viewport
            and float(np.abs(frame.view.anchor - self.frame.view.anchor).max()) < 0.1 * now.distance
        )


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
        self._shadow = theme.shadow
        self._built: _Built | None = None
        self.actor = self._mesh.actor

    def fill(self, frame: Frame, placement: Placement, gaps: NDArray[np.float32]) -> tuple[float, float]:
        """Draw a frame's boxes and return the nearest and the farthest depth that the camera must show.

        Parameters
        ----------
        gaps : ndarray, shape (N, 2)
            For each node, free space between the tiles on it, in plan units: see `Grids`.
        """
        self._mesh.uniform("hatchPitch", _HATCH_PX * frame.view.scale)
        self._mesh.uniform("markWidth", _MARK_PX * frame.view.scale)
        if self._built is None or not self._built.serves(frame, placement):
            self._built = self._build(frame, placement, gaps)
        return _depths(self._built, frame)

    def _build(self, frame: Frame, placement: Placement, gaps: NDArray[np.float32]) -> _Built:
        view, cut = frame.view, frame.cut
        half = frame.size / 2
        center = frame.center - view.anchor
        reach = _REACH * view.camera.distance
        low, high = center - half, center + half
        low[:, :2] = np.maximum(low[:, :2], -reach)
        high[:, :2] = np.minimum(high[:, :2], reach)
        free = gaps[frame.above]
        shadows = _shadows(low, high, frame, placement.size[frame.above][:, :2].min(1), free)
        shadows.light[:] = self._shadow + (1 - self._shadow) * shadows.light
        self._upload([shadows, _fronts(low, high, frame, free), *_sides(low, high, frame)], frame)
        large = cut.long_px > _TILE_MAX_PX  # tiles reach beyond their plates by less than the depths' margin
        return _Built(frame, placement, low[large], high[large])

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
            points[rows] = to_world(f.points[::-1])
            paint = frame.behind if f.on_plate else frame.colors
            np.minimum(paint[owner][:, None, :] * f.light[::-1, :, None], 255, out=rgba[rows, :, :3], casting="unsafe")
            face[rows, :, :2] = f.place[::-1]
            face[rows, :, 2] = packed[owner, None]
            face[rows, :, 3] = f.style[::-1, None]
            datum[rows, :, 0] = value[owner, None]
            datum[rows, :, 1] = f.light[::-1]
            datum[rows, :, 2] = 0.0 if f.on_plate else frame.datum[owner, 1, None]
            datum[rows, :, 3] = frame.datum[owner, 2, None]
        self._mesh.fill(
            points.reshape(-1, 3), rgba.reshape(-1, 4), face=face.reshape(-1, 4), datum=datum.reshape(-1, 4)
        )
        self.actor.SetPosition(*to_world(frame.view.anchor))


def _depths(built: _Built, frame: Frame) -> tuple[float, float]:
    camera = frame.view.camera
    if not len(built.low):
        return 0.5 * camera.distance, 2.0 * camera.distance
    depth = camera.to_view((built.low + built.high) / 2 + built.frame.view.anchor)[:, 2]
    reach = (built.high - built.low) / 2 @ np.abs(camera.axes[2])
    near, far = float((depth - reach).min()), float((depth + reach).max())
    return max(0.95 * near, 0.01 * camera.distance), max(1.05 * far, 0.02 * camera.distance)


def _shadows(
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    frame: Frame,
    above: NDArray[np.float64],
    gaps: NDArray[np.float32],
) -> _Faces:
    """Return soft rims on the plates around large boxes: what makes them stand rather than float.

    `above` is the smaller side of the plate that each box stands on.
    """
    cut, scale = frame.cut, frame.view.scale
    least = (_SHADOW_FROM_PX_MOVING if frame.view.moving else _SHADOW_FROM_PX) * scale
    cast = np.flatnonzero((cut.short_px > least) & (cut.nodes > 0) & ~frame.rising)
    low, high, plate = low[cast], high[cast], above[cast]
    free = np.where(gaps[cast] > 0, gaps[cast] / 2, np.inf).min(1)
    reach = np.minimum((high - low)[:, 2], _SHADOW_MAX_PX * scale / cut.unit_px[cast])
    reach = np.minimum.reduce([reach, _SHADOW_OF_PLATE * plate, free])
    inner, outer = np.empty((len(cast), 4, 2)), np.empty((len(cast), 4, 2))
    for corner, (x, y) in enumerate(_AROUND):
        inner[:, corner] = np.stack([(high if x > 0 else low)[:, 0], (high if y > 0 else low)[:, 1]], 1)
        fall = np.array([_SHADOW_SIDE * x, _SHADOW_ABOVE if y > 0 else -1.0])
        outer[:, corner] = inner[:, corner] + fall * reach[:, None]
    quads = np.empty((len(cast), 4, 4, 3))
    for side in range(4):
        after = (side + 1) % 4
        quads[:, side, :, :2] = np.stack([inner[:, side], inner[:, after], outer[:, after], outer[:, side]], 1)
    quads[..., 2] = (low[:, 2] + _SHADOW_LIFT * plate)[:, None, None]
    count = 4 * len(cast)
    light = np.tile(np.array([0.0, 0.0, 1.0, 1.0], np.float32), (count, 1))
    place = np.broadcast_to(_AROUND, (count, 4, 2))
    return _Faces(quads.reshape(-1, 4, 3), np.repeat(cast, 4), light, place, np.full(count, _PLAIN_SIDE), on_plate=True)


def _fronts(low: NDArray[np.float64], high: NDArray[np.float64], frame: Frame, gaps: NDArray[np.float32]) -> _Faces:
    cut = frame.cut
    is_tile = ~cut.opened & (cut.short_px < _TILE_MAX_PX * frame.view.scale)
    # A tile's quad reaches half a pixel out, but not into its neighbour's: the shader paints that rim.
    rim = np.where(is_tile[:, None], np.minimum(gaps / 2, 0.6 / cut.unit_px[:, None]), 0.0)
    lower, upper = low[:, :2] - rim, high[:, :2] + rim
    points = np.empty((len(low), 4, 3))
    for corner, (x, y) in enumerate(_AROUND):
        points[:, corner, 0] = (upper if x > 0 else lower)[:, 0]
        points[:, corner, 1] = (upper if y > 0 else lower)[:, 1]
    points[:, :, 2] = high[:, 2, None]
    place = _AROUND * (1 + 2 * rim / (high - low)[:, :2])[:, None, :]
    above = np.where(cut.opened, 1.0, _FRONT_ABOVE)
    below = np.where(cut.opened, 1.0, _FRONT_BELOW)
    light = np.stack([below, below, above, above], 1).astype(np.float32)
    return _Faces(points, np.arange(len(low)), light, place, np.where(is_tile, _TILE, _FRONT))


def _sides(low: NDArray[np.float64], high: NDArray[np.float64], frame: Frame) -> list[_Faces]:
    """Return the sides that the eye sees and that are thick enough on the screen."""
    found: list[_Faces] = []
    cut, camera, viewport = frame.cut, frame.view.camera, frame.view.viewport
    thick_px = (high[:, 2] - low[:, 2]) * cut.unit_px
    # No line of sight leans more than the view's corner does; only what is larger than the view reaches beyond.
    corner = np.arctan(np.hypot(*viewport) / 2 / camera.focal_px(viewport)) + np.arccos(camera.axes[2, 2])
    steepest = np.tan(min(corner, 1.5))
    candidates = np.flatnonzero((thick_px * steepest > _SIDE_MIN_PX) | (cut.long_px > viewport[1] / 4))
    low, high, thick_px = low[candidates], high[candidates], thick_px[candidates]
    eye = camera.eye - frame.view.anchor
    # A mesh made while moving is kept while the eye turns a little: it has the sides that will come into view.
    slack = np.tan(np.radians(_KEPT_ANGLE)) if frame.view.moving else 0.0
    for axis, edge, outward, light in (
        (1, high, 1, _TOP), (1, low, -1, _BOTTOM), (0, low, -1, _LEFT), (0, high, 1, _RIGHT),
    ):  # fmt: skip
        lean = (eye[axis] - edge[:, axis]) * outward / np.maximum(eye[2] - low[:, 2], 1e-300)
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
        found.append(_Faces(points, candidates[shown], shade, place, np.full(len(shown), _PLAIN_SIDE)))
    return found
