"""What the shaders need to turn values into colours: a few numbers and two small textures."""

import numpy as np
from numpy.typing import NDArray

from ...overlays.overlay import Scale
from ..coloring import Coloring
from ..theme import Theme, rgb
from .mesh import QuadMesh
from .texture import DataTexture

__all__ = ["NO_DATA", "ValueColors", "encoded"]

NO_DATA = np.float32(3e38)  # stands for NaN, which a shader may not keep: see value_color.glsl
_BEYOND = 1e38
_SCALES = {Scale.LINEAR: 0.0, Scale.LOG: 1.0, Scale.QUANTILE: 2.0}


def encoded(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return values as the shaders take them: finite, with `NO_DATA` for NaN."""
    return np.where(np.isnan(values), NO_DATA, np.clip(values, -_BEYOND / 2, _BEYOND / 2)).astype(np.float32)


class ValueColors:
    """Keeps the uniforms and textures of ``value_color.glsl`` of some meshes up to date.

    Parameters
    ----------
    theme : Theme
    meshes : QuadMesh
        Those whose shaders include it.
    """

    def __init__(self, theme: Theme, *meshes: QuadMesh) -> None:
        self._meshes = meshes
        self._colors, self._quantiles = DataTexture(), DataTexture()
        self._colors.fill(np.zeros((1, 256, 3), np.uint8))
        self._quantiles.fill(np.zeros((1, 256), np.float32))
        no_data = rgb(theme.no_data) / 255
        for mesh in meshes:
            mesh.texture("colorTable", self._colors.texture)
            mesh.texture("quantileTable", self._quantiles.texture)
            mesh.uniform("noData", (no_data[0], no_data[1], no_data[2]))
        self._shown: Coloring | None = None

    def show(self, coloring: Coloring) -> None:
        """Take over a coloring's range, scale, colours and filter."""
        before, self._shown = self._shown, coloring
        if before is None or before.table is not coloring.table:
            self._colors.fill(coloring.table[None])
        if before is None or before.quantiles is not coloring.quantiles:
            self._quantiles.fill(coloring.quantiles[None])
        low, high = coloring.keep or (-np.inf, np.inf)
        for mesh in self._meshes:
            mesh.uniform("valueLow", coloring.low)
            mesh.uniform("valueHigh", coloring.high)
            mesh.uniform("valueScale", _SCALES[coloring.scale])
            mesh.uniform("filtering", float(coloring.keep is not None))
            mesh.uniform("keepLow", max(low, -_BEYOND))
            mesh.uniform("keepHigh", min(high, _BEYOND))
