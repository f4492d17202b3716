"""What is stored: parameters, bytes, and the type of the values."""

import numpy as np
from numpy.typing import NDArray

from ...graph.kinds import NodeKind
from ...graph.model_graph import ModelGraph
from ..overlay import Aggregate, Figure, Origin, Scale
from .formula import Formula, Found
from .regions import inside
from .totals import subtree_totals

__all__ = ["BYTES", "DTYPE", "PARAMETERS"]

_A_TENSOR = 2.0**-20  # what a tensor weighs beside a parameter when the type of a container is chosen


def _missing_parameters(graph: ModelGraph) -> str | None:
    return None if graph.parameters.any() else "nothing in this model counts as a parameter"


def _parameters(graph: ModelGraph) -> Found:
    # A module may have a count of its own beside its tensors (lists of modules), so what is shown on it is its total.
    return Found(np.where(graph.parameters > 0, graph.total_parameters, np.nan), Aggregate.SUM)


def _missing_bytes(graph: ModelGraph) -> str | None:
    stored = (graph.bytes > 0) & ~inside(graph, NodeKind.OPTIMIZER)
    return None if stored.any() else "nothing of this model is stored: no tensor takes any bytes"


def _bytes(graph: ModelGraph) -> Found:
    stored = (graph.bytes > 0) & ~inside(graph, NodeKind.OPTIMIZER)
    return Found(np.where(stored, graph.bytes, np.nan), Aggregate.SUM)


def _missing_dtype(graph: ModelGraph) -> str | None:
    return None if _typed(graph).any() else "no tensor of this model says its type"


def _typed(graph: ModelGraph) -> NDArray[np.bool_]:
    return (graph.dtype_code >= 0) & (graph.kind == NodeKind.TENSOR) & ~inside(graph, NodeKind.OPTIMIZER)


def _dtypes(graph: ModelGraph) -> Found:
    typed = _typed(graph)
    used: list[int] = np.unique(graph.dtype_code[typed]).tolist()
    used.sort(key=lambda code: graph.dtypes[code])  # by name: not in the order in which a file has them
    values = np.full(len(graph), np.nan)
    most = np.zeros(len(graph))
    for category, code in enumerate(used):
        of_type = typed & (graph.dtype_code == code)
        # By number, half the tensors of an fp8 model are scales in F32. Where nothing counts, numbers decide after all.
        here = subtree_totals(graph, of_type * (graph.parameters + _A_TENSOR))
        values[here > most] = category
        np.maximum(most, here, out=most)
    return Found(values, Aggregate.NONE, tuple(graph.dtypes[code] for code in used))


PARAMETERS = Formula(
    name="parameters",
    title="Parameters",
    definition=(
        "Parameters of a tensor = product of its shape before packing; of a container = sum over its tensors. Scales "
        "of quantised values, running statistics, masks and optimizer state count none; a storage with two names "
        "counts once."
    ),
    source="shapes in the model's files",
    missing=_missing_parameters,
    find=_parameters,
    scale=Scale.LOG,
    figure=Figure.COUNT,
)
BYTES = Formula(
    name="bytes",
    title="Stored bytes",
    unit="B",
    definition=(
        "Bytes of a tensor as they are stored; of a container = sum over its tensors. Optimizer state is left out; a "
        "storage with two names counts once."
    ),
    source="headers of the model's files",
    missing=_missing_bytes,
    find=_bytes,
    origin=Origin.DECLARED,
    scale=Scale.LOG,
    figure=Figure.BYTES,
)
DTYPE = Formula(
    name="dtype",
    title="Data type",
    definition=(
        "Type in which a tensor's values are stored; of a container = the type that most of its parameters have. "
        "Optimizer state is left out."
    ),
    source="headers of the model's files",
    missing=_missing_dtype,
    find=_dtypes,
    origin=Origin.DECLARED,
    figure=Figure.CATEGORY,
)
