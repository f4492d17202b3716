"""Which ways share a trunk."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archviz3d.graph import EdgeKind, Provenance
from archviz3d.layout.links import ADD, NO_LANE, READ, SELF, Links, bundles

COLUMNS = ("inlet", "lane", "leave", "enter", "width", "at", "backward", "kind", "provenance")
DEFAULTS = {"inlet": 0, "lane": NO_LANE, "leave": np.nan, "enter": np.nan, "width": 0.0, "at": 0.5, "backward": False}
TYPES = {"inlet": np.int64, "lane": np.int64, "backward": np.bool_, "kind": np.uint8, "provenance": np.uint8}


def links(pairs, **columns):
    """Links by their ends; other columns by name, one value for all or one for each."""
    source, target = np.array(pairs, np.int64).reshape(-1, 2).T.copy()
    given_or_default = {**DEFAULTS, "kind": EdgeKind.DATA, "provenance": Provenance.DECLARED, **columns}
    full = {
        name: np.broadcast_to(np.array(given_or_default[name], TYPES.get(name, np.float64)), len(source)).copy()
        for name in COLUMNS
    }
    return Links(source=source, target=target, **full)


def nets(pairs, **columns):
    """Sets of links that share a trunk, by position; and which links are gathered."""
    net, gathers = bundles(links(pairs, **columns))
    return {tuple(np.flatnonzero(net == k).tolist()) for k in range(net.max() + 1)}, np.flatnonzero(gathers).tolist()


def test_ways_from_one_source_share_a_trunk():
    assert nets([(0, 1), (2, 3), (0, 3), (0, 4)]) == ({(0, 2, 3), (1,)}, [])


def test_few_ways_to_one_target_keep_apart_and_many_share_the_trunk_to_it():
    assert nets([(0, 9), (1, 9), (2, 9)]) == ({(0,), (1,), (2,)}, [])
    assert nets([(0, 9), (1, 9), (2, 9), (3, 9)]) == ({(0, 1, 2, 3)}, [0, 1, 2, 3])


def test_a_way_goes_with_its_source_where_that_has_more_to_share():
    fan = [(0, target) for target in range(5, 10)]  # five from 0
    into = [(source, 9) for source in range(1, 4)]  # with (0, 9), four to 9
    assert nets([*fan, *into]) == ({(0, 1, 2, 3, 4), (5, 6, 7)}, [5, 6, 7])
    # One more to 9 than from 0, and it goes with its target.
    more = [(source, 9) for source in (1, 2, 3, 4, 10)]
    assert nets([*fan, *more]) == ({(0, 1, 2, 3), (4, 5, 6, 7, 8, 9)}, [4, 5, 6, 7, 8, 9])
    # As many: the source's.
    assert nets([*fan, *more[:4]])[1] == [5, 6, 7, 8]


def test_what_leaves_the_container_is_gathered_too():
    assert nets([(k, SELF) for k in range(4)]) == ({(0, 1, 2, 3)}, [0, 1, 2, 3])


def test_ways_into_the_container_are_together_where_they_carry_the_same():
    pairs = [(SELF, 0), (SELF, 1), (SELF, 2), (0, 1)]
    assert nets(pairs, inlet=[3, 5, 3, 0]) == ({(0, 2), (1,), (3,)}, [])
    assert nets(pairs, inlet=[0, 0, 0, 0]) == ({(0, 1, 2), (3,)}, [])


@pytest.mark.parametrize("column", [{"lane": READ}, {"lane": ADD}, {"width": 0.02}], ids=["read", "add", "stream"])
def test_stretches_of_streams_have_no_trunk(column):
    (name, value), rest = next(iter(column.items())), DEFAULTS
    some = [value, value, rest[name], rest[name], rest[name]]
    # Of five ways from 0, two are streams; of four to 9, one: three more do not make a trunk.
    assert nets([(0, 1), (0, 2), (0, 3), (0, 4), (0, 5)], **{name: some}) == ({(0,), (1,), (2, 3, 4)}, [])
    into = [(0, 9), (1, 9), (2, 9), (3, 9)]
    assert nets(into, **{name: [value, *some[2:]]}) == ({(0,), (1,), (2,), (3,)}, [])
    # Nor does it count as one of the ways that a source has to share.
    beside = [rest[name]] * 4 + [value] * 4
    assert nets([*into, *((0, k) for k in range(4, 8))], **{name: beside})[1] == [0, 1, 2, 3]


def test_a_plain_link_is_no_part_of_a_stream():
    some = links([(0, 1)] * 4, lane=[NO_LANE, READ, ADD, NO_LANE], width=[0.0, 0.1, 0.1, 0.1])
    assert some.plain.tolist() == [True, False, False, False]
    assert len(some) == 4


END = st.integers(SELF, 8)


@settings(max_examples=300, deadline=None)
@given(rows=st.lists(st.tuples(END, END, st.integers(0, 2), st.sampled_from([NO_LANE] * 6 + [READ, ADD])), min_size=1))
def test_ways_that_share_a_trunk_share_an_end(rows):
    source, target, inlet, lane = map(np.array, zip(*rows, strict=True))
    inlet = np.where(source == SELF, inlet, 0)
    net, gathers = bundles(links(np.stack([source, target], 1), inlet=inlet, lane=lane))
    assert set(net.tolist()) == set(range(net.max() + 1))
    plain = lane == NO_LANE
    assert not (gathers & ~plain).any()
    for k in range(net.max() + 1):
        here = np.flatnonzero(net == k)
        if len(here) > 1:
            assert plain[here].all()
            ends = target[here] if gathers[here[0]] else source[here] * 3 + inlet[here]
            assert len(set(ends.tolist())) == 1
            assert len(set(gathers[here].tolist())) == 1
    # And all that could share one do.
    for a, b in zip(*np.triu_indices(len(rows), 1), strict=True):
        if plain[a] and plain[b] and gathers[a] == gathers[b]:
            ends = (target[a], target[b]) if gathers[a] else ((source[a], inlet[a]), (source[b], inlet[b]))
            assert (net[a] == net[b]) == (ends[0] == ends[1])
