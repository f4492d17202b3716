"""What a spotlight lights, against sets of nodes."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from archviz3d.graph.builder import GraphBuilder
from archviz3d.viewer.pointing.spotlight import DIMMED, Spotlight, gathered


@st.composite
def trees(draw):
    builder = GraphBuilder("tree", "test")
    nodes = [0]
    for k in range(draw(st.integers(0, 25))):
        nodes.append(builder.node(draw(st.sampled_from(nodes)), f"n{k}"))
    return builder.build()


def inside(graph, node):
    return set(range(len(graph))[graph.subtree(node)])


@settings(max_examples=40, deadline=None)
@given(graph=trees(), data=st.data())
def test_boxes_recede_unless_they_are_lit_or_bear_what_is(graph, data):
    nodes = np.arange(len(graph))
    chosen = data.draw(st.sets(st.sampled_from(nodes.tolist())))
    opened = np.array(data.draw(st.lists(st.booleans(), min_size=len(nodes), max_size=len(nodes))))
    shares = Spotlight(graph, chosen).of_boxes(nodes, opened)
    lit = set().union(*(inside(graph, node) for node in chosen))
    for node, share in enumerate(shares):
        if not chosen or node in lit:
            assert share == 0
        elif inside(graph, node) & lit:
            assert share == 0 if opened[node] else 0 < share < DIMMED
        else:
            assert share == DIMMED


@settings(max_examples=40, deadline=None)
@given(graph=trees(), data=st.data())
def test_routes_recede_by_their_ends(graph, data):
    nodes = np.arange(len(graph))
    chosen = data.draw(st.sets(st.sampled_from(nodes.tolist()), min_size=1))
    source, target, owner = (np.array(data.draw(st.permutations(nodes.tolist()))) for _ in range(3))
    lit = set().union(*(inside(graph, node) for node in chosen))
    shares = Spotlight(graph, chosen).of_routes(source, target, owner)
    for a, b, plate, share in zip(source, target, owner, shares, strict=True):
        leaves = a != b == plate and a not in lit and bool(inside(graph, a) & lit)
        if inside(graph, a) & lit and inside(graph, b) & lit and not leaves:
            assert share == 0
        elif a in lit or b in lit or leaves:
            assert 0 < share < DIMMED
        else:
            assert share == DIMMED


@settings(max_examples=40, deadline=None)
@given(graph=trees(), data=st.data())
def test_gathered_nodes_hold_the_same_leaves_in_as_few_as_possible(graph, data):
    chosen = data.draw(st.lists(st.sampled_from(range(len(graph))), unique=True))
    leaves = set(np.flatnonzero(graph.child_count == 0).tolist())
    lit = set().union(*(inside(graph, node) for node in chosen)) & leaves
    found = gathered(graph, np.array(chosen, np.int64))
    assert set().union(*(inside(graph, node) for node in found)) & leaves == lit
    for node in found:
        parent = int(graph.parent[node])
        assert parent < 0 or not inside(graph, parent) & leaves <= lit
