"""Arranging the layers anew from the View menu, with real clicks and keys."""

import json

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

from archviz3d.layout import place
from archviz3d.viewer.state import ViewState
from archviz3d.viewer.window.recent import sample_path

WAIT = 20_000
LEFT, NONE, SHIFT = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
EXPERT = "model.layers.2.mlp.experts.7"


@pytest.fixture
def choose(toy_window, at_rest, qtbot):
    """Click an entry of the View menu and wait for the frame that shows the other placement."""

    def do(arrangement):
        before = toy_window.placement
        action = toy_window.actions_by_id[f"view.{arrangement}"]
        menu = next(top.menu() for top in toy_window.menuBar().actions() if action in top.menu().actions())
        menu.popup(toy_window.mapToGlobal(toy_window.menuBar().geometry().bottomLeft()))
        qtbot.waitUntil(menu.isVisible, timeout=WAIT)
        QTest.mouseClick(menu, LEFT, NONE, menu.actionGeometry(action).center())
        qtbot.waitUntil(lambda: toy_window.placement is not before, timeout=WAIT)
        at_rest(toy_window)

    return do


def checked(window):
    return [name for name in ("auto", "wrap", "row", "deck") if window.actions_by_id[f"view.{name}"].isChecked()]


@pytest.mark.parametrize("arrangement", ["row", "deck"])
def test_a_click_in_the_menu_arranges_layers_and_keeps_focus_and_selection(toy_window, choose, at_rest, arrangement):
    graph, state = toy_window.graph, toy_window.state
    toy_window.view.navigator.go_to(graph.id_of("model.layers.2"), select=graph.id_of(EXPERT))
    at_rest(toy_window)
    toy_window.view.steering.zoom(1.3)  # a camera that would look beside the layer now
    choose(arrangement)
    assert toy_window.placement.arrangement == arrangement
    assert checked(toy_window) == [arrangement]
    assert (state.focus, state.selection) == (graph.id_of("model.layers.2"), graph.id_of(EXPERT))
    assert state.camera is None  # the focus is framed
    view = toy_window.view
    px, depth = view.camera().project(toy_window.placement.center[state.focus][None], view.viewport())
    assert depth[0] > 0
    assert np.abs(px[0] / view.viewport() - 0.5).max() < 0.2
    expected = place(graph, toy_window.placement.aspect, arrangement)
    assert toy_window.placement.center.tobytes() == expected.center.tobytes()


def test_places_behind_are_framed_anew(toy_window, choose, at_rest):
    graph, view = toy_window.graph, toy_window.view
    view.navigator.go_to(graph.id_of("model.layers.1"))
    at_rest(toy_window)
    view.steering.zoom(2.0)
    at_rest(toy_window)
    view.navigator.go_to(graph.id_of("lm_head"))
    at_rest(toy_window)
    choose("row")
    QTest.keyClick(view, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    at_rest(toy_window)
    assert graph.path(toy_window.state.focus) == "model.layers.1"
    assert toy_window.state.camera is None


def test_in_a_deck_what_is_seen_is_what_a_click_selects(toy_window, choose, at_rest):
    choose("deck")
    graph, view, frame = toy_window.graph, toy_window.view, toy_window.view.scene.frame
    assert toy_window.placement.rises(0)
    last = graph.id_of("model.layers.5")
    row = int(np.flatnonzero(frame.cut.nodes == last)[0])
    front = frame.center[row] + frame.size[row] * (-0.49, 0.49, 0.5)  # its plate, beside what stands on it
    px, _ = frame.view.camera.project(front[None], frame.view.viewport)
    at = QPointF(*(px[0] / view.devicePixelRatioF()))
    QTest.mouseClick(view, LEFT, NONE, at.toPoint())
    assert toy_window.state.selection == last


def test_plates_before_the_focus_are_out_of_the_way(toy_window, choose, at_rest):
    choose("deck")
    graph, view = toy_window.graph, toy_window.view
    layers = [graph.id_of(f"model.layers.{k}") for k in range(4)]
    assert np.isin(layers, view.scene.frame.cut.nodes).all()
    view.navigator.go_to(layers[1])
    at_rest(toy_window)
    assert np.isin(layers[1:], view.scene.frame.cut.nodes).tolist() == [True, False, False]
    QTest.keyClick(view, Qt.Key.Key_Right)
    at_rest(toy_window)
    assert toy_window.state.focus == layers[2]
    assert np.isin(layers[2:], view.scene.frame.cut.nodes).tolist() == [True, False]


def test_the_key_of_what_is_on_already_changes_nothing(toy_window, at_rest):
    before = toy_window.placement
    QTest.keyClick(toy_window.view, Qt.Key.Key_A, SHIFT)
    at_rest(toy_window)
    assert toy_window.placement is before
    assert checked(toy_window) == ["auto"]


def test_a_saved_state_opens_in_its_arrangement(window, toy, qtbot):
    saved = ViewState(arrangement="deck").to_json(toy)
    assert json.loads(saved)["arrangement"] == "deck"
    window.open(toy, {"saved": ("state.json", saved.encode())})
    qtbot.waitUntil(lambda: window.graph is toy, timeout=WAIT)
    assert window.placement.arrangement == "deck"
    assert checked(window) == ["deck"]


def test_an_option_says_the_arrangement(window, qtbot):
    window.open(sample_path(), {"arrangement": "row"})
    qtbot.waitUntil(lambda: window.graph is not None, timeout=WAIT)
    assert window.placement.arrangement == "row"
    assert checked(window) == ["row"]
