"""Operators and values on their way into a graph, without any format."""

import pytest

from archviz3d.graph import GraphBuilder, NodeKind, Provenance
from archviz3d.loaders.operator_graph import Modules, Operator, OperatorGraph, Value


@pytest.fixture
def builder():
    return GraphBuilder("ops", "test")


def flows(graph):
    edges = graph.edges
    return {
        (graph.path(int(source)), graph.path(int(target)))
        for source, target in zip(edges.source, edges.target, strict=True)
    }


def test_an_edge_leads_from_what_makes_a_value_to_all_that_use_it(builder):
    ops = OperatorGraph(Modules(builder), Provenance.TRACED)
    ops.add(Operator("late", "Add", ("block",), inputs=["h", "x"], outputs=["y"]))  # used before it is made
    ops.graph_input("x")
    ops.add(Operator("early", "Relu", ("block", "act"), inputs=["x", ""], outputs=["h"]))
    ops.values["h"] = Value((-1, 4), "F32")
    ops.graph_output("y", shown="logits")
    assert ops.connect() == []
    graph = builder.build()
    assert flows(graph) == {
        ("block.act.early", "block.late"),
        ("x", "block.late"),
        ("x", "block.act.early"),
        ("block.late", "logits"),
    }
    assert {Provenance(int(p)) for p in graph.edges.provenance} == {Provenance.TRACED}
    of_h = [k for k in range(4) if graph.path(int(graph.edges.source[k])) == "block.act.early"]
    assert graph.shapes[graph.edges.shape_code[of_h[0]]] == (-1, 4)
    assert graph.kind_of(graph.id_of("logits")) == NodeKind.VALUE


def test_values_that_nobody_makes_are_named(builder):
    ops = OperatorGraph(Modules(builder))
    ops.add(Operator("a", "Neg", inputs=["nowhere"], outputs=["b"]))
    assert ops.connect() == ["nowhere"]
    assert not len(builder.build().edges)


def test_of_several_outputs_edges_say_which(builder):
    ops = OperatorGraph(Modules(builder))
    ops.add(Operator("split", "Split", outputs=["left", "right"]))
    ops.add(Operator("use", "Neg", inputs=["right"], input_ports=["X"]))
    ops.connect()
    graph = builder.build()
    assert graph.names[graph.edges.source_port[0]] == "right"
    assert graph.names[graph.edges.target_port[0]] == "X"


def test_second_names_lead_to_the_first_even_in_circles(builder):
    ops = OperatorGraph(Modules(builder))
    ops.add(Operator("a", "Const", outputs=["v"]))
    ops.same_as("w", "v")
    ops.same_as("u", "w")
    ops.same_as("p", "q")
    ops.same_as("q", "p")
    ops.add(Operator("b", "Neg", inputs=["u", "p"]))
    assert len(ops.connect()) == 1
    assert flows(builder.build()) == {("a", "b")}


def test_equal_names_are_numbered_and_dots_make_no_path(builder):
    ops = OperatorGraph(Modules(builder))
    for _ in range(3):
        ops.add(Operator("node.x", "Relu", ("m",)))
    graph = builder.build()
    assert [graph.path(int(k)) for k in graph.of_kind(NodeKind.OPERATOR)] == ["m.node_x", "m.node_x_1", "m.node_x_2"]


def test_an_operator_holds_its_body(builder):
    modules = Modules(builder)
    ops = OperatorGraph(modules)
    handle = ops.add(Operator("loop", "Loop", ("m",)))
    modules.hold(("m", "loop body"), handle)
    ops.add(Operator("inner", "Add", ("m", "loop body")))
    graph = builder.build()
    assert graph.kind_of(graph.id_of("m.loop")) == NodeKind.OPERATOR
    assert graph.kind_of(graph.id_of("m.loop.inner")) == NodeKind.OPERATOR
