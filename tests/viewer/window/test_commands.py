from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from archviz3d.viewer.window.cheat_sheet import CheatSheet
from archviz3d.viewer.window.command_table import command_table, gestures


def test_ids_and_keys_are_unique(window):
    commands = command_table(window)
    ids = [command.id for command in commands]
    keys = [key for command in commands for key in command.keys]
    assert len(set(ids)) == len(ids)
    assert len(set(keys)) == len(keys)


def test_every_command_is_in_a_menu(window):
    in_menus = {
        action.objectName()
        for menu in window.menuBar().actions()
        for action in menu.menu().actions()
        if action.objectName()
    }
    assert in_menus == {command.id for command in window.commands}


def test_without_a_model_what_needs_one_is_grey(window):
    for command in window.commands:
        assert window.actions_by_id[command.id].isEnabled() is not command.needs_model


def test_the_cheat_sheet_lists_every_key_and_gesture(window, qtbot):
    QTest.keyClick(window, Qt.Key.Key_F1)
    qtbot.waitUntil(lambda: window.findChild(CheatSheet) is not None)
    sheet = window.findChild(CheatSheet)
    text = "\n".join(label.text() for label in sheet.findChildren(QLabel))
    for command in window.commands:
        assert not command.keys or command.title.rstrip("…") in text
    for gesture, effect in gestures():
        assert gesture in text
        assert effect in text
    sheet.close()
