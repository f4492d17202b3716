"""What is between two placements: parts on straight ways, inside what holds them."""

import numpy as np
import pytest

from archviz3d.layout import place
from archviz3d.viewer.cameras.camera import Camera
from archviz3d.viewer.cameras.morph import Morph, between_cameras


@pytest.fixture(scope="module", params=["row", "deck"])
def ends(toy, request):
    return place(toy, 1.6, "wrap"), place(toy, 1.6, request.param)


def test_the_ends_are_the_placements(ends):
    morph = Morph(*ends)
    for share, end in zip((0.0, 1.0), ends, strict=True):
        step = morph.at(share)
        for found, wanted in ((step.center, end.center), (step.size, end.size), (step.top, end.top)):
            assert np.allclose(found, wanted)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_on_the_way_parts_stay_in_what_holds_them(toy, ends, share):
    step = Morph(*ends).at(share)
    nodes = np.arange(1, len(toy))
    parent = toy.parent[nodes]
    apart = np.abs(step.center[nodes, :2] - step.center[parent, :2])
    room = (step.size[parent, :2] - step.size[nodes, :2]) / 2
    risen = [end.center[nodes, 0] + end.size[nodes, 0] / 2 > end.center[parent, 0] + end.size[parent, 0] / 2 + 1e-9
             for end in ends]  # fmt: skip
    inside = ~(risen[0] | risen[1])  # what follows a deck stands beside its plate
    assert (apart - room <= 1e-9 * step.size[0].max())[inside].all()
    assert len(step.routes) == len(step.ports) == 0


def test_what_one_end_leaves_out_is_nowhere_on_the_way(toy):
    head = toy.id_of("lm_head")
    morph = Morph(place(toy, 1.6, "wrap"), place(toy, 1.6, "wrap", frozenset({head})))
    assert (morph.at(0.5).size[toy.subtree(head)] == 0).all()
    assert (morph.at(0.5).size[0] > 0).all()


def test_the_camera_keeps_a_part_where_it_is_on_the_screen(toy, ends):
    node, viewport = toy.id_of("model.layers.2"), (1200, 800)
    cameras = [Camera(tuple(end.center[node]), -6, 10, 3 * end.size[node].max()) for end in ends]
    for share in (0.0, 0.3, 0.7, 1.0):
        px, _ = between_cameras(*cameras, share).project(Morph(*ends).at(share).center[node][None], viewport)
        assert px[0] == pytest.approx((600, 400))


def test_the_camera_turns_the_short_way():
    halfway = between_cameras(Camera((0, 0, 0), 170, 0, 1), Camera((0, 0, 0), -170, 0, 1, orthographic=True), 0.5)
    assert abs(halfway.azimuth) == pytest.approx(180)
    assert halfway.orthographic
