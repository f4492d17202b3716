from dataclasses import replace

import numpy as np
import pytest

from archviz3d.errors import UsageError
from archviz3d.graph import GraphBuilder
from archviz3d.overlays.book import OverlayBook
from archviz3d.overlays.overlay import Aggregate, Figure, Scale
from archviz3d.viewer.coloring import joined_step, node_coloring, surface_coloring
from archviz3d.viewer.colormaps import category_table, color_table, default_colormap

from .sample_overlays import CATEGORIES, flat_book, made_coloring, made_overlay

GREY = np.array([10.0, 20.0, 30.0])


# ---------------------------------------------------------------- colours
def test_ends_middle_and_what_is_beyond_or_unknown():
    coloring = made_coloring([0], 2, 4)
    colors = coloring.colors(np.float32([-9, 2, 3, 4, 99, np.nan]), GREY)
    table = coloring.table
    expected = [table[0], table[0], table[128], table[255], table[255], [10, 20, 30]]
    assert colors.dtype == np.uint8
    np.testing.assert_array_equal(colors, expected)


def test_colours_keep_the_shape_of_the_values():
    assert made_coloring([0], 0, 1).colors(np.zeros((2, 5), np.float32), GREY).shape == (2, 5, 3)


def test_each_category_has_the_colour_of_its_code():
    for count in (1, 2, 3, 7, 14, 40):
        names = tuple(map(str, range(count)))
        book, name = flat_book(made_overlay([0], figure=Figure.CATEGORY, categories=names))
        coloring = node_coloring(book, name)
        colors = coloring.colors(np.arange(count, dtype=np.float32), GREY)
        changes = np.flatnonzero((np.diff(category_table(count).astype(int), axis=0) != 0).any(1)) + 1
        starts = [0, *changes.tolist()]
        np.testing.assert_array_equal(colors, category_table(count)[starts])
        assert len(starts) == count


# ---------------------------------------------------------------- what is kept
def test_a_filter_keeps_both_its_ends_and_nothing_unknown():
    values = np.float32([0, 1, 2, 3, np.nan])
    keep = made_coloring(values, 0, 3, keep=(1, 2)).kept(values)
    np.testing.assert_array_equal(keep, [False, True, True, False, False])


def test_a_filter_may_be_open_at_one_end():
    values = np.float32([-5, 0, 5, np.nan])
    np.testing.assert_array_equal(made_coloring(values, 0, 1, keep=(-np.inf, 0)).kept(values), [1, 1, 0, 0])
    np.testing.assert_array_equal(made_coloring(values, 0, 1, keep=(0, np.inf)).kept(values), [0, 1, 1, 0])


def test_without_a_filter_all_stays_in_colour():
    values = np.float32([1, np.nan])
    assert made_coloring(values, 0, 1).kept(values).all()


# ---------------------------------------------------------------- what is chosen to fit
def test_what_is_not_asked_for_fits_the_overlay():
    book, name = flat_book(made_overlay(list(range(1, 11)), scale=Scale.LOG))
    coloring = node_coloring(book, name)
    assert coloring.scale is Scale.LOG
    assert not coloring.given
    assert 1 <= coloring.low < 2
    assert 9 < coloring.high <= 10
    assert coloring.colormap == default_colormap(False, "dark")
    np.testing.assert_array_equal(coloring.table, color_table(coloring.colormap))
    np.testing.assert_array_equal(coloring.values[1:], np.arange(1, 11))
    assert not coloring.own[0]
    assert coloring.own[1:].all()


def test_what_is_asked_for_is_taken():
    book, name = flat_book(made_overlay(list(range(10)), list(range(10, 20))))
    coloring = node_coloring(
        book, name, step=1, range=(-1, 5), scale="quantile", colormap="cividis", keep=(2, 3), theme="light"
    )
    assert (coloring.low, coloring.high, coloring.given, coloring.keep) == (-1, 5, True, (2, 3))
    assert coloring.scale is Scale.QUANTILE
    assert coloring.colormap == "cividis"
    assert coloring.values[1] == 10
    assert (coloring.quantiles[0], coloring.quantiles[-1]) == (0, 19)  # of all steps


def test_range_and_colours_are_shared_over_time():
    book, name = flat_book(made_overlay([1] * 10, [100] * 10, [50] * 10))
    first, last = node_coloring(book, name, step=0), node_coloring(book, name, step=1)
    assert (first.low, first.high) == (last.low, last.high)
    np.testing.assert_array_equal(first.spread, last.spread)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_signed_data_has_zero_in_the_middle_of_a_diverging_map(theme):
    book, name = flat_book(made_overlay(np.linspace(-2, 8, 10).tolist(), diverging=True))
    coloring = node_coloring(book, name, theme=theme)
    assert coloring.low == -coloring.high
    assert coloring.places(np.zeros(1, np.float32))[0] == 0.5
    assert coloring.colormap == default_colormap(True, theme)


def test_a_logarithmic_scale_cannot_begin_at_zero_whatever_is_asked_for():
    book, name = flat_book(made_overlay([-3, 0, 0.5, 1, 8, 64]))
    for low in (-1, 0):
        coloring = node_coloring(book, name, range=(low, 64), scale="log")
        assert (coloring.low, coloring.high, coloring.given) == (0.5, 64, True)
    coloring = node_coloring(book, name, range=(-5, -1), scale="log")  # nothing positive in it
    assert 0 < coloring.low < coloring.high


def test_a_logarithmic_scale_of_negative_values_alone_is_no_problem():
    book, name = flat_book(made_overlay([-3, -2], diverging=True))
    for limits in (None, (-3, -2), (-3, 2)):
        coloring = node_coloring(book, name, range=limits, scale="log")
        assert 0 < coloring.low < coloring.high
        np.testing.assert_array_equal(coloring.places(np.float32([-3, -2, np.nan])), [0, 0, np.nan])


def test_categories_have_their_own_colours_whatever_is_asked_for():
    book, name = flat_book(made_overlay([0, 1, 2], **CATEGORIES))
    coloring = node_coloring(book, name, range=(0, 9), scale="log", colormap="magma")
    assert coloring.scale is Scale.LINEAR
    assert (coloring.low, coloring.high) == (-0.5, 2.5)
    np.testing.assert_array_equal(coloring.table, category_table(3))


def test_containers_show_their_aggregate_and_say_so():
    book, name = flat_book(made_overlay([1, 2, 3], aggregate=Aggregate.SUM))
    coloring = node_coloring(book, name)
    assert coloring.values[0] == 6
    assert not coloring.own[0]


def test_of_values_in_one_another_the_innermost_are_told():
    builder = GraphBuilder("m", "made")
    layer = builder.node(0, "layer")
    expert = builder.node(layer, "expert")
    builder.node(expert, "w")
    builder.node(layer, "norm")
    book = OverlayBook(builder.build())
    coloring = node_coloring(book, book.add(made_overlay([1, 2, 3], ids=[1, 2, 4]), "test"))
    np.testing.assert_array_equal(coloring.own, [False, True, True, False, True])
    np.testing.assert_array_equal(coloring.innermost, [False, False, True, False, True])


@pytest.mark.parametrize(
    ("name", "colormap", "says"), [("lode", None, "no overlay"), ("load", "virids", "no colour map")]
)
def test_unknown_names_are_wrong_usage(name, colormap, says):
    book, _ = flat_book(made_overlay([1]))
    with pytest.raises(UsageError, match=says):
        node_coloring(book, name, colormap=colormap)


def test_an_overlay_of_nothing_is_all_no_data():
    book, name = flat_book(made_overlay([np.nan, np.nan]))
    coloring = node_coloring(book, name)
    assert np.isnan(coloring.places(coloring.values)).all()
    assert len(coloring.spread) == 0
    assert coloring.low < coloring.high


# ---------------------------------------------------------------- pictures and heights
def test_cells_on_the_screen_give_range_quantiles_and_histogram():
    chosen = made_coloring([0], 0, 1, scale=Scale.QUANTILE)
    chosen = surface_coloring(_not_given(chosen), np.float32([5, np.nan, 1, np.inf, 3]))
    np.testing.assert_array_equal(chosen.spread, [1, 3, 5])
    assert 1 <= chosen.low < chosen.high <= 5
    assert (chosen.quantiles[0], chosen.quantiles[-1]) == (1, 5)


def test_a_range_that_was_asked_for_stays_whatever_is_on_the_screen():
    chosen = surface_coloring(made_coloring([0], 0, 1, keep=(0, 0.5)), np.float32([100, 200]))
    assert (chosen.low, chosen.high, chosen.keep) == (0, 1, (0, 0.5))
    np.testing.assert_array_equal(chosen.spread, [100, 200])


def test_on_a_logarithmic_scale_the_cells_say_where_a_range_from_zero_begins():
    asked = made_coloring([0], 0, 100, scale=Scale.LOG)
    chosen = surface_coloring(asked, np.float32([-1, 0, 2, 50]))
    assert (chosen.low, chosen.high) == (2, 100)
    chosen = surface_coloring(asked, np.float32([-1, 0]))
    assert 0 < chosen.low < chosen.high


def test_no_cells_at_all_are_no_problem():
    chosen = surface_coloring(_not_given(made_coloring([0], 0, 1)), np.empty(0, np.float32))
    assert (chosen.low, chosen.high) == (0, 1)


def stepped(book, name, steps):
    overlay = made_overlay(*([k, 1.0, 2.0] for k in range(len(steps) or 1)))
    return book.add(replace(overlay, name=name, steps=steps), "test")


@pytest.mark.parametrize(
    ("colors", "heights", "step", "joined"),
    [
        (("0", "1000", "2000"), ("1000", "2000"), 1, 0),  # by their names
        (("0", "1000", "2000"), ("1000", "2000"), 0, None),  # which the other may lack
        (("0", "1000", "2000"), (), 2, 0),  # one for all
        ((), ("1000", "2000"), 1, 1),  # the heights have steps alone
    ],
)
def test_a_step_of_the_heights_is_that_of_the_same_name(colors, heights, step, joined):
    book, _ = flat_book(made_overlay([0, 1, 2]))
    first, second = stepped(book, "colors", colors), stepped(book, "heights", heights)
    assert joined_step(book, first, second, step) == joined
    assert joined_step(book, None, second, step if heights else 0) == (step if heights else 0)
    assert joined_step(book, first, first, step if colors else 0) == (step if colors else 0)


def _not_given(coloring):
    return replace(coloring, given=False)
