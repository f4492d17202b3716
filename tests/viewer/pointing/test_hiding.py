"""Sets of hidden parts: what they hide, and what they become as parts are hidden and shown."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archviz3d.layout.hiding import hidden_mask
from archviz3d.viewer.pointing.hiding import (
    hidden_by,
    hides_everything,
    isolated,
    nearest_shown,
    outermost,
    with_hidden,
    with_shown,
)

NONE: frozenset[int] = frozenset()


@pytest.fixture(scope="module")
def ids(toy):
    return lambda *paths: frozenset(toy.id_of(path) for path in paths)


def some_nodes(toy):
    return st.frozensets(st.integers(1, len(toy) - 1), max_size=12)


def test_what_is_inside_a_hidden_part_is_hidden_by_it(toy, ids):
    (layer,) = hidden = ids("model.layers.2")
    for path in ("model.layers.2", "model.layers.2.mlp.experts.7.up_proj.weight"):
        assert hidden_by(toy, hidden, toy.id_of(path)) == layer
        assert toy.path(nearest_shown(toy, hidden, toy.id_of(path))) == "model.layers"
    for path in ("", "model.layers", "model.layers.3"):
        assert hidden_by(toy, hidden, toy.id_of(path)) is None
        assert nearest_shown(toy, hidden, toy.id_of(path)) == toy.id_of(path)


def test_hiding_a_container_takes_the_place_of_what_is_hidden_in_it(toy, ids):
    one = with_hidden(toy, ids("lm_head"), ids("model.layers.2.mlp"))
    assert with_hidden(toy, one, ids("model.layers.2")) == ids("lm_head", "model.layers.2")
    assert with_hidden(toy, ids("model.layers.2"), ids("model.layers.2.mlp")) == ids("model.layers.2")


def test_showing_a_part_shows_what_hides_it(toy, ids):
    hidden = ids("lm_head", "model.layers.2")
    assert with_shown(toy, hidden, ids("model.layers.2.mlp")) == ids("lm_head")
    assert with_shown(toy, hidden, ids("model.layers.3")) == hidden
    assert with_shown(toy, hidden, ids("model.layers.2.mlp", "lm_head")) == NONE


def test_what_is_isolated_is_left_with_its_inside_and_its_containers(toy):
    expert = toy.id_of("model.layers.2.mlp.experts.7")
    left = np.flatnonzero(~hidden_mask(toy, isolated(toy, [expert])))
    inside = range(*toy.subtree(expert).indices(len(toy)))
    assert left.tolist() == sorted({*toy.ancestors(expert), *inside})
    assert isolated(toy, [0]) == NONE


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_several_isolated_parts_are_left_together(toy, data):
    nodes = data.draw(some_nodes(toy).filter(bool))
    left = np.flatnonzero(~hidden_mask(toy, isolated(toy, nodes))).tolist()
    kept = {above for node in nodes for above in toy.ancestors(node)}
    kept.update(*(range(len(toy))[toy.subtree(node)] for node in nodes))
    assert left == sorted(kept)


def test_what_hides_every_leaf_hides_everything(toy, ids):
    assert hides_everything(toy, ids("model", "lm_head"))
    assert not hides_everything(toy, ids("model"))
    assert not hides_everything(toy, NONE)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_the_outermost_of_some_nodes_hide_the_same_as_all_of_them(toy, data):
    nodes = data.draw(some_nodes(toy))
    least = outermost(toy, nodes)
    assert least <= nodes
    mask = hidden_mask(toy, nodes)
    assert (hidden_mask(toy, least) == mask).all()
    assert mask.tolist() == [hidden_by(toy, nodes, node) is not None for node in range(len(toy))]
    assert all(hidden_by(toy, least - {node}, node) is None for node in least)
