"""The bias with which a router chooses each expert."""

import re
from math import prod

import numpy as np
from numpy.typing import NDArray

from ...graph.kinds import NodeKind
from ...graph.model_graph import ModelGraph
from ...weights import open_values
from ..overlay import Aggregate, Origin
from .formula import Formula, Found
from .names import with_name
from .regions import inside
from .routing import mixture_of

__all__ = ["ROUTER_BIAS"]

# Names of a bias that only chooses: DeepSeek-V3 in transformers, Megatron, GGUF.
_CHOOSES = re.compile(r"e_score_correction_bias|expert_bias|exp_probs_b(_bias|\.bias)?").fullmatch
_BIAS = re.compile(r"bias").fullmatch  # of a router's own matrix
_NUMBER = re.compile(r"[0-9]{1,6}").fullmatch


def _missing(graph: ModelGraph) -> str | None:
    biases = _biases(graph)
    if not len(biases):
        return "no router of this model has a bias"
    if not _is_stored(graph, biases).any():
        return "the biases of this model's routers are not stored with it, or not where they could be read"
    return None


def _find(graph: ModelGraph) -> Found:
    values = np.full(len(graph), np.nan)
    biases = _biases(graph)
    biases = biases[_is_stored(graph, biases)]
    # What only chooses comes last and stays: where a router has both, it is what balances the experts.
    biases = biases[np.argsort(with_name(graph, _CHOOSES)[biases], kind="stable")]
    numbers = np.array([int(name) if _NUMBER(name) else -1 for name in graph.names])[graph.name_code]
    experts = graph.of_kind(NodeKind.EXPERT)
    for bias, mixture in zip(biases.tolist(), mixture_of(graph, biases).tolist(), strict=True):
        here = experts[slice(*np.searchsorted(experts, (mixture, mixture + graph.size[mixture])))]
        stored = open_values(graph, bias)
        read = stored.read(slice(0, stored.shape[0]), slice(0, stored.shape[1])).ravel()
        here = here[(numbers[here] >= 0) & (numbers[here] < len(read))]
        values[here] = read[numbers[here]]
    used = ", ".join(sorted({graph.name_of(bias) for bias in biases.tolist()}))
    return Found(values, Aggregate.NONE, note=f"Here: {used}.")


def _biases(graph: ModelGraph) -> NDArray[np.int64]:
    """Return the tensors with one bias for each expert of the mixture around them, ascending."""
    chooses = with_name(graph, _CHOOSES) & ~inside(graph, NodeKind.EXPERTS, NodeKind.EXPERT)
    added = with_name(graph, _BIAS) & (graph.kind[graph.parent] == NodeKind.ROUTER)
    found = np.flatnonzero((graph.kind == NodeKind.TENSOR) & (chooses | added) & (graph.shape_code >= 0))
    counts = graph.attributes.get("experts")
    if counts is None:
        return found[:0]
    mixture = mixture_of(graph, found)
    experts = [counts.get(node) if node >= 0 else None for node in mixture.tolist()]
    # [1, E]: Ernie 4.5
    elements = [prod(graph.shape_of(node) or ()) for node in found.tolist()]
    return found[[bool(count) and size == count for size, count in zip(elements, experts, strict=True)]]


def _is_stored(graph: ModelGraph, nodes: NDArray[np.int64]) -> NDArray[np.bool_]:
    return (graph.offset[nodes] >= 0) & (graph.file_code[nodes] >= 0)


ROUTER_BIAS = Formula(
    name="router-bias",
    title="Router bias",
    definition=(
        "b[e] of expert e as stored. A correction bias is added to the scores with which experts are chosen, not to "
        "the weights of their outputs: chosen are the top_k of s[e] + b[e] (DeepSeek-V3, eq. 16); a bias of the "
        "router's own matrix is part of its logits: W x + b. Containers have no value: only differences within a layer "
        "count."
    ),
    source="the model's files; DeepSeek-V3, arXiv:2412.19437, section 2.1.2",
    missing=_missing,
    find=_find,
    origin=Origin.DECLARED,
    diverging=True,
)
