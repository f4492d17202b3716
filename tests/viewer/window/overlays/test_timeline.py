import time

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from archviz3d.viewer.state import ViewState
from archviz3d.viewer.window.overlays.timeline import Timeline

WAIT = 20_000
LEFT = Qt.MouseButton.LeftButton


class Screen:
    """Tells the timeline whether the last step is drawn."""

    drawn = True


@pytest.fixture
def screen():
    return Screen()


@pytest.fixture
def timeline(qtbot, screen):
    timeline = Timeline(ViewState(), lambda: screen.drawn)
    qtbot.addWidget(timeline)
    timeline.resize(800, 40)
    timeline.show_steps(("100", "200", "300", "400"))
    return timeline


def faster(timeline):
    timeline.speed.setCurrentIndex(timeline.speed.count() - 1)


def test_one_step_is_none_to_step_through(timeline):
    assert timeline.isVisible()
    for steps in ((), ("100",)):
        timeline.show_steps(steps)
        assert not timeline.isVisible()
        assert not timeline.has_steps


def test_the_buttons_step_and_end_at_the_ends(timeline):
    QTest.mouseClick(timeline.next, LEFT)
    assert timeline._state.step == 1
    assert timeline.name.text() == "200  (2 of 4)"
    timeline.step(5)
    assert timeline._state.step == 3
    assert not timeline.next.isEnabled()
    QTest.mouseClick(timeline.previous, LEFT)
    assert timeline._state.step == 2
    timeline.step(-9)
    assert timeline._state.step == 0
    assert not timeline.previous.isEnabled()


def test_scrubbing_with_mouse_and_keys(timeline):
    QTest.keyClick(timeline.slider, Qt.Key.Key_Right)
    assert timeline._state.step == 1
    QTest.keyClick(timeline.slider, Qt.Key.Key_End)
    assert timeline._state.step == 3


def test_the_slider_follows_the_state(timeline):
    timeline._state.step = 2
    assert timeline.slider.value() == 2
    timeline._state.step = 99  # of another overlay: the last one is shown
    assert timeline.slider.value() == 3
    assert timeline._state.step == 99


def test_playing_goes_round_until_it_is_paused(timeline, qtbot):
    faster(timeline)
    seen = []
    timeline._state.events.step.connect(seen.append)
    QTest.mouseClick(timeline.play, LEFT)
    assert timeline.playing
    qtbot.waitUntil(lambda: len(seen) >= 6, timeout=WAIT)
    assert seen[:6] == [1, 2, 3, 0, 1, 2]
    QTest.mouseClick(timeline.play, LEFT)
    assert not timeline.playing
    count = len(seen)
    QTest.qWait(200)
    assert len(seen) == count


def test_from_the_last_step_it_plays_from_the_first(timeline):
    timeline._state.step = 3
    timeline.toggle()
    assert timeline._state.step == 0
    assert timeline.playing


def test_it_waits_for_the_frame(timeline, screen, qtbot):
    faster(timeline)
    screen.drawn = False
    timeline.toggle()
    QTest.qWait(250)
    assert timeline._state.step == 0
    screen.drawn = True
    qtbot.waitUntil(lambda: timeline._state.step > 0, timeout=WAIT)


def test_it_is_no_faster_than_it_should_be(timeline, qtbot):
    timeline.speed.setCurrentIndex(2)  # 4 steps a second
    started = time.monotonic()
    timeline.toggle()
    qtbot.waitUntil(lambda: timeline._state.step == 2, timeout=WAIT)
    assert time.monotonic() - started >= 0.45


@pytest.mark.parametrize("act", [lambda t: t.step(1), lambda t: t.show_steps(("1", "2"))], ids=["step", "steps"])
def test_stepping_and_other_steps_stop_the_playing(timeline, act):
    timeline.toggle()
    act(timeline)
    assert not timeline.playing


def test_the_same_steps_again_change_nothing(timeline):
    timeline.toggle()
    timeline.show_steps(("100", "200", "300", "400"))
    assert timeline.playing


@pytest.mark.parametrize("name", ["<img src=x>", "a<b>c"])
def test_a_step_is_named_letter_by_letter(timeline, name, shown_as):
    timeline.show_steps((name, "next"))
    assert timeline.name.text().startswith(name)
    assert timeline.name.textFormat() == Qt.TextFormat.PlainText
    assert shown_as(timeline.name.toolTip()) == name


def test_a_long_name_is_shortened_and_whole_in_its_tip(timeline):
    name = "checkpoint-of-a-very-long-run-with-a-long-name-000100"
    timeline.show_steps((name, "b"))
    assert "…" in timeline.name.text()
    assert timeline.name.toolTip() == name
