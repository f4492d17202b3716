"""Travelling by keys alone, views from all sides, the map, the palette, and motion that can be done without."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from archviz3d.viewer.window.moving import morphing
from archviz3d.viewer.window.moving.motion import ENVIRONMENT, is_reduced, set_reduced
from archviz3d.viewer.window.palette import Palette

WAIT = 20_000
NONE, SHIFT, CTRL = (
    Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
)  # fmt: skip


@pytest.fixture
def still_window(toy_window):
    """A window in which nothing flies: what a key does is there at once."""
    set_reduced(True)
    return toy_window


def test_motion_is_reduced_as_the_environment_or_the_user_wants_it(qapp, monkeypatch):
    monkeypatch.delenv(ENVIRONMENT, raising=False)
    assert not is_reduced()
    monkeypatch.setenv(ENVIRONMENT, "0")
    assert not is_reduced()
    monkeypatch.setenv(ENVIRONMENT, "1")
    assert is_reduced()
    set_reduced(False)
    assert not is_reduced()


def test_where_motion_is_reduced_nothing_flies_or_morphs(still_window, qtbot):
    view, layer = still_window.view, still_window.graph.id_of("model.layers.3")
    view.navigator.go_to(layer)
    assert not view.navigator.flight.flying
    assert still_window.state.camera is None  # it is there, framed
    before = still_window.placement
    still_window.state.arrangement = "row"
    qtbot.waitUntil(lambda: still_window.placement is not before, timeout=WAIT)
    assert not view.morphing.running
    assert still_window.actions_by_id["view.still"].isChecked() == still_window.looks.is_still()


def test_keys_turn_move_and_zoom(still_window):
    for key, modifier, changes in (
        (Qt.Key.Key_Left, SHIFT, lambda a, b: b.azimuth < a.azimuth and b.elevation == a.elevation),
        (Qt.Key.Key_Up, SHIFT, lambda a, b: b.elevation > a.elevation and b.azimuth == a.azimuth),
        (Qt.Key.Key_Right, CTRL, lambda a, b: b.target[0] > a.target[0] and b.azimuth == a.azimuth),
        (Qt.Key.Key_Down, CTRL, lambda a, b: b.target[1] < a.target[1] and b.azimuth == a.azimuth),
        (Qt.Key.Key_Plus, NONE, lambda a, b: b.distance < 0.9 * a.distance),
        (Qt.Key.Key_Minus, NONE, lambda a, b: b.distance > 1.1 * a.distance),
    ):
        before = still_window.view.camera()
        QTest.keyClick(still_window.view, key, modifier)
        assert changes(before, still_window.view.camera()), (key, modifier)


def test_views_from_all_sides_keep_what_is_in_the_middle(still_window):
    view = still_window.view
    view.steering.zoom(2.0)
    before = view.camera()
    for key, azimuth, elevation in ((Qt.Key.Key_1, 0, 0), (Qt.Key.Key_3, 0, -54), (Qt.Key.Key_4, -64, 8)):
        QTest.keyClick(still_window, key, CTRL)
        now = view.camera()
        assert (now.azimuth, now.elevation) == (azimuth, elevation)
        assert (now.target, now.distance) == (before.target, before.distance)
    QTest.keyClick(view, Qt.Key.Key_Home)  # what is framed next is seen from the same side
    assert (view.camera().azimuth, still_window.state.camera) == (-64, None)
    QTest.keyClick(still_window, Qt.Key.Key_2, CTRL)
    assert view.camera().azimuth == -6


def test_the_projection_changes_and_flights_keep_it(still_window):
    view = still_window.view
    view.steering.zoom(1.5)
    before = view.camera()
    QTest.keyClick(view, Qt.Key.Key_O)
    parallel = view.camera()
    assert parallel.orthographic
    assert parallel.unit_px(view.viewport()) == pytest.approx(before.unit_px(view.viewport()))
    assert still_window.actions_by_id["view.orthographic"].isChecked()
    view.navigator.go_to(still_window.graph.id_of("model.layers.2"))
    assert view.camera().orthographic
    QTest.keyClick(view, Qt.Key.Key_O)
    assert not view.camera().orthographic
    view.navigator.back()
    assert not view.camera().orthographic  # though it was parallel when that place was left


def test_half_a_change_of_projection_is_none(toy_window, qtbot):
    view = toy_window.view
    view.steering.zoom(1.5)
    view.navigator.toggle_projection()
    qtbot.waitUntil(lambda: view.camera().fov < 30, timeout=WAIT)
    view.navigator.interrupt()
    assert (view.camera().orthographic, view.camera().fov) == (True, 30)


def test_parts_go_to_their_new_places_and_the_camera_along(toy_window, qtbot, monkeypatch, at_rest):
    monkeypatch.setattr(morphing, "_TOO_SLOW", 10_000)  # a software renderer is
    monkeypatch.setattr(morphing, "_DURATION", 100_000)
    view, node = toy_window.view, toy_window.graph.id_of("model.layers.4")
    view.navigator.go_to(node)
    at_rest(toy_window)
    before = toy_window.placement
    toy_window.state.arrangement = "row"
    qtbot.waitUntil(lambda: view.morphing.running, timeout=WAIT)
    view.morphing._go(0.5)
    step = view.morphing.step
    assert np.allclose(step.center[node], (before.center[node] + toy_window.placement.center[node]) / 2)
    (px,), _ = view.camera().project(step.center[node][None], view.viewport())
    assert (np.abs(px / np.array(view.viewport()) - 0.5) < 0.25).all()  # still in view
    with qtbot.waitSignal(view.drawn, timeout=WAIT):
        pass
    assert view.scene.labels == []  # names do not fly about
    camera = view.camera()
    view.steering.zoom(1.1)  # the camera is the user's now
    view.morphing._go(0.6)
    assert view.camera().distance == pytest.approx(camera.distance / 1.1, rel=0.1)
    view.morphing._finish()
    assert not view.morphing.running
    assert view.state.camera is not None
    at_rest(toy_window)
    assert view.scene.labels


def test_a_slow_machine_shows_the_end_at_once(toy_window, qtbot, monkeypatch):
    monkeypatch.setattr(morphing, "_TOO_SLOW", -1)
    monkeypatch.setattr(morphing, "_DURATION", 100_000)
    before = toy_window.placement
    toy_window.state.arrangement = "row"
    qtbot.waitUntil(lambda: toy_window.placement is not before and not toy_window.view.morphing.running, timeout=WAIT)
    assert toy_window.state.camera is None


def test_the_map_is_there_when_something_is_out_of_view_and_leads_there(still_window, qtbot):
    view = still_window.view
    assert not view.map.isVisible()
    view.steering.zoom(4.0)
    qtbot.waitUntil(view.map.isVisible, timeout=WAIT)
    before = view.camera()
    QTest.mouseClick(view.map, Qt.MouseButton.LeftButton, NONE, QPoint(view.map.width() - 20, 20))
    after = view.camera()
    assert after.target[0] > before.target[0]
    assert after.target[1] > before.target[1]
    assert after.distance == before.distance
    view.map.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(view.map, Qt.Key.Key_Left)
    assert view.camera().target[0] < after.target[0]
    QTest.keyClick(view.map, Qt.Key.Key_Escape)
    assert view.hasFocus()
    QTest.keyClick(view, Qt.Key.Key_M)
    assert not view.map.isVisible()
    QTest.keyClick(view, Qt.Key.Key_M)
    assert view.map.isVisible()
    QTest.keyClick(view, Qt.Key.Key_Home)
    qtbot.waitUntil(lambda: not view.map.isVisible(), timeout=WAIT)


def test_the_palette_finds_a_command_by_words_and_does_it(still_window, qtbot):
    QTest.keyClick(still_window, Qt.Key.Key_P, CTRL | SHIFT)
    palette = still_window.findChild(Palette)
    qtbot.waitUntil(palette.field.hasFocus, timeout=WAIT)
    QTest.keyClicks(palette.field, "label view")
    assert palette.list.currentItem().text(0) == "View: Labels"
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    assert not still_window.state.labels
    assert not palette.isVisible()


def test_f6_goes_round_the_panels(still_window, qtbot):
    seen = []
    for _ in range(4):
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_F6)
        focused = QApplication.focusWidget()
        for name, panel in (
            ("scene", still_window.view),
            ("tree", still_window.tree),
            ("facts", still_window.inspector),
        ):
            if panel is focused or panel.isAncestorOf(focused):
                seen.append(name)
    assert "tree" in seen
    assert "scene" in seen


def test_a_right_click_opens_the_menu_of_the_part_under_it(still_window, qtbot, where):
    view, path = still_window.view, "model.layers.4.mlp.experts"
    at = where(still_window, path)
    QTest.mouseClick(view, Qt.MouseButton.RightButton, NONE, at)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    names = [action.objectName() for action in menu.actions() if action.objectName()]
    menu.close()
    assert {"go.enter", "parts.hide", "parts.copy_path"} <= set(names)
    selected = still_window.graph.path(still_window.state.selection)
    assert selected.startswith(path)
    still_window.actions_by_id["parts.copy_path"].trigger()
    assert QApplication.clipboard().text() == selected
    QTest.mouseClick(view, Qt.MouseButton.RightButton, NONE, QPoint(3, view.height() - 3))
    menu = QApplication.activePopupWidget()
    assert "go.home" in [action.objectName() for action in menu.actions()]
    menu.close()
