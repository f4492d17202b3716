"""What is hidden is left out, what stays keeps its place or its order, and nothing else is touched."""

from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archviz3d.errors import UsageError
from archviz3d.graph import EdgeKind, GraphBuilder, ModelGraph, NodeKind
from archviz3d.layout import ARRANGEMENTS, Placement, place
from archviz3d.layout.hiding import hidden_mask

from .conftest import NEAR, check_clear, check_disjoint, corners, lifted_pairs
from .test_place import compound

FLAT = st.sampled_from(["wrap", "row"])  # a deck is disjoint in space, not on the plan
ASPECTS = st.sampled_from([16 / 9, 1.0, 0.4, 5.0])
SOME = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


@st.composite
def with_hidden(draw, most=40):
    """A random compound graph's parts, and some of its nodes to hide, nested ones and only children included."""
    parts = draw(compound(most).filter(lambda parts: len(parts[0]) > 1))
    return parts, draw(st.sets(st.integers(1, len(parts[0])), min_size=1, max_size=8))


def shown_children(graph: ModelGraph, mask: np.ndarray, node: int) -> np.ndarray:
    children = graph.children(node)
    return children[~mask[children]]


def check_shown(graph: ModelGraph, mask: np.ndarray, placement: Placement) -> None:
    """All that holds for a placement, for the part of it that is shown."""
    shown = np.flatnonzero(~mask)
    low, high = corners(placement, slice(None))
    assert np.isfinite(placement.center).all()
    assert (placement.size[shown] > 0).all()
    assert (placement.size[mask] == 0).all()
    for node in np.flatnonzero(mask).tolist():
        nearest = next(above for above in graph.ancestors(node) if not mask[above])
        assert placement.center[node].tobytes() == placement.center[nearest].tobytes()
    inside, parent = shown[1:], graph.parent[shown[1:]]
    assert (low[inside, :2] >= low[parent, :2] - NEAR).all()
    assert (high[inside, :2] <= high[parent, :2] + NEAR).all()
    np.testing.assert_allclose(low[inside, 2], high[parent, 2], atol=NEAR)
    for node in shown.tolist():
        children = shown_children(graph, mask, node)
        if len(children) > 1:
            check_disjoint(placement, children)
    routes = placement.routes
    assert np.isfinite(routes.points).all()
    assert not mask[np.concatenate([routes.source, routes.target, routes.owner])].any()
    drawn = set()
    for k in range(len(routes)):
        ends, owner = {int(routes.source[k]), int(routes.target[k])}, int(routes.owner[k])
        foreign = [child for child in shown_children(graph, mask, owner).tolist() if child not in ends]
        check_clear(routes.points[routes.start[k] : routes.start[k + 1], :2], low[foreign, :2], high[foreign, :2])
        if owner not in ends:
            drawn.add((owner, int(routes.source[k]), int(routes.target[k])))
    # What hidden insides of two shown parts have to do with each other is still drawn between the two.
    assert {pair for pair in lifted_pairs(graph) if not mask[list(pair)].any()} == drawn


@SOME
@given(case=with_hidden(), aspect=ASPECTS, arrangement=FLAT)
def test_invariants_hold_for_what_is_shown(tree, case, aspect, arrangement):
    parts, hidden = case
    graph = tree(*parts)
    check_shown(graph, hidden_mask(graph, hidden), place(graph, aspect, arrangement, hidden))


@SOME
@given(case=with_hidden(), aspect=ASPECTS, arrangement=st.sampled_from(ARRANGEMENTS))
def test_only_containers_with_something_hidden_in_them_are_packed_anew(tree, case, aspect, arrangement):
    parts, hidden = case
    graph = tree(*parts)
    mask = hidden_mask(graph, hidden)
    before, after = place(graph, aspect, arrangement), place(graph, aspect, arrangement, hidden)
    packed = np.zeros(len(graph), bool)
    packed[graph.parent[np.flatnonzero(mask & ~mask[graph.parent])]] = True
    same = [
        node for node in np.flatnonzero(~mask).tolist() if not any(packed[above] for above in graph.ancestors(node))
    ]
    assert 0 in same
    axes = 2 if before.arrangement == "deck" else 3  # what is on a deck is as flat as its thickest plate asks for
    assert before.center[same, :axes].tobytes() == after.center[same, :axes].tobytes()
    assert before.size[same, :axes].tobytes() == after.size[same, :axes].tobytes()


@SOME
@given(case=with_hidden())
def test_packing_anew_turns_no_two_siblings_round(tree, case):
    """Of two siblings in one order of flow, the later one never comes to stand before the earlier one."""
    parts, hidden = case
    graph = tree(*parts)
    mask = hidden_mask(graph, hidden)
    after = place(graph, hidden=hidden)
    low, high = corners(after, slice(None))
    # Flow that passes through hidden siblings orders those at its ends, unless it is part of a cycle.
    pairs = [(a, b) for owner, a, b in lifted_pairs(graph) if not mask[owner]]
    flow = nx.DiGraph(pairs)
    cyclic = {node: k for k, part in enumerate(nx.strongly_connected_components(flow)) for node in part}
    flow.remove_edges_from([(a, b) for a, b in pairs if cyclic[a] == cyclic[b]])
    for a in flow:
        for b in nx.descendants(flow, a):
            if not (mask[a] or mask[b]):
                assert low[b, 0] >= high[a, 0] - NEAR or high[b, 1] <= low[a, 1] + NEAR, (a, b)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(case=with_hidden())
def test_a_mask_means_the_same_as_ids_and_nothing_hidden_the_same_as_no_mask(tree, case):
    parts, hidden = case
    graph = tree(*parts)
    mask = np.zeros(len(graph), bool)
    assert bytes_of(place(graph, hidden=mask)) == bytes_of(place(graph, hidden=())) == bytes_of(place(graph))
    mask[list(hidden)] = True
    assert bytes_of(place(graph, hidden=mask)) == bytes_of(place(graph, hidden=hidden))


def bytes_of(placement: Placement) -> tuple[bytes, ...]:
    routes = placement.routes
    return tuple(
        part.tobytes()
        for part in (placement.center, placement.size, routes.source, routes.target, routes.points, routes.width)
    )


def test_what_stays_grows_into_the_room_and_keeps_its_order(tree):
    flow = [(k, k + 1, EdgeKind.DATA) for k in range(1, 6)]
    graph = tree([0] * 6, kinds=[NodeKind.MODULE] * 6, edges=flow)
    before, after = place(graph), place(graph, hidden=[2, 4])
    shown = [1, 3, 5, 6]
    assert (after.size[shown, :2].prod(1) > before.size[shown, :2].prod(1)).all()
    low, high = corners(after, slice(None))
    for a, b in pairwise(shown):
        assert low[b, 0] >= high[a, 0] or high[b, 1] <= low[a, 1]
    assert list(zip(after.routes.source.tolist(), after.routes.target.tolist(), strict=True)) == [(5, 6)]


def test_a_container_whose_children_are_all_hidden_keeps_its_box(tree):
    graph = tree([0, 0, 1, 1, 2, 2], shapes=[None, None, *[(8, 8)] * 4])
    children = graph.children(int(graph.children(0)[0])).tolist()
    before, after = place(graph), place(graph, hidden=children)
    shown = np.setdiff1d(np.arange(len(graph)), children)
    assert before.center[shown].tobytes() == after.center[shown].tobytes()
    assert before.size[shown].tobytes() == after.size[shown].tobytes()


@pytest.mark.parametrize(("arrangement", "axes"), [("wrap", 3), ("row", 3), ("deck", 2)])
def test_experts_of_one_layer_hidden_leave_all_other_layers_alone(small_moe, arrangement, axes):
    graph = small_moe
    layer = graph.id_of("model.layers.2")
    experts = graph.children(graph.id_of("model.layers.2.mlp.experts")).tolist()
    before, after = (place(graph, arrangement=arrangement, hidden=hidden) for hidden in ((), experts[2:]))
    inside = np.arange(len(graph))[graph.subtree(layer)]
    other = np.setdiff1d(np.arange(len(graph)), inside)
    assert before.center[other, :axes].tobytes() == after.center[other, :axes].tobytes()
    assert before.size[other, :axes].tobytes() == after.size[other, :axes].tobytes()
    assert (after.size[experts[:2], :2] > before.size[experts[:2], :2]).all()
    if arrangement != "deck":
        check_shown(graph, hidden_mask(graph, experts[2:]), after)


def test_equal_layers_with_equal_parts_hidden_are_congruent(small_moe):
    graph = small_moe
    hidden = [graph.id_of(f"model.layers.{k}.self_attn") for k in (1, 2)]
    placement = place(graph, hidden=hidden)
    a, b = (graph.subtree(graph.id_of(f"model.layers.{k}")) for k in (1, 2))
    np.testing.assert_allclose(placement.size[a], placement.size[b], rtol=1e-9)


def test_the_root_and_nodes_that_are_not_there_cannot_be_hidden(tree):
    graph = tree([0, 0])
    for hidden in ([0], [3], [-1], np.array([True, False, False])):
        with pytest.raises(UsageError, match="the whole model"):
            place(graph, hidden=hidden)
    with pytest.raises(UsageError, match=r"\(3,\)"):
        place(graph, hidden=np.zeros(2, bool))


def test_no_stream_joins_a_stack_to_a_layer_that_is_not_its_first_or_last(small_moe):
    graph = small_moe
    stack = graph.id_of("model.layers")

    def leads(*hidden: int) -> set[int]:
        routes = place(graph, hidden=[graph.id_of(f"model.layers.{k}") for k in hidden]).routes
        inner = (routes.owner == stack) & ((routes.source == stack) != (routes.target == stack))
        ends = np.maximum(routes.source[inner], routes.target[inner])
        return {int(graph.name_of(int(end))) for end in ends}

    assert leads() == leads(2) == {0, 4}
    assert leads(0) == {4}
    assert leads(4) == {0}


def test_a_part_is_placed_as_before_even_where_the_equal_part_it_was_modelled_on_has_changed():
    builder = GraphBuilder("twins", "test")
    for twin, counts in (("a", False), ("b", True)):
        top = builder.node(0, twin)
        for name, side in (("large", 512), ("small", 8)):
            part = builder.node(top, name)
            for k in range(8):
                # Of equal structure, but the tensors of the first twin's larger part are no parameters.
                counted = None if counts or name == "small" else 0
                builder.tensor(part, str(k), (side, side), "F32", nbytes=0, parameters=counted)
    graph = builder.build()
    b = graph.subtree(graph.id_of("b"))
    before, after = place(graph), place(graph, hidden=[graph.id_of("a.large.3")])
    assert before.center[b].tobytes() == after.center[b].tobytes()
    assert before.size[b].tobytes() == after.size[b].tobytes()


@pytest.mark.parametrize("arrangement", ["wrap", "row", "deck"])
def test_a_cycle_is_flagged_though_a_part_of_it_is_hidden(tree, arrangement):
    ring = [(2, 3, EdgeKind.DATA), (3, 4, EdgeKind.DATA), (4, 5, EdgeKind.DATA), (5, 2, EdgeKind.DATA)]
    graph = tree([0] + [1] * 4, [NodeKind.STACK] + [NodeKind.LAYER] * 4, edges=ring)
    routes = place(graph, arrangement=arrangement, hidden=[3]).routes
    flagged = {(int(a), int(b)) for a, b in zip(routes.source, routes.target, strict=True)}
    back = set(zip(routes.source[routes.backward].tolist(), routes.target[routes.backward].tolist(), strict=True))
    assert flagged == {(4, 5), (5, 2)}
    assert back == {(5, 2)}


@pytest.mark.parametrize("hidden", [[1.7], ["a"], [None], 5, [[1, 2]], [0], [99]])
def test_what_names_no_part_is_refused(tree, hidden):
    with pytest.raises(UsageError):
        place(tree([0, 0, 1]), hidden=hidden)
