"""What the viewer's tests share: a small mixture-of-experts model with every kind of part, made without a file."""

import pytest

from archviz3d.graph.builder import GraphBuilder
from archviz3d.graph.kinds import NodeKind, Provenance
from archviz3d.graph.model_graph import ModelGraph

LAYERS, EXPERTS, HEADS = 6, 16, 8


@pytest.fixture(scope="session")
def toy() -> ModelGraph:
    """A model whose kinds are set by hand, so that no other room is tested here."""
    return make_toy()


@pytest.fixture
def same_toy_again() -> ModelGraph:
    """Another graph of the same model."""
    return make_toy()


def make_toy() -> ModelGraph:
    b = GraphBuilder("toy-moe", "made by hand", "toy.safetensors")
    model = b.node(0, "model")
    _matrix(b, model, "embed_tokens", NodeKind.EMBEDDING, (1000, 64))
    stack = b.node(model, "layers", NodeKind.STACK)
    for k in range(LAYERS):
        _layer(b, b.node(stack, str(k), NodeKind.LAYER, hidden_size=64))
    _matrix(b, model, "norm", NodeKind.NORM, (64,))
    _matrix(b, 0, "lm_head", NodeKind.OUTPUT, (1000, 64))
    return b.build()


def _layer(b: GraphBuilder, layer: int) -> None:
    _matrix(b, layer, "input_layernorm", NodeKind.NORM, (64,))
    attention = b.node(layer, "self_attn", NodeKind.ATTENTION, heads=HEADS, head_dim=8)
    for name in ("q_proj", "k_proj", "v_proj"):
        _matrix(b, attention, name, NodeKind.PROJECTION, (64, 64))
    heads = b.node(attention, "heads", NodeKind.HEADS, Provenance.DERIVED)
    for h in range(HEADS):
        b.node(heads, str(h), NodeKind.HEAD, Provenance.DERIVED)
    _matrix(b, attention, "o_proj", NodeKind.OUTPUT_PROJECTION, (64, 64))
    _matrix(b, layer, "post_attention_layernorm", NodeKind.NORM, (64,))
    moe = b.node(layer, "mlp", NodeKind.MOE, top_k=2)
    _matrix(b, moe, "gate", NodeKind.ROUTER, (EXPERTS, 64))
    experts = b.node(moe, "experts", NodeKind.EXPERTS)
    for e in range(EXPERTS):
        expert = b.node(experts, str(e), NodeKind.EXPERT)
        for name in ("gate_proj", "up_proj", "down_proj"):
            _matrix(b, expert, name, NodeKind.LINEAR, (32, 64))


def _matrix(b: GraphBuilder, parent: int, name: str, kind: NodeKind, shape: tuple[int, ...]) -> None:
    node = b.node(parent, name, kind)
    size = 1
    for n in shape:
        size *= n
    b.tensor(node, "weight", shape, "BF16", nbytes=2 * size, file="model.safetensors", offset=128)
