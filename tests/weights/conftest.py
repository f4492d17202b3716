"""What the tests of all formats do: write a file with its own library, load it, and read windows of its values."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from archviz3d.loaders import load
from archviz3d.weights import TensorValues, open_values


def same_bits(ours: NDArray[np.float32], reference: NDArray[Any]) -> None:
    """Equal to the last bit, except that all values that are no number are one."""
    assert ours.dtype == np.float32
    reference = np.asarray(reference, np.float32)
    assert ours.shape == reference.shape
    both = np.isnan(ours) & np.isnan(reference)
    assert np.array_equal(np.where(both, 0, ours.view(np.uint32)), np.where(both, 0, reference.view(np.uint32)))


@pytest.fixture
def same() -> Callable[..., None]:
    return same_bits


@pytest.fixture
def opened() -> Callable[[Path, str], TensorValues]:
    def open_one(path: Path, name: str) -> TensorValues:
        graph = load(str(path))
        return open_values(graph, graph.id_of(name))

    return open_one


@pytest.fixture
def check() -> Callable[[TensorValues, NDArray[Any]], None]:
    """All values, and windows of them: at the edges, inside, of single and of scattered rows."""

    def check_all(values: TensorValues, reference: NDArray[Any]) -> None:
        rows, columns = values.shape
        same_bits(values.read(slice(None), slice(None)), reference)
        random = np.random.default_rng(rows * 1000 + columns)
        for _ in range(12):
            top, bottom = np.sort(random.integers(0, rows + 1, 2))
            left, right = np.sort(random.integers(0, columns + 1, 2))
            window = values.read(slice(top, bottom), slice(left, right))
            same_bits(window, reference[top:bottom, left:right])
            some = np.unique(random.integers(0, rows, 5))
            same_bits(values.read(some, slice(left, right)), reference[some, left:right])

    return check_all
