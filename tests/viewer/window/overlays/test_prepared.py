from dataclasses import replace

import numpy as np
import pytest

from archviz3d.errors import UsageError
from archviz3d.overlays.book import OverlayBook
from archviz3d.viewer.window.overlays.filters import filters_of
from archviz3d.viewer.window.overlays.prepared import is_prepared, known_overlay, prepare_overlay


@pytest.fixture
def book(toy, loads):
    book = OverlayBook(toy)
    book.add(loads, "loads.csv")
    return book


def test_it_is_computed_once(book):
    assert not is_prepared(book, "expert-load")  # made, as all of files are, but not looked at
    first = prepare_overlay(book, "expert-load")
    assert is_prepared(book, "expert-load")
    assert prepare_overlay(book, "expert-load") is first


def test_what_is_computed(book, loads):
    found = prepare_overlay(book, "expert-load")
    assert list(found.filters) == filters_of(loads)
    assert found.has_positive
    below = book.add(replace(loads, values=-loads.values), "loads.csv")
    assert not prepare_overlay(book, below).has_positive


def test_pictures_of_weights_may_have_a_logarithmic_scale(book):
    assert book.get("weights-abs").values.size == 0
    assert prepare_overlay(book, "weights-abs").has_positive


def test_a_file_that_is_read_again_is_looked_at_again(book, loads):
    (name,) = book.add_file([loads], "a.csv")
    before = prepare_overlay(book, name)
    (again,) = book.add_file([replace(loads, values=np.full_like(loads.values, 5))], "a.csv")
    assert again == name
    assert not is_prepared(book, name)
    assert prepare_overlay(book, name).filters != before.filters


def test_one_that_is_not_there_is_an_error_here_and_none_in_what_follows_a_state(book):
    with pytest.raises(UsageError):
        prepare_overlay(book, "nope")
    assert not is_prepared(book, "nope")
    assert known_overlay(book, "nope") is None
    assert known_overlay(book, None) is None
    assert known_overlay(None, "expert-load") is None
    assert known_overlay(book, "expert-load") is book.get("expert-load")
