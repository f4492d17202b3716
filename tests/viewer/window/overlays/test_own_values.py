import numpy as np

from archviz3d.graph.kinds import NodeKind
from archviz3d.overlays.overlay import Aggregate, Origin, Overlay
from archviz3d.viewer.window.overlays.own_values import OwnValues, counted_parts


def overlay_on(ids, values):
    return Overlay(
        "x", "X", "", "", Origin.TABLE, Aggregate.MEAN, np.array(ids, np.int32), np.array(values, np.float32)
    )


def test_what_has_no_data_is_no_value(toy):
    own = OwnValues.of(overlay_on([3, 5, 9], [[1, np.nan, 2], [4, 5, 6]]), 0)
    assert own.ids.tolist() == [3, 9]
    assert own.values.tolist() == [1, 2]


def test_a_step_beyond_the_last_is_the_last():
    overlay = overlay_on([3, 5], [[1, 2], [4, 5]])
    assert OwnValues.of(overlay, 7).values.tolist() == [4, 5]
    assert len(OwnValues.of(overlay_on([], np.empty((1, 0))), 0).ids) == 0


def test_both_ends_of_a_filter_count():
    own = OwnValues.of(overlay_on([1, 2, 3, 4], [[0.1, 0.2, 0.3, 0.4]]), 0)
    bounds = float(np.float32(0.2)), float(np.float32(0.3))
    assert own.within(bounds).ids.tolist() == [2, 3]
    assert own.within((-np.inf, bounds[0])).ids.tolist() == [1, 2]
    assert own.within(None) is own


def test_a_value_inside_of_a_valued_part_is_not_counted_for_what_holds_both(toy):
    layer = toy.id_of("model.layers.2")
    mlp = toy.id_of("model.layers.2.mlp")
    expert = toy.id_of("model.layers.2.mlp.experts.3")
    other = toy.id_of("model.layers.2.self_attn.q_proj")
    ids = sorted([mlp, expert, other, toy.id_of("lm_head")])
    own = OwnValues.of(overlay_on(ids, [[1.0] * 4]), 0)
    assert own.nearest_in(toy, layer).tolist() == sorted([mlp, other])
    assert own.nearest_in(toy, mlp).tolist() == [expert]
    assert own.nearest_in(toy, expert).tolist() == []
    assert own.nearest_in(toy, 0).tolist() == sorted([mlp, other, toy.id_of("lm_head")])


def test_parts_are_counted_by_their_kind(toy):
    experts = toy.of_kind(NodeKind.EXPERT)
    assert counted_parts(toy, experts) == "96 experts"
    assert counted_parts(toy, experts[:1]) == "1 expert"
    assert counted_parts(toy, experts[:0], experts) == "0 of 96 experts"
    assert counted_parts(toy, np.array([0, 1])) == "2 parts"
