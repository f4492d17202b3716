"""Outlines as pixels: a crisp line on the silhouette, a halo beside it, and nothing else."""

import numpy as np
import pytest

from archviz3d.layout import place
from archviz3d.viewer.glow import REACH_PX, silhouette
from archviz3d.viewer.offscreen import offscreen_window, read_pixels
from archviz3d.viewer.scene import Scene, outline
from archviz3d.viewer.scene.outline import outline_rects
from archviz3d.viewer.state import ViewState
from archviz3d.viewer.theme import THEMES, rgb

VIEWPORT = (960, 640)
PART = "model.layers.2.self_attn"


@pytest.fixture(scope="module", params=THEMES)
def drawn(request, toy):
    """A theme, a silhouette, and pictures without a mark, with a selection, and with a hover."""
    theme, node = THEMES[request.param], toy.id_of(PART)
    scene = Scene(theme)
    scene.show(toy, place(toy))
    pictures = []
    with offscreen_window(VIEWPORT) as window:
        window.AddRenderer(scene.renderer)
        for marks in ({}, {"selection": node}, {"hover": node}):
            scene.draw(ViewState(theme=theme.name, focus=toy.id_of("model.layers.2"), **marks), VIEWPORT)
            window.Render()
            pictures.append(read_pixels(window, VIEWPORT)[..., :3].astype(float))
    view, box = scene.frame.view, scene.box(node)
    rects = [label.rect for label in scene.labels]
    yield theme, silhouette(*box, view.camera, VIEWPORT, 1.0), pictures, rects, view, box
    scene.close_model()


def beside(polygon, side, away):
    """Pixels at distances outside the middle of a side."""
    a, b = polygon[side], polygon[(side + 1) % len(polygon)]
    along = (b - a) / np.linalg.norm(b - a)
    out = np.array([along[1], -along[0]])
    at = (0.35 * a + 0.65 * b) + np.asarray(away)[:, None] * out
    x, y = np.floor(at).astype(int).T
    return y, x


def longest(polygon):
    return int(np.argmax(np.linalg.norm(np.roll(polygon, -1, 0) - polygon, axis=1)))


def test_the_line_has_its_colour_on_the_silhouette(drawn):
    theme, polygon, (_, selected, hovered), *_ = drawn
    at = beside(polygon, longest(polygon), np.array([0.0]))
    assert np.abs(selected[at] - rgb(theme.selection)).max() < 40
    assert np.abs(hovered[at] - rgb(theme.hover)).max() < 60


def test_the_halo_fades_outwards_and_ends(drawn):
    _, polygon, (plain, selected, _), *_ = drawn
    at = beside(polygon, longest(polygon), np.array([3.0, 5.0, 7.0, REACH_PX + 2]))
    change = np.abs(selected[at] - plain[at]).max(1)
    assert change[0] > 12
    assert (np.diff(change) < 0).all()
    assert change[-1] <= 1


def test_inside_nothing_changes_but_a_rim(drawn):
    _, polygon, (plain, selected, _), *_ = drawn
    at = beside(polygon, longest(polygon), np.array([-8.0, -12.0, -20.0]))
    np.testing.assert_array_equal(selected[at], plain[at])
    x, y = polygon.mean(0).astype(int)
    np.testing.assert_array_equal(selected[y - 20 : y + 20, x - 20 : x + 20], plain[y - 20 : y + 20, x - 20 : x + 20])


@pytest.mark.parametrize("theme", THEMES)
def test_no_label_is_covered(toy, theme, monkeypatch):
    scene = Scene(THEMES[theme])
    scene.show(toy, place(toy))
    pictures = []
    with offscreen_window(VIEWPORT) as window:
        window.AddRenderer(scene.renderer)
        for reach in (REACH_PX, 200.0):  # such a halo lies below all labels
            monkeypatch.setattr(outline, "REACH_PX", reach)
            state = ViewState(theme=theme, focus=toy.id_of("model.layers.2"), hover=toy.id_of(PART))
            scene.draw(state, VIEWPORT)
            window.Render()
            pictures.append(read_pixels(window, VIEWPORT)[..., :3].astype(float))
    usual, broad = pictures
    view, box, labels = scene.frame.view, scene.box(toy.id_of(PART)), scene.labels
    scene.close_model()
    polygon = silhouette(*box, view.camera, VIEWPORT, 1.0)
    inks = np.array([rgb(THEMES[theme].text), rgb(THEMES[theme].text_dim), rgb(THEMES[theme].text_dark)])
    compared = 0
    for left, top, right, bottom in (label.rect for label in labels):
        rows, columns = slice(int(top), int(bottom)), slice(int(left), int(right))
        if left > polygon[:, 0].max() + 5 and (usual[rows, columns] != broad[rows, columns]).any():
            ink = (np.abs(usual[rows, columns, None] - inks).max(-1) <= 2).any(-1)
            np.testing.assert_allclose(broad[rows, columns][ink], usual[rows, columns][ink], atol=5)
            compared += int(ink.sum())
    assert compared > 10


def test_rectangles_of_the_line_lie_on_the_silhouette(drawn):
    *_, view, box = drawn
    polygon = silhouette(*box, view.camera, VIEWPORT, 1.0)
    rects = outline_rects(box, view)
    low, high = rects[:, :2].min(0), rects[:, 2:].max(0)
    np.testing.assert_allclose(low, polygon.min(0) - 2)
    np.testing.assert_allclose(high, polygon.max(0) + 2)
    assert outline_rects((box[0] + [0, 0, 1e6], box[1]), view).shape == (0, 4)
