"""Previews as pixels: a closed front shows its parts as they look when it is opened, and they can be picked."""

import numpy as np
import pytest

from archviz3d.graph.kinds import NodeKind
from archviz3d.layout import place
from archviz3d.overlays.aggregate import Aggregate
from archviz3d.overlays.book import OverlayBook
from archviz3d.overlays.overlay import Origin, Overlay
from archviz3d.viewer.offscreen import offscreen_window, read_pixels
from archviz3d.viewer.scene import Scene
from archviz3d.viewer.state import ViewState
from archviz3d.viewer.theme import DARK, LIGHT, Tone, rgb

VIEWPORT = (1280, 720)
FAR, NEAR = (0.0, 0.0, 0.1), (0.0, 0.0, 1.0)  # all experts lie in closed layers, or are boxes


class Stage:
    def __init__(self, graph, window):
        self.graph, self.placement = graph, place(graph)
        self.book = OverlayBook(graph)
        ids = graph.of_kind(NodeKind.EXPERT).astype(np.int32)
        values = np.random.default_rng(3).uniform(0, 1, (1, len(ids))).astype(np.float32)
        values[0, 7] = np.nan
        self.book.add(
            Overlay(
                name="load", title="Load", definition="tokens", source="a test", origin=Origin.SYNTHETIC,
                aggregate=Aggregate.MEAN, ids=ids, values=values,
            ),
            "test",
        )  # fmt: skip
        self.scene, self.window = Scene(DARK), window
        self.scene.show(graph, self.placement, self.book)
        window.AddRenderer(self.scene.renderer)

    def picture(self, **state):
        self.scene.draw(ViewState(labels=False, **state), VIEWPORT)
        self.window.Render()
        return read_pixels(self.window, VIEWPORT)[..., :3].astype(int)

    def px(self, nodes):
        boxes = [self.scene.box(int(node)) for node in nodes]
        fronts = np.array([center + size * (0, 0, 0.5) for center, size in boxes])
        return self.scene.frame.view.camera.project(fronts, VIEWPORT)[0]

    def seen(self, pixels, nodes):
        x, y = np.floor(self.px(nodes)).astype(int).T
        return pixels[y, x]

    def drawn(self, nodes):
        return np.isin(nodes, self.scene.frame.cut.nodes)


@pytest.fixture(scope="module")
def stage(toy):
    with offscreen_window(VIEWPORT) as window:
        yield Stage(toy, window)


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("overlay", [None, "load"])
def test_a_part_looks_on_a_closed_front_as_it_does_as_a_box(stage, toy, theme, overlay):
    experts = toy.of_kind(NodeKind.EXPERT)
    near = stage.seen(stage.picture(angle=NEAR, theme=theme, overlay=overlay), experts)
    assert stage.drawn(experts).all()
    far = stage.seen(stage.picture(angle=FAR, theme=theme, overlay=overlay), experts)
    assert not stage.drawn(experts).any()
    assert np.abs(far - near).max() <= 6
    if overlay is None:
        amber = rgb((DARK if theme == "dark" else LIGHT).tones[Tone.EXPERT])
        assert np.abs(far - amber).max() <= 6
    else:
        assert len(np.unique(far, axis=0)) > len(experts) // 2


def test_a_filter_and_the_focus_are_seen_in_previews(stage, toy):
    experts = toy.of_kind(NodeKind.EXPERT)
    keep = (0.5, 1.0)
    near = stage.seen(stage.picture(angle=NEAR, overlay="load", keep=keep), experts)
    far = stage.seen(stage.picture(angle=FAR, overlay="load", keep=keep), experts)
    marked = stage.scene.coloring.kept(stage.scene.coloring.values[experts])
    assert np.abs(far - near)[~marked].max() <= 6  # boxes that are kept have a rim, which in small ones is their middle
    all_of_it = stage.seen(stage.picture(angle=FAR, overlay="load"), experts)
    assert np.median(np.abs(far - all_of_it)[~marked].max(1)) > 40


def test_hidden_parts_show_the_plate(stage, toy):
    experts = toy.of_kind(NodeKind.EXPERT)
    gone = frozenset(experts[:3].tolist())
    camera = stage.scene.fit(0, VIEWPORT, FAR)
    before = stage.seen(stage.picture(camera=camera), experts)
    after = stage.seen(stage.picture(camera=camera, hidden=gone), experts)
    assert np.abs(after - before)[:3].max(1).min() > 40
    assert np.abs(after - before)[3:].max() <= 2


def test_a_part_on_a_closed_front_is_picked_and_outlined_there(stage, toy):
    experts = toy.of_kind(NodeKind.EXPERT)
    stage.picture(angle=FAR)
    assert [stage.scene.pick(x, y) for x, y in stage.px(experts).tolist()] == experts.tolist()
    layer = int(toy.parent[toy.parent[toy.parent[experts[0]]]])
    assert stage.drawn(np.array([layer])).all()
    whole, part = stage.scene.box(layer), stage.scene.box(int(experts[0]))
    assert part[0][2] == pytest.approx(whole[0][2] + whole[1][2] / 2)
    assert (np.abs(part[0] - whole[0])[:2] + part[1][:2] / 2 <= whole[1][:2] / 2 * (1 + 1e-9)).all()


def test_where_a_front_is_too_small_to_tell_its_parts_apart_the_whole_is_picked(stage, toy):
    stage.picture(angle=(0.0, 0.0, 0.02))
    layers = toy.of_kind(NodeKind.LAYER)
    hits = {stage.scene.pick(x, y) for x, y in stage.px(layers).tolist()}
    assert hits
    assert not hits & set(toy.of_kind(NodeKind.EXPERT).tolist())


def mean_color(stage, pixels, node):
    """Return the mean colour of a node's front, pixels on its edge in part."""
    center, size = stage.placement.center[node], stage.placement.size[node]
    front = center + size / 2 * np.array([[-1, -1, 1], [1, 1, 1]])
    (x0, y1), (x1, y0) = stage.scene.frame.view.camera.project(front, VIEWPORT)[0]
    columns, rows = (np.arange(side) for side in VIEWPORT)
    across = np.clip(np.minimum(columns + 1, x1) - np.maximum(columns, x0), 0, 1)
    down = np.clip(np.minimum(rows + 1, y1) - np.maximum(rows, y0), 0, 1)
    part = pixels[np.ix_(down > 0, across > 0)]
    return np.einsum("y,x,yxc->c", down[down > 0], across[across > 0], part) / (across.sum() * down.sum())


def test_coming_closer_changes_the_picture_little_by_little(stage, toy):
    """From a slate box to its parts, and through the size at which it opens."""
    layers = toy.of_kind(NodeKind.LAYER).tolist()
    looks, opened = [], []
    for zoom in np.geomspace(0.008, 0.15, 36).tolist():
        pixels = stage.picture(angle=(0.0, 0.0, zoom))
        looks.append(np.mean([mean_color(stage, pixels, layer) for layer in layers], 0))
        cut = stage.scene.frame.cut
        opened.append(bool(cut.opened[cut.nodes == layers[0]].any()))
    assert not opened[0]
    assert opened[-1]
    steps = np.abs(np.diff(looks, axis=0)).max(1)
    assert np.ptp(looks, axis=0).max() > 60
    assert steps.max() < 0.25 * np.ptp(looks, axis=0).max()  # all of it comes in no fewer than four steps


def test_the_same_view_has_the_same_previews_after_another_one(stage):
    first = stage.picture(angle=FAR, overlay="load")
    stage.picture(angle=NEAR, theme="light")
    assert np.array_equal(first, stage.picture(angle=FAR, overlay="load"))


def test_the_legend_names_what_is_seen_in_previews_only(stage, toy):
    stage.scene.draw(ViewState(angle=FAR), VIEWPORT)
    assert not stage.drawn(toy.of_kind(NodeKind.EXPERT)).any()
    assert "MLP, experts" in {line.text for line in stage.scene.writings}
