"""What makes boxes stand on their plates, as pixels: bevels, outlines and contact shadows."""

from pathlib import Path

import numpy as np
import pytest

from archviz3d import load
from archviz3d.layout import place
from archviz3d.viewer.offscreen import offscreen_window, read_pixels
from archviz3d.viewer.scene import Scene
from archviz3d.viewer.state import ViewState
from archviz3d.viewer.theme import THEMES

VIEWPORT = (960, 640)
FOCUS = "model.layers.2.self_attn"
SAMPLE = Path(__file__).resolve().parents[3] / "resources" / "sample.pt"


@pytest.fixture(scope="module", params=THEMES)
def face(request, toy):
    """A theme, brightness along a line through the largest closed box from above to below, and its edges' rows."""
    scene = Scene(THEMES[request.param])
    scene.show(toy, place(toy))
    with offscreen_window(VIEWPORT) as window:
        window.AddRenderer(scene.renderer)
        state = ViewState(theme=request.param, focus=toy.id_of(FOCUS), angle=(0.0, 0.0, 1.0), labels=False)
        scene.draw(state, VIEWPORT)
        window.Render()
        pixels = read_pixels(window, VIEWPORT)[..., :3].astype(float).mean(-1)
    frame = scene.frame
    focus = toy.subtree(toy.id_of(FOCUS))
    inside = (frame.cut.nodes > focus.start) & (frame.cut.nodes < focus.stop) & ~frame.cut.opened
    row = np.flatnonzero(inside)[np.argmax(frame.cut.short_px[inside])]
    front = frame.center[row] + frame.size[row] * np.array([[0, 0.5, 0.5], [0, -0.5, 0.5]])
    (x, top), (_, bottom) = frame.view.camera.project(front, VIEWPORT)[0]
    scene.close_model()
    # A third of the way to the side: ribbons leave in the middle.
    x += frame.cut.short_px[row] / 4
    return request.param, pixels[:, int(x)], round(top), round(bottom)


def test_a_bevel_catches_the_light_above_and_loses_it_below(face):
    theme, line, top, bottom = face
    middle = line[(top + bottom) // 2]
    rows = slice(1, 3) if theme != "dark" else slice(0, 2)  # the dark outline of light themes comes first
    assert line[top:][rows].max() > 1.02 * middle
    assert line[bottom - 2 : bottom].min() < 0.95 * middle


def test_a_shadow_falls_below_the_box_and_ends_without_an_edge(face):
    _, line, _, bottom = face
    steps = np.diff(line[bottom + 1 : bottom + 30])
    reached = int(np.argmax(steps <= 0))
    assert reached >= 3  # pixels
    assert steps[:reached].sum() > 5
    assert steps[reached - 1] <= steps.max() / 2 + 0.51  # it comes back slowly: half a step is what rounding takes


def test_no_shadow_lies_on_a_thinner_neighbour():
    sample, size = load(SAMPLE), (920, 900)
    scene = Scene(THEMES["dark"])
    scene.show(sample, place(sample, size[0] / size[1]))
    with offscreen_window(size) as window:
        window.AddRenderer(scene.renderer)
        scene.draw(ViewState(labels=False), size)
        window.Render()
        pixels = read_pixels(window, size)[..., :3].astype(float)
    frame, norm = scene.frame, sample.id_of("model.norm")  # a thousandth of its plate thick, beside the output head
    row = int(np.flatnonzero(frame.cut.nodes == norm)[0])
    (x, y), _ = frame.view.camera.project(frame.center[row] + frame.size[row] * (0, 0, 0.5), size)
    scene.close_model()
    assert np.abs(pixels[int(y), int(x)] - frame.colors[row]).max() < 12
