"""Pointing at several parts and at ribbons with real mouse and keys: rubber band, dimming, traces, tips of edges."""

from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtTest import QTest

from archviz3d.graph.builder import GraphBuilder
from archviz3d.graph.kinds import EdgeKind, NodeKind, Provenance
from archviz3d.viewer.window.pointing.hover_tip import tip_place

WAIT = 20_000
LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
CTRL, SHIFT, ALT = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
)
EXPERTS = "model.layers.2.mlp.experts"
CORNERS = np.array([[-1, -1, 1], [1, -1, 1], [1, 1, 1], [-1, 1, 1]]) / 2


@pytest.fixture
def rect_of():
    """Where the front of a part is on the view, in widget pixels."""

    def rect(window, path):
        node = window.graph.id_of(path)
        corners = window.placement.center[node] + CORNERS * window.placement.size[node]
        px, _ = window.view.camera().project(corners, window.view.viewport())
        (left, top), (right, bottom) = px.min(0).tolist(), px.max(0).tolist()
        return QRectF(QPointF(left, top), QPointF(right, bottom))

    return rect


@pytest.fixture
def band():
    """Draw a rubber band around a rectangle of the view."""

    def draw(window, rect, modifiers=CTRL):
        around = rect.toAlignedRect().adjusted(-2, -2, 2, 2)
        QTest.mousePress(window.view, LEFT, modifiers, around.topLeft())
        QTest.mouseMove(window.view, around.center())
        QTest.mouseMove(window.view, around.bottomRight())
        QTest.mouseRelease(window.view, LEFT, modifiers, around.bottomRight())

    return draw


def selected_paths(window):
    return {window.graph.path(node) for node in window.state.selected}


def hidden_paths(window):
    return {window.graph.path(node) for node in window.state.hidden}


def test_a_rubber_band_selects_the_largest_parts_inside(toy_window, rect_of, band, at_rest):
    camera = toy_window.view.camera()
    tiles = rect_of(toy_window, f"{EXPERTS}.5").united(rect_of(toy_window, f"{EXPERTS}.10"))
    band(toy_window, tiles)
    graph = toy_window.graph
    names = {path.rpartition(".")[2] for path in selected_paths(toy_window)}
    assert {graph.path(graph.parent[node]) for node in toy_window.state.selected} == {EXPERTS}
    assert {"5", "6", "9", "10"} <= names
    total = graph.total_parameters[list(toy_window.state.selected)].sum()
    assert f"{len(names)} parts selected" in toy_window._hint.text()
    assert toy_window.view.camera() == camera  # it turns nothing
    facts = {fact.label: fact for fact in toy_window.inspector._first.facts}
    assert facts["Parts"].text == str(len(names))
    assert facts["Parameters"].detail.replace("\u00a0", "") == str(total)
    band(toy_window, rect_of(toy_window, "model.layers.3"), CTRL | SHIFT)
    assert "model.layers.3" in selected_paths(toy_window)
    assert len(toy_window.state.selected) == len(names) + 1
    QTest.keyClick(toy_window.view, Qt.Key.Key_Escape)
    assert toy_window.state.selected == ()
    assert toy_window.state.focus == 0
    at_rest(toy_window)


def test_a_click_with_ctrl_adds_and_removes(toy_window, where):
    view = toy_window.view
    a, b = where(toy_window, "lm_head"), where(toy_window, "model.embed_tokens")
    QTest.mouseClick(view, LEFT, NONE, a)
    (first,) = toy_window.state.selected
    QTest.mouseClick(view, LEFT, CTRL, b)
    assert len(toy_window.state.selected) == 2
    assert toy_window.state.selection == first
    QTest.mouseClick(view, LEFT, CTRL, a)
    assert first not in toy_window.state.selected
    assert len(toy_window.state.selected) == 1
    QTest.mouseClick(view, LEFT, CTRL, a)
    QTest.mouseClick(view, LEFT, NONE, b)  # without, there is one again
    assert len(toy_window.state.selected) == 1


def test_keys_work_on_all_that_are_selected(toy_window, at_rest):
    graph, state, view = toy_window.graph, toy_window.state, toy_window.view
    three = [graph.id_of(f"{EXPERTS}.{k}") for k in (1, 2, 9)]
    state.selection, state.marked = three[0], frozenset(three[1:])
    QTest.keyClick(view, Qt.Key.Key_H)
    assert state.hidden == frozenset(three)
    assert state.selected == ()
    QTest.keyClick(view, Qt.Key.Key_H)  # shows what was hidden last
    assert state.hidden == frozenset()
    assert set(state.selected) == set(three)
    QTest.keyClick(view, Qt.Key.Key_H, SHIFT)
    assert f"{EXPERTS}.3" in hidden_paths(toy_window)
    assert not state.hidden & set(three)
    QTest.keyClick(view, Qt.Key.Key_H)  # what is left
    assert not state.hidden & set(three)
    assert "Nothing would be left" in toy_window.statusBar().currentMessage()
    QTest.keyClick(view, Qt.Key.Key_F)
    at_rest(toy_window)
    assert graph.path(state.focus) == EXPERTS
    px, _ = view.camera().project(toy_window.placement.center[three], view.viewport())
    assert ((px > 0) & (px < view.viewport())).all()
    assert np.ptp(px[:, 0]) > 0.5 * view.width() or np.ptp(px[:, 1]) > 0.5 * view.height()


def test_d_dims_the_rest_and_escape_lights_it_again(toy_window, at_rest):
    graph, state, view = toy_window.graph, toy_window.state, toy_window.view
    frame = view.scene.frame
    row = int(np.flatnonzero(frame.cut.nodes == graph.id_of("lm_head"))[0])
    before = frame.colors[row].astype(int)
    layer = state.selection = graph.id_of("model.layers.2")
    QTest.keyClick(view, Qt.Key.Key_D)
    assert state.spotlight == {layer}
    assert toy_window.actions_by_id["parts.dim"].isChecked()
    at_rest(toy_window)
    frame = view.scene.frame
    row = int(np.flatnonzero(frame.cut.nodes == graph.id_of("lm_head"))[0])
    behind = frame.behind[row].astype(int)
    assert np.abs(frame.colors[row] - behind).sum() < 0.3 * np.abs(before - behind).sum()
    named = {graph.path(label.candidate.node) for label in view.scene.labels}
    assert named
    assert {path for path in named if not path.startswith("model.layers.2")} == set()
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert not state.spotlight
    assert state.selection == layer
    at_rest(toy_window)


def flowing():
    """Four blocks in a row, as a trace sees them, and one beside them."""
    b = GraphBuilder("flow", "test")
    blocks = [b.node(0, name, NodeKind.LINEAR) for name in ("first", "second", "third", "fourth", "aside")]
    for block in blocks:
        b.tensor(block, "weight", (64, 64), "F32", nbytes=4 * 64 * 64)
    for source, target in pairwise(blocks[:4]):
        b.edge(source, target, EdgeKind.DATA, Provenance.TRACED, shape=(1, 7168), dtype="BF16")
    b.edge(blocks[3], blocks[4], EdgeKind.DATA, Provenance.INFERRED)
    return b.build()


@pytest.fixture
def flow_window(window, qtbot, at_rest):
    graph = flowing()
    window.open(graph)
    qtbot.waitUntil(lambda: window.graph is graph, timeout=WAIT)
    at_rest(window)
    return window


def route_between(window, source, target):
    routes, ends = window.placement.routes, [window.graph.id_of(path) for path in (source, target)]
    (route,) = np.flatnonzero((routes.source == ends[0]) & (routes.target == ends[1])).tolist()
    points = routes.points[routes.start[route] : routes.start[route + 1]]
    middle = points[:2].mean(0)
    (px,), _ = window.view.camera().project(middle[None], window.view.viewport())
    return route, QPoint(*np.rint(px / window.view.devicePixelRatioF()).astype(int).tolist())


def test_a_tip_tells_of_an_edge_under_the_cursor(flow_window, qtbot):
    view = flow_window.view
    route, at = route_between(flow_window, "first", "second")
    assert view.scene.pick_route(*view.device(QPointF(at))) == route
    before = view.grab().toImage()
    QTest.mouseMove(view, at)
    qtbot.waitUntil(lambda: "first → second" in view.tip_text, timeout=WAIT)
    assert "1 × 7168 BF16" in view.tip_text
    assert "seen while the model ran" in view.tip_text
    assert flow_window.state.hover is None
    view.mouse.tip.hide()
    assert view.grab().toImage() != before  # it is brightened
    QTest.mouseMove(view, QPoint(5, view.height() - 5))
    qtbot.waitUntil(lambda: not view.tip_text, timeout=WAIT)
    _, at = route_between(flow_window, "fourth", "aside")
    QTest.mouseMove(view, at)
    qtbot.waitUntil(lambda: "inferred from names and shapes" in view.tip_text, timeout=WAIT)


def test_a_click_on_an_edge_selects_what_it_joins(flow_window):
    _, at = route_between(flow_window, "second", "third")
    QTest.mouseClick(flow_window.view, LEFT, NONE, at)
    assert selected_paths(flow_window) == {"second", "third"}


def test_traces_light_what_leads_there_and_say_how_much(flow_window, at_rest):
    state, graph, view = flow_window.state, flow_window.graph, flow_window.view
    state.selection = graph.id_of("third")
    for key, modifier, lit, words in (
        (Qt.Key.Key_U, NONE, {"first", "second", "third"}, "2 parts lead to third"),
        (Qt.Key.Key_U, SHIFT, {"third", "fourth", "aside"}, "third leads to 2 parts (inferred flow)"),
        (Qt.Key.Key_U, CTRL, {"second", "third", "fourth"}, "1 part leads to third · third leads to 1 part"),
    ):
        QTest.keyClick(view, key, modifier)
        assert {graph.path(node) for node in state.spotlight} == lit
        assert flow_window.statusBar().currentMessage() == words
    QTest.keyClick(view, Qt.Key.Key_U, ALT)
    assert state.spotlight == {0}
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert not state.spotlight
    state.selection = graph.id_of("first")
    QTest.keyClick(view, Qt.Key.Key_U)
    assert flow_window.statusBar().currentMessage() == "No flow is known that leads to first"
    assert not state.spotlight
    at_rest(flow_window)


@pytest.mark.parametrize(
    "cursor", [QPoint(50, 50), QPoint(390, 50), QPoint(50, 290), QPoint(395, 295), QPoint(200, 150)]
)
def test_a_tip_stays_inside_and_off_the_label(cursor):
    area, size = QRect(0, 0, 400, 300), QSize(120, 60)
    for label in (QRectF(cursor.x() + 10, cursor.y() + 10, 60, 20), QRectF(cursor.x() - 60, cursor.y() - 40, 60, 20)):
        tip = QRect(tip_place(size, cursor, area, [label]), size)
        assert area.contains(tip)
        assert not tip.contains(cursor)
        if area.adjusted(150, 80, -150, -80).contains(cursor):  # all four places are free
            assert not QRectF(tip).intersects(label)


def test_a_double_click_on_an_edge_flies_to_the_end_that_is_out_of_view(flow_window, at_rest):
    view, graph = flow_window.view, flow_window.graph
    routes = flow_window.placement.routes
    route, _ = route_between(flow_window, "second", "third")
    points = routes.points[routes.start[route] : routes.start[route + 1]]
    near = points[0] * 0.7 + points[1] * 0.3
    camera = view.camera()
    flow_window.state.camera = type(camera)(tuple(near), 0.0, 0.0, camera.distance / 12)
    at_rest(flow_window)
    at = view.rect().center()
    assert view.scene.pick_route(*view.device(QPointF(at))) == route
    px, _ = view.camera().project(flow_window.placement.center[[graph.id_of("third")]], view.viewport())
    assert not ((px > 0) & (px < view.viewport())).all()
    QTest.mouseClick(view, LEFT, NONE, at)
    QTest.mouseDClick(view, LEFT, NONE, at)
    assert graph.path(flow_window.state.focus) == "third"
    at_rest(flow_window)


def test_the_menu_of_a_selected_part_keeps_the_others_selected(toy_window):
    state, graph = toy_window.state, toy_window.graph
    some = [graph.id_of(path) for path in ("lm_head", "model.embed_tokens")]
    state.selection, state.marked = some[0], frozenset(some[1:])
    toy_window.show_menu(some[1], QPoint(5, 5))
    assert state.selected == tuple(some)
    toy_window.show_menu(graph.id_of("model.norm"), QPoint(5, 5))
    assert state.selected == (graph.id_of("model.norm"),)
