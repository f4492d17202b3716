"""The window as a user meets it: real mouse and key events on a real window."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from archviz3d.viewer.words.numbers import people_count

WAIT = 20_000
EXPERT = "model.layers.2.mlp.experts.7"
LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def double_click(view, at):
    QTest.mouseClick(view, LEFT, NONE, at)
    QTest.mouseDClick(view, LEFT, NONE, at)


def focus_path(window):
    return window.graph.path(window.state.focus)


def test_hovering_tells_what_is_under_the_cursor(toy_window, where, qtbot):
    view = toy_window.view
    QTest.mouseMove(view, where(toy_window, f"{EXPERT}.gate_proj.weight"))
    node = toy_window.graph.id_of(EXPERT)
    inside = range(node, node + int(toy_window.graph.size[node]))
    qtbot.waitUntil(lambda: toy_window.state.hover in inside, timeout=WAIT)
    hover = toy_window.state.hover
    assert toy_window.graph.name_of(hover) in view.tip_text
    assert f"{people_count(int(toy_window.graph.total_parameters[hover]))} parameters" in view.tip_text


def test_a_click_selects_and_tree_inspector_and_scene_agree(toy_window, where, qtbot):
    at = where(toy_window, "lm_head")
    QTest.mouseClick(toy_window.view, LEFT, NONE, at)
    node = toy_window.state.selection
    assert node == toy_window.view.pick(QPointF(at))
    assert toy_window.graph.path(node).startswith("lm_head")
    tree = toy_window.tree.tree
    assert tree.currentIndex().internalId() == node
    assert tree.visualRect(tree.currentIndex()).isValid()
    assert toy_window.inspector.path == toy_window.graph.path(node)


def test_a_click_on_the_ground_selects_nothing(toy_window, where):
    toy_window.state.selection = 1
    QTest.mouseClick(toy_window.view, LEFT, NONE, QPoint(3, toy_window.view.height() - 3))
    assert toy_window.state.selection is None
    assert toy_window.inspector.path == ""


def test_choosing_in_the_tree_selects_in_the_scene(toy_window):
    node = toy_window.graph.id_of(EXPERT)
    tree = toy_window.tree.tree
    tree.setCurrentIndex(tree.model().index_of(node))
    assert toy_window.state.selection == node
    assert toy_window.inspector.path == EXPERT


def test_double_clicks_lead_from_stack_to_layer_to_expert_and_escape_back(toy_window, where, at_rest):
    view = toy_window.view
    double_click(view, where(toy_window, f"{EXPERT}.gate_proj.weight"))
    assert focus_path(toy_window) == "model.layers.2"
    at_rest(toy_window)
    assert toy_window.state.camera is None  # framed: a resize will frame it again
    double_click(view, where(toy_window, f"{EXPERT}.gate_proj.weight"))
    assert focus_path(toy_window) == EXPERT
    at_rest(toy_window)
    double_click(view, where(toy_window, f"{EXPERT}.gate_proj.weight"))
    assert focus_path(toy_window).startswith(f"{EXPERT}.gate_proj")  # what is drawn of it: box or tensor
    at_rest(toy_window)
    for path in (EXPERT, "model.layers.2", ""):
        QTest.keyClick(view, Qt.Key.Key_Escape)
        assert focus_path(toy_window) == path
        at_rest(toy_window)
    assert toy_window.graph.path(toy_window.state.selection) == "model.layers.2"


def test_arrow_keys_step_to_siblings(toy_window, at_rest):
    to = toy_window.view.navigator
    to.go_to(toy_window.graph.id_of(EXPERT))
    at_rest(toy_window)
    QTest.keyClick(toy_window.view, Qt.Key.Key_Right)
    assert focus_path(toy_window) == "model.layers.2.mlp.experts.8"
    QTest.keyClick(toy_window.view, Qt.Key.Key_Left)
    assert focus_path(toy_window) == EXPERT
    center = toy_window.placement.center
    for key, sign in ((Qt.Key.Key_Down, -1), (Qt.Key.Key_Up, 1)):
        before = center[toy_window.state.focus]
        QTest.keyClick(toy_window.view, key)
        assert np.sign(center[toy_window.state.focus][1] - before[1]) == sign
    assert focus_path(toy_window) == EXPERT
    at_rest(toy_window)


def test_arrow_keys_move_a_selection_inside_the_focus_without_flying(toy_window):
    toy_window.state.selection = toy_window.graph.id_of("model.layers.2")
    QTest.keyClick(toy_window.view, Qt.Key.Key_Right)
    assert toy_window.graph.path(toy_window.state.selection) == "model.layers.3"
    assert toy_window.state.focus == 0


@pytest.mark.parametrize(
    ("key", "path"),
    [
        (Qt.Key.Key_1, ""),
        (Qt.Key.Key_2, "model.layers.2"),
        (Qt.Key.Key_3, EXPERT),
        (Qt.Key.Key_4, f"{EXPERT}.gate_proj.weight"),
        (Qt.Key.Key_Home, ""),
        (Qt.Key.Key_F, EXPERT),
        (Qt.Key.Key_Return, EXPERT),
    ],
)
def test_keys_go_to_levels(toy_window, at_rest, key, path):
    toy_window.state.selection = toy_window.graph.id_of(EXPERT)
    QTest.keyClick(toy_window.view, key)
    assert focus_path(toy_window) == path
    at_rest(toy_window)


def test_back_and_forward(toy_window, at_rest):
    to, graph = toy_window.view.navigator, toy_window.graph
    to.go_to(graph.id_of("model.layers.1"))
    at_rest(toy_window)
    to.go_to(graph.id_of(EXPERT))
    at_rest(toy_window)
    QTest.keyClick(toy_window.view, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    assert focus_path(toy_window) == "model.layers.1"
    QTest.keyClick(toy_window.view, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    assert focus_path(toy_window) == ""
    assert not toy_window.actions_by_id["go.back"].isEnabled()
    QTest.keyClick(toy_window.view, Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier)
    assert focus_path(toy_window) == "model.layers.1"
    at_rest(toy_window)


def wheel(view, at, notches):
    position = QPointF(at)
    QApplication.sendEvent(
        view,
        QWheelEvent(
            position,
            view.mapToGlobal(position),
            QPoint(),
            QPoint(0, 120 * notches),
            Qt.MouseButton.NoButton,
            NONE,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        ),
    )


def test_the_wheel_keeps_the_point_under_the_cursor(toy_window, where, at_rest):
    view, path = toy_window.view, "model.layers.4"
    at = where(toy_window, path)
    camera = view.camera()
    surface = view.scene.surface(view.device(QPointF(at)), camera)
    for _ in range(5):  # not all of them are drawn
        wheel(view, at, 1)
    assert view.camera().distance < camera.distance / 2
    (px,), _ = view.camera().project(surface[None], view.viewport())
    assert px == pytest.approx((at.x(), at.y()), abs=1e-6)
    at_rest(toy_window)
    assert view.scene.surface(view.device(QPointF(at)), view.camera()) == pytest.approx(surface)
    wheel(view, at, -5)
    assert view.camera().eye == pytest.approx(camera.eye)
    at_rest(toy_window)


def test_a_tall_box_stays_under_the_cursor_where_the_wall_behind_it_would_move(toy_window, at_rest):
    view = toy_window.view
    toy_window.state.height = "parameters"
    toy_window.view.navigator.look_from("city")
    at_rest(toy_window)
    node = toy_window.graph.id_of("lm_head")
    box_center, box_size = view.scene.box(node)
    top = box_center + box_size * (0, 0, 0.5)
    (px,), _ = view.camera().project(top[None], view.viewport())
    at = QPoint(round(px[0]), round(px[1]))
    surface = view.scene.surface(view.device(QPointF(at)), view.camera())
    assert surface[2] > view.placement.center[0, 2] + view.placement.size[0, 2]
    wheel(view, at, 2)
    (px,), _ = view.camera().project(surface[None], view.viewport())
    assert px == pytest.approx((at.x(), at.y()), abs=1e-6)
    at_rest(toy_window)


def test_the_wheel_has_ends(toy_window, at_rest):
    view = toy_window.view
    nearest = []
    for _ in range(3):
        wheel(view, view.rect().center(), 100)
        nearest.append(view.camera().distance)
    assert nearest[0] == nearest[2] > 0
    wheel(view, view.rect().center(), -400)
    assert np.isfinite(view.camera().distance)
    at_rest(toy_window)


def test_drags_turn_and_move(toy_window, at_rest):
    view = toy_window.view
    start = view.rect().center()
    before = view.camera()
    QTest.mousePress(view, LEFT, NONE, start)
    QTest.mouseMove(view, start + QPoint(60, 30))
    QTest.mouseRelease(view, LEFT, NONE, start + QPoint(60, 30))
    turned = view.camera()
    assert turned.azimuth < before.azimuth
    assert turned.elevation > before.elevation
    surface = view.scene.surface(view.device(QPointF(start)), before)
    assert turned.project(surface[None], view.viewport())[0][0] == pytest.approx((start.x(), start.y()), abs=1e-6)
    for button, modifier in ((Qt.MouseButton.RightButton, NONE), (LEFT, Qt.KeyboardModifier.ShiftModifier)):
        before = view.camera()
        QTest.mousePress(view, button, modifier, start)
        QTest.mouseMove(view, start + QPoint(60, 0))
        QTest.mouseRelease(view, button, modifier, start + QPoint(60, 0))
        moved = view.camera()
        assert moved.target[0] < before.target[0]
        assert moved.azimuth == before.azimuth
    assert toy_window.state.selection is None  # a drag is no click
    at_rest(toy_window)


def test_any_input_interrupts_a_flight(toy_window, qtbot):
    to = toy_window.view.navigator
    to.go_to(toy_window.graph.id_of(EXPERT))
    qtbot.waitUntil(lambda: toy_window.state.camera is not None, timeout=WAIT)
    assert to.flight.flying
    wheel(toy_window.view, toy_window.view.rect().center(), 1)
    assert not to.flight.flying


def amber_share(image: QImage, at: QPoint, radius: int = 2) -> float:
    hits = 0
    for dx in range(-radius, radius + 1):
        for dy in range(-radius, radius + 1):
            color = image.pixelColor(at.x() + dx, at.y() + dy)
            hits += 20 <= color.hue() <= 45 and color.saturation() > 120 and color.value() > 120
    return hits / (2 * radius + 1) ** 2


def test_the_pixels_show_amber_where_the_matrices_of_experts_are(toy_window, where):
    image = toy_window.grab().toImage()
    scale = image.width() / toy_window.width()
    for layer in range(6):
        for expert in (0, 7, 15):
            at = where(toy_window, f"model.layers.{layer}.mlp.experts.{expert}.gate_proj.weight")
            pixel = toy_window.view.mapTo(toy_window, at) * scale
            assert amber_share(image, pixel) > 0.5, (layer, expert)


def test_search_lists_parts_and_return_flies_to_the_first(toy_window, qtbot):
    QTest.keyClick(toy_window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert toy_window.tree.search.hasFocus()
    QTest.keyClicks(toy_window.tree.search, "experts.7")
    qtbot.waitUntil(lambda: toy_window.tree.results.model() is not None, timeout=WAIT)
    QTest.keyClick(toy_window.tree.search, Qt.Key.Key_Return)
    assert "experts.7" in toy_window.graph.path(toy_window.state.selection)
    assert toy_window.state.focus == toy_window.state.selection
    QTest.keyClick(toy_window.tree.search, Qt.Key.Key_Escape)
    assert toy_window.tree.search.text() == ""


def test_letters_typed_into_the_search_are_no_commands(toy_window):
    toy_window.state.selection = toy_window.graph.id_of(EXPERT)
    toy_window.tree.focus_search()
    QTest.keyClicks(toy_window.tree.search, "f1l")
    assert toy_window.state.focus == 0
    assert toy_window.state.labels


def test_the_breadcrumb_leads_up(toy_window, at_rest, qtbot):
    toy_window.view.navigator.go_to(toy_window.graph.id_of(EXPERT))
    at_rest(toy_window)
    crumbs = toy_window.breadcrumb.steps
    assert [crumb.text() for crumb in crumbs][-1] == "expert 7"
    next(crumb for crumb in crumbs if crumb.text() == "layer 2").click()
    assert focus_path(toy_window) == "model.layers.2"
    at_rest(toy_window)


def test_theme_and_labels_toggle(toy_window, at_rest):
    dark = toy_window.grab().toImage().pixelColor(5, toy_window.height() - 60)
    QTest.keyClick(toy_window, Qt.Key.Key_T, Qt.KeyboardModifier.ControlModifier)
    at_rest(toy_window)
    light = toy_window.grab().toImage().pixelColor(5, toy_window.height() - 60)
    assert toy_window.state.theme == "light"
    assert dark.lightness() < 60 < 200 < light.lightness()
    QTest.keyClick(toy_window.view, Qt.Key.Key_L)
    assert not toy_window.state.labels
    at_rest(toy_window)


def test_a_resize_changes_the_fit_and_nothing_else(toy_window, at_rest):
    before = toy_window.view.camera()
    placement = toy_window.placement
    toy_window.resize(1200, 800)
    at_rest(toy_window)
    after = toy_window.view.camera()
    assert after.distance != before.distance
    assert (after.azimuth, after.elevation) == (before.azimuth, before.elevation)
    assert toy_window.placement is placement
    assert toy_window.state.camera is None


def test_nothing_is_rendered_while_nothing_changes(toy_window, qtbot, monkeypatch):
    frames = []
    draw = toy_window.view.scene.draw
    monkeypatch.setattr(toy_window.view.scene, "draw", lambda *a, **k: (frames.append(k["moving"]), draw(*a, **k)))
    toy_window.view.update()
    QTest.mouseMove(toy_window.view, QPoint(200, 300))
    QTest.qWait(400)
    assert frames == []
    for _ in range(5):  # many changes make one frame
        toy_window.state.selection = 3
        toy_window.state.selection = 4
    qtbot.waitUntil(lambda: len(frames) > 0, timeout=WAIT)
    QTest.qWait(300)
    assert frames == [False]


def test_a_gesture_draws_quick_frames_and_then_one_good_one(toy_window, at_rest, monkeypatch):
    frames = []
    draw = toy_window.view.scene.draw
    monkeypatch.setattr(toy_window.view.scene, "draw", lambda *a, **k: (frames.append(k["moving"]), draw(*a, **k)))
    wheel(toy_window.view, toy_window.view.rect().center(), 1)
    at_rest(toy_window)
    QTest.qWait(300)
    assert frames[0] is True
    assert frames[-1] is False
    assert frames.count(False) == 1


def test_a_selection_is_outlined_before_the_next_frame(toy_window, monkeypatch, at_rest):
    frames = []
    draw = toy_window.view.scene.draw
    monkeypatch.setattr(toy_window.view.scene, "draw", lambda *a, **k: (frames.append(k["moving"]), draw(*a, **k)))
    before = toy_window.view.grab().toImage()
    toy_window.state.selection = toy_window.graph.id_of("model.layers.2")
    QApplication.processEvents()
    assert frames == []
    after = toy_window.view.grab().toImage()
    assert before != after
    QTest.qWait(500)
    at_rest(toy_window)
    assert frames == [False]
