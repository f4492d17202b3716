"""Overlays as a user meets them: real clicks and keys on a real window."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

WAIT = 20_000
LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def click_overlay(window, name):
    view = window.overlays.panel.list.view
    index = window.overlays.panel.list.index_of(name)
    view.scrollTo(index)
    QTest.mouseClick(view.viewport(), LEFT, NONE, view.visualRect(index).center())


@pytest.fixture
def shown(loaded_window, qtbot, at_rest):
    """A window that shows the loads."""
    click_overlay(loaded_window, "expert-load")
    qtbot.waitUntil(lambda: loaded_window.state.overlay == "expert-load", timeout=WAIT)
    at_rest(loaded_window)
    return loaded_window


def chip(window, title):
    return next(chip for chip in window.overlays.panel.filter.chips if chip.text() == title)


def texts(widget):
    return "\n".join(label.text().replace("\u200b", "") for label in widget.findChildren(QLabel))


def type_into(field, text, key=Qt.Key.Key_Return):
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, text)
    QTest.keyClick(field, key)


def pixel(window, where, path):
    image = window.grab().toImage()
    at = window.view.mapTo(window, where(window, path)) * (image.width() / window.width())
    return image.pixelColor(at)


def test_one_click_colours_the_parts_and_tells_what_it_is(shown, where):
    panel = shown.overlays.panel
    about = texts(panel.about)
    for word in ("Expert load", "tokens", "router sends", "made by hand", "Synthetic", "Mean of its parts", "96 of 96"):
        assert word in about
    assert panel.list.view.currentIndex() == panel.list.index_of("expert-load")
    assert panel.filter.count.text() == "96 experts"
    low, high = (pixel(shown, where, f"model.layers.{k}.mlp.experts.{e}") for k, e in ((0, 1), (5, 15)))
    table = shown.view.scene.coloring.table
    for color, wanted in ((low, table[2]), (high, table[-1])):
        assert max(abs(np.array(color.getRgb()[:3]) - wanted)) < 40


def test_dead_experts_are_found_in_two_clicks(loaded_window, qtbot, at_rest, where):
    click_overlay(loaded_window, "expert-load")
    qtbot.waitUntil(lambda: loaded_window.state.overlay == "expert-load", timeout=WAIT)
    panel = loaded_window.overlays.panel
    zero = chip(loaded_window, "Zero")
    qtbot.waitUntil(lambda: not zero.visibleRegion().isEmpty(), timeout=WAIT)  # without scrolling
    at_rest(loaded_window)
    before = pixel(loaded_window, where, "model.layers.5.mlp.experts.15")
    QTest.mouseClick(zero, LEFT)
    assert loaded_window.state.keep == (0.0, 0.0)
    assert panel.filter.count.text() == "6 of 96 experts"
    assert panel.extremes.table.model().rowCount() == 6
    at_rest(loaded_window)
    after = pixel(loaded_window, where, "model.layers.5.mlp.experts.15")
    assert after.saturation() < before.saturation()  # what is not kept recedes
    QTest.mouseClick(zero, LEFT)
    assert loaded_window.state.keep is None
    assert panel.filter.count.text() == "96 experts"


def test_bounds_of_ones_own_and_what_is_no_number(shown):
    part = shown.overlays.panel.filter
    type_into(part.low, "0.9 k")
    assert shown.state.keep == (900.0, np.inf)
    assert part.count.text() == "6 of 96 experts"
    type_into(part.high, "910")
    assert shown.state.keep == (900.0, 910.0)
    type_into(part.high, "lots")
    assert shown.state.keep == (900.0, 910.0)
    assert part._problem.isVisible()
    type_into(part.high, "5")
    assert part._problem.isVisible()
    QTest.mouseClick(part.clear_button, LEFT)
    assert shown.state.keep is None
    assert (part.low.text(), part.high.text()) == ("", "")
    assert not part._problem.isVisible()


def test_leaving_a_field_changes_nothing(shown):
    shown.state.keep = (1 / 3, 2 / 3)
    part = shown.overlays.panel.filter
    part.low.setFocus()
    QTest.keyClick(part.low, Qt.Key.Key_Return)
    assert shown.state.keep == (1 / 3, 2 / 3)
    shown.state.range = (1 / 3, 2 / 3)
    field = shown.overlays.panel.controls.low
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert shown.state.range == (1 / 3, 2 / 3)


def test_extremes_select_and_enter(shown, at_rest):
    extremes = shown.overlays.panel.extremes
    QTest.mouseClick(extremes.lowest, LEFT)
    table = extremes.table
    assert table.model().index(0, 1).data() == "0"
    QTest.mouseClick(table.viewport(), LEFT, NONE, table.visualRect(table.model().index(6, 0)).center())
    assert shown.graph.path(shown.state.selection) == "model.layers.0.mlp.experts.1"
    assert shown.inspector.path == "model.layers.0.mlp.experts.1"
    assert shown.state.focus == 0
    QTest.keyClick(table, Qt.Key.Key_Return)
    assert shown.graph.path(shown.state.focus) == "model.layers.0.mlp.experts.1"
    at_rest(shown)
    shown.state.selection = shown.graph.id_of("model.layers.1.mlp.experts.1")
    assert table.currentIndex().row() == shown.overlays.panel.extremes._model.row_of(shown.state.selection)


def test_headers_sort(shown):
    extremes = shown.overlays.panel.extremes
    header = extremes.table.horizontalHeader()
    at = QPoint(header.sectionViewportPosition(1) + 10, header.height() // 2)
    QTest.mouseClick(header.viewport(), LEFT, NONE, at)
    assert extremes.lowest.isChecked()
    assert extremes.table.model().index(0, 1).data() == "0"


def test_the_range_by_fields_and_back(shown, at_rest):
    controls = shown.overlays.panel.controls
    assert controls.automatic.isChecked()
    type_into(controls.low, "100")
    low, high = shown.state.range
    assert low == 100
    assert high == pytest.approx(shown.view.scene.coloring.high)
    assert not controls.automatic.isChecked()
    type_into(controls.high, "50")
    assert shown.state.range == (low, high)
    assert controls.problem.isVisible()
    QTest.mouseClick(controls.automatic, LEFT)
    assert shown.state.range is None
    at_rest(shown)
    assert controls.high.text() == f"{shown.view.scene.coloring.high:.6g}"


def test_scale_and_colours(shown, at_rest):
    controls = shown.overlays.panel.controls
    controls.scale.setFocus()
    QTest.keyClick(controls.scale, Qt.Key.Key_Down)
    assert shown.state.scale == "log"
    assert float(controls.low.text()) > 0
    type_into(controls.low, "-5")
    assert shown.state.range is None
    QTest.keyClick(controls.scale, Qt.Key.Key_Up)
    assert shown.state.scale is None  # the overlay's own
    type_into(controls.colors.line, "crameri:hawaii")
    assert shown.state.colormap == "crameri:hawaii"
    type_into(controls.colors.line, "virdis")
    assert shown.state.colormap == "crameri:hawaii"
    assert "viridis" in controls.problem.text()
    at_rest(shown)
    assert shown.view.scene.coloring.colormap == "crameri:hawaii"
    assert controls.colors.itemText(0) == "automatic"  # which, is not known while another is drawn
    QTest.mouseClick(controls.reset, LEFT)
    assert shown.state.colormap is None
    assert controls.colors.currentText().startswith("automatic")
    assert not controls.problem.isVisible()


def test_the_colours_are_named_that_are_drawn(loaded_window, loads, qtbot, at_rest):
    changes = replace(loads, name="change", values=loads.values - 400, diverging=True)
    name = loaded_window.book.add(changes, "loads.csv")
    controls, state = loaded_window.overlays.panel.controls, loaded_window.state
    loaded_window.overlays.choose(name)
    named = []
    for scale, theme in ((None, "dark"), ("log", "dark"), (None, "dark"), (None, "light"), ("log", "light")):
        state.scale, state.theme = scale, theme
        qtbot.waitUntil(lambda: state.overlay == name, timeout=WAIT)
        at_rest(loaded_window)
        drawn = loaded_window.view.scene.coloring.colormap
        named.append(drawn)
        qtbot.waitUntil(lambda d=drawn: controls.colors.currentText() == f"automatic ({d})", timeout=WAIT)
    assert named[0] == named[2] != named[1]
    assert len(set(named)) > 2


@pytest.mark.parametrize("field", ["overlay", "height"])
def test_a_state_that_names_no_overlay_is_told_and_undone(shown, qtbot, at_rest, field):
    shown.state.range = (1.0, 2.0)
    setattr(shown.state, field, "nope")  # as a program may do
    qtbot.waitUntil(shown.message.isVisible, timeout=WAIT)
    assert "nope" in shown.message.text()
    assert (shown.state.overlay, shown.state.height, shown.state.range) == (None, None, None)
    at_rest(shown)
    assert shown.view.scene.coloring is None
    assert shown.overlays.panel.list.view.currentIndex().data() == "None (kinds)"
    shown.overlays.choose("expert-load")
    at_rest(shown)
    assert shown.view.scene.coloring.overlay.title == "Expert load"


def test_what_cannot_be_drawn_undoes_nothing_that_is_shown_by_then(shown, qtbot, at_rest):
    shown.state.overlay = "nope"
    shown.view.before_render()
    shown.overlays.choose("expert-load")
    qtbot.waitUntil(shown.message.isVisible, timeout=WAIT)
    at_rest(shown)
    assert shown.state.overlay == "expert-load"


def test_another_overlay_as_height(shown, qtbot, at_rest):
    combo = shown.overlays.panel.controls.height_choice
    names = [combo.itemData(row) for row in range(combo.count())]
    assert names[0] is None
    assert "weights" not in names
    combo.setFocus()
    QTest.keyClick(combo, Qt.Key.Key_End)  # the loads
    qtbot.waitUntil(lambda: shown.state.height == "expert-load", timeout=WAIT)
    at_rest(shown)
    scene, graph = shown.view.scene, shown.graph
    short, tall = (scene.box(graph.id_of(f"model.layers.{k}.mlp.experts.{e}"))[1][2] for k, e in ((0, 1), (5, 15)))
    assert tall > 2 * short
    QTest.mouseClick(shown.overlays.panel.controls.reset, LEFT)
    assert shown.state.height is None
    assert combo.currentIndex() == 0


def test_the_tip_tells_the_value(shown, where, qtbot):
    QTest.mouseMove(shown.view, where(shown, "model.layers.2.mlp.experts.7"))
    qtbot.waitUntil(lambda: "390 tokens" in shown.view.tip_text, timeout=WAIT)


def test_the_inspector_follows_value_and_step(shown, qtbot):
    shown.state.selection = shown.graph.id_of("model.layers.2.mlp.experts.7")
    assert "390 tokens" in texts(shown.inspector)
    shown.state.step = 2
    assert "410 tokens" in texts(shown.inspector)
    shown.overlays.choose(None)
    qtbot.waitUntil(lambda: "tokens" not in texts(shown.inspector), timeout=WAIT)


def test_keys_step_and_play_where_there_are_steps(shown, qtbot):
    view, timeline = shown.view, shown.overlays.timeline
    assert timeline.isVisible()
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_Period)
    assert shown.state.step == 1
    assert shown.overlays.panel.extremes.table.model().index(0, 1).data() == "960"
    QTest.keyClick(view, Qt.Key.Key_Comma)
    assert shown.state.step == 0
    timeline.speed.setCurrentIndex(timeline.speed.count() - 1)
    QTest.keyClick(view, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: shown.state.step > 0, timeout=WAIT)
    QTest.keyClick(view, Qt.Key.Key_Space)
    assert not timeline.playing
    QTest.keyClick(view, Qt.Key.Key_0)
    assert shown.state.overlay is None
    assert not timeline.isVisible()
    assert not shown.actions_by_id["overlays.play"].isEnabled()


def test_a_value_change_draws_a_quick_frame_and_then_a_good_one(shown, at_rest, monkeypatch):
    frames = []
    draw = shown.view.scene.draw
    monkeypatch.setattr(shown.view.scene, "draw", lambda *a, **k: (frames.append(k["moving"]), draw(*a, **k)))
    shown.state.step = 1
    at_rest(shown)
    QTest.qWait(200)
    assert frames[0] is True
    assert frames[-1] is False
    assert frames.count(False) == 1


def test_another_overlay_starts_afresh(shown, qtbot):
    state = shown.state
    state.range, state.scale, state.colormap, state.keep, state.step = (1.0, 2.0), "log", "viridis", (0.0, 0.0), 2
    click_overlay(shown, "parameters")
    qtbot.waitUntil(lambda: state.overlay == "parameters", timeout=WAIT)
    assert (state.range, state.scale, state.colormap, state.keep, state.step) == (None, None, None, None, 0)


def test_categories_have_chips_of_their_own_and_no_range(loaded_window, qtbot):
    click_overlay(loaded_window, "dtype")
    qtbot.waitUntil(lambda: loaded_window.state.overlay == "dtype", timeout=WAIT)
    panel = loaded_window.overlays.panel
    assert [chip.text() for chip in panel.filter.chips] == ["BF16"]
    assert not panel.controls.low.isVisible()
    assert not panel.filter.low.isVisible()
    QTest.mouseClick(panel.filter.chips[0], LEFT)
    assert loaded_window.state.keep == (0, 0)


def drag(view, start, end):
    QTest.mousePress(view, LEFT, NONE, start)
    for k in (1, 2, 3):
        QTest.mouseMove(view, start + (end - start) * k / 3)
        QTest.qWait(20)
    QTest.mouseRelease(view, LEFT, NONE, end)


def legend_points(view):
    """Return a point of the widget for each part of the legend."""
    scale, found = view.devicePixelRatioF(), {}
    for y in range(0, view.height(), 2):
        for x in range(view.width() - 200, view.width(), 4):
            part = view.scene.legend_hit(x * scale, y * scale)
            if part is not None:
                found.setdefault(part, []).append(QPoint(x, y))
    return {part: points[len(points) // 2] for part, points in found.items()}


@pytest.fixture
def wide(shown, at_rest):
    """The scene has a legend only where it is wide enough."""
    shown.resize(1500, 900)
    at_rest(shown)
    return shown


def test_the_legends_ends_can_be_dragged(wide, at_rest):
    view, state = wide.view, wide.state
    points = legend_points(view)
    assert set(points) == {"low", "high", "between"}
    coloring, camera = view.scene.coloring, view.camera()
    drag(view, points["high"], points["high"] + QPoint(0, 30))
    low, high = state.range
    assert low == pytest.approx(coloring.low)
    assert coloring.low < high < coloring.high
    assert view.camera() == camera
    assert state.selection is None
    at_rest(wide)
    points = legend_points(view)
    drag(view, points["between"], points["between"] - QPoint(0, 10))
    assert state.range[0] > low
    assert state.range[1] - state.range[0] == pytest.approx(high - low)
    assert wide.overlays.panel.controls.low.text() == f"{state.range[0]:.6g}"
    at_rest(wide)
    at = legend_points(view)["between"]
    QTest.mouseClick(view, LEFT, NONE, at)
    QTest.mouseDClick(view, LEFT, NONE, at)
    assert state.range is None


def test_f4_brings_the_overlays_to_the_front_and_then_hides_them(toy_window, qtbot):
    panel, tree = toy_window.overlays.panel, toy_window.tree
    qtbot.waitUntil(lambda: not tree.visibleRegion().isEmpty(), timeout=WAIT)
    QTest.keyClick(toy_window, Qt.Key.Key_F4)
    qtbot.waitUntil(lambda: not panel.visibleRegion().isEmpty(), timeout=WAIT)
    assert toy_window.panels.has_overlays()
    QTest.keyClick(toy_window, Qt.Key.Key_F2)
    qtbot.waitUntil(lambda: not tree.visibleRegion().isEmpty(), timeout=WAIT)
    assert toy_window.panels.has_tree()
    QTest.keyClick(toy_window, Qt.Key.Key_F4)
    QTest.keyClick(toy_window, Qt.Key.Key_F4)
    assert not toy_window.panels.has_overlays()
    assert not panel.isVisible()
    QTest.keyClick(toy_window, Qt.Key.Key_F4)
    qtbot.waitUntil(lambda: not panel.visibleRegion().isEmpty(), timeout=WAIT)


def test_nothing_in_a_narrow_panel_is_cut_off(shown, at_rest):
    shown.resize(700, 750)
    at_rest(shown)
    panel = shown.overlays.panel
    for part in (panel.about, panel.filter, panel.controls):
        assert part.minimumSizeHint().width() <= 240 - 14 - 12


def test_a_picture_of_the_view_shows_the_overlay(shown, tmp_path, monkeypatch, qtbot):
    from PIL import Image

    from archviz3d.viewer.window import save_picture

    monkeypatch.setattr(save_picture, "_LEAST_WIDTH", 640)
    colors = []
    for name in ("expert-load", None):
        shown.overlays.choose(name)
        target = tmp_path / f"{name}.png"
        monkeypatch.setattr(save_picture.QFileDialog, "getSaveFileName", lambda *_, t=target: (str(t), ""))
        shown.save_picture()
        qtbot.waitUntil(lambda: not shown.pictures.busy, timeout=WAIT)
        with Image.open(target) as picture:
            colors.append(np.asarray(picture.convert("RGB")).reshape(-1, 3).astype(int))
    amber = [(abs(pixels - (0xE0, 0x96, 0x3F)).max(1) < 25).mean() for pixels in colors]
    assert amber[0] < 0.02 < 0.1 < amber[1]


def test_the_wheel_over_a_choice_changes_nothing(shown):
    controls = shown.overlays.panel.controls
    for combo in (controls.scale, controls.colors, controls.height_choice):
        combo.setFocus()
        at = QPointF(combo.rect().center())
        for turn in (-120, 120):
            wheel = QWheelEvent(
                at, QPointF(combo.mapToGlobal(at.toPoint())), QPoint(), QPoint(0, turn),
                Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
            )  # fmt: skip
            QApplication.sendEvent(combo, wheel)
    assert (shown.state.scale, shown.state.colormap, shown.state.height) == (None, None, None)


def test_after_a_click_into_the_extremes_the_keys_are_the_scenes(shown, at_rest):
    extremes = shown.overlays.panel.extremes
    middle = extremes.table.visualRect(extremes.table.model().index(1, 0)).center()
    QTest.mouseClick(extremes.table.viewport(), Qt.MouseButton.LeftButton, pos=middle)
    node = shown.state.selection
    assert node is not None
    before = shown.view.camera()
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_F)
    at_rest(shown)
    assert shown.view.camera() != before  # the selection is framed
    step = shown.state.step
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Period)
    assert shown.state.step == step + 1
