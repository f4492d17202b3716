"""What a model is made of: modules, operators, weights, functions, subgraphs, and what flows between them."""

import json

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from onnx.inliner import inline_local_functions

from archviz3d.graph import EdgeKind, ModelGraph, NodeKind
from archviz3d.graph.summary import summarize
from archviz3d.loaders import load

from .conftest import value, weight

_node = helper.make_node


def _edges(graph: ModelGraph) -> set[tuple[str, str]]:
    e = graph.edges
    return {(graph.path(int(a)), graph.path(int(b))) for a, b in zip(e.source, e.target, strict=True)}


def _paths(graph: ModelGraph, kind: NodeKind = NodeKind.OPERATOR) -> list[str]:
    return [graph.path(i) for i in graph.of_kind(kind).tolist()]


def test_hierarchy_from_names_of_operators(save):
    path = save(
        [
            _node("MatMul", ["x", "onnx::MatMul_7"], ["a"], name="/model/layers.0/mlp/fc/MatMul"),
            _node("Add", ["a", "model.layers.0.mlp.fc.bias"], ["b"], name="/model/layers.0/mlp/fc/Add"),
            _node("Relu", ["b"], ["y"], name="/model/layers.0/mlp/Relu"),
        ],
        [weight("onnx::MatMul_7", 4, 8), weight("model.layers.0.mlp.fc.bias", 8)],
    )
    graph = load(path)
    mlp = "model.layers.0.mlp"
    assert _paths(graph) == [f"{mlp}.fc.MatMul", f"{mlp}.fc.Add", f"{mlp}.Relu"]
    # The weight that the exporter transposed and numbered stands in the module of the only operator that learns it.
    assert _edges(graph) == {
        ("x", f"{mlp}.fc.MatMul"),
        (f"{mlp}.fc.weight", f"{mlp}.fc.MatMul"),
        (f"{mlp}.fc.MatMul", f"{mlp}.fc.Add"),
        (f"{mlp}.fc.bias", f"{mlp}.fc.Add"),
        (f"{mlp}.fc.Add", f"{mlp}.Relu"),
        (f"{mlp}.Relu", "y"),
    }
    found = graph.id_of(f"{mlp}.fc.weight")
    assert graph.attribute(found, "initializer") == "onnx::MatMul_7"
    assert graph.attribute(found, "transposed") is True
    assert graph.attribute(graph.id_of(f"{mlp}.fc.bias"), "initializer") is None


def test_hierarchy_from_names_of_weights(save):
    nodes = [
        _node("Conv", ["x", "layer1.0.conv1.weight"], ["a"], name="Conv_0", kernel_shape=[3, 3], strides=[2, 2]),
        _node("Relu", ["a"], ["b"], name="Relu_1"),
        _node("Conv", ["b", "layer1.0.conv2.weight"], ["c"], name="Conv_2", kernel_shape=[3, 3]),
        _node("Add", ["c", "x"], ["y"], name="Add_3"),
    ]
    weights = [weight(f"layer1.0.conv{k}.weight", 4, 4, 3, 3) for k in (1, 2)]
    graph = load(save(nodes, weights))
    assert _paths(graph) == ["layer1.0.conv1.Conv", "layer1.0.Relu", "layer1.0.conv2.Conv", "layer1.0.Add"]
    conv = graph.id_of("layer1.0.conv1.Conv")
    assert graph.attribute(conv, "strides") == [2, 2]
    assert graph.attribute(conv, "node") == "Conv_0"
    assert graph.attribute(conv, "placed_by") == "weights"
    assert graph.attribute(graph.id_of("layer1.0.Relu"), "placed_by") == "neighbours"


def test_without_any_hierarchy_the_names_stay(save):
    graph = load(save([_node("Relu", ["x"], ["h"], name="conv_1"), _node("Relu", ["h"], ["y"])]))
    assert _paths(graph) == ["conv_1", "Relu"]
    assert graph.attribute(0, "hierarchy") is None


def test_constants_that_many_modules_use_stand_together(save):
    nodes = [_node("Reshape", ["x", "val_3"], [f"y{k}"], name=f"/layers.{k}/Reshape") for k in range(2)]
    graph = load(save(nodes, [weight("val_3", 2, dtype=np.int64)], outputs=[value("y0"), value("y1")]))
    assert _paths(graph, NodeKind.TENSOR) == ["constants.val_3"]
    assert summarize(graph).parameters == 0  # a shape


def test_a_module_keeps_its_name_beside_an_operator_of_the_same(save):
    """As of torch.nn.functional.linear before a module that is called "linear"."""
    nodes = [_node("Gemm", ["x", "fc.weight"], ["a"]), _node("Gemm", ["a", "linear.weight"], ["y"])]
    for node, scopes in zip(nodes, ("['', 'linear']", "['', 'linear', 'linear_1']"), strict=True):
        node.name = f"node_linear_{scopes.count(',')}"
        node.metadata_props.add(key="pkg.torch.onnx.name_scopes", value=scopes)
    graph = load(save(nodes, [weight("fc.weight", 4, 4), weight("linear.weight", 4, 4)]))
    assert _paths(graph, NodeKind.TENSOR) == ["linear.weight", "fc.weight"]
    assert _paths(graph) == ["linear.linear", "linear_1"]


def test_shapes_and_types_on_edges(save):
    nodes = [_node("Relu", ["x"], ["h"]), _node("Relu", ["h"], ["y"])]
    graph = load(save(nodes, inputs=[value("x", ("batch", 4))], value_info=[value("h", (2, 4), TensorProto.FLOAT16)]))
    known = [
        (graph.shapes[s], graph.dtypes[d]) for s, d in zip(graph.edges.shape_code, graph.edges.dtype_code, strict=True)
    ]
    assert known == [((-1, 4), "F32"), ((2, 4), "F16"), ((1, 4), "F32")]


def test_outputs_of_an_operator_are_ports(save):
    nodes = [_node("Split", ["x"], ["a", "b"]), _node("Add", ["b", "a"], ["y"])]
    graph = load(save(nodes))
    ports = {graph.names[p] if p >= 0 else None for p in graph.edges.source_port.tolist()}
    assert ports == {None, "a", "b"}


# ---------------------------------------------------------------- subgraphs
def test_branches_are_containers_in_their_operator(save):
    then = helper.make_graph([_node("Add", ["x", "w"], ["t"], name="inner")], "t", [], [value("t")], [weight("w", 4)])
    other = helper.make_graph([_node("Identity", ["x"], ["e"])], "e", [], [value("e")])
    nodes = [
        _node("Cast", ["x"], ["c"], to=TensorProto.BOOL),
        _node("If", ["c"], ["y"], name="choose", then_branch=then, else_branch=other),
    ]
    path = save(nodes)
    graph = load(path)
    assert _paths(graph) == ["Cast", "choose", "choose.else_branch.Identity", "choose.then_branch.inner"]
    assert graph.kind_of(graph.id_of("choose.then_branch")) == NodeKind.MODULE
    assert _edges(graph) == {
        ("x", "Cast"),
        ("Cast", "choose"),
        ("x", "choose.then_branch.inner"),  # captured from outside
        ("choose.then_branch.w", "choose.then_branch.inner"),
        ("choose.then_branch.inner", "choose.then_branch.t"),
        ("x", "choose.else_branch.Identity"),
        ("choose.else_branch.Identity", "choose.else_branch.e"),
        ("choose", "y"),
    }


def test_bodies_have_inputs_and_outputs_of_their_own(save):
    body = helper.make_graph(
        [_node("Add", ["x", "state"], ["next"]), _node("Identity", ["go"], ["again"])],
        "body",
        [value("i", (), TensorProto.INT64), value("go", (), TensorProto.BOOL), value("state")],
        [value("again", (), TensorProto.BOOL), value("next")],
    )
    graph = load(save([_node("Loop", ["n", "", "x"], ["y"], body=body)], inputs=[value("x"), value("n", ())]))
    assert _paths(graph, NodeKind.VALUE) == [
        "x", "n", "Loop.body.i", "Loop.body.go", "Loop.body.state", "Loop.body.again", "Loop.body.next", "y",
    ]  # fmt: skip
    assert ("Loop.body.state", "Loop.body.Add") in _edges(graph)
    assert ("x", "Loop.body.Add") in _edges(graph)


# ---------------------------------------------------------------- functions
def _function(name: str, nodes: list[onnx.NodeProto], **more: object) -> onnx.FunctionProto:
    opsets = [helper.make_opsetid("", onnx.defs.onnx_opset_version()), helper.make_opsetid("own", 1)]
    return helper.make_function("own", name, ["a"], ["b"], nodes, opsets, **more)


def test_calls_are_containers_and_count_as_when_inlined(save):
    inner = _function("inner", [_node("Relu", ["a"], ["t"]), _node("Neg", ["t"], ["b"])])
    outer = _function("outer", [_node("inner", ["a"], ["s"], domain="own"), _node("inner", ["s"], ["b"], domain="own")])
    nodes = [_node("outer", ["x"], ["h"], name="first", domain="own"), _node("outer", ["h"], ["y"], domain="own")]
    path = save(nodes, functions=[outer, inner])
    graph = load(path)
    flat = inline_local_functions(onnx.load(path))
    assert summarize(graph).operators == len(flat.graph.node) == 8
    assert graph.attribute(graph.id_of("first"), "function") == "own.outer"
    chain = [
        f"{top}.{call}.{op}" for top in ("first", "outer") for call in ("inner", "inner_1") for op in ("Relu", "Neg")
    ]
    assert _paths(graph) == chain
    assert _edges(graph) == {*zip(["x", *chain], [*chain, "y"], strict=True)}


def test_attributes_of_a_function_are_those_of_its_call(save):
    leaky = _node("LeakyRelu", ["a"], ["b"])
    leaky.attribute.append(onnx.AttributeProto(name="alpha", ref_attr_name="slope", type=onnx.AttributeProto.FLOAT))
    function = _function("leaky", [leaky], attributes=["slope"])
    graph = load(save([_node("leaky", ["x"], ["y"], domain="own", slope=0.25)], functions=[function]))
    assert graph.attribute(graph.id_of("leaky.LeakyRelu"), "alpha") == 0.25


def test_a_function_may_hand_its_input_on_and_leave_inputs_out(save):
    function = helper.make_function(
        "own", "pass", ["a", "b"], ["a", "c"], [_node("Clip", ["a", "b"], ["c"])], [helper.make_opsetid("", 20)]
    )
    nodes = [_node("pass", ["x"], ["same", "c"], domain="own"), _node("Add", ["same", "c"], ["y"])]
    graph = load(save(nodes, functions=[function]))
    assert _edges(graph) == {("x", "pass.Clip"), ("x", "Add"), ("pass.Clip", "Add"), ("Add", "y")}
    assert graph.warnings == ()


def test_shapes_of_a_call_are_better_known_where_it_is_called(save):
    open_ones = [value(name, ("n", "m")) for name in ("a", "t", "b")]
    function = _function("f", [_node("Relu", ["a"], ["t"]), _node("Neg", ["t"], ["b"])], value_info=open_ones)
    nodes = [_node("Sin", ["x"], ["s"]), _node("f", ["s"], ["y"], domain="own")]
    graph = load(save(nodes, functions=[function], value_info=[value("s", (1, 4))]))
    shapes = {
        graph.name_of(int(source)): graph.shapes[code]
        for source, code in zip(graph.edges.source, graph.edges.shape_code, strict=True)
    }
    assert shapes == {"x": (1, 4), "Sin": (1, 4), "Relu": (-1, -1), "Neg": (1, 4)}


# ---------------------------------------------------------------- tensors
@pytest.mark.parametrize(
    ("kind", "dtype", "nbytes"),
    [
        (TensorProto.FLOAT, "F32", 20),
        (TensorProto.BFLOAT16, "BF16", 10),
        (TensorProto.FLOAT8E4M3FN, "F8_E4M3", 5),
        (TensorProto.FLOAT8E4M3FNUZ, "F8_E4M3FNUZ", 5),
        (TensorProto.FLOAT8E5M2, "F8_E5M2", 5),
        (TensorProto.FLOAT8E5M2FNUZ, "F8_E5M2FNUZ", 5),
        (TensorProto.FLOAT8E8M0, "F8_E8M0", 5),
        (TensorProto.FLOAT4E2M1, "F4", 3),
        (TensorProto.INT4, "INT4", 3),
        (TensorProto.UINT4, "UINT4", 3),
        (TensorProto.COMPLEX64, "C64", 40),
        (TensorProto.COMPLEX128, "C128", 80),
        (TensorProto.BOOL, "BOOL", 5),
        (TensorProto.FLOAT16, "F16", 10),
        (TensorProto.DOUBLE, "F64", 40),
        (TensorProto.INT64, "I64", 40),
        (TensorProto.UINT64, "U64", 40),
    ],
)
@pytest.mark.parametrize("is_raw", [True, False])
def test_every_type_raw_and_as_numbers(save, kind, dtype, nbytes, is_raw):
    data = bytes(nbytes) if is_raw else [1, 0, 1, 0, 1]
    tensor = helper.make_tensor("w", kind, [5], data, raw=is_raw)
    path = save([_node("Identity", ["w"], ["y"])], [tensor])
    graph = load(path)
    node = graph.id_of("w")
    assert (graph.dtype_of(node), graph.shape_of(node), int(graph.bytes[node])) == (dtype, (5,), nbytes)
    offset = int(graph.offset[node])
    if is_raw:
        with open(path, "rb") as file:  # noqa: PTH123
            file.seek(offset)
            assert file.read(nbytes) == data


def test_packed_floats_are_read_where_they_are(save):
    tensor = helper.make_tensor("w", TensorProto.FLOAT, [3], [1.0, 2.0, 3.0])
    path = save([_node("Identity", ["w"], ["y"])], [tensor])
    graph = load(path)
    with open(path, "rb") as file:  # noqa: PTH123
        read = np.frombuffer(file.read(), "<f4", 3, int(graph.offset[graph.id_of("w")]))
    assert read.tolist() == [1, 2, 3]


def test_words_and_sparse_tensors(save):
    words = helper.make_tensor("words", TensorProto.STRING, [2], [b"one", b"three"])
    values = helper.make_tensor("sparse", TensorProto.FLOAT, [2], [1.0, 2.0])
    sparse = helper.make_sparse_tensor(values, helper.make_tensor("i", TensorProto.INT64, [2], [3, 5]), [4, 4])
    nodes = [_node("Identity", ["words"], ["a"]), _node("MatMul", ["x", "sparse"], ["y"])]
    graph = load(save(nodes, [words], sparse_initializer=[sparse]))
    assert (graph.dtype_of(graph.id_of("words")), int(graph.bytes[graph.id_of("words")])) == ("STRING", 8)
    node = graph.id_of("sparse")
    assert (graph.shape_of(node), int(graph.elements[node]), int(graph.bytes[node])) == ((4, 4), 2, 24)


def test_constants_show_what_they_hold(save):
    short = helper.make_tensor("", TensorProto.INT64, [2], np.int64([8, -1]).tobytes(), raw=True)
    nodes = [
        _node("Constant", [], ["s"], name="small", value=short),
        _node("Constant", [], ["l"], name="large", value=weight("", 8, 8)),
        _node("Constant", [], ["f"], name="one", value_float=1e-5),
        _node("Constant", [], ["i"], name="whole", value_float=16777216.0),
        _node("Constant", [], ["m"], name="mask", value=helper.make_tensor("", TensorProto.FLOAT, [], [-np.inf])),
        _node("Add", ["s", "l"], ["y"]),
    ]
    graph = load(save(nodes))
    assert graph.attribute(graph.id_of("small"), "value") == [8, -1]
    assert graph.attribute(graph.id_of("mask"), "value") == "-inf"  # as a number, an export would say null
    assert graph.attribute(graph.id_of("one"), "value_float") == 1e-05
    assert graph.attribute(graph.id_of("whole"), "value_float") == 2**24
    assert graph.shape_of(graph.id_of("large.value")) == (8, 8)
    assert summarize(graph).parameters == 64
    assert summarize(graph).operators == 6


# ---------------------------------------------------------------- quantised models
def test_quantised_weights_count_logically(save):
    nodes = [
        _node("DequantizeLinear", ["fc.weight_quantized", "fc.weight_scale", "fc.weight_zero_point"], ["w"]),
        _node("MatMul", ["x", "w"], ["h"]),
        _node("MatMulNBits", ["h", "out.q", "out.s"], ["y"], domain="com.microsoft", K=64, N=32, bits=4, block_size=32),
    ]
    weights = [
        weight("fc.weight_quantized", 4, 8, dtype=np.int8),
        weight("fc.weight_scale", 8),
        weight("fc.weight_zero_point", 8, dtype=np.int8),
        weight("out.q", 32, 2, 16, dtype=np.uint8),
        weight("out.s", 64),
    ]
    graph = load(save(nodes, weights))
    assert summarize(graph).parameters == 4 * 8 + 64 * 32
    assert graph.attribute(graph.id_of("out.MatMulNBits"), "domain") == "com.microsoft"
    # What is made of a weight stands in for it.
    assert "fc.MatMul" in _paths(graph)


def test_quantisation_annotations(save, tmp_path):
    path = save([_node("Conv", ["x", "w"], ["y"])], [weight("w", 4, 4, 1, 1)])
    model = onnx.load(path)
    annotation = model.graph.quantization_annotation.add(tensor_name="w")
    annotation.quant_parameter_tensor_names.add(key="SCALE_TENSOR", value="w_scale")
    onnx.save(model, path)
    assert load(path).attribute(load(path).id_of("w"), "scale_tensor") == "w_scale"


# ---------------------------------------------------------------- the whole model
def test_training_information_stands_beside_the_model(save):
    path = save([_node("Relu", ["x"], ["y"])])
    model = onnx.load(path)
    info = model.training_info.add()
    info.algorithm.CopyFrom(
        helper.make_graph([_node("Mul", ["y", "rate"], ["z"])], "a", [], [value("z")], [weight("rate", 1)])
    )
    onnx.save(model, path)
    graph = load(path)
    assert graph.kind_of(graph.id_of("training")) == NodeKind.OPTIMIZER
    assert ("Relu", "training.algorithm_0.Mul") in _edges(graph)
    assert summarize(graph).parameters == 0


def test_facts_of_the_model(save):
    path = save([_node("Relu", ["x"], ["y"])])
    model = onnx.load(path)
    model.producer_name, model.producer_version = "tf2onnx", "1.16"
    model.metadata_props.add(key="task", value="classification")
    onnx.save(model, path)
    graph = load(path)
    assert graph.format == "onnx"
    assert graph.attribute(0, "producer") == "tf2onnx"
    assert graph.attribute(0, "metadata.task") == "classification"
    assert graph.attribute(0, "ir_version") == model.ir_version
    assert graph.attribute(0, "opsets") == f"ai.onnx {model.opset_import[0].version}"


def test_a_folder_with_one_file(save, tmp_path):
    save([_node("Relu", ["x"], ["y"])])
    assert _paths(load(str(tmp_path))) == ["Relu"]


def test_two_names_of_the_same_data_count_once(save, tmp_path):
    (tmp_path / "w.bin").write_bytes(bytes(64))
    one, two = (weight(name, 4, 4) for name in ("a", "b"))
    for tensor in (one, two):
        onnx.external_data_helper.set_external_data(tensor, "w.bin", offset=0, length=64)
        tensor.ClearField("raw_data")
    graph = load(save([_node("Add", ["a", "b"], ["y"])], [one, two]))
    assert summarize(graph).parameters == 16
    assert EdgeKind.TIED in graph.edges.kind


def test_scales_that_onnx_runtime_names_after_their_weight(save):
    nodes = [
        _node("DynamicQuantizeLinear", ["x"], ["q", "s", "z"]),
        _node("MatMulInteger", ["q", "fc_quantized", "z", "fc_zero_point"], ["i"]),
        _node("Mul", ["s", "fc_scale"], ["f"]),
        _node("Cast", ["i"], ["c"], to=TensorProto.FLOAT),
        _node("Mul", ["c", "f"], ["h"]),
        _node("Mul", ["h", "logit_scale"], ["y"]),
    ]
    weights = [weight("fc_quantized", 4, 8, dtype=np.int8), weight("fc_scale", 8), weight("logit_scale")]
    weights.append(weight("fc_zero_point", 8, dtype=np.int8))
    assert summarize(load(save(nodes, weights))).parameters == 4 * 8 + 1


def test_heads_of_transposed_weights_with_the_config_beside(save, tmp_path):
    config = {"model_type": "llama", "num_attention_heads": 4, "num_key_value_heads": 2, "hidden_size": 16}
    (tmp_path / "config.json").write_text(json.dumps(config))
    at, widths = "/model/layers.0/self_attn", {"q_proj": 16, "k_proj": 8, "v_proj": 8, "o_proj": 16}
    nodes = [
        _node("MatMul", ["x", f"onnx::MatMul_{k}"], [f"{name}_y"], name=f"{at}/{name}/MatMul")
        for k, name in enumerate(widths)
    ]
    weights = [weight(f"onnx::MatMul_{k}", 16, width) for k, width in enumerate(widths.values())]
    graph = load(save(nodes, weights, outputs=[value("o_proj_y")]))
    attention = graph.id_of("model.layers.0.self_attn")
    assert graph.kind_of(attention) == NodeKind.ATTENTION
    assert [graph.attribute(attention, key) for key in ("heads", "kv_heads", "head_dim")] == [4, 2, 4]
