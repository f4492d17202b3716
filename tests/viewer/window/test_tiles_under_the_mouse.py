"""All experts of DeepSeek-V3 in the window: what the mouse is told agrees with what the eye sees, tile by tile."""

import sys
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QElapsedTimer, QPoint
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

from archviz3d.graph.kinds import NodeKind
from archviz3d.loaders import load
from archviz3d.overlays.overlay import Aggregate, Figure, Origin, Overlay
from archviz3d.viewer.measure import front_sides_px
from archviz3d.viewer.window.main_window import MainWindow
from archviz3d.viewer.window.overlays.prepared import prepare_overlay
from archviz3d.viewer.window.pointing.hover_tip import tip_html

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent.parent / "examples"))
from sparse_checkpoints import write

WAIT = 20_000
TILES, GAPS = 300, 100
AT_ONCE = 100  # colours that differ by 21 steps of 255 in some channel
LEAST_PX = 3.0  # menus and title take their part of 1920x1080
NEAR_PX = 3.0  # so near to a tile, the tile is meant
SAME = 10  # steps: light falls over a face


@pytest.fixture(scope="module")
def deepseek(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiles") / "DeepSeek-V3"
    write("deepseek-v3", folder)
    return load(str(folder))


@pytest.fixture
def full_window(window: MainWindow, deepseek, qtbot, at_rest) -> MainWindow:
    """A window of 1920x1080 that shows the stack, without panels beside it."""
    window.panels.toggle_tree()
    window.panels.toggle_inspector()
    window.resize(1920, 1080)
    window.open(deepseek)
    qtbot.waitUntil(lambda: window.graph is deepseek, timeout=WAIT)
    at_rest(window)
    return window


def marking(name: str, tiles: np.ndarray) -> Overlay:
    """A category of its own for each tile; all others have no data."""
    return Overlay(
        name=name,
        title=name,
        definition="a number for each of some tiles",
        source="made by hand",
        origin=Origin.SYNTHETIC,
        aggregate=Aggregate.NONE,
        ids=np.sort(tiles).astype(np.int32),
        values=np.arange(len(tiles), dtype=np.float32)[None],
        figure=Figure.CATEGORY,
        categories=tuple(f"tile {k}" for k in range(len(tiles))),
    )


def screen(window: MainWindow) -> np.ndarray:
    """Return what the view shows, shape (height, width, 3)."""
    image = window.view.grabFramebuffer().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).astype(int)


def point_at(window: MainWindow, x: int, y: int) -> int | None:
    """Move the mouse to a pixel; return the part that tip and path both name there, None on a ribbon."""
    window.view.mouse.forget()
    QTest.mouseMove(window.view, QPoint(x, y))
    clock = QElapsedTimer()
    clock.start()
    while not window.view.tip_text:
        assert clock.elapsed() < WAIT
        QApplication.processEvents()
    node = window.state.hover
    in_status_bar = [label.text() for label in window.statusBar().findChildren(QLabel)]
    if node is None:
        assert not any("experts." in text for text in in_status_bar)
        return None
    assert (window.graph.path(node) or window.graph.name) in in_status_bar
    assert window.view.tip_text.split("<br>")[0] == tip_html(window.graph, node).split("<br>")[0]
    return node


def test_pixel_tip_and_path_agree_on_300_tiles_and_100_gaps(full_window, deepseek, qtbot, at_rest):
    window, rng = full_window, np.random.default_rng(6)
    placement, viewport = window.placement, window.view.viewport()
    assert window.view.devicePixelRatioF() == 1
    experts = deepseek.of_kind(NodeKind.EXPERT)
    shown = experts[np.isin(experts, window.view.scene.frame.cut.nodes)]
    assert len(shown) >= 14_848
    sides = front_sides_px(placement.center[shown], placement.size[shown], window.view.camera(), viewport)
    assert sides.min() >= LEAST_PX
    front = placement.center[shown] + placement.size[shown] * (0, 0, 0.5)
    px = window.view.camera().project(front, viewport)[0]
    chosen = rng.choice(len(shown), TILES, replace=False)
    for number, some in enumerate(np.split(np.sort(chosen), TILES // AT_ONCE)):
        name = window.book.add(marking(f"marks-{number}", shown[some]), "made by hand")
        prepare_overlay(window.book, name)
        window.state.overlay = name
        at_rest(window)
        window.setUpdatesEnabled(False)  # what is seen is in `pixels`; hovering draws its outline and tip over it
        pixels = screen(window)
        colors = window.view.scene.coloring.colors(np.arange(AT_ONCE, dtype=np.float32), np.zeros(3)).astype(int)
        for k, row in enumerate(some.tolist()):
            x, y = np.floor(px[row]).astype(int).tolist()
            assert point_at(window, x, y) == shown[row]
            apart = np.abs(colors - pixels[y, x]).max(1)
            assert apart.argmin() == k, (deepseek.path(int(shown[row])), pixels[y, x], colors[k])
            assert apart[k] <= SAME
        for x, y in gaps(window, px, sides, GAPS * AT_ONCE // TILES + 1, rng):
            node = point_at(window, x, y)
            away = np.maximum(np.abs(px - (x + 0.5, y + 0.5)) - sides / 2, 0).max(1)
            if node in shown:
                assert away[np.searchsorted(shown, node)] <= NEAR_PX
            else:
                assert away.min() > 0
                assert np.abs(colors - pixels[y, x]).max(1).min() > SAME
        window.setUpdatesEnabled(True)


def gaps(window: MainWindow, px: np.ndarray, sides: np.ndarray, count: int, rng: np.random.Generator):
    """Yield pixels between tiles: in turn in the narrow gaps of a grid, and on a layer further away from any tile."""
    layers = window.graph.of_kind(NodeKind.LAYER)
    layer_px = window.view.camera().project(window.placement.center[layers], window.view.viewport())[0]
    layer_sides = front_sides_px(
        window.placement.center[layers], window.placement.size[layers], window.view.camera(), window.view.viewport()
    )
    for number in range(count):
        far, away = number % 2, -1.0
        while away <= 2 * NEAR_PX * far:
            if far:
                k = rng.integers(len(layers))
                at = np.floor(layer_px[k] + layer_sides[k] * (rng.random(2) - 0.5) * 0.9)
            else:
                k = rng.integers(len(px))
                at = np.floor(px[k] + (sides[k, 0] / 2 + 0.5, 0))
            away = np.maximum(np.abs(px - (at + 0.5)) - sides / 2, 0).max(1).min()
        yield int(at[0]), int(at[1])
