"""What routes and ports are said to stand for, against the edges that the graph was made with."""

from dataclasses import replace

import numpy as np
import pytest

from archviz3d.graph.builder import GraphBuilder
from archviz3d.graph.kinds import EdgeKind, NodeKind, Provenance
from archviz3d.layout import place
from archviz3d.viewer.words.route_facts import facts_of_port, facts_of_route


@pytest.fixture(scope="module")
def placed():
    b = GraphBuilder("facts", "test")
    parts = {}

    def part(path, parent=0):
        parts[path] = b.node(parent, path.rpartition(".")[2], NodeKind.MODULE)
        b.tensor(parts[path], "weight", (8, 8), "F32", nbytes=256)
        return parts[path]

    embed = part("embed")
    layer = parts["layer"] = b.node(0, "layer", NodeKind.LAYER)
    norm = part("layer.norm", layer)
    attn = parts["layer.attn"] = b.node(layer, "attn", NodeKind.ATTENTION)
    q, k, o = (part(f"layer.attn.{name}", attn) for name in "qko")
    head = part("head")
    for source, target in ((embed, layer), (layer, norm), (attn, layer), (layer, head)):
        b.edge(source, target, EdgeKind.RESIDUAL, Provenance.INFERRED)
    b.edge(norm, q, provenance=Provenance.TRACED, shape=(1, 7168), dtype="BF16")
    b.edge(norm, k, provenance=Provenance.TRACED, shape=(1, 7168), dtype="BF16")
    b.edge(q, o, shape=(1, 8), dtype="F32")
    b.edge(k, o, shape=(1, 9), dtype="F32", provenance=Provenance.INFERRED)
    graph = b.build()
    return graph, place(graph)


@pytest.fixture
def facts(placed):
    graph, placement = placed

    def of(owner, source, target):
        routes = placement.routes
        ends = [graph.id_of(path) for path in (owner, source, target)]
        found = np.flatnonzero((ends == np.stack([routes.owner, routes.source, routes.target]).T).all(1))
        assert len(found) == 1, (owner, source, target)
        told = facts_of_route(graph, routes, int(found[0]))
        names = [None if end < 0 else graph.path(end) for end in (told.source, told.target)]
        return names, told

    return of


def test_a_bundle_of_edges_tells_how_many_and_what_they_have_in_common(facts):
    names, told = facts("layer", "layer.norm", "layer.attn")
    assert names == ["layer.norm", "layer.attn"]  # it ends at two parts of the attention
    assert (told.count, told.shape, told.dtype) == (2, (1, 7168), "BF16")
    assert told.provenances == {Provenance.TRACED}


def test_an_inlet_names_what_is_outside(facts):
    names, told = facts("layer.attn", "layer.attn", "layer.attn.q")
    assert names == ["layer.norm", "layer.attn.q"]
    assert (told.count, told.kind, told.stream) == (1, EdgeKind.DATA, False)


def test_a_stream_is_read_from_and_added_to(facts):
    for source, target in (("layer", "layer.norm"), ("layer.attn", "layer")):
        names, told = facts("layer", source, target)
        assert names == [source, target]
        assert told.stream
        assert told.count == 1
        assert told.provenances == {Provenance.INFERRED}


def test_a_stream_that_passes_a_container_tells_where_it_comes_from(facts):
    names, told = facts("layer", "layer", "layer")
    assert names == ["embed", "layer"]
    assert told.stream


def test_edges_between_siblings_are_themselves(facts):
    names, told = facts("layer.attn", "layer.attn.q", "layer.attn.o")
    assert names == ["layer.attn.q", "layer.attn.o"]
    assert (told.count, told.shape, told.provenances) == (1, (1, 8), {Provenance.DECLARED})


def test_a_port_of_a_tie_names_both():
    b = GraphBuilder("ties", "test")
    ends = [b.node(0, name, NodeKind.EMBEDDING) for name in ("embed", "head")]
    for end in ends:
        b.tensor(end, "weight", (8, 8), "F32", nbytes=256)
    b.edge(ends[0], ends[1], EdgeKind.TIED)
    graph = b.build()
    ports = place(graph).ports
    assert len(ports)
    for port in range(len(ports)):
        told = facts_of_port(graph, ports, port)
        assert {graph.path(told.source), graph.path(told.target)} == {"embed", "head"}
        assert (told.kind, told.count) == (EdgeKind.TIED, 1)


def test_a_stretch_of_the_stream_is_told_from_all_that_comes_in_there():
    b = GraphBuilder("beside", "test")
    embed = b.node(0, "embed")
    layer = b.node(0, "layer", NodeKind.LAYER)
    norm = b.node(layer, "norm")
    other = b.node(layer, "other")
    for part in (embed, norm, other):
        b.tensor(part, "weight", (8, 8), "F32", nbytes=256)
    b.edge(embed, layer, EdgeKind.RESIDUAL)
    b.edge(layer, norm, EdgeKind.RESIDUAL, shape=(1, 8))
    b.edge(embed, norm, shape=(1, 5))
    b.edge(norm, other)
    graph = b.build()
    layer, norm = graph.id_of("layer"), graph.id_of("layer.norm")
    routes = place(graph).routes
    (inlet,) = np.flatnonzero((routes.owner == layer) & (routes.source == layer) & (routes.target == norm))[:1].tolist()

    def told(kind):
        kinds = routes.kind.copy()
        kinds[inlet] = kind
        return facts_of_route(graph, replace(routes, kind=kinds), inlet)

    stream, data = told(EdgeKind.RESIDUAL), told(EdgeKind.DATA)
    assert (graph.path(stream.source), stream.shape, stream.count, stream.stream) == ("layer", (1, 8), 1, True)
    assert not data.stream
    assert (data.shape, data.count) == (None, 2)  # all that comes in
