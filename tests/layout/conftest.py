"""Independent checks of a placement, by brute force and from the graph alone."""

from collections.abc import Callable
from itertools import combinations, pairwise

import networkx as nx
import numpy as np
import pytest

from archviz3d.graph import EdgeKind, GraphBuilder, ModelGraph, NodeKind, Provenance
from archviz3d.graph.roles import recognise
from archviz3d.layout import Placement

# Absolute, as positions are absolute: the root plate is 1000 high.
NEAR = 1e-7


def corners(placement: Placement, nodes) -> tuple[np.ndarray, np.ndarray]:
    half = placement.size[nodes] / 2
    return placement.center[nodes] - half, placement.center[nodes] + half


def check_boxes(graph: ModelGraph, placement: Placement) -> None:
    assert np.isfinite(placement.center).all()
    assert np.isfinite(placement.size).all()
    assert (placement.size > 0).all()
    ids = np.arange(1, len(graph))
    low, high = corners(placement, ids)
    parent_low, parent_high = corners(placement, graph.parent[1:])
    assert (low[:, :2] >= parent_low[:, :2] - NEAR).all()
    assert (high[:, :2] <= parent_high[:, :2] + NEAR).all()
    if placement.arrangement == "deck":
        assert (low[:, 2] >= parent_high[:, 2] - NEAR).all()
    else:
        np.testing.assert_allclose(low[:, 2], parent_high[:, 2], atol=NEAR)
    tops = subtree_tops(graph, placement)
    for node in range(len(graph)):
        children = graph.children(node)
        if 2 <= len(children) <= 300:
            if has_risen(graph, placement, node):
                check_apart(placement, children, tops)
            else:
                check_disjoint(placement, children)


def subtree_tops(graph: ModelGraph, placement: Placement) -> np.ndarray:
    """How far each node and all that stands on it reach in w."""
    top = corners(placement, slice(None))[1][:, 2]
    for node in range(len(graph) - 1, 0, -1):
        top[graph.parent[node]] = max(top[graph.parent[node]], top[node])
    return top


def has_risen(graph: ModelGraph, placement: Placement, node: int) -> bool:
    """Whether some child of a node does not stand on it: a deck, or what follows one."""
    children = graph.children(node)
    front = placement.center[node, 2] + placement.size[node, 2] / 2
    return bool((corners(placement, children)[0][:, 2] > front + NEAR).any())


def check_disjoint(placement: Placement, nodes) -> None:
    low, high = corners(placement, nodes)
    for a, b in combinations(range(len(nodes)), 2):
        overlap = np.minimum(high[a], high[b]) - np.maximum(low[a], low[b])
        assert min(overlap[0], overlap[1]) <= NEAR, (int(nodes[a]), int(nodes[b]))


def check_apart(placement: Placement, nodes, tops: np.ndarray) -> None:
    """Boxes, with all that stands on them, are disjoint in three dimensions."""
    low, high = corners(placement, nodes)
    high[:, 2] = tops[nodes]
    for a, b in combinations(range(len(nodes)), 2):
        overlap = np.minimum(high[a], high[b]) - np.maximum(low[a], low[b])
        assert overlap.min() <= NEAR, (int(nodes[a]), int(nodes[b]))


def lifted_pairs(graph: ModelGraph) -> set[tuple[int, int, int]]:
    """(owner, child, child) of every edge between two parts of a container, found by walking up."""
    pairs = set()
    for source, target, kind in zip(graph.edges.source, graph.edges.target, graph.edges.kind, strict=True):
        if kind == EdgeKind.TIED:
            continue
        up = [int(source), *graph.ancestors(int(source))]
        over = [int(target), *graph.ancestors(int(target))]
        if int(source) in over or int(target) in up:
            continue
        owner = next(node for node in up if node in over)
        pairs.add((owner, up[up.index(owner) - 1], over[over.index(owner) - 1]))
    return pairs


def check_flow(graph: ModelGraph, placement: Placement) -> None:
    """What is flagged closes a cycle; the rest closes none and goes right, to a later row or to a later plate."""
    routes = placement.routes
    low, high = corners(placement, slice(None))
    everything = nx.DiGraph((a, b) for _, a, b in lifted_pairs(graph))
    cyclic = {node: k for k, part in enumerate(nx.strongly_connected_components(everything)) for node in part}
    forward = nx.DiGraph()
    for a, b, owner, backward in zip(
        routes.source.tolist(), routes.target.tolist(), routes.owner.tolist(), routes.backward.tolist(), strict=True
    ):
        if owner in (a, b):
            assert not backward, (a, b)
        elif backward:
            assert cyclic[a] == cyclic[b], (a, b)
        else:
            forward.add_edge(a, b)
            right, later = low[b, 0] >= high[a, 0] - NEAR, high[b, 1] <= low[a, 1] + NEAR
            assert right or later or low[b, 2] >= high[a, 2] - NEAR, (a, b)
    assert nx.is_directed_acyclic_graph(forward)


def check_routes(graph: ModelGraph, placement: Placement) -> None:
    routes = placement.routes
    low, high = corners(placement, slice(None))
    tops = subtree_tops(graph, placement)
    assert (np.diff(routes.start) >= 2).all()
    assert np.isfinite(routes.points).all()
    assert (routes.width > 0).all()
    drawn = set()
    for k in range(len(routes)):
        source, target, owner = int(routes.source[k]), int(routes.target[k]), int(routes.owner[k])
        line = routes.points[routes.start[k] : routes.start[k + 1]]
        risen = has_risen(graph, placement, owner)
        assert (line[:, :2] >= low[owner, :2] - NEAR).all()
        assert (line[:, :2] <= high[owner, :2] + NEAR).all()
        above = line[:, 2] - high[owner, 2]
        tiny = placement.size[owner, :2].min() < NEAR  # in a depth of hundreds, beyond what the digits can tell
        assert (above > (-NEAR if tiny else 0.0)).all()
        if source != owner and target != owner:
            assert (owner, source, target) not in drawn
            drawn.add((owner, source, target))
        if not risen and routes.kind[k] != EdgeKind.RESIDUAL:
            # From the right side of what it comes from, or the owner's left edge, to the left side of what it leads to.
            assert abs(line[0, 0] - (low if source == owner else high)[source, 0]) <= NEAR
            assert abs(line[-1, 0] - (high if target == owner else low)[target, 0]) <= NEAR
        for end, point in ((source, line[0]), (target, line[-1])):
            if end != owner:
                assert graph.parent[end] == owner
                assert (point[:2] >= low[end, :2] - NEAR).all()
                assert (point[:2] <= high[end, :2] + NEAR).all()
        children = graph.children(owner)
        if len(children) <= 300:
            reach = high[children].copy()
            reach[:, 2] = tops[children]
            axes = 3 if risen else 2
            check_clear(line[:, :axes], low[children, :axes], reach[:, :axes])
    check_ports(graph, placement, lifted_pairs(graph), drawn)


def check_ports(graph: ModelGraph, placement: Placement, pairs: set, drawn: set) -> None:
    """Every edge is drawn, or has a port at or in both of the parts that it joins; ports lie on their boxes."""
    ports = placement.ports
    low, high = corners(placement, ports.node)
    assert (ports.point[:, :2] >= low[:, :2] - NEAR).all()
    assert (ports.point[:, :2] <= high[:, :2] + NEAR).all()
    assert (ports.count > 0).all()
    assert drawn <= pairs
    ties = {
        (-1, int(source), int(target))
        for source, target, kind in zip(graph.edges.source, graph.edges.target, graph.edges.kind, strict=True)
        if kind == EdgeKind.TIED and source != target
    }
    for _, source, target in (pairs - drawn) | ties:
        here, there = (range(*graph.subtree(node).indices(len(graph))) for node in (source, target))
        assert any(out and node in here for node, out in zip(ports.node.tolist(), ports.outgoing.tolist(), strict=True))
        assert any(
            not out and node in there and (other == -1 or other in here)
            for node, other, out in zip(ports.node.tolist(), ports.other.tolist(), ports.outgoing.tolist(), strict=True)
        )


def check_clear(line: np.ndarray, low: np.ndarray, high: np.ndarray) -> None:
    """No stretch of a polyline runs through the inside of a box (slab method), in as many dimensions as are given."""
    seen = (high - low > 2 * NEAR).all(1)  # a box no larger than the tolerance, in a depth of hundreds, has no inside
    low, high = low[seen], high[seen]
    for start, end in pairwise(line):
        way = end - start
        with np.errstate(divide="ignore", invalid="ignore"):
            one, two = (low + NEAR - start) / way, (high - NEAR - start) / way
        enter, leave = np.minimum(one, two), np.maximum(one, two)
        for axis in range(len(way)):
            if abs(way[axis]) < 1e-12:
                inside = (low[:, axis] + NEAR < start[axis]) & (start[axis] < high[:, axis] - NEAR)
                enter[:, axis] = np.where(inside, -np.inf, np.inf)
                leave[:, axis] = np.where(inside, np.inf, -np.inf)
        begin, stop = np.maximum(enter.max(1), 0.0), np.minimum(leave.min(1), 1.0)
        assert not (begin < stop).any()


@pytest.fixture(scope="session")
def check() -> Callable[[ModelGraph, Placement], None]:
    def check_all(graph: ModelGraph, placement: Placement) -> None:
        check_boxes(graph, placement)
        check_flow(graph, placement)
        check_routes(graph, placement)

    return check_all


def moe_transformer(layers: int, dense: int, experts: int, heads: int, mtp: bool) -> ModelGraph:
    """DeepSeek-V3's tree with all its parts, from its tensor names."""
    hidden, rows = 7168, []

    def linear(name: str, out: int, into: int) -> None:
        rows.append((f"{name}.weight", (out, into)))
        rows.append((f"{name}.weight_scale_inv", (-(-out // 128), -(-into // 128))))

    def mlp(name: str, inner: int) -> None:
        linear(f"{name}.gate_proj", inner, hidden)
        linear(f"{name}.up_proj", inner, hidden)
        linear(f"{name}.down_proj", hidden, inner)

    def vector(name: str, length: int = hidden) -> None:
        rows.append((f"{name}.weight", (length,)))

    rows.append(("model.embed_tokens.weight", (129280, hidden)))
    for layer in range(layers + mtp):
        at = f"model.layers.{layer}"
        if layer == layers:
            rows.append((f"{at}.embed_tokens.weight", (129280, hidden)))
            vector(f"{at}.enorm")
            vector(f"{at}.hnorm")
            rows.append((f"{at}.eh_proj.weight", (hidden, 2 * hidden)))
            vector(f"{at}.shared_head.norm")
            rows.append((f"{at}.shared_head.head.weight", (129280, hidden)))
        vector(f"{at}.input_layernorm")
        if layer < dense:
            mlp(f"{at}.mlp", 18432)
        else:
            for expert in range(experts):
                mlp(f"{at}.mlp.experts.{expert}", 2048)
            rows.append((f"{at}.mlp.gate.weight", (experts, hidden)))
            rows.append((f"{at}.mlp.gate.e_score_correction_bias", (experts,)))
            mlp(f"{at}.mlp.shared_experts", 2048)
        vector(f"{at}.post_attention_layernorm")
        linear(f"{at}.self_attn.q_a_proj", 1536, hidden)
        vector(f"{at}.self_attn.q_a_layernorm", 1536)
        linear(f"{at}.self_attn.q_b_proj", heads * 192, 1536)
        linear(f"{at}.self_attn.kv_a_proj_with_mqa", 576, hidden)
        vector(f"{at}.self_attn.kv_a_layernorm", 512)
        linear(f"{at}.self_attn.kv_b_proj", heads * 256, 512)
        linear(f"{at}.self_attn.o_proj", hidden, heads * 128)
    vector("model.norm")
    rows.append(("lm_head.weight", (129280, hidden)))
    builder = GraphBuilder("model", "test")
    zeros = [0] * len(rows)
    builder.tensors([name for name, _ in rows], ["BF16"] * len(rows), [s for _, s in rows], zeros, zeros, zeros, ["f"])
    config = {
        "model_type": "deepseek_v3",
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "num_key_value_heads": heads,
        "hidden_size": hidden,
        "n_routed_experts": experts,
        "num_experts_per_tok": 8,
        "qk_nope_head_dim": 128,
        "qk_rope_head_dim": 64,
        "v_head_dim": 128,
        "num_nextn_predict_layers": int(mtp),
    }
    return recognise(builder.build(), config)


@pytest.fixture(scope="session")
def deepseek_v3() -> ModelGraph:
    return moe_transformer(61, 3, 256, 128, mtp=True)


@pytest.fixture(scope="session")
def kimi_k2() -> ModelGraph:
    return moe_transformer(61, 1, 384, 64, mtp=False)


@pytest.fixture(scope="session")
def small_moe() -> ModelGraph:
    return moe_transformer(5, 1, 6, 8, mtp=True)


@pytest.fixture(scope="session")
def tree() -> Callable[..., ModelGraph]:
    """Build a graph from parents, kinds, shapes and edges, all by position; position 0 is the root."""

    def build(parents, kinds=None, shapes=None, edges=()) -> ModelGraph:
        builder = GraphBuilder("tree", "test")
        handles = [0]
        for k, parent in enumerate(parents):
            shape = shapes[k] if shapes else None
            if shape is None:
                kind = kinds[k] if kinds else NodeKind.MODULE
                handles.append(builder.node(handles[parent], f"n{k + 1}", kind))
            else:
                handles.append(builder.tensor(handles[parent], f"n{k + 1}", shape, "F32", nbytes=0))
        for source, target, kind in edges:
            builder.edge(handles[source], handles[target], kind, Provenance.DECLARED)
        return builder.build()

    return build
