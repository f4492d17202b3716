"""What a reader wants to see of known models: sizes of tiles, panels, proportions, the order of blocks."""

from itertools import pairwise

import numpy as np
import pytest

from archviz3d.graph import EdgeKind, GraphBuilder, NodeKind
from archviz3d.layout import place

# A root plate shown whole in 1920 x 1080, with a strip for the title and small margins.
SCREEN = (1860, 960)


def pixels(placement, nodes):
    unit = min(SCREEN[0] / placement.size[0, 0], SCREEN[1] / placement.size[0, 1])
    return placement.size[nodes, :2] * unit


def routed_experts(graph):
    experts = graph.of_kind(NodeKind.EXPERT)
    for mtp in graph.of_kind(NodeKind.MTP):
        inside = graph.subtree(int(mtp))
        experts = experts[(experts < inside.start) | (experts >= inside.stop)]
    return experts


@pytest.mark.parametrize("aspect", [SCREEN[0] / SCREEN[1], 16 / 9])
@pytest.mark.parametrize(("model", "count", "least"), [("deepseek_v3", 14_848, 5.0), ("kimi_k2", 60 * 384, 3.8)])
def test_every_routed_expert_can_be_hit_with_the_mouse(request, model, count, least, aspect):
    graph = request.getfixturevalue(model)
    experts = routed_experts(graph)
    assert len(experts) == count
    assert pixels(place(graph, aspect), experts).min() >= least


def test_a_mixture_of_experts_holds_all_invariants(check, small_moe):
    for aspect in (0.5, 1.0, 16 / 9, 3.0):
        check(small_moe, place(small_moe, aspect))


def test_the_page_is_filled_with_panels_in_reading_order(deepseek_v3):
    graph, placement = deepseek_v3, place(deepseek_v3)
    stack, root = int(graph.of_kind(NodeKind.STACK)[0]), placement.size[0]
    assert placement.size[stack, 0] > 0.9 * root[0]
    assert placement.size[stack, 1] > 0.95 * root[1]
    panels = graph.of_kind(NodeKind.LAYER, NodeKind.MTP)
    size = placement.size[panels]
    assert np.allclose(size, size[0])
    assert 1.2 <= size[0, 0] / size[0, 1] <= 2.4
    assert size[:, :2].prod(1).sum() > 0.8 * placement.size[stack, :2].prod()
    center = placement.center[panels]
    for a, b in pairwise(center):
        same_row = abs(a[1] - b[1]) < 1e-6
        assert b[0] > a[0] if same_row else b[1] < a[1]
    # The multi-token-prediction layer keeps a slot's distance.
    assert center[-1, 0] - center[-2, 0] > 1.9 * size[0, 0]


def test_experts_take_half_of_a_panel_and_all_panels_have_one_plan(deepseek_v3):
    graph, placement = deepseek_v3, place(deepseek_v3, SCREEN[0] / SCREEN[1])
    layers = graph.of_kind(NodeKind.LAYER)
    experts = graph.id_of("model.layers.17.mlp.experts")
    share = placement.size[experts] / placement.size[graph.id_of("model.layers.17")]
    assert share[0] > 0.45
    assert share[1] > 0.83
    dense, moe = graph.id_of("model.layers.0.self_attn"), graph.id_of("model.layers.17.self_attn")
    in_dense = placement.center[dense] - placement.center[layers[0]]
    in_moe = placement.center[moe] - placement.center[layers[17]]
    np.testing.assert_allclose(in_dense[:2], in_moe[:2], atol=1e-6)


def test_blocks_of_a_layer_follow_the_residual_stream(deepseek_v3):
    graph, placement = deepseek_v3, place(deepseek_v3)
    names = ["input_layernorm", "self_attn", "post_attention_layernorm", "mlp"]
    blocks = [graph.id_of(f"model.layers.17.{name}") for name in names]
    left, right = (placement.center[blocks, 0] + sign * placement.size[blocks, 0] / 2 for sign in (-1, 1))
    assert (left[1:] >= right[:-1]).all()


def test_a_layer_without_edges_still_has_attention_before_its_mlp(tree):
    kinds = [NodeKind.STACK, *[NodeKind.LAYER] * 2, *[NodeKind.MLP, NodeKind.ATTENTION] * 2, *[NodeKind.LINEAR] * 8]
    graph = tree([0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7], kinds)
    placement = place(graph)
    attention, mlp = graph.of_kind(NodeKind.ATTENTION), graph.of_kind(NodeKind.MLP)
    assert (placement.center[attention, 0] < placement.center[mlp, 0]).all()


def test_matrices_of_an_expert_are_to_one_scale(deepseek_v3):
    graph, placement = deepseek_v3, place(deepseek_v3)
    expert = "model.layers.17.mlp.experts.103"
    scales = []
    for name, out, into in (("gate_proj", 2048, 7168), ("up_proj", 2048, 7168), ("down_proj", 7168, 2048)):
        u, v, _ = placement.size[graph.id_of(f"{expert}.{name}.weight")]
        assert u / v == pytest.approx((out / into) ** 0.5, rel=0.01)
        scales.append(u / out**0.5)
    np.testing.assert_allclose(scales, scales[0], rtol=0.02)


def test_a_module_around_one_tensor_is_filled_by_it(tree):
    graph = tree([0, 0, 1, 2, 2], shapes=[None, None, (512, 2048), (64, 64), (64,)])
    placement = place(graph)
    wrapper, weight = placement.size[1, :2].prod(), placement.size[2, :2].prod()
    assert weight > 0.85 * wrapper


def test_slender_tensors_are_bars_of_one_to_twelve(tree):
    graph = tree([0, 0], shapes=[(4096,), (2, 100_000)])
    u, v, _ = place(graph).size[1:].T
    np.testing.assert_allclose(np.maximum(u, v) / np.minimum(u, v), 12, rtol=0.01)


def test_the_stream_runs_unbroken_from_the_first_layer_to_the_last(deepseek_v3):
    graph, placement = deepseek_v3, place(deepseek_v3)
    routes = placement.routes
    layers = graph.of_kind(NodeKind.LAYER).tolist()
    ends = {}
    for k in np.flatnonzero(routes.kind == EdgeKind.RESIDUAL):
        line = routes.points[routes.start[k] : routes.start[k + 1], :2]
        ends[int(routes.source[k]), int(routes.target[k])] = line[0], line[-1], routes.width[k]
    for layer, following in pairwise(layers):
        through, between, on = ends[layer, layer], ends[layer, following], ends[following, following]
        np.testing.assert_allclose(through[1], between[0], atol=1e-6)
        np.testing.assert_allclose(between[1], on[0], atol=1e-6)
        assert through[2] == pytest.approx(between[2])
    stack = int(graph.of_kind(NodeKind.STACK)[0])
    np.testing.assert_allclose(ends[stack, layers[0]][1], ends[layers[0], layers[0]][0], atol=1e-6)
    np.testing.assert_allclose(ends[layers[-1], layers[-1]][1], ends[layers[-1], stack][0], atol=1e-6)


def test_ribbons_turn_without_kinks(deepseek_v3):
    placement = place(deepseek_v3)
    routes = placement.routes
    step = np.diff(routes.points[:, :2], axis=0)
    inside = np.ones(len(step) - 1, np.bool_)
    inside[np.concatenate([routes.start[1:-1] - 1, routes.start[1:-1] - 2])] = False
    direction = np.arctan2(step[:, 1], step[:, 0])
    turn = np.abs((np.diff(direction) + np.pi) % (2 * np.pi) - np.pi)
    assert turn[inside].max() <= np.radians(30.1)


def test_children_stand_on_plates_and_tiles_have_sides(deepseek_v3):
    graph, placement = deepseek_v3, place(deepseek_v3)
    experts = graph.of_kind(NodeKind.EXPERT)
    u, v, w = placement.size[experts].T
    assert (w / np.minimum(u, v) > 0.2).all()
    plates = graph.of_kind(NodeKind.LAYER, NodeKind.MOE, NodeKind.EXPERTS)
    u, v, w = placement.size[plates].T
    assert (w / np.minimum(u, v) < 0.04).all()


def test_tied_weights_are_no_line_across_the_scene(tree):
    graph = tree([0, 0, 0], edges=[(1, 3, EdgeKind.TIED), (1, 2, EdgeKind.DATA)])
    routes = place(graph).routes
    assert list(zip(routes.source.tolist(), routes.target.tolist(), strict=True)) == [(1, 2)]


def test_a_residual_stream_is_drawn_along_the_panel_with_reads_and_adds(tree):
    residual, data = EdgeKind.RESIDUAL, EdgeKind.DATA
    graph = tree([0, 1, 1], edges=[(1, 2, residual), (2, 3, data), (3, 1, residual)])
    placement = place(graph)
    routes = placement.routes
    ends = set(zip(routes.source.tolist(), routes.target.tolist(), strict=True))
    assert ends == {(1, 1), (1, 2), (2, 3), (3, 1)}
    through = int(np.flatnonzero(routes.source == routes.target)[0])
    line = routes.points[routes.start[through] : routes.start[through + 1]]
    assert abs(line[0, 0] - (placement.center[1, 0] - placement.size[1, 0] / 2)) < 1e-6
    assert abs(line[-1, 0] - (placement.center[1, 0] + placement.size[1, 0] / 2)) < 1e-6


def test_operators_stay_chips_beside_what_has_weights():
    b = GraphBuilder("chips", "test")
    linear = b.node(0, "linear")
    weight = b.tensor(linear, "weight", (4096, 64), "F32", nbytes=4096 * 64 * 4)
    step = b.node(linear, "step", NodeKind.OPERATOR)
    entry = b.node(0, "x", NodeKind.VALUE, direction="input")
    b.edge(weight, step)
    b.edge(entry, step)
    graph = b.build()
    size = place(graph).size[:, :2]
    chip, matrix, value = (size[graph.id_of(path)] for path in ("linear.step", "linear.weight", "x"))
    assert chip.max() <= 0.6 * matrix.max()
    assert value.max() <= 5.001 * value.min()


def test_an_activation_beside_experts_leaves_their_grid_alone():
    b = GraphBuilder("moe", "test")
    experts = b.node(0, "experts", NodeKind.EXPERTS)
    for k in range(16):
        b.tensor(b.node(experts, str(k), NodeKind.EXPERT), "weight", (64, 64), "F32", nbytes=4 * 64 * 64)
    b.node(experts, "act_fn")
    graph = b.build()
    placement = place(graph, aspect=1.0)
    tiles = graph.of_kind(NodeKind.EXPERT)
    rows = {round(float(v), 3) for v in placement.center[tiles, 1]}
    assert len(rows) == 4
    act = graph.id_of("experts.act_fn")
    assert (
        placement.center[act, 1] + placement.size[act, 1] / 2
        < (placement.center[tiles, 1] - placement.size[tiles, 1] / 2).min()
    )


@pytest.mark.parametrize("arrangement", ["wrap", "deck"])
def test_norms_between_projections_stand_across_the_flow(deepseek_v3, arrangement):
    graph, placement = deepseek_v3, place(deepseek_v3, 16 / 9, arrangement)
    layers = [*range(61), 61]  # the last one predicts a further token, and has less room
    norms = [graph.id_of(f"model.layers.{i}.self_attn.{n}_a_layernorm") for i in layers for n in ("q", "kv")]
    u, v, _ = placement.size[norms].T
    assert (v > 5 * u).all()


def test_an_operator_beside_a_wide_part_in_a_narrow_frame_is_no_thread():
    b = GraphBuilder("narrow", "test")
    encoder = b.node(0, "encoder")
    stack = b.node(encoder, "layers", NodeKind.STACK)
    positions = b.node(encoder, "arange", NodeKind.OPERATOR)
    first = b.node(encoder, "embed", NodeKind.EMBEDDING)
    b.tensor(first, "weight", (64, 32), "F32", nbytes=4 * 64 * 32)
    added = b.node(encoder, "add", NodeKind.OPERATOR)
    for k in range(4):
        b.tensor(b.node(stack, str(k), NodeKind.LAYER), "weight", (64, 64), "F32", nbytes=4 * 64 * 64)
    for source, target in ((first, added), (positions, added), (added, stack)):
        b.edge(source, target)
    graph = b.build()
    # The embedding and the operator beside it are one rank, which is a row in a narrow frame: its height is shared.
    placement = place(graph, 0.6)
    size = placement.size[:, :2]
    for path in ("encoder.arange", "encoder.add"):
        assert size[graph.id_of(path), 1] > 0.008 * size[graph.id_of("encoder"), 1]


def test_ways_between_many_operators_leave_these_their_size():
    b = GraphBuilder("branches", "test")
    block = b.node(0, "block")
    entry, joined = (b.node(block, name, NodeKind.OPERATOR) for name in ("in", "concat"))
    for k in range(10):
        names = ("shape", "weight", "bias", "conv", "relu")
        shape, weight, bias, conv, relu = (b.node(block, f"{name}_{k}", NodeKind.OPERATOR) for name in names)
        for ends in ((shape, weight), (weight, conv), (bias, conv), (entry, conv), (conv, relu), (relu, joined)):
            b.edge(*ends)
    graph = b.build()
    placement = place(graph, 1.0)
    # Gutters take what their tracks need; the gaps inside a column need none of it.
    assert (placement.size[graph.of_kind(NodeKind.OPERATOR), :2] > 0.03 * placement.size[1, 1]).all()
    assert (placement.routes.width > 0.001 * placement.size[1, 1]).all()
