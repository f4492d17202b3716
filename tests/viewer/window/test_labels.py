import pytest
from PySide6.QtCore import Qt

from archviz3d.viewer.window.labels import plain_tip, text_label


@pytest.mark.parametrize("text", ["<img src=x>", "a<b>c", "&lt;", "x < y", "model.layers.0", "one\ntwo", "<b>\n<i>"])
def test_a_tip_shows_its_text_letter_by_letter(text, shown_as):
    assert shown_as(plain_tip(text)) == text


def test_what_cannot_be_rich_text_stays_as_it_is():
    assert plain_tip("model.layers.0\n1 < 2") == "model.layers.0\n1 < 2"


def test_a_label_shows_no_rich_text(qapp):
    assert text_label("a<b>c", "factText").textFormat() == Qt.TextFormat.PlainText
