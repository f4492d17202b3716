"""Reading order of siblings."""

import networkx as nx
from hypothesis import given, settings
from hypothesis import strategies as st

from archviz3d.graph import NodeKind as K
from archviz3d.layout.ranks import feedback, in_model_order, longest_paths, ranks_of

MANY = settings(max_examples=200, deadline=None)


def plain(n):
    return [K.MODULE] * n


def test_without_flow_every_child_is_a_rank_in_model_order():
    assert ranks_of(plain(3), [], K.MODULE) == [[0], [1], [2]]


def test_ranks_are_longest_paths():
    assert ranks_of(plain(4), [(3, 0), (0, 2), (3, 2), (2, 1)], K.MODULE) == [[3], [0], [2], [1]]


def test_parts_that_no_flow_joins_follow_each_other():
    assert ranks_of(plain(4), [(0, 2), (1, 3)], K.MODULE) == [[0], [2], [1], [3]]


def test_a_cycle_is_broken_in_model_order_and_nothing_else_suffers():
    # 1 and 2 form a cycle, which 0 follows.
    assert ranks_of(plain(3), [(1, 2), (2, 1), (2, 0)], K.MODULE) == [[1], [2], [0]]


def test_within_a_rank_the_order_avoids_crossings():
    ranks = ranks_of(plain(6), [(0, 1), (0, 2), (1, 4), (2, 3), (3, 5), (4, 5)], K.MODULE)
    assert ranks[1:3] in ([[1, 2], [4, 3]], [[2, 1], [3, 4]])


def test_alphabetical_children_of_a_layer_come_in_the_order_of_the_stream():
    kinds = [K.NORM, K.MOE, K.NORM, K.ATTENTION]  # input_layernorm, mlp, post_attention_layernorm, self_attn
    assert ranks_of(kinds, [(0, 3), (2, 1)], K.LAYER) == [[0], [3], [2], [1]]


def test_a_shared_expert_stands_with_the_router():
    kinds = [K.EXPERTS, K.ROUTER, K.SHARED_EXPERT]
    assert ranks_of(kinds, [(1, 0)], K.MOE) == [[1, 2], [0]]


def test_a_long_chain_that_bites_its_tail_needs_no_recursion():
    n = 200_000
    pairs = [(k, k + 1) for k in range(n - 1)] + [(n - 1, 0)]
    assert ranks_of(plain(n), pairs, K.MODULE) == [[k] for k in range(n)]


def test_weights_stand_just_before_their_users():
    kinds = [K.TENSOR, K.VALUE, *[K.OPERATOR] * 3]
    # The input 1 goes through 2 and 3 to 4, which alone uses the weight 0.
    ranks = ranks_of(kinds, [(1, 2), (2, 3), (3, 4), (0, 4)], K.MODULE)
    assert [sorted(rank) for rank in ranks] == [[1], [2], [0, 3], [4]]


@st.composite
def flows(draw, most=9):
    n = draw(st.integers(1, most))
    child = st.integers(0, n - 1)
    return n, draw(st.lists(st.tuples(child, child), unique=True, max_size=2 * n))


def test_what_closes_a_cycle_leads_back_in_model_order():
    assert feedback(4, [(0, 1), (1, 2), (2, 0), (2, 3)]) == {(2, 0)}
    assert feedback(4, [(3, 1), (1, 0), (2, 1), (0, 2)]) == {(1, 0), (2, 1)}
    assert feedback(2, [(1, 1), (0, 1)]) == {(1, 1)}


def test_flow_against_model_order_that_closes_no_cycle_is_no_feedback():
    assert feedback(4, [(3, 2), (2, 1), (1, 0)]) == set()
    # 0 and 1 form a cycle; 2 leads into it and 3 comes out of it.
    assert feedback(4, [(0, 1), (1, 0), (2, 1), (1, 3)]) == {(1, 0)}


@MANY
@given(flow=flows())
def test_without_feedback_there_are_no_cycles_and_without_cycles_no_feedback(flow):
    n, pairs = flow
    back = feedback(n, pairs)
    whole = nx.DiGraph(pairs)
    assert nx.is_directed_acyclic_graph(nx.DiGraph([pair for pair in pairs if pair not in back]))
    knots = {child: k for k, part in enumerate(nx.strongly_connected_components(whole)) for child in part}
    assert back == {(a, b) for a, b in pairs if a >= b and knots[a] == knots[b]}
    assert not back or not nx.is_directed_acyclic_graph(whole)


@MANY
@given(flow=flows())
def test_longest_paths_are_those_without_feedback(flow):
    n, pairs = flow
    back = feedback(n, pairs)
    kept = nx.DiGraph([pair for pair in pairs if pair not in back])
    kept.add_nodes_from(range(n))
    longest = [0] * n
    for child in nx.topological_sort(kept):
        longest[child] = max((longest[before] + 1 for before in kept.predecessors(child)), default=0)
    assert longest_paths(n, pairs) == longest


def test_a_cycle_of_many_is_no_matter_of_recursion():
    n = 50_000
    pairs = [(k, k + 1) for k in range(n - 1)] + [(n - 1, 0)]
    assert feedback(n, pairs) == {(n - 1, 0)}
    assert longest_paths(n, pairs)[-1] == n - 1


def test_flow_is_in_model_order_but_for_what_closes_cycles():
    assert in_model_order(3, [])
    assert in_model_order(3, [(0, 1), (1, 2), (0, 2)])
    assert in_model_order(3, [(0, 1), (1, 2), (2, 0)])
    assert in_model_order(3, [(0, 0), (0, 1)])
    assert not in_model_order(3, [(0, 1), (2, 1)])
    assert not in_model_order(4, [(0, 1), (1, 0), (3, 2)])  # one cycle does not excuse the rest


def test_no_flow_at_all_orders_parts_by_their_phase():
    kinds = [K.OUTPUT, K.NORM, K.STACK, K.EMBEDDING]
    order = [child for rank in ranks_of(kinds, [], K.MODEL) for child in rank]
    assert order.index(3) < order.index(2) < order.index(0)


def test_a_supply_that_another_kind_feeds_is_no_supply():
    # 0 is fed by the value 1: it stands where the flow puts it, though only 4 uses it.
    kinds = [K.OPERATOR, K.VALUE, *[K.OPERATOR] * 3]
    ranks = ranks_of(kinds, [(1, 0), (1, 2), (2, 3), (3, 4), (0, 4)], K.MODULE)
    assert [sorted(rank) for rank in ranks] == [[1], [0, 2], [3], [4]]


def test_a_chain_of_supplies_stands_before_its_user_as_a_chain():
    kinds = [K.TENSOR, K.OPERATOR, K.VALUE, *[K.OPERATOR] * 4]
    pairs = [(0, 1), (2, 3), (3, 4), (4, 5), (5, 6), (1, 6)]
    ranks = ranks_of(kinds, pairs, K.MODULE)
    assert [sorted(rank) for rank in ranks] == [[2], [3], [0, 4], [1, 5], [6]]
