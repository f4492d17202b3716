"""Hiding parts with real keys and clicks: nothing moves, and what is hidden cannot be met."""

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

WAIT = 20_000
LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
SHIFT, ALT = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier
EXPERTS = "model.layers.2.mlp.experts"
EXPERT = f"{EXPERTS}.7"


@pytest.fixture
def press(toy_window, at_rest):
    """Select a part, press a key in the scene, and wait for the frame that shows what came of it."""

    def do(path, key, modifier=NONE):
        toy_window.state.selection = None if path is None else toy_window.graph.id_of(path)
        QTest.keyClick(toy_window.view, key, modifier)
        at_rest(toy_window)

    return do


@pytest.fixture
def compact(toy_window, at_rest, qtbot):
    """Press the key of `compact` and wait for the other placement."""

    def do():
        before = toy_window.placement
        QTest.keyClick(toy_window.view, Qt.Key.Key_C)
        qtbot.waitUntil(lambda: toy_window.placement is not before, timeout=WAIT)
        at_rest(toy_window)

    return do


def drawn(window):
    """The boxes of the last frame, by path."""
    frame = window.view.scene.frame
    nodes = frame.cut.nodes.tolist()
    return {window.graph.path(node): (frame.center[k], frame.size[k]) for k, node in enumerate(nodes)}


def hidden_paths(window):
    return {window.graph.path(node) for node in window.state.hidden}


def test_h_hides_the_selection_and_moves_nothing(toy_window, press):
    before, placement = drawn(toy_window), toy_window.placement
    assert EXPERT in before
    press(EXPERT, Qt.Key.Key_H)
    after = drawn(toy_window)
    gone = {path for path in before if path == EXPERT or path.startswith(f"{EXPERT}.")}
    assert set(after) == set(before) - gone
    for path, (center, size) in after.items():
        np.testing.assert_array_equal(center, before[path][0])
        np.testing.assert_array_equal(size, before[path][1])
    assert toy_window.placement is placement
    assert toy_window.state.selection is None
    press(None, Qt.Key.Key_H, ALT)
    assert set(drawn(toy_window)) == set(before)


def test_what_is_hidden_is_not_met_by_the_mouse(toy_window, press, where, qtbot):
    at = where(toy_window, f"{EXPERT}.gate_proj.weight")
    inside = toy_window.graph.subtree(toy_window.graph.id_of(EXPERT))
    assert inside.start <= toy_window.view.pick(QPointF(at)) < inside.stop
    press(EXPERT, Qt.Key.Key_H)
    QTest.mouseMove(toy_window.view, at)
    below = toy_window.graph.id_of(EXPERTS)
    qtbot.waitUntil(lambda: toy_window.state.hover == below, timeout=WAIT)
    QTest.mouseClick(toy_window.view, LEFT, NONE, at)
    assert toy_window.state.selection == below


def test_a_button_says_how_many_are_hidden_and_shows_them(toy_window, press):
    button = toy_window.hiding.button
    assert not button.isVisible()
    press("lm_head", Qt.Key.Key_H)
    assert button.isVisible()
    assert button.text().startswith("1 part hidden")
    press("model.layers.0", Qt.Key.Key_H)
    assert button.text().startswith("2 parts hidden")
    QTest.mouseClick(button, LEFT)
    assert not toy_window.state.hidden
    assert not button.isVisible()


def test_h_on_a_hidden_part_shows_it(toy_window, press):
    press("lm_head", Qt.Key.Key_H)
    press("model.layers.0", Qt.Key.Key_H)
    press("model.layers.0.mlp", Qt.Key.Key_H)
    assert hidden_paths(toy_window) == {"lm_head"}


def test_isolate_leaves_the_selection_with_what_is_in_it_and_around_it(toy_window, press):
    press("model.layers.2", Qt.Key.Key_H, SHIFT)
    shown = set(drawn(toy_window))
    assert {"", "model", "model.layers", "model.layers.2", f"{EXPERT}"} <= shown
    assert all(path in ("", "model", "model.layers") or f"{path}.".startswith("model.layers.2.") for path in shown)
    assert toy_window.graph.path(toy_window.state.selection) == "model.layers.2"
    press(EXPERT, Qt.Key.Key_H, SHIFT)  # isolating another part shows what that needs
    assert EXPERT in drawn(toy_window)
    assert f"{EXPERTS}.6" not in drawn(toy_window)


def test_the_whole_model_cannot_be_hidden(toy_window, press):
    for key, modifier in ((Qt.Key.Key_H, NONE), (Qt.Key.Key_H, SHIFT)):
        press(None, key, modifier)
        assert not toy_window.state.hidden
        assert "Select a part" in toy_window.statusBar().currentMessage()


def test_hiding_the_focus_flies_to_what_is_around_it(toy_window, press, at_rest):
    toy_window.view.navigator.go_to(toy_window.graph.id_of(EXPERT))
    at_rest(toy_window)
    press("model.layers.2", Qt.Key.Key_H)
    assert toy_window.graph.path(toy_window.state.focus) == "model.layers"


def test_back_passes_by_what_is_hidden_and_finds_it_once_it_is_shown(toy_window, press, at_rest):
    to, graph = toy_window.view.navigator, toy_window.graph
    for path in ("model.layers.1", EXPERT, "model.layers.4"):
        to.go_to(graph.id_of(path))
        at_rest(toy_window)
    press("model.layers.2", Qt.Key.Key_H)
    QTest.keyClick(toy_window.view, Qt.Key.Key_Left, ALT)
    assert graph.path(toy_window.state.focus) == "model.layers.1"
    at_rest(toy_window)
    press(None, Qt.Key.Key_H, ALT)
    QTest.keyClick(toy_window.view, Qt.Key.Key_Right, ALT)
    assert graph.path(toy_window.state.focus) == EXPERT
    at_rest(toy_window)


def test_arrow_keys_and_levels_pass_by_what_is_hidden(toy_window, press):
    press("model.layers.3", Qt.Key.Key_H)
    press("model.layers.2", Qt.Key.Key_Right)
    assert toy_window.graph.path(toy_window.state.selection) == "model.layers.4"
    press("model.layers.0", Qt.Key.Key_H)
    press(None, Qt.Key.Key_2)
    assert toy_window.graph.path(toy_window.state.focus) == "model.layers.1"


def test_the_tree_and_its_search_show_what_is_hidden_struck_out(toy_window, press, qtbot):
    tree = toy_window.tree.tree.model()
    hidden, shown = (toy_window.graph.id_of(path) for path in (f"{EXPERT}.up_proj", f"{EXPERTS}.6"))
    font = Qt.ItemDataRole.FontRole
    assert tree.index_of(hidden).data(font) is None
    press(EXPERT, Qt.Key.Key_H)
    assert tree.index_of(hidden).data(font).strikeOut()
    assert tree.index_of(hidden).data(Qt.ItemDataRole.ForegroundRole) is not None
    assert tree.index_of(shown).data(font) is None
    toy_window.tree.focus_search()
    QTest.keyClicks(toy_window.tree.search, EXPERT)
    qtbot.waitUntil(lambda: toy_window.tree.results.model() is not None, timeout=WAIT)
    found = toy_window.tree.results.model()
    assert found.rowCount()
    assert all(found.index(row, 0).data(font).strikeOut() for row in range(found.rowCount()))
    QTest.keyClick(toy_window.tree.search, Qt.Key.Key_Return)  # it cannot be flown to
    assert toy_window.state.focus == 0
    assert "Alt+H" in toy_window.statusBar().currentMessage()
    toy_window.hiding.show_all()
    assert toy_window.tree.results.model().index(0, 0).data(font) is None


def test_compact_and_back(toy_window, press, compact):
    before = toy_window.placement
    switch = toy_window.actions_by_id["parts.compact"]
    assert not switch.isEnabled()
    for k in range(8):
        press(f"{EXPERTS}.{k}", Qt.Key.Key_H)
    assert switch.isEnabled()
    compact()
    assert switch.isChecked()
    after = toy_window.placement
    graph = toy_window.graph
    inside = graph.subtree(graph.id_of(EXPERTS))
    other = np.setdiff1d(np.arange(len(graph)), np.arange(len(graph))[inside][1:])
    np.testing.assert_array_equal(after.center[other], before.center[other])
    np.testing.assert_array_equal(after.size[other], before.size[other])
    kept = graph.id_of(f"{EXPERTS}.12")
    assert after.size[kept, :2].prod() > before.size[kept, :2].prod()
    assert f"{EXPERTS}.12" in drawn(toy_window)
    assert f"{EXPERTS}.3" not in drawn(toy_window)
    press(f"{EXPERTS}.12", Qt.Key.Key_H)  # hiding more moves nothing until it is asked for again
    assert toy_window.placement is after
    compact()
    assert toy_window.placement.size[kept].max() == 0
    compact()
    assert not switch.isChecked()
    assert toy_window.placement.center.tobytes() == before.center.tobytes()
    assert toy_window.placement.size.tobytes() == before.size.tobytes()


def test_showing_all_after_compact_restores_the_boxes(toy_window, press, compact, at_rest, qtbot):
    before = toy_window.placement
    press("model.layers.1", Qt.Key.Key_H)
    compact()
    changed = toy_window.placement
    press(None, Qt.Key.Key_H, ALT)
    qtbot.waitUntil(lambda: toy_window.placement is not changed, timeout=WAIT)
    at_rest(toy_window)
    assert toy_window.placement.center.tobytes() == before.center.tobytes()
    assert "model.layers.1" in drawn(toy_window)
    assert not toy_window.actions_by_id["parts.compact"].isChecked()


def test_compact_frames_a_focus_that_has_moved(toy_window, press, compact, at_rest):
    expert = toy_window.graph.id_of(f"{EXPERTS}.12")
    toy_window.view.navigator.go_to(expert)
    at_rest(toy_window)
    for k in range(8):
        press(f"{EXPERTS}.{k}", Qt.Key.Key_H)
    toy_window.view.steering.zoom(0.9)
    at_rest(toy_window)
    compact()
    assert toy_window.state.camera is None
    target = np.asarray(toy_window.view.camera().target)
    box, half = toy_window.placement.center[expert], toy_window.placement.size[expert] / 2
    assert (np.abs(target - box)[:2] < half[:2]).all()


def test_options_open_a_window_with_parts_hidden_and_closed_up(window, toy, qtbot, at_rest):
    window.open(toy, {"hide": ["model.layers.0", "model.layers.1"], "compact": True})
    qtbot.waitUntil(lambda: window.graph is toy, timeout=WAIT)
    at_rest(window)
    assert hidden_paths(window) == {"model.layers.0", "model.layers.1"}
    assert window.hiding.button.text().startswith("2 parts hidden")
    assert window.actions_by_id["parts.compact"].isChecked()
    assert window.placement.size[toy.id_of("model.layers.0")].max() == 0
    assert not window.placing.busy
    window.open(toy)  # another model, or the same again, hides nothing
    qtbot.waitUntil(lambda: not window.state.hidden, timeout=WAIT)
    at_rest(window)
    assert not window.hiding.button.isVisible()


def test_after_isolating_some_the_label_tells_how_many_are_left(toy_window, at_rest):
    toy_window.view.navigator.go_to(toy_window.graph.id_of("model.layers.2.mlp"))
    at_rest(toy_window)
    kept = [toy_window.graph.id_of(f"{EXPERTS}.{k}") for k in range(4)]
    toy_window.state.selection, toy_window.state.marked = kept[0], frozenset(kept[1:])
    QTest.keyClick(toy_window.view, Qt.Key.Key_H, SHIFT)
    at_rest(toy_window)
    said = [line.text for label in toy_window.view.scene.labels for line in label.block.lines]
    assert "4 of 16 experts shown" in said
