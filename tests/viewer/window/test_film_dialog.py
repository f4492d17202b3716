import shutil
import subprocess

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from archviz3d.viewer.films.ffmpeg import find_ffmpeg
from archviz3d.viewer.films.ways import Way
from archviz3d.viewer.window import film_dialog
from archviz3d.viewer.window.film_dialog import FilmDialog

WAIT = 60_000


@pytest.fixture
def target(tmp_path, monkeypatch):
    """The file that the user chooses."""
    target = tmp_path / "toy.mp4"
    monkeypatch.setattr(film_dialog.QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    monkeypatch.setattr(film_dialog, "_SIZES", ((320, 180),))
    return target


@pytest.fixture
def dialog(toy_window, target, qtbot):
    def opened():
        QTest.keyClick(
            toy_window, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
        )
        (found,) = toy_window.findChildren(FilmDialog)
        qtbot.waitExposed(found)
        qtbot.waitUntil(found.isVisible, timeout=WAIT)
        found.size_box.setCurrentIndex(1)
        return found

    return opened


def click(widget):
    # A radio button listens at its sign and text only, which are at its left.
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton, pos=QPoint(12, widget.height() // 2))


def frames(path):
    command = [find_ffmpeg(), "-v", "error", "-i", str(path), "-pix_fmt", "rgb24", "-f", "rawvideo", "-"]
    return len(subprocess.run(command, check=True, capture_output=True).stdout) / (320 * 180 * 3)


def test_a_turntable_is_saved_beside_the_window(toy_window, dialog, target, qtbot, at_rest):
    form = dialog()
    assert form.turntable.isChecked()
    form.seconds.setValue(0.4)
    form.fps.setValue(10)
    click(form.save_button)
    assert form.job.busy
    assert form.bar.isVisible()
    assert not form.save_button.isEnabled()
    toy_window.view.steering.zoom(1.5)  # the window lives
    at_rest(toy_window)
    told = f"Saved {target}"
    qtbot.waitUntil(lambda: toy_window.statusBar().currentMessage() == told, timeout=WAIT)
    assert frames(target) == 4
    qtbot.waitUntil(lambda: not toy_window.findChildren(FilmDialog), timeout=WAIT)
    assert [path.name for path in target.parent.glob("*toy*")] == ["toy.mp4"]


def test_a_flight_leads_through_the_places_visited(toy_window, dialog, toy, qtbot, at_rest):
    navigator = toy_window.view.navigator
    for path in ("model.layers.1", "model.layers.4.mlp"):
        navigator.go_to(toy.id_of(path))
        at_rest(toy_window)
    navigator.back()
    at_rest(toy_window)
    form = dialog()
    assert form.history.isEnabled()
    click(form.history)
    assert form.history.isChecked()
    assert not form.seconds.isEnabled()
    way, state = form.way()
    assert [state.focus, *(stop.focus for stop in way.stops)] == [
        0, toy.id_of("model.layers.1"), toy.id_of("model.layers.4.mlp"),
    ]  # fmt: skip
    form.reject()


def test_a_flight_leads_to_the_selected_part(toy_window, dialog, toy):
    toy_window.state.selection = toy.id_of("model.layers.3")
    form = dialog()
    click(form.selection)
    way, state = form.way()
    assert [stop.focus for stop in way.stops] == [toy.id_of("model.layers.3")]
    assert state.focus == 0
    form.reject()


def test_what_is_not_there_cannot_be_chosen(dialog):
    form = dialog()
    assert not form.history.isEnabled()
    assert not form.selection.isEnabled()
    assert form.way()[0] == Way(8.0)
    form.reject()


def test_cancel_leaves_no_file(dialog, target, qtbot):
    form = dialog()
    form.seconds.setValue(60)
    click(form.save_button)
    qtbot.waitUntil(lambda: form.bar.value() > 1, timeout=WAIT)
    click(form.close_button)
    qtbot.waitUntil(lambda: not form.job.busy, timeout=WAIT)
    assert "there is no file" in form.note.text()
    assert form.isVisible()
    assert not list(target.parent.glob("*.mp4"))
    assert not list(target.parent.glob(".archviz3d-*"))
    click(form.close_button)
    assert not form.isVisible()


def test_closing_the_window_ends_the_film(toy_window, dialog, target, qtbot):
    form = dialog()
    form.seconds.setValue(60)
    click(form.save_button)
    qtbot.waitUntil(lambda: form.bar.value() > 1, timeout=WAIT)
    toy_window.close()
    qtbot.waitUntil(lambda: not list(target.parent.glob(".archviz3d-*")), timeout=WAIT)
    assert not target.exists()


def test_what_cannot_be_is_told_in_the_dialog(dialog, target, qtbot):
    target.mkdir()
    form = dialog()
    click(form.save_button)
    assert "is a folder" in form.note.text()
    assert not form.job.busy
    shutil.rmtree(target)
    form.reject()


def test_the_dialog_is_asked_for_once(toy_window, dialog):
    form = dialog()
    assert dialog() is form
    form.reject()
