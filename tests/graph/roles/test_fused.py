"""Experts that a file stores in one tensor."""

from collections.abc import Callable

import numpy as np
import pytest
from small_models import H, Shapes, check_invariants

from archviz3d.graph import GraphBuilder, ModelGraph, NodeKind, Provenance
from archviz3d.graph.roles import recognise

Make = Callable[[Shapes], ModelGraph]


def test_slices_stand_for_a_fused_tensor(make_graph: Make) -> None:
    shapes = {
        "mlp.router.weight": (4, H),
        "mlp.experts.gate_up_proj": (4, H, 48),
        "mlp.experts.down_proj": (4, 24, H),
        "after.weight": (2, 2),
    }
    before = make_graph(shapes)
    graph = recognise(before, {"num_experts_per_tok": 2})
    check_invariants(graph)
    experts = graph.id_of("mlp.experts")
    assert [graph.name_of(i) for i in graph.children(experts).tolist()] == ["0", "1", "2", "3"]
    fused = before.id_of("mlp.experts.gate_up_proj")
    for e in range(4):
        node = graph.id_of(f"mlp.experts.{e}.gate_up_proj")
        assert graph.shape_of(node) == (H, 48)
        assert graph.provenance_of(node) == Provenance.DERIVED
        assert graph.dtype_of(node) == "BF16"
        assert graph.file_of(node) == "m.safetensors"
        assert graph.offset[node] == before.offset[fused] + e * H * 48 * 2
        assert graph.bytes[node] == H * 48 * 2
        assert graph.attribute(node, "slice_of") == "gate_up_proj"
        assert graph.attribute(node, "slice_index") == e
    assert graph.attribute(experts, "fused_tensors") == 2
    with pytest.raises(KeyError):
        graph.id_of("mlp.experts.gate_up_proj")
    assert len(np.unique(graph.signature[graph.of_kind(NodeKind.EXPERT)])) == 1


def test_packed_blocks_count_two_values_a_byte(make_graph: Make) -> None:
    shapes = {
        "mlp.router.weight": (4, H),
        "mlp.experts.down_proj_blocks": (4, 8, 2, 16),
        "mlp.experts.down_proj_scales": (4, 8, 2),
        "mlp.experts.down_proj_bias": (4, 8),
    }
    graph = recognise(make_graph(shapes), None)
    blocks, scales = (graph.id_of(f"mlp.experts.3.down_proj_{name}") for name in ("blocks", "scales"))
    assert graph.parameters[blocks] == 8 * 2 * 16 * 2
    assert graph.elements[blocks] == graph.bytes[blocks] == 8 * 2 * 16
    assert graph.parameters[scales] == 0
    assert graph.total(graph.parameters, graph.id_of("mlp.experts")) == 4 * (8 * 2 * 16 * 2 + 8)


def test_tensors_of_different_counts_are_not_fused_experts(make_graph: Make) -> None:
    graph = recognise(make_graph({"mlp.experts.gate_up_proj": (4, H, 8), "mlp.experts.down_proj": (3, 4, H)}), None)
    assert not len(graph.of_kind(NodeKind.EXPERT))
    assert graph.id_of("mlp.experts.down_proj")


def test_a_hole_of_a_billion_experts_stays_one_tensor() -> None:
    builder = GraphBuilder("m", "test")
    experts = builder.node(builder.node(0, "mlp"), "experts")
    builder.tensor(experts, "gate_up_proj", (10**9, 2, 1), "U8", nbytes=2 * 10**9)
    builder.tensor(experts, "down_proj", (10**9, 1, 1), "U8", nbytes=10**9)
    graph = recognise(builder.build())
    assert len(graph) == 5
    assert graph.warnings == ("not all heads and experts are shown: they would be more than 1,000,000 nodes",)


def test_attributes_of_a_fused_tensor_go_to_its_slices() -> None:
    builder = GraphBuilder("m", "test")
    experts = builder.node(builder.node(0, "mlp"), "experts")
    for name, shape in (("gate_up_proj", (2, 8, 4)), ("down_proj", (2, 4, 4))):
        builder.tensor(experts, name, shape, "F32", nbytes=4 * int(np.prod(shape)), trainable=name == "down_proj")
    graph = recognise(builder.build())
    assert graph.attribute(graph.id_of("mlp.experts.1.down_proj"), "trainable") is True
    assert graph.attribute(graph.id_of("mlp.experts"), "trainable") is None
