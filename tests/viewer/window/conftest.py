"""A real QApplication and a real window, with settings that touch nobody's own."""

import sys
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QPoint, QSettings
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from archviz3d.graph.model_graph import ModelGraph
from archviz3d.viewer.window.main_window import MainWindow
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
