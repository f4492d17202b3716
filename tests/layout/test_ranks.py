"""Reading order of siblings."""

from archviz3d.graph import NodeKind as K
from archviz3d.layout.ranks import ranks_of


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
