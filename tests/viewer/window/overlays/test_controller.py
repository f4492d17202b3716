"""Overlays that take long, files of overlays, and what happens when something else happens meanwhile."""

import json
import threading

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

from archviz3d.errors import UsageError
from archviz3d.overlays import book as book_module
from archviz3d.overlays.overlay import Aggregate, Origin, Overlay
from archviz3d.overlays.recipe import Recipe
from archviz3d.viewer.window import dialogs, main_window
from archviz3d.viewer.window.overlays import prepared
from archviz3d.viewer.window.overlays.filters import filters_of
from archviz3d.viewer.window.recent import sample_path

WAIT = 20_000


class Slow:
    """A recipe that takes as long as the test wants."""

    def __init__(self):
        self.go = threading.Event()
        self.begun = threading.Event()

    def make(self, graph):
        self.begun.set()
        assert self.go.wait(30)
        ids = np.arange(len(graph), dtype=np.int32)
        values = np.arange(len(graph), dtype=np.float32)[None]
        return Overlay("slow", "Slow", "waits", "test", Origin.DERIVED, Aggregate.NONE, ids, values)


def refuse(_graph):
    raise UsageError("there is nothing to show")


@pytest.fixture
def slow(monkeypatch):
    """Add an overlay that takes long and one that cannot be made to all books."""
    slow = Slow()
    extra = (
        Recipe("slow", "Slow", "", "waits", "test", "structure", slow.make),
        Recipe("refused", "Refused", "", "fails", "test", "structure", refuse),
    )
    monkeypatch.setattr(book_module, "STRUCTURAL", (*book_module.STRUCTURAL, *extra))
    yield slow
    slow.go.set()


@pytest.fixture
def slow_window(slow, loaded_window):
    return loaded_window


def busy_text(window):
    return window.overlays.panel.list.index_of("slow").siblingAtColumn(1).data()


def test_while_an_overlay_is_made_the_window_lives(slow, slow_window, qtbot, at_rest):
    slow_window.overlays.choose("expert-load")
    slow_window.overlays.choose("slow")
    assert slow.begun.wait(20)
    assert busy_text(slow_window) == "computing…"
    assert slow_window.state.overlay == "expert-load"
    slow_window.state.step = 1  # what is shown can still be played, and is drawn
    at_rest(slow_window)
    assert slow_window.view.scene.coloring.values[slow_window.graph.id_of("model.layers.5.mlp.experts.15")] == 960
    slow.go.set()
    qtbot.waitUntil(lambda: slow_window.state.overlay == "slow", timeout=WAIT)
    assert busy_text(slow_window) == ""
    at_rest(slow_window)


def test_what_is_chosen_last_is_shown(slow, slow_window):
    slow_window.overlays.choose("slow")
    assert slow.begun.wait(20)
    slow_window.overlays.choose("expert-load")
    assert slow_window.state.overlay == "expert-load"
    slow.go.set()
    QTest.qWait(200)
    assert slow_window.state.overlay == "expert-load"
    assert busy_text(slow_window) == ""


def test_what_is_chosen_last_waits_for_nothing_before_it(slow, slow_window, qtbot):
    slow_window.overlays.choose("slow")
    assert slow.begun.wait(20)
    slow_window.overlays.choose("bytes")  # still to be made, too
    qtbot.waitUntil(lambda: slow_window.state.overlay == "bytes", timeout=WAIT)
    assert not slow.go.is_set()


def test_none_is_chosen_at_once(slow, slow_window):
    slow_window.overlays.choose("slow")
    assert slow.begun.wait(20)
    slow_window.overlays.choose(None)
    slow.go.set()
    QTest.qWait(200)
    assert slow_window.state.overlay is None


def test_colour_and_height_do_not_wait_for_each_other(slow, slow_window, qtbot):
    slow_window.overlays.choose("slow")
    slow_window.overlays.choose_height("expert-load")
    qtbot.waitUntil(lambda: slow_window.state.height == "expert-load", timeout=WAIT)
    slow.go.set()
    qtbot.waitUntil(lambda: slow_window.state.overlay == "slow", timeout=WAIT)
    assert slow_window.state.height == "expert-load"


def test_what_cannot_be_made_is_told_calmly(slow_window, qtbot):
    slow_window.overlays.choose("refused")
    qtbot.waitUntil(slow_window.message.isVisible, timeout=WAIT)
    assert slow_window.message.text() == "there is nothing to show"
    assert slow_window.state.overlay is None
    assert slow_window.overlays.panel.list.view.currentIndex().data() == "None (kinds)"


@pytest.mark.parametrize("end", ["close_model", "close"])
def test_closing_meanwhile_forgets_it(slow, slow_window, end, qapp):
    slow_window.overlays.choose("slow")
    assert slow.begun.wait(20)
    getattr(slow_window, end)()
    slow.go.set()
    QTest.qWait(200)
    if end == "close_model":
        assert slow_window.state.overlay is None
        assert slow_window.start.isVisible()


def test_another_model_has_overlays_of_its_own(slow, slow_window, same_toy_again, qtbot, at_rest):
    slow_window.overlays.choose("expert-load")
    slow_window.overlays.choose("slow")
    slow_window.open(same_toy_again)
    qtbot.waitUntil(lambda: slow_window.graph is same_toy_again, timeout=WAIT)
    slow.go.set()
    QTest.qWait(100)
    at_rest(slow_window)
    assert slow_window.state.overlay is None
    assert not slow_window.overlays.timeline.isVisible()
    assert not slow_window.overlays.panel.list.index_of("expert-load").isValid()


# -------------------------------------------------------------------- files


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "heat.csv"
    rows = [
        f"model.layers.{k}.mlp.experts.{e},{step},{100 * k + e + step}"
        for step in (0, 50)
        for k in range(6)
        for e in range(16)
    ]
    head = ["# heat.title: Heat", "# origin: measured", "path,step,heat"]
    path.write_text("\n".join([*head, *rows, "no.such.part,0,1", ""]))
    return path


def drop(window, path):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    how = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(window, QDragEnterEvent(QPoint(50, 50), *how))
    QApplication.sendEvent(window, QDropEvent(QPointF(50, 50), *how))


def test_a_file_of_values_is_read_shown_and_its_fit_reported(toy_window, table, qtbot, monkeypatch, at_rest):
    monkeypatch.setattr(dialogs.QFileDialog, "getOpenFileName", lambda *_: (str(table), ""))
    toy_window.setFocus()
    modifiers = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    QTest.keyClick(toy_window, Qt.Key.Key_V, modifiers)
    qtbot.waitUntil(lambda: toy_window.state.overlay is not None, timeout=WAIT)
    overlay = toy_window.book.get(toy_window.state.overlay)
    assert overlay.title == "Heat"
    assert toy_window.overlays.timeline.has_steps
    panel = toy_window.overlays.panel
    qtbot.waitUntil(lambda: not panel.visibleRegion().isEmpty(), timeout=WAIT)
    about = "\n".join(label.text().replace("\u200b", "") for label in panel.about.findChildren(QLabel))
    assert "96 names matched, 1 not in the model" in about
    assert "easured" in about
    at_rest(toy_window)


def test_a_table_is_dropped_onto_the_open_model(toy_window, table, toy, qtbot):
    drop(toy_window, table)
    qtbot.waitUntil(lambda: toy_window.state.overlay is not None, timeout=WAIT)
    assert toy_window.graph is toy
    assert not toy_window.progress.isVisible()


def test_a_table_that_fits_nothing_is_told_calmly(toy_window, tmp_path, toy, qtbot):
    path = tmp_path / "other.csv"
    path.write_text("path,heat\nnot.a.part,1\n")
    drop(toy_window, path)
    qtbot.waitUntil(toy_window.message.isVisible, timeout=WAIT)
    assert "other.csv" in toy_window.message.text()
    assert "\n" not in toy_window.message.text()
    assert toy_window.state.overlay is None
    assert toy_window.graph is toy


def test_json_may_be_values_or_a_model(toy_window, tmp_path, toy, qtbot):
    values = tmp_path / "values.json"
    values.write_text(json.dumps({"lm_head": 1.5, "model.norm": 2.5}))
    drop(toy_window, values)
    qtbot.waitUntil(lambda: toy_window.state.overlay is not None, timeout=WAIT)
    assert toy_window.graph is toy
    model = tmp_path / "model.json"
    node = {"id": "a", "label": "add", "namespace": "", "incomingEdges": []}
    model.write_text(json.dumps({"graphs": [{"id": "g", "nodes": [node]}]}))
    drop(toy_window, model)
    qtbot.waitUntil(lambda: toy_window.graph is not toy, timeout=WAIT)
    assert not toy_window.message.isVisible()
    assert toy_window.state.overlay is None


def test_json_that_is_neither_tells_both_problems(toy_window, tmp_path, toy, qtbot):
    path = tmp_path / "neither.json"
    path.write_text(json.dumps({"not.a.part": 1.0}))
    drop(toy_window, path)
    qtbot.waitUntil(toy_window.message.isVisible, timeout=WAIT)
    assert toy_window.message.text().count("neither.json") == 2
    assert toy_window.graph is toy


def test_a_checkpoint_is_dropped_as_a_model_even_so(toy_window, toy, qtbot):
    drop(toy_window, sample_path())
    qtbot.waitUntil(lambda: toy_window.graph is not toy, timeout=WAIT)


def test_statistics_of_a_file_are_computed_where_they_stop_nothing(toy_window, table, qtbot, monkeypatch, at_rest):
    threads = []

    def noted(overlay):
        threads.append(threading.get_ident())
        return filters_of(overlay)

    monkeypatch.setattr(prepared, "filters_of", noted)
    drop(toy_window, table)
    qtbot.waitUntil(lambda: toy_window.state.overlay is not None, timeout=WAIT)
    at_rest(toy_window)
    assert len(threads) == 1
    assert threads[0] != threading.get_ident()
    assert [chip.text() for chip in toy_window.overlays.panel.filter.chips]


# -------------------------------------------------------------------- options


def test_options_show_an_overlay_from_the_start(window, toy, table, qtbot, at_rest):
    window.open(toy, {"overlay": f"{table}#heat", "step": 1, "range": (0, 100), "scale": "linear", "keep": (5, 50)})
    qtbot.waitUntil(lambda: window.graph is toy, timeout=WAIT)
    state = window.state
    assert (state.step, state.range, state.keep) == (1, (0, 100), (5, 50))
    assert window.book.get(state.overlay).title == "Heat"
    qtbot.waitUntil(lambda: not window.overlays.panel.visibleRegion().isEmpty(), timeout=WAIT)
    panel = window.overlays.panel
    assert panel.list.view.currentIndex() == panel.list.index_of(state.overlay)
    assert (panel.controls.low.text(), panel.controls.high.text()) == ("0", "100")
    assert window.overlays.timeline.slider.value() == 1
    at_rest(window)


def test_a_slow_overlay_from_the_start_stops_nothing(slow, window, toy, qtbot):
    window.open(toy, {"overlay": "slow"})
    qtbot.waitUntil(slow.begun.is_set, timeout=WAIT)
    QTest.qWait(50)
    assert window.graph is None
    window.open(sample_path())
    slow.go.set()
    qtbot.waitUntil(lambda: window.graph is not None, timeout=WAIT)
    assert window.graph is not toy
    assert window.state.overlay is None


def test_an_unknown_overlay_shows_the_model_and_says_so(window, toy, qtbot):
    window.open(toy, {"overlay": "paramters"})
    qtbot.waitUntil(lambda: window.graph is toy, timeout=WAIT)
    assert "parameters" in window.message.text()
    assert window.state.overlay is None


def test_an_error_that_nobody_foresaw_ends_the_waiting(window, toy, qtbot, monkeypatch):
    def fail(*_):
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr(main_window, "first_view", fail)
    with qtbot.capture_exceptions() as raised:
        window.open(toy)
        QTest.qWait(500)  # by then the strip of what is going on would be there
        qtbot.waitUntil(window.message.isVisible, timeout=WAIT)
    assert window.message.text() == "internal error: ZeroDivisionError: by zero"
    assert len(raised) == 1
    assert not window.progress.isVisible()
