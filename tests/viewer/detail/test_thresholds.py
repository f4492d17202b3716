"""When containers open: by their structure, whatever they are."""

from itertools import pairwise

import numpy as np

from archviz3d.graph.builder import GraphBuilder
from archviz3d.graph.kinds import EdgeKind, NodeKind, Provenance
from archviz3d.layout import place
from archviz3d.viewer.detail.thresholds import opening_sides


def sides(graph):
    return opening_sides(graph, place(graph))[0]


def test_leaves_never_open_and_containers_of_tensors_open_late(toy):
    side = sides(toy)
    assert np.isinf(side[toy.child_count == 0]).all()
    assert np.isfinite(side[toy.child_count > 0]).all()
    projection, attention = (toy.id_of(f"model.layers.0.self_attn{part}") for part in (".q_proj", ""))
    assert side[projection] > 5 * side[attention]


def test_where_tensors_show_their_weights_they_are_reached_sooner(toy):
    side, for_pictures = opening_sides(toy, place(toy))
    assert (for_pictures <= side).all()
    assert for_pictures[toy.id_of("lm_head")] < side[toy.id_of("lm_head")] / 4


def test_experts_are_tiles_and_layers_are_not(toy):
    side = sides(toy)
    experts, layers = toy.of_kind(NodeKind.EXPERT), toy.of_kind(NodeKind.LAYER)
    assert (side[experts] > 3 * side[layers].max()).all()


def blocks(count, joined=False, shape=(8, 8)):
    """Parts of no kind that each hold two matrices, one after the other or side by side."""
    b = GraphBuilder("blocks", "made")
    group = b.node(0, "group")
    made = [b.node(group, str(k)) for k in range(count)]
    for k, block in enumerate(made):
        for name in "ab":
            b.tensor(b.node(block, name), "weight", shape if k or name == "a" else (8, 9), "F32", nbytes=0)
    if joined:
        for one, other in pairwise(made):
            b.edge(one, other, EdgeKind.DATA, Provenance.DECLARED)
    graph = b.build()
    return graph, [graph.id_of(f"group.{k}") for k in range(count)]


def test_many_small_equal_parts_side_by_side_are_tiles_without_being_named():
    graph, made = blocks(8)
    side = sides(graph)
    assert (side[made[1:]] == side[made[1]]).all()
    assert side[made[1]] > 3 * side[made[0]]  # the first is unlike the others


def test_parts_that_feed_one_another_are_steps_and_no_tiles():
    graph, made = blocks(8, joined=True)
    assert sides(graph)[made[1]] == sides(graph)[made[0]]


def test_three_are_not_many():
    graph, made = blocks(4)  # three equal ones and one that is not
    assert sides(graph)[made[1]] == sides(graph)[made[0]]
