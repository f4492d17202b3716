from dataclasses import replace

import pytest

from archviz3d.overlays.book import OverlayBook
from archviz3d.viewer.state import ViewState
from archviz3d.viewer.window.overlays.facts import overlay_section

EXPERT = "model.layers.2.mlp.experts.7"  # the 40th expert: 390 tokens


@pytest.fixture
def book(toy, loads):
    book = OverlayBook(toy)
    book.add(loads, "loads.csv")
    return book


def facts(book, path, **state):
    section = overlay_section(book, ViewState(**state), book.graph.id_of(path))
    return None if section is None else [(fact.label, fact.text, fact.detail) for fact in section.facts]


def test_a_value_of_its_own_says_where_it_comes_from(book):
    assert facts(book, EXPERT, overlay="expert-load", step=1) == [
        ("Expert load", "400 tokens", ""),
        ("Step", "200", ""),
        ("Origin", "Synthetic values", ""),
    ]


def test_an_aggregate_says_what_of(book):
    # 320 to 470 tokens, of which the first is 0 instead: (16 * 395 - 320) / 16
    at = facts(book, "model.layers.2.mlp.experts", overlay="expert-load")
    assert at[0] == ("Expert load", "375 tokens", "")
    assert at[2] == ("Aggregate", "Mean of 16 experts", "")


def test_a_rounded_number_is_there_in_all_its_digits(book):
    assert facts(book, "", overlay="parameters")[0] == ("Parameters", "823 k", "823\u00a0104")
    mean = facts(book, "", overlay="expert-load")[0]
    assert mean[1:] == ("450 tokens", "")


def test_no_data_says_so_and_no_more(book):
    assert facts(book, "lm_head", overlay="expert-load")[0] == ("Expert load", "no data", "")
    assert len(facts(book, "lm_head", overlay="expert-load")) == 2  # and the step


def test_colour_and_height_are_both_told(book):
    labels = [label for label, _, _ in facts(book, EXPERT, overlay="parameters", height="expert-load")]
    assert labels[0] == "Parameters"
    assert "Expert load" in labels
    assert facts(book, EXPERT, overlay="expert-load", height="expert-load") == facts(
        book, EXPERT, overlay="expert-load"
    )


def test_heights_are_those_of_the_step_of_the_same_name(book, loads):
    fewer = book.add(replace(loads, title="Fewer", values=loads.values[1:], steps=("200", "500")), "fewer.csv")
    assert ("Fewer", "400 tokens", "") in facts(book, EXPERT, overlay="expert-load", height=fewer, step=1)
    assert ("Fewer", "no data for this step", "") in facts(book, EXPERT, overlay="expert-load", height=fewer, step=2)
    assert ("Fewer", "410 tokens", "") in facts(book, EXPERT, height=fewer, step=1)


def test_the_name_that_the_book_gave_is_the_one_that_counts(book, loads):
    second = book.add(replace(loads, values=loads.values + 1), "other.csv")
    assert second != loads.name
    assert facts(book, EXPERT, overlay=second)[0] == ("Expert load", "391 tokens", "")


def test_without_overlays_there_is_no_section(book):
    assert facts(book, EXPERT) is None


def test_a_name_that_the_book_does_not_have_has_no_value(book):
    assert facts(book, EXPERT, overlay="nope", height="neither") is None
    assert facts(book, EXPERT, overlay="nope", height="expert-load")[0] == ("Expert load", "390 tokens", "")


def test_pictures_have_no_value_of_a_whole_part(book):
    assert facts(book, EXPERT, overlay="weights") is None
