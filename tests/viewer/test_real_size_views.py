"""The bar: all experts of the largest open models at once on a 1920 x 1080 screen, each a tile one can point at."""

import sys
from pathlib import Path

import numpy as np
import pytest

from archviz3d.graph import NodeKind
from archviz3d.layout import place
from archviz3d.loaders import load
from archviz3d.viewer.measure import front_sides_px
from archviz3d.viewer.offscreen import offscreen_window, read_pixels
from archviz3d.viewer.scene import Scene
from archviz3d.viewer.state import ViewState
from archviz3d.viewer.theme import DARK, Tone, rgb

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent / "examples"))
from sparse_checkpoints import write

VIEWPORT = (1920, 1080)


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
