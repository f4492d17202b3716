"""Maps of fronts: each texel is the child in front of which its middle lies, by brute force."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archviz3d.graph.builder import GraphBuilder
from archviz3d.graph.kinds import NodeKind
from archviz3d.layout import place
from archviz3d.layout.hiding import hidden_mask
from archviz3d.viewer.detail.child_maps import DETAILS, ChildMaps
from archviz3d.viewer.detail.cut import CutTree

# A tree is a tensor's side or a list of trees.
TREES = st.recursive(st.integers(1, 200), lambda inner: st.lists(inner, min_size=1, max_size=7), max_leaves=30)


def graph_of(tree):
    b = GraphBuilder("random", "made by hand", "random.safetensors")

    def add(parent, name, part):
        if isinstance(part, int):
            b.tensor(parent, name, (part, 8), "F32", nbytes=32 * part, file="a", offset=0)
            return
        node = b.node(parent, name)
        for k, inner in enumerate(part):
            add(node, str(k), inner)

    add(0, "model", tree if isinstance(tree, list) else [tree])
    return b.build()


def containers(tree):
    return np.flatnonzero(np.diff(tree.child_start) > 0).astype(np.int64)


def texel_points(tree, maps, k, node):
    """Return the plan points in the middle of a map's texels, shape (rows, columns, 2)."""
    corner = tree.placement.center[node, :2] - tree.placement.size[node, :2] / 2
    x = maps.low[k, 0] + (np.arange(maps.columns[k]) + 0.5) / maps.columns[k] * (maps.high[k, 0] - maps.low[k, 0])
    y = maps.low[k, 1] + (np.arange(maps.rows[k]) + 0.5) / maps.rows[k] * (maps.high[k, 1] - maps.low[k, 1])
    return corner + np.stack(np.meshgrid(x, y), -1) * tree.placement.size[node, :2]


def texels_of(child_maps, maps, k):
    start, rows, columns = int(maps.start[k]), int(maps.rows[k]), int(maps.columns[k])
    return child_maps.texels[start : start + rows * columns].reshape(rows, columns)


@settings(max_examples=25, deadline=None)
@given(TREES, st.integers(0, len(DETAILS) - 1))
def test_a_texel_is_the_child_that_its_middle_lies_in(shape, detail):
    graph = graph_of(shape)
    tree = CutTree(graph, place(graph))
    child_maps, nodes = ChildMaps(tree), containers(tree)
    maps = child_maps.of(nodes, np.full(len(nodes), detail))
    for k, node in enumerate(nodes.tolist()):
        children = tree.children(np.array([node]))
        center, size = tree.placement.center[children, :2], tree.placement.size[children, :2]
        points = texel_points(tree, maps, k, node)
        beside = (np.abs(points[..., None, :] - center) - size / 2).max(-1)  # rows, columns, children; inside below 0
        slack = 1e-6 * tree.placement.size[node, :2].max()
        inside, nearly = beside < -slack, beside < slack
        offset = texels_of(child_maps, maps, k)
        mine = offset[..., None] == children - node
        assert not (inside & ~mine).any()  # children do not overlap: what a middle is in is what the texel shows
        assert not (mine & ~nearly).any()


@pytest.fixture(scope="module")
def tree(toy):
    return CutTree(toy, place(toy))


def test_a_grid_has_one_texel_a_child_and_knows_its_gaps(tree, toy):
    node = toy.id_of("model.layers.2.mlp.experts")
    child_maps = ChildMaps(tree)
    maps = child_maps.of(np.array([node]), np.array([0]))
    children = toy.children(node)
    assert sorted(texels_of(child_maps, maps, 0).ravel().tolist()) == sorted((children - node).tolist())
    cell = (maps.high - maps.low)[0] * tree.placement.size[node, :2] / (maps.columns[0], maps.rows[0])
    assert np.allclose(cell * (1 - maps.gap[0]), tree.placement.size[children[0], :2], rtol=1e-6)


def test_a_grid_whose_last_row_is_not_full_shows_its_plate_there():
    b = GraphBuilder("a", "made by hand", "a")
    holder = b.node(0, "experts", NodeKind.EXPERTS)
    for k in range(13):
        b.tensor(b.node(holder, str(k), NodeKind.EXPERT), "weight", (32, 32), "F32", nbytes=1, file="a", offset=0)
    graph = b.build()
    tree = CutTree(graph, place(graph))
    child_maps = ChildMaps(tree)
    texels = texels_of(child_maps, child_maps.of(np.array([holder]), np.array([1])), 0)
    assert sorted(texels[texels > 0].tolist()) == (graph.children(holder) - holder).tolist()
    assert 0 < (texels == 0).sum() < max(texels.shape)


def test_equal_containers_share_a_map_and_different_ones_do_not(tree, toy):
    layers = toy.of_kind(NodeKind.LAYER).astype(np.int64)
    child_maps = ChildMaps(tree)
    maps = child_maps.of(layers, np.full(len(layers), 1))
    assert len(set(maps.start.tolist())) == 1
    known = len(child_maps.texels)
    child_maps.of(layers, np.full(len(layers), 1))
    assert len(child_maps.texels) == known
    other = child_maps.of(np.array([toy.id_of("model.layers.0.self_attn")]), np.array([1]))
    assert other.start[0] >= known


def test_finer_maps_have_more_texels(tree, toy):
    node = np.array([toy.id_of("model.layers.2")])
    child_maps = ChildMaps(tree)
    sides = [max(m.columns[0], m.rows[0]) for m in (child_maps.of(node, np.array([k])) for k in range(len(DETAILS)))]
    assert sides == sorted(set(sides))
    assert all(side <= most for side, most in zip(sides, DETAILS, strict=True))


def test_what_is_hidden_is_plate(toy):
    node, gone = toy.id_of("model.layers.2.mlp.experts"), toy.id_of("model.layers.2.mlp.experts.5")
    placement = place(toy)
    child_maps = ChildMaps(CutTree(toy, placement, hidden_mask(toy, [gone])))
    texels = texels_of(child_maps, child_maps.of(np.array([node]), np.array([1])), 0)
    assert gone - node not in texels
    assert set((toy.children(node) - node).tolist()) - {gone - node} <= set(texels.ravel().tolist())


def test_containers_of_other_proportions_have_a_map_of_their_own():
    b = GraphBuilder("two", "made by hand")
    holders = [b.node(0, name) for name in "ab"]
    for holder in holders:
        for side in (8, 24, 90):
            b.tensor(holder, f"w{side}", (side, side), "F32", nbytes=4 * side * side)
    graph = b.build()
    placement, holders = place(graph), [graph.id_of(name) for name in "ab"]

    def maps(stretch):
        center, size = placement.center.copy(), placement.size.copy()
        inside = graph.subtree(holders[1])
        center[inside, 0] = center[holders[1], 0] + stretch * (center[inside, 0] - center[holders[1], 0])
        size[inside, 0] *= stretch
        tree = CutTree(graph, replace(placement, center=center, size=size))
        return ChildMaps(tree).of(np.array(holders), np.array([2, 2]))

    same, other = maps(1.0), maps(3.0)
    assert same.start[0] == same.start[1]
    assert other.start[0] != other.start[1]
    assert (other.columns / other.rows)[1] > 1.5 * (other.columns / other.rows)[0]
