"""Matrices in memory in the place of `archviz3d.weights`, and stores of their tiles."""

import threading

import numpy as np
import pytest

from archviz3d.graph import GraphBuilder
from archviz3d.overlays.tiles import store as tile_store
from archviz3d.overlays.tiles.pyramid import Statistic, TileKey
from archviz3d.overlays.tiles.store import TileStore
from archviz3d.overlays.tiles.values import exact_tile

THREAD = "tiles of weights"
TILE_BYTES = 256 * 256 * 4 + 500
PATIENCE = 30  # seconds until a test that waits for an event gives up


class Matrix:
    """Values in memory, as `archviz3d.weights` gives them, with a hook before each read."""

    block = (1, 1)
    transpose = None

    def __init__(self, values, notes=()):
        self.values = values
        self.notes = notes
        self.shape = values.shape
        self.reads = []  # "sample" or "exact"
        self.before = lambda: None

    def read(self, rows, columns):
        self.reads.append("exact" if isinstance(rows, slice) else "sample")
        self.before()
        return self.values[rows][:, columns]

    def stored_bytes(self, rows, columns):
        return 4 * self.values[rows][:, columns].size


class Ready:
    """What waits for `on_ready`."""

    def __init__(self):
        self.calls = 0
        self._called = threading.Condition()

    def __call__(self):
        with self._called:
            self.calls += 1
            self._called.notify_all()

    def until(self, reached):
        with self._called:
            assert self._called.wait_for(reached, PATIENCE)


@pytest.fixture
def model(monkeypatch):
    """Make a graph with the given matrices as its tensors; an error stands for one that cannot be opened."""

    def make(*tensors, **options):
        builder = GraphBuilder("m", "made")
        for index, values in enumerate(tensors):
            builder.tensor(0, str(index), getattr(values, "shape", (1, 1)), "F32", nbytes=4)
        matrices = [Matrix(values) if isinstance(values, np.ndarray) else values for values in tensors]

        def opened(graph, node):
            found = matrices[node - 1]
            if isinstance(found, Exception):
                raise found
            return found

        monkeypatch.setattr(tile_store, "open_values", opened)
        ready = Ready()
        store = TileStore(builder.build(), on_ready=ready, **options)
        stores.append(store)
        return store, ready, matrices

    stores = []
    yield make
    for store in stores:
        store.close()
    assert THREAD not in [thread.name for thread in threading.enumerate()]


def noise(rows, columns, seed=0):
    return np.random.default_rng(seed).standard_normal((rows, columns)).astype(np.float32)


def key(node=1, level=0, row=0, column=0, statistic=Statistic.RMS):
    return TileKey(node, statistic, level, row, column)


def done(store):
    return lambda: store.pending == 0


def exactly(tile, matrix, at):
    assert tile is not None
    assert tile.share == 1.0
    np.testing.assert_array_equal(tile.cells, exact_tile(matrix, at, lambda: True).cells)
