"""Tracks of one channel: which run lies beside which, against brute force."""

from itertools import combinations, pairwise, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archviz3d.layout.channels import Run, tracks_of

MANY = settings(max_examples=200, deadline=None)
SOME = settings(max_examples=80, deadline=None)


def run(net, low=(), high=(), others=()):
    """A run by the places where it leaves to its low side, to its high side, and to other channels."""
    places = [*low, *high, *others]
    return Run(net, float(min(places)), float(max(places)), sorted(map(float, low)), sorted(map(float, high)))


@st.composite
def channels(draw, most):
    """Some runs whose stubs may stand in line with each other."""
    place = st.integers(0, 12)
    runs = []
    for net in range(draw(st.integers(1, most))):
        places = draw(st.lists(place, min_size=2, max_size=5, unique=True))
        sides = [draw(st.sampled_from(["low", "low", "high", "high", "others"])) for _ in places]
        runs.append(run(net, *([at for at, side in zip(places, sides, strict=True) if side == name]
                               for name in ("low", "high", "others"))))  # fmt: skip
    return runs


def meet(a, b):
    return a.start <= b.stop and b.start <= a.stop


def crossings(runs, track):
    """Stubs that meet a run on their way to their side; one on another stub's line is as bad as four."""
    found = 0
    for a, mine in zip(runs, track, strict=True):
        for b, other in zip(runs, track, strict=True):
            if mine < other:
                found += sum(b.start < at < b.stop for at in a.high) + sum(a.start < at < a.stop for at in b.low)
                found += 4 * len(set(a.high) & set(b.low))
    return found


def by_sides(run):
    """What leaves to the low side first; of those the short ones first, of what leaves to the high side the long."""
    lean = (len(run.high) - len(run.low)) / max(len(run.high) + len(run.low), 1)
    length = run.stop - run.start
    return lean, length if lean <= 0 else -length, run.net


def pairwise_crossings(runs):
    """Crossings of each two runs, the first on the low side."""
    return [[crossings([a, b], [0, 1]) for b in runs] for a in runs]


def in_order(pairs, order):
    """Crossings when each run lies above all that come before it."""
    return sum(pairs[k][j] for k, j in combinations(order, 2))


def fewest(pairs):
    return min(in_order(pairs, order) for order in permutations(range(len(pairs))))


def guess(runs):
    return sorted(range(len(runs)), key=lambda k: by_sides(runs[k]))


def depth(runs):
    """Most runs that lie beside each other anywhere."""
    return max(sum(other.start <= at <= other.stop for other in runs) for at in {one.start for one in runs})


def many(count, seed, reach=40):
    """Random runs, more than brute force can order."""
    random = np.random.default_rng(seed)
    made = []
    for net in range(count):
        places = random.choice(reach, 2, replace=False) + random.integers(0, 6 * count)
        made.append(run(net, *((places[:1], places[1:]), (places, ()), ((), places))[random.integers(3)]))
    return made


@MANY
@given(runs=channels(8))
def test_runs_that_meet_never_share_a_track(runs):
    track = tracks_of(runs)
    for (a, mine), (b, other) in combinations(zip(runs, track, strict=True), 2):
        assert mine != other or not meet(a, b)
    assert set(track) == set(range(max(track) + 1))


@pytest.mark.parametrize("count", [65, 200, 401, 700])
def test_nor_do_those_of_crowded_channels(count):
    runs = many(count, count)
    track = tracks_of(runs)
    assert not any(mine == other and meet(a, b)
                   for (a, mine), (b, other) in combinations(zip(runs, track, strict=True), 2))  # fmt: skip


def test_runs_apart_share_a_track_and_those_that_touch_do_not():
    assert tracks_of([run(0, low=[0, 3]), run(1, low=[4, 9])]) == [0, 0]
    assert sorted(tracks_of([run(0, low=[0, 4]), run(1, low=[4, 9])])) == [0, 1]


@pytest.mark.parametrize("count", [5, 64, 300])
def test_nested_runs_do_not_cross(count):
    spans = [(k, 2 * count - k) for k in range(count)]
    low, high = [run(k, low=span) for k, span in enumerate(spans)], [run(k, high=span) for k, span in enumerate(spans)]
    assert tracks_of(low) == list(range(count))[::-1]  # the innermost is nearest to where all leave
    assert tracks_of(high) == list(range(count))
    assert crossings(low, tracks_of(low)) == crossings(high, tracks_of(high)) == 0


def test_what_leaves_to_a_side_lies_there():
    low, high = run(0, low=[1, 2, 3]), run(1, high=[1.5, 2.5, 3.5])
    assert tracks_of([low, high]) == [0, 1]
    assert tracks_of([high._replace(net=0), low._replace(net=1)]) == [1, 0]


def test_stubs_do_not_lie_on_one_another():
    # Both pass from below to above, and the upper stub of the one stands where the lower stub of the other does.
    one, two = run(0, low=[0], high=[5]), run(1, low=[5], high=[9])
    assert tracks_of([one, two]) == [1, 0]
    assert tracks_of([two._replace(net=0), one._replace(net=1)]) == [0, 1]


@SOME
@given(runs=channels(6))
def test_crossings_are_never_more_than_in_the_order_by_sides_nor_fewer_than_possible(runs):
    pairs = pairwise_crossings(runs)
    assert fewest(pairs) <= crossings(runs, tracks_of(runs)) <= in_order(pairs, guess(runs))


@MANY
@given(runs=channels(2))
def test_two_runs_lie_the_better_way_round(runs):
    assert crossings(runs, tracks_of(runs)) == fewest(pairwise_crossings(runs))


def test_of_all_orders_of_five_nearly_the_best_is_found():
    random = np.random.default_rng(5)
    found = best = guessed = 0
    for _ in range(120):
        runs = []
        for net in range(5):
            places = random.choice(16, 4, replace=False)
            cut = random.integers(0, 5)
            runs.append(run(net, places[:cut], places[cut:]))
        pairs = pairwise_crossings(runs)
        found += crossings(runs, tracks_of(runs))
        best += fewest(pairs)
        guessed += in_order(pairs, guess(runs))
    assert best <= found <= 1.03 * best < guessed


@pytest.mark.parametrize("seed", range(20))
def test_no_two_neighbours_would_lie_better_the_other_way_round(seed):
    random = np.random.default_rng(seed)
    runs = []
    for net in range(12):  # all run past the middle, so that each has a track of its own
        places, cut = np.sort(np.append(random.choice(8, 2), random.choice(8, 2) + 10)), random.integers(0, 5)
        random.shuffle(places)
        runs.append(run(net, places[:cut], places[cut:]))
    order = np.argsort(tracks_of(runs))
    for low, high in pairwise(order):
        assert crossings([runs[low], runs[high]], [0, 1]) <= crossings([runs[low], runs[high]], [1, 0])


@pytest.mark.parametrize("seed", range(5))
def test_crowded_channels_have_the_fewest_tracks(seed):
    runs = many(401 + seed, seed)
    assert max(tracks_of(runs)) + 1 == depth(runs)


@MANY
@given(runs=channels(8), random=st.randoms(use_true_random=False))
def test_the_order_of_the_runs_does_not_matter(runs, random):
    shuffled = list(runs)
    random.shuffle(shuffled)
    one = {a.net: track for a, track in zip(runs, tracks_of(runs), strict=True)}
    two = {a.net: track for a, track in zip(shuffled, tracks_of(shuffled), strict=True)}
    assert one == two


def test_nor_in_a_crowded_channel():
    runs = many(450, 1, reach=2)  # many alike
    back = tracks_of(runs[::-1])
    assert tracks_of(runs) == back[::-1]


def test_an_empty_channel():
    assert tracks_of([]) == []
