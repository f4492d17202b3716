"""A model on its way to another placement: what is told, pointed at and kept there and afterwards."""

from dataclasses import replace

import numpy as np
import pytest

from archviz3d.graph.kinds import EdgeKind
from archviz3d.layout import place
from archviz3d.viewer.cameras.morph import Morph
from archviz3d.viewer.scene import Scene
from archviz3d.viewer.state import ViewState
from archviz3d.viewer.theme import DARK

VIEWPORT = (1280, 720)


@pytest.fixture
def on_way(toy):
    """A scene half-way from a deck to rows, as a state shows it, and the placement that it is in."""

    def go(state):
        scene, deck, wrap = Scene(DARK), place(toy, arrangement="deck"), place(toy)
        scene.show(toy, deck)
        scene.draw(state, VIEWPORT)
        scene.place(wrap)
        step = Morph(deck, wrap).at(0.5)
        scene.move(step)
        scene.draw(state, VIEWPORT, names=0.0)
        return scene, step

    return go


def said(scene):
    return [writing.text for writing in scene.writings]


def test_plates_that_a_deck_did_not_draw_are_not_told_as_hidden_in_rows(on_way, toy):
    scene, _ = on_way(ViewState(focus=toy.id_of("model.layers.3")))
    assert scene._shown.hidden  # the plates before it
    scene.move(None)
    scene.draw(ViewState(), VIEWPORT)
    assert any("6 layers" in text for text in said(scene))
    assert not any("of 6 layers shown" in text for text in said(scene))
    assert scene._left is None


def test_the_legend_on_the_way_tells_of_now_and_of_the_flow_that_is_away(on_way, toy):
    scene, _ = on_way(ViewState(overlay="parameters"))
    assert "Parameters" in said(scene)
    assert len(scene.margins) == 3  # title, line of facts, legend
    scene.draw(ViewState(), VIEWPORT, names=0.0)
    assert "Parameters" not in said(scene)
    assert "expert" in " ".join(said(scene)).lower()
    scene._page._said = replace(scene._page._said, flows=(EdgeKind.DATA,), inferred=True, known=True, ports=True)
    scene.draw(ViewState(plain_words=True), VIEWPORT, names=0.0)
    legend = scene._page._said
    assert (legend.flows, legend.inferred, legend.known, legend.ports) == ((EdgeKind.DATA,), True, True, True)
    assert legend.plain
    scene.close_model()
    assert scene._page._said is None


def test_another_theme_on_the_way_keeps_the_step_and_the_ground_away(on_way, toy):
    node = toy.id_of("model.layers.3")
    scene, step = on_way(ViewState())
    scene.set_ground_visible(False)
    scene.draw(ViewState(theme="light"), VIEWPORT, names=0.0)
    assert not scene._ground.actor.GetVisibility()
    np.testing.assert_allclose(scene.box(node)[0][:2], step.center[node, :2])
    assert (scene._step.faces == scene._model.faces).all()
    assert scene.renderer.GetActors().GetNumberOfItems() == len(scene._actors)


def test_a_band_takes_hold_of_parts_where_they_are_on_the_way(on_way, toy):
    layer = toy.id_of("model.layers.5")
    scene, step = on_way(ViewState())
    corners = step.center[layer] + step.size[layer] / 2 * np.array([[-1, -1, 1], [1, -1, 1], [1, 1, 1], [-1, 1, 1]])
    px, _ = scene.frame.view.camera.project(corners, VIEWPORT)
    assert scene.pick_band((*(px.min(0) - 1), *(px.max(0) + 1))) == [layer]
