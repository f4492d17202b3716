"""Weights of a really trained model on the screen: every pixel against numpy, from the file to the picture."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

import archviz3d
from archviz3d.errors import UsageError
from archviz3d.graph.kinds import NodeKind
from archviz3d.layout import place
from archviz3d.viewer.colormaps import color_table
from archviz3d.viewer.offscreen import offscreen_window, read_pixels
from archviz3d.viewer.scene import Scene
from archviz3d.viewer.state import ViewState
from archviz3d.viewer.theme import DARK

VIEWPORT = (1280, 720)


def trained() -> dict[str, torch.Tensor]:
    """A two-layer network after 150 steps on a fixed permutation of 256 tokens."""
    torch.manual_seed(0)
    model = torch.nn.Sequential(
        torch.nn.Embedding(256, 64), torch.nn.Linear(64, 900), torch.nn.ReLU(), torch.nn.Linear(900, 256)
    )
    target = torch.randperm(256)
    optimizer = torch.optim.AdamW(model.parameters(), 1e-2)
    for _ in range(150):
        tokens = torch.randint(0, 256, (256,))
        loss = torch.nn.functional.cross_entropy(model(tokens), target[tokens])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.1  # it has learnt: these are no random numbers
    return {name: value.detach().to(torch.bfloat16) for name, value in model.state_dict().items()}


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    tensors = trained()
    path = tmp_path_factory.mktemp("trained") / "model.safetensors"
    save_file(tensors, str(path))
    return path, {name: value.to(torch.float32).numpy() for name, value in tensors.items()}


class Stage:
    def __init__(self, path, window):
        self.graph = archviz3d.load(path)
        self.placement = place(self.graph)
        self.scene, self.window = Scene(DARK), window
        self.scene.show(self.graph, self.placement)
        window.AddRenderer(self.scene.renderer)

    def picture(self, **state):
        self.scene.draw(ViewState(labels=False, **state), VIEWPORT, moving=True)  # without multisampling
        self.window.Render()
        return read_pixels(self.window, VIEWPORT)[..., :3].astype(int)

    def places(self, node):
        """Return, for each pixel, its row and column in a tensor as real numbers, NaN beside its face."""
        camera = self.scene.frame.view.camera
        center, size = self.placement.center[node], self.placement.size[node]
        rows, columns = self.graph.shape_of(node)
        x, y = np.meshgrid(np.arange(VIEWPORT[0]) + 0.5, np.arange(VIEWPORT[1]) + 0.5)
        f = camera.focal_px(VIEWPORT)
        rays = np.stack([(x - VIEWPORT[0] / 2) / f, (VIEWPORT[1] / 2 - y) / f, -np.ones_like(x)], -1) @ camera.axes
        reach = (center[2] + size[2] / 2 - camera.eye[2]) / rays[..., 2]
        point = camera.eye + rays * reach[..., None]
        u = (point[..., 0] - center[0]) / size[0] + 0.5
        v = 0.5 - (point[..., 1] - center[1]) / size[1]
        beside = (u <= 0) | (u >= 1) | (v <= 0) | (v >= 1)
        across, down = (u * rows, v * columns) if (rows > columns) == (size[0] > size[1]) else (v * rows, u * columns)
        return np.where(beside, np.nan, across), np.where(beside, np.nan, down)


@pytest.fixture(scope="module")
def stage(weights):
    with offscreen_window(VIEWPORT) as window:
        stage = Stage(weights[0], window)
        yield stage
        stage.scene.close_model()


def blocks(values, side, statistic):
    """Return the statistic of each block, by a plain loop."""
    rows, columns = (-(-n // side) for n in values.shape)
    out = np.empty((rows, columns))
    for i in range(rows):
        for j in range(columns):
            block = values[i * side : (i + 1) * side, j * side : (j + 1) * side].astype(np.float64)
            out[i, j] = np.sqrt((block**2).mean()) if statistic == "rms" else block.mean()
    return out


def expected_colors(cells, low, high, table):
    place = np.clip((cells - low) / (high - low), 0, 1)
    return table[np.minimum((place * 256).astype(int), 255)].astype(int)


@pytest.mark.parametrize(
    ("overlay", "statistic", "zoom", "side"),
    [
        ("weights", "rms", 0.25, 4),  # far: blocks of 4 x 4 values
        ("weights-signed", "mean", 0.8, 2),
        ("weights-signed", "mean", 8.0, 1),  # near: single values
        ("weights", "rms", 40.0, 1),  # nearer: a cell is a hundred pixels wide, with lines between
    ],
)
def test_every_pixel_of_a_trained_matrix_is_numpy_s(stage, weights, overlay, statistic, zoom, side):
    node = stage.graph.id_of("3.weight")
    low, high = (-0.15, 0.15) if statistic == "mean" else (0.0, 0.2)
    pixels = stage.picture(
        overlay=overlay, focus=node, angle=(0.0, 0.0, zoom), range=(low, high), colormap="viridis", scale="linear"
    )
    row, column = stage.places(node)
    values = weights[1]["3.weight"]
    cells = blocks(values if overlay == "weights-signed" or side > 1 else np.abs(values), side, statistic)
    inside = ~np.isnan(row)
    # Blocks are the smallest whose sides are a pixel or more; 4 x 4 are the largest that this matrix has (one tile).
    steps = [max(np.nanmax(np.abs(np.diff(place, axis=axis))) for axis in (0, 1)) for place in (row, column)]
    assert side == min(4, 2 ** max(0, int(np.ceil(np.log2(max(steps))))))
    # Where a pixel's centre is next to a cell's edge, either neighbour is right; large cells have lines. (The
    # picture lies a quarter of a pixel before the face, which shifts it by up to a tenth of one at the view's edge.)
    a, b = row[inside] / side, column[inside] / side
    edge = np.minimum(np.minimum(a % 1, 1 - a % 1), np.minimum(b % 1, 1 - b % 1))
    near = edge < 0.1
    shown = pixels[inside][~near]
    wanted = expected_colors(cells[a.astype(int), b.astype(int)], low, high, color_table("viridis"))[~near]
    assert len(shown) > 5_000
    wrong = (np.abs(shown - wanted) > 2).any(1)
    assert wrong.mean() < 0.002, wrong.mean()


def test_a_value_is_told_where_the_cursor_is(stage, weights):
    node = stage.graph.id_of("3.weight")
    stage.picture(overlay="weights-signed", focus=node, angle=(0.0, 0.0, 30.0))
    row, column = stage.places(node)
    for y, x in ((200, 300), (360, 640), (500, 1000)):
        i, j = int(row[y, x]), int(column[y, x])
        told = stage.scene.value_at(x + 0.5, y + 0.5, node)
        assert told.startswith(f"w[{i}, {j}] = "), told
        number = float(told.partition(" = ")[2].replace("\u2212", "-"))
        assert number == pytest.approx(weights[1]["3.weight"][i, j], rel=1e-3)


def test_a_block_is_told_with_its_rows_and_columns(stage, weights):
    node = stage.graph.id_of("3.weight")
    stage.picture(overlay="weights", focus=node, angle=(0.0, 0.0, 0.25))
    row, column = stage.places(node)
    y, x = np.argwhere(~np.isnan(row))[5000]
    i, j = int(row[y, x]) // 4 * 4, int(column[y, x]) // 4 * 4
    told = stage.scene.value_at(x + 0.5, y + 0.5, node)
    block = weights[1]["3.weight"][i : i + 4, j : j + 4].astype(np.float64)
    assert told.endswith(f"rows {i}\u2013{i + 3}, columns {j}\u2013{j + 3}")
    assert float(told.split()[2]) == pytest.approx(float(np.sqrt((block**2).mean())), rel=1e-3)


def test_a_truncated_file_has_hatched_faces_and_a_reason(tmp_path, weights):
    path = tmp_path / "model.safetensors"
    path.write_bytes(weights[0].read_bytes())
    graph = archviz3d.load(path)
    header = int.from_bytes(path.read_bytes()[:8], "little")
    with path.open("r+b") as file:
        file.truncate(8 + header + 100)
    with offscreen_window(VIEWPORT) as window:
        scene = Scene(DARK)
        scene.show(graph, place(graph))
        window.AddRenderer(scene.renderer)
        node = graph.id_of("3.weight")
        scene.draw(ViewState(overlay="weights", focus=node, angle=(0.0, 0.0, 1.0)), VIEWPORT, moving=True)
        window.Render()
        assert scene.value_at(640, 400, node) is not None
        assert "model.safetensors" in scene.value_at(640, 400, node)
        seen = read_pixels(window, VIEWPORT)[400, 500:780, :3].astype(int)
        scene.close_model()
    assert np.ptp(seen, axis=0).max() > 5  # the lines of no data
    assert seen.std(1).max() < 30  # in grey


def test_a_model_without_stored_weights_is_refused_before_anything_is_drawn(tmp_path):
    config = {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": 64, "vocab_size": 256}
    config |= {"num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 128, "num_key_value_heads": 4}
    (tmp_path / "config.json").write_text(json.dumps(config))
    graph = archviz3d.load(tmp_path)
    assert (graph.kind == NodeKind.TENSOR).any()
    with pytest.raises(UsageError, match="no weights are stored"):
        archviz3d.render(graph, tmp_path / "x.png", overlay="weights")
    assert not (tmp_path / "x.png").exists()


def test_numbers_keep_off_title_and_legend_and_say_what_they_count(stage, monkeypatch):
    node = stage.graph.id_of("3.weight")
    written = []
    text = stage.scene._page._overlay.text
    monkeypatch.setattr(
        stage.scene._page._overlay, "text", lambda x, y, t, *a, **k: (written.append(t), text(x, y, t, *a, **k))
    )
    legend = []
    draw = stage.scene._page.legend.draw
    monkeypatch.setattr(stage.scene._page.legend, "draw", lambda *a: legend.append(draw(*a)) or legend[-1])
    added = []
    write = stage.scene._page._numbers.write
    monkeypatch.setattr(stage.scene._page._numbers, "write", lambda *a: added.extend(write(*a)) or added)
    stage.scene.draw(ViewState(overlay="weights-signed", focus=node, angle=(0.0, 0.0, 60.0)), VIEWPORT)
    assert len(added) > 50
    (left, top, right, bottom) = legend[0]
    for rect in added:
        assert rect[2] <= left or rect[0] >= right or rect[3] <= top or rect[1] >= bottom
    assert sum(t.startswith("row ") for t in written) == 1
    assert sum(t.startswith("column ") for t in written) == 1
