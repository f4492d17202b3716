"""The mouse in the wrong moment: the model goes while a button is down, there is none, a device says strange things."""

import math

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from archviz3d.viewer.window.pointing.mouse import pinch_zoom, wheel_zoom

WAIT = 20_000
LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
CTRL = Qt.KeyboardModifier.ControlModifier
START, END = QPoint(120, 200), QPoint(320, 380)


def press_and_move(view, modifiers=NONE):
    QTest.mousePress(view, LEFT, modifiers, START)
    QTest.mouseMove(view, QPoint(200, 260))
    QTest.mouseMove(view, END)


def move_without_button(view):
    at = QPointF(500, 400)
    none = Qt.MouseButton.NoButton
    QApplication.sendEvent(view, QMouseEvent(QEvent.Type.MouseMove, at, view.mapToGlobal(at), none, none, NONE))


def test_a_notch_of_the_wheel_zooms_by_a_fifth():
    assert wheel_zoom(120) == pytest.approx(1.2, abs=0.01)
    assert wheel_zoom(-120) == pytest.approx(1 / wheel_zoom(120))
    assert pinch_zoom(0.25) == 1.25


@pytest.mark.parametrize("units", [-(2**30), -(2**31), 2**30, 2**31 - 1])
def test_no_turn_of_the_wheel_zooms_to_nothing(units):
    assert 0 < wheel_zoom(units) < math.inf
    assert (wheel_zoom(units) > 1) == (units > 0)


@pytest.mark.parametrize("growth", [-1.0, -2.0, -1e308, -math.inf, 1e308, math.inf])
def test_no_pinch_zooms_to_nothing(growth):
    assert 0 < pinch_zoom(growth) < math.inf
    assert (pinch_zoom(growth) > 1) == (growth > 0)


@pytest.mark.parametrize("modifiers", [NONE, CTRL])
def test_what_the_mouse_holds_ends_with_the_model(toy_window, same_toy_again, modifiers, qtbot, at_rest):
    view = toy_window.view
    press_and_move(view, modifiers)
    assert view.mouse._holds
    toy_window.close_model()
    assert not view.mouse._holds
    assert view.steering._grabbed is None
    assert "band" not in view._outlines._marks
    QTest.mouseMove(view, START)
    QTest.mouseRelease(view, LEFT, modifiers, START)
    toy_window.open(same_toy_again)
    qtbot.waitUntil(lambda: toy_window.graph is same_toy_again, timeout=WAIT)
    at_rest(toy_window)
    camera = view.camera()
    move_without_button(view)
    assert view.camera() == camera
    assert view.cursor().shape() != Qt.CursorShape.ClosedHandCursor


def test_a_drag_whose_release_nobody_saw_ends_at_the_next_move(toy_window):
    view = toy_window.view
    press_and_move(view)
    assert view.cursor().shape() == Qt.CursorShape.ClosedHandCursor
    camera = view.camera()
    move_without_button(view)
    assert view.camera() == camera
    assert view.cursor().shape() != Qt.CursorShape.ClosedHandCursor
    press_and_move(view)
    view.hide()
    assert not view.mouse._holds
    QTest.mouseRelease(view, LEFT, NONE, END)


def test_escape_drops_a_rubber_band(toy_window):
    view, state = toy_window.view, toy_window.state
    state.selection = before = toy_window.graph.id_of("lm_head")
    press_and_move(view, CTRL)
    assert "band" in view._outlines._marks
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert "band" not in view._outlines._marks
    QTest.mouseMove(view, QPoint(330, 390))
    QTest.mouseRelease(view, LEFT, CTRL, QPoint(330, 390))
    assert "band" not in view._outlines._marks
    assert state.selected == (before,)
    assert state.focus == 0


def test_without_a_model_mouse_and_keys_do_nothing(toy_window, qtbot):
    view, state = toy_window.view, toy_window.state
    view.redraw()
    qtbot.waitUntil(lambda: view.refining, timeout=WAIT)
    toy_window.close_model()
    assert not view.refining
    assert view._accumulation._sums.size == 0
    with qtbot.captureExceptions() as problems:
        for modifiers in (NONE, CTRL):
            press_and_move(view, modifiers)
            QTest.mouseRelease(view, LEFT, modifiers, END)
        QTest.mouseDClick(view, LEFT, NONE, START)
        QTest.mousePress(view.map, LEFT, NONE, QPoint(5, 5))
        QTest.mouseMove(view.map, QPoint(9, 9))
        QTest.mouseRelease(view.map, LEFT, NONE, QPoint(9, 9))
        for key in (Qt.Key.Key_Left, Qt.Key.Key_Escape):
            QApplication.sendEvent(view.map, QKeyEvent(QEvent.Type.KeyPress, key.value, NONE))
    assert not problems
    assert state.camera is None
    assert not view.mouse._holds
