"""Every aggregate against a plain recursive one in Python, on random trees."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archviz3d.graph import GraphBuilder
from archviz3d.graph.model_graph import ModelGraph
from archviz3d.overlays.aggregate import Aggregate, aggregated

COMPUTED = [aggregate for aggregate in Aggregate if aggregate is not Aggregate.NONE]


def tree(parents):
    """A graph whose node k + 1 hangs below node parents[k] (at most k); ids follow in pre-order."""
    builder = GraphBuilder("m", "made")
    handles = [0]
    for k, parent in enumerate(parents):
        handles.append(builder.node(handles[parent], str(k)))
    return builder.build()


@st.composite
def valued_trees(draw):
    count = draw(st.integers(0, 30))
    graph = tree([draw(st.integers(0, k)) for k in range(count)])
    # Few different values, so that there are ties; all are halves, so that sums are exact.
    value = st.integers(-6, 6).map(lambda n: n / 2)
    return graph, draw(st.dictionaries(st.integers(0, count), value))


def summary(aggregate: Aggregate, values: list[float]) -> float:
    match aggregate:
        case Aggregate.SUM:
            return sum(values)
        case Aggregate.MEAN:
            return sum(values) / len(values)
        case Aggregate.MAX:
            return max(values)
        case Aggregate.MIN:
            return min(values)
        case Aggregate.NORM:
            return math.sqrt(sum(v * v for v in values))
        case Aggregate.MOST:
            return min(set(values), key=lambda v: (-values.count(v), v))
    raise AssertionError(aggregate)


def nearest(graph: ModelGraph, node: int, own: dict[int, float]) -> list[float]:
    """The values of the valued parts below a node that no other valued part between holds."""
    found: list[float] = []
    for child in np.flatnonzero(graph.parent == node).tolist():
        found += [own[child]] if child in own else nearest(graph, child, own)
    return found


def expected(graph, own, aggregate):
    out = []
    for node in range(len(graph)):
        parts = nearest(graph, node, own) if aggregate is not Aggregate.NONE else []
        out.append(own[node] if node in own else summary(aggregate, parts) if parts else math.nan)
    return np.array(out, np.float32)


def ours(graph, own, aggregate):
    ids = np.array(sorted(own), np.int32)
    return aggregated(graph, ids, np.array([own[i] for i in ids.tolist()], np.float32), aggregate)


@pytest.mark.parametrize("aggregate", Aggregate)
@given(valued_trees())
def test_all_nodes_have_what_a_recursive_reader_finds(aggregate, valued):
    graph, own = valued
    found = ours(graph, own, aggregate)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected(graph, own, aggregate), rtol=1e-6)


@pytest.mark.parametrize("aggregate", COMPUTED)
def test_a_value_inside_of_a_valued_part_counts_for_that_part_alone(aggregate):
    # root > 1 (valued) > 2 > 3 (valued); root > 4 (valued): by all rules the root must not see the 100.
    graph = tree([0, 1, 2, 0])
    found = ours(graph, {1: 2.0, 3: 100.0, 4: 3.0}, aggregate)
    assert found[0] == np.float32(summary(aggregate, [2.0, 3.0]))
    assert found[1] == 2
    assert found[2] == found[3] == 100


def test_a_mean_is_of_the_values_and_not_of_the_means_between():
    graph = tree([0, 1, 1, 1, 0])  # root > 1 > 2, 3, 4; root > 5
    assert ours(graph, {2: 1.0, 3: 1.0, 4: 1.0, 5: 5.0}, Aggregate.MEAN)[0] == 2


def test_of_several_most_frequent_categories_it_is_the_lowest():
    graph = tree([0, 0, 0, 0, 0])
    assert ours(graph, {1: 3.0, 2: 1.0, 3: 3.0, 4: 1.0, 5: 0.0}, Aggregate.MOST)[0] == 1


def test_small_sums_of_many_parts_are_not_lost_to_single_precision():
    count = 3000
    graph = tree([0] * count)
    own = {1: 2.0**24} | dict.fromkeys(range(2, count + 1), 1.0)
    assert ours(graph, own, Aggregate.SUM)[0] == np.float32(2**24 + count - 1)


def test_a_norm_of_huge_values_is_no_infinity():
    assert ours(tree([0, 0]), {1: 3e30, 2: 4e30}, Aggregate.NORM)[0] == np.float32(5e30)


def test_where_no_part_has_a_value_there_is_none():
    graph = tree([0, 1])
    assert np.isnan(ours(graph, {}, Aggregate.SUM)).all()


def test_a_chain_far_deeper_than_python_s_stack_is_no_problem():
    graph = tree(list(range(3000)))
    found = ours(graph, {3000: 7.0}, Aggregate.MAX)
    assert (found == 7).all()
