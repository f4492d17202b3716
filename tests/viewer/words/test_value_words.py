import numpy as np
import pytest

from archviz3d.overlays.aggregate import Aggregate
from archviz3d.overlays.overlay import Figure, Origin
from archviz3d.overlays.tiles.pyramid import TileGrid
from archviz3d.viewer.cameras.camera import Camera
from archviz3d.viewer.detail.surface_plan import Face, corner_rays
from archviz3d.viewer.words.value_words import (
    aggregate_word,
    cell_text,
    filter_text,
    origin_word,
    overlay_facts,
    step_text,
    surface_facts,
)

from ..sample_overlays import CATEGORIES, made_coloring, made_overlay


def test_each_origin_and_each_aggregate_has_words_of_its_own():
    assert len({origin_word(origin) for origin in Origin}) == len(Origin)
    assert len({aggregate_word(aggregate) for aggregate in Aggregate}) == len(Aggregate)
    assert "synthetic" in origin_word(Origin.SYNTHETIC)


# ---------------------------------------------------------------- steps and facts
@pytest.mark.parametrize(
    ("steps", "step", "text"),
    [
        ((), 0, "step 1 of 3"),
        ((), 2, "step 3 of 3"),
        (("100", "200", "300"), 1, "step 200 (2 of 3)"),
        ((), -1, "step 1 of 3"),
        (("100", "200", "300"), 9, "step 300 (3 of 3)"),
    ],
)
def test_which_step_is_shown(steps, step, text):
    assert step_text(made_overlay([1], [2], [3], steps=steps), step) == text


def test_a_single_step_is_not_worth_a_word():
    assert step_text(made_overlay([1], steps=("100",)), 0) == ""
    assert step_text(made_overlay(), 0) == ""


def test_a_step_s_name_with_a_placeholder_in_it_stays_as_it_is():
    assert step_text(made_overlay([1], [2], steps=("%2", "b")), 0) == "step %2 (1 of 2)"


def test_facts_are_unit_origin_and_step():
    coloring = made_coloring([1], 0, 1, unit="tokens", origin=Origin.MEASURED)
    assert overlay_facts(coloring, 0) == ["tokens · measured"]
    assert overlay_facts(made_coloring([1], 0, 1), 0) == ["synthetic values"]


# ---------------------------------------------------------------- pictures
@pytest.mark.parametrize(
    ("statistic", "levels", "facts"),
    [
        ("rms", [0], ["a cell is one value"]),
        ("rms", [3], ["a cell is the RMS of a block, 8 values a side"]),
        ("signed", [1, 4], ["a cell is the mean of a block, 2 to 16 values a side"]),
        ("mean_abs", [0, 2], ["a cell is one value", "a cell is the mean |w| of a block, 4 values a side"]),
        ("rms", [], []),
    ],
)
def test_what_a_cell_is(statistic, levels, facts):
    assert surface_facts(statistic, levels, 1.0, loading=False) == facts


@pytest.mark.parametrize(
    ("share", "percent"),
    [(0.5, 50), (0.123, 12), (0.012, 1.2), (0.0001, 0.01), (0.951, 95), (0.994, 99.4), (0.998, 99.8), (0.9994, 99.94)],
)
def test_a_sample_says_how_much_of_it_was_read_and_never_all(share, percent):
    [fact] = surface_facts("rms", [], share, loading=False)
    word = fact.removeprefix("sampled: ").removesuffix(" % of the values read")
    assert "e" not in word
    assert float(word) == pytest.approx(percent, rel=0.05)
    assert float(word) < 100


def test_what_is_exact_is_no_sample_and_what_is_to_come_is_said():
    assert surface_facts("rms", [], 1.0, loading=False) == []
    [fact] = surface_facts("rms", [], 1.0, loading=True)
    assert fact.startswith("reading")


# ---------------------------------------------------------------- filters
@pytest.mark.parametrize(
    ("keep", "text"),
    [
        ((1, 2), "only 1 to 2 tokens: 2 of 4"),
        ((0, 0), "only 0 tokens: 1 of 4"),
        ((-np.inf, 1), "only up to 1 tokens: 2 of 4"),
        ((2, np.inf), "only from 2 tokens: 2 of 4"),
        ((8, 9), "only 8 to 9 tokens: 0 of 4"),
        (None, ""),
    ],
)
def test_a_filter_says_how_many_of_the_own_values_it_keeps(keep, text):
    own = [True, True, True, True, False, True]  # the fifth is an aggregate, the sixth unknown
    coloring = made_coloring([0, 1, 2, 3, 1, np.nan], 0, 3, keep=keep, own=[*own[:5], False], unit="tokens")
    assert filter_text(coloring) == text


@pytest.mark.parametrize("figure", Figure)
@pytest.mark.parametrize("keep", [(-np.inf, np.inf), (-np.inf, 1), (1, np.inf)])
def test_an_open_filter_has_words_for_every_kind_of_value(figure, keep):
    more = CATEGORIES if figure is Figure.CATEGORY else {"figure": figure}
    text = filter_text(made_coloring([0, 1, 1], 0, 1, keep=keep, **more))
    assert text.endswith("of 3")
    assert "inf" not in text


def test_of_pictures_there_is_nothing_to_count():
    coloring = made_coloring([0], 0, 1, keep=(0.5, 1), surface="rms")
    assert filter_text(coloring) == "only 0.5 to 1"


# ---------------------------------------------------------------- cells
def face_of(rows, columns):
    camera = Camera((0.0, 0.0, 0.0), 0.0, 0.0, 5.0)
    face = Face.of(
        1,
        0,
        TileGrid(rows, columns),
        np.array([[0, 0, 0], [1, 1, 0.1]]),
        camera,
        (800, 600),
        corner_rays(camera, (800, 600)),
    )
    assert face is not None
    return face


@pytest.mark.parametrize(
    ("statistic", "shape", "place", "level", "text"),
    [
        ("signed", (600, 400), (103.9, 20.2), 0, "w[103, 20] = \u22120.5"),
        ("rms", (600, 400), (103.9, 20.2), 0, "|w|[103, 20] = \u22120.5"),
        ("signed", (64, 1), (5.5, 0.5), 0, "w[5] = \u22120.5"),
        ("signed", (600, 400), (103.9, 20.2), 3, "mean = \u22120.5 · rows 96\u2013103, columns 16\u201323"),
        ("rms", (600, 402), (599.9, 401.9), 2, "RMS = \u22120.5 · rows 596\u2013599, columns 400\u2013401"),
        ("mean_abs", (3, 3), (0.0, 0.0), 8, "mean |w| = \u22120.5 · rows 0\u20132, columns 0\u20132"),
    ],
)
def test_a_cell_says_which_values_it_stands_for(statistic, shape, place, level, text):
    overlay = made_overlay(surface=statistic)
    assert cell_text(overlay, face_of(*shape), place, level, -0.5) == text


def test_a_value_is_written_as_single_precision_has_it():
    assert cell_text(made_overlay(surface="signed"), face_of(4, 4), (0, 0), 0, 0.1) == "w[0, 0] = 0.1"
    assert cell_text(made_overlay(surface="signed"), face_of(4, 4), (0, 0), 0, np.nan) == "w[0, 0] = not a number"
    assert cell_text(made_overlay(surface="signed"), face_of(4, 4), (0, 0), 0, -np.inf) == "w[0, 0] = \u2212\u221e"
