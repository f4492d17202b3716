"""What the next plate of a deck hides: never anything that could be seen."""

import numpy as np
import pytest

from archviz3d.graph.kinds import NodeKind
from archviz3d.layout import place
from archviz3d.viewer.cameras.framing import framing
from archviz3d.viewer.detail.covering import Covering
from archviz3d.viewer.detail.cut import CutTree, choose_cut
from archviz3d.viewer.pointing.pick import nearest_box

VIEWPORT = (1280, 720)
ANGLES = [(-52.0, 16.0, 1.0), (0.0, 0.0, 1.0), (-20.0, -60.0, 1.0), (40.0, 30.0, 2.0), (-6.0, 10.0, 6.0)]


@pytest.fixture(scope="module")
def deck(toy):
    return place(toy, arrangement="deck")


@pytest.fixture(scope="module")
def tree(toy, deck):
    return CutTree(toy, deck)


def without_covering(toy, deck):
    tree = CutTree(toy, deck)
    object.__setattr__(tree, "covering", None)
    return tree


@pytest.mark.parametrize("angle", ANGLES)
def test_every_ray_meets_the_same_box_as_without_it(toy, deck, tree, angle):
    camera = framing(toy, deck, 0, angle, VIEWPORT, (28, 88, 190, 28))
    some, every = choose_cut(tree, camera, VIEWPORT), choose_cut(without_covering(toy, deck), camera, VIEWPORT)
    assert set(some.nodes.tolist()) < set(every.nodes.tolist())  # it hides something
    for x in range(20, VIEWPORT[0], 60):
        for y in range(20, VIEWPORT[1], 50):
            ray = camera.ray((x, y), VIEWPORT)
            met = [nearest_box(deck.center[c.nodes], deck.size[c.nodes], *ray) for c in (some, every)]
            assert (met[0] is None) == (met[1] is None)
            if met[0] is not None:
                assert some.nodes[met[0]] == every.nodes[met[1]]


def test_from_the_front_only_the_foremost_plate_is_left(toy, deck, tree):
    camera = framing(toy, deck, 0, (0.0, 0.0, 1.0), VIEWPORT, (28, 88, 190, 28))
    drawn = choose_cut(tree, camera, VIEWPORT).nodes
    layers = toy.of_kind(NodeKind.LAYER)
    assert np.isin(layers, drawn).tolist() == [False] * 5 + [True]


def test_a_plate_that_is_not_drawn_hides_nothing(toy, deck):
    layers = toy.of_kind(NodeKind.LAYER).tolist()
    hidden = np.zeros(len(toy), bool)
    for layer in layers[3:]:
        hidden[toy.subtree(layer)] = True
    camera = framing(toy, deck, 0, (0.0, 0.0, 1.0), VIEWPORT, (28, 88, 190, 28))
    drawn = choose_cut(CutTree(toy, deck, hidden), camera, VIEWPORT).nodes
    assert np.isin(layers, drawn).tolist() == [False, False, True, False, False, False]


def test_the_room_of_what_stands_on_a_plate_ends_at_the_next(toy, deck):
    covering = Covering.of(toy, deck, np.ones(len(toy), bool))
    layers = toy.of_kind(NodeKind.LAYER)
    back = deck.center[layers, 2] - deck.size[layers, 2] / 2
    step = np.diff(back)
    np.testing.assert_allclose(covering.room(deck, layers), np.append(step, step[-1]))
    expert = np.array([toy.id_of("model.layers.1.mlp.experts.3")])
    foot = deck.center[expert, 2] - deck.size[expert, 2] / 2
    np.testing.assert_allclose(covering.room(deck, expert), back[2] - foot)
    assert np.isinf(covering.room(deck, np.array([0, toy.id_of("lm_head")]))).all()
    assert Covering.of(toy, place(toy), np.ones(len(toy), bool)) is None
