"""Pictures look as they did: compared with references by the colours and the edges of their regions, not by bytes.

RENEW_PICTURES=1 pytest tests/viewer/scene/test_pictures.py     draws the references anew; look at them before a commit
"""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from archviz3d.graph import ModelGraph
from archviz3d.layout import place
from archviz3d.loaders import load
from archviz3d.viewer.picture import render_picture
from archviz3d.viewer.state import ViewState

ROOT = Path(__file__).resolve().parents[3]
REFERENCES = ROOT / "tests" / "data" / "pictures"
SIZE = (480, 270)
BLOCK = 30  # pixels: 16 x 9 regions
# Of 255. Renderers differ in how they smooth edges and letters, by less than 2 in a region's colour.
COLOR_TOLERANCE = 5.0
# Mean difference of neighbours in a region, of 255, and as a share of it.
EDGE_TOLERANCE, EDGE_SHARE = 1.5, 0.25

STATES: dict[str, tuple[str, ViewState]] = {
    "sample-dark": ("sample", ViewState()),
    "sample-light": ("sample", ViewState(theme="light")),
    "moe-dark": ("toy", ViewState()),
    "moe-print": ("toy", ViewState(theme="print")),
    "moe-layer-light": ("toy", ViewState(theme="light", focus=-1)),
    "moe-deck-dark": ("toy", ViewState(arrangement="deck")),
    "moe-overlay-dark": ("toy", ViewState(overlay="parameters")),
    "moe-spotlight-light": ("toy", ViewState(theme="light", spotlight=frozenset({-1}))),
}


@pytest.fixture(scope="module")
def drawn(toy, tmp_path_factory) -> Callable[[str], np.ndarray]:
    """Return the picture of a name, shape (height, width, 3)."""
    folder, done = tmp_path_factory.mktemp("pictures"), {}

    def draw(name: str) -> np.ndarray:
        if name not in done:
            model, state = STATES[name]
            graph = toy if model == "toy" else load(str(ROOT / "resources" / "sample.pt"))
            state = with_ids(graph, state)
            path = folder / f"{name}.png"
            render_picture(graph, place(graph, SIZE[0] / SIZE[1], state.arrangement), state, SIZE, path)
            done[name] = read(path)
        return done[name]

    return draw


def with_ids(graph: ModelGraph, state: ViewState) -> ViewState:
    """Put the third layer where a state has -1."""
    layer = graph.id_of("model.layers.2") if graph.name == "toy-moe" else 0
    spotlight = frozenset(layer for _ in state.spotlight)
    return replace(state, focus=layer if state.focus < 0 else 0, spotlight=spotlight)


def read(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"), np.float64)


def regions(values: np.ndarray) -> np.ndarray:
    """Return the mean of each region, shape (9, 16, ...)."""
    rows, columns = SIZE[1] // BLOCK, SIZE[0] // BLOCK
    return values.reshape(rows, BLOCK, columns, BLOCK, -1).mean((1, 3))


def edges(picture: np.ndarray) -> np.ndarray:
    """Return how much neighbours differ in each region."""
    grey = picture.mean(2)
    across = np.abs(np.diff(grey, axis=1, append=grey[:, -1:]))
    down = np.abs(np.diff(grey, axis=0, append=grey[-1:]))
    return regions(across + down)[..., 0]


def differences(picture: np.ndarray, reference: np.ndarray) -> list[str]:
    """Return in words in which regions two pictures differ."""
    found = []
    apart = np.abs(regions(picture) - regions(reference)).max(2)
    for row, column in np.argwhere(apart > COLOR_TOLERANCE).tolist():
        found.append(f"region {row},{column}: colour differs by {apart[row, column]:.1f}")
    ours, theirs = edges(picture), edges(reference)
    for row, column in np.argwhere(np.abs(ours - theirs) > EDGE_TOLERANCE + EDGE_SHARE * theirs).tolist():
        found.append(f"region {row},{column}: edges {ours[row, column]:.1f} instead of {theirs[row, column]:.1f}")
    return found


@pytest.mark.parametrize("name", STATES)
def test_it_looks_as_it_did(drawn, name):
    picture, path = drawn(name), REFERENCES / f"{name}.png"
    if os.environ.get("RENEW_PICTURES"):
        REFERENCES.mkdir(exist_ok=True)
        Image.fromarray(picture.astype(np.uint8)).save(path, optimize=True)
        pytest.skip("drawn anew")
    assert differences(picture, read(path)) == []


def test_each_case_shows_something_else(drawn):
    names = list(STATES)
    for k, name in enumerate(names):
        for other in names[:k]:
            assert differences(drawn(name), drawn(other)), (name, other)


@pytest.mark.parametrize(
    "spoiled",
    [
        pytest.param(lambda picture: np.roll(picture, 4, axis=1), id="shifted right"),
        pytest.param(lambda picture: np.roll(picture, 3, axis=0), id="shifted down"),
        pytest.param(lambda picture: picture[..., ::-1], id="recoloured"),
        pytest.param(lambda picture: picture * 0.8, id="darker"),
        pytest.param(lambda picture: np.broadcast_to(picture[:1, :1], picture.shape), id="empty"),
        pytest.param(lambda picture: np.where(np.arange(480)[:, None] < 330, picture, picture[0, 0]), id="cut off"),
        pytest.param(lambda picture: regions(picture).repeat(BLOCK, 0).repeat(BLOCK, 1), id="blurred"),
    ],
)
def test_what_is_spoiled_is_noticed(drawn, spoiled):
    for name in ("sample-dark", "moe-layer-light"):
        picture = drawn(name)
        assert differences(picture, picture) == []
        assert differences(spoiled(picture), picture)
