"""Pointing at routes, and the spotlight, in scenes that were really drawn."""

from itertools import pairwise

import numpy as np
import pytest

from archviz3d.graph.builder import GraphBuilder
from archviz3d.graph.kinds import EdgeKind, NodeKind
from archviz3d.layout import place
from archviz3d.viewer.offscreen import offscreen_window, read_pixels
from archviz3d.viewer.pointing.pick import hidden_points, nearest_box
from archviz3d.viewer.scene import Scene
from archviz3d.viewer.state import ViewState
from archviz3d.viewer.theme import DARK

VIEWPORT = (1000, 700)


def chained(sides, tied=False):
    """A chain of blocks with a fan and a stream inside one of them, of five square matrices."""
    b = GraphBuilder("flow", "test")
    blocks = [b.node(0, f"block{k}", NodeKind.MODULE) for k in range(4)]
    for block in blocks:
        parts = [b.node(block, f"part{k}", NodeKind.LINEAR) for k in range(5)]
        for part, side in zip(parts, sides, strict=True):
            b.tensor(part, "weight", (side, side), "F32", nbytes=4 * side * side)
        for part in parts[1:4]:
            b.edge(parts[0], part)
            b.edge(part, parts[4])
    for source, target in pairwise(blocks):
        b.edge(source, target, EdgeKind.RESIDUAL)
    for first, last in zip(blocks[:2], blocks[2:], strict=True) if tied else ():
        b.edge(first, last, EdgeKind.TIED)
    return b.build()


@pytest.fixture(scope="module")
def flow():
    return chained([64] * 5)


@pytest.fixture(scope="module")
def stage(flow):
    yield from staged(flow)


@pytest.fixture(scope="module")
def towers():
    yield from staged(chained([64, 256, 64, 256, 64], tied=True))


def staged(graph):
    placement = place(graph)
    scene = Scene(DARK)
    with offscreen_window(VIEWPORT) as window:
        window.AddRenderer(scene.renderer)
        scene.show(graph, placement)

        def draw(**state):
            scene.draw(ViewState(labels=False, **state), VIEWPORT)
            window.Render()
            return read_pixels(window, VIEWPORT)[..., :3].astype(int)

        yield scene, placement, draw


def test_each_route_is_met_where_it_is_drawn(stage, flow):
    scene, placement, draw = stage
    draw(focus=flow.id_of("block1"))
    routes, camera = placement.routes, scene.frame.view.camera
    met = 0
    for route in scene.ways.shown.tolist():
        points = routes.points[routes.start[route] : routes.start[route + 1]]
        k = int(np.argmax(np.linalg.norm(np.diff(points, axis=0), axis=1)))
        (px,), _ = camera.project(points[k : k + 2].mean(0)[None], VIEWPORT)
        if not ((px > 0) & (px < VIEWPORT)).all():
            continue
        found = scene.pick_route(*px)
        assert found is not None
        assert routes.owner[found] == routes.owner[route]
        trunk = routes.bundle[found] == routes.bundle[route] >= 0
        assert found == route or trunk  # where several share a trunk, any of them is right
        met += 1
    assert met >= 6  # those of the block itself


def test_a_box_hides_routes_and_no_route_is_where_none_is_drawn(stage, flow):
    scene, placement, draw = stage
    draw(focus=flow.id_of("block1"))
    parts = [flow.id_of(f"block1.part{k}") for k in range(5)]
    front = placement.center[parts] + placement.size[parts] * (0, 0, 0.5)
    for px in scene.frame.view.camera.project(front, VIEWPORT)[0]:
        assert scene.pick_route(*px) is None
        assert scene.pick(*px) is not None
    assert scene.pick_route(2, VIEWPORT[1] - 2) is None


def test_the_strokes_of_a_route_are_those_of_its_bundle(stage, flow):
    scene, placement, draw = stage
    draw(focus=flow.id_of("block1"))
    bundle = placement.routes.bundle
    route = next(route for route in scene.ways.shown.tolist() if bundle[route] >= 0)
    strokes = scene.ways.strokes_of(route)
    assert len(strokes) == (bundle[scene.ways.shown] == bundle[route]).sum() > 1
    assert all(width > 0 for _, width in strokes)


def test_a_spotlight_dims_the_rest_and_leaves_what_is_lit_as_it_was(stage, flow):
    _, placement, draw = stage
    before = draw()
    after = draw(spotlight=frozenset([flow.id_of("block1")]))
    camera = stage[0].frame.view.camera
    for k in range(4):
        part = flow.id_of(f"block{k}.part2")
        (px,), _ = camera.project((placement.center[part] + placement.size[part] * (0.2, 0.2, 0.5))[None], VIEWPORT)
        x, y = np.rint(px).astype(int)
        (block,), _ = camera.project(
            (placement.center[flow.parent[part]] + placement.size[flow.parent[part]] * (0.47, 0.47, 0.5))[None],
            VIEWPORT,
        )
        plate = after[tuple(np.rint(block[::-1]).astype(int))]
        if k == 1:
            np.testing.assert_array_equal(before[y, x], after[y, x])
        else:
            assert np.abs(after[y, x] - plate).sum() < 0.4 * np.abs(before[y, x] - plate).sum()


def test_routes_that_do_not_touch_the_spotlight_recede(stage, flow):
    scene, placement, draw = stage
    lit = flow.id_of("block1.part1")
    before = draw(focus=flow.id_of("block1"))
    after = draw(focus=flow.id_of("block1"), spotlight=frozenset([lit, flow.id_of("block1.part0")]))
    routes, camera = placement.routes, scene.frame.view.camera

    def change(source, target):
        ends = [flow.id_of(f"block1.part{k}") for k in (source, target)]
        (route,) = np.flatnonzero((routes.source == ends[0]) & (routes.target == ends[1])).tolist()
        last = routes.points[routes.start[route + 1] - 2 : routes.start[route + 1]]
        (px,), _ = camera.project(last.mean(0)[None], VIEWPORT)
        x, y = np.rint(px).astype(int)
        return np.abs(after[y, x] - before[y, x]).sum()

    assert change(0, 1) < 12
    assert change(2, 4) > change(1, 4) > 12  # one end of the second is lit


TALL = {"height": "parameters", "angle": (0.0, -55.0, 1.0)}  # towers that reach over what is beyond them


def towers_before(scene, points):
    """Return for each point whether a tall box stands between it and the eye, and does so around its pixel."""
    frame = scene.frame
    tall = np.flatnonzero(frame.tall)
    camera = frame.view.camera
    found = []
    for point in points:
        (px,), _ = camera.project(point[None], VIEWPORT)
        around = [px + offset for offset in ((0, 0), (5, 0), (-5, 0), (0, 5), (0, -5))]
        hits = [nearest_box(frame.center, frame.size, *camera.ray(at, VIEWPORT)) for at in around]
        hidden = hidden_points(point[None], frame.center[tall], frame.size[tall], camera.eye)[0]
        found.append(hidden and all(hit in tall for hit in hits) and bool((px > 0).all() and (px < VIEWPORT).all()))
    return found


@pytest.mark.parametrize("focus", ["block1", ""])
def test_a_route_behind_a_tower_does_not_answer(towers, flow, focus):
    scene, placement, draw = towers
    draw(focus=flow.id_of(focus), **TALL)
    routes, camera = placement.routes, scene.frame.view.camera
    hidden = 0
    for route in scene.ways.shown.tolist():
        points = routes.points[routes.start[route] : routes.start[route + 1]]
        between = np.concatenate([a + (b - a) * np.linspace(0, 1, 5)[:, None] for a, b in pairwise(points)])
        for point, is_hidden in zip(between, towers_before(scene, between), strict=True):
            if is_hidden:
                hidden += 1
                assert scene.pick_route(*camera.project(point[None], VIEWPORT)[0][0]) is None
    assert hidden > 3


def test_a_port_behind_a_tower_does_not_answer(towers):
    scene, _, draw = towers
    hidden = met = 0
    for azimuth in (-60.0, -40.0, 40.0, 60.0):
        draw(height="parameters", angle=(azimuth, 0.0, 1.0))
        tabs, camera = scene.ways.tabs, scene.frame.view.camera
        middles = tabs.corners.mean(1)
        for point, is_hidden in zip(middles, towers_before(scene, middles), strict=True):
            px = tuple(camera.project(point[None], VIEWPORT)[0][0])
            port = scene.ways.port_at(px)
            hidden += is_hidden
            met += port is not None
            assert not (is_hidden and port is not None)
    assert hidden
    assert met
