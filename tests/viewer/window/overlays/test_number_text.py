import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archviz3d.errors import UsageError
from archviz3d.overlays.overlay import Figure
from archviz3d.viewer.window.overlays.number_text import number_text, parsed_number


@pytest.mark.parametrize(
    ("figure", "text", "value"),
    [
        (Figure.PLAIN, "0.5", 0.5),
        (Figure.PLAIN, " -1e-3 ", -1e-3),
        (Figure.PLAIN, "\u22122,5", -2.5),
        (Figure.PLAIN, ".25", 0.25),
        (Figure.PLAIN, "14\u00a0848", 14848),
        (Figure.SHARE, "3 %", 0.03),
        (Figure.SHARE, "0.03", 0.03),
        (Figure.COUNT, "44 M", 44e6),
        (Figure.COUNT, "1.5 B", 1.5e9),
        (Figure.COUNT, "7k", 7000),
        (Figure.BYTES, "16 kB", 16_000),
        (Figure.BYTES, "256 B", 256),
        (Figure.BYTES, "1.1 TB", 1.1e12),
    ],
)
def test_what_people_type(figure, text, value):
    assert parsed_number(figure, text) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize("text", ["", "abc", "1..2", "nan", "inf", "1e999", "--1", "5 parsecs", "0x10", "1 2 M x"])
def test_what_is_no_number_is_refused_in_one_line(text):
    with pytest.raises(UsageError) as error:
        parsed_number(Figure.PLAIN, text)
    assert "\n" not in str(error.value)


@given(st.floats(-1e12, 1e12), st.sampled_from(list(Figure)))
def test_what_a_field_shows_it_reads(value, figure):
    shown = number_text(figure, value)
    assert parsed_number(figure, shown) == pytest.approx(value, rel=1e-5, abs=1e-300)
    assert number_text(figure, parsed_number(figure, shown)) == shown


def test_large_amounts_have_units_instead_of_exponents():
    assert number_text(Figure.COUNT, 567_515_123_456) == "567.515 B"
    assert number_text(Figure.BYTES, 688_574_839_360) == "688.575 GB"
    assert number_text(Figure.COUNT, 14_848) == "14848"
    assert number_text(Figure.PLAIN, 2e9) == "2e+09"


def test_no_bound_is_an_empty_field():
    assert number_text(Figure.PLAIN, math.inf) == number_text(Figure.SHARE, -math.inf) == ""
