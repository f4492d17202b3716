"""Arrays as textures that shaders fetch from texel by texel."""

import numpy as np
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import numpy_to_vtk
from vtkmodules.vtkCommonDataModel import vtkImageData
from vtkmodules.vtkRenderingCore import vtkTexture

__all__ = ["DataTexture"]


class DataTexture:
    """A texture without filtering: what is fetched is what was put in, floats included.

    Attributes
    ----------
    texture : vtkTexture
    """

    def __init__(self) -> None:
        self.texture = vtkTexture()
        self.texture.InterpolateOff()
        self.texture.MipmapOff()
        self.texture.RepeatOff()
        self.texture.SetColorModeToDirectScalars()
        self._image = vtkImageData()
        self.texture.SetInputData(self._image)
        self._scalars = None
        self._kept: NDArray[np.generic] | None = None  # VTK reads it without a copy

    def fill(self, texels: NDArray[np.uint8 | np.float32]) -> None:
        """Replace all texels.

        Parameters
        ----------
        texels : ndarray of uint8, shape (height, width) or (height, width, components), or of float32
            Floats come as (height, width), the width a multiple of four: VTK keeps them as floats only where a texel
            has three components or four, so four neighbours share one; ``cells.glsl`` takes them apart. The array is
            read at the next render: change it only with `touch`.
        """
        self._kept = np.ascontiguousarray(texels)
        if texels.dtype == np.float32:
            texels = self._kept.reshape(len(texels), -1, 4)
        height, width = texels.shape[:2]
        self._scalars = numpy_to_vtk(self._kept.reshape(height * width, -1))
        self._image.SetDimensions(width, height, 1)
        self._image.GetPointData().SetScalars(self._scalars)
        self._image.Modified()

    def touch(self) -> None:
        """Tell that the array of the last `fill` was changed in place."""
        if self._scalars is not None:
            self._scalars.Modified()
            self._image.Modified()
