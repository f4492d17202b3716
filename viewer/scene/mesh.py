"""Quads with a shader of our own: what every part of the scene is drawn with."""

import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import numpy_to_vtk
from vtkmodules.vtkCommonCore import vtkPoints
from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkDataObject, vtkPolyData
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper, vtkTexture

from ... import shaders

__all__ = ["QuadMesh"]

_HEAD = "//VTK::System::Dec\n"  # becomes #version, which nothing may precede


@cache
def _shader(name: str) -> str:
    """Return a shader's text, with the files that it includes."""
    text = resources.files(shaders).joinpath(name).read_text(encoding="utf-8")
    return re.sub(r"^//include (\S+)$", lambda found: _shader(found[1]), text, flags=re.MULTILINE)


class QuadMesh:
    """One actor that draws quads.

    Parameters
    ----------
    shader : str
        Name of the pair of files in ``shaders/``.
    attributes : mapping of str to int
        Vertex attributes that the shader reads beside position and colour, with their number of components.
    translucent : bool
        Blended over what was drawn before, in order.
    """

    def __init__(self, shader: str, attributes: Mapping[str, int], translucent: bool = False) -> None:
        self._attributes = dict(attributes)
        self._data = vtkPolyData()
        self._kept: list[Any] = []  # numpy owners of the arrays that VTK reads without a copy
        self.mapper = vtkPolyDataMapper()
        self.mapper.SetInputData(self._data)
        # Points are already local; VTK's own shift would only hide what the shader gets.
        self.mapper.SetVBOShiftScaleMethod(0)
        self.mapper.SetColorModeToDirectScalars()
        for name in attributes:
            self.mapper.MapDataArrayToVertexAttribute(name, name, vtkDataObject.FIELD_ASSOCIATION_POINTS, -1)
        self.actor = vtkActor()
        self.actor.SetMapper(self.mapper)
        self.actor.PickableOff()
        self.actor.VisibilityOff()
        self.actor.GetProperty().LightingOff()
        if translucent:
            self.actor.ForceTranslucentOn()
        else:
            self.actor.ForceOpaqueOn()
        self._shader = shader
        self._defined: tuple[str, ...] | None = None
        self.define()

    def define(self, *names: str) -> None:
        """Compile the shaders with some names defined, in place of those before; VTK keeps what it has compiled."""
        if names == self._defined:
            return
        self._defined = names
        head = _HEAD + "".join(f"#define {name}\n" for name in names)
        program = self.actor.GetShaderProperty()
        program.SetVertexShaderCode(_shader(f"{self._shader}.vert").replace(_HEAD, head, 1))
        program.SetFragmentShaderCode(_shader(f"{self._shader}.frag").replace(_HEAD, head, 1))

    def uniform(self, name: str, value: float | tuple[float, float, float]) -> None:
        """Set a float or vec3 uniform of the shaders."""
        program = self.actor.GetShaderProperty()
        for uniforms in (program.GetVertexCustomUniforms(), program.GetFragmentCustomUniforms()):
            if isinstance(value, tuple):
                uniforms.SetUniform3f(name, value)
            else:
                uniforms.SetUniformf(name, value)

    def texture(self, name: str, texture: vtkTexture) -> None:
        """Let the shaders read a texture by a name."""
        self.actor.GetProperty().SetTexture(name, texture)

    def fill(self, points: NDArray[np.float32], colors: NDArray[np.uint8], **attributes: NDArray[np.float32]) -> None:
        """Replace all quads.

        Parameters
        ----------
        points : ndarray of float32, shape (4 * Q, 3)
            Corners, four to a quad, in order around it.
        colors : ndarray of uint8, shape (4 * Q, 4)
        **attributes : ndarray of float32, shape (4 * Q, components)
        """
        self.actor.SetVisibility(len(points) > 0)
        if not len(points):
            return
        corner = np.arange(0, len(points), 4, dtype=np.int32)[:, None]
        triangles = (corner + np.array([0, 1, 2, 0, 2, 3], np.int32)).ravel()
        offsets = np.arange(0, len(triangles) + 1, 3, dtype=np.int32)
        named = {"points": points, "colors": colors, "triangles": triangles, "offsets": offsets} | attributes
        arrays = {name: np.ascontiguousarray(array) for name, array in named.items()}
        vtk_points, cells = vtkPoints(), vtkCellArray()
        vtk_points.SetData(numpy_to_vtk(arrays["points"]))
        cells.SetData(numpy_to_vtk(arrays["offsets"]), numpy_to_vtk(arrays["triangles"]))
        self._data.SetPoints(vtk_points)
        self._data.SetPolys(cells)
        point_data = self._data.GetPointData()
        scalars = numpy_to_vtk(arrays["colors"])
        scalars.SetName("colors")
        point_data.SetScalars(scalars)
        for name in self._attributes:
            array = numpy_to_vtk(arrays[name])
            array.SetName(name)
            point_data.AddArray(array)
        self._kept = list(arrays.values())
