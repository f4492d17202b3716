"""What the scene is compared with: all tiles as boxes of a bare vtkGlyph3DMapper, in the widget of the window."""

import numpy as np
from vtkmodules.util.numpy_support import numpy_to_vtk
from vtkmodules.vtkCommonCore import vtkPoints
from vtkmodules.vtkCommonDataModel import vtkPolyData
from vtkmodules.vtkFiltersSources import vtkCubeSource
from vtkmodules.vtkRenderingCore import vtkActor, vtkGlyph3DMapper, vtkRenderer

from archviz3d.graph import ModelGraph, NodeKind
from archviz3d.layout import Placement
from archviz3d.viewer.cameras.camera import Camera
from archviz3d.viewer.scene.boxes import to_world
from archviz3d.viewer.window.gl_widget import GlWidget

__all__ = ["Empty", "Glyphs", "every_tile"]


class Empty(GlWidget):
    """A widget with nothing to draw."""

    def __init__(self) -> None:
        super().__init__()
        self.renderer = vtkRenderer()
        self.renderer.SetBackground(0.05, 0.06, 0.09)
        self.GetRenderWindow().AddRenderer(self.renderer)
        self.GetRenderWindow().SetMultiSamples(0)

    def look(self, camera: Camera) -> None:
        """Look from where our own scene does."""
        view = self.renderer.GetActiveCamera()
        view.SetFocalPoint(*to_world(np.asarray(camera.target)))
        view.SetPosition(*to_world(camera.eye))
        view.SetViewUp(*to_world(camera.axes[1]))
        view.SetViewAngle(camera.fov)
        self.renderer.ResetCameraClippingRange()


class Glyphs(Empty):
    """Every tile as a box of one glyph mapper."""

    def __init__(self, graph: ModelGraph, placement: Placement) -> None:
        super().__init__()
        tiles = every_tile(graph)
        self.count = len(tiles)
        points, data = vtkPoints(), vtkPolyData()
        points.SetData(numpy_to_vtk(to_world(placement.center[tiles]).astype(np.float32), deep=True))
        size = placement.size[tiles]
        sizes = numpy_to_vtk(np.stack([size[:, 0], size[:, 2], size[:, 1]], 1).astype(np.float32), deep=True)
        sizes.SetName("size")
        data.SetPoints(points)
        data.GetPointData().AddArray(sizes)
        self._cube = vtkCubeSource()
        mapper, actor = vtkGlyph3DMapper(), vtkActor()
        mapper.SetInputData(data)
        mapper.SetSourceConnection(self._cube.GetOutputPort())
        mapper.SetScaleArray("size")
        mapper.SetScaleModeToScaleByVectorComponents()
        mapper.ScalarVisibilityOff()
        actor.SetMapper(mapper)
        self.renderer.AddActor(actor)


def every_tile(graph: ModelGraph) -> np.ndarray:
    """Return the nodes of a cut in which everything is open but the experts."""
    inside = np.zeros(len(graph) + 1, np.int64)
    experts = graph.of_kind(NodeKind.EXPERT)
    np.add.at(inside, experts + 1, 1)
    np.add.at(inside, experts + graph.size[experts], -1)
    return np.flatnonzero(inside.cumsum()[:-1] == 0)
