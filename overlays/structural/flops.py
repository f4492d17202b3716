"""Floating-point operations of the matrices that a token is multiplied with."""

import re

import numpy as np
from numpy.typing import NDArray

from ...graph.counting import logical_parameters
from ...graph.kinds import NodeKind
from ...graph.model_graph import ModelGraph
from ..overlay import Figure, Scale
from .formula import Formula, Found
from .names import Roles, with_name
from .regions import inside
from .routing import chosen_share
from .totals import summed

__all__ = ["FLOPS"]

# A container shows no sum where more than this share of its weights may be multiplied in a way that is not known.
# Small enough that a convolutional model has none, large enough for the short convolutions of Mamba (0.1 %).
_TOLERANCE = 0.01

_MATRIX_KINDS = (
    NodeKind.PROJECTION,
    NodeKind.OUTPUT_PROJECTION,
    NodeKind.LINEAR,
    NodeKind.ROUTER,
    NodeKind.OUTPUT,
)
# The matrix of such a module, as it is or packed (GPTQ and AWQ, compressed-tensors, MXFP4).
_MATRIX_NAME = re.compile(r"weight|qweight|weight_packed|(weight_)?blocks").fullmatch
_RECURRENT_NAME = re.compile(r"weight_[ih]h(_l\d+)?(_reverse)?").fullmatch  # torch.nn.LSTM, GRU, RNN
# Tensors that are matrices of their block without a module around them: torch.nn.MultiheadAttention, fused experts.
_BARE_ROLE = re.compile(r"attention\.(q|k|v|qkv)|mlp\.(gate|up|gate_up|down)").fullmatch
_LOOKUP_ROLE = re.compile(r"embedding\..*").fullmatch


def _missing(graph: ModelGraph) -> str | None:
    operations, _ = _operations(graph)
    return None if (operations > 0).any() else "no matrix is known that this model multiplies a token with"


def _find(graph: ModelGraph) -> Found:
    return summed(graph, *_operations(graph), tolerance=_TOLERANCE)


def _operations(graph: ModelGraph) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the operations of each tensor, NaN where not known, and the weights that may be multiplied."""
    roles, parent_kind = Roles(graph), graph.kind[graph.parent]
    tensor = graph.kind == NodeKind.TENSOR
    rank = np.array([*map(len, graph.shapes), 0])[graph.shape_code]
    weights = _weights(graph)

    lookup = tensor & ((parent_kind == NodeKind.EMBEDDING) | roles.which(_LOOKUP_ROLE))
    matrix = np.isin(parent_kind, _MATRIX_KINDS) & with_name(graph, _MATRIX_NAME)
    matrix |= (parent_kind == NodeKind.RECURRENT) & with_name(graph, _RECURRENT_NAME)
    matrix |= roles.which(_BARE_ROLE)
    matrix &= tensor & (rank > 1) & (weights > 0)

    apart = inside(graph, NodeKind.MTP, NodeKind.OPTIMIZER)
    operations = np.full(len(graph), np.nan)
    operations[lookup & ~apart] = 0
    operations[matrix & ~apart] = (2 * weights * chosen_share(graph))[matrix & ~apart]
    # Vectors are biases and scales of norms: left out. What has no shape is a count of a whole module.
    left_out = lookup | apart | (parent_kind == NodeKind.NORM) | (tensor & (rank == 1))
    return operations, np.where(left_out, 0, weights)


def _weights(graph: ModelGraph) -> NDArray[np.float64]:
    """Return the parameters of each tensor; those of a second name of a storage are multiplied with as well."""
    weights = graph.parameters.astype(np.float64)
    tied = graph.attributes.get("tied_to")
    for node in tied.ids.tolist() if tied is not None else ():
        shape, dtype = graph.shape_of(node), graph.dtype_of(node)
        if shape is not None and dtype is not None:
            weights[node] = logical_parameters(graph.name_of(node), dtype, shape)
    return weights


FLOPS = Formula(
    name="flops",
    title="FLOPs per token",
    unit="FLOP/token",
    definition=(
        "2 x weights of each matrix that a token is multiplied with, forward, once through every part; of routed "
        "experts x top_k / experts (expected value). Embeddings are looked up: 0. Left out: norms, biases, attention "
        "scores (they grow with the context), multi-token-prediction layers, an output head that has no tensor of its "
        "own. No value: convolutions, matrices of unknown use, containers where these hold over 1 % of the weights."
    ),
    source="2 FLOPs a weight as in Kaplan et al. 2020, arXiv:2001.08361, section 2.1; shapes in the model's files",
    missing=_missing,
    find=_find,
    scale=Scale.LOG,
    figure=Figure.COUNT,
)
