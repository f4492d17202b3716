"""The scene as pixels: what is where, in which colour, and that labels and picking agree with it."""

import numpy as np
import pytest

from archviz3d.graph.builder import GraphBuilder
from archviz3d.graph.kinds import EdgeKind, NodeKind, Provenance
from archviz3d.layout import place
from archviz3d.viewer.cameras.camera import Camera
from archviz3d.viewer.offscreen import offscreen_window, read_pixels
from archviz3d.viewer.scene import Scene
from archviz3d.viewer.scene.writing.text import text_width
from archviz3d.viewer.state import ViewState
from archviz3d.viewer.theme import DARK, LIGHT, Tone, contrast, rgb

VIEWPORT = (1280, 720)
AMBER = rgb(DARK.tones[Tone.EXPERT])


class Stage:
    """A scene in an off-screen window."""

    def __init__(self, graph, window):
        self.graph, self.placement = graph, place(graph)
        self.scene, self.window = Scene(DARK), window
        self.scene.show(graph, self.placement)
        window.AddRenderer(self.scene.renderer)

    def picture(self, moving=False, viewport=VIEWPORT, scale=1.0, **state):
        self.window.SetSize(*viewport)
        self.scene.draw(ViewState(**state), viewport, moving=moving, scale=scale)
        self.window.Render()
        return read_pixels(self.window, viewport)[..., :3].astype(float)

    def front_px(self, nodes):
        nodes = np.atleast_1d(nodes)
        front = self.placement.center[nodes].copy()
        front[:, 2] += self.placement.size[nodes][:, 2] / 2
        return self.scene.frame.view.camera.project(front, VIEWPORT)[0]


@pytest.fixture(scope="module")
def stage(toy):
    with offscreen_window(VIEWPORT) as window:
        yield Stage(toy, window)


def hue_of(color):
    """Return a colour without its brightness."""
    return color / max(color.sum(), 1)


@pytest.mark.parametrize("moving", [False, True])
def test_every_expert_is_an_amber_tile(stage, toy, moving):
    pixels = stage.picture(moving, labels=False)
    experts = toy.of_kind(NodeKind.EXPERT)
    px = np.floor(stage.front_px(experts)).astype(int)
    seen = pixels[px[:, 1], px[:, 0]]
    assert np.abs(seen / seen.sum(1, keepdims=True) - hue_of(AMBER)).max() < 0.02
    assert np.abs(seen - AMBER).max() < 30


@pytest.mark.parametrize("angle", [(0.0, 0.0, 1.0), (-35.0, 30.0, 1.0), (0.0, -54.0, 1.0)])
def test_in_parallel_projection_parts_are_where_the_camera_says(stage, toy, angle):
    pixels = stage.picture(labels=False, projection="orthographic", angle=angle)
    experts = toy.of_kind(NodeKind.EXPERT)
    centres = stage.front_px(experts)
    px = np.floor(centres).astype(int)
    seen = pixels[px[:, 1], px[:, 0]]
    assert np.abs(seen / seen.sum(1, keepdims=True) - hue_of(AMBER)).max() < 0.02
    picked = [stage.scene.pick(*at) for at in centres]
    assert picked == experts.tolist()
    first, last = (stage.front_px(toy.id_of(f"model.layers.{k}.mlp.experts.0"))[0] for k in (0, 3))
    second = stage.front_px(toy.id_of("model.layers.0.mlp.experts.1"))[0]
    beside = stage.front_px(toy.id_of("model.layers.3.mlp.experts.1"))[0]
    assert np.allclose(second - first, beside - last)  # as large wherever it is


def test_in_parallel_projection_a_box_has_its_side(stage, toy):
    node, color = toy.id_of("lm_head"), rgb(DARK.tones[Tone.OUTPUT])
    middle = stage.placement.center[node] + stage.placement.size[node] * (0.5, 0, 0)
    pixels = stage.picture(labels=False, projection="orthographic", angle=(40.0, 0.0, 8.0), focus=node)
    (px,), _ = stage.scene.frame.view.camera.project(middle[None], VIEWPORT)
    seen = pixels[int(px[1]), int(px[0])]
    assert np.abs(hue_of(seen) - hue_of(color)).max() < 0.03
    assert seen.max() < color.max() - 20  # darker than the front


def test_gaps_between_tiles_show_the_plate(stage, toy):
    layer = toy.id_of("model.layers.2.mlp.experts")
    pixels = stage.picture(focus=layer, labels=False)
    first, second = (toy.id_of(f"model.layers.2.mlp.experts.{k}") for k in (0, 1))
    middle = np.floor(stage.front_px([first, second]).mean(0)).astype(int)
    assert np.abs(pixels[middle[1], middle[0]] - AMBER).max() > 60


def test_the_ground_is_a_gradient_in_the_corners(stage):
    pixels = stage.picture(labels=False)
    for y, theme_color in ((0, DARK.ground[0]), (-1, DARK.ground[1])):
        for x in (0, -1):
            assert np.abs(pixels[y, x] - rgb(theme_color)).max() <= 2


def test_the_picture_is_the_same_twice(stage):
    assert np.array_equal(stage.picture(), stage.picture())


def test_a_mesh_kept_while_moving_shows_what_a_new_one_would(stage):
    start = stage.scene.fit(0, VIEWPORT)
    stage.picture(moving=True, camera=start, labels=False)
    kept = stage.picture(moving=True, camera=start.orbited(2, 1), labels=False)
    stage.scene.show(stage.graph, place(stage.graph))
    new = stage.picture(moving=True, camera=start.orbited(2, 1), labels=False)
    assert (np.abs(kept - new).max(2) > 12).mean() < 0.002


def test_pick_agrees_with_what_is_seen(stage, toy):
    stage.picture()
    experts = toy.of_kind(NodeKind.EXPERT)
    for node, (x, y) in zip(experts.tolist(), stage.front_px(experts).tolist(), strict=True):
        assert stage.scene.pick(x, y) == node
    assert stage.scene.pick(1, VIEWPORT[1] - 1) is None


def test_pick_finds_the_deepest_drawn_part(stage, toy):
    expert = toy.id_of("model.layers.3.mlp.experts.7")
    stage.picture(focus=expert)
    weight = toy.id_of("model.layers.3.mlp.experts.7.up_proj.weight")
    hit = stage.scene.pick(*stage.front_px(weight)[0])
    drawn = set(stage.scene.frame.cut.nodes.tolist())
    assert hit == (weight if weight in drawn else toy.parent[weight])


def test_every_layer_bears_its_number(stage, toy):
    stage.picture()
    named = {label.candidate.node: label for label in stage.scene.labels}
    for layer in toy.of_kind(NodeKind.LAYER).tolist():
        assert named[layer].block.lines[0].text == toy.name_of(layer)


VIEWS = ["", "model.layers.2", "model.layers.2.self_attn", "model.layers.2.mlp.experts.3", "lm_head.weight"]


@pytest.mark.parametrize("path", VIEWS)
@pytest.mark.parametrize(("viewport", "scale"), [(VIEWPORT, 1.0), ((700, 500), 1.0), ((1920, 1080), 1.5)])
def test_labels_do_not_overlap_and_are_not_clipped(stage, toy, path, viewport, scale):
    stage.picture(viewport=viewport, scale=scale, focus=toy.id_of(path))
    rects = [label.rect for label in stage.scene.labels]
    for k, a in enumerate(rects):
        assert min(a[:2]) >= 0
        assert a[2] <= viewport[0]
        assert a[3] <= viewport[1]
        for b in rects[:k]:
            assert a[0] >= b[2] or b[0] >= a[2] or a[1] >= b[3] or b[1] >= a[3]
    sizes = [line.font[0] for label in stage.scene.labels for line in label.block.lines]
    assert min(sizes, default=11) >= 11


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda t: t.name)
def test_labels_can_be_read(stage, toy, theme):
    focus = toy.id_of("model.layers.2")
    pixels = stage.picture(focus=focus, theme=theme.name)
    assert stage.scene.labels
    for label in stage.scene.labels:
        left, top, right, bottom = label.rect
        patch = pixels[top:bottom, left:right].reshape(-1, 3)
        ground = np.median(patch, axis=0)  # text covers less than half of its rectangle
        ink = patch[np.abs(patch - ground).sum(1).argmax()]
        assert contrast(ink, ground) >= 4.5, label.block.lines


def test_labels_can_be_switched_off(stage):
    bare, written = stage.picture(labels=False), stage.picture(labels=True)
    assert np.abs(bare - written)[:60, :400].max() > 100  # the title


def test_a_long_title_is_drawn_to_its_end():
    b = GraphBuilder("W" * 45, "made by hand")
    b.tensor(0, "weight", (2, 2), "F32", nbytes=16)
    graph = b.build()
    size, scale = (4096, 512), 2.5
    with offscreen_window(size) as window:
        scene = Scene(DARK)
        scene.show(graph, place(graph))
        window.AddRenderer(scene.renderer)
        scene.draw(ViewState(), size, scale=scale)
        window.Render()
        title = read_pixels(window, size)[: round(60 * scale), : -round(200 * scale), :3]
    end = round(28 * scale) + text_width(graph.name, (round(26 * scale), "Medium"))
    assert end > 2048
    assert np.argwhere((title > 200).all(2))[:, 1].max() == pytest.approx(end, abs=40)


def test_selection_is_framed(stage, toy):
    expert = toy.id_of("model.layers.3.mlp.experts.7")
    before, after = stage.picture(labels=False), stage.picture(labels=False, selection=expert)
    changed = np.argwhere(np.abs(before - after).max(2) > 30)
    x, y = stage.front_px(expert)[0]
    assert len(changed)
    assert np.abs(changed.mean(0) - (y, x)).max() < 6


@pytest.mark.parametrize("part", ["model.layers.2", "model.layers.2.mlp", "model.layers.2.mlp.experts.3"])
def test_no_frame_strikes_a_name_through(stage, toy, part):
    node = toy.id_of(part)
    pixels = stage.picture(focus=node, selection=node)
    framed = np.abs(pixels - rgb(DARK.selection)).max(2) < 60
    assert framed.any()
    for label in stage.scene.labels:
        left, top, right, bottom = label.rect
        assert framed[round(top) + 1 : round(bottom) - 1, round(left) : round(right)].mean() < 0.01, label.block.lines


def test_what_is_not_in_focus_recedes_but_not_from_afar(stage, toy):
    focus, other = toy.id_of("model.layers.2.self_attn"), toy.id_of("model.layers.2.input_layernorm")
    norm = rgb(DARK.tones[Tone.NORM])
    pixels = stage.picture(focus=focus, labels=False)
    (x, y) = np.floor(stage.front_px(other)[0]).astype(int)
    if 0 <= x < VIEWPORT[0] and 0 <= y < VIEWPORT[1]:
        assert np.abs(pixels[y, x] - norm).max() > 30
    far = stage.scene.fit(0, VIEWPORT)
    pixels = stage.picture(focus=focus, camera=far, labels=False)
    (x, y) = np.floor(stage.front_px(other)[0]).astype(int)
    assert np.abs(pixels[y, x] - norm).max() < 30


def test_the_theme_follows_the_state(stage):
    light = stage.picture(theme="light", labels=False)
    assert light[0, 0].min() > 240
    dark = stage.picture(theme="dark", labels=False)
    assert dark[0, 0].max() < 60


def test_fit_keeps_title_and_legend_free(stage):
    camera = stage.scene.fit(0, VIEWPORT)
    center, half = stage.placement.center[0], stage.placement.size[0] / 2
    signs = np.array([[i, j, k] for i in (-1, 1) for j in (-1, 1) for k in (-1, 1)])
    px, _ = camera.project(center + signs * half, VIEWPORT)
    assert px[:, 1].min() >= 80
    assert px[:, 0].max() <= VIEWPORT[0] - 150


def test_a_thing_of_a_ten_thousandth_of_the_plan_is_drawn_exactly(stage, toy):
    tensor = toy.id_of("model.layers.5.mlp.experts.9.down_proj.weight")
    camera = stage.scene.fit(tensor, VIEWPORT)
    close = Camera(camera.target, camera.azimuth, camera.elevation, camera.distance / 1000)
    pixels = stage.picture(focus=tensor, camera=close, labels=False)
    assert np.ptp(pixels.reshape(-1, 3), axis=0).max() <= 12  # one face fills the view, evenly lit
    assert np.abs(hue_of(pixels[360, 640]) - hue_of(AMBER)).max() < 0.02
    assert stage.scene.pick(640, 360) == tensor


def flow_model(provenance):
    b = GraphBuilder("two", "made by hand")
    a, c = b.node(0, "a"), b.node(0, "c")
    for node in (a, c):
        b.tensor(node, "weight", (64, 64), "F32", nbytes=4 * 64 * 64)
    b.edge(a, c, EdgeKind.DATA, provenance)
    return b.build()


def test_flow_is_drawn_and_inferred_flow_looks_different():
    colors = []
    for provenance in (Provenance.TRACED, Provenance.INFERRED):
        with offscreen_window(VIEWPORT) as window:
            stage = Stage(flow_model(provenance), window)
            pixels = stage.picture(labels=False)
            routes = stage.placement.routes
            assert len(routes) == 1
            px, _ = stage.scene.frame.view.camera.project(
                routes.points[routes.start[0] : routes.start[1]].mean(0)[None], VIEWPORT
            )
            x, y = np.floor(px[0]).astype(int)
            colors.append(pixels[y - 2 : y + 3, x - 2 : x + 3].reshape(-1, 3).max(0))
    plate = rgb(DARK.plates[0])
    traced, inferred = (np.abs(color - plate).max() for color in colors)
    assert traced > 60
    assert 20 < inferred < traced


def test_an_empty_scene_draws_its_ground():
    with offscreen_window((64, 48)) as window:
        scene = Scene(DARK)
        window.AddRenderer(scene.renderer)
        scene.draw(ViewState(), (64, 48))
        window.Render()
        assert np.abs(read_pixels(window, (64, 48))[0, 0, :3] - rgb(DARK.ground[0])).max() <= 2
        assert scene.pick(3, 3) is None


def test_hidden_parts_leave_no_pixel_no_label_and_no_line(stage, toy):
    hidden = frozenset({toy.id_of("model.layers.2.self_attn")})
    inside = range(*toy.subtree(*hidden).indices(len(toy)))
    focus = toy.id_of("model.layers.2")
    before = stage.picture(focus=focus)
    assert any(label.candidate.node in inside for label in stage.scene.labels)
    after = stage.picture(focus=focus, hidden=hidden)
    assert not np.isin(stage.scene.frame.cut.nodes, inside).any()
    assert not any(label.candidate.node in inside for label in stage.scene.labels)
    ((x, y),) = stage.front_px(toy.id_of("model.layers.2.self_attn.q_proj.weight"))
    assert stage.scene.pick(x, y) == focus
    assert np.abs(after[int(y), int(x)] - before[int(y), int(x)]).max() > 20
    routes, shown = stage.placement.routes, stage.scene._model.routes_shown
    ends = np.isin(routes.source, inside) | np.isin(routes.target, inside)
    assert (shown == ~ends).all()
    np.testing.assert_array_equal(stage.picture(focus=focus), before)


def test_a_hidden_selection_has_no_outline(stage, toy):
    hidden = frozenset({toy.id_of("lm_head")})
    plain = stage.picture(hidden=hidden)
    np.testing.assert_array_equal(stage.picture(hidden=hidden, selection=toy.id_of("lm_head.weight")), plain)


@pytest.fixture(scope="module")
def deck_stage(toy):
    with offscreen_window(VIEWPORT) as window:
        stage = Stage(toy, window)
        stage.placement = place(toy, arrangement="deck")
        stage.scene.place(stage.placement)
        yield stage


def test_every_plate_of_a_deck_is_numbered_and_nothing_is_written_on_what_hides_it(deck_stage, toy):
    deck_stage.picture()
    labels, layers = deck_stage.scene.labels, toy.of_kind(NodeKind.LAYER).tolist()
    numbers = {label.candidate.node: label for label in labels if label.candidate.node in layers}
    assert [numbers[layer].block.lines[0].text for layer in layers] == ["0", "1", "2", "3", "4", "5"]
    lefts = [numbers[layer].rect[0] for layer in layers]
    assert lefts == sorted(lefts)
    for label in labels:
        node = label.candidate.node
        if label.spot.on == "face" and node not in layers:
            x, y = (label.rect[0] + label.rect[2]) / 2, (label.rect[1] + label.rect[3]) / 2
            hit = deck_stage.scene.pick(x, y)
            assert hit is not None
            assert hit in (node, *toy.ancestors(node)) or node in toy.ancestors(hit)


def test_only_plates_of_a_deck_rise_and_so_cast_no_shadow(deck_stage, stage, toy):
    deck_stage.picture(labels=False)
    frame = deck_stage.scene.frame
    assert set(frame.cut.nodes[frame.rising].tolist()) == set(toy.of_kind(NodeKind.LAYER).tolist())
    stage.picture(labels=False)
    assert not stage.scene.frame.rising.any()


def test_heights_in_a_deck_stay_before_the_next_plate(deck_stage, toy):
    deck_stage.picture(height="parameters", labels=False)
    frame = deck_stage.scene.frame
    top = frame.center[:, 2] + frame.size[:, 2] / 2
    room = frame.cut.room
    back = frame.center[:, 2] - frame.size[:, 2] / 2
    assert np.isfinite(room).sum() > 5
    assert (top[frame.tall] <= back[frame.tall] + room[frame.tall] + 1e-9).all()
