import threading

import pytest
from PySide6.QtTest import QTest

from archviz3d.errors import UsageError
from archviz3d.viewer.window.background import Background

WAIT = 20_000


@pytest.fixture
def background(qapp):
    return Background()


def test_the_result_arrives_in_the_gui_thread(background, qtbot):
    seen = []
    background.run("a", threading.get_ident, lambda worker: seen.append((worker, threading.get_ident())))
    assert background.busy("a")
    qtbot.waitUntil(lambda: bool(seen), timeout=WAIT)
    assert seen[0][0] != threading.get_ident() == seen[0][1]
    assert not background.busy("a")


def test_a_newer_job_of_a_kind_drops_the_result_of_the_one_before(background, qtbot):
    gate, seen = threading.Event(), []
    background.run("a", lambda: gate.wait(10), lambda _: seen.append("old"))
    background.run("a", lambda: None, lambda _: seen.append("new"))
    background.run("b", lambda: None, lambda _: seen.append("other"))
    qtbot.waitUntil(lambda: len(seen) == 2, timeout=WAIT)
    gate.set()
    QTest.qWait(100)
    assert sorted(seen) == ["new", "other"]


def test_an_error_is_told_and_is_the_end_of_the_job(background, qtbot):
    def fail():
        raise UsageError("no such thing")

    told, done = [], []
    background.failed.connect(told.append)
    background.run("a", fail, done.append)
    qtbot.waitUntil(lambda: bool(told), timeout=WAIT)
    assert told == ["no such thing"]
    assert done == []
    assert not background.busy("a")


def test_an_error_that_nobody_foresaw_is_told_as_well_and_then_raised(background, qtbot):
    def fail():
        raise ZeroDivisionError("by zero")

    told, done = [], []
    background.failed.connect(told.append)
    with qtbot.capture_exceptions() as raised:
        background.run("a", fail, done.append)
        background.run("b", lambda: "fine", done.append)
        qtbot.waitUntil(lambda: bool(told and done), timeout=WAIT)
    assert told == ["internal error: ZeroDivisionError: by zero"]
    assert [kind for kind, _, _ in raised] == [ZeroDivisionError]
    assert done == ["fine"]  # what fails holds up nothing else
    assert not background.busy("a")


def test_after_cancel_nothing_arrives(background):
    seen = []
    background.run("a", lambda: 1, seen.append)
    background.run("b", lambda: 2, seen.append)
    background.cancel()
    QTest.qWait(100)
    assert seen == []
    assert not background.busy("a")


def test_a_job_that_starts_another_of_its_kind_loses_nothing(background, qtbot):
    seen = []
    background.run("a", lambda: 1, lambda _: background.run("a", lambda: 2, seen.append))
    qtbot.waitUntil(lambda: seen == [2], timeout=WAIT)
