"""Walks along the flow, against networkx on plain graphs and against what a transformer's wiring means."""

from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archviz3d.graph.builder import GraphBuilder
from archviz3d.graph.kinds import EdgeKind, NodeKind, Provenance
from archviz3d.viewer.pointing.tracing import Flow


@st.composite
def nested_graphs(draw):
    """Leaves in containers of any nesting, edges between leaves alone, cycles among them."""
    builder = GraphBuilder("any", "test")
    containers, leaves = [0], []
    for k in range(draw(st.integers(1, 14))):
        parent = draw(st.sampled_from(containers))
        if draw(st.booleans()):
            containers.append(builder.node(parent, f"c{k}"))
        else:
            leaves.append(builder.node(parent, f"n{k}", NodeKind.OPERATOR))
    pairs = draw(st.lists(st.tuples(*[st.sampled_from(leaves)] * 2), max_size=20)) if leaves else []
    kinds = [draw(st.sampled_from((EdgeKind.DATA, EdgeKind.RESIDUAL, EdgeKind.ROUTED, EdgeKind.TIED))) for _ in pairs]
    for (source, target), kind in zip(pairs, kinds, strict=True):
        builder.edge(source, target, kind)
    return builder.build()


def as_networkx(graph):
    found = nx.DiGraph()
    found.add_nodes_from(range(len(graph)))
    flows = graph.edges.kind != EdgeKind.TIED
    found.add_edges_from(zip(graph.edges.source[flows].tolist(), graph.edges.target[flows].tolist(), strict=True))
    return found


@settings(max_examples=60, deadline=None)  # the first walk imports scipy
@given(graph=nested_graphs(), data=st.data())
def test_between_leaves_it_is_ancestors_and_descendants(graph, data):
    node = data.draw(st.integers(0, len(graph) - 1))
    flow, plain = Flow(graph), as_networkx(graph)
    inside = set(range(len(graph))[graph.subtree(node)])
    for trace, reached, near in (
        (flow.upstream, nx.ancestors, plain.predecessors),
        (flow.downstream, nx.descendants, plain.successors),
    ):
        assert set(trace([node]).parts.tolist()) == set().union(*(reached(plain, leaf) for leaf in inside)) - inside
        direct = set().union(*(set(near(leaf)) for leaf in inside)) - inside
        assert set(trace([node], direct=True).parts.tolist()) == direct


@pytest.fixture
def decoder():
    """Two layers with a residual stream, as roles infer it; the file lists their parts out of order."""
    b = GraphBuilder("decoder", "test")
    ids = {"embed": b.node(0, "embed")}
    stack = ids["stack"] = b.node(0, "stack")
    for k in range(2):
        layer = ids[f"{k}"] = b.node(stack, str(k))
        for name in ("mlp", "norm2", "attn", "norm1"):
            ids[f"{k}.{name}"] = b.node(layer, name)
        for name in ("q", "k", "o"):
            ids[f"{k}.{name}"] = b.node(ids[f"{k}.attn"], name)
        ids[f"{k}.q.weight"] = b.tensor(ids[f"{k}.q"], "weight", (4, 4), "F32", nbytes=64)
    ids["head"] = b.node(0, "head")
    inferred = {"provenance": Provenance.INFERRED}
    for k in range(2):
        for source, target in (("q", "o"), ("k", "o"), ("norm1", "attn"), ("norm2", "mlp")):
            b.edge(ids[f"{k}.{source}"], ids[f"{k}.{target}"], **inferred)
        for source, target in (("", "norm1"), ("attn", ""), ("", "norm2"), ("mlp", "")):
            ends = (ids[f"{k}.{end}" if end else f"{k}"] for end in (source, target))
            b.edge(*ends, EdgeKind.RESIDUAL, **inferred)
    b.edge(ids["0"], ids["1"], EdgeKind.RESIDUAL, **inferred)
    b.edge(ids["embed"], stack)
    b.edge(stack, ids["head"])
    graph = b.build()
    return graph, {name: graph.id_of(path_of(name)) for name in ids}


def path_of(name):
    layer, _, part = name.partition(".")
    if not layer.isdigit():
        return name
    inside = ".attn" if part.partition(".")[0] in ("q", "k", "o") else ""
    return f"stack.{layer}{inside}" + (f".{part}" if part else "")


def names(ids, trace):
    by_id = {node: name for name, node in ids.items()}
    return {by_id[node] for node in trace.parts.tolist()}


LAYER_0, LAYER_1 = ({f"{k}.{name}" for name in ("norm1", "q", "k", "o", "norm2", "mlp")} for k in range(2))


@pytest.mark.parametrize(
    ("start", "upstream", "downstream"),
    [
        ("0.q", {"embed", "0.norm1"}, {"0.o", "0.norm2", "0.mlp", *LAYER_1, "head"}),
        ("1.q", {"embed", *LAYER_0, "1.norm1"}, {"1.o", "1.norm2", "1.mlp", "head"}),
        ("1.q.weight", {"embed", *LAYER_0, "1.norm1"}, {"1.o", "1.norm2", "1.mlp", "head"}),
        ("1.attn", {"embed", *LAYER_0, "1.norm1"}, {"1.norm2", "1.mlp", "head"}),
        ("1", {"embed", *LAYER_0}, {"head"}),
        ("embed", set(), {*LAYER_0, *LAYER_1, "head"}),
        ("stack", {"embed"}, {"head"}),
    ],
)
def test_a_stream_leads_on_what_was_added_before(decoder, start, upstream, downstream):
    graph, ids = decoder
    flow = Flow(graph)
    assert names(ids, flow.upstream([ids[start]])) == upstream
    assert names(ids, flow.downstream([ids[start]])) == downstream


def test_direct_neighbours_of_a_stream_are_all_that_write_to_it_and_read_it(decoder):
    graph, ids = decoder
    flow = Flow(graph)
    assert names(ids, flow.upstream([ids["1.norm1"]], direct=True)) == {"embed", "0.o", "0.mlp"}
    assert names(ids, flow.downstream([ids["embed"]], direct=True)) == {
        "0.norm1", "0.norm2", "1.norm1", "1.norm2", "head",
    }  # fmt: skip
    assert names(ids, flow.upstream([ids["1.o"]], direct=True)) == {"1.q", "1.k"}


def test_several_parts_are_traced_together(decoder):
    graph, ids = decoder
    assert names(ids, Flow(graph).upstream([ids["0.q"], ids["0.norm1"]])) == {"embed"}


def test_flow_that_is_inferred_is_said_to_be(decoder):
    graph, ids = decoder
    flow = Flow(graph)
    assert flow.upstream([ids["0.q"]]).inferred
    assert not flow.upstream([ids["stack"]]).inferred  # what leads into it is declared


def test_where_no_flow_is_known_nothing_is_reached():
    b = GraphBuilder("none", "test")
    part = b.node(b.node(0, "a"), "b")
    graph = b.build()
    assert not len(Flow(graph).upstream([part]).parts)


def test_long_chains_and_many_edges_take_linear_time():
    n = 20_000
    b = GraphBuilder("chain", "test")
    nodes = [b.node(0, str(k), NodeKind.OPERATOR) for k in range(n)]
    for source, target in pairwise(nodes):
        b.edge(source, target)
    graph = b.build()
    np.testing.assert_array_equal(Flow(graph).upstream([n]).parts, np.arange(1, n))
