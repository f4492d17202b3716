"""Dragging the legend's range; its axis is linear or logarithmic in pixels, and may change while one drags."""

from math import exp, log
from types import SimpleNamespace

import pytest

from archviz3d.options import check_range
from archviz3d.overlays.overlay import Scale
from archviz3d.viewer.state import ViewState
from archviz3d.viewer.window.pointing.legend_drag import LegendDrag

BOTTOM, HEIGHT = 300.0, 200.0


class FakeScene:
    """A legend whose bar goes from `axis[0]` at pixel 300 up to `axis[1]` at pixel 100."""

    def __init__(self, low, high, axis, scale=Scale.LINEAR, diverging=False):
        self.coloring = SimpleNamespace(low=low, high=high, scale=scale, overlay=SimpleNamespace(diverging=diverging))
        self.axis = axis

    def legend_value(self, y):
        place = (BOTTOM - y) / HEIGHT
        low, high = self.axis
        if self.coloring.scale is Scale.LOG:
            return exp(log(low) + place * (log(high) - log(low)))
        return low + place * (high - low)


def drag(scene, part, start, *ends):
    state = ViewState()
    grip = LegendDrag(scene, state, part, start)
    for y in ends:
        grip.to(y)
        scene.axis = (scene.axis[0] - 1, scene.axis[1] * 2)  # the legend draws itself anew meanwhile
    return state.range


def test_an_end_follows_the_cursor():
    assert drag(FakeScene(20, 80, (0, 100)), "low", 260, 250, 220) == pytest.approx((40, 80))
    assert drag(FakeScene(20, 80, (0, 100)), "high", 140, 100) == pytest.approx((20, 100))
    assert drag(FakeScene(20, 80, (0, 100)), "high", 140, 60) == pytest.approx((20, 120))  # beyond the bar


def test_a_drag_between_moves_both():
    assert drag(FakeScene(20, 80, (0, 100)), "between", 200, 180) == pytest.approx((30, 90))


def test_the_ends_do_not_meet():
    low, high = drag(FakeScene(20, 80, (0, 100)), "low", 260, 0)
    assert low < high == 80
    low, high = drag(FakeScene(20, 80, (0, 100)), "high", 140, 400)
    assert 20 == low < high


def test_on_a_logarithmic_axis_lengths_are_ratios():
    scene = FakeScene(1, 100, (0.1, 1000), Scale.LOG)
    assert drag(scene, "high", 150, 100) == pytest.approx((1, 1000))
    scene = FakeScene(1, 100, (0.1, 1000), Scale.LOG)
    low, high = drag(scene, "between", 200, 250)
    assert (low, high) == pytest.approx((0.1, 10))
    low, _ = drag(FakeScene(1, 100, (0.1, 1000), Scale.LOG), "low", 250, 5000)
    assert low > 0


def test_zero_stays_the_middle_of_a_diverging_map():
    def scene():
        return FakeScene(-2, 2, (-4, 4), diverging=True)

    assert drag(scene(), "high", 150, 125) == pytest.approx((-3, 3))
    assert drag(scene(), "low", 250, 225) == pytest.approx((-1, 1))
    low, high = drag(scene(), "high", 150, 290)
    assert -low == high > 0
    assert drag(scene(), "between", 200, 150) == (-2, 2)


@pytest.mark.parametrize("part", ["low", "high", "between"])
@pytest.mark.parametrize("way", [1, -1], ids=["down", "up"])
@pytest.mark.parametrize(
    "scene",
    [
        FakeScene(20, 80, (0, 100)),
        FakeScene(1, 100, (1e-30, 1e30), Scale.LOG),
        FakeScene(-2, 2, (-4, 4), diverging=True),
        FakeScene(1e37, 9e37, (0, 1e38)),
    ],
    ids=["linear", "log", "diverging", "huge"],
)
def test_however_far_one_drags_it_is_a_range(scene, part, way):
    ends = [200 + way * 10**k for k in (1, 2, 3, 5, 8, 20, 40, 60)]
    grip = LegendDrag(scene, state := ViewState(), part, 200)
    for y in ends:
        grip.to(y)
        assert state.range == check_range(state.range)
    grip.to(200)
    assert state.range == pytest.approx((scene.coloring.low, scene.coloring.high))


def test_where_nothing_is_left_of_a_range_the_last_one_stays():
    grip = LegendDrag(FakeScene(20, 80, (0, 100)), state := ViewState(), "between", 200)
    grip.to(150)
    assert state.range == pytest.approx((45, 105))
    grip.to(1e300)  # both ends at the limit
    assert state.range == pytest.approx((45, 105))
