"""The tree's invariants, on random trees built both ways."""

import msgspec
import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archviz3d.graph import EdgeKind, GraphBuilder, ModelGraph, NodeKind, Provenance
from archviz3d.graph.wire import pack, unpack

PARTS = st.sampled_from(["model", "layers", "0", "1", "2", "10", "w", "experts", "gate_proj", "weight"])
NAMES = st.lists(st.lists(PARTS, min_size=1, max_size=6).map(".".join), min_size=1, max_size=60, unique=True)


def bulk(names: list[str], shape=(2, 3)) -> ModelGraph:
    builder = GraphBuilder("m", "test")
    n = len(names)
    builder.tensors(names, ["F32"] * n, [shape] * n, [24] * n, [0] * n, range(0, 24 * n, 24), ["f"])
    return builder.build()


def one_by_one(names: list[str], shape=(2, 3)) -> ModelGraph:
    builder = GraphBuilder("m", "test")
    handles = {"": 0}
    leaves = set(names)
    for name in names:
        parts = name.split(".")
        for depth in range(1, len(parts) + 1):
            path, parent = ".".join(parts[:depth]), handles[".".join(parts[: depth - 1])]
            if path not in handles:
                if path in leaves:
                    at = 24 * names.index(path)
                    handles[path] = builder.tensor(
                        parent, parts[depth - 1], shape, "F32", nbytes=24, file="f", offset=at
                    )
                else:
                    handles[path] = builder.node(parent, parts[depth - 1])
    return builder.build()


@given(NAMES)
@settings(max_examples=150, deadline=None)
def test_subtrees_are_slices_and_totals_are_sums(names):
    graph = bulk(names)
    n = len(graph)
    for i in range(n):
        inside = {i}
        for j in range(i + 1, n):
            if int(graph.parent[j]) in inside:
                inside.add(j)
        assert inside == set(range(i, i + int(graph.size[i])))
        assert graph.total_parameters[i] == sum(int(graph.parameters[j]) for j in inside)
        assert graph.total(graph.bytes, i) == graph.total_bytes[i]
        assert graph.depth[i] == len(list(graph.ancestors(i)))
        assert graph.children(i).tolist() == [j for j in range(n) if graph.parent[j] == i]
    assert graph.total_bytes[0] == 24 * len(names)


@given(NAMES)
@settings(max_examples=150, deadline=None)
def test_paths_are_addresses(names):
    graph = bulk(names)
    for i in range(len(graph)):
        assert graph.id_of(graph.path(i)) == i
    leaves = [graph.path(i) for i in np.flatnonzero(graph.dtype_code >= 0)]
    assert sorted(leaves) == sorted(names)


@given(NAMES)
@settings(max_examples=100, deadline=None)
def test_both_ways_of_building_agree(names):
    a, b = bulk(names), one_by_one(names)
    assert {a.path(i): (a.shape_of(i), int(a.offset[i])) for i in range(len(a))} == {
        b.path(i): (b.shape_of(i), int(b.offset[i])) for i in range(len(b))
    }


def structure(graph: ModelGraph, node: int) -> tuple:
    """The definition of a signature, spelled out: what DESIGN 13 lists, as nested tuples."""
    name = graph.name_of(node) if node else ""  # the root is named after its file
    return (
        "#" if name.isdecimal() else name,
        int(graph.kind[node]),
        graph.shape_of(node),
        tuple(structure(graph, int(c)) for c in graph.children(node)),
    )


@given(NAMES, NAMES)
@settings(max_examples=150, deadline=None)
def test_signatures_are_equal_if_and_only_if_the_structure_is(a, b):
    first, second = bulk(a), bulk(b)
    seen: dict[int, tuple] = {}
    structures: dict[tuple, int] = {}
    for graph in (first, second):
        for i in range(len(graph)):
            signature, spelled = int(graph.signature[i]), structure(graph, i)
            assert seen.setdefault(signature, spelled) == spelled
            assert structures.setdefault(spelled, signature) == signature


def test_thue_morse_orders_of_two_experts_have_different_signatures():
    # The sequence that breaks plain polynomial hashes modulo 2**64 whatever their base.
    def graph(flip: int) -> ModelGraph:
        builder = GraphBuilder("m", "test")
        for k in range(4096):
            builder.node(0, str(k), NodeKind.NORM if (bin(k).count("1") + flip) % 2 else NodeKind.LINEAR)
        return builder.build()

    assert graph(0).signature[0] != graph(1).signature[0]


def test_numbered_siblings_sort_by_number_others_keep_their_order():
    graph = bulk([f"h.{k}.w" for k in (10, 9, 100, 1)] + ["b.w", "a.w"])
    assert [graph.path(int(c)) for c in graph.children(0)] == ["h", "b", "a"]
    assert [graph.name_of(int(c)) for c in graph.children(graph.id_of("h"))] == ["1", "9", "10", "100"]


def test_a_layer_cut_by_the_end_of_a_shard_is_no_other_kind():
    parts = ["attn.q", "attn.k", "mlp.up", "norm"]
    names = [f"h.{k}.{p}" for k in range(3) for p in (parts if k != 1 else ["norm", "mlp.up", "attn.k", "attn.q"])]
    graph = bulk(names)
    layers = graph.children(graph.id_of("h"))
    assert len(set(graph.signature[layers].tolist())) == 1
    for k, name in enumerate(names):
        assert graph.offset[graph.id_of(name)] == 24 * k


def test_a_number_of_five_thousand_digits_is_only_a_name():
    huge = "9" * 5000
    graph = bulk([f"h.{huge}.w", "h.1.w"])
    assert graph.name_of(int(graph.children(graph.id_of("h"))[-1])) == huge


def test_a_name_that_occurs_twice_is_refused():
    with pytest.raises(ValueError, match="twice"):
        bulk(["a.0.w", "b", "a.0.w"])


def test_find():
    graph = bulk([f"model.layers.{k}.mlp.experts.{e}.gate_proj.weight" for k in range(3) for e in range(12)])
    assert len(graph.find("GATE")) == 36
    assert graph.path(graph.find("layers.1.mlp.experts.1")[0]) == "model.layers.1.mlp.experts.1"
    assert len(graph.find("*.experts.7")) == 3
    assert graph.find("expert?") == graph.find("experts")
    assert graph.find("expert?.1*") == graph.find("xpert?") == []  # a glob is about the whole name or path
    assert graph.find("nothing like it") == []
    assert len(graph.find("weight", limit=5)) == 5


def test_networkx_has_all_nodes_and_edges():
    builder = GraphBuilder("m", "test")
    a = builder.node(0, "a", NodeKind.NORM, stride=2)
    b = builder.tensor(0, "b", (3,), "F32", nbytes=12)
    builder.edge(a, b, EdgeKind.RESIDUAL, Provenance.INFERRED)
    out = builder.build().to_networkx()
    assert isinstance(out, nx.MultiDiGraph)
    assert out.nodes[1]["kind"] == "norm"
    assert out.nodes[1]["attribute_stride"] == 2
    assert out.nodes[2]["shape"] == (3,)
    assert list(out.edges(data="kind")) == [(1, 2, "residual")]


def test_the_wire_carries_everything_and_refuses_what_is_cut_short():
    builder = GraphBuilder("m", "test", "/x")
    a = builder.node(0, "a", NodeKind.NORM, stride=[2, 3])
    builder.tensors(["l.0.w", "l.1.w"], ["BF16"] * 2, [(2, 3)] * 2, [12] * 2, [0, 1], [8, 8], ["f", "g"], under=a)
    builder.edge(a, 0, EdgeKind.RESIDUAL, Provenance.INFERRED)
    builder.warn("odd")
    graph = builder.build()
    data = pack(graph)
    back = unpack(data)
    assert pack(back) == data
    assert back.attributes_of(1) == {"stride": [2, 3]}
    assert (back.path(3), back.file_of(4), back.warnings, back.source) == ("a.l.0", "f", ("odd",), "/x")
    for cut in (4, 40, len(data) - 1):
        with pytest.raises((ValueError, msgspec.DecodeError)):
            unpack(data[:cut])


def test_a_deep_chain_and_a_wide_star_need_no_recursion():
    builder = GraphBuilder("m", "test")
    node = 0
    for _ in range(100_000):
        node = builder.node(node, "a")
    chain = builder.build()
    assert chain.depth[-1] == 100_000
    builder = GraphBuilder("m", "test")
    for k in range(100_000):
        builder.node(0, f"n{k}")
    assert len(builder.build().children(0)) == 100_000


def test_optimizer_state_counts_as_no_parameter():
    builder = GraphBuilder("m", "test")
    builder.tensor(0, "w", (2, 2), "F32", nbytes=16)
    optimizer = builder.node(0, "optimizer", NodeKind.OPTIMIZER)
    builder.tensor(builder.node(optimizer, "state"), "exp_avg", (2, 2), "F32", nbytes=16)
    graph = builder.build()
    assert graph.total_parameters[0] == 4
    assert graph.total_bytes[0] == 32
