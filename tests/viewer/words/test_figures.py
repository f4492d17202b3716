import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archviz3d.overlays.overlay import Figure
from archviz3d.viewer.words.figures import value_text, value_with_unit

from ..sample_overlays import made_overlay

CATEGORIES = ("BF16", "F32")


def of(figure, unit=""):
    return made_overlay([0], figure=figure, unit=unit, categories=CATEGORIES)


@pytest.mark.parametrize(
    ("figure", "value", "text"),
    [
        (Figure.PLAIN, 0.0, "0"),
        (Figure.PLAIN, 0.0131234, "0.01312"),
        (Figure.PLAIN, -0.5, "\u22120.5"),
        (Figure.PLAIN, 1e-5, "1e\u221205"),
        (Figure.COUNT, 44_040_192, "44 M"),
        (Figure.COUNT, -44_040_192, "\u221244 M"),
        (Figure.COUNT, 512, "512"),
        (Figure.COUNT, 0.25, "0.25"),
        (Figure.COUNT, 12.5, "12.5"),
        (Figure.BYTES, 88_080_384, "88.1 MB"),
        (Figure.BYTES, 0, "0 B"),
        (Figure.SHARE, 0.031, "3.1 %"),
        (Figure.SHARE, -0.031, "\u22123.1 %"),
        (Figure.SHARE, 1.0, "100 %"),
        (Figure.CATEGORY, 0, "BF16"),
        (Figure.CATEGORY, 1, "F32"),
        (Figure.CATEGORY, 2, "2"),
        (Figure.CATEGORY, -1, "-1"),
    ],
)
def test_values_as_people_read_them(figure, value, text):
    assert value_text(of(figure), value) == text


@pytest.mark.parametrize("figure", Figure)
def test_nan_is_no_data_without_a_unit(figure):
    assert value_text(of(figure, "tokens"), math.nan) == "no data"
    assert value_with_unit(of(figure, "tokens"), math.nan) == "no data"


@pytest.mark.parametrize("figure", Figure)
@given(st.floats(allow_nan=False, width=32))
def test_every_other_value_has_some_text_in_one_short_line(figure, value):
    text = value_with_unit(of(figure, "tokens"), value)
    assert text.strip()
    assert "\n" not in text
    assert len(text) < 30
    assert text != "no data"


@pytest.mark.parametrize(
    ("figure", "unit", "text"),
    [
        (Figure.PLAIN, "tokens", "3 tokens"),
        (Figure.PLAIN, "", "3"),
        (Figure.COUNT, "parameters", "3 parameters"),
        (Figure.BYTES, "B/token", "3 B"),
        (Figure.SHARE, "of tokens", "300 %"),
        (Figure.CATEGORY, "type", "3"),
    ],
)
def test_a_unit_stands_behind_what_does_not_bear_its_own(figure, unit, text):
    assert value_with_unit(of(figure, unit), 3.0) == text


def test_negative_bytes_bear_a_unit_too():
    assert value_with_unit(of(Figure.BYTES, "B"), -4_000_000.0).endswith("B")
