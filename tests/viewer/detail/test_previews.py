"""Previews without a window: which containers have one, how clear it is, and what is under a point of it."""

import numpy as np
import pytest

from archviz3d.graph.builder import GraphBuilder
from archviz3d.graph.kinds import NodeKind
from archviz3d.layout import place
from archviz3d.viewer.cameras.camera import Camera
from archviz3d.viewer.detail.child_maps import ChildMaps
from archviz3d.viewer.detail.cut import CutTree, choose_cut
from archviz3d.viewer.detail.previews import choose_previews, preview_texels, strength

VIEWPORT = (1280, 720)


@pytest.fixture(scope="module")
def tree(toy):
    return CutTree(toy, place(toy))


def previews_of(tree, zoom, detail=1.0, node=0, scale=1.0, viewport=VIEWPORT):
    fitted = Camera((0, 0, 0), 0, 0, 1).fitted(tree.placement.center[node], tree.placement.size[node], viewport)
    camera = fitted.zoomed(zoom, (viewport[0] / 2, viewport[1] / 2), viewport)
    cut = choose_cut(tree, camera, viewport, scale=scale, detail=detail)
    child_maps = ChildMaps(tree)
    return choose_previews(child_maps, cut, scale, False), cut, child_maps


def test_strength_grows_without_a_jump_and_is_whole_before_a_container_opens():
    sizes = np.linspace(0.05, 1.2, 500)
    for open_side in (7.0, 20.0, 96.0):  # of a spine, of others, of tiles
        shown = strength(sizes, sizes * open_side, np.full(500, open_side, np.float32))
        assert (np.diff(shown) >= 0).all()
        assert np.diff(shown).max() < 0.03
        assert shown[0] == 0
        assert (shown[sizes >= 0.95] == 1).all()


def test_a_tile_stays_plain_until_it_is_nearly_large_enough_to_open():
    side, room = np.array([10.0]), np.array([1.0])
    assert strength(room, side, np.array([18.0]))[0] == 1
    assert strength(room, side, np.array([96.0]))[0] == 0


def test_only_closed_containers_have_previews_and_each_is_one_quad(tree, toy):
    previews, cut, _ = previews_of(tree, 0.12)
    assert len(previews)
    assert len(set(previews.nodes.tolist())) == len(previews)
    assert not cut.opened[previews.row].any()
    assert (toy.child_count[previews.nodes] > 0).all()
    own = previews.below < 0
    assert previews.nodes[own].tolist() == cut.nodes[previews.row[own]].tolist()


def test_what_is_seen_on_a_coarse_box_is_as_deep_as_its_parts_are_legible(tree, toy):
    plain, _, _ = previews_of(tree, 1.0)
    coarse, cut, _ = previews_of(tree, 1.0, detail=40.0)
    assert coarse.level.max() >= 2
    drawn = set(cut.nodes.tolist())
    experts = toy.of_kind(NodeKind.EXPERTS)
    assert not drawn & set(experts.tolist())  # they are in closed layers ...
    assert set(experts.tolist()) <= set(coarse.nodes.tolist())  # ... on whose fronts each of their experts is seen
    inner = np.flatnonzero(coarse.below >= 0)
    assert (toy.parent[coarse.nodes[inner]] == coarse.nodes[coarse.below[inner]]).all()
    assert (coarse.level[inner] == coarse.level[coarse.below[inner]] + 1).all()
    assert (coarse.strength[inner] <= coarse.strength[coarse.below[inner]]).all()
    assert len(plain) < len(coarse)


def test_of_a_long_chain_only_the_last_link_is_seen_on_the_first():
    b, node = GraphBuilder("chain", "made"), 0
    for k in range(1000):
        node = b.node(node, f"c{k}")
    first, last = node - 999, node
    leaves = [b.tensor(node, f"w{k}", (8, 8), "F32", nbytes=256) for k in range(40)]
    graph = b.build()
    tree = CutTree(graph, place(graph))
    previews, cut, _ = previews_of(tree, 1.0, detail=40.0)
    assert not cut.opened.any()
    assert previews.nodes.tolist() == [0, last]
    assert (previews.strength == 1).all()
    assert previews.part_at(tree, 0, tree.placement.center[leaves[7], :2], 0.0) == leaves[7]
    beside = tree.placement.center[0, :2] + 0.4999 * tree.placement.size[first, :2]
    assert previews.part_at(tree, 0, beside, 0.0) == first
    assert tree.last_links(np.array([first, last, leaves[0]])).tolist() == [last, last, leaves[0]]


def test_what_lies_on_a_faint_preview_is_fainter(tree, monkeypatch):
    half = lambda roominess, side, open_side: np.full(len(side), 0.5)  # noqa: E731
    monkeypatch.setattr("archviz3d.viewer.detail.previews.strength", half)
    previews, _, _ = previews_of(tree, 1.0, detail=40.0)
    assert previews.level.max() >= 2
    assert previews.strength.tolist() == (0.5 ** (previews.level + 1)).tolist()


def test_what_a_deck_stands_on_has_no_preview(toy):
    deck = CutTree(toy, place(toy, arrangement="deck"))
    stands = [node for node in range(len(toy)) if deck.placement.rises(node)]
    assert stands
    previews, cut, _ = previews_of(deck, 1.0, detail=40.0)
    assert set(stands) & set(cut.nodes[~cut.opened].tolist())
    assert not set(stands) & set(previews.nodes.tolist())


def test_a_finer_screen_shows_the_same(tree):
    once, _, _ = previews_of(tree, 0.2)
    twice, _, _ = previews_of(tree, 0.2, scale=2.0, viewport=(2560, 1440))
    assert once.nodes.tolist() == twice.nodes.tolist()
    assert np.allclose(once.strength, twice.strength)
    assert once.maps.columns.tolist() == twice.maps.columns.tolist()


def test_nothing_in_view_has_no_previews(tree):
    assert len(previews_of(tree, 1e-4)[0]) == 0


def test_texels_are_children_and_nothing_where_none_is(tree, toy):
    previews, _, child_maps = previews_of(tree, 1.0, detail=40.0)
    texels, start = preview_texels(previews, child_maps)
    assert len(texels) == (previews.maps.columns * previews.maps.rows).sum()
    for k, node in enumerate(previews.nodes.tolist()):
        mine = texels[start[k] : start[k] + previews.maps.columns[k] * previews.maps.rows[k]]
        assert set(mine[mine >= 0].tolist()) <= set(toy.children(node).tolist())
        assert (mine >= 0).any()


def test_the_largest_come_first_where_there_is_not_room_for_all(tree, toy, monkeypatch):
    every, _, _ = previews_of(tree, 1.0, detail=40.0)
    most = int((every.maps.columns * every.maps.rows).sum()) // 2
    monkeypatch.setattr("archviz3d.viewer.detail.previews._MOST_TEXELS", most)
    some, _, _ = previews_of(tree, 1.0, detail=40.0)
    assert 0 < len(some) < len(every)
    assert (some.maps.columns * some.maps.rows).sum() <= most
    left_out = ~np.isin(every.nodes, some.nodes)
    assert some.px.prod(1).min() >= every.px[left_out].prod(1).max()
    inner = some.below >= 0
    assert (toy.parent[some.nodes[inner]] == some.nodes[some.below[inner]]).all()


def test_a_point_means_the_deepest_part_that_is_told_apart_there(tree, toy):
    previews, _, _ = previews_of(tree, 1.0, detail=40.0)
    layer = toy.id_of("model.layers.2")
    expert = toy.id_of("model.layers.2.mlp.experts.5")
    point = tree.placement.center[expert, :2]
    assert previews.part_at(tree, layer, point, 0.0) == expert
    plain, _, _ = previews_of(tree, 0.001)
    assert plain.part_at(tree, layer, point, 0.0) == layer


def test_in_a_gap_the_nearest_part_is_meant_if_it_is_near(tree, toy):
    previews, _, _ = previews_of(tree, 1.0, detail=40.0)
    layer, experts = toy.id_of("model.layers.2"), toy.id_of("model.layers.2.mlp.experts")
    a, b = (toy.id_of(f"model.layers.2.mlp.experts.{k}") for k in (0, 1))
    way = tree.placement.center[b, :2] - tree.placement.center[a, :2]
    gap = np.abs(way).max() - tree.placement.size[a, np.abs(way).argmax()]
    point = tree.placement.center[a, :2] + way * 0.49
    assert previews.part_at(tree, layer, point, gap) == a
    assert previews.part_at(tree, layer, point, 0.1 * gap) == experts
