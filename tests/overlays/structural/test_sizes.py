import numpy as np

from archviz3d.graph import GraphBuilder, NodeKind

from .conftest import made, mixture, module, value

# embedding, attention, norm, router, experts, shared expert, head; the layer that predicts further tokens
TOTAL = 40 + 48 + 4 + 16 + 4 * 28 + 12 + 40 + (32 + 40)


def test_parameters_add_up_and_scales_have_none():
    graph = mixture()
    assert value(graph, "parameters", "layers.0.moe.experts.2.down") == 12 + 4
    assert value(graph, "parameters", "layers.0.moe.experts") == 4 * (12 + 12 + 4)
    assert np.isnan(value(graph, "parameters", "layers.0.moe.experts.2.down.weight_scale_inv"))
    assert np.isnan(value(graph, "parameters", "optimizer"))
    assert value(graph, "parameters", "") == graph.total(graph.parameters) == TOTAL


def test_a_module_with_a_count_of_its_own_shows_its_total():
    b = GraphBuilder("m", "test")
    outer = module(b, 0, "outer", NodeKind.LINEAR, 2, 3)
    b.own_parameters(outer, 5)
    graph = b.build()
    assert value(graph, "parameters", "outer") == value(graph, "parameters", "") == 11


def test_bytes_are_those_stored_without_optimizer_state():
    graph = mixture()
    assert value(graph, "bytes", "layers.0.moe.experts.0.down") == 2 + 4 + 8
    assert value(graph, "bytes", "") == graph.total(graph.bytes) - 2
    assert np.isnan(value(graph, "bytes", "optimizer.exp_avg.weight"))


def test_the_type_of_a_container_is_that_of_most_of_its_parameters():
    graph = mixture()
    overlay = made(graph, "dtype")
    assert overlay.categories == ("BF16", "F32", "F8_E4M3")

    def dtype(path):
        return overlay.categories[int(value(graph, "dtype", path))]

    expert = "layers.0.moe.experts.1"
    assert dtype(f"{expert}.down.weight") == "F8_E4M3"
    assert dtype(f"{expert}.down.weight_scale_inv") == "F32"
    assert dtype(f"{expert}.down") == "F8_E4M3"  # of its 3 tensors one is fp8, but of its 16 parameters 12 are
    assert dtype(expert) == dtype("") == "BF16"
    assert np.isnan(value(graph, "dtype", "optimizer"))


def test_where_nothing_counts_the_number_of_tensors_decides_the_type():
    b = GraphBuilder("m", "test")
    for name, dtype in (("running_mean", "F32"), ("running_var", "F32"), ("num_batches_tracked", "I64")):
        b.tensor(0, name, (4,), dtype, nbytes=16)
    graph = b.build()
    assert graph.total(graph.parameters) == 0
    assert made(graph, "dtype").categories[int(value(graph, "dtype", ""))] == "F32"
