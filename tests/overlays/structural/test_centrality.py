import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archviz3d.graph import EdgeKind, GraphBuilder, ModelGraph, NodeKind
from archviz3d.overlays.structural import centrality

from .conftest import made, value

COUNT = 9
Links = list[tuple[int, int]]


def of_links(links: Links, count: int = COUNT) -> ModelGraph:
    """Parts "p0", "p1" ... with these edges between them."""
    b = GraphBuilder("m", "test")
    parts = [b.node(0, f"p{i}") for i in range(count)]
    for source, target in links:
        b.edge(parts[source], parts[target])
    return b.build()


def known(graph: ModelGraph, name: str) -> dict[str, float]:
    overlay = made(graph, name)
    return {graph.path(i): float(v) for i, v in zip(overlay.ids.tolist(), overlay.values[0], strict=True)}


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, COUNT - 1), st.integers(0, COUNT - 1)).filter(lambda e: e[0] != e[1]), min_size=1)
)
def test_both_are_what_networkx_says_of_the_whole_graph(links):
    reference = nx.DiGraph([(f"p{a}", f"p{b}") for a, b in links])
    graph = of_links(links)
    assert known(graph, "betweenness") == pytest.approx(nx.betweenness_centrality(reference, normalized=False))
    assert known(graph, "pagerank") == pytest.approx(nx.pagerank(reference), rel=1e-4)


def test_a_chain_by_hand():
    graph = of_links([(0, 1), (1, 2), (2, 3)])
    assert known(graph, "betweenness") == {"p0": 0, "p1": 2, "p2": 2, "p3": 0}
    assert np.isnan(value(graph, "betweenness", "p4"))
    assert value(graph, "betweenness", "") == 2
    assert made(graph, "betweenness").definition.endswith("Here: exact.")


def test_ties_tensors_and_loops_are_no_flow():
    b = GraphBuilder("m", "test")
    parts = [b.node(0, f"p{i}") for i in range(3)]
    tensor = b.tensor(parts[0], "weight", (2, 2), "F32", nbytes=16)
    b.edge(parts[0], parts[1])
    b.edge(parts[0], parts[1], EdgeKind.RESIDUAL)
    b.edge(parts[1], parts[1])
    b.edge(parts[1], parts[2], EdgeKind.TIED)
    b.edge(tensor, parts[2])
    graph = b.build()
    assert known(graph, "betweenness") == {"p0": 0, "p1": 0}
    assert sum(known(graph, "pagerank").values()) == pytest.approx(1)


def test_a_large_graph_is_sampled_and_says_so(monkeypatch):
    rng = np.random.default_rng(0)
    links = [(int(a), int(b)) for a, b in rng.integers(0, 200, (600, 2)) if a != b]
    graph = of_links(links, 200)
    exact = known(graph, "betweenness")
    monkeypatch.setattr(centrality, "_MOST_STEPS", 100 * 800)
    overlay = made(graph, "betweenness")
    assert "Here: estimated from the paths of 10" in overlay.definition
    assert overlay.definition.endswith("parts, chosen with seed 0.")
    estimated = known(graph, "betweenness")
    assert estimated == known(graph, "betweenness")  # the same each time
    assert estimated != exact
    ends = [estimated.keys(), exact.keys()]
    assert ends[0] == ends[1]
    together = np.corrcoef([estimated[p] for p in exact], list(exact.values()))[0, 1]
    assert together > 0.9


def test_sinks_and_sources_alone_have_nothing_between_them():
    graph = of_links([(0, 1), (2, 1), (0, 3)])
    assert set(known(graph, "betweenness").values()) == {0.0}
    assert graph.kind[1] == NodeKind.MODULE
