"""Ports: what has no line says at both of its ends where it comes from and goes to."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from archviz3d.graph import EdgeKind, GraphBuilder, Provenance
from archviz3d.layout import place
from archviz3d.layout.inlets import SHARED
from archviz3d.layout.lift import lift, lifted_ends
from archviz3d.layout.ports import edge_routes

from .test_inlets import masked
from .test_place import compound

SOME = settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
DATA, RESIDUAL, TIED = EdgeKind.DATA, EdgeKind.RESIDUAL, EdgeKind.TIED


def told(placement):
    """Ports as (node, other, outgoing, count)."""
    ports = placement.ports
    columns = (ports.node, ports.other, ports.outgoing, ports.count)
    return sorted(zip(*(column.tolist() for column in columns), strict=True))


def lines(placement):
    return set(zip(placement.routes.source.tolist(), placement.routes.target.tolist(), strict=True))


def test_a_tie_has_a_port_at_both_ends(tree):
    graph = tree([0, 0, 0], edges=[(1, 3, TIED), (1, 2, DATA)])
    placement = place(graph)
    assert told(placement) == [(1, 3, True, 1), (3, 1, False, 1)]
    assert placement.ports.kind.tolist() == [TIED] * 2
    assert placement.ports.provenance.tolist() == [Provenance.DECLARED] * 2


def test_what_goes_out_to_several_has_one_port_that_counts_them(tree):
    graph = tree([0] * 4, edges=[(1, 2, TIED), (1, 3, TIED), (1, 4, TIED)])
    assert told(place(graph)) == [(1, -1, True, 3), *((k, 1, False, 1) for k in (2, 3, 4))]


def test_what_comes_in_from_several_has_a_port_for_each(tree):
    graph = tree([0] * 4, edges=[(1, 4, TIED), (2, 4, TIED), (3, 4, TIED)])
    assert told(place(graph)) == [*((k, 4, True, 1) for k in (1, 2, 3)), *((4, k, False, 1) for k in (1, 2, 3))]


def test_what_comes_in_from_more_than_can_be_read_has_one_port_that_counts_them(tree):
    graph = tree([0] * 10, edges=[(k, 10, TIED) for k in range(1, 8)] + [(8, 8, DATA)])
    assert told(place(graph)) == [
        *((k, 10, True, 1) for k in range(1, 8)), (8, 8, False, 1), (8, 8, True, 1), (10, -1, False, 7)
    ]  # fmt: skip


def test_ports_of_different_kinds_are_apart(tree):
    graph = tree([0] * 3, edges=[(1, 2, TIED), (1, 3, TIED), (1, 1, DATA)])
    ports = place(graph).ports
    here = sorted(zip(ports.kind[ports.node == 1].tolist(), ports.count[ports.node == 1].tolist(), strict=True))
    assert here == sorted([(DATA, 1), (DATA, 1), (TIED, 2)])


def test_the_same_tie_twice_is_one_of_the_stronger_provenance():
    b = GraphBuilder("m", "test")
    one, two = b.node(0, "one"), b.node(0, "two")
    b.edge(one, two, TIED, Provenance.INFERRED)
    b.edge(one, two, TIED, Provenance.TRACED)
    placement = place(b.build())
    assert told(placement) == [(1, 2, True, 1), (2, 1, False, 1)]
    assert placement.ports.provenance.tolist() == [Provenance.TRACED] * 2


def test_a_port_for_several_is_of_the_strongest_provenance():
    b = GraphBuilder("m", "test")
    source, *others = (b.node(0, name) for name in ("source", "one", "two"))
    for other, provenance in zip(others, (Provenance.INFERRED, Provenance.DERIVED), strict=True):
        b.edge(source, other, TIED, provenance)
    ports = place(b.build()).ports
    tags = dict(zip(ports.node.tolist(), ports.provenance.tolist(), strict=True))
    assert tags == {1: Provenance.DERIVED, 2: Provenance.INFERRED, 3: Provenance.DERIVED}


@pytest.mark.parametrize("node", [1, 2])
def test_what_feeds_itself_has_both_ports(tree, node):
    graph = tree([0, 0, 2, 2], edges=[(node, node, DATA)])
    assert told(place(graph)) == [(node, node, False, 1), (node, node, True, 1)]


def test_what_feeds_its_only_child_has_ports_as_there_is_no_room_for_a_line(tree):
    graph = tree([0, 0, 2], edges=[(2, 3, DATA)])
    placement = place(graph)
    assert told(placement) == [(2, 3, True, 1), (3, 2, False, 1)]
    assert lines(placement) == set()


def test_a_mask_to_many_layers_has_a_line_to_their_container_and_ports_in_it(tree):
    graph, layers, readers = masked(tree, SHARED + 1)
    placement = place(graph)
    assert told(placement) == sorted((part, 1, False, 1) for part in [*layers, *readers])
    assert lines(placement) == {(1, 2), *pairwise(layers)}
    assert placement.ports.kind.tolist() == [DATA] * len(placement.ports)


def test_what_a_flat_graph_shares_far_along_its_flow_has_ports_at_all_that_read_it(tree):
    reads, chain = [3, 20, 40, 45, 50, 55, 60], list(pairwise(range(2, 62)))
    edges = [(a, b, DATA) for a, b in [(1, 2), *chain, *((1, k) for k in reads)]]
    placement = place(tree([0] * 61, edges=edges))
    assert told(placement) == [(1, -1, True, 8), *((k, 1, False, 1) for k in [2, *reads])]
    assert lines(placement) == set(chain)


@pytest.mark.parametrize("reads", [[40, 50, 60], [4, 40, 50, 60], [4, 5, 6, 7, 8]], ids=["few", "few far", "near"])
def test_what_few_share_or_what_is_near_has_lines(tree, reads):
    chain = list(pairwise(range(2, 62)))
    edges = [(a, b, DATA) for a, b in [(1, 2), *chain, *((1, k) for k in reads)]]
    placement = place(tree([0] * 61, edges=edges))
    assert told(placement) == []
    assert {(1, k) for k in reads} <= lines(placement)


def test_a_part_far_along_the_flow_that_reads_nothing_else_is_joined_by_a_line(tree):
    # Many stand beside each other, and only the part that reads them all is far along.
    edges = [(1, k, DATA) for k in range(2, 42)] + [(k, 42, DATA) for k in range(2, 42)]
    placement = place(tree([0] * 42, edges=edges))
    assert told(placement) == []
    assert lines(placement) == {(a, b) for a, b, _ in edges}


def test_what_is_hidden_has_no_ports_and_is_not_counted(tree):
    graph = tree([0] * 5, edges=[(1, 2, TIED), (1, 3, TIED), (1, 4, TIED), (5, 4, TIED)])
    assert told(place(graph, hidden=[3])) == [
        (1, -1, True, 2), (2, 1, False, 1), (4, 1, False, 1), (4, 5, False, 1), (5, 4, True, 1)
    ]  # fmt: skip
    assert told(place(graph, hidden=[3, 4])) == [(1, 2, True, 1), (2, 1, False, 1)]
    assert told(place(graph, hidden=[1])) == [(4, 5, False, 1), (5, 4, True, 1)]


def test_ports_inside_what_is_hidden_are_hidden(tree):
    graph = tree([0, 0, 2, 2], edges=[(1, 4, TIED)])
    assert told(place(graph, hidden=[2])) == []


@pytest.mark.parametrize("ties", [1, 3, 6])
def test_ports_stand_at_the_edges_one_below_the_other(tree, ties):
    edges = [(1, k, TIED) for k in range(2, ties + 2)] + [(k, ties + 2, TIED) for k in range(2, ties + 2)]
    graph = tree([0] * (ties + 2), edges=edges)
    placement = place(graph)
    ports = placement.ports
    low, high = (placement.center[ports.node] + sign * placement.size[ports.node] / 2 for sign in (-1, 1))
    smaller = placement.size[ports.node, :2].min(1)
    inside = np.where(ports.outgoing, high[:, 0] - ports.point[:, 0], ports.point[:, 0] - low[:, 0]) / smaller
    assert (inside > 0).all()
    assert (inside < 0.05).all()
    above = ports.point[:, 2] - high[:, 2]
    assert (above > 0).all()
    assert (above < 0.01 * smaller).all()
    last = np.flatnonzero((ports.node == ties + 2) & ~ports.outgoing)
    assert ports.other[last].tolist() == list(range(2, ties + 2))
    heights = (ports.point[last, 1] - low[last, 1]) / (high[last, 1] - low[last, 1])
    assert 0.5 < heights[0] < 0.95  # below the name
    assert heights[-1] > 0.05
    steps = -np.diff(heights)
    np.testing.assert_allclose(steps, steps[:1].repeat(ties - 1))
    assert (steps > 0.05).all()


def test_each_edge_knows_what_draws_it(tree):
    edges = [(1, 2, DATA), (5, 1, DATA), (6, 1, DATA), (1, 5, TIED), (4, 4, DATA), (4, 6, DATA)]
    graph = tree([0, 0, 2, 2, 4, 4], edges=edges)
    routes = place(graph).routes
    found = edge_routes(graph, routes)
    joined = [(int(routes.source[k]), int(routes.target[k])) if k >= 0 else None for k in found.route]
    listed = list(zip(graph.edges.source.tolist(), graph.edges.target.tolist(), strict=True))
    # The edges from inside of 2 to 1 share one line; the tie and what feeds itself have none.
    expected = {(1, 2): (1, 2), (5, 1): (2, 1), (6, 1): (2, 1), (1, 5): None, (4, 4): None, (4, 6): (4, 6)}
    assert joined == [expected[pair] for pair in listed]
    assert found.route[listed.index((5, 1))] == found.route[listed.index((6, 1))]
    ends = list(zip(found.source.tolist(), found.target.tolist(), strict=True))
    assert ends == [expected[pair] or pair for pair in listed]


@SOME
@given(parts=compound())
def test_ports_are_those_of_edges_without_a_line_and_of_what_many_read(tree, parts):
    graph = tree(*parts)
    placement = place(graph)
    _, shared = lift(graph)
    starts, stops = lifted_ends(graph)
    edges, lone = graph.edges, np.flatnonzero(starts < 0)
    entries = set()
    for table, rows, both in ((edges, lone, True), (shared, shared.sibling, True), (shared, ~shared.sibling, False)):
        sources, targets = (edges.source, edges.target) if table is edges else (shared.other, shared.child)
        for source, target, kind in zip(*(c[rows].tolist() for c in (sources, targets, table.kind)), strict=True):
            entries.add((target, False, kind, source))
            if both:
                entries.add((source, True, kind, target))
    expected = []
    for node, outgoing, kind in {entry[:3] for entry in entries}:
        others = [entry[3] for entry in entries if entry[:3] == (node, outgoing, kind)]
        if len(others) > 1 and (outgoing or len(others) > 6):
            expected.append((node, -1, outgoing, len(others)))
        else:
            expected += [(node, other, outgoing, 1) for other in others]
    assert told(placement) == sorted(expected)
    ports = placement.ports
    sides = np.column_stack([ports.node, ports.outgoing, ports.point])
    assert len(np.unique(sides, axis=0)) == len(ports)
    far = set(zip(shared.other[shared.sibling].tolist(), shared.child[shared.sibling].tolist(), strict=True))
    without = [a < 0 or (a, b) in far for a, b in zip(starts.tolist(), stops.tolist(), strict=True)]
    assert (edge_routes(graph, placement.routes).route < 0).tolist() == without
