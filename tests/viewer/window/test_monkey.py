"""Random mouse and keys, for a few seconds; bench/monkey.py does so for minutes."""

import sys
from collections import Counter
from pathlib import Path

from PySide6.QtCore import QTimer, qWarning

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "bench"))
from monkey import Footprint, Monkey

SECONDS = 3.0


def test_nothing_goes_wrong(toy_window):
    with Monkey(toy_window, seed=7) as monkey:
        monkey.play(SECONDS)
    assert monkey.events > 5
    assert monkey.problems == []


def test_what_goes_wrong_is_told_with_what_was_done(toy_window, qtbot):
    with Monkey(toy_window, seed=7) as monkey:
        monkey.step()
        QTimer.singleShot(0, lambda: 1 / 0)
        qtbot.waitUntil(lambda: bool(monkey.problems))
        qWarning("something is odd")
    exception, message = monkey.problems
    assert "ZeroDivisionError" in exception
    assert "after: " in exception
    assert "something is odd" in message


def test_growth_is_told():
    before = Footprint(400.0, Counter(QLabel=100), Counter(vtkActor=5))
    assert Footprint(430.0, Counter(QLabel=105), Counter(vtkActor=5)).growth(before) == []
    grown = Footprint(450.0, Counter(QLabel=100, QMenu=20), Counter(vtkActor=6)).growth(before)
    assert grown == ["memory grew from 400 to 450 MB", "20 more QMenu", "1 more vtkActor"]
