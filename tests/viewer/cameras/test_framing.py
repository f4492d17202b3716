"""Cameras that frame parts, and what stands in the way of one."""

import numpy as np
import pytest

from archviz3d.graph.kinds import NodeKind
from archviz3d.layout import place
from archviz3d.viewer.cameras.framing import DECK_ANGLE, USUAL_ANGLE, framing, in_the_way
from archviz3d.viewer.detail.cut import CutTree, choose_cut

VIEWPORT = (1280, 720)
MARGINS = (28, 88, 190, 28)


@pytest.fixture(scope="module")
def deck(toy):
    return place(toy, arrangement="deck")


def corners(placement, nodes):
    signs = np.array([[i, j, k] for i in (-1, 1) for j in (-1, 1) for k in (-1, 1)])
    return (placement.center[nodes][:, None] + placement.size[nodes][:, None] / 2 * signs).reshape(-1, 3)


@pytest.mark.parametrize("orthographic", [False, True])
@pytest.mark.parametrize("angle", [None, (0.0, 0.0, 1.0), (-20.0, -60.0, 1.0), (50.0, 20.0, 1.0)])
def test_a_deck_is_in_the_frame_with_all_that_rises(toy, deck, angle, orthographic):
    camera = framing(toy, deck, 0, angle, VIEWPORT, MARGINS, orthographic)
    assert camera.orthographic == orthographic
    plates = np.append(toy.of_kind(NodeKind.LAYER), [0, toy.id_of("model"), toy.id_of("lm_head")])
    px, depth = camera.project(corners(deck, plates), VIEWPORT)
    assert (depth > 0).all()
    assert (px >= (MARGINS[0] - 1e-6, MARGINS[1] - 1e-6)).all()
    assert (px <= (VIEWPORT[0] - MARGINS[2] + 1e-6, VIEWPORT[1] - MARGINS[3] + 1e-6)).all()
    assert (
        np.isclose(px.min(0), (MARGINS[0], MARGINS[1])).any()
        or np.isclose(px.max(0), (VIEWPORT[0] - MARGINS[2], VIEWPORT[1] - MARGINS[3])).any()
    )


def test_a_deck_is_seen_from_the_side_and_its_layers_as_usual(toy, deck):
    whole, layer = (framing(toy, deck, node, None, VIEWPORT, MARGINS) for node in (0, toy.id_of("model.layers.2")))
    assert (whole.azimuth, whole.elevation) == DECK_ANGLE[:2]
    assert (layer.azimuth, layer.elevation) == USUAL_ANGLE[:2]
    wrapped = framing(toy, place(toy), 0, None, VIEWPORT, MARGINS)
    assert (wrapped.azimuth, wrapped.elevation) == USUAL_ANGLE[:2]


def test_every_plate_of_a_deck_shows_its_upper_left_corner(toy, deck):
    layers = [toy.id_of(f"model.layers.{k}") for k in range(6)]
    camera = framing(toy, deck, 0, None, VIEWPORT, MARGINS)
    corner = deck.center[layers] + deck.size[layers] / 2 * (-1, 1, 1)
    px, _ = camera.project(corner, VIEWPORT)
    assert (np.diff(px[:, 0]) > 15).all()  # room for a number before the next plate
    assert (np.diff(px[:, 1]) > 0).all()


def test_only_later_plates_are_in_the_way(toy, deck):
    layers = [toy.id_of(f"model.layers.{k}") for k in range(6)]
    assert in_the_way(toy, deck, layers[3]) == set(layers[4:])
    assert in_the_way(toy, deck, toy.id_of("model.layers.3.mlp.experts.1")) == set(layers[4:])
    for focus in (0, toy.id_of("model.layers"), toy.id_of("lm_head"), layers[5]):
        assert in_the_way(toy, deck, focus) == frozenset()
    assert in_the_way(toy, place(toy), layers[3]) == frozenset()


def test_the_cut_has_a_plate_whose_stack_is_out_of_view(toy, deck):
    # From close by, with the plate of the stack far behind and out of the picture.
    last = toy.id_of("model.layers.5")
    camera = framing(toy, deck, last, (60.0, 0.0, 3.0), VIEWPORT, MARGINS)
    assert last in choose_cut(CutTree(toy, deck), camera, VIEWPORT).nodes


@pytest.mark.parametrize("part", ["lm_head", "model.layers.2.mlp.experts.3.up_proj", "model.norm"])
def test_the_tensors_of_a_module_are_in_the_frame_too(toy, part):
    placement, node = place(toy), toy.id_of(part)
    camera = framing(toy, placement, node, (-30.0, 20.0, 1.0), VIEWPORT, MARGINS)
    px, _ = camera.project(corners(placement, toy.children(node)), VIEWPORT)
    assert (px >= (MARGINS[0] - 1e-6, MARGINS[1] - 1e-6)).all()
    assert (px <= (VIEWPORT[0] - MARGINS[2] + 1e-6, VIEWPORT[1] - MARGINS[3] + 1e-6)).all()
