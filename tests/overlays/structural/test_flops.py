import numpy as np
import pytest

from archviz3d.graph import GraphBuilder, NodeKind
from archviz3d.overlays.overlay import Aggregate

from .conftest import convolutional, made, mixture, module, value

K = NodeKind


def test_every_matrix_counts_twice_and_an_expert_as_often_as_it_is_chosen():
    graph = mixture(top_k=1)
    layer = 2 * (16 + 8 + 8 + 16) + 2 * 16 + 4 * (2 * 24 / 4) + 2 * 12
    assert value(graph, "flops", "layers.0.attn.q.weight") == 2 * 16
    assert value(graph, "flops", "layers.0.moe.experts.3") == 2 * 24 / 4
    assert value(graph, "flops", "layers.0.moe.shared") == 2 * 12
    assert value(graph, "flops", "embed") == 0
    assert value(graph, "flops", "layers.0") == layer
    assert value(graph, "flops", "") == layer + 2 * 40
    for path in ("layers.0.norm", "layers.0.moe.experts.3.down.bias", "mtp", "optimizer"):
        assert np.isnan(value(graph, "flops", path)), path


def test_without_top_k_neither_experts_nor_what_holds_them_have_a_value():
    graph = mixture(top_k=None)
    for path in ("layers.0.moe.experts.3", "layers.0.moe.experts", "layers.0.moe", "layers.0", ""):
        assert np.isnan(value(graph, "flops", path)), path
    assert value(graph, "flops", "layers.0.attn") == 2 * 48
    assert value(graph, "flops", "layers.0.moe.gate") == 2 * 16


def test_more_chosen_than_there_are_is_not_believed():
    assert np.isnan(value(mixture(top_k=5), "flops", "layers.0.moe.experts"))


def test_a_convolutional_model_has_no_operations_a_token():
    graph = convolutional()
    assert value(graph, "flops", "fc") == 160
    assert np.isnan(value(graph, "flops", "conv"))
    assert np.isnan(value(graph, "flops", ""))


def test_a_hundredth_of_unknown_weights_does_not_hide_the_sum():
    b = GraphBuilder("m", "test")
    module(b, 0, "conv", K.CONV, 10, 1, 4)
    module(b, 0, "proj", K.LINEAR, 100, 100)
    graph = b.build()
    assert value(graph, "flops", "") == 20_000
    assert np.isnan(value(graph, "flops", "conv.weight"))


def test_a_plain_module_may_be_anything():
    b = GraphBuilder("m", "test")
    module(b, 0, "table", K.MODULE, 10, 4)
    module(b, 0, "fc", K.LINEAR, 10, 4)
    assert np.isnan(value(b.build(), "flops", ""))


def test_a_tied_head_is_multiplied_with_as_well():
    b = GraphBuilder("m", "test")
    module(b, 0, "embed", K.EMBEDDING, 10, 4)
    head = b.node(0, "head", K.OUTPUT)
    b.tensor(head, "weight", (10, 4), "BF16", nbytes=0, elements=0, parameters=0, tied_to="embed.weight")
    graph = b.build()
    assert value(graph, "flops", "head") == 80
    assert value(graph, "flops", "embed") == 0


@pytest.mark.parametrize(
    ("name", "shape", "dtype", "parameters", "operations"),
    [
        ("qweight", (2, 16), "I32", 256, 512),  # GPTQ: eight 4-bit values each
        ("weight", (128, 1), "U8", 256, 512),  # bitsandbytes: two 4-bit values each
        ("weight", (16, 16), "Q4_K", None, 512),
        ("scales", (2, 16), "F16", None, np.nan),
    ],
)
def test_packed_weights_count_as_what_they_hold(name, shape, dtype, parameters, operations):
    b = GraphBuilder("m", "test")
    b.tensor(b.node(0, "fc", K.LINEAR), name, shape, dtype, nbytes=1, parameters=parameters)
    module(b, 0, "other", K.LINEAR, 2, 2)
    assert value(b.build(), "flops", f"fc.{name}") == pytest.approx(operations, nan_ok=True)


def test_matrices_without_a_module_are_known_by_their_role():
    b = GraphBuilder("m", "test")
    attention = b.node(0, "attn", K.ATTENTION)
    b.tensor(attention, "in_proj_weight", (12, 4), "F32", nbytes=1, role="attention.qkv")
    b.tensor(attention, "in_proj_bias", (12,), "F32", nbytes=1, role="attention.bias")
    recurrent = b.node(0, "lstm", K.RECURRENT)
    b.tensor(recurrent, "weight_hh_l0", (16, 4), "F32", nbytes=1)
    graph = b.build()
    assert value(graph, "flops", "attn") == 2 * 48
    assert value(graph, "flops", "lstm") == 2 * 64
    assert made(graph, "flops").aggregate is Aggregate.SUM
