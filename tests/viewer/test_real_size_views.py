"""The bar: all experts of the largest open models at once on a 1920 x 1080 screen, each a tile one can point at."""

import sys
from pathlib import Path

import numpy as np
import pytest

from archviz3d.graph import NodeKind
from archviz3d.layout import place
from archviz3d.loaders import load
from archviz3d.viewer.label_audit import written_report
from archviz3d.viewer.measure import front_sides_px
from archviz3d.viewer.offscreen import offscreen_window, read_pixels
from archviz3d.viewer.scene import Scene
from archviz3d.viewer.scene.writing.margins import free_margins
from archviz3d.viewer.state import ViewState
from archviz3d.viewer.theme import DARK, Tone, rgb

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent / "examples"))
from sparse_checkpoints import write

VIEWPORT = (1920, 1080)
LEAST_SHARE = 0.85


def share_of_free_ground(covered: np.ndarray) -> float:
    """Return how much of the ground beside title and legend the pixels' bounding box covers."""
    left, top, right, bottom = free_margins(VIEWPORT, 1.0)
    rows, columns = np.flatnonzero(covered.any(1)), np.flatnonzero(covered.any(0))
    width, height = columns[-1] + 1 - columns[0], rows[-1] + 1 - rows[0]
    return width * height / ((VIEWPORT[0] - left - right) * (VIEWPORT[1] - top - bottom))


@pytest.mark.parametrize(("name", "experts", "least_px"), [("deepseek-v3", 14_848, 4.0), ("kimi-k2", 23_040, 3.0)])
def test_every_routed_expert_is_a_tile(tmp_path, name, experts, least_px):
    write(name, tmp_path / name)
    graph = load(str(tmp_path / name))
    placement = place(graph)
    scene = Scene(DARK)
    scene.show(graph, placement)
    with offscreen_window(VIEWPORT) as window:
        window.AddRenderer(scene.renderer)
        scene.draw(ViewState(labels=False), VIEWPORT)
        window.Render()
        pixels = read_pixels(window, VIEWPORT)[..., :3].astype(float)
        scene.set_ground_visible(False)
        window.Render()
        covered = read_pixels(window, VIEWPORT)[..., :3].any(2)  # what is no ground is black
        scene.set_ground_visible(True)
        assert LEAST_SHARE <= share_of_free_ground(covered) <= 1.02
        scene.draw(ViewState(), VIEWPORT)
        window.Render()
        written, writings = read_pixels(window, VIEWPORT)[..., :3].copy(), scene.writings
        scene.erase_writings()
        window.Render()
        report = written_report(writings, written, read_pixels(window, VIEWPORT)[..., :3])
        assert len(report.texts) > 60
        assert report.problems() == []
    assert scene.frame is not None

    tiles = graph.of_kind(NodeKind.EXPERT)
    mtp = graph.of_kind(NodeKind.MTP)
    in_mtp = np.zeros(len(tiles), bool)
    for layer in mtp.tolist():
        in_mtp |= (tiles > layer) & (tiles < layer + graph.size[layer])
    main = tiles[~in_mtp]
    assert len(main) == experts
    assert np.isin(main, scene.frame.cut.nodes).all()
    sides = front_sides_px(placement.center[main], placement.size[main], scene.frame.view.camera, VIEWPORT)
    assert sides.min() >= least_px

    front = placement.center[main].copy()
    front[:, 2] += placement.size[main][:, 2] / 2
    px = scene.frame.view.camera.project(front, VIEWPORT)[0]
    x, y = np.floor(px).astype(int).T
    amber = rgb(DARK.tones[Tone.EXPERT])
    assert np.abs(pixels[y, x] - amber).max() < 40
    sample = np.arange(0, len(main), 97)
    assert [scene.pick(*px[k]) for k in sample.tolist()] == main[sample].tolist()
