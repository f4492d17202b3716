"""What a pixel means: the part that is seen there, the nearest of small ones, a box where its side is seen."""

import numpy as np
import pytest

from archviz3d.layout import place
from archviz3d.viewer.offscreen import offscreen_window
from archviz3d.viewer.pointing.pick import nearest_box
from archviz3d.viewer.scene import Scene
from archviz3d.viewer.state import ViewState
from archviz3d.viewer.theme import DARK

VIEWPORT = (1280, 720)


@pytest.fixture(scope="module")
def scene(toy):
    with offscreen_window(VIEWPORT) as window:
        scene = Scene(DARK)
        scene.show(toy, place(toy))
        window.AddRenderer(scene.renderer)
        yield scene


def front_px(scene, node, u=0.0, v=0.0):
    """Return the pixel of a place on a node's front, in halves of its sides from its middle."""
    center, size = scene.box(node)
    return scene.frame.view.camera.project((center + size / 2 * (u, v, 1.0))[None], VIEWPORT)[0][0]


def draw(scene, **state):
    scene.draw(ViewState(labels=False, **state), VIEWPORT)


@pytest.mark.parametrize("angle", [(0.0, 0.0, 1.0), (-25.0, 30.0, 1.0)])
@pytest.mark.parametrize("projection", ["perspective", "orthographic"])
def test_small_tiles_are_meant_from_the_gaps_between_them_and_large_ones_are_not(scene, toy, angle, projection):
    a, b = (toy.id_of(f"model.layers.2.mlp.experts.{k}") for k in (5, 6))
    draw(scene, angle=angle, projection=projection)
    middle = (front_px(scene, a) + front_px(scene, b)) / 2
    assert scene.pick(*middle) in (a, b)
    draw(scene, focus=toy.id_of("model.layers.2.mlp.experts"), angle=(0.0, 0.0, 1.0), projection=projection)
    assert toy.parent[a] == scene.pick(*((front_px(scene, a) + front_px(scene, b)) / 2))


def test_the_side_of_a_box_is_the_box(scene, toy):
    expert = toy.id_of("model.layers.2.mlp.experts.5")
    draw(scene, focus=toy.id_of("model.layers.2.mlp.experts"), angle=(-50.0, 0.0, 1.0))
    center, size = scene.box(expert)
    px = scene.frame.view.camera.project((center + size / 2 * (-1.0, 0.0, 0.2))[None], VIEWPORT)[0][0]
    assert scene.pick(*px) == expert


def test_the_box_of_a_part_that_is_drawn_is_as_it_is_drawn(scene, toy):
    node = toy.id_of("model.layers.2.mlp.experts.5")
    draw(scene)
    row = int(np.flatnonzero(scene.frame.cut.nodes == node)[0])
    center, size = scene.box(node)
    assert np.array_equal(center, scene.frame.center[row])
    assert np.array_equal(size, scene.frame.size[row])


def test_the_box_of_what_is_out_of_view_is_where_it_would_be(scene, toy):
    draw(scene, focus=toy.id_of("model.layers.0.mlp.experts.0"))
    far = toy.id_of("model.layers.5.mlp.experts.3")
    assert far not in scene.frame.cut.nodes
    placement = place(toy)
    assert np.array_equal(scene.box(far)[0][:2], placement.center[far, :2])
    assert np.array_equal(scene.box(far)[1][:2], placement.size[far, :2])


@pytest.mark.parametrize("focus", ["", "model.layers.2"])
def test_boxes_of_many_parts_are_drawn_ones_or_flat_on_the_closed_box_around_them(scene, toy, focus):
    draw(scene, focus=toy.id_of(focus))
    cut, frame, placement = scene.frame.cut, scene.frame, place(toy)
    row_of = dict(zip(cut.nodes.tolist(), range(len(cut.nodes)), strict=True))
    centers, sizes = scene.boxes(range(len(toy)))
    flat = 0
    for node in range(len(toy)):
        around = next((above for above in (node, *toy.ancestors(node)) if above in row_of), None)
        center, size = placement.center[node].copy(), placement.size[node].copy()
        if around == node:
            center, size = frame.center[row_of[node]], frame.size[row_of[node]]
        elif around is not None and not cut.opened[row_of[around]]:
            center[2] = frame.center[row_of[around], 2] + frame.size[row_of[around], 2] / 2
            size[2] = 0
            flat += 1
        assert (centers[node] == center).all()
        assert (sizes[node] == size).all()
    assert flat


def test_on_the_ground_of_a_deck_no_plate_above_it_is_meant(toy):
    scene = Scene(DARK)
    scene.show(toy, place(toy, arrangement="deck"))
    grounds = 0
    for angle in ((-52.0, 16.0, 1.0), (-60.0, 40.0, 1.0), (40.0, 30.0, 1.0)):
        scene.draw(ViewState(labels=False, angle=angle), VIEWPORT)
        frame = scene.frame
        plates = set(frame.cut.nodes[frame.rising].tolist())
        below = {int(node) for node in frame.above[frame.rising]}
        assert plates
        for x in range(10, VIEWPORT[0], 25):
            for y in range(10, VIEWPORT[1], 25):
                row = nearest_box(frame.center, frame.size, *frame.view.camera.ray((x, y), VIEWPORT))
                if row is not None and int(frame.cut.nodes[row]) in below:
                    grounds += 1
                    assert scene.pick(x, y) not in plates
    scene.close_model()
    assert grounds
