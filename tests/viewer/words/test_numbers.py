import pytest

from archviz3d.viewer.words.numbers import grouped, people_bytes, people_count, people_shape, plural


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"), (7, "7"), (999, "999"), (1000, "1 k"), (1024, "1.02 k"), (44_040_192, "44 M"),
        (11_507_288_064, "11.5 B"), (671_026_419_200, "671 B"), (999_499, "999 k"), (999_500, "1 M"),
        (1_026_408_232_448, "1.03 T"), (99_949, "99.9 k"), (99_951, "100 k"),
    ],
)  # fmt: skip
def test_counts_have_three_digits(number, text):
    assert people_count(number) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 B"), (256, "256 B"), (2048, "2.05 kB"), (88_080_384, "88.1 MB"), (688_574_839_360, "689 GB")],
)
def test_sizes_are_decimal(number, text):
    assert people_bytes(number) == text


def test_thousands_are_apart_from_five_digits_on():
    assert grouped(7168) == "7168"
    assert grouped(14_848) == "14\u00a0848"
    assert grouped(1_234_567) == "1\u00a0234\u00a0567"


def test_shapes_and_plurals():
    assert people_shape((2048, 7168)) == "2048 × 7168"
    assert people_shape((129_280, 7168)) == "129\u00a0280 × 7168"
    assert people_shape(()) == "scalar"
    assert plural(1, "layer") == "1 layer"
    assert plural(61, "layer") == "61 layers"
