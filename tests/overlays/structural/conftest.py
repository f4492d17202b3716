"""Small models whose every figure can be worked out by hand."""

import json

import pytest

from archviz3d.graph import EdgeKind, GraphBuilder, ModelGraph, NodeKind
from archviz3d.loaders import load
from archviz3d.overlays.overlay import NodeValues, Overlay
from archviz3d.overlays.structural import STRUCTURAL

K = NodeKind
RECIPES = {recipe.name: recipe for recipe in STRUCTURAL}


def made(graph: ModelGraph, name: str) -> Overlay:
    return RECIPES[name].make(graph)


def value(graph: ModelGraph, name: str, path: str) -> float:
    """What the overlay shows on the node at `path`."""
    shown: NodeValues = made(graph, name).at(graph)
    return float(shown.values[graph.id_of(path)])


def module(b: GraphBuilder, parent: int, name: str, kind: NodeKind, *shape: int, dtype: str = "BF16", **known) -> int:
    """Add a module with a weight."""
    node = b.node(parent, name, kind, **known)
    b.tensor(node, "weight", shape, dtype, nbytes=2)
    return node


def mixture(top_k: int | None = 1, heads: bool = True, bias: bool = False) -> ModelGraph:
    """One layer: grouped-query attention, 4 experts and a shared one; an MTP layer and optimizer state beside it."""
    b = GraphBuilder("toy", "test")
    module(b, 0, "embed", K.EMBEDDING, 10, 4, role="embedding.token")
    layer = b.node(b.node(0, "layers", K.STACK), "0", K.LAYER)
    figures = {"heads": 2, "kv_heads": 1, "head_dim": 2} if heads else {}
    attn = b.node(layer, "attn", K.ATTENTION, role="attention", **figures)
    for name, rows in (("q", 4), ("k", 2), ("v", 2)):
        module(b, attn, name, K.PROJECTION, rows, 4, role=f"attention.{name}")
    module(b, attn, "o", K.OUTPUT_PROJECTION, 4, 4)
    module(b, layer, "norm", K.NORM, 4)
    moe = b.node(layer, "moe", K.MOE, experts=4, top_k=top_k)
    router = module(b, moe, "gate", K.ROUTER, 4, 4)
    if bias:
        b.tensor(router, "e_score_correction_bias", (4,), "F32", nbytes=16)
    experts = b.node(moe, "experts", K.EXPERTS)
    for i in range(4):
        expert = b.node(experts, str(i), K.EXPERT)
        module(b, expert, "up", K.LINEAR, 3, 4)
        down = module(b, expert, "down", K.LINEAR, 4, 3, dtype="F8_E4M3")
        b.tensor(down, "weight_scale_inv", (1, 1), "F32", nbytes=4)
        b.tensor(down, "bias", (4,), "BF16", nbytes=8)
    b.edge(router, experts, EdgeKind.ROUTED)
    module(b, b.node(moe, "shared", K.SHARED_EXPERT), "up", K.LINEAR, 3, 4)
    module(b, 0, "head", K.OUTPUT, 10, 4)
    mtp = b.node(0, "mtp", K.MTP)
    module(b, mtp, "proj", K.LINEAR, 4, 8)
    module(b, mtp, "embed", K.EMBEDDING, 10, 4)
    module(b, b.node(0, "optimizer", K.OPTIMIZER), "exp_avg", K.LINEAR, 10, 4, dtype="F32")
    return b.build()


def convolutional() -> ModelGraph:
    b = GraphBuilder("cnn", "test")
    first = module(b, 0, "conv", K.CONV, 8, 3, 3, 3)
    b.edge(first, module(b, 0, "fc", K.LINEAR, 10, 8))
    return b.build()


def bare() -> ModelGraph:
    """No roles, no edges, no parameters but one vector."""
    b = GraphBuilder("bare", "test")
    b.tensor(b.node(0, "part"), "x", (3,), "F16", nbytes=6)
    return b.build()


def empty() -> ModelGraph:
    return GraphBuilder("empty", "test").build()


def only_optimizer() -> ModelGraph:
    b = GraphBuilder("state", "test")
    module(b, b.node(0, "optimizer", K.OPTIMIZER), "exp_avg", K.LINEAR, 4, 4)
    return b.build()


@pytest.fixture
def config_only(tmp_path) -> ModelGraph:
    config = {
        "architectures": ["MixtralForCausalLM"], "model_type": "mixtral", "hidden_size": 64, "intermediate_size": 96,
        "num_attention_heads": 4, "num_experts_per_tok": 2, "num_hidden_layers": 2, "num_key_value_heads": 2,
        "num_local_experts": 4, "vocab_size": 50,
    }  # fmt: skip
    (tmp_path / "config.json").write_text(json.dumps(config))
    return load(str(tmp_path))
