"""Kinds, heads and flow for every naming school, from the real names of its tensors (sizes made small)."""

from collections.abc import Callable

import numpy as np
import pytest
from school_tensors import E, H, Shapes, V
from schools import SCHOOLS

from archviz3d.graph import EdgeKind, ModelGraph, NodeKind, Provenance
from archviz3d.graph.roles import recognise

K = NodeKind


def edges_of(graph: ModelGraph) -> set[tuple[str, str, str]]:
    e = graph.edges
    return {
        (graph.path(s), graph.path(t), EdgeKind(k).name.lower())
        for s, t, k in zip(e.source.tolist(), e.target.tolist(), e.kind.tolist(), strict=True)
    }


@pytest.mark.parametrize("name", SCHOOLS)
def test_school(name: str, make_graph: Callable[[Shapes], ModelGraph]) -> None:
    school = SCHOOLS[name]
    before = make_graph(school.shapes)
    graph = recognise(before, school.config)
    assert graph.warnings == ()
    found = {path: graph.kind_of(graph.id_of(path)) for path in school.kinds}
    assert found == school.kinds
    edges = edges_of(graph)
    assert len(edges) == len(graph.edges), "an edge occurs twice"
    assert school.edges <= edges
    assert set(graph.edges.provenance.tolist()) <= {Provenance.INFERRED}
    assert not [edge for edge in edges if set(edge) & set(school.absent)]
    assert graph.parameters.sum() == before.parameters.sum()
    assert graph.bytes.sum() == before.bytes.sum()
    if school.heads is None:
        assert not len(graph.of_kind(K.HEADS))
        return
    block, *figures = school.heads
    attention = graph.id_of(block)
    assert [graph.attribute(attention, key) for key in ("heads", "kv_heads", "head_dim")] == figures
    container = graph.id_of(f"{block}.heads")
    heads = graph.children(container)
    assert [graph.name_of(i) for i in heads.tolist()] == [str(i) for i in range(figures[0])]
    assert (graph.kind[heads] == K.HEAD).all()
    assert (graph.provenance[heads] == Provenance.DERIVED).all()
    assert not graph.total(graph.bytes, container)
    siblings = [graph.kind_of(i) for i in graph.children(attention).tolist()]
    if K.OUTPUT_PROJECTION in siblings:
        assert siblings.index(K.HEADS) == siblings.index(K.OUTPUT_PROJECTION) - 1


@pytest.mark.parametrize("name", SCHOOLS)
def test_every_block_of_a_school_is_in_the_flow(name: str, make_graph: Callable[[Shapes], ModelGraph]) -> None:
    graph = recognise(make_graph(SCHOOLS[name].shapes), SCHOOLS[name].config)
    if name in ("t5", "torch.nn.TransformerEncoder", "resnet"):
        return  # their layers are not wired: see wirings.py
    inside_output = {i for o in graph.of_kind(K.OUTPUT).tolist() for i in range(o + 1, o + int(graph.size[o]))}
    linked = set(graph.edges.source.tolist()) | set(graph.edges.target.tolist())
    blocks = graph.of_kind(
        K.LAYER, K.MTP, K.ATTENTION, K.MLP, K.MOE, K.NORM, K.PROJECTION, K.OUTPUT_PROJECTION, K.EXPERTS
    )
    assert [graph.path(i) for i in blocks.tolist() if i not in linked | inside_output] == []


def test_deepseek_has_its_figures(make_graph: Callable[[Shapes], ModelGraph]) -> None:
    school = SCHOOLS["deepseek-v3"]
    graph = recognise(make_graph(school.shapes), school.config | {"architectures": ["DeepseekV3ForCausalLM"]})
    moe, router = graph.id_of("model.layers.1.mlp"), graph.id_of("model.layers.1.mlp.gate")
    assert graph.attributes_of(moe) == {"role": "moe", "experts": E, "top_k": 2, "shared_experts": 1}
    assert graph.attributes_of(router) == {"role": "moe.router", "experts": E, "top_k": 2}
    assert graph.attributes_of(0) == {
        "architecture": "DeepseekV3ForCausalLM",
        "layers": 3,
        "hidden_size": H,
        "vocab_size": V,
        "heads": 4,
        "kv_heads": 4,
        "head_dim": 8,
        "qk_head_dim": 12,
    }
    layers = graph.of_kind(K.LAYER)
    assert len(np.unique(graph.signature[layers])) == 2
