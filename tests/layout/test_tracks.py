"""Tracks of many channels at once."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archviz3d.layout.tracks import ENDS, HIGH, LOW, Stops, Tracks

MANY = settings(max_examples=200, deadline=None)


def tracks(stops, edges):
    """Tracks of stops (channel, net, position, side)."""
    columns = [list(column) for column in zip(*stops, strict=True)] or [[]] * 4
    types = (np.int64, np.int64, np.float64, np.int64)
    arrays = [np.array(column, kind) for column, kind in zip(columns, types, strict=True)]
    return Tracks(Stops(*arrays), np.array(edges, np.float64).reshape(-1, 2))


def where(found, *nets, channel=0):
    return found.at(np.full(len(nets), channel), np.array(nets)).tolist()


def test_nested_ways_have_tracks_a_pitch_apart():
    spans = [(net, at, HIGH) for net in range(3) for at in (float(net), 10.0 - net)]
    found = tracks([(0, *stop) for stop in spans], [(2.0, 6.0)])
    assert found.count.tolist() == [3]
    assert found.pitch.tolist() == [1.0]
    assert where(found, 0, 1, 2) == [3.0, 4.0, 5.0]  # the innermost is nearest to the side where all leave


def test_what_only_crosses_a_channel_takes_no_track_and_does_so_in_the_middle():
    stops = [
        (0, 7, 5.0, LOW),
        (0, 7, 5.0, HIGH),
        (0, 1, 0.0, LOW),
        (0, 1, 9.0, LOW),
        (0, 2, 1.0, LOW),
        (0, 2, 8.0, LOW),
    ]
    found = tracks(stops, [(0.0, 3.0)])
    assert found.count.tolist() == [2]
    assert where(found, 7, 2, 1) == [1.5, 1.0, 2.0]
    assert where(tracks(stops[:2], [(0.0, 3.0)]), 7) == [1.5]


def test_a_net_that_does_not_come_through_a_channel_is_in_its_middle():
    found = tracks([(1, 0, 0.0, LOW), (1, 0, 1.0, HIGH), (1, 3, 2.0, LOW), (1, 3, 3.0, HIGH)], [(0, 1), (0, 2), (4, 8)])
    assert where(found, 0, 3, channel=1) == [1.0, 1.0]
    assert where(found, 0, 3, channel=0) == [0.5, 0.5]
    assert where(found, 3, channel=2) == [6.0]


def test_channels_do_not_see_each_other():
    one = [(0, net, at, HIGH) for net in range(3) for at in (float(net), 10.0 - net)]
    two = [(2, net, at, LOW) for net in range(3) for at in (float(net), 10.0 - net)]
    found = tracks([*two, *one], [(0.0, 4.0), (4.0, 5.0), (5.0, 9.0)])
    assert found.count.tolist() == [3, 0, 3]
    assert where(found, 0, 1, 2) == [1.0, 2.0, 3.0]
    assert where(found, 0, 1, 2, channel=2) == [8.0, 7.0, 6.0]
    assert found.pitch.tolist() == [1.0, 1.0, 1.0]


def test_a_way_that_goes_on_in_another_channel_leaves_to_neither_side():
    def lower(side, *others):
        """Which of two nets that overlap from 3 to 4 lies lower; net 0 ends at 4, in the span of net 1."""
        return int(np.argmin(where(tracks([*others, (0, 0, 4.0, side)], [(0, 1)]), 0, 1)))

    up = [(0, 0, 0.0, HIGH), (0, 1, 3.0, HIGH), (0, 1, 9.0, HIGH)]
    assert lower(ENDS, *up) == 0
    assert lower(HIGH, *up) == 1  # net 0 would have to cross net 1 there
    through = [(0, 0, 0.0, LOW), (0, 1, 3.0, LOW), (0, 1, 9.0, HIGH)]
    assert lower(ENDS, *through) == 1
    assert lower(LOW, *through) == 0


def test_without_stops_every_channel_is_free():
    found = tracks([], [(0, 1), (1, 4)])
    assert found.count.tolist() == [0, 0]
    assert found.pitch.tolist() == [1, 3]
    assert where(found, 0, channel=1) == [2.5]


STOPS = st.lists(
    st.tuples(
        st.integers(0, 3), st.integers(0, 6), st.integers(0, 8).map(float), st.sampled_from([LOW, HIGH, ENDS])
    ),
    max_size=30,
)  # fmt: skip


@MANY
@given(stops=STOPS, random=st.randoms(use_true_random=False))
def test_nets_that_run_beside_each_other_are_a_pitch_apart_and_off_the_edges(stops, random):
    edges = np.array([(0.0, 1.0), (1.0, 1.5), (3.0, 9.0), (0.0, 0.1)])
    found = tracks(stops, edges)
    spans = {}
    for channel, net, at, _ in stops:
        low, high = spans.get((channel, net), (at, at))
        spans[channel, net] = min(low, at), max(high, at)
    for channel, (low, high) in enumerate(edges):
        nets = [net for (own, net), (start, stop) in spans.items() if own == channel and start < stop]
        assert found.count[channel] <= len(nets)
        assert (found.count[channel] > 0) == bool(nets)
        assert found.pitch[channel] == pytest.approx((high - low) / (found.count[channel] + 1))
        places = where(found, *nets, channel=channel) if nets else []
        for k, (net, place) in enumerate(zip(nets, places, strict=True)):
            assert low + found.pitch[channel] - 1e-9 <= place <= high - found.pitch[channel] + 1e-9
            for other, beside in zip(nets[:k], places, strict=False):
                (a, b), (c, d) = spans[channel, net], spans[channel, other]
                assert b < c or d < a or abs(place - beside) >= found.pitch[channel] - 1e-9
    shuffled = list(stops)
    random.shuffle(shuffled)
    again = tracks(shuffled, edges)
    assert [where(again, *range(7), channel=c) for c in range(4)] == [
        where(found, *range(7), channel=c) for c in range(4)
    ]
