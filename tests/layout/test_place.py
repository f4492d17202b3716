"""Invariants of a placement, for any tree."""

import time
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archviz3d.errors import UsageError
from archviz3d.graph import EdgeKind, GraphBuilder, NodeKind
from archviz3d.layout import place

KINDS = [kind for kind in NodeKind if kind != NodeKind.TENSOR]
SHAPES = [(), (1,), (7,), (4096,), (64, 64), (2048, 7168), (7168, 16), (64, 3, 7, 7), (1, 1, 128, 128), (0, 5)]


@st.composite
def compound(draw, most=40):
    """Parents, kinds, shapes and edges of a random compound graph, cycles and self-edges included."""
    n = draw(st.integers(0, most))
    parents, kinds, shapes = [], [], []
    inner = [0]
    for k in range(n):
        # Near the end of the list of containers: deep trees; anywhere: bushy ones.
        parents.append(draw(st.sampled_from(inner[-3:]) if draw(st.booleans()) else st.sampled_from(inner)))
        shape = draw(st.none() | st.none() | st.sampled_from(SHAPES))
        shapes.append(shape)
        kinds.append(draw(st.just(NodeKind.MODULE) | st.sampled_from(KINDS)))
        if shape is None:
            inner.append(k + 1)
    node = st.integers(0, n)
    edges = draw(st.lists(st.tuples(node, node, st.sampled_from(list(EdgeKind))), max_size=2 * most if n else 0))
    return parents, kinds, shapes, edges


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(parts=compound(), aspect=st.sampled_from([16 / 9, 1.0, 0.4, 5.0]))
def test_invariants_hold_for_random_compound_graphs(check, tree, parts, aspect):
    graph = tree(*parts)
    check(graph, place(graph, aspect))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(parts=compound(most=15), copies=st.integers(2, 6))
def test_equal_structures_are_congruent(tree, parts, copies):
    parents, kinds, shapes, edges = parts
    n = len(parents) + 1
    many = [0] * copies
    graph = tree(
        many + [1 + c if p == 0 else copies + c * (n - 1) + p for c in range(copies) for p in parents],
        [NodeKind.MODULE] * copies + kinds * copies,
        [None] * copies + shapes * copies,
        [
            (*(1 + c if e == 0 else copies + c * (n - 1) + e for e in ends), kind)
            for c in range(copies)
            for *ends, kind in edges
        ],
    )
    placement = place(graph)
    tops = graph.children(0)
    first = slice(int(tops[0]), int(tops[0]) + n)
    for top in tops[1:].tolist():
        assert graph.size[top] == n
        np.testing.assert_allclose(placement.size[top : top + n], placement.size[first], rtol=1e-9)
        shift = placement.center[top : top + n] - placement.center[first]
        np.testing.assert_allclose(shift, np.broadcast_to(shift[0], shift.shape), atol=1e-7)


def test_the_root_alone(check, tree):
    graph = tree([])
    placement = place(graph, 2.0)
    check(graph, placement)
    np.testing.assert_allclose(placement.center[0, :2], 0)
    np.testing.assert_allclose(placement.size[0, :2], [2000, 1000])
    assert len(placement.routes) == 0


def test_a_model_of_one_tensor_keeps_its_proportions(check, tree):
    graph = tree([0], shapes=[(64, 16)])
    placement = place(graph)
    check(graph, placement)
    assert placement.size[1, 0] / placement.size[1, 1] == pytest.approx(2.0)
    assert placement.size[1, 0] > 0.95 * placement.size[0, 0]


@pytest.mark.parametrize("depth", [1500, 100_000])
def test_a_chain_of_any_depth(depth, tree):
    graph = tree(list(range(depth)))
    started = time.process_time()
    placement = place(graph)
    assert time.process_time() - started < 5
    assert (placement.size > 0).all()
    assert (np.diff(placement.size[:, :2], axis=0) <= 0).all()
    assert np.isfinite(placement.center).all()
    low = placement.center - placement.size / 2
    assert (np.diff(low[:, :2], axis=0) >= -1e-9).all()


@pytest.mark.parametrize("depth", [1000, 6000])
def test_a_deep_tree_that_is_no_chain(tree, depth):
    # Each second node has a leaf and the rest of the tree.
    graph = tree([max(k - k % 2 - 1, 0) for k in range(2 * depth)])
    assert graph.depth.max() == depth
    placement = place(graph)
    assert (placement.size > 0).all()
    assert np.isfinite(placement.center).all()
    assert np.isfinite(placement.size).all()


def test_flow_into_a_depth_of_1000(check, tree):
    """From outside to the innermost part, and from each leaf on the way to the next."""
    depth = 1000
    parents = [0, 0, *(max(k - k % 2 + 1, 2) for k in range(2 * depth))]
    leaves = range(4, 2 * depth + 3, 2)
    edges = [(1, leaves[-1], EdgeKind.DATA), *((a, b, EdgeKind.DATA) for a, b in pairwise(leaves))]
    graph = tree(parents, edges=edges)
    started = time.process_time()
    placement = place(graph)
    assert time.process_time() - started < 30
    check(graph, placement)
    assert len(placement.routes) > depth


@pytest.mark.parametrize("flow", ["none", "chain", "fan"])
def test_a_star_of_100_000(flow, tree):
    n = 100_000
    edges = {
        "none": [],
        "chain": [(k, k + 1, EdgeKind.DATA) for k in range(1, n)],
        "fan": [(1, k, EdgeKind.DATA) for k in range(2, n + 1)],
    }[flow]
    graph = tree([0] * n, shapes=[(4 + k % 3, 4) for k in range(n)], edges=edges)
    started = time.process_time()
    placement = place(graph)
    assert time.process_time() - started < 20
    assert len(placement.routes) == len(edges)
    low, high = placement.center - placement.size / 2, placement.center + placement.size / 2
    assert (low[1:, :2] >= low[0, :2]).all()
    assert (high[1:, :2] <= high[0, :2]).all()
    order = np.lexsort((low[1:, 0], -np.round(placement.center[1:, 1], 3))) + 1
    same_row = np.diff(np.round(placement.center[order, 1], 3)) == 0
    assert (low[order[1:], 0] >= high[order[:-1], 0] - 1e-7)[same_row].all()


def test_a_million_nodes_cost_what_they_should():
    builder = GraphBuilder("million", "test")
    names = [f"layers.{a}.experts.{b}.{c}.weight" for a in range(60) for b in range(2800) for c in ("up", "down")]
    zeros = [0] * len(names)
    builder.tensors(names, ["F32"] * len(names), [(64, 16)] * len(names), zeros, zeros, zeros, ["f"])
    graph = builder.build()
    assert len(graph) > 800_000
    started = time.process_time()
    placement = place(graph)
    assert time.process_time() - started < 6
    assert (placement.size > 0).all()


def test_unknown_arrangements_and_aspects_are_refused(tree):
    with pytest.raises(UsageError, match="wrap"):
        place(tree([0]), arrangement="spiral")
    for aspect in (float("nan"), 0, 1e9, "x", None, [1], 10**400):
        with pytest.raises(UsageError, match="aspect"):
            place(tree([0]), aspect=aspect)
