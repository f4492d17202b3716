"""What a rubber band takes hold of, against projecting every part by itself."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archviz3d.layout import place
from archviz3d.layout.hiding import hidden_mask
from archviz3d.viewer.cameras.camera import Camera
from archviz3d.viewer.cameras.framing import framing
from archviz3d.viewer.detail.cut import CutTree
from archviz3d.viewer.pointing.band import parts_in_band

VIEWPORT = (1000, 700)
CORNERS = np.array([[-1, -1, 1], [1, -1, 1], [1, 1, 1], [-1, 1, 1]]) / 2


@pytest.fixture(scope="module")
def tree(toy):
    return CutTree(toy, place(toy))


@pytest.fixture(scope="module")
def camera(toy, tree) -> Camera:
    return framing(toy, tree.placement, 0, None, VIEWPORT, (0, 0, 0, 0))


def rects(placement, camera):
    corners = placement.center[:, None] + placement.size[:, None] * CORNERS
    px, _ = camera.project(corners, VIEWPORT)
    return px.min(1), px.max(1)


def outermost_inside(toy, low, high, band):
    inside = (low >= band[:2]).all(1) & (high <= band[2:]).all(1)
    inside[0] = False
    return [
        node
        for node in np.flatnonzero(inside).tolist()
        if not inside[list(toy.ancestors(node))].any() and (high - low)[node].max() >= 2
    ]


@settings(max_examples=50, deadline=None)
@given(x=st.tuples(*[st.floats(0, 1000)] * 2), y=st.tuples(*[st.floats(0, 700)] * 2))
def test_it_is_the_largest_parts_inside_of_the_depth_that_has_most_area(toy, tree, camera, x, y):
    band = (min(x), min(y), max(x), max(y))
    low, high = rects(tree.placement, camera)
    area = {}
    for node in outermost_inside(toy, low, high, band):
        area.setdefault(int(toy.depth[node]), {})[node] = (high - low)[node].prod()
    wanted = set(max(area.values(), key=lambda parts: sum(parts.values()), default={}))
    assert set(parts_in_band(tree, camera, VIEWPORT, band, np.ones(len(toy), bool)).tolist()) == wanted


def test_what_is_hidden_or_not_to_be_seen_is_left_out(toy, tree, camera):
    expert = toy.id_of("model.layers.2.mlp.experts.7")
    low, high = rects(tree.placement, camera)
    band = (*(low[expert] - 1), *(high[expert] + 1))
    shows = np.ones(len(toy), bool)
    assert parts_in_band(tree, camera, VIEWPORT, band, shows).tolist() == [expert]
    without = CutTree(toy, tree.placement, hidden_mask(toy, frozenset([expert])))
    assert parts_in_band(without, camera, VIEWPORT, band, shows).tolist() == []
    shows[toy.id_of("model.layers.2.mlp")] = False
    assert parts_in_band(tree, camera, VIEWPORT, band, shows).tolist() == []


def test_what_the_next_plate_of_a_deck_hides_is_left_out(toy):
    deck = place(toy, arrangement="deck")
    tree = CutTree(toy, deck)
    camera = framing(toy, deck, 0, (0.0, 0.0, 1.0), VIEWPORT, (0, 0, 0, 0))
    nodes = toy.children(toy.id_of("model.layers.2.mlp.experts")).astype(np.int64)
    covered = nodes[tree.covering.hides(deck, nodes, camera, VIEWPORT)]
    assert len(covered)
    low, high = rects(deck, camera)
    shows = np.ones(len(toy), bool)
    for node in covered.tolist():
        band = (*(low[node] - 1), *(high[node] + 1))
        assert node not in parts_in_band(tree, camera, VIEWPORT, band, shows)
