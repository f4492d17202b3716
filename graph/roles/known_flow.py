"""Inferred flow beside flow that is known from the file or from a run: it only fills what that leaves open."""

from dataclasses import fields, replace

import numpy as np
from numpy.typing import NDArray

from ..columns import Edges
from ..kinds import EdgeKind, NodeKind
from ..model_graph import ModelGraph

__all__ = ["add_inferred"]


def add_inferred(graph: ModelGraph, inferred: Edges) -> Edges:
    """Return a graph's edges and those inferred ones whose container has no flow of its own.

    Heads are nodes that no file and no run knows: where q feeds o, the edge is led through them. What a router
    feeds to experts is known to be its choice.
    """
    known = graph.edges
    flows = known.kind != EdgeKind.TIED
    if not flows.any() or not len(inferred):
        return known + inferred
    has_flow = np.zeros(len(graph), bool)
    has_flow[_containers(graph, known.source[flows], known.target[flows])] = True
    free = ~has_flow[_containers(graph, inferred.source, inferred.target)]
    known = _routed(graph, known, inferred)
    return _through_heads(graph, known, inferred) + _chosen(inferred, np.flatnonzero(free))


def _containers(graph: ModelGraph, source: NDArray[np.int32], target: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return the lowest node that holds both ends of each edge; an end itself where it holds the other."""
    at = source.copy()
    while True:
        outside = np.flatnonzero((target < at) | (target >= at + graph.size[at]))
        if not len(outside):
            return at
        at[outside] = graph.parent[at[outside]]


def _routed(graph: ModelGraph, known: Edges, inferred: Edges) -> Edges:
    """Let what flows from a router to its experts be its choice among them."""
    kind = known.kind.copy()
    order = np.argsort(known.source, kind="stable")
    starts = known.source[order]
    for k in np.flatnonzero(inferred.kind == EdgeKind.ROUTED).tolist():
        router, experts = int(inferred.source[k]), int(inferred.target[k])
        of_router = order[np.searchsorted(starts, router) : np.searchsorted(starts, router, side="right")]
        target = known.target[of_router]
        inside = (target >= experts) & (target < experts + graph.size[experts])
        kind[of_router[inside & (known.kind[of_router] == EdgeKind.DATA)]] = EdgeKind.ROUTED
    return replace(known, kind=kind)


def _through_heads(graph: ModelGraph, known: Edges, inferred: Edges) -> Edges:
    """Lead known edges from x to y through the heads, where x -> heads -> y is inferred."""
    is_heads = graph.kind == NodeKind.HEADS
    after: dict[int, int] = {}  # what feeds heads -> those heads
    for k in np.flatnonzero(is_heads[inferred.target]).tolist():
        after[int(inferred.source[k])] = int(inferred.target[k])
    fed: dict[int, int] = {}  # what heads feed -> those heads
    for k in np.flatnonzero(is_heads[inferred.source]).tolist():
        fed[int(inferred.target[k])] = int(inferred.source[k])
    ends = np.isin(known.source, list(after)) & np.isin(known.target, list(fed)) & (known.kind != EdgeKind.TIED)
    led = [k for k in np.flatnonzero(ends).tolist() if after[int(known.source[k])] == fed[int(known.target[k])]]
    if not led:
        return known
    heads = np.array([after[int(known.source[k])] for k in led], np.int32)
    kept = np.setdiff1d(np.arange(len(known)), led)
    into, out = _chosen(known, np.array(led)), _chosen(known, np.array(led))
    nothing = np.full(len(led), -1, np.int32)
    into = Edges(into.source, heads, into.kind, into.provenance, nothing, into.dtype_code, into.source_port, nothing)
    _, first = np.unique(np.stack([heads, out.target]), axis=1, return_index=True)
    out = Edges(heads, out.target, out.kind, out.provenance, out.shape_code, out.dtype_code, nothing, out.target_port)
    return _chosen(known, kept) + into + _chosen(out, np.sort(first))


def _chosen(edges: Edges, which: NDArray[np.int64]) -> Edges:
    return Edges(*(getattr(edges, field.name)[which] for field in fields(edges)))
