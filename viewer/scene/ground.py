"""The background gradient, as a quad of our own: VTK's costs three times as much without a GPU, and shows bands."""

import numpy as np

from ..theme import Theme, rgb
from .mesh import QuadMesh

__all__ = ["Ground"]


class Ground:
    """What is behind the model."""

    def __init__(self, theme: Theme) -> None:
        self._mesh = QuadMesh("ground", {})
        self.actor = self._mesh.actor
        top, bottom = (np.append(rgb(color), 255).astype(np.uint8) for color in theme.ground)
        corners = np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]], np.float32)
        self._mesh.fill(corners, np.array([bottom, bottom, top, top]))

    def draw(self, moving: bool) -> None:
        """Leave out the noise against bands while the camera moves: without a GPU it costs 4 ms of a large frame."""
        self._mesh.define(*(("MOVING",) if moving else ()))
