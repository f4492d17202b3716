"""Experts that are fused in modules, each with a weight [E, ...]: MLX's, as GGUF's."""

from collections.abc import Callable

import numpy as np

from archviz3d.graph import GraphBuilder, ModelGraph, NodeKind, Provenance
from archviz3d.graph.roles import recognise

E, H, W = 4, 32, 64


def test_modules_in_each_expert_with_a_slice_of_each_tensor(make_graph: Callable[..., ModelGraph]) -> None:
    moe = {f"mlp.switch_mlp.{n}_proj.weight": (E, W, H) for n in ("gate", "up")}
    moe |= {"mlp.switch_mlp.down_proj.weight": (E, H, W), "mlp.switch_mlp.down_proj.bias": (E, H)}
    before = make_graph({f"layers.{k}.{n}": s for k in (0, 1) for n, s in (moe | {"mlp.gate.weight": (E, H)}).items()})
    graph = recognise(before, {"num_experts_per_tok": 2})
    experts = graph.of_kind(NodeKind.EXPERT)
    assert len(experts) == 2 * E
    assert len(np.unique(graph.signature[experts])) == 1
    assert graph.total(graph.parameters) == before.total(before.parameters)
    assert graph.total(graph.bytes) == before.total(before.bytes)
    down = graph.id_of("layers.1.mlp.switch_mlp.3.down_proj")
    assert graph.kind_of(down) == NodeKind.LINEAR
    assert graph.attribute(down, "role") == "mlp.down"
    bias = graph.id_of("layers.1.mlp.switch_mlp.3.down_proj.bias")
    fused = before.id_of("layers.1.mlp.switch_mlp.down_proj.bias")
    assert graph.shape_of(bias) == (H,)
    assert graph.offset[bias] == before.offset[fused] + 3 * H * 2
    assert graph.attributes_of(bias) == {"slice_of": "down_proj.bias", "slice_index": 3}
    ids = np.arange(len(graph))
    assert all(graph.size[graph.parent[i]] > graph.size[i] for i in ids[1:])
    assert graph.size[0] == len(graph) == graph.depth.size


def test_modules_of_different_counts_are_no_experts(make_graph: Callable[..., ModelGraph]) -> None:
    graph = recognise(make_graph({"experts.up_proj.weight": (4, W, H), "experts.down_proj.weight": (5, H, W)}))
    assert not len(graph.of_kind(NodeKind.EXPERT))


def test_operators_among_fused_experts_change_nothing():
    b = GraphBuilder("traced", "test")
    mlp = b.node(b.node(b.node(b.node(0, "model"), "layers"), "0"), "mlp")
    b.tensor(b.node(mlp, "gate"), "weight", (4, 16), "F32", nbytes=256)
    experts = b.node(mlp, "experts")
    b.node(b.node(experts, "act_fn"), "silu", NodeKind.OPERATOR, operator="aten.silu.default")
    up = b.tensor(experts, "gate_up_proj", (4, 64, 16), "F32", nbytes=16384)
    b.tensor(experts, "down_proj", (4, 16, 32), "F32", nbytes=8192)
    used = b.node(experts, "grouped_mm", NodeKind.OPERATOR, operator="aten._grouped_mm.default")
    b.edge(up, used)
    graph = recognise(b.build())
    assert len(graph.of_kind(NodeKind.EXPERT)) == 4
    assert graph.shape_of(graph.id_of("model.layers.0.mlp.experts.3.gate_up_proj")) == (64, 16)
    declared = graph.edges.provenance == Provenance.DECLARED
    assert [graph.path(int(end)) for end in graph.edges.target[declared]] == ["model.layers.0.mlp.experts.grouped_mm"]
    assert [graph.names[int(port)] for port in graph.edges.source_port[declared]] == ["gate_up_proj"]
