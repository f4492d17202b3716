"""The measure of popping, with a few steps."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from archviz3d.graph.builder import GraphBuilder
from archviz3d.graph.kinds import NodeKind
from archviz3d.viewer.state import ViewState

BENCH = Path(__file__).parents[1] / "bench" / "popping.py"


@pytest.fixture(scope="module")
def bench():
    spec = importlib.util.spec_from_file_location("bench_popping", BENCH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def graph():
    b = GraphBuilder("nested", "made")
    for k in range(4):
        group = b.node(0, f"group{k}")
        for j in range(4):
            part = b.node(group, str(j))
            for name in "abc":
                b.tensor(b.node(part, name, NodeKind.LINEAR), "weight", (64, 64), "F32", nbytes=0)
    return b.build()


def test_an_enlarged_picture_is_the_same_picture_nearer(bench):
    y, x = np.mgrid[:90, :160]
    picture = np.stack([x, y, x + y], -1).astype(float)
    larger = bench._enlarged(picture, 1.25)
    assert larger.shape == picture.shape
    assert np.allclose(larger[45, 80], picture[45, 80], atol=0.2)
    assert np.allclose(np.diff(larger[45, 10:150, 0]), 0.8, atol=1e-6)


def test_nothing_jumps_on_the_way_from_the_whole_to_a_part(bench, graph):
    found = bench.popping(graph, graph.id_of("group1.2"), 24, (480, 272), ViewState(labels=False))
    assert len(found.shift) == len(found.jumps) == 23
    assert found.jumps.max() < 0.05
    # Colours change over many steps: none changes more than the ones beside it do.
    beside = np.maximum(found.shift[2:], found.shift[:-2])
    assert (found.shift[1:-1] - beside).max() < 1.0  # of 255


def test_a_jump_is_told(bench, graph, monkeypatch):
    frames = iter([np.zeros((272, 480, 4), np.uint8), *(np.full((272, 480, 4), 200, np.uint8) for _ in range(2))])
    monkeypatch.setattr(bench, "read_pixels", lambda *_: next(frames))
    found = bench.popping(graph, graph.id_of("group1.2"), 3, (480, 272), ViewState(labels=False))
    assert found.shift.tolist() == [200, 0]
    assert found.jumps.tolist() == [1, 0]
