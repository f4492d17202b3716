"""Frames around the hovered and the selected part."""

import numpy as np
from numpy.typing import NDArray

from .boxes import to_world
from .frame import View
from .mesh import QuadMesh

__all__ = ["Box", "Outlines", "outline_rects"]

Box = tuple[NDArray[np.float64], NDArray[np.float64]]  # centre and size

_LEAST_PX = 9.0  # a part too small to see gets a frame that one can
_STRETCHES = 64  # of a side: a box around a leaning line is much larger than the line
_AROUND = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float64)


def outline_rects(box: Box, view: View) -> NDArray[np.float64]:
    """Return the rectangles on the screen that the frame around a box covers, in short stretches, shape (R, 4)."""
    corners = box[0] + np.column_stack([_AROUND, np.ones(4)]) * box[1] / 2
    px, depth = view.camera.project(corners, view.viewport)
    if depth.min() <= 0:
        return np.empty((0, 4))
    after = np.roll(px, -1, 0)
    steps = np.linspace(0, 1, _STRETCHES + 1)[:, None, None]
    points = px + (after - px) * steps
    a, b, wide = points[:-1].reshape(-1, 2), points[1:].reshape(-1, 2), 2 * view.scale
    return np.concatenate([np.minimum(a, b) - wide, np.maximum(a, b) + wide], 1)


class Outlines:
    """Frames in the plane of a part's front, so many pixels wide at any zoom."""

    def __init__(self) -> None:
        self._mesh = QuadMesh("flat", {})
        self.actor = self._mesh.actor

    def fill(self, boxes: list[tuple[Box, NDArray[np.float64], float]], view: View) -> None:
        """Frame some boxes, each with a colour and a width in pixels; the later is drawn over the earlier."""
        camera = view.camera
        points, colors = [np.empty((0, 4, 3))], [np.empty((0, 4))]
        for k, ((middle, size), color, width_px) in enumerate(boxes):
            depth = float(camera.to_view(middle)[2])
            if depth <= 0:
                continue
            unit = depth / camera.focal_px(view.viewport)  # plan units of a pixel
            center = middle - view.anchor
            half = np.maximum(size[:2] / 2, _LEAST_PX / 2 * unit)
            inner, outer = half * _AROUND, (half + width_px * unit) * _AROUND
            frame = np.empty((4, 4, 3))
            for side in range(4):
                after = (side + 1) % 4
                frame[side, :, :2] = np.array([outer[side], outer[after], inner[after], inner[side]]) + center[:2]
            frame[..., 2] = center[2] + size[2] / 2 + (0.6 + 0.2 * k) * unit
            points.append(frame)
            colors.append(np.tile([*color, 255.0], (4, 1)))
        corners = np.concatenate(points)
        rgba = np.repeat(np.concatenate(colors).astype(np.uint8), 4, 0)
        self._mesh.fill(to_world(corners).reshape(-1, 3).astype(np.float32), rgba)
        self.actor.SetPosition(*to_world(view.anchor))
