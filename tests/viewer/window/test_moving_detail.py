"""Frames on the way are as fine as the machine draws them in time; a frame at rest is as fine as can be."""

import pytest

WAIT = 20_000


class Slow:
    """A pacing that always asks for the same detail and keeps the times that it is told."""

    def __init__(self, detail):
        self.detail, self.times = detail, []

    def add(self, seconds):
        self.times.append(seconds)


@pytest.fixture
def view(toy_window, monkeypatch):
    monkeypatch.setattr(toy_window.view, "_pacing", Slow(4.0))
    return toy_window.view


def test_moving_frames_are_timed_and_coarser_and_the_last_one_is_fine(view, qtbot, at_rest, toy_window):
    fine = len(view.scene.frame.cut)
    view.state.camera = view.camera().orbited(3.0, 0.0)
    qtbot.waitUntil(lambda: len(view._pacing.times) == 1, timeout=WAIT)
    assert len(view.scene.frame.cut) < fine
    assert 0 < view._pacing.times[0] < WAIT / 1000
    at_rest(toy_window)
    assert len(view.scene.frame.cut) >= 0.9 * fine
    qtbot.waitUntil(lambda: not view.refining, timeout=WAIT)
    assert len(view._pacing.times) == 1  # frames at rest are not


def test_a_paint_that_renders_nothing_is_not_timed(view, qtbot):
    swaps = []
    view.frameSwapped.connect(lambda: swaps.append(1))
    qtbot.waitUntil(lambda: not view.refining, timeout=WAIT)
    swaps.clear()
    view.update()
    qtbot.waitUntil(lambda: bool(swaps), timeout=WAIT)
    assert not view._pacing.times
