"""Levels that morph, as pixels and in space: nothing jumps, nothing fights, and all goes with the drawn heights."""

from itertools import pairwise

import numpy as np
import pytest

from archviz3d.graph.builder import GraphBuilder
from archviz3d.graph.kinds import EdgeKind, NodeKind, Provenance
from archviz3d.layout import place
from archviz3d.viewer.cameras.camera import Camera
from archviz3d.viewer.detail.cut import choose_cut
from archviz3d.viewer.offscreen import offscreen_window, read_pixels
from archviz3d.viewer.scene import Scene
from archviz3d.viewer.state import ViewState
from archviz3d.viewer.theme import DARK

VIEWPORT = (640, 360)


class Stage:
    def __init__(self, graph, window):
        self.graph, self.placement = graph, place(graph)
        self.scene, self.window = Scene(DARK), window
        self.scene.show(graph, self.placement)
        window.AddRenderer(self.scene.renderer)

    def draw(self, moving=False, detail=1.0, **state):
        self.scene.draw(ViewState(labels=False, **state), VIEWPORT, moving=moving, detail=detail)

    def picture(self, moving=False, **state):
        self.draw(moving, **state)
        self.window.Render()
        return read_pixels(self.window, VIEWPORT)[..., :3].astype(float)

    def at_rise(self, node, wanted, angle=(-30.0, 40.0), detail=1.0):
        """Return the camera at which what stands on a node has risen so far, nearly."""
        near, tree = self.scene.fit(node, VIEWPORT, (*angle, 1.0)), self.scene._model.tree
        low, high = 0.5, 60.0  # distances in that of the view of the node
        while high / low > 1.0005:
            middle = (low * high) ** 0.5
            cut = choose_cut(tree, Camera(near.target, *angle, near.distance * middle), VIEWPORT, detail=detail)
            row = np.flatnonzero(cut.nodes == node)
            risen = len(row) and cut.opened[row[0]] and cut.rise[row[0]] >= wanted
            low, high = (middle, high) if risen else (low, middle)
        return Camera(near.target, *angle, near.distance * low)


@pytest.fixture(scope="module")
def stage(toy):
    with offscreen_window(VIEWPORT) as window:
        yield Stage(toy, window)


def test_boxes_are_drawn_as_high_as_they_have_risen(stage, toy):
    layer = toy.id_of("model.layers.2")
    for wanted in (0.001, 0.5, 1.0):
        stage.draw(camera=stage.at_rise(layer, wanted))
        frame = stage.scene.frame
        foot, front = frame.center[:, 2] - frame.size[:, 2] / 2, frame.center[:, 2] + frame.size[:, 2] / 2
        row = int(np.flatnonzero(frame.cut.nodes == layer)[0])
        on_it = frame.above == layer
        assert on_it.any()
        assert np.allclose(foot[on_it], front[row])
        share = frame.size[on_it, 2] / stage.placement.size[frame.cut.nodes[on_it], 2]
        assert frame.cut.rise[row] == pytest.approx(wanted, abs=0.02)
        assert np.allclose(share, frame.cut.rise[row], atol=0.01)


def test_picking_and_outlines_go_with_the_drawn_heights(stage, toy):
    layer = toy.id_of("model.layers.2")
    stage.draw(camera=stage.at_rise(layer, 0.3))
    frame = stage.scene.frame
    rows = np.flatnonzero((frame.above == layer) & (frame.cut.short_px > 4))
    assert len(rows)
    for row in rows.tolist():
        node = int(frame.cut.nodes[row])
        center, size = stage.scene.box(node)
        front = center + size * (0, 0, 0.5)
        (px,), _ = frame.view.camera.project(front[None], VIEWPORT)
        hit = stage.scene.pick(*px)
        assert node <= hit < node + toy.size[node]
        assert size[2] < stage.placement.size[node, 2]


def steps():
    """A container of three parts, each of which feeds the next."""
    b = GraphBuilder("steps", "made")
    block = b.node(0, "block")
    parts = [b.node(block, name, NodeKind.LINEAR) for name in "abc"]
    for part in parts:
        b.tensor(part, "weight", (64, 64), "F32", nbytes=0)
    for one, other in pairwise(parts):
        b.edge(one, other, EdgeKind.DATA, Provenance.DECLARED)
    return b.build()


def test_routes_lie_on_the_plates_as_they_are_drawn_and_come_in_by_width():
    graph = steps()
    block = graph.id_of("block")
    with offscreen_window(VIEWPORT) as window:
        stage = Stage(graph, window)
        routes = np.flatnonzero(stage.placement.routes.owner == block)
        assert len(routes)
        widths, lifts = [], []
        for wanted in (0.4, 1.0):
            # At less detail containers open when they are so large that ribbons are several pixels broad.
            stage.draw(camera=stage.at_rise(block, wanted, detail=6.0), detail=6.0)
            frame, ribbons = stage.scene.frame, stage.scene._ribbons
            row = int(np.flatnonzero(frame.cut.nodes == block)[0])
            front = frame.center[row, 2] + frame.size[row, 2] / 2
            lifts.append(np.unique(np.round(ribbons.lines.points[:, 2] - front, 6)).tolist())
            widths.append(ribbons.width * frame.cut.unit_px[row])
    assert len(widths[0]) == len(widths[1]) > 0
    assert lifts[0] == lifts[1]
    assert min(lifts[0]) > 0
    assert (widths[0] < 0.6 * widths[1]).all()


def test_the_sides_of_what_opens_turn_into_a_plates_as_its_children_rise(stage, toy):
    part = toy.id_of("model.layers.2.self_attn")
    flanks = []
    for wanted in (0.001, 0.5, 1.0):
        stage.draw(camera=stage.at_rise(part, wanted))
        frame = stage.scene.frame
        flanks.append(frame.flanks[frame.cut.nodes == part][0].astype(int))
    closed, plate = stage.scene._model.faces[part].astype(int), stage.scene._model.plates[part].astype(int)
    assert np.abs(flanks[0] - closed).max() <= 8
    assert min(np.abs(flanks[1] - closed).max(), np.abs(flanks[1] - plate).max()) > 8
    assert np.array_equal(flanks[2], plate)


def test_while_moving_a_mesh_serves_as_long_as_fronts_hardly_rise(stage, toy):
    camera = stage.at_rise(toy.id_of("model.layers.2"), 0.5)
    stage.draw(moving=True, camera=camera)
    first = stage.scene._boxes._built
    stage.draw(moving=True, camera=Camera(camera.target, camera.azimuth + 0.5, camera.elevation, camera.distance))
    assert stage.scene._boxes._built is first
    stage.draw(moving=False, camera=camera)
    assert stage.scene._boxes._built is not first


# ---------------------------------------------------------------- nothing fights
def chain(depth):
    b, node = GraphBuilder("chain", "made"), 0
    for k in range(depth):
        node = b.node(node, f"c{k}")
    b.tensor(node, "w", (64, 64), "F32", nbytes=0)
    return b.build()


@pytest.mark.parametrize("orthographic", [False, True])
@pytest.mark.parametrize("depth", [5, 50, 1000])
def test_at_any_depth_of_nesting_the_innermost_is_seen_and_nothing_else(depth, orthographic):
    graph = chain(depth)
    last = len(graph) - 1
    with offscreen_window(VIEWPORT) as window:
        stage = Stage(graph, window)
        placement = stage.placement
        color = stage.scene._model.faces[last].astype(float)
        for angle, zoom in (((-6.0, 10.0), 1.0), ((-50.0, 60.0), 4.0), ((20.0, -30.0), 30.0), ((0.0, 0.0), 2000.0)):
            whole = stage.scene.fit(0, VIEWPORT, (*angle, 1.0), orthographic=orthographic)
            front = placement.center[last] + placement.size[last] * (0, 0, 0.5)
            camera = Camera(tuple(front.tolist()), *angle, whole.distance / zoom, orthographic=orthographic)
            pixels = stage.picture(camera=camera)
            center, size = stage.scene.box(last)
            share = np.linspace(-0.45, 0.45, 15)
            grid = np.stack(np.meshgrid(share, share, [0.0]), -1).reshape(-1, 3) * size + center + size * (0, 0, 0.5)
            px, ahead = camera.project(grid, VIEWPORT)
            seen = (ahead > 0) & (px > 1).all(1) & (px < np.array(VIEWPORT) - 1).all(1)
            x, y = np.floor(px[seen]).astype(int).T
            assert seen.any()
            assert np.abs(pixels[y, x] - color).max() <= 0.07 * 255, (angle, zoom)  # lit a little from above


def test_an_opening_leaves_the_picture_as_it_was(stage, toy):
    """From the last frame in which a part is closed to the first in which it is open."""
    layer = toy.id_of("model.layers.2")
    near = stage.scene.fit(layer, VIEWPORT)

    def opened(factor):
        stage.draw(camera=Camera(near.target, near.azimuth, near.elevation, near.distance * factor))
        cut = stage.scene.frame.cut
        return bool((cut.opened & (cut.nodes == layer)).any())

    closed_at, open_at = 60.0, 1.0
    while closed_at / open_at > 1.0001:
        middle = (closed_at * open_at) ** 0.5
        closed_at, open_at = (closed_at, middle) if opened(middle) else (middle, open_at)
    before, after = (
        stage.picture(camera=Camera(near.target, near.azimuth, near.elevation, near.distance * factor))
        for factor in (closed_at, open_at)
    )
    center, size = stage.placement.center[layer], stage.placement.size[layer]
    corners = center + size / 2 * np.array([[-1, -1, 1], [1, 1, 1]])
    (x0, y1), (x1, y0) = np.floor(stage.scene.frame.view.camera.project(corners, VIEWPORT)[0]).astype(int)
    change = (after - before)[y0:y1, x0:x1]
    assert np.abs(change.mean((0, 1))).max() < 6
    assert np.abs(change).mean() < 12


@pytest.mark.parametrize("moving", [False, True])
@pytest.mark.parametrize("behind", [0.5, 50.0, 1e6])
@pytest.mark.filterwarnings("error")
def test_nothing_overflows_where_the_eye_is_behind_a_box(stage, toy, behind, moving):
    node = toy.id_of("model.layers.2")
    right, up, front = stage.placement.center[node].tolist()
    target = (right, up, front - behind * float(stage.placement.size[node, 2]))
    for distance in (1e-3, 1e-9):
        for angle in ((0.0, 0.0), (60.0, 40.0), (0.0, -60.0)):
            stage.draw(moving, camera=Camera(target, *angle, distance))
