"""Edges of plates, which nothing is written across."""

import numpy as np
import pytest

from archviz3d.layout import place
from archviz3d.viewer.scene import Scene
from archviz3d.viewer.scene.writing.faces import front_corners
from archviz3d.viewer.scene.writing.rims import Rims
from archviz3d.viewer.state import ViewState
from archviz3d.viewer.theme import DARK

VIEWPORT = (1280, 720)


@pytest.fixture(scope="module")
def shown(toy):
    scene = Scene(DARK)
    scene.show(toy, place(toy))
    scene.draw(ViewState(), VIEWPORT)
    return scene.frame


def test_edges_are_met_where_plates_end_and_nowhere_else(shown):
    rims = Rims(shown)
    (row,) = np.flatnonzero(shown.cut.opened)[:1]
    px, _ = shown.view.camera.project(front_corners(shown.center, shown.size, np.array([row]))[0], VIEWPORT)
    x, y = (px[0] + px[1]) / 2
    assert rims.meet((x - 30, y - 5, x + 30, y + 5))
    assert not rims.meet((-60, -30, -10, -10))


def test_no_name_of_a_drawn_frame_stands_across_an_edge(toy):
    scene = Scene(DARK)
    scene.show(toy, place(toy))
    scene.draw(ViewState(focus=toy.id_of("model.layers.2")), VIEWPORT)
    rims = Rims(scene.frame)
    names = [label for label in scene.labels if label.spot.on == "plate"]
    assert names
    for label in names:
        left, top, right, bottom = label.rect
        free = label.block.lines[0].free[0], label.block.lines[-1].free[1]
        assert not rims.meet((left, top + free[0], right, bottom - free[1])), label.block.lines[0].text
