"""Tabs of ports: where they are seen, in which colour, and what is written beside them and in the legend."""

import numpy as np
import pytest

from archviz3d.graph.builder import GraphBuilder
from archviz3d.graph.kinds import EdgeKind, NodeKind
from archviz3d.layout import place
from archviz3d.viewer.offscreen import offscreen_window, read_pixels
from archviz3d.viewer.scene import Scene
from archviz3d.viewer.scene.ports import Tabs, port_words, tab_quads, tabs_of
from archviz3d.viewer.scene.writing.overlay import Overlay
from archviz3d.viewer.state import ViewState
from archviz3d.viewer.theme import DARK, LIGHT, contrast
from archviz3d.viewer.words.numbers import grouped

VIEWPORT = (1280, 720)
TIED = EdgeKind.TIED
PARTS = (("embed", NodeKind.EMBEDDING), ("norm", NodeKind.NORM), ("probe", NodeKind.LINEAR), ("head", NodeKind.OUTPUT))


def model():
    """An embedding whose weight two others have, too, one as a whole; and two tied containers."""
    b = GraphBuilder("tied", "made by hand")
    modules, weights = {}, {}
    for name, kind in PARTS:
        shape = (64,) if kind == NodeKind.NORM else (512, 64)
        modules[name] = b.node(0, name, kind)
        weights[name] = b.tensor(modules[name], "weight", shape, "F32", nbytes=4 * shape[0])
    b.edge(weights["embed"], weights["head"], TIED)
    b.edge(weights["embed"], modules["probe"], TIED)
    plates = [b.node(0, name) for name in ("left", "right")]
    for plate in plates:
        for name in ("a", "b"):
            b.tensor(b.node(plate, name), "weight", (128, 64), "F32", nbytes=4)
    b.edge(*plates, TIED)
    return b.build()


class Stage:
    """A scene in an off-screen window."""

    def __init__(self, graph, window):
        self.graph, self.placement = graph, place(graph)
        self.scene, self.window = Scene(DARK), window
        self.scene.show(graph, self.placement)
        window.AddRenderer(self.scene.renderer)

    def picture(self, moving=False, **state):
        self.scene.draw(ViewState(**state), VIEWPORT, moving=moving)
        self.window.Render()
        return read_pixels(self.window, VIEWPORT)[..., :3].astype(float)

    def port(self, path, outgoing):
        """The number of the only port of a part on one side."""
        ports = self.placement.ports
        (port,) = np.flatnonzero((ports.node == self.graph.id_of(path)) & (ports.outgoing == outgoing))
        return int(port)

    def tab_nodes(self):
        """Paths of the parts that have tabs in the last frame."""
        tabs = tabs_of(self.graph, self.placement, self.scene.frame, self.scene._model.is_hidden)
        return {self.graph.path(int(node)) for node in self.placement.ports.node[tabs.ports]}

    def beside(self, path, outgoing):
        """What is written of a part beside a port of its, and whether that is on its box."""
        x, y = self.px(self.port(path, outgoing))
        node, written = self.graph.id_of(path), set()
        for label in self.scene.labels:
            left, top, right, bottom = label.rect
            if label.candidate.node == node and top <= y <= bottom and max(left - x, x - right) <= 20:
                written.add((label.block.lines[0].text, bool(right < x if outgoing else left > x)))
        return written

    def px(self, port):
        return self.scene.frame.view.camera.project(self.placement.ports.point[port][None], VIEWPORT)[0][0]


@pytest.fixture(scope="module")
def stage():
    with offscreen_window(VIEWPORT) as window:
        yield Stage(model(), window)


PORTS = [("embed.weight", True), ("probe", False), ("head.weight", False), ("left", True), ("right", False)]


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
@pytest.mark.parametrize(("path", "outgoing"), PORTS)
def test_a_tab_points_right_from_the_left_edge_or_to_the_right_edge(stage, theme, path, outgoing):
    pixels = stage.picture(theme=theme.name, labels=False)
    x, y = stage.px(stage.port(path, outgoing))
    box, frame = stage.graph.id_of(path), stage.scene.frame
    face = frame.shown(np.flatnonzero(frame.cut.nodes == box))[0].astype(float)
    reach = 14
    left, top = round(x) - reach, round(y) - reach
    around = pixels[top : top + 2 * reach, left : left + 2 * reach]
    inside = pixels[round(y), round(x) + (-4 if outgoing else 4)]
    assert contrast(inside, face) >= 3
    assert np.abs(inside - 128).max() > 70  # near to black or white
    tab = np.abs(around - inside).max(2) < 40
    tab[:, reach + 2 :] &= not outgoing  # nothing of it beyond the edge; what is there may be as dark
    tab[:, : reach - 2] &= outgoing
    columns = np.flatnonzero(tab.any(0))
    assert abs((columns.max() + 1 if outgoing else columns.min()) - reach) <= 2
    assert 8 <= np.ptp(columns) + 1 <= 12
    heights = tab.sum(0)[columns.min() : columns.max() + 1]
    assert heights[:3].max() >= 8  # broad where it begins, and a tip where it ends
    assert heights[-2:].max() <= 5
    rows = np.flatnonzero(tab.any(1))
    assert abs((rows.min() + rows.max()) / 2 - reach) <= 1.5


def test_what_is_at_the_other_end_is_written_beside_the_tab(stage):
    stage.picture()
    # Faces have room for it; a plate has children there, which may leave room outside of it only.
    assert ("to 2 parts", True) in stage.beside("embed.weight", True)
    assert ("embed", True) in stage.beside("probe", False)
    assert ("embed", True) in stage.beside("head.weight", False)
    assert "right" in {words for words, _ in stage.beside("left", True)}
    assert "left" in {words for words, _ in stage.beside("right", False)}


def words_of(stage, monkeypatch, **state):
    """All that is written in a picture."""
    written, text = [], Overlay.text

    def note(overlay, x, y, line, *rest, **more):
        written.append(line)
        text(overlay, x, y, line, *rest, **more)

    monkeypatch.setattr(Overlay, "text", note)
    stage.picture(**state)
    return " ".join(written)


def test_the_legend_says_what_tabs_are_where_there_are_any(stage, monkeypatch):
    assert "small arrows" in words_of(stage, monkeypatch)
    far = stage.scene.fit(0, VIEWPORT)
    far = type(far)(far.target, far.azimuth, far.elevation, far.distance * 12)
    assert "small arrows" not in words_of(stage, monkeypatch, camera=far)


def test_a_box_too_small_to_show_a_tab_has_none(stage):
    near = stage.scene.fit(0, VIEWPORT)
    for factor in (1, 2, 4, 16):
        stage.picture(
            labels=False, camera=type(near)(near.target, near.azimuth, near.elevation, near.distance * factor)
        )
        cut = stage.scene.frame.cut
        large = {stage.graph.path(int(node)) for node in cut.nodes[(cut.short_px >= 14) & (cut.long_px >= 44)]}
        assert stage.tab_nodes() == {path for path, _ in PORTS} & large
    assert not stage.tab_nodes()


def test_what_is_hidden_has_no_tab(stage):
    before = stage.picture(labels=False)
    probe = stage.graph.id_of("probe")
    x, y = np.round(stage.px(stage.port("probe", False))).astype(int)
    after = stage.picture(labels=False, hidden=frozenset({probe}))
    assert stage.tab_nodes() == {path for path, _ in PORTS} - {"probe"}
    assert (
        np.ptp(after[y - 8 : y + 8, x : x + 12].reshape(-1, 3), axis=0).max()
        < 20
        < np.ptp(before[y - 8 : y + 8, x : x + 12])
    )


def test_what_is_joined_only_to_something_hidden_has_no_tab(stage):
    stage.picture(hidden=frozenset({stage.graph.id_of("embed")}))
    assert stage.tab_nodes() == {"left", "right"}
    assert not stage.beside("head.weight", False)


def test_a_tall_box_has_no_face_for_tabs(stage, monkeypatch):
    assert "small arrows" in words_of(stage, monkeypatch, height="parameters")  # on the plates, which are not tall
    assert stage.tab_nodes() == {"left", "right"}
    tall = stage.scene.frame.cut.nodes[stage.scene.frame.tall]
    assert {stage.graph.id_of("probe"), stage.graph.id_of("head.weight")} <= set(tall.tolist())
    assert not stage.beside("probe", False)


def test_what_is_not_in_focus_has_no_tabs(stage):
    stage.picture(focus=stage.graph.id_of("probe"), labels=False)
    assert stage.tab_nodes() == {"probe"}


def test_while_moving_tabs_are_drawn_and_nothing_is_written_beside_them(stage):
    pixels = stage.picture(moving=True)
    x, y = np.round(stage.px(stage.port("probe", False))).astype(int)
    assert contrast(pixels[y, x + 4], pixels[y, x + 40]) >= 3
    assert not stage.beside("probe", False)


def test_kinds_of_ports_are_told_apart_by_colour_and_inferred_ones_are_dashed():
    kinds = np.array([EdgeKind.DATA, EdgeKind.RESIDUAL, EdgeKind.TIED, EdgeKind.DATA], np.uint8)
    inferred = np.array([False, False, False, True])
    corners = np.tile(np.array([[0, 1, 0], [0, -1, 0], [2, 0, 0], [2, 0, 0]], float), (4, 1, 1))
    tabs = Tabs(np.arange(4), np.arange(4), corners, corners[:, 2], np.full(4, 10.0), kinds, inferred)
    faces = np.array([[250, 250, 250], [10, 10, 10], [10, 10, 10], [250, 250, 250]], np.uint8)
    colors = {EdgeKind.DATA: np.array([1.0, 2, 3]), EdgeKind.RESIDUAL: np.array([4.0, 5, 6])}
    quads = tab_quads(tabs, faces, colors)
    for tab, core in ((0, [1, 2, 3]), (1, [4, 5, 6]), (3, [1, 2, 3])):
        np.testing.assert_array_equal(quads.colors[(quads.tab == tab) & quads.is_core], [core])
    assert not quads.is_core[quads.tab == 2].any()  # a tie has no flow
    for tab in range(4):
        ink = (quads.tab == tab) & ~quads.is_core
        assert ink.sum() == 1 + inferred[tab]
        assert contrast(quads.colors[ink][0], faces[tab]) > 10
        reach = quads.corners[ink].reshape(-1, 3)
        assert (reach[:, 0].min(), reach[:, 0].max()) == (0, 2)
    dashes = quads.corners[(quads.tab == 3) & ~quads.is_core][..., 0]
    assert dashes[0].max() < dashes[1].min()
    core = quads.corners[quads.is_core]
    assert (np.abs(core[..., 1]) < 1 - core[..., 0] / 2).all()  # within the ink


def test_words_of_ports():
    b = GraphBuilder("words", "made by hand")
    table = b.tensor(0, "rotary", (8,), "F32", nbytes=32)
    weight = b.tensor(b.node(0, "norm"), "weight", (8,), "F32", nbytes=32)
    mask = b.node(0, "mask", NodeKind.OPERATOR)
    for part in (weight, table):
        b.edge(part, mask, TIED)
    for k in range(1234):
        b.edge(mask, b.node(0, f"part{k}"), TIED)
    graph = b.build()
    placement = place(graph)
    columns = (placement.ports.node, placement.ports.other, placement.ports.outgoing)
    words = {
        (graph.path(node), graph.path(other) if other >= 0 else None, out): port_words(graph, placement, k)
        for k, (node, other, out) in enumerate(zip(*(column.tolist() for column in columns), strict=True))
    }
    assert words["norm.weight", "mask", True] == "mask"
    assert words["mask", "norm.weight", False] == "norm"  # "weight" would say nothing
    assert words["mask", "rotary", False] == "rotary"
    assert words["mask", None, True] == f"to {grouped(1234)} parts"
    assert words["part7", "mask", False] == "mask"
