"""What is drawn: opened by size on the screen, bounded, and always the same."""

from types import SimpleNamespace

import numpy as np
import pytest

from archviz3d.graph.builder import GraphBuilder
from archviz3d.graph.kinds import NodeKind
from archviz3d.layout import place
from archviz3d.layout.hiding import hidden_mask
from archviz3d.viewer.cameras.camera import Camera
from archviz3d.viewer.detail import cut as cut_module
from archviz3d.viewer.detail.cut import CutTree, _fills_view, choose_cut

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


def test_a_finer_screen_drops_the_same_specks():
    b = GraphBuilder("slivers", "made by hand")
    for k in range(200):
        b.tensor(0, str(k), (4, 64), "F32", nbytes=1024)
    graph = b.build()
    tree = CutTree(graph, place(graph))
    near, dropped = front(tree), 0
    for zoom in np.geomspace(0.01, 0.03, 20):
        camera = Camera(near.target, -6, 10, near.distance / zoom)
        a = choose_cut(tree, camera, VIEWPORT, detail=0.02)
        b = choose_cut(tree, camera, (2560, 1440), scale=2.0, detail=0.02)
        assert np.array_equal(a.nodes, b.nodes)
        dropped += len(tree.children(a.nodes[a.opened])) + 1 - len(a)
    assert dropped


def test_a_front_fills_the_view_only_if_all_lines_of_sight_meet_it():
    boxes = SimpleNamespace(center=np.array([[0, 0, 0.0], [0, 0, 0], [0, 0, 20]]), size=np.full((3, 3), 2.0))
    boxes.size[0, :2] = boxes.size[2, :2] = 1000.0
    every = np.arange(3)

    def fills(azimuth, orthographic=False):
        with np.errstate(all="raise"):
            camera = Camera((0, 0, 0), azimuth, 0, 10, orthographic=orthographic)
            return _fills_view(boxes, every, camera, VIEWPORT).tolist()

    assert fills(0.0) == [True, False, False]  # the last one is behind the eye
    assert fills(0.0, orthographic=True) == [True, False, True]
    for orthographic in (False, True):
        assert fills(90.0, orthographic) == [False] * 3
        assert fills(180.0, orthographic) == [False] * 3


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


# ---------------------------------------------------------------- rising
def zoom_on(tree, node, steps=60):
    """Cuts on the way from far away to a node that fills the view, by growing size."""
    near = front(tree, node)
    return [
        choose_cut(tree, Camera(near.target, -6, 10, near.distance * factor), VIEWPORT)
        for factor in np.geomspace(80, 1, steps)
    ]


def test_what_stands_on_a_container_rises_from_its_face_without_a_jump(tree, toy):
    layer = toy.id_of("model.layers.2")
    rises = []
    for cut in zoom_on(tree, layer, 200):
        row = np.flatnonzero(cut.nodes == layer)
        if len(row) and cut.opened[row[0]]:
            rises.append(cut.rise[row[0]])
    assert rises[0] < 0.1
    assert rises[-1] == 1
    assert (np.diff(rises) >= 0).all()
    assert np.diff(rises).max() < 0.25
    assert len([rise for rise in rises if 0 < rise < 1]) > 5


def test_only_opened_boxes_have_something_that_rises(tree, toy):
    for cut in zoom_on(tree, toy.id_of("model.layers.2.mlp"), 30):
        assert (cut.rise[~cut.opened] == 0).all()
        assert ((cut.rise >= 0) & (cut.rise <= 1) & (cut.stand > 0) & (cut.stand <= 1)).all()


def heights_of(tree, cut):
    """Return foot and front of each drawn box."""
    center, size = tree.placement.center[cut.nodes, 2], tree.placement.size[cut.nodes, 2]
    foot = center - size / 2 - cut.drop
    return foot, foot + size * cut.stand


def test_every_box_stands_on_the_front_of_its_container_however_far_that_has_risen(tree, toy):
    for cut in zoom_on(tree, toy.id_of("model.layers.2.mlp"), 30):
        foot, top = heights_of(tree, cut)
        front_of = np.full(len(toy), np.nan)
        front_of[cut.nodes] = top
        above = cut.nodes > 0
        placed = tree.placement.center[:, 2] + tree.placement.size[:, 2] / 2
        gap = (tree.placement.center - tree.placement.size / 2)[cut.nodes[above], 2] - placed[
            toy.parent[cut.nodes[above]]
        ]
        assert np.allclose(foot[above] - gap, front_of[toy.parent[cut.nodes[above]]], atol=1e-9)
        rise_of = np.ones(len(toy))
        rise_of[cut.nodes] = cut.rise
        assert np.allclose(cut.stand[above], np.maximum(rise_of[toy.parent[cut.nodes[above]]], 0), atol=1e-2)


def test_levels_count_the_boxes_below(tree, toy):
    cut = choose_cut(tree, front(tree), VIEWPORT)
    assert cut.level.tolist() == toy.depth[cut.nodes].tolist()


def test_in_a_deck_what_stands_free_does_not_sink(toy):
    deck = CutTree(toy, place(toy, arrangement="deck"))
    layers = toy.of_kind(NodeKind.LAYER)
    seen = False
    for factor in np.geomspace(60, 1, 60):
        camera = front(deck)
        cut = choose_cut(deck, Camera(camera.target, -52, 16, camera.distance * factor), VIEWPORT)
        rows = np.flatnonzero(np.isin(cut.nodes, layers[1:]))
        assert (cut.stand[rows] == 1).all()
        assert (cut.drop[rows] == 0).all()
        stack = np.flatnonzero(cut.nodes == toy.id_of("model.layers"))
        seen |= bool(len(rows) and 0 < cut.rise[stack[0]] < 0.9)
    assert seen


def test_the_end_of_the_budget_is_no_edge(tree, toy):
    camera = front(tree)
    full = choose_cut(tree, camera, VIEWPORT)
    cut = choose_cut(tree, camera, VIEWPORT, budget=len(full) // 2)
    least = cut.rise[cut.opened].min()
    assert least < full.rise[full.opened].min()


def test_less_detail_opens_less(tree):
    camera = front(tree).zoomed(0.5, (640, 360), VIEWPORT)
    sizes = [len(choose_cut(tree, camera, VIEWPORT, detail=detail)) for detail in (1.0, 2.0, 4.0, 8.0, 50.0)]
    assert sizes == sorted(sizes, reverse=True)
    assert len(set(sizes)) >= 3
    assert sizes[-1] == 1


# ---------------------------------------------------------------- other trees
def chain_of(depth):
    b, node = GraphBuilder("chain", "made"), 0
    for k in range(depth):
        node = b.node(node, f"c{k}")
    last = b.tensor(node, "w", (64, 64), "F32", nbytes=0)
    return b.build(), last


@pytest.mark.parametrize("depth", [5, 50, 1000])
def test_a_chain_of_containers_opens_down_to_its_last(depth):
    graph, last = chain_of(depth)
    tree = CutTree(graph, place(graph))
    cut = choose_cut(tree, front(tree), VIEWPORT)
    assert last in cut.nodes
    assert cut.opened[:-1].all()
    assert (np.diff(cut.level) == 1).all()
    assert (np.diff(cut.nodes) > 0).all()
    assert len(cut) <= 120  # a thousand plates that cover one another are not drawn
    _, top = heights_of(tree, cut)
    assert (np.diff(top) > 0).all()


def test_of_plates_that_fill_the_view_only_the_last_one_is_drawn():
    graph, last = chain_of(1000)
    tree = CutTree(graph, place(graph))
    whole = front(tree)
    near = choose_cut(tree, whole.zoomed(10, (640, 360), VIEWPORT), VIEWPORT)
    assert near.nodes.tolist() == [last]
    assert near.level.tolist() == [0]


def test_a_chain_is_cut_where_link_by_link_it_would_be(monkeypatch):
    graph, _ = chain_of(40)
    tree = CutTree(graph, place(graph))
    whole = front(tree)
    with monkeypatch.context() as patch:
        patch.setattr(cut_module, "_COVERED_PX", 1e-9)  # all that is there
        patch.setattr(cut_module, "_fills_view", lambda _, nodes, *__: np.zeros(len(nodes), bool))
        cuts = []
        for chains in (tree.chains, None):
            object.__setattr__(tree, "chains", chains)
            cuts.append([choose_cut(tree, whole.zoomed(z, (640, 360), VIEWPORT), VIEWPORT) for z in (0.02, 0.1, 1, 20)])
    for one, other in zip(*cuts, strict=True):
        for column in ("nodes", "opened", "level"):
            assert np.array_equal(getattr(one, column), getattr(other, column)), column
        for column in ("rise", "stand", "drop", "px"):
            assert np.allclose(getattr(one, column), getattr(other, column), atol=1e-9), column


def test_a_thousand_children_of_one_container_are_all_drawn():
    b = GraphBuilder("cnn", "made")
    features = b.node(0, "features")
    for k in range(1000):
        b.tensor(b.node(features, str(k), NodeKind.CONV), "weight", (64, 64, 3, 3), "F32", nbytes=0)
    graph = b.build()
    tree = CutTree(graph, place(graph))
    layers = graph.of_kind(NodeKind.CONV).tolist()
    assert len(layers) == 1000
    assert set(layers) <= set(choose_cut(tree, front(tree), VIEWPORT).nodes.tolist())
