"""A real QApplication and a real window, with settings that touch nobody's own."""

import sys
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QSettings
from PySide6.QtGui import Qt, QTextDocument
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from archviz3d.graph.kinds import NodeKind
from archviz3d.graph.model_graph import ModelGraph
from archviz3d.overlays.overlay import Aggregate, Figure, Origin, Overlay
from archviz3d.viewer.window.main_window import MainWindow
from archviz3d.viewer.window.overlays.prepared import prepare_overlay
from archviz3d.viewer.window.qt_application import qt_application

WAIT = 20_000  # milliseconds: a software renderer on a busy machine is slow


@pytest.fixture(scope="session")
def qapp() -> QApplication:
    """The application as the product sets it up; the offscreen platform has no OpenGL."""
    if sys.platform.startswith("linux"):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("QT_QPA_PLATFORM", "xcb")
            return qt_application()
    return qt_application()


@pytest.fixture(autouse=True)
def own_settings(tmp_path) -> None:
    """Keep the tests' settings out of the user's."""
    QSettings.setPath(QSettings.Format.NativeFormat, QSettings.Scope.UserScope, str(tmp_path / "settings"))


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[MainWindow]:
    """A window without a model."""
    window = MainWindow("dark")
    window.resize(1100, 750)  # fewer pixels: a software renderer draws them all
    window.show()
    window.activateWindow()
    with qtbot.waitActive(window, timeout=WAIT):
        pass
    yield window
    if isValid(window):  # it deletes itself when it is closed
        window.close()


@pytest.fixture
def at_rest(qtbot: QtBot) -> Callable[[MainWindow], None]:
    """Wait until nothing moves and the last frame is on the screen."""

    def wait(window: MainWindow) -> None:
        qtbot.waitUntil(lambda: not window.view.moving and not window.view.stale, timeout=WAIT)

    return wait


@pytest.fixture
def toy_window(window: MainWindow, toy: ModelGraph, qtbot: QtBot, at_rest) -> MainWindow:
    """A window that shows the toy model."""
    window.open(toy)
    qtbot.waitUntil(lambda: window.graph is toy, timeout=WAIT)
    at_rest(window)
    return window


@pytest.fixture
def loads(toy: ModelGraph) -> Overlay:
    """Loads of the 96 experts at three steps: the k-th has 10 k tokens, ten more each step; each sixteenth has none."""
    return make_loads(toy)


def make_loads(graph: ModelGraph) -> Overlay:
    ids = graph.of_kind(NodeKind.EXPERT).astype(np.int32)
    row = 10.0 * np.arange(len(ids), dtype=np.float32)
    values = np.stack([row, row + 10, row + 20])
    values[:, ::16] = 0
    return Overlay(
        name="expert-load",
        title="Expert load",
        definition="tokens that the router sends to an expert",
        source="made by hand",
        origin=Origin.SYNTHETIC,
        aggregate=Aggregate.MEAN,
        ids=ids,
        values=values,
        unit="tokens",
        steps=("100", "200", "300"),
        figure=Figure.COUNT,
    )


@pytest.fixture
def loaded_window(toy_window: MainWindow, loads: Overlay, qtbot: QtBot, at_rest) -> MainWindow:
    """A window that shows the toy model, whose book has the loads, with the panel of overlays in front."""
    assert toy_window.book is not None
    name = toy_window.book.add(loads, "loads.csv")
    prepare_overlay(toy_window.book, name)  # so that it is shown at once
    toy_window.overlays.panel.show_added([name], "96 of 96 names matched")
    toy_window.panels.show_overlays()
    qtbot.waitUntil(toy_window.overlays.panel.isVisible, timeout=WAIT)
    at_rest(toy_window)
    return toy_window


@pytest.fixture
def where() -> Callable[[MainWindow, str], QPoint]:
    """Return where the middle of a part's front face is on the view, in widget pixels."""

    def point(window: MainWindow, path: str) -> QPoint:
        assert window.graph is not None
        assert window.placement is not None
        node = window.graph.id_of(path)
        front = window.placement.center[node] + window.placement.size[node] * (0, 0, 0.5)
        (px,), _ = window.view.camera().project(front[None], window.view.viewport())
        scale = window.view.devicePixelRatioF()
        return QPoint(round(px[0] / scale), round(px[1] / scale))

    return point


@pytest.fixture
def shown_as(qapp) -> Callable[[str], str]:
    """Return the letters that a tool tip shows, which Qt takes for rich text where it looks like it."""

    def letters(tip: str) -> str:
        document = QTextDocument()
        document.setHtml(tip)
        return document.toPlainText() if Qt.mightBeRichText(tip) else tip

    return letters


@pytest.fixture
def calls():
    """Return how many functions a piece of work calls: unlike its time, the same on every machine."""

    def counted(work):
        count = 0

        def note(frame, event, arg):
            nonlocal count
            count += event in ("call", "c_call")

        before = sys.getprofile()
        sys.setprofile(note)
        try:
            work()
        finally:
            sys.setprofile(before)
        return count

    return counted
