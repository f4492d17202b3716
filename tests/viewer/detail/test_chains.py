"""Long chains of only children, against walking them link by link."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from archviz3d.graph.builder import GraphBuilder
from archviz3d.layout import place
from archviz3d.viewer.detail.chains import Chains, before, reached
from archviz3d.viewer.detail.cut import CutTree


def chain(length, tails=1):
    """A chain of containers in the last of which some tensors are."""
    b, node = GraphBuilder("chain", "made"), 0
    for k in range(length):
        node = b.node(node, f"c{k}")
    for k in range(tails):
        b.tensor(node, f"w{k}", (8, 8), "F32", nbytes=256)
    return b.build()


def test_a_long_chain_is_one_step_and_a_short_one_is_none():
    tree = CutTree(graph := chain(20, tails=2), place(chain(20, tails=2)))
    assert tree.chains is not None
    assert tree.chains.end.tolist() == [20] * 21 + [21, 22]  # the root has one child as well
    links, of, start = tree.chains.links(np.array([18, 22]))
    assert links.tolist() == [18, 19, 20, 22]
    assert of.tolist() == [0, 0, 0, 1]
    assert start.tolist() == [0, 0, 0, 3]
    assert CutTree(chain(4), place(chain(4))).chains is None
    assert len(graph) == 23


def test_no_chain_goes_through_a_hidden_link():
    graph = chain(20)
    hidden = np.zeros(len(graph), bool)
    hidden[15] = True
    chains = CutTree(graph, place(graph), hidden).chains
    assert chains is not None
    assert chains.end[:15].tolist() == [14] * 15


@given(st.lists(st.lists(st.booleans(), min_size=1, max_size=12), min_size=1, max_size=6))
def test_what_is_reached_is_what_one_comes_to_on_foot(chains):
    passes = np.array([link for links in chains for link in links])
    first = np.cumsum([0, *(len(links) for links in chains)])[:-1]
    start = np.repeat(first, [len(links) for links in chains])
    found = reached(passes, start).tolist()
    assert found == [all(links[:k]) for links in chains for k in range(len(links))]


@given(st.lists(st.lists(st.integers(-50, 50), min_size=1, max_size=8), min_size=1, max_size=5))
def test_sums_begin_anew_in_each_chain(chains):
    values = np.array([value for links in chains for value in links], float)
    first = np.cumsum([0, *(len(links) for links in chains)])[:-1]
    start = np.repeat(first, [len(links) for links in chains])
    assert before(values, start).tolist() == [sum(links[:k]) for links in chains for k in range(len(links))]


def test_chains_are_those_of_the_drawn_children():
    found = Chains.of(np.array([0, 1, 2, 3, 4, 5, 6, 7, 8, 8]), np.arange(1, 9))
    assert found is not None
    assert (found.end == 8).all()
    assert Chains.of(np.array([0, 2, 2, 2]), np.array([1, 2])) is None
