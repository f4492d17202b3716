"""What is drawn: opened by size on the screen, bounded, and always the same."""

import numpy as np
import pytest

from archviz3d.graph.kinds import NodeKind
from archviz3d.layout import place
from archviz3d.layout.hiding import hidden_mask
from archviz3d.viewer.camera import Camera
from archviz3d.viewer.cut import CutTree, choose_cut

VIEWPORT = (1280, 720)


@pytest.fixture(scope="module")
def tree(toy):
    return CutTree(toy, place(toy))


def front(tree, node=0, viewport=VIEWPORT):
    camera = Camera((0, 0, 0), -6, 10, 1)
    return camera.fitted(tree.placement.center[node], tree.placement.size[node], viewport)


def test_children_of_many_nodes_at_once(tree, toy):
    nodes = np.array([toy.id_of("model.layers"), toy.id_of("model.layers.0.mlp.experts")])
    expected = np.concatenate([toy.children(int(n)) for n in nodes])
    assert np.array_equal(tree.children(nodes), expected)


def test_a_drawn_box_stands_on_an_opened_one(tree, toy):
    cut = choose_cut(tree, front(tree), VIEWPORT)
    opened = set(cut.nodes[cut.opened].tolist())
    drawn = cut.nodes.tolist()
    assert drawn[0] == 0
    assert all(int(toy.parent[n]) in opened for n in drawn[1:])
    assert len(set(drawn)) == len(drawn)
    assert not (cut.opened & (toy.child_count[cut.nodes] == 0)).any()


def test_all_layers_and_experts_show_in_the_view_of_the_whole(tree, toy):
    cut = choose_cut(tree, front(tree), VIEWPORT)
    assert set(toy.of_kind(NodeKind.LAYER).tolist()) <= set(cut.nodes.tolist())
    assert set(toy.of_kind(NodeKind.EXPERT).tolist()) <= set(cut.nodes.tolist())


def test_coming_closer_opens_and_going_away_closes(tree, toy):
    expert = toy.id_of("model.layers.2.mlp.experts.5")
    far, near = choose_cut(tree, front(tree), VIEWPORT), choose_cut(tree, front(tree, expert), VIEWPORT)
    assert not far.opened[far.nodes == expert].any()
    assert near.opened[near.nodes == expert].all()
    away = front(tree)
    tiny = choose_cut(tree, Camera(away.target, -6, 10, away.distance * 400), VIEWPORT)
    assert len(tiny) <= 1


def test_what_is_out_of_view_is_not_drawn(tree, toy):
    expert = toy.id_of("model.layers.0.mlp.experts.0")
    cut = choose_cut(tree, front(tree, expert), VIEWPORT)
    assert toy.id_of("model.layers.5.mlp.experts.0") not in cut.nodes
    away = Camera((0, 0, 1e7), 0, 0, 10)  # the model is too far away to be seen
    assert len(choose_cut(tree, away, VIEWPORT)) == 0


def test_the_budget_is_kept_and_the_largest_open_first(tree):
    camera = front(tree)
    full = choose_cut(tree, camera, VIEWPORT)
    for budget in (1, 30, 100):
        cut = choose_cut(tree, camera, VIEWPORT, budget)
        assert len(cut) <= budget
        assert len(cut) < len(full)


def test_same_camera_same_cut(tree):
    camera = front(tree)
    a, b = choose_cut(tree, camera, VIEWPORT), choose_cut(tree, camera, VIEWPORT)
    assert np.array_equal(a.nodes, b.nodes)
    assert np.array_equal(a.opened, b.opened)


def test_a_finer_screen_shows_the_same(tree):
    camera = front(tree)
    a, b = choose_cut(tree, camera, VIEWPORT), choose_cut(tree, camera, (2560, 1440), scale=2.0)
    assert np.array_equal(a.nodes, b.nodes)
    assert np.array_equal(a.opened, b.opened)
    assert np.allclose(2 * a.px, b.px)


def test_what_is_hidden_is_not_drawn_and_all_else_is_as_before(tree, toy):
    mask = hidden_mask(toy, [toy.id_of("lm_head"), *toy.children(toy.id_of("model.layers.2.mlp.experts")).tolist()])
    camera = front(tree)
    before = choose_cut(tree, camera, VIEWPORT)
    after = choose_cut(CutTree(toy, tree.placement, mask), camera, VIEWPORT)
    kept = ~mask[before.nodes]
    assert 0 < kept.sum() < len(before)
    assert after.nodes.tolist() == before.nodes[kept].tolist()
    assert after.opened.tolist() == before.opened[kept].tolist()  # the plate of the experts stays an empty plate


def test_what_the_layout_has_left_out_is_not_drawn(toy):
    hidden = [toy.id_of("model.layers.2")]
    tree = CutTree(toy, place(toy, hidden=hidden))
    drawn = choose_cut(tree, front(tree), VIEWPORT).nodes
    assert toy.id_of("model.layers.1") in drawn
    assert not hidden_mask(toy, hidden)[drawn].any()
