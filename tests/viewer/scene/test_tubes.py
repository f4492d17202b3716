"""The ribbon's shader as pixels: near ribbons are lit like tubes, far ones are plain, inferred ones have gaps."""

import numpy as np
import pytest
import vtkmodules.vtkRenderingOpenGL2  # noqa: F401  VTK finds its OpenGL classes through this import
from vtkmodules.vtkRenderingCore import vtkRenderer

from archviz3d.viewer.offscreen import offscreen_window, read_pixels
from archviz3d.viewer.scene.boxes import to_world
from archviz3d.viewer.scene.mesh import QuadMesh
from archviz3d.viewer.scene.ribbons import Polylines, ribbon_quads

SIZE = (200, 200)
COLOR = np.array([120.0, 140.0, 100.0])


@pytest.fixture(scope="module")
def drawn():
    """Draw a ribbon from one point to another in a view of 200 x 200 plan units, one a pixel."""
    with offscreen_window(SIZE) as window:
        renderer = vtkRenderer()
        window.AddRenderer(renderer)
        camera = renderer.GetActiveCamera()
        camera.SetPosition(100, -10, 100)
        camera.SetFocalPoint(100, 0, 100)
        camera.SetViewUp(0, 0, 1)
        camera.ParallelProjectionOn()
        camera.SetParallelScale(100)

        def draw(start, end, width, *, headed=False, gap=0.0):
            renderer.RemoveAllViewProps()
            mesh = QuadMesh("ribbon", {"course": 4})
            mesh.uniform("gapTone", 0.0)
            mesh.uniform("gapFrom", 6.0)
            lines = Polylines(np.array([[*start, 0], [*end, 0]], float), np.array([0, 2]))
            corners, course, _ = ribbon_quads(lines, np.array([float(width)]), np.array([headed]))
            way = np.zeros((len(corners), 4, 4), np.float32)
            way[..., :2], way[..., 2] = course, gap
            rgba = np.tile(np.array([*COLOR, 255], np.uint8), (len(corners) * 4, 1))
            mesh.fill(to_world(corners).reshape(-1, 3).astype(np.float32), rgba, course=way.reshape(-1, 4))
            renderer.AddActor(mesh.actor)
            window.Render()
            return read_pixels(window, SIZE)[..., :3].astype(float)

        yield draw


@pytest.mark.parametrize("ends", [((20, 100), (180, 100)), ((180, 100), (20, 100))], ids=["right", "left"])
def test_a_near_ribbon_is_lit_from_above_and_has_its_colour_in_the_middle(drawn, ends):
    light = drawn(*ends, 24)[88:112, 100] / COLOR  # from above down
    np.testing.assert_allclose(light[11:13], 1.0, atol=0.08)
    assert light[4].min() > 1.05
    assert light[21].max() < 0.75
    assert (np.diff(light[6:, 0]) < 0.01).all()  # ever darker downwards


def test_a_ribbon_that_goes_up_is_lit_from_the_left(drawn):
    light = drawn((100, 20), (100, 180), 24)[100, 88:112] / COLOR
    assert light[5].mean() > 1.05 * light[18].mean()
    assert light[22].max() < 0.85


def test_a_far_ribbon_is_a_plain_line(drawn):
    line = drawn((20, 100.5), (180, 100.5), 3)[:, 100]
    shown = line[line.max(1) > 0]
    assert 2 <= len(shown) <= 4
    np.testing.assert_array_equal(shown, np.tile(COLOR, (len(shown), 1)))


def test_a_head_is_a_cone_that_is_lit_alike(drawn):
    light = drawn((20, 100), (180, 100), 20, headed=True)[:, 155] / COLOR
    (shown,) = np.nonzero(light.max(1))
    assert len(shown) > 12
    middle = (shown[0] + shown[-1]) // 2
    np.testing.assert_allclose(light[middle], 1.0, atol=0.15)
    assert light[shown[2]].min() > 1.02
    assert light[shown[-2]].max() < 0.75


def test_inferred_flow_has_gaps_that_end_the_way_the_data_goes(drawn):
    row = drawn((10, 100), (190, 100), 20, gap=0.9)[100, 12:188].mean(-1)
    dark = row < 0.5 * COLOR.mean()
    assert 0.15 < dark.mean() < 0.45
    assert 2 <= (np.diff(dark.astype(int)) == 1).sum() <= 4  # one in three widths of 20 pixels
    plain = drawn((10, 100), (190, 100), 20)[100, 12:188].mean(-1)
    assert plain.min() > 0.9 * COLOR.mean()
