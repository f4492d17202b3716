"""What every graph with roles holds to, and a small model that several tests change."""

import numpy as np

from archviz3d.graph import ModelGraph

H = 16
Shapes = dict[str, tuple[int, ...]]


def check_invariants(graph: ModelGraph) -> None:
    n = len(graph)
    ids = np.arange(n)
    assert graph.parent[0] == -1
    assert (graph.parent[1:] < ids[1:]).all()
    assert (graph.depth[1:] == graph.depth[graph.parent[1:]] + 1).all()
    size = np.ones(n, np.int64)
    for i in range(n - 1, 0, -1):
        size[graph.parent[i]] += size[i]
    assert (size == graph.size).all()
    end = ids + graph.size
    assert (end[1:] <= end[graph.parent[1:]]).all()
    for column in graph.attributes.values():
        assert (np.diff(column.ids) > 0).all()
        assert len(column.ids) == len(column.values)
        assert not len(column.ids) or 0 <= column.ids[0] <= column.ids[-1] < n
    for end_of_edge in (graph.edges.source, graph.edges.target):
        assert not len(end_of_edge) or 0 <= end_of_edge.min() <= end_of_edge.max() < n
    for node in range(n):
        names = [graph.name_of(i) for i in graph.children(node).tolist()]
        assert len(set(names)) == len(names)


def llama(layers: int = 2, heads: int = 4, kv: int = 2, experts: int = 0) -> Shapes:
    dim = H // heads
    out: Shapes = {"model.embed_tokens.weight": (50, H)}
    for i in range(layers):
        p = f"model.layers.{i}"
        out |= {f"{p}.self_attn.q_proj.weight": (H, H), f"{p}.self_attn.o_proj.weight": (H, H)}
        out |= {f"{p}.self_attn.{x}_proj.weight": (kv * dim, H) for x in "kv"}
        out |= {f"{p}.input_layernorm.weight": (H,), f"{p}.post_attention_layernorm.weight": (H,)}
        inner = [f"{p}.mlp"] if not experts else [f"{p}.mlp.experts.{e}" for e in range(experts)]
        for q in inner:
            out |= {f"{q}.gate_proj.weight": (24, H), f"{q}.up_proj.weight": (24, H), f"{q}.down_proj.weight": (H, 24)}
        if experts:
            out[f"{p}.mlp.gate.weight"] = (experts, H)
    return out | {"model.norm.weight": (H,), "lm_head.weight": (50, H)}


CONFIG = {
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "hidden_size": H,
    "num_hidden_layers": 2,
    "vocab_size": 50,
}
