"""The overlays whose values are pictures: weights on the faces of their tensors."""

from functools import partial
from pathlib import Path

import numpy as np

from ..graph.kinds import NodeKind
from ..graph.model_graph import ModelGraph
from .aggregate import Aggregate
from .overlay import Figure, Origin, Overlay, Scale
from .recipe import NothingToShowError, Recipe

__all__ = ["SURFACES"]

# name -> (title, statistic, definition, signed)
_KINDS = {
    "weights": (
        "Weights, RMS",
        "rms",
        "|w| of each value; from afar the root mean square of each block of values, sqrt(mean(w^2))",
        False,
    ),
    "weights-signed": (
        "Weights, signed",
        "signed",
        "w of each value; from afar the mean of each block of values, mean(w)",
        True,
    ),
    "weights-abs": (
        "Weights, mean |w|",
        "mean_abs",
        "|w| of each value; from afar the mean of each block of values, mean(|w|)",
        False,
    ),
}


def _missing(graph: ModelGraph) -> str | None:
    if not ((graph.kind == NodeKind.TENSOR) & (graph.offset >= 0) & (graph.file_code >= 0)).any():
        return "no weights are stored with this model, or not where they could be read"
    return None


def _make(name: str, graph: ModelGraph) -> Overlay:
    missing = _missing(graph)
    if missing is not None:
        raise NothingToShowError(f"overlay {name!r}: {missing}")
    title, statistic, definition, signed = _KINDS[name]
    return Overlay(
        name=name,
        title=title,
        definition=definition,
        source=Path(graph.source).name,
        origin=Origin.DECLARED,
        aggregate=Aggregate.NONE,
        ids=np.empty(0, np.int32),
        values=np.empty((1, 0), np.float32),
        diverging=signed,
        scale=Scale.LINEAR,
        figure=Figure.PLAIN,
        surface=statistic,
    )


SURFACES: tuple[Recipe, ...] = tuple(
    Recipe(name, title, "", definition, "the model's files", "weights", partial(_make, name), _missing)
    for name, (title, _, definition, _) in _KINDS.items()
)
