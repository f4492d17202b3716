import subprocess
import sys
import threading
from dataclasses import replace

import pytest
from PIL import Image
from PySide6.QtTest import QTest

from archviz3d.errors import UsageError
from archviz3d.viewer.picture import render_picture
from archviz3d.viewer.window import save_picture
from archviz3d.viewer.window.save_picture import picture_size

WAIT = 60_000  # a picture has four times the pixels of a view


@pytest.fixture
def target(tmp_path, monkeypatch):
    """The file that the user chooses."""
    target = tmp_path / "toy.png"
    monkeypatch.setattr(save_picture, "_LEAST_WIDTH", 640)
    monkeypatch.setattr(save_picture.QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    return target


@pytest.fixture
def held(monkeypatch):
    """Pictures are drawn only when the test lets them."""
    go = threading.Event()

    def held(*args, **more):
        assert go.wait(30)
        render_picture(*args, **more)

    monkeypatch.setattr(save_picture, "render_picture", held)
    yield go
    go.set()


def status(window):
    return window.statusBar().currentMessage()


def test_the_picture_has_the_proportions_of_the_view_and_even_sides():
    assert picture_size((1600, 900)) == (1920, 1080)
    assert picture_size((3001, 1500)) == (3000, 1500)
    width, height = picture_size((917, 1001))
    assert width % 2 == height % 2 == 0
    assert abs(width / height - 917 / 1001) < 0.01


def test_the_view_is_saved_as_a_picture(toy_window, target, tmp_path, qtbot):
    toy_window.save_picture()
    assert status(toy_window) == f"Saving {target} …"
    qtbot.waitUntil(lambda: status(toy_window) == f"Saved {target}", timeout=WAIT)
    size = picture_size(toy_window.view.viewport())
    with Image.open(target) as picture:
        assert picture.size == size
        assert len(picture.convert("RGB").resize((64, 48)).getcolors(4000)) > 50
    assert not toy_window.message.isVisible()
    again = tmp_path / "again.png"  # in this thread, which is that of the window
    state = replace(toy_window.state, hover=None)
    render_picture(toy_window.graph, toy_window.placement, state, size, again, book=toy_window.book)
    assert target.read_bytes() == again.read_bytes()


def test_while_a_picture_is_drawn_the_window_lives(toy_window, target, held, qtbot, at_rest):
    toy_window.save_picture()
    toy_window.view.steering.zoom(2.0)
    at_rest(toy_window)
    assert status(toy_window) == f"Saving {target} …"
    toy_window.save_picture()
    assert "still being saved" in toy_window.message.text()
    assert status(toy_window) == f"Saving {target} …"
    held.set()
    qtbot.waitUntil(lambda: status(toy_window) == f"Saved {target}", timeout=WAIT)


def test_opening_another_model_meanwhile_loses_no_picture(toy_window, same_toy_again, target, held, qtbot):
    toy_window.save_picture()
    toy_window.open(same_toy_again)
    qtbot.waitUntil(lambda: toy_window.graph is same_toy_again, timeout=WAIT)
    held.set()
    qtbot.waitUntil(lambda: status(toy_window) == f"Saved {target}", timeout=WAIT)
    assert target.exists()


def test_closing_the_window_meanwhile_loses_no_picture(toy_window, target, held, qtbot):
    toy_window.save_picture()
    toy_window.close()
    QTest.qWait(50)  # it is deleted
    held.set()
    qtbot.waitUntil(target.exists, timeout=WAIT)


_QUIT = """
import sys
from PySide6.QtCore import QSettings, QTimer
QSettings.setPath(QSettings.Format.NativeFormat, QSettings.Scope.UserScope, sys.argv[2])
from archviz3d.viewer.window.qt_application import qt_application
app = qt_application()
from archviz3d.viewer.window import save_picture
from archviz3d.viewer.window.main_window import MainWindow
from archviz3d.viewer.window.recent import sample_path
save_picture.QFileDialog.getSaveFileName = lambda *_: (sys.argv[1], "")
save_picture._LEAST_WIDTH = 640
window = MainWindow("dark")
window.resize(640, 480)
window.show()
window.open(sample_path())
window.view.drawn.connect(lambda: QTimer.singleShot(0, lambda: (window.save_picture(), window.close())))
sys.exit(app.exec())
"""


def test_the_program_ends_when_the_picture_is_there(target, tmp_path):
    script = tmp_path / "quit.py"
    script.write_text(_QUIT)
    ended = subprocess.run(
        [sys.executable, "-P", str(script), str(target), str(tmp_path / "settings")],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    with Image.open(target) as picture:
        picture.load()  # all of it is there
    assert not list(tmp_path.glob(".archviz3d-*"))


def test_what_cannot_be_written_is_told_calmly(toy_window, tmp_path, target, monkeypatch, qtbot):
    missing = tmp_path / "no such folder" / "toy.png"
    monkeypatch.setattr(save_picture.QFileDialog, "getSaveFileName", lambda *_: (str(missing), ""))
    toy_window.save_picture()
    qtbot.waitUntil(toy_window.message.isVisible, timeout=WAIT)
    assert "no such folder" in toy_window.message.text()
    assert "\n" not in toy_window.message.text()
    assert status(toy_window) == ""


def test_what_cannot_be_drawn_is_told_calmly(toy_window, target, monkeypatch, qtbot):
    def refuse(*_, **__):
        raise UsageError("the weights are gone")

    monkeypatch.setattr(save_picture, "render_picture", refuse)
    toy_window.save_picture()
    qtbot.waitUntil(toy_window.message.isVisible, timeout=WAIT)
    assert toy_window.message.text() == "the weights are gone"
    assert status(toy_window) == ""
    assert not toy_window.pictures.busy


def test_leaving_the_dialog_saves_nothing(toy_window, monkeypatch):
    monkeypatch.setattr(save_picture.QFileDialog, "getSaveFileName", lambda *_: ("", ""))
    toy_window.save_picture()
    assert not toy_window.pictures.busy
    assert not toy_window.message.isVisible()
