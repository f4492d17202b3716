"""The view draws anew whatever changes in its state, and marks many parts without a pause."""

from dataclasses import fields

from PySide6.QtCore import QRectF

from archviz3d.graph.kinds import NodeKind
from archviz3d.viewer.cameras.camera import Camera
from archviz3d.viewer.state import ViewState
from archviz3d.viewer.window import model_view

# What the layer above the scene shows at once, and what the layout is made anew for.
ELSEWHERE = {"selection", "marked", "hover", "arrangement", "compacted"}
OTHERS = {
    "focus": 3,
    "spotlight": frozenset({3}),
    "camera": Camera((0.0, 0.0, 0.0), 1.0, 2.0, 30.0),
    "angle": (1.0, 2.0, 1.0),
    "projection": "orthographic",
    "theme": "light",
    "labels": False,
    "plain_words": True,
    "overlay": "parameters",
    "height": "parameters",
    "step": 1,
    "range": (1.0, 2.0),
    "scale": "log",
    "colormap": "viridis",
    "keep": (1.0, 2.0),
    "hidden": frozenset({3}),
}


def test_every_value_of_the_state_that_changes_is_drawn(toy_window, monkeypatch):
    view, wanted = toy_window.view, {field.name for field in fields(ViewState)} - ELSEWHERE
    assert wanted == OTHERS.keys()
    silent = []
    for name, value in OTHERS.items():
        drawn = []
        monkeypatch.setattr(view, "redraw", lambda drawn=drawn: drawn.append(True))
        setattr(view.state, name, value)
        if not drawn:
            silent.append(name)
    monkeypatch.undo()
    view.state.assign(ViewState())
    assert silent == []


def test_outlines_spare_the_title(toy_window):
    view = toy_window.view
    title, *_ = view.scene.margins
    scale = view.devicePixelRatioF()
    middle = QRectF(title[0] / scale, title[1] / scale, 4, 4).center().toPoint()
    assert view._outlines._spared.contains(middle)
    assert len(view.scene.margins) == 2  # with the line of facts; this view is too small for a legend


def test_what_has_no_name_of_its_own_is_named_by_what_is_around_it(toy_window, toy):
    view = toy_window.view
    named = {label.candidate.node for label in view.scene.labels}
    layer = toy.id_of("model.layers.2")
    assert layer in named
    inside = [node for node in range(layer, layer + int(toy.size[layer])) if node not in named]
    assert any(view.labels_of(node) == view.labels_of(layer) for node in inside)
    assert all(view.labels_of(node) for node in inside)


def test_the_first_of_many_marked_parts_are_outlined_at_once(toy_window, monkeypatch, toy):
    monkeypatch.setattr(model_view, "_MARKS", 20)
    view, experts = toy_window.view, toy.of_kind(NodeKind.EXPERT).tolist()
    framed = []
    monkeypatch.setattr(view, "framing", lambda *_: framed.append(True) or Camera((0.0, 0.0, 0.0), 0.0, 0.0, 200.0))
    view.state.selection = experts[0]
    framed.clear()
    view.state.marked = frozenset(experts[1:])
    assert len(view._outlines._marks["selection"].polygons) == 20
    assert len(framed) <= 1
    view.state.hidden = frozenset({toy.id_of("model.layers")})
    view.state.selection = experts[1]
    assert "selection" not in view._outlines._marks
