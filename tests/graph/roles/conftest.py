"""Graphs from plain tables of names and shapes."""

import sys
from collections.abc import Callable, Mapping
from math import prod
from pathlib import Path

import pytest

from archviz3d.graph import GraphBuilder, ModelGraph

sys.path.insert(0, str(Path(__file__).resolve().parent))  # the tables that tests here share

Shapes = Mapping[str, tuple[int, ...]]


def make(shapes: Shapes) -> ModelGraph:
    """Build the graph of a checkpoint with these tensors, as a loader does; ``*_blocks`` and ``*_scales`` are bytes."""
    packed = [name.endswith(("_blocks", "_scales")) for name in shapes]
    nbytes = [prod(shape) * (1 if p else 2) for shape, p in zip(shapes.values(), packed, strict=True)]
    offsets = [sum(nbytes[:i]) for i in range(len(nbytes))] if len(nbytes) < 2000 else [0] * len(nbytes)
    builder = GraphBuilder("m", "safetensors", "m.safetensors")
    builder.tensors(
        list(shapes),
        ["U8" if p else "BF16" for p in packed],
        list(shapes.values()),
        nbytes,
        [0] * len(nbytes),
        offsets,
        ["m.safetensors"],
    )
    return builder.build()


@pytest.fixture
def make_graph() -> Callable[[Shapes], ModelGraph]:
    return make
