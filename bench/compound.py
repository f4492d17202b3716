"""Generated models of any size: a pre-norm transformer, dense or with a mixture of experts in every layer.

The graphs of the layout goals (10^3 to 10^6 operators), of which `archviz3d` and every peer lay out the same ones.
"""

from dataclasses import dataclass

import numpy as np
from measure import CACHE
from numpy.typing import NDArray

from archviz3d.graph import GraphBuilder, ModelGraph, NodeKind
from archviz3d.graph.wire import pack, unpack

__all__ = ["EXPERTS", "Compound", "compound", "read", "transformer"]

EXPERTS = {"dense": 0, "moe64": 64, "moe256": 256}  # experts a layer
_OUTSIDE = 5  # operators outside the layers: two before, two after, and one more as in the graphs of the goals


@dataclass(frozen=True)
class Compound:
    """The same graph without names, as peers take it.

    Attributes
    ----------
    parent : ndarray of int64, shape (N,)
        Container of each node, -1 for the root; a container stands before what it contains.
    leaf : ndarray of bool, shape (N,)
    source, target : ndarray of int64, shape (M,)
        Leaves.
    """

    parent: NDArray[np.int64]
    leaf: NDArray[np.bool_]
    source: NDArray[np.int64]
    target: NDArray[np.int64]


class _Writer:
    """Adds operators one after another."""

    def __init__(self, name: str) -> None:
        self.builder = GraphBuilder(name, "generated")

    def operator(self, parent: int, name: str, *takes: int) -> int:
        node = self.builder.node(parent, name, NodeKind.OPERATOR)
        for source in takes:
            self.builder.edge(source, node)
        return node

    def attention(self, layer: int, x: int) -> int:
        inside = self.builder.node(layer, "attention")
        norm = self.operator(inside, "norm", x)
        q, k, v = (self.operator(inside, name, norm) for name in ("q", "k", "v"))
        turned = [self.operator(inside, f"rotary_{name}", each) for name, each in (("q", q), ("k", k))]
        weights = self.operator(inside, "softmax", self.operator(inside, "scores", *turned))
        return self.operator(inside, "output", self.operator(inside, "context", weights, v))

    def gated(self, parent: int, x: int) -> int:
        gate, up = self.operator(parent, "gate", x), self.operator(parent, "up", x)
        product = self.operator(parent, "product", self.operator(parent, "silu", gate), up)
        return self.operator(parent, "down", product)

    def experts(self, parent: int, x: int, count: int) -> int:
        top = self.operator(parent, "top_k", self.operator(parent, "router", x))
        dispatch = self.operator(parent, "dispatch", top, x)
        made = [self.gated(self.builder.node(parent, str(i)), dispatch) for i in range(count)]
        return self.operator(parent, "combine", top, *made)

    def layer(self, layer: int, x: int, experts: int) -> int:
        x = self.operator(layer, "add", self.attention(layer, x), x)
        inside = self.builder.node(layer, "mlp")
        norm = self.operator(inside, "norm", x)
        made = self.experts(inside, norm, experts) if experts else self.gated(inside, norm)
        return self.operator(layer, "add_mlp", made, x)


def transformer(operators: int, experts: int = 0) -> ModelGraph:
    """Return a transformer with at least this many operators, in whole layers; `experts` in each, or none."""
    writer = _Writer(f"{experts or 'no'} experts a layer, {operators:,} operators")
    stack = writer.builder.node(0, "layers")
    x = writer.operator(0, "embedding", writer.operator(0, "tokens"))
    a_layer = 10 + 2 + 1 + (4 + 5 * experts if experts else 5)  # attention, adds, norm, mlp
    for i in range(-(-(operators - _OUTSIDE) // a_layer)):
        x = writer.layer(writer.builder.node(stack, str(i)), x, experts)
    writer.operator(0, "head", writer.operator(0, "norm", x))
    return writer.builder.build()


def read(name: str) -> ModelGraph:
    """Return a graph like "moe256_1e4", made on first use and then read from build/bench/compound."""
    path = CACHE / "compound" / f"{name}.graph"
    if not path.exists():
        kind, operators = name.split("_")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(pack(transformer(int(float(operators)), EXPERTS[kind])))
    return unpack(path.read_bytes())


def compound(graph: ModelGraph) -> Compound:
    """Return what a peer takes of a graph."""
    edges = graph.edges
    return Compound(
        graph.parent.astype(np.int64),
        graph.kind == NodeKind.OPERATOR,
        edges.source.astype(np.int64),
        edges.target.astype(np.int64),
    )
