from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from archviz3d.viewer.window.overlays.about import OverlayAbout


@pytest.mark.parametrize("text", ["<img src=x>", "a<b>c"])
def test_what_a_file_says_is_shown_letter_by_letter(loads, qtbot, text):
    about = OverlayAbout()
    qtbot.addWidget(about)
    about.show_overlay(replace(loads, title=text, unit=text, definition=text, source=text), text)
    labels = [label for label in about.findChildren(QLabel) if label.text() == text]
    assert len(labels) == 5
    assert {label.textFormat() for label in labels} == {Qt.TextFormat.PlainText}
