from dataclasses import replace

import numpy as np
import pytest

from archviz3d.overlays.overlay import Aggregate, Figure, Origin, Overlay
from archviz3d.viewer.window.overlays.filters import filters_of
from archviz3d.viewer.window.overlays.own_values import OwnValues


def overlay_of(values, **facts):
    values = np.atleast_2d(np.array(values, np.float32))
    ids = np.arange(values.shape[1], dtype=np.int32)
    return Overlay("x", "X", "", "", Origin.TABLE, Aggregate.MEAN, ids, values, **facts)


def kept(overlay, title, step=0):
    (offered,) = [offered for offered in filters_of(overlay) if offered.title == title]
    return OwnValues.of(overlay, step).within(offered.keep).values.tolist()


def titles(overlay):
    return [offered.title for offered in filters_of(overlay)]


def test_loads_offer_dead_and_nearly_dead_parts_and_both_ends(loads):
    assert titles(loads) == ["Zero", "Up to 1 % of the mean", "Lowest 1 %", "Highest 1 %"]
    assert kept(loads, "Zero") == [0] * 6


def test_what_no_value_has_is_not_offered():
    assert titles(overlay_of(np.arange(100, 300))) == ["Lowest 1 %", "Highest 1 %"]
    assert titles(overlay_of([5, 6, 7])) == []  # a hundredth of three is none
    assert titles(overlay_of([np.nan])) == []
    assert titles(overlay_of(np.ones(500))) == []


def test_hundredths_hold_a_hundredth():
    values = np.random.default_rng(0).permutation(10_000).astype(np.float32)
    assert sorted(kept(overlay_of(values), "Lowest 1 %")) == pytest.approx(range(101), abs=1)
    highest = sorted(kept(overlay_of(values), "Highest 1 %"))
    assert 99 <= len(highest) <= 101
    assert highest[-1] == 9999


def test_up_to_a_hundredth_of_the_mean():
    assert sorted(kept(overlay_of([0, 0.5, 1, 99, 299.5]), "Up to 1 % of the mean")) == [0, 0.5]


def test_signs():
    overlay = overlay_of([-3, -1e-30, 0, 2e-30, 5])
    assert kept(overlay, "Negative") == pytest.approx([-3, -1e-30])
    assert kept(overlay, "Positive") == pytest.approx([2e-30, 5])
    assert kept(overlay, "Zero") == [0]


def test_bounds_are_those_of_all_steps(loads):
    (highest,) = [offered for offered in filters_of(loads) if offered.title == "Highest 1 %"]
    assert highest.keep == (950.0, np.inf)  # of 288 values: 970, two of 960, and the first of three of 950
    assert kept(loads, "Highest 1 %", step=0) == [950]
    assert kept(loads, "Highest 1 %", step=2) == [950, 960, 970]


def test_categories_are_offered_by_name():
    overlay = overlay_of([0, 2, 2], figure=Figure.CATEGORY, categories=("BF16", "F32", "I8"))
    assert titles(overlay) == ["BF16", "I8"]
    assert kept(overlay, "I8") == [2, 2]


def test_pictures_of_weights_offer_signs_where_they_have_them(loads):
    picture = replace(loads, ids=loads.ids[:0], values=np.empty((1, 0), np.float32), steps=(), surface="signed")
    assert titles(picture) == ["Zero"]
    assert titles(replace(picture, diverging=True)) == ["Zero", "Negative", "Positive"]


def test_tips_say_the_bounds_with_their_unit(loads):
    (offered,) = [offered for offered in filters_of(loads) if offered.title == "Highest 1 %"]
    assert offered.tip == "From 950 tokens"
