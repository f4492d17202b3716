"""What the inspector says of data flow, checked against the edges it is made of."""

import pytest

from archviz3d.graph.builder import GraphBuilder
from archviz3d.graph.kinds import EdgeKind, NodeKind, Provenance
from archviz3d.viewer.window.docks.flow_facts import flow_sections


@pytest.fixture
def graph():
    b = GraphBuilder("flow", "test")
    entry = b.node(0, "x", NodeKind.VALUE, direction="input")
    block = b.node(0, "block")
    fc = b.node(block, "fc", NodeKind.OPERATOR)
    act = b.node(block, "act", NodeKind.OPERATOR)
    ends = [b.node(0, f"end{k}", NodeKind.OPERATOR) for k in range(20)]
    weight = b.tensor(block, "weight", (4, 8), "F32", nbytes=128)
    b.edge(entry, fc, shape=(-1, 8), dtype="F32")
    b.edge(weight, fc, shape=(4, 8), dtype="F32")
    b.edge(fc, act, provenance=Provenance.INFERRED)
    b.edge(weight, act, EdgeKind.TIED)
    for end in ends:
        b.edge(act, end)
    return b.build()


def sections(graph, path):
    return {
        section.title: [(fact.label, fact.text) for fact in section.facts]
        for section in flow_sections(graph, graph.id_of(path))
    }


def test_a_container_shows_only_what_crosses_its_boundary(graph):
    found = sections(graph, "block")
    assert found["Inputs"] == [("x", "? × 8 F32")]
    assert found["Outputs"][0] == ("end0", "end0")


def test_inside_every_edge_counts_but_ties(graph):
    assert sections(graph, "block.fc")["Inputs"] == [("x", "? × 8 F32"), ("weight", "4 × 8 F32")]
    assert sections(graph, "block.act")["Inputs"] == [("fc", "inferred from names and shapes")]


def test_many_ends_are_counted_not_listed(graph):
    outputs = sections(graph, "block.act")["Outputs"]
    assert len(outputs) == 13
    assert outputs[-1] == ("And", "8 more")
