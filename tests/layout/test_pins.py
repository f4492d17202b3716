"""Heights at which ways leave and enter sides."""

from math import inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archviz3d.layout.pins import INSET, spread

MANY = settings(max_examples=300, deadline=None)
WISHES = st.lists(st.sampled_from([-inf, inf]) | st.floats(-1, 5), min_size=1, max_size=12)
SIDES = st.tuples(st.floats(0, 2), st.floats(0.01, 3)).map(lambda side: (side[0], side[0] + side[1]))


def free(side):
    """What is left of a side without its insets."""
    edge = INSET * (side[1] - side[0])
    return side[0] + edge, side[1] - edge


@MANY
@given(wishes=WISHES, side=SIDES)
def test_pins_are_inside_apart_and_in_the_order_of_the_wishes(wishes, side):
    heights = spread(wishes, *side)
    low, high = free(side)
    assert len(heights) == len(wishes)
    assert min(heights) >= low - 1e-9
    assert max(heights) <= high + 1e-9
    order = sorted(range(len(wishes)), key=lambda k: (wishes[k], k))
    assert (np.diff(np.array(heights)[order]) >= (high - low) / (2 * len(wishes)) - 1e-9).all()


@MANY
@given(steps=st.lists(st.floats(0, 1), min_size=2, max_size=12), side=SIDES, random=st.randoms(use_true_random=False))
def test_wishes_that_fit_are_kept(steps, side, random):
    low, high = free(side)
    n, apart = len(steps), (high - low) / (2 * len(steps)) * (1 + 1e-9)
    # At least so far apart, and what is left of the side anywhere between.
    spare = (high - low - apart * (n - 1)) * 0.999 / max(sum(steps), 1.0)
    wishes = (low + 1e-9 + np.arange(n) * apart + spare * np.cumsum(steps)).tolist()
    random.shuffle(wishes)
    assert spread(wishes, *side) == wishes


@pytest.mark.parametrize("wish", [0.3, 0.5, 0.85])
def test_a_single_wish_is_kept(wish):
    assert spread([wish], 0, 1) == [wish]


@pytest.mark.parametrize("wish", [-inf, -0.2, INSET - 0.01, 1 - INSET + 0.01, 2.0, inf])
def test_a_single_way_that_comes_from_elsewhere_enters_in_the_middle(wish):
    assert spread([wish], 0, 1) == [pytest.approx(0.5)]


@pytest.mark.parametrize("wish", [-inf, inf])
def test_ways_from_one_direction_are_spread_over_the_side(wish):
    heights = spread([wish] * 5, 10, 20)
    assert np.diff(heights) == pytest.approx([heights[1] - heights[0]] * 4)
    assert heights[2] == pytest.approx(15)
    assert heights[-1] - heights[0] > 5


def test_what_comes_from_above_and_below_stands_around_what_comes_straight():
    above, straight, below, other = spread([inf, 0.6, -inf, -inf], 0, 1)
    assert straight == 0.6
    assert below < other < straight < above
    assert other - below == pytest.approx(straight - other)


def test_of_wishes_too_near_to_each_other_the_lower_one_is_kept():
    low, high = spread([0.40, 0.41], 0, 1)
    assert low == 0.40
    assert high == pytest.approx((0.40 + 1 - INSET + (1 - 2 * INSET) / 4) / 2)  # halfway to the end
