"""Glowing outlines of the hovered and of the selected parts, around their silhouettes and in front of the scene."""

import numpy as np
from numpy.typing import NDArray

from ..glow import HALO, REACH_PX, RIM, RIM_PX, silhouette, silhouettes
from .frame import View
from .mesh import QuadMesh

__all__ = ["Box", "Outlines", "outline_rects"]

Box = tuple[NDArray[np.float64], NDArray[np.float64]]  # centre and size

_STRETCHES = 64  # of a side: a box around a leaning line is much larger than the line
_INSIDE_PX = 2.0  # how far a ring reaches into its silhouette
_FAN = 4  # quads around a corner


def outline_rects(box: Box, view: View) -> NDArray[np.float64]:
    """Return the rectangles on the screen that the line around a box covers, in short stretches, shape (R, 4)."""
    px = silhouette(*box, view.camera, view.viewport, view.scale)
    steps = np.linspace(0, 1, _STRETCHES + 1)[:, None, None]
    points = px + (np.roll(px, -1, 0) - px) * steps
    a, b, wide = points[:-1].reshape(-1, 2), points[1:].reshape(-1, 2), 2 * view.scale
    return np.concatenate([np.minimum(a, b) - wide, np.maximum(a, b) + wide], 1)


class Outlines:
    """Rings on the screen: a crisp line, and a halo that falls off outside."""

    def __init__(self) -> None:
        self._mesh = QuadMesh("glow", {"beside": 2}, translucent=True)
        self._mesh.uniform("halo", HALO)
        self._mesh.uniform("rim", RIM)
        self.actor = self._mesh.actor

    def fill(self, boxes: list[tuple[Box, NDArray[np.float64], float]], view: View) -> None:
        """Outline some boxes, each with a colour and a width in text pixels; the later is drawn over the earlier."""
        self._mesh.uniform("reach", REACH_PX * view.scale)
        self._mesh.uniform("rimWidth", RIM_PX * view.scale)
        corners, beside, rgba = [np.empty((0, 4, 2))], [np.empty((0, 4, 2))], [np.empty((0, 4))]
        around = silhouettes(
            np.array([box[0] for box, _, _ in boxes]).reshape(-1, 3),
            np.array([box[1] for box, _, _ in boxes]).reshape(-1, 3),
            *(view.camera, view.viewport, view.scale),
        )
        for polygon, (_, color, width) in zip(around, boxes, strict=True):
            points, away = _ring(polygon, _INSIDE_PX * view.scale, REACH_PX * view.scale)
            corners.append(points)
            beside.append(np.stack([away, np.full_like(away, width * view.scale)], -1))
            rgba.append(np.tile([*color, 255.0], (len(points), 1)))
        px = np.concatenate(corners).reshape(-1, 2)
        points = np.zeros((len(px), 3), np.float32)
        points[:, 0], points[:, 1] = 2 * px[:, 0] / view.viewport[0] - 1, 1 - 2 * px[:, 1] / view.viewport[1]
        colors = np.repeat(np.concatenate(rgba).astype(np.uint8), 4, 0)
        self._mesh.fill(points, colors, beside=np.concatenate(beside).reshape(-1, 2).astype(np.float32))


def _ring(
    polygon: NDArray[np.float64], inside: float, outside: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return quads along a clockwise polygon, round at its corners, and how far their corners are from it.

    Their shapes are (Q, 4, 2) and (Q, 4); inside the polygon, distances are negative.
    """
    after = np.roll(polygon, -1, 0)
    along = after - polygon
    length = np.linalg.norm(along, axis=1)
    polygon, after, along = polygon[length > 0], after[length > 0], along[length > 0] / length[length > 0, None]
    out = np.stack([along[:, 1], -along[:, 0]], 1)
    before = np.roll(out, 1, 0)
    # Inside, both sides share the mitre of a corner; it never reaches across a thin part.
    mitre = (out + before) / np.maximum(1 + (out * before).sum(1), 0.2)[:, None]
    inner = polygon - inside * mitre
    strips = np.stack([polygon, after, after + outside * out, polygon + outside * out], 1)
    within = np.stack([inner, np.roll(inner, -1, 0), after, polygon], 1)
    turn = np.arctan2(out[:, 1], out[:, 0])
    swept = (turn - np.roll(turn, 1)) % (2 * np.pi)
    angles = (turn - swept)[:, None] + swept[:, None] * np.linspace(0, 1, _FAN + 1)
    spokes = polygon[:, None] + outside * np.stack([np.cos(angles), np.sin(angles)], -1)
    middle = np.broadcast_to(polygon[:, None], (len(polygon), _FAN, 2))
    fans = np.stack([middle, middle, spokes[:, 1:], spokes[:, :-1]], 2).reshape(-1, 4, 2)
    sides = len(polygon)
    away = np.tile([0.0, 0.0, outside, outside], (sides * (1 + _FAN), 1))
    return np.concatenate([within, strips, fans]), np.concatenate(
        [np.tile([-inside, -inside, 0.0, 0.0], (sides, 1)), away]
    )
