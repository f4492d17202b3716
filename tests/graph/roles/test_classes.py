"""Classes, kinds and edges that a loader declares."""

from collections.abc import Callable
from typing import Any

import numpy as np
from small_models import Shapes, check_invariants

from archviz3d.graph import EdgeKind, GraphBuilder, ModelGraph, NodeKind, Provenance
from archviz3d.graph.roles import recognise

Make = Callable[[Shapes], ModelGraph]


def module(
    builder: GraphBuilder, parent: int, name: str, kind: str, shapes: Shapes | None = None, **attributes: Any
) -> int:
    node = builder.node(parent, name, **{"class": kind}, **attributes)
    for tensor, shape in (shapes or {}).items():
        builder.tensor(node, tensor, shape, "F32", nbytes=4 * int(np.prod(shape)))
    return node


def test_classes_are_stronger_than_names() -> None:
    b = GraphBuilder("m", "pickled module")
    nn = "torch.nn.modules."
    module(b, 0, "embed_tokens", nn + "linear.Linear", {"weight": (8, 4)})
    module(b, 0, "lookup", nn + "sparse.Embedding", {"weight": (8, 4)})
    module(b, 0, "a", nn + "conv.Conv2d", {"weight": (8, 4, 3, 3)})
    module(b, 0, "b", nn + "batchnorm.BatchNorm2d", {"weight": (8,), "bias": (8,)})
    module(b, 0, "c", nn + "activation.ReLU")
    module(b, 0, "d", nn + "pooling.AdaptiveAvgPool2d")
    module(b, 0, "e", nn + "rnn.LSTM", {"weight_ih_l0": (16, 4), "weight_hh_l0": (16, 4)})
    module(b, 0, "f", "transformers.models.llama.modeling_llama.LlamaRMSNorm", {"weight": (8,)})
    module(b, 0, "g", "transformers.pytorch_utils.Conv1D", {"weight": (4, 8), "bias": (8,)})
    module(b, 0, "h", "mine.Thing", {"weight": (8, 4)})
    graph = recognise(b.build())
    kinds = {graph.name_of(i): graph.kind_of(i).name for i in graph.children(0).tolist()}
    assert kinds == {
        "embed_tokens": "LINEAR",
        "lookup": "EMBEDDING",
        "a": "CONV",
        "b": "NORM",
        "c": "ACTIVATION",
        "d": "POOL",
        "e": "RECURRENT",
        "f": "NORM",
        "g": "LINEAR",
        "h": "MODULE",
    }


def test_modules_without_weights_are_told_apart_by_class() -> None:
    b = GraphBuilder("m", "pickled module")
    seq = module(b, 0, "net", "torch.nn.modules.container.Sequential")
    for i, kind in enumerate(["activation.ReLU", "pooling.MaxPool2d", "activation.ReLU", "dropout.Dropout"]):
        module(b, seq, str(i), f"torch.nn.modules.{kind}")
    graph = recognise(b.build())
    children = graph.children(graph.id_of("net")).tolist()
    assert [graph.kind_of(i).name for i in children] == ["ACTIVATION", "POOL", "ACTIVATION", "MODULE"]


def test_a_live_attention_module_knows_its_heads() -> None:
    b = GraphBuilder("m", "live module")
    attention = module(
        b, 0, "mix", "torch.nn.modules.activation.MultiheadAttention", {"in_proj_weight": (24, 8)}, num_heads=2
    )
    module(b, attention, "out_proj", "torch.nn.modules.linear.NonDynamicallyQuantizableLinear", {"weight": (8, 8)})
    graph = recognise(b.build())
    mix = graph.id_of("mix")
    assert graph.kind_of(mix) == NodeKind.ATTENTION
    assert {key: graph.attribute(mix, key) for key in ("heads", "kv_heads", "head_dim")} == {
        "heads": 2,
        "kv_heads": 2,
        "head_dim": 4,
    }
    assert [graph.name_of(i) for i in graph.children(mix).tolist()] == ["in_proj_weight", "heads", "out_proj"]


def test_declared_kinds_and_optimizer_state_stay() -> None:
    b = GraphBuilder("m", "checkpoint")
    optimizer = b.node(0, "optimizer", NodeKind.OPTIMIZER)
    state = b.node(b.node(optimizer, "layers"), "q_proj")
    b.tensor(state, "weight", (4, 4), "F32", nbytes=64)
    operator = b.node(0, "mlp", NodeKind.OPERATOR)
    for name in ("gate_proj", "up_proj", "down_proj"):
        b.tensor(b.node(operator, name), "weight", (4, 4), "F32", nbytes=64)
    graph = recognise(b.build())
    assert graph.kind_of(graph.id_of("mlp")) == NodeKind.OPERATOR
    assert graph.kind_of(graph.id_of("optimizer.layers.q_proj")) == NodeKind.MODULE
    assert not len(graph.edges)


def test_declared_edges_stay_at_their_nodes(make_graph: Make) -> None:
    b = GraphBuilder("m", "test")
    attention = b.node(0, "attn")
    for name in ("c_attn", "c_proj"):
        b.tensor(b.node(attention, name), "weight", (8, 24) if name == "c_attn" else (8, 8), "F32", nbytes=0)
        b.tensor(attention + 1, "bias", (24,), "F32", nbytes=0) if name == "c_attn" else None
    first, last = b.node(0, "first"), b.node(0, "last")
    b.edge(first, last, EdgeKind.TIED, Provenance.DECLARED)
    graph = recognise(b.build(), {"n_head": 2, "n_embd": 8})
    assert (graph.path(int(graph.edges.source[0])), graph.path(int(graph.edges.target[0]))) == ("first", "last")
    assert graph.edges.provenance[0] == Provenance.DECLARED
    check_invariants(graph)
