"""A small mixture of experts to read values for, and what is in an overlay by path."""

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from archviz3d.graph import GraphBuilder, ModelGraph
from archviz3d.graph.roles import recognise
from archviz3d.overlays.overlay import Overlay
from archviz3d.overlays.readers import ReadOverlays

Write = Callable[..., ReadOverlays]


def built(shapes: dict[str, tuple[int, ...]], config: dict[str, Any] | None = None) -> ModelGraph:
    """Return the graph of a checkpoint with these tensors."""
    builder = GraphBuilder("m", "safetensors", "m.safetensors")
    nbytes = [2 * prod(shape) for shape in shapes.values()]
    offsets = np.cumsum([0, *nbytes[:-1]]).tolist()
    files = [0] * len(shapes)
    builder.tensors(
        list(shapes), ["BF16"] * len(shapes), list(shapes.values()), nbytes, files, offsets, ["m.safetensors"]
    )
    return recognise(builder.build(), config)


def values(graph: ModelGraph, overlay: Overlay, step: int = 0) -> dict[str, float]:
    """Return an overlay's own values by path."""
    row = overlay.values[step].tolist()
    return {graph.path(node): value for node, value in zip(overlay.ids.tolist(), row, strict=True)}
