"""Overlays in the scene: colours of the map, hatched grey for no data, filters, heights, the legend's grips."""

import numpy as np
import pytest

from archviz3d.errors import UsageError
from archviz3d.graph.kinds import NodeKind
from archviz3d.layout import place
from archviz3d.overlays.aggregate import Aggregate
from archviz3d.overlays.book import OverlayBook
from archviz3d.overlays.overlay import Figure, Origin, Overlay, Scale
from archviz3d.viewer.colormaps import color_table
from archviz3d.viewer.offscreen import offscreen_window, read_pixels
from archviz3d.viewer.scene import Scene
from archviz3d.viewer.scene.writing.said import headline, height_key, value_key
from archviz3d.viewer.state import ViewState
from archviz3d.viewer.theme import DARK, LIGHT, contrast, rgb

VIEWPORT = (1280, 720)
RANGE = (0.0, 100.0)


def load_overlay(graph, **changes) -> Overlay:
    """Two steps of values on all experts, some zero, one missing."""
    ids = graph.of_kind(NodeKind.EXPERT).astype(np.int32)
    values = np.random.default_rng(5).uniform(1, 100, (2, len(ids))).astype(np.float32)
    values[:, ::11] = 0
    values[:, 5] = np.nan
    facts = {
        "name": "load", "title": "Expert load", "definition": "tokens sent to an expert", "source": "a test",
        "origin": Origin.SYNTHETIC, "aggregate": Aggregate.MEAN, "unit": "tokens", "steps": ("10", "20"),
    }  # fmt: skip
    return Overlay(ids=ids, values=values, **(facts | changes))


class Stage:
    def __init__(self, graph, window):
        self.graph, self.placement = graph, place(graph)
        self.book = OverlayBook(graph)
        self.book.add(load_overlay(graph), "test")
        self.scene, self.window = Scene(DARK), window
        self.scene.show(graph, self.placement, self.book)
        window.AddRenderer(self.scene.renderer)

    def picture(self, moving=True, labels=False, **state):
        self.scene.draw(ViewState(labels=labels, **state), VIEWPORT, moving=moving)
        self.window.Render()
        return read_pixels(self.window, VIEWPORT)[..., :3].astype(int)

    def front_px(self, nodes):
        """Return the pixels in the middle of front faces, as they were drawn."""
        boxes = [self.scene.box(int(node)) for node in np.atleast_1d(nodes)]
        fronts = np.array([center + size * (0, 0, 0.5) for center, size in boxes])
        return np.floor(self.scene.frame.view.camera.project(fronts, VIEWPORT)[0]).astype(int)

    def seen(self, pixels, nodes):
        at = self.front_px(nodes)
        return pixels[at[:, 1], at[:, 0]]


@pytest.fixture(scope="module")
def stage(toy):
    with offscreen_window(VIEWPORT) as window:
        yield Stage(toy, window)


@pytest.fixture
def load(stage):
    return stage.book.get("load")


def mapped(values, low, high, table, log=False):
    """Return the colours of values, worked out here."""
    place = np.log(values / low) / np.log(high / low) if log else (values - low) / (high - low)
    return table[np.minimum((np.clip(place, 0, 1) * 256).astype(int), 255)].astype(int)


@pytest.mark.parametrize("colormap", ["viridis", "crameri:vik", "gray"])
@pytest.mark.parametrize("step", [0, 1])
def test_every_expert_has_the_colour_of_its_value(stage, load, colormap, step):
    pixels = stage.picture(overlay="load", step=step, range=RANGE, colormap=colormap, scale="linear")
    known = ~np.isnan(load.values[step])
    seen = stage.seen(pixels, load.ids[known])
    wanted = mapped(load.values[step, known], *RANGE, color_table(colormap))
    assert np.abs(seen - wanted).max() <= 0.06 * 255  # faces are lit: 5 % brighter above than below


def test_a_logarithmic_scale(stage, load):
    pixels = stage.picture(overlay="load", range=(1.0, 100.0), colormap="viridis", scale="log")
    known = load.values[0] > 0
    seen = stage.seen(pixels, load.ids[known])
    wanted = mapped(load.values[0, known], 1.0, 100.0, color_table("viridis"), log=True)
    assert np.abs(seen - wanted).max() <= 0.06 * 255


def test_a_scale_of_ranks(stage, load):
    pixels = stage.picture(overlay="load", colormap="gray", scale="quantile")
    known = load.values[0] > 0
    seen = stage.seen(pixels, load.ids[known])[:, 0]
    everything = np.sort(load.values[~np.isnan(load.values)])
    rank = np.searchsorted(everything, load.values[0, known]) / len(everything)
    assert np.abs(seen / 255 - rank).max() < 0.07


def test_range_and_map_change_the_shader_s_numbers_alone(stage, monkeypatch):
    stage.picture(overlay="load", range=RANGE)
    uploads = []
    mesh = stage.scene._boxes._mesh
    monkeypatch.setattr(mesh, "fill", lambda *a, **k: uploads.append(a))
    before = stage.picture(overlay="load", range=RANGE)
    for change in ({"range": (0.0, 40.0)}, {"colormap": "viridis"}, {"keep": (0.0, 20.0)}, {"scale": "log"}):
        after = stage.picture(**({"overlay": "load", "range": RANGE} | change))
        assert np.abs(after - before).max() > 40, change
    assert not uploads
    stage.picture(overlay="load", step=1, range=RANGE)
    assert len(uploads) == 1


def test_what_has_no_value_is_grey_and_no_colour_of_the_map(stage, toy, load):
    pixels = stage.picture(overlay="load", range=RANGE, colormap="viridis")
    nodes = [int(load.ids[5]), *toy.of_kind(NodeKind.NORM).tolist()]
    seen = stage.seen(pixels, nodes)
    assert np.abs(seen - rgb(DARK.no_data)).max() < 45
    assert (np.abs(seen[:, None] - color_table("viridis").astype(int)).max(2) > 8).all()


def test_large_faces_without_a_value_are_hatched(stage, toy):
    head = toy.id_of("lm_head.weight")
    pixels = stage.picture(overlay="load", focus=head, angle=(0.0, 0.0, 1.0))
    (x, y) = stage.front_px(head)[0]
    row = pixels[y - 60 : y + 60, x].sum(1)
    lines = np.flatnonzero(np.diff((row < row.mean()).astype(int)) == 1)
    assert len(lines) >= 8
    assert np.ptp(np.diff(lines)) <= 1  # evenly spaced


def test_a_filter_leaves_the_rest_behind(stage, load):
    everything = stage.picture(overlay="load", range=RANGE, colormap="viridis")
    filtered = stage.picture(overlay="load", range=RANGE, colormap="viridis", keep=(0.0, 0.0))
    zero = load.ids[load.values[0] == 0]
    other = load.ids[load.values[0] > 0]
    plate = np.median(stage.seen(filtered, other), axis=0)
    assert np.abs(stage.seen(everything, zero) - stage.seen(filtered, zero)).max() <= 2  # these stay
    assert np.abs(stage.seen(filtered, other) - plate).max() < 45  # these are nearly one with their plate
    assert np.abs(stage.seen(everything, other) - plate).max() > 120
    rim = np.abs(filtered - rgb(DARK.selection)).max(2) < 50
    assert rim.sum() > 4 * len(zero)  # and the ones that are meant are framed


def test_the_legend_counts_what_a_filter_keeps(stage, load):
    stage.picture(overlay="load", keep=(0.0, 0.0), labels=True)
    key = value_key(stage.scene._values, stage.scene.frame)
    kept = int((load.values[0] == 0).sum())
    assert key.filter == f"only 0 tokens: {kept} of {int((~np.isnan(load.values[0])).sum())}"
    assert "synthetic values" in " ".join(key.facts)
    assert key.missing


def test_heights_raise_closed_parts_and_picking_follows(stage, toy, load):
    flat = stage.picture(overlay="load", range=RANGE)
    tall = stage.picture(overlay="load", height="load", range=RANGE, angle=(-30.0, 30.0, 1.0))
    assert np.abs(flat - tall).max() > 50
    frame = stage.scene.frame
    rows = np.flatnonzero(np.isin(frame.cut.nodes, load.ids) & ~frame.cut.opened)
    value = stage.book.values("load", 0).values[frame.cut.nodes[rows]]
    height = frame.size[rows, 2]
    order = np.argsort(value[~np.isnan(value)])
    assert (np.diff(height[~np.isnan(value)][order]) >= -1e-9).all()  # more is taller
    foot = frame.center[rows, 2] - height / 2
    plate = stage.placement.center[toy.parent[frame.cut.nodes[rows]], 2]
    plate += stage.placement.size[toy.parent[frame.cut.nodes[rows]], 2] / 2
    np.testing.assert_allclose(foot, plate, atol=1e-6)  # and stands on its plate
    tallest = int(frame.cut.nodes[rows[np.nanargmax(value)]])
    x, y = stage.front_px(tallest)[0]
    assert stage.scene.pick(float(x) + 0.5, float(y) + 0.5) == tallest


def test_a_closed_part_goes_flat_as_its_parts_are_seen_on_it(stage, toy):
    """Of equal parts, those that are still closed do not tower over those that are open."""
    rest, heights, opened = stage.placement.size[0, 2], [], []
    for zoom in np.geomspace(0.002, 0.05, 20).tolist():
        stage.picture(height="parameters", angle=(0.0, 0.0, zoom), moving=False)
        frame = stage.scene.frame
        assert frame.cut.nodes[0] == 0
        heights.append(frame.size[0, 2] / rest)
        opened.append(bool(frame.cut.opened[0]))
        assert bool(frame.tall[0]) == (heights[-1] > 1)
    assert heights[0] > 3
    assert heights[opened.index(True) - 1] == pytest.approx(1)  # nothing jumps when it opens
    assert (np.diff(heights) <= 1e-9).all()
    assert np.abs(np.diff(heights)).max() < 0.5 * heights[0]


def test_what_has_no_value_is_flatter_than_the_lowest(stage, toy, load):
    stage.picture(height="load", labels=True)
    frame = stage.scene.frame
    side = frame.size[:, :2].min(1)
    value = stage.book.values("load", 0).values[frame.cut.nodes]
    tiles = ~frame.cut.opened
    assert (frame.size[tiles & np.isnan(value), 2] / side[tiles & np.isnan(value)]).max() < 0.02
    assert (frame.size[tiles & ~np.isnan(value), 2] / side[tiles & ~np.isnan(value)]).min() > 0.05


def test_heights_alone_are_explained_and_never_pass_for_measured(stage):
    stage.picture(height="load", labels=True)
    key = height_key(stage.scene._values)
    assert key.title == "Height: Expert load"
    said = " ".join(key.facts)
    assert "tokens · synthetic values" in said
    assert "step 10 (1 of 2)" in said
    assert "flat: no data" in said
    assert headline(stage.scene._values) == "height: Expert load (synthetic values) · step 10 (1 of 2)"
    stage.picture(overlay="parameters", height="load")
    assert headline(stage.scene._values).startswith("colour: Parameters · height: Expert load (synthetic values)")


def test_a_step_that_the_heights_do_not_have_is_flat_and_said(stage, toy):
    other = Overlay(**(vars(load_overlay(toy)) | {"name": "other", "steps": ("20", "30")}))
    name = stage.book.add(other, "test")
    stage.picture(overlay="load", height=name, step=0)
    assert np.isnan(stage.scene._values.paint.heights).all()
    assert "no step of this name" in " ".join(height_key(stage.scene._values).facts)
    stage.picture(overlay="load", height=name, step=1)
    assert not np.isnan(stage.scene._values.paint.heights).all()


def test_a_filter_without_ends_leaves_only_what_has_a_value(stage, toy):
    everything = stage.picture(overlay="load", range=RANGE)
    filtered = stage.picture(overlay="load", range=RANGE, keep=(-np.inf, np.inf))
    norm = toy.of_kind(NodeKind.NORM)
    assert np.abs(stage.seen(everything, norm) - stage.seen(filtered, norm)).min(1).max() > 8


def test_what_a_tall_part_hides_is_not_written_through_it(stage, load):
    angle = (-55.0, 35.0, 1.0)
    focus = stage.graph.id_of("model.layers.2.mlp")
    stage.picture(overlay="load", height="load", angle=angle, labels=True, moving=False, focus=focus)
    frame = stage.scene.frame
    written = [label for label in stage.scene.labels if label.spot.on == "face" and label.candidate.node in load.ids]
    assert written
    for label in written:
        x, y = (label.rect[0] + label.rect[2]) / 2, (label.rect[1] + label.rect[3]) / 2
        inside = stage.graph.subtree(label.candidate.node)  # a large tile shows its parts, which can be picked
        assert inside.start <= stage.scene.pick(x, y) < inside.stop
    hidden = frame.hidden(np.flatnonzero(np.isin(frame.cut.nodes, load.ids)))
    assert hidden.any()  # else this shows nothing


def test_nothing_moves_when_an_overlay_comes_or_goes(stage):
    stage.picture()
    plain = stage.scene.frame
    stage.picture(overlay="load")
    coloured = stage.scene.frame
    assert plain.view.camera == coloured.view.camera
    assert np.array_equal(plain.cut.nodes, coloured.cut.nodes)
    assert np.array_equal(plain.center, coloured.center)
    assert np.array_equal(plain.size, coloured.size)


def test_a_layer_with_a_value_has_its_colour_wherever_no_part_stands(stage, toy):
    ids = toy.of_kind(NodeKind.LAYER).astype(np.int32)
    facts = vars(load_overlay(toy, name="layers", steps=()))
    overlay = Overlay(**(facts | {"ids": ids, "values": np.linspace(0, 100, len(ids))[None]}))
    name = stage.book.add(overlay, "test")
    kinds = stage.picture()
    pixels = stage.picture(overlay=name, range=RANGE, colormap="viridis")
    frame = stage.scene.frame
    inside = frame.cut.opened & (toy.depth[frame.cut.nodes] > toy.depth[ids[0]])
    assert inside.sum() > 10  # plates of attention, experts ...
    assert (frame.datum[inside, 1] > 0.5).all()
    for layer, value in zip(ids.tolist(), np.linspace(0, 100, len(ids)), strict=True):
        rows = inside & (frame.cut.nodes > layer) & (frame.cut.nodes < layer + toy.size[layer])
        assert (frame.datum[rows, 0] == np.float32(value)).all()
    closed = ~frame.cut.opened & (toy.depth[frame.cut.nodes] > toy.depth[ids[0]])
    assert (frame.datum[closed, 1] == 0).all()  # a part has no value of its own, and takes no colour of one
    assert np.abs(kinds - pixels).max() > 60


def test_categories_have_their_own_colours_and_no_grips(stage, toy):
    ids = toy.of_kind(NodeKind.LAYER, NodeKind.EXPERT).astype(np.int32)
    codes = (np.arange(len(ids)) % 3).astype(np.float32)[None]
    overlay = load_overlay(toy, name="kind", figure=Figure.CATEGORY, categories=("a", "b", "c"), steps=())
    name = stage.book.add(Overlay(**(vars(overlay) | {"ids": ids, "values": codes})), "test")
    pixels = stage.picture(overlay=name)
    experts = [node for node in stage.scene.frame.cut.nodes.tolist() if toy.kind_of(node) == NodeKind.EXPERT]
    seen = stage.seen(pixels, experts)
    code = codes[0, np.searchsorted(ids, experts)]
    means = np.array([seen[code == c].mean(0) for c in range(3)])
    assert all(np.abs(means[i] - means[j]).max() > 60 for i in range(3) for j in range(i))
    assert all(np.abs(seen[code == c] - means[c]).max() < 20 for c in range(3))
    stage.picture(overlay=name, labels=True)
    assert stage.scene.legend_hit(1150.0, 150.0) is None


def test_the_legend_s_ends_are_where_its_values_are(stage):
    stage.picture(overlay="load", range=(20.0, 70.0), labels=True)
    x = next(x for x in range(1100, 1280) if stage.scene.legend_hit(float(x), 180.0))
    found = {}
    for y in range(40, 500):
        hit = stage.scene.legend_hit(float(x), float(y))
        if hit:
            found.setdefault(hit, []).append(y)
    assert set(found) == {"low", "high", "between"}
    assert stage.scene.legend_value(float(np.mean(found["low"]))) == pytest.approx(20, abs=3)
    assert stage.scene.legend_value(float(np.mean(found["high"]))) == pytest.approx(70, abs=3)
    assert np.mean(found["high"]) < np.mean(found["low"])
    stage.picture(overlay=None, labels=True)
    assert stage.scene.legend_hit(float(x), 180.0) is None


def test_the_tip_tells_value_and_unit(stage, load):
    stage.picture(overlay="load", range=RANGE)
    assert stage.scene.value_at(0, 0, int(load.ids[0])) == "Expert load: 0 tokens"
    assert stage.scene.value_at(0, 0, int(load.ids[5])) == "Expert load: no data"
    stage.picture()
    assert stage.scene.value_at(0, 0, int(load.ids[0])) is None


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda t: t.name)
@pytest.mark.parametrize("overlay", ["load", "parameters", "dtype"])
def test_labels_can_be_read_on_every_colour(stage, toy, theme, overlay):
    pixels = stage.picture(
        moving=False, labels=True, overlay=overlay, focus=toy.id_of("model.layers.2"), theme=theme.name
    )
    assert stage.scene.labels
    for label in stage.scene.labels:
        left, top, right, bottom = (round(side) for side in label.rect)
        patch = pixels[top:bottom, left:right].reshape(-1, 3)
        ground = np.median(patch, axis=0)
        ink = patch[np.abs(patch - ground).sum(1).argmax()]
        assert contrast(ink, ground) >= 4.5, label.block.lines


def test_the_picture_is_the_same_twice(stage):
    state = {"overlay": "load", "height": "load", "labels": True, "moving": False}
    assert np.array_equal(stage.picture(**state), stage.picture(**state))


def test_an_unknown_overlay_is_refused_with_near_misses(stage):
    with pytest.raises(UsageError, match="did you mean parameters"):
        stage.picture(overlay="paramters")


def test_the_scale_of_an_overlay_is_its_own_unless_asked(stage):
    stage.picture(overlay="parameters")
    assert stage.scene.coloring.scale is Scale.LOG
    stage.picture(overlay="parameters", scale="linear")
    assert stage.scene.coloring.scale is Scale.LINEAR


def test_a_filter_on_one_value_keeps_its_place_on_the_bar_in_colour(stage):
    pixels = stage.picture(overlay="load", range=RANGE, colormap="viridis", keep=(0.0, 0.0), labels=True)
    left, top, right, bottom = (round(side) for side in stage.scene._page.legend.values._bar)
    bar = pixels[top:bottom, (left + right) // 2]
    lowest = np.abs(bar - color_table("viridis")[0].astype(int)).max(1) < 12
    assert 1 <= lowest.sum() <= 12  # where zero is, and nowhere else
