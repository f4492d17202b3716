"""Opening through the worker process, in the window."""

import gc
import subprocess
import weakref

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton

from archviz3d.loaders import opening as opening_module
from archviz3d.viewer.window.main_window import MainWindow
from archviz3d.viewer.window.recent import add_recent, forget_recent, recent_files, sample_path

WAIT = 60_000


@pytest.fixture
def workers(monkeypatch):
    """All worker processes that were started."""
    started = []
    popen = subprocess.Popen

    def start(*args, **kwargs):
        started.append(popen(*args, **kwargs))
        return started[-1]

    monkeypatch.setattr(opening_module.subprocess, "Popen", start)
    return started


def test_the_sample_opens_from_the_start_page(window, qtbot):
    button = next(b for b in window.start.findChildren(QPushButton) if "sample" in b.text())
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.graph is not None, timeout=WAIT)
    assert window.view.isVisible()
    assert not window.progress.isVisible()
    assert window.graph.total_parameters[0] > 0
    assert recent_files() == [sample_path()]


def test_options_say_what_is_shown(window, qtbot):
    window.open(sample_path(), {"level": "layer", "theme": "light", "labels": False})
    qtbot.waitUntil(lambda: window.graph is not None, timeout=WAIT)
    assert window.graph.kind_of(window.state.focus).name == "LAYER"
    assert window.state.theme == "light"
    assert not window.state.labels


def test_a_wrong_option_shows_the_model_and_says_so(window, qtbot):
    window.open(sample_path(), {"focus": "no.such.part"})
    qtbot.waitUntil(lambda: window.graph is not None, timeout=WAIT)
    assert window.message.isVisible()
    assert "no.such.part" in window.message.text()
    assert window.state.focus == 0


def test_an_unreadable_file_is_told_calmly_and_the_window_stays(window, qtbot, tmp_path):
    bad = tmp_path / "bad.safetensors"
    bad.write_bytes(b"\xff" * 100)
    window.open(str(bad))
    qtbot.waitUntil(window.message.isVisible, timeout=WAIT)
    assert "bad.safetensors" in window.message.text()
    assert "\n" not in window.message.text()
    assert not window.progress.isVisible()
    window.open_sample()
    qtbot.waitUntil(lambda: window.graph is not None, timeout=WAIT)
    assert not window.message.isVisible()


def test_a_model_that_is_open_stays_when_another_cannot_be_read(toy_window, qtbot, tmp_path):
    graph = toy_window.graph
    toy_window.open(str(tmp_path / "missing.pt"))
    qtbot.waitUntil(toy_window.message.isVisible, timeout=WAIT)
    assert toy_window.graph is graph
    assert toy_window.view.isVisible()


def test_cancel_ends_the_worker_and_leaves_the_window_as_it_was(window, qtbot, workers):
    window.open(sample_path())
    (worker,) = workers
    assert worker.poll() is None
    window.progress.show()
    qtbot.mouseClick(window.progress.cancel_button, Qt.MouseButton.LeftButton)
    assert worker.poll() is not None
    assert not window.opener.busy
    assert not window.progress.isVisible()
    QTest.qWait(100)
    assert window.graph is None
    assert not window.message.isVisible()


def test_opening_another_model_drops_the_first(window, qtbot, workers, toy):
    window.open(sample_path())
    window.open(toy)
    assert workers[0].poll() is not None
    qtbot.waitUntil(lambda: window.graph is toy, timeout=WAIT)


def test_closing_the_window_ends_the_worker(window, workers):
    window.open(sample_path())
    window.close()
    assert workers[0].poll() is not None


def test_a_dropped_file_opens(window, qtbot):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(sample_path())])
    how = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    enter = QDragEnterEvent(QPoint(50, 50), *how)
    QApplication.sendEvent(window, enter)
    assert enter.isAccepted()
    assert window.start.property("dropping")
    QApplication.sendEvent(window, QDropEvent(QPointF(50, 50), *how))
    assert not window.start.property("dropping")
    qtbot.waitUntil(lambda: window.graph is not None, timeout=WAIT)


def test_recent_files_are_latest_first_and_only_those_that_exist(tmp_path, qapp):
    files = [tmp_path / name for name in "abc"]
    for file in files:
        file.write_bytes(b"")
        add_recent(str(file))
    add_recent(str(files[0]))
    files[1].unlink()
    assert recent_files() == [str(files[0]), str(files[2])]
    forget_recent()
    assert recent_files() == []


def test_recent_models_are_on_the_start_page(window, qtbot):
    add_recent(sample_path())
    window.close_model()
    rows = [b for b in window.start.findChildren(QPushButton) if b.toolTip() == sample_path()]
    assert len(rows) == 1
    qtbot.mouseClick(rows[0], Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
    qtbot.waitUntil(lambda: window.graph is not None, timeout=WAIT)


def test_closing_a_model_shows_the_start_page_and_another_can_follow(toy_window, qtbot, toy):
    QTest.keyClick(toy_window, Qt.Key.Key_W, Qt.KeyboardModifier.ControlModifier)
    assert toy_window.graph is None
    assert toy_window.start.isVisible()
    toy_window.open(toy)
    qtbot.waitUntil(lambda: toy_window.graph is toy, timeout=WAIT)


def test_windows_that_were_closed_are_gone(qtbot, toy, qapp):
    gone = []
    for _ in range(2):
        window = MainWindow("dark")
        window.show()
        window.open(toy)
        qtbot.waitUntil(lambda window=window: window.graph is toy, timeout=WAIT)
        QTest.qWait(50)
        gone.append((weakref.ref(window), weakref.ref(window.view.scene)))
        window.close()
        del window
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        qapp.processEvents()
        gc.collect()
    assert [(w() is None, s() is None) for w, s in gone] == [(True, True), (True, True)]
