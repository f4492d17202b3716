"""Flow from outside of a container, followed down to the parts that read or make it."""

import tracemalloc
from dataclasses import fields
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archviz3d.graph import EdgeKind, GraphBuilder, NodeKind, Provenance
from archviz3d.layout import place
from archviz3d.layout.inlets import SHARED
from archviz3d.layout.lift import lift, lifted_ends

from .test_place import compound

SOME = settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
DATA, ROUTED, RESIDUAL, TIED = EdgeKind.DATA, EdgeKind.ROUTED, EdgeKind.RESIDUAL, EdgeKind.TIED

# 0 holds 1 and 2; 2 holds 3, 4 and 7; 4 holds 5 and 6: listed in pre-order, so that positions are ids.
NESTED = [0, 0, 2, 2, 4, 4, 2]


def rows(graph):
    """(owner, source, target) of all lifted flow."""
    lifted, _ = lift(graph)
    return list(zip(lifted.owner.tolist(), lifted.source.tolist(), lifted.target.tolist(), strict=True))


def groups(graph):
    """The number of what each child reads from outside."""
    lifted, _ = lift(graph)
    inlets = lifted.source == lifted.owner
    return dict(zip(lifted.target[inlets].tolist(), lifted.group[inlets].tolist(), strict=True))


def shared_of(graph):
    """(part, what it reads, whether the two are siblings) of all that has ports."""
    _, shared = lift(graph)
    return sorted(zip(shared.child.tolist(), shared.other.tolist(), shared.sibling.tolist(), strict=True))


def test_an_edge_has_an_inlet_at_every_level_down_to_its_target(tree):
    assert rows(tree(NESTED, edges=[(1, 6, DATA)])) == [(0, 1, 2), (2, 2, 4), (4, 4, 6)]
    assert rows(tree(NESTED, edges=[(1, 4, DATA)])) == [(0, 1, 2), (2, 2, 4)]
    assert rows(tree(NESTED, edges=[(1, 2, DATA)])) == [(0, 1, 2)]


def test_and_an_outlet_at_every_level_from_its_source(tree):
    assert rows(tree(NESTED, edges=[(6, 1, DATA)])) == [(0, 2, 1), (2, 4, 2), (4, 6, 4)]
    # From within one container into another that is in the same: only the inner ones are left and entered.
    assert rows(tree([*NESTED, 7, 7], edges=[(6, 9, DATA)])) == [(2, 4, 7), (4, 6, 4), (7, 7, 9)]


def test_what_a_container_hands_to_a_part_deep_in_it_goes_on_from_its_child(tree):
    assert rows(tree(NESTED, edges=[(2, 6, DATA)])) == [(2, 2, 4), (4, 4, 6)]
    assert rows(tree(NESTED, edges=[(6, 2, DATA)])) == [(2, 4, 2), (4, 6, 4)]


@pytest.mark.parametrize(("kind", "found"), [(RESIDUAL, [(0, 1, 2)]), (TIED, [])])
def test_streams_and_ties_are_not_followed_inside(tree, kind, found):
    assert rows(tree(NESTED, edges=[(1, 6, kind)])) == found


def test_only_children_are_passed_by(tree):
    # 2 holds 3 alone, which holds 4 and 5: the box of 3 fills that of 2.
    assert rows(tree([0, 0, 2, 3, 3], edges=[(1, 5, DATA), (4, 1, DATA)])) == [
        (0, 1, 2), (0, 2, 1), (3, 3, 5), (3, 4, 3)
    ]  # fmt: skip
    # An only child at the end of the way has no place of its own either.
    assert rows(tree([0, 0, 2, 3], edges=[(1, 4, DATA)])) == [(0, 1, 2)]


def test_a_container_with_a_stream_keeps_a_place_for_its_only_child(tree):
    edges = [(3, 2, RESIDUAL), (1, 3, DATA)]
    assert rows(tree([0, 0, 2], edges=edges)) == [(0, 1, 2), (2, 2, 3), (2, 3, 2)]


def test_of_several_edges_through_one_edge_the_strongest_is_told():
    b = GraphBuilder("m", "test")
    source, box = b.node(0, "source"), b.node(0, "box")
    one, two = b.node(box, "one"), b.node(box, "two")
    inner = [b.node(one, "a"), b.node(one, "b")]
    b.edge(source, inner[0], DATA, Provenance.DECLARED)
    b.edge(source, inner[1], ROUTED, Provenance.INFERRED)
    b.edge(inner[0], two, DATA, Provenance.TRACED)
    b.edge(two, source, DATA, Provenance.DERIVED)
    lifted, _ = lift(b.build())
    told = {
        (source, target): (EdgeKind(kind), Provenance(tag))
        for source, target, kind, tag in zip(
            *(getattr(lifted, name).tolist() for name in ("source", "target", "kind", "provenance")), strict=True
        )
    }
    assert told[2, 3][0] == ROUTED  # into "one": what is routed is stronger than data
    assert told[3, 4] == (DATA, Provenance.DECLARED)
    assert told[3, 5] == (ROUTED, Provenance.INFERRED)
    assert told[4, 3] == (DATA, Provenance.TRACED)
    assert told[6, 2] == (DATA, Provenance.DERIVED)


def test_children_that_read_the_same_have_the_same_number(tree):
    parents = [0, 0, 0, 3, 3, 3, 3, 3]  # 1 and 2 outside, 4 to 8 in 3
    both = [(1, 7, DATA), (2, 7, DATA), (1, 8, DATA), (2, 8, DATA)]
    found = groups(tree(parents, edges=[(1, 4, DATA), (2, 5, DATA), (1, 6, DATA), *both]))
    assert found[4] == found[6]
    assert found[7] == found[8]
    assert len({found[4], found[5], found[7]}) == 3


def test_numbers_are_alike_in_equal_containers(tree):
    parents = [0, 0, 0, 3, 3, 3, 0, 7, 7, 7]
    edges = [(1, 4, DATA), (2, 5, DATA), (1, 6, DATA)]
    # The second container reads the other two, in the same pattern.
    found = groups(tree(parents, edges=[*edges, (2, 8, DATA), (1, 9, DATA), (2, 10, DATA)]))
    assert [found[k] for k in (4, 5, 6)] == [found[k] for k in (8, 9, 10)]


def masked(tree, layers, chained=True):
    """1 is read inside each of some layers of 2, which follow each other; the graph, the layers, and their readers."""
    parents, tops, edges = [0, 0], [], []
    for _ in range(layers):
        parents.append(2)
        tops.append(len(parents))
        parents += [tops[-1]] * 2
        edges.append((1, tops[-1] + 2, DATA))
    if chained:
        edges += [(a, b, DATA) for a, b in pairwise(tops)]
    kinds = [NodeKind.MODULE] * len(parents)
    return tree(parents, kinds, edges=edges), tops, [top + 2 for top in tops]


def test_what_many_layers_read_has_ports_at_all_of_them_and_inside(tree):
    graph, layers, readers = masked(tree, SHARED)
    assert shared_of(graph) == sorted((part, 1, False) for part in [*layers, *readers])
    assert {row for row in rows(graph) if row[1] not in layers} == {(0, 1, 2)}  # the line to the container is left


def test_what_few_layers_read_has_lines(tree):
    graph, layers, readers = masked(tree, SHARED - 1)
    assert shared_of(graph) == []
    lines = {(0, 1, 2), *((2, 2, layer) for layer in layers)}
    lines |= {(layer, layer, reader) for layer, reader in zip(layers, readers, strict=True)}
    assert lines <= set(rows(graph))


def test_what_stands_side_by_side_is_a_fan_and_has_lines(tree):
    graph, layers, _ = masked(tree, 3 * SHARED, chained=False)
    assert shared_of(graph) == []
    assert {(2, 2, layer) for layer in layers} <= set(rows(graph))


@SOME
@given(parts=compound())
def test_every_part_on_the_way_has_a_line_or_a_port(tree, parts):
    graph = tree(*parts)
    lifted, shared = lift(graph)
    starts, stops = lifted_ends(graph)
    streams = {int(owner) for owner in lifted.owner[lifted.on_lane]}
    only = [
        node > 0 and len(graph.children(graph.parent[node])) == 1 and int(graph.parent[node]) not in streams
        for node in range(len(graph))
    ]

    def way(deep, top):
        """What is between an end of an edge, itself included, and what it is lifted to."""
        for node in [deep, *graph.ancestors(deep)]:
            if node == top:
                return
            if not only[node]:
                yield node

    inlets, outlets = set(), set()
    ends = zip(*(column.tolist() for column in (graph.edges.source, graph.edges.target, starts, stops)), strict=True)
    for (deep_source, deep_target, source, target), kind in zip(ends, graph.edges.kind.tolist(), strict=True):
        if source < 0:
            continue
        if graph.parent[target] == source:
            inlets.add(target)
        if graph.parent[source] == target:
            outlets.add(source)
        if kind != RESIDUAL:
            inlets.update(way(deep_target, target) if graph.parent[source] != target else ())
            outlets.update(way(deep_source, source) if graph.parent[target] != source else ())
    lines_in = set(lifted.target[lifted.source == lifted.owner].tolist())
    ports = set(shared.child[~shared.sibling].tolist())
    assert lines_in | ports == inlets
    assert set(lifted.source[lifted.target == lifted.owner].tolist()) == outlets


@SOME
@given(parts=compound(), random=st.randoms(use_true_random=False))
def test_the_order_of_the_edges_does_not_matter(tree, parts, random):
    parents, kinds, shapes, edges = parts
    shuffled = list(edges)
    random.shuffle(shuffled)
    for one, two in zip(lift(tree(parents, kinds, shapes, edges)), lift(tree(parents, kinds, shapes, shuffled)),
                        strict=True):  # fmt: skip
        for field in fields(one):
            assert getattr(one, field.name).tobytes() == getattr(two, field.name).tobytes(), field.name


def test_one_reader_at_the_end_of_a_long_chain_costs_no_memory_for_the_way_to_it(tree):
    n = 20_000  # node ids that are far apart must not become lengths of tables
    edges = [(1, n + 2, EdgeKind.DATA), *((k, k + 1, EdgeKind.DATA) for k in range(3, n + 2))]
    graph = tree([0, 0, *[2] * n], edges=edges)
    tracemalloc.start()
    placement = place(graph)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(placement.routes) == n + 1
    assert peak < 300e6  # 3 GB before


def test_ends_in_a_depth_of_thousands_are_followed_in_linear_time(tree):
    depth = 3000  # each level holds a leaf and the next level; all leaves feed the innermost one
    parents, inner, leaves = [], 0, []
    for _ in range(depth):
        parents += [inner, inner]
        leaves.append(len(parents) - 1)
        inner = len(parents)
    parents += [inner, inner]
    last = len(parents)
    graph = tree(parents, edges=[(leaf, last, EdgeKind.DATA) for leaf in leaves])
    tracemalloc.start()
    lifted, _ = lift(graph)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(lifted) >= depth
    assert peak < 30e6  # 500 MB before
