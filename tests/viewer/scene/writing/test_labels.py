"""Labels of drawn scenes: equal parts alike, the same from frame to frame, and what each arrangement needs."""

from collections import defaultdict
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from archviz3d.graph.builder import GraphBuilder
from archviz3d.graph.kinds import NodeKind
from archviz3d.layout import place
from archviz3d.viewer.films.turntable import turntable
from archviz3d.viewer.offscreen import offscreen_window
from archviz3d.viewer.scene import Scene
from archviz3d.viewer.scene.frame import Frame
from archviz3d.viewer.scene.writing.faces import faces
from archviz3d.viewer.scene.writing.label_groups import Groups
from archviz3d.viewer.scene.writing.margins import free_margins
from archviz3d.viewer.state import ViewState
from archviz3d.viewer.theme import DARK

VIEWPORT = (1280, 720)


class Shown:
    """A scene of one model, without a render: labels are chosen in `draw`."""

    def __init__(self, graph, arrangement="wrap"):
        self.graph, self.placement = graph, place(graph, arrangement=arrangement)
        self.scene = Scene(DARK)
        self.scene.show(graph, self.placement)

    def labels(self, viewport=VIEWPORT, moving=False, **state):
        self.scene.draw(ViewState(**state), viewport, moving=moving)
        return self.scene.labels

    def said(self, **state):
        labels = self.labels(**state)
        return {self.graph.path(label.candidate.node): label.block.lines[0].text for label in labels}


@pytest.fixture
def shown(toy):
    return Shown(toy)


def deep(count):
    """Return a model of many equal layers."""
    b = GraphBuilder("deep", "made by hand")
    stack = b.node(0, "layers", NodeKind.STACK)
    for k in range(count):
        b.tensor(
            b.node(b.node(stack, str(k), NodeKind.LAYER), "fc", NodeKind.LINEAR), "weight", (8, 8), "F32", nbytes=256
        )
    return b.build()


@pytest.mark.parametrize("focus", ["", "model.layers.2", "model.layers.2.mlp"])
def test_equal_parts_are_labelled_alike(shown, toy, focus):
    ways = defaultdict(set)
    for label in shown.labels(focus=toy.id_of(focus)):
        if label.candidate.group is not None:
            ways[label.candidate.group].add(label.way)
    assert ways
    assert all(len(some) == 1 for some in ways.values())


def test_all_layers_are_numbered_or_every_so_many(toy):
    numbers = {k for k in range(6) if f"model.layers.{k}" in Shown(toy).said()}
    assert numbers == set(range(6))


@pytest.mark.parametrize("arrangement", ["wrap", "row", "deck"])
def test_hundreds_of_layers_have_evenly_thinned_numbers(arrangement):
    said = Shown(deep(450), arrangement).said(arrangement=arrangement)
    numbers = sorted(int(text) for path, text in said.items() if path.startswith("layers.") and path.count(".") == 1)
    assert len(numbers) >= 5
    steps = {b - a for a, b in pairwise(numbers)}
    assert len(steps) == 1
    assert steps.pop() in (2, 5, 10, 20, 50, 100, 200)


def test_names_stand_once_in_a_deck(toy):
    shown = Shown(toy, "deck")
    texts = [tuple(path.split(".")[3:]) for path in shown.said(arrangement="deck") if path.count(".") > 2]
    assert texts
    assert len(texts) == len(set(texts))


def test_the_parts_of_a_slender_layer_in_focus_are_named(toy):
    said = Shown(toy, "row").said(focus=toy.id_of("model.layers.2"), arrangement="row")
    assert "attention" in said.values()
    assert "mixture of experts" in said.values()
    assert said["model.layers.2"] == "2"  # among the numbers of the row none is missing


def test_plain_words_reach_labels_and_title(shown, toy):
    focus = toy.id_of("model.layers.2.self_attn")
    shown.labels(focus=focus, plain_words=True)
    said = " ".join(writing.text for writing in shown.scene.writings)
    assert "layer 2 › Attention" in said
    assert "q_proj" not in said
    assert "normalisation" in said or "attention" in said
    shown.labels(focus=focus)
    assert any("q_proj" in writing.text for writing in shown.scene.writings)


def test_the_legend_says_what_sizes_mean(shown):
    shown.labels()
    said = " ".join(writing.text for writing in shown.scene.writings)
    assert "square roots of its dimensions" in said
    assert "thickness has no meaning" in said
    shown.labels(overlay="parameters", height="parameters")
    assert "thickness" not in " ".join(writing.text for writing in shown.scene.writings)


def frames(shown, count=12, **state):
    """Return labels by node and role, frame by frame of a turntable."""
    view = ViewState(**state)
    way = turntable(shown.graph, shown.placement, view, 4.0, VIEWPORT, free_margins(VIEWPORT, 1.0))
    for k in range(count):
        shown.scene.draw(replace(view, camera=way.shot(4.0 * k / count).camera), VIEWPORT)
        yield {(label.candidate.node, label.candidate.role) for label in shown.scene.labels}


def test_labels_hardly_flicker_on_a_turntable(shown, toy):
    seen = list(frames(shown, focus=toy.id_of("model.layers.2")))
    changes = sum(len(a ^ b) for a, b in pairwise(seen))
    assert min(len(one) for one in seen) > 10
    assert changes / len(seen) < 2.5


def test_a_film_twice_has_the_same_labels(toy):
    assert list(frames(Shown(toy), 4)) == list(frames(Shown(toy), 4))


def test_the_same_view_again_has_the_same_labels_whatever_was_seen_before(shown, toy):
    first = [label.rect for label in shown.labels()]
    shown.labels(focus=toy.id_of("model.layers.4"))
    shown.labels(labels=False)  # nothing stood in the last frame
    assert [label.rect for label in shown.labels()] == first
    assert [label.rect for label in shown.labels()] == first


def test_what_stands_at_rest_still_stands_while_moving(shown, toy):
    focus = toy.id_of("model.layers.2")
    at_rest = {(label.candidate.node, label.rect) for label in shown.labels(focus=focus)}
    moving = {(label.candidate.node, label.rect) for label in shown.labels(focus=focus, moving=True)}
    assert len(at_rest) > 30
    assert moving == at_rest


def test_a_model_with_chinese_names_is_written_in_them():
    b = GraphBuilder("通义千问", "made by hand")
    block = b.node(b.node(0, "模型"), "注意力")
    for name in ("查询", "键"):
        b.tensor(b.node(block, name, NodeKind.PROJECTION), "weight", (64, 64), "F32", nbytes=256)
    shown = Shown(b.build())
    shown.labels(focus=2)
    said = [writing.text for writing in shown.scene.writings]
    assert "通义千问 › 模型 › 注意力" in said
    assert "查询" in said


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_text_is_drawn_at_the_screens_own_resolution(toy, scale):
    shown = Shown(toy)
    size = (round(1000 * scale), round(640 * scale))
    with offscreen_window(size) as window:
        window.AddRenderer(shown.scene.renderer)
        shown.scene.draw(ViewState(), size, scale=scale)
        heights = {writing.font[0] for writing in shown.scene.writings}
        assert min(heights) >= 11 * scale


def test_parts_of_one_name_are_a_group_and_others_are_not(shown, toy):
    groups = {}
    for label in shown.labels(focus=toy.id_of("model.layers.2")):
        groups[toy.path(label.candidate.node).removeprefix("model.layers.2.")] = label.candidate.group
    assert groups["mlp.experts.0"] == groups["mlp.experts.15"]
    assert groups["self_attn.q_proj"] != groups["self_attn.k_proj"]
    assert groups["self_attn.heads.0"] != groups["mlp.experts.0"]


def test_no_label_is_written_where_something_else_lies(shown):
    everything = shown.labels()
    taken = max((label.rect for label in everything), key=lambda rect: rect[2])
    shown.scene.draw(ViewState(), VIEWPORT, taken=[taken])
    for label in shown.scene.labels:
        assert (
            label.rect[2] <= taken[0]
            or label.rect[0] >= taken[2]
            or label.rect[3] <= taken[1]
            or (label.rect[1] >= taken[3])
        )


def test_an_encoder_is_told_from_a_decoder(toy):
    b = GraphBuilder("pair", "made by hand")
    for side in ("encoder", "decoder"):
        stack = b.node(b.node(0, side, NodeKind.MODULE), "block", NodeKind.STACK)
        for k in range(2):
            layer = b.node(stack, str(k), NodeKind.LAYER)
            b.tensor(b.node(layer, "fc", NodeKind.LINEAR), "weight", (8, 8), "F32", nbytes=256)
    said = Shown(b.build()).said()
    assert {"encoder", "decoder"} <= set(said)
    assert "model" not in Shown(toy).said()  # it holds the only stack


def test_parts_repeated_all_over_a_view_say_their_names_alone(toy):
    def details(**state):
        return [len(label.block.lines) for label in Shown(toy).labels(viewport=(3840, 2160), **state)]

    assert max(details()) == 1
    assert max(details(focus=toy.id_of("model.layers.2"))) > 1


def test_what_is_outside_of_the_spotlight_is_not_named(shown, toy):
    layer, lit = toy.id_of("model.layers.2"), toy.id_of("model.layers.2.mlp")
    inside = toy.subtree(lit)

    def named_outside(spotlight):
        nodes = [label.candidate.node for label in shown.labels(focus=layer, spotlight=spotlight)]
        assert any(inside.start < node < inside.stop for node in nodes)
        ancestors = {lit, *toy.ancestors(lit)}
        return [node for node in nodes if not inside.start <= node < inside.stop and node not in ancestors]

    assert named_outside(frozenset())
    assert named_outside(frozenset([lit])) == []


def test_a_group_that_was_labelled_stays_though_it_has_become_a_little_too_small(shown, toy):
    shown.labels(focus=toy.id_of("model.layers.2"))
    frame = shown.scene.frame
    experts = toy.children(toy.id_of("model.layers.2.mlp.experts"))
    rows = np.flatnonzero(np.isin(frame.cut.nodes, experts))
    seen = faces(frame, rows)

    def chosen(size, kept):
        return len(Groups(toy, frame, rows, seen, np.full(len(rows), size), kept, 0).chosen)

    assert len(rows) == len(experts)
    assert chosen(1.0, set()) == chosen(0.95, {int(experts[3])}) == len(rows)
    assert chosen(0.95, set()) == chosen(0.9, {int(experts[3])}) == 0


def test_only_what_may_be_labelled_is_asked_for_what_stands_before_it(monkeypatch):
    b = GraphBuilder("flat", "made by hand")
    for k in range(1000):
        b.tensor(0, str(k), (8, 8 + k % 2), "F32", nbytes=32 * (8 + k % 2))
    asked = []
    hidden = Frame.hidden
    monkeypatch.setattr(Frame, "hidden", lambda frame, rows: asked.append(len(rows)) or hidden(frame, rows))
    Shown(b.build()).labels(viewport=(1920, 1080), overlay="parameters", height="parameters")
    assert asked
    assert max(asked) <= 900  # candidates in a frame at rest
