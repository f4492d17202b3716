"""Weights on surfaces in the window: they arrive from a thread, and the panel follows what is on the screen."""

import threading

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from archviz3d.viewer.window.recent import sample_path

WAIT = 60_000
TENSOR = "model.layers.1.mlp.gate.weight"


@pytest.fixture
def weights_window(window, qtbot, at_rest):
    window.open(sample_path(), {"overlay": "weights-signed", "focus": TENSOR})
    qtbot.waitUntil(lambda: window.graph is not None, timeout=WAIT)
    at_rest(window)
    qtbot.waitUntil(lambda: bool(len(window.view.scene.coloring.spread)), timeout=WAIT)
    qtbot.waitUntil(lambda: not window.view.scene.pending, timeout=WAIT)
    at_rest(window)
    return window


def test_what_was_read_is_drawn_and_its_range_told(weights_window, qtbot):
    panel, coloring = weights_window.overlays.panel, weights_window.view.scene.coloring
    assert coloring.low == -coloring.high < 0
    qtbot.waitUntil(lambda: panel.controls.high.text() == f"{coloring.high:.6g}", timeout=WAIT)
    assert not panel.extremes.isVisible()
    assert panel.filter.count.text() == ""
    assert weights_window.state.range is None


def test_the_tip_tells_a_single_weight(weights_window, where, qtbot):
    QTest.mouseMove(weights_window.view, where(weights_window, TENSOR))
    qtbot.waitUntil(lambda: "w[" in weights_window.view.tip_text, timeout=WAIT)


def test_a_filter_of_signs_dims_the_others(weights_window, at_rest):
    part = weights_window.overlays.panel.filter
    before = weights_window.view.grab().toImage()
    positive = next(chip for chip in part.chips if chip.text() == "Positive")
    QTest.mouseClick(positive, Qt.MouseButton.LeftButton)
    low, high = weights_window.state.keep
    assert 0 < low < 1e-30 < high
    at_rest(weights_window)
    assert weights_window.view.grab().toImage() != before


@pytest.mark.parametrize("end", ["close_model", "close"])
def test_nobody_reads_weights_after_the_end(weights_window, end, qtbot):
    readers = [thread for thread in threading.enumerate() if thread.name == "tiles of weights"]
    assert readers
    getattr(weights_window, end)()
    qtbot.waitUntil(lambda: not any(thread.is_alive() for thread in readers), timeout=WAIT)
