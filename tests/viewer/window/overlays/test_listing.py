from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from archviz3d.overlays.book import OverlayBook
from archviz3d.viewer.window.overlays.listing import OverlayList

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


@pytest.fixture
def listed(toy, loads, qtbot):
    book = OverlayBook(toy)
    book.add(loads, "loads.csv")
    listed = OverlayList()
    qtbot.addWidget(listed)
    listed.resize(380, 700)
    listed.show_book(book)
    listed.show()
    listed.names = []
    listed.chosen.connect(listed.names.append)
    return listed


def click(listed, name):
    index = listed.index_of(name)
    listed.view.scrollTo(index)
    QTest.mouseClick(listed.view.viewport(), LEFT, NONE, listed.view.visualRect(index).center())


def shown(listed):
    """Titles of the rows that can be seen, from the top."""
    rows, index = [], listed.view.indexAt(listed.view.rect().topLeft())
    while index.isValid():
        rows.append(index.data())
        index = listed.view.indexBelow(index)
    return rows


def test_groups_come_in_order_with_none_on_top(listed):
    rows = shown(listed)
    assert rows[0] == "None (kinds)"
    assert rows.index("Structure") < rows.index("Parameters") < rows.index("Weights") < rows.index("Weights, RMS")
    assert rows[-2:] == ["loads.csv", "Expert load"]


def test_one_click_chooses(listed):
    click(listed, "expert-load")
    click(listed, "parameters")
    click(listed, None)
    assert listed.names == ["expert-load", "parameters", None]


def test_a_group_is_no_overlay(listed):
    group = listed.index_of("parameters").parent()
    QTest.mouseClick(listed.view.viewport(), LEFT, NONE, listed.view.visualRect(group).center())
    assert listed.names == []


def test_what_the_model_has_nothing_for_is_grey_and_says_why(listed, toy):
    recipe = next(recipe for recipe in OverlayBook(toy).recipes if recipe.missing(toy) is not None)
    index = listed.index_of(recipe.name)
    assert not index.flags() & Qt.ItemFlag.ItemIsEnabled
    assert index.data(Qt.ItemDataRole.ToolTipRole) == recipe.missing(toy)
    click(listed, recipe.name)
    assert listed.names == []


def test_units_stand_beside_the_titles(listed):
    assert listed.index_of("expert-load").siblingAtColumn(1).data() == "tokens"


def test_return_chooses_and_arrows_only_move(listed):
    listed.follow("parameters")
    listed.view.setFocus()
    QTest.keyClick(listed.view, Qt.Key.Key_Down)
    assert listed.names == []
    QTest.keyClick(listed.view, Qt.Key.Key_Return)
    assert listed.names == ["bytes"]


@pytest.mark.parametrize("text", ["load", "LOADS.csv", "router sends tok", "expert-l"])
def test_the_search_finds_title_name_definition_and_group(listed, text):
    QTest.keyClicks(listed.search, text)
    assert shown(listed)[-1] == "Expert load"
    QTest.keyClick(listed.search, Qt.Key.Key_Escape)
    assert listed.search.text() == ""
    assert shown(listed)[0] == "None (kinds)"


def test_return_takes_the_first_that_the_search_left(listed):
    QTest.keyClicks(listed.search, "load")
    QTest.keyClick(listed.search, Qt.Key.Key_Return)
    assert listed.names == ["expert-load"]
    listed.search.clear()
    QTest.keyClick(listed.search, Qt.Key.Key_Return)
    assert listed.names == ["expert-load"]


def test_a_search_for_nothing_shows_nothing(listed):
    QTest.keyClicks(listed.search, "no such overlay")
    assert shown(listed) == []


def test_the_shown_overlay_is_highlighted_and_in_sight(listed):
    listed.resize(380, 200)
    listed.follow("expert-load")
    assert listed.view.currentIndex() == listed.index_of("expert-load")
    assert listed.view.viewport().rect().contains(listed.view.visualRect(listed.view.currentIndex()).center())
    listed.follow(None)
    assert listed.view.currentIndex().data() == "None (kinds)"


def test_what_is_being_made_says_so(listed):
    unit = listed.index_of("flops").siblingAtColumn(1).data()
    listed.show_busy("flops")
    assert listed.index_of("flops").siblingAtColumn(1).data() == "computing…"
    listed.show_busy(None)
    assert listed.index_of("flops").siblingAtColumn(1).data() == unit


def test_listing_again_keeps_search_and_highlight(listed, toy):
    listed.follow("bytes")
    QTest.keyClicks(listed.search, "stored")
    listed.show_book(OverlayBook(toy))
    assert listed.view.currentIndex() == listed.index_of("bytes")
    assert "Parameters" not in shown(listed)
    assert not listed.index_of("expert-load").isValid()


@pytest.mark.parametrize("text", ["<img src=x>", "a<b>c"])
def test_what_a_file_says_is_shown_letter_by_letter(listed, toy, loads, shown_as, text):
    book = OverlayBook(toy)
    name = book.add(replace(loads, title=text, definition=text), "loads.csv")
    listed.show_book(book)
    index = listed.index_of(name)
    assert index.data() == text
    assert shown_as(index.data(Qt.ItemDataRole.ToolTipRole)) == text
