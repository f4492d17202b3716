"""Arrangements of stacks: what each shows, and what none of them changes."""

from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from archviz3d.graph import EdgeKind, NodeKind
from archviz3d.layout import ARRANGEMENTS, place, template

from .test_place import compound

FIXED = [name for name in ARRANGEMENTS if name != "auto"]
SCREEN = (1860, 960)
NEAR = 1e-7


def corners(placement, nodes):
    half = placement.size[nodes] / 2
    return placement.center[nodes] - half, placement.center[nodes] + half


def main_layers(graph):
    return graph.of_kind(NodeKind.LAYER)


def check_in_space(graph, placement):
    """By brute force: boxes in their parents' outlines, siblings disjoint in space, no route through a foreign box."""
    low, high = corners(placement, slice(None))
    assert np.isfinite(placement.center).all()
    assert (placement.size > 0).all()
    above = graph.parent[1:]
    assert (low[1:, :2] >= low[above, :2] - NEAR).all()
    assert (high[1:, :2] <= high[above, :2] + NEAR).all()
    assert (low[1:, 2] >= high[above, 2] - NEAR).all()
    assert (placement.top >= high[:, 2] - NEAR).all()
    for node in np.flatnonzero(graph.child_count > 1).tolist():
        children = graph.children(node)
        for a, b in combinations(children.tolist()[:60], 2):
            overlap = np.minimum(high[a], high[b]) - np.maximum(low[a], low[b])
            assert overlap.min() <= NEAR, (a, b)
        if placement.rises(node):
            inside = slice(node, node + int(graph.size[node]))
            assert placement.top[node] >= high[inside, 2].max() - NEAR
    routes = placement.routes
    for k in range(len(routes)):
        owner, ends = int(routes.owner[k]), (int(routes.source[k]), int(routes.target[k]))
        line = routes.points[routes.start[k] : routes.start[k + 1]]
        assert (line[:, :2] >= low[owner, :2] - NEAR).all()
        assert (line[:, :2] <= high[owner, :2] + NEAR).all()
        siblings = [child for child in graph.children(owner).tolist() if child not in ends]
        foreign = [i for child in siblings for i in range(child, child + int(graph.size[child]))]
        inside = [i for end in set(ends) - {owner} for i in range(end + 1, end + int(graph.size[end]))]
        boxes = np.array(foreign + inside, int)
        for start, end in pairwise(line):
            assert not through(start, end, low[boxes], high[boxes]).any(), (owner, ends)


def through(start, end, low, high):
    """Return which boxes a stretch runs through (slab method, in space)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        one, two = (low + NEAR - start) / (end - start), (high - NEAR - start) / (end - start)
    enter, leave = np.fmin(one, two), np.fmax(one, two)
    for axis in np.flatnonzero(np.abs(end - start) < 1e-12):
        inside = (low[:, axis] + NEAR < start[axis]) & (start[axis] < high[:, axis] - NEAR)
        enter[:, axis], leave[:, axis] = np.where(inside, -np.inf, np.inf), np.where(inside, np.inf, -np.inf)
    return np.maximum(enter.max(1), 0) < np.minimum(leave.min(1), 1)


# ---------------------------------------------------------------- row
@pytest.mark.parametrize(("model", "least"), [("deepseek_v3", 4.0), ("kimi_k2", 3.0)])
def test_every_routed_expert_is_a_tile_on_its_spine(request, model, least):
    graph = request.getfixturevalue(model)
    placement = place(graph, SCREEN[0] / SCREEN[1], "row")
    unit = min(SCREEN[0] / placement.size[0, 0], SCREEN[1] / placement.size[0, 1])
    experts = graph.of_kind(NodeKind.EXPERT)
    for mtp in graph.of_kind(NodeKind.MTP).tolist():
        experts = experts[(experts < mtp) | (experts >= mtp + graph.size[mtp])]
    assert (placement.size[experts, :2] * unit).min() >= least


def test_layers_of_a_row_stand_side_by_side_and_the_stream_runs_straight_through_them(small_moe):
    placement = place(small_moe, arrangement="row")
    layers = main_layers(small_moe)
    low, high = corners(placement, layers)
    np.testing.assert_allclose(low[:, 1], low[0, 1])
    np.testing.assert_allclose(high[:, 1], high[0, 1])
    assert (low[1:, 0] >= high[:-1, 0]).all()
    stack = int(small_moe.parent[layers[0]])
    assert placement.size[layers[0], 1] > 0.9 * placement.size[stack, 1]
    routes, heights = placement.routes, []
    for k in np.flatnonzero(routes.kind == EdgeKind.RESIDUAL).tolist():
        ends = {int(routes.source[k]), int(routes.target[k])}
        if ends <= set(layers.tolist()) and (len(ends) == 2 or routes.source[k] == routes.owner[k]):
            heights += routes.points[routes.start[k] : routes.start[k + 1], 1].tolist()
    assert len(heights) >= 4 * len(layers) - 2
    np.testing.assert_allclose(heights, heights[0], atol=1e-6)


def test_a_row_holds_all_invariants(check, small_moe):
    for aspect in (0.6, 16 / 9, 4.0):
        check(small_moe, place(small_moe, aspect, "row"))


# ---------------------------------------------------------------- deck
def test_plates_of_a_deck_come_towards_the_viewer_and_flow_meets_no_box(small_moe):
    for aspect in (0.6, 16 / 9, 4.0):
        placement = place(small_moe, aspect, "deck")
        check_in_space(small_moe, placement)
        layers = main_layers(small_moe)
        low, high = corners(placement, layers)
        assert (low[1:, 2] > high[:-1, 2]).all()
        np.testing.assert_allclose(placement.center[layers, :2], placement.center[layers[0], :2][None].repeat(5, 0))


def test_what_follows_a_deck_stands_beside_its_last_plate(small_moe):
    placement = place(small_moe, arrangement="deck")
    last = main_layers(small_moe)[-1]
    back = placement.center[:, 2] - placement.size[:, 2] / 2
    for path in ("model.norm", "lm_head"):
        assert back[small_moe.id_of(path)] == pytest.approx(back[last])
    embedding = small_moe.id_of("model.embed_tokens")
    front = placement.center[:, 2] + placement.size[:, 2] / 2
    assert back[embedding] == pytest.approx(front[small_moe.parent[embedding]])


def test_the_stream_of_a_deck_is_unbroken_in_space(small_moe):
    placement = place(small_moe, arrangement="deck")
    routes, lines = placement.routes, {}
    for k in np.flatnonzero(routes.kind == EdgeKind.RESIDUAL).tolist():
        ends = int(routes.source[k]), int(routes.target[k]), int(routes.owner[k])
        lines[ends] = routes.points[routes.start[k] : routes.start[k + 1]]
    layers = main_layers(small_moe).tolist()
    stack = int(small_moe.parent[layers[0]])
    lift = 0.005 * placement.size[layers[0], 1]
    joints = [(lines[stack, layers[0], stack], lines[(layers[0],) * 3])]
    for layer, after in pairwise(layers):
        joints += [(lines[(layer,) * 3], lines[layer, after, stack]), (lines[layer, after, stack], lines[(after,) * 3])]
    joints.append((lines[(layers[-1],) * 3], lines[layers[-1], stack, stack]))
    for one, other in joints:
        np.testing.assert_allclose(one[-1][:2], other[0][:2], atol=1e-6)
        assert abs(one[-1][2] - other[0][2]) < lift
    on = int(np.flatnonzero((routes.source == stack) & (routes.owner != stack))[0])
    goes_on, arrives = routes.points[routes.start[on]], routes.points[routes.start[on + 1] - 1]
    np.testing.assert_allclose(lines[layers[-1], stack, stack][-1][[0, 2]], goes_on[[0, 2]], atol=lift)
    norm = int(routes.target[on])
    assert 0 <= arrives[2] - (placement.center[norm, 2] - placement.size[norm, 2] / 2) < lift


def test_a_whole_deck_of_61_layers_is_about_as_deep_as_wide(deepseek_v3):
    placement = place(deepseek_v3, arrangement="deck")
    layers = main_layers(deepseek_v3)
    depth = placement.center[layers[-1], 2] - placement.center[layers[0], 2]
    assert 0.7 < depth / placement.size[layers[0], 0] < 1.2
    assert placement.top[0] == placement.top.max()


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(parts=compound(most=25))
def test_decks_of_random_graphs_hold_all_invariants(tree, parts):
    parents, kinds, shapes, edges = parts
    layers = 4  # a stack of layers, in each of which is the same random graph
    n = len(parents) + 1
    graph = tree(
        [0] + [1] * layers + [1 + layers + c * (n - 1) + p if p else 2 + c for c in range(layers) for p in parents],
        [NodeKind.STACK] + [NodeKind.LAYER] * layers + kinds * layers,
        [None] * (1 + layers) + shapes * layers,
        [(2 + min(a % layers, b % layers), 2 + max(a % layers, b % layers), kind) for a, b, kind in edges[1:]]
        + [(2 + a % layers, 2 + b % layers, kind) for a, b, kind in edges[:1]],
    )
    placement = place(graph, arrangement="deck")
    forward = all(a <= b for a, b in zip(graph.edges.source, graph.edges.target, strict=True))
    if forward:  # flow against the order of layers makes them no stack
        assert placement.rises(0)
    check_in_space(graph, placement)


def test_stacks_in_layers_are_wrapped(tree):
    kinds = [NodeKind.STACK, *[NodeKind.LAYER] * 3, *[NodeKind.STACK] * 3, *[NodeKind.LAYER] * 6, *[NodeKind.MLP] * 6]
    parents = [0, 1, 1, 1, 2, 3, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13]
    graph = tree(parents, kinds)
    placement = place(graph, arrangement="deck")
    check_in_space(graph, placement)
    for stack in graph.of_kind(NodeKind.STACK)[1:].tolist():
        a, b = graph.children(stack).tolist()
        assert placement.center[a, 2] == pytest.approx(placement.center[b, 2])
        assert not placement.rises(stack)


# ---------------------------------------------------------------- auto
@pytest.mark.parametrize(
    ("layers", "aspect", "picked"), [(61, 16 / 9, "wrap"), (12, 16 / 9, "wrap"), (1, 16 / 9, "row"), (3, 6.0, "row")]
)
def test_auto_picks_a_row_where_its_layers_are_panels(tree, layers, aspect, picked):
    graph = tree(
        [0] + [1] * layers + [2 + k for k in range(layers) for _ in range(2)],
        [NodeKind.STACK] + [NodeKind.LAYER] * layers + [NodeKind.ATTENTION, NodeKind.MLP] * layers,
    )
    placement = place(graph, aspect, "auto")
    assert placement.arrangement == picked
    same = place(graph, aspect, picked)
    assert placement.center.tobytes() == same.center.tobytes()
    if layers > 1:
        panels = placement.size[main_layers(graph)]
        assert ((panels[:, 0] / panels[:, 1] >= 1.19) & (panels[:, 0] / panels[:, 1] <= 2.41)).all()


def test_a_model_without_a_stack_is_the_same_in_every_arrangement(tree):
    graph = tree([0, 0, 1, 1], edges=[(1, 2, EdgeKind.DATA)])
    placements = [place(graph, arrangement=name) for name in ARRANGEMENTS]
    assert len({placement.center.tobytes() for placement in placements}) == 1


# ---------------------------------------------------------------- what none of them changes
def orders(monkeypatch, graph, aspect, arrangement):
    """Return the reading order of the children of every kind of container, as it was planned."""
    found = {}

    class Spy(template.Planner):
        def __init__(self, graph, tree, naturals, node, *args):
            super().__init__(graph, tree, naturals, node, *args)
            self.key = int(tree.key[node])

        def plan(self, *args):
            plan = super().plan(*args)
            top = -np.round(plan.low[:, 1], 12)
            if arrangement == "deck" and len(plan.row) > 1 and np.ptp(plan.low, axis=0).max() == 0:
                top = np.arange(len(plan.row))  # one behind another, in this order (checked above)
            order = np.lexsort((top, plan.column, plan.row)).tolist()
            assert found.setdefault(self.key, order) == order
            return plan

    with monkeypatch.context() as patch:
        patch.setattr(template, "Planner", Spy)
        place(graph, aspect, arrangement)
    return found


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(parts=compound())
def test_no_arrangement_and_no_aspect_changes_an_order(monkeypatch, tree, parts):
    graph = tree(*parts)
    first = orders(monkeypatch, graph, 16 / 9, "wrap")
    for aspect, arrangement in [(0.3, "wrap"), (6.0, "row"), (16 / 9, "row"), (0.7, "deck"), (16 / 9, "deck")]:
        assert orders(monkeypatch, graph, aspect, arrangement) == first


def test_the_orders_of_a_transformer_stay(monkeypatch, small_moe):
    first = orders(monkeypatch, small_moe, 16 / 9, "wrap")
    for arrangement in FIXED:
        for aspect in (0.4, 1.0, 4.0):
            assert orders(monkeypatch, small_moe, aspect, arrangement) == first
