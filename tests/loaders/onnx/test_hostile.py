"""Files that lie: one line each, in time, and nothing built that was not looked at first."""

import time

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from archviz3d.errors import InputError
from archviz3d.graph import NodeKind
from archviz3d.loaders import LoadLimits, load

from .conftest import message, raw_model, value, weight

_node = helper.make_node
_MANY = 10_000_000


def _write(tmp_path, data: bytes) -> str:
    path = tmp_path / "hostile.onnx"
    path.write_bytes(data)
    return str(path)


def _refused(path: str, match: str, limits: LoadLimits | None = None) -> None:
    started = time.process_time()
    with pytest.raises(InputError, match=match) as caught:
        load(path, limits)
    assert "\n" not in str(caught.value)
    assert time.process_time() - started < 5


def _small(save) -> bytes:
    body = helper.make_graph([_node("Neg", ["x"], ["t"])], "b", [], [value("t")])
    function = helper.make_function(
        "own", "f", ["a"], ["b"], [_node("Relu", ["a"], ["b"])], [helper.make_opsetid("", 20)]
    )
    nodes = [
        _node("Conv", ["x", "w"], ["h"], name="/a/Conv", pads=[1, 1], alpha=0.5, mode="same"),
        _node("If", ["x"], ["c"], then_branch=body, else_branch=body),
        _node("f", ["h"], ["y"], domain="own"),
    ]
    path = save(nodes, [weight("w", 2, 2)], functions=[function], value_info=[value("h", ("n", 2))])
    with open(path, "rb") as file:  # noqa: PTH123
        return file.read()


def test_cut_short_at_every_byte(save, tmp_path):
    data = _small(save)
    load(_write(tmp_path, data))
    opened = 0
    for end in range(1, len(data)):
        try:
            load(_write(tmp_path, data[:end]))
            opened += 1
        except InputError as error:
            assert "\n" not in str(error)  # noqa: PT017
    assert opened < 60  # only where it is cut between two of the outermost fields, as behind the graph


def test_every_byte_changed(save, tmp_path):
    data = bytearray(_small(save))
    for k in range(len(data)):
        for wrong in (0x7F, data[k] ^ 1):
            changed = bytes(data[:k]) + bytes([wrong]) + bytes(data[k + 1 :])
            try:
                load(_write(tmp_path, changed))
            except InputError as error:
                assert "\n" not in str(error)  # noqa: PT017


@pytest.mark.parametrize("length", [2**31, 2**63 - 1, 2**64 - 1])
def test_lengths_beyond_the_file(tmp_path, length):
    lie = b"\x0a" + bytes([length >> s & 127 | 128 for s in range(0, 63, 7)]) + bytes([length >> 63])
    _refused(_write(tmp_path, raw_model(lie)), "reaches beyond")


def test_a_number_without_end(tmp_path):
    _refused(_write(tmp_path, raw_model(b"\x0a" + b"\xff" * 40)), "more than 64 bits")


def test_ten_million_nodes(tmp_path):
    _refused(_write(tmp_path, raw_model(b"\x0a\x00" * _MANY)), "has more than 200,000 operators")


def test_ten_million_inputs_of_one_node(tmp_path):
    _refused(_write(tmp_path, raw_model(message(1, b"\x0a\x00" * _MANY))), "an operator of more than")


def test_a_long_list_is_not_an_attribute(tmp_path):
    listed = message(5, message(1, b"ints") + message(8, b"\x01" * _MANY))
    graph = load(_write(tmp_path, raw_model(message(1, message(4, b"Relu") + message(2, b"y") + listed))))
    assert graph.attribute(graph.id_of("Relu"), "ints") is None


def _doubling(count: int, last: onnx.NodeProto | None = None) -> list[onnx.FunctionProto]:
    opsets = [helper.make_opsetid("", 20), helper.make_opsetid("own", 1)]
    made = []
    for k in range(count):
        calls = [_node(f"f{k + 1}", ["a"], ["t"], domain="own"), _node(f"f{k + 1}", ["t"], ["b"], domain="own")]
        made.append(helper.make_function("own", f"f{k}", ["a"], ["b"], calls, opsets))
    end = [last] if last is not None else []
    return [*made, helper.make_function("own", f"f{count}", ["a"], ["b"], end, opsets)]


@pytest.mark.parametrize("last", [None, _node("Relu", ["a"], ["b"])])
def test_doubling_functions(save, last):
    started = time.process_time()
    path = save([_node("f0", ["x"], ["y"], domain="own")], functions=_doubling(60, last))
    _refused(path, "stands for")
    assert time.process_time() - started < 0.5


def test_calls_that_only_together_are_too_many(save):
    calls = [_node("f0", ["x"], [f"y{k}"], domain="own") for k in range(100)]
    path = save(calls, functions=_doubling(6, _node("Relu", ["a"], ["b"])))
    _refused(path, "stands for more than 5,000 operators", LoadLimits(operators=5000))


def test_names_of_names_of_names(save):
    """A chain of calls that only hand their input on, used from its end to its start; and one that goes round."""
    hand_on = helper.make_function("own", "pass", ["a"], ["a"], [], [helper.make_opsetid("own", 1)])
    calls = [_node("pass", [f"v{k}"], [f"v{k + 1}"], domain="own") for k in range(8000)]
    uses = [_node("Relu", [f"v{k}"], [f"r{k}"]) for k in range(8000, 0, -1)]
    ring = [
        _node("pass", ["a"], ["b"], domain="own"),
        _node("pass", ["b"], ["a"], domain="own"),
        _node("Relu", ["a"], []),
    ]
    started = time.process_time()
    graph = load(save([*calls, *uses, *ring], inputs=[value("v0")], outputs=[], functions=[hand_on]))
    assert time.process_time() - started < 10
    assert set(graph.edges.source.tolist()) == {graph.id_of("v0")}
    assert len(graph.edges) == 8000


def test_few_bytes_do_not_become_many_operators(save):
    path = save([_node("f0", ["x"], ["y"], domain="own")], functions=_doubling(16, _node("Relu", ["a"], ["b"])))
    _refused(path, "stands for more than 50,000 operators")


def test_functions_that_call_themselves(save):
    opsets = [helper.make_opsetid("", 20), helper.make_opsetid("own", 1)]
    ring = [
        helper.make_function(
            "own", f"f{k}", ["a"], ["b"], [_node(f"f{(k + 1) % 3}", ["a"], ["b"], domain="own")], opsets
        )
        for k in range(3)
    ]
    _refused(save([_node("f0", ["x"], ["y"], domain="own")], functions=ring), "calls itself")


def test_a_function_that_calls_itself_in_a_branch(save):
    body = helper.make_graph([_node("f0", ["a"], ["t"], domain="own")], "b", [], [value("t")])
    call = [_node("If", ["a"], ["b"], then_branch=body, else_branch=body)]
    function = helper.make_function("own", "f0", ["a"], ["b"], call, [helper.make_opsetid("", 20)])
    _refused(save([_node("f0", ["x"], ["y"], domain="own")], functions=[function]), "calls itself")


def test_a_long_chain_of_functions(save):
    opsets = [helper.make_opsetid("own", 1)]
    chain = [
        helper.make_function("own", f"f{k}", ["a"], ["b"], [_node(f"f{k + 1}", ["a"], ["b"], domain="own")], opsets)
        for k in range(3000)
    ]
    _refused(save([_node("f0", ["x"], ["y"], domain="own")], functions=chain), "is nested 1,001 deep")


def test_deep_subgraphs(tmp_path):
    graph = message(1, message(4, b"Relu"))
    for _ in range(40):
        graph = message(1, message(4, b"If") + message(5, message(1, b"then_branch") + message(6, graph)))
    _refused(_write(tmp_path, raw_model(graph)), "more than 32 graphs in one another")


def test_deep_names(save):
    _refused(save([_node("Relu", ["x"], ["y"], name="/a" * 30_000)]), "is nested")


def test_names_without_end(tmp_path):
    _refused(_write(tmp_path, raw_model(message(1, message(3, b"n" * 100_000)))), "a name of 100,000 bytes")


def test_names_that_would_break_the_line(save):
    graph = load(save([_node("Re\nlu", ["x\x1b[31m"], ["y\n"], name="a\n\x1b[31m.b")], [weight("x\x1b[31m", 4)]))
    assert all(name.isprintable() for name in graph.names)
    for node in range(len(graph)):
        assert graph.id_of(graph.path(node)) == node


# ---------------------------------------------------------------- contradictions
@pytest.mark.parametrize(
    ("dims", "data", "match"),
    [
        ([2, 3], bytes(20), "holds 20 bytes; .* need 24"),
        ([-1, 3], bytes(12), "impossible shape"),
        ([2**40, 2**40], bytes(12), "impossible shape"),
        ([2**32, 2**32, 0], b"", "impossible shape"),
        ([1] * 65, bytes(4), "more than 64 dimensions"),
    ],
)
def test_shapes_that_contradict_their_data(save, dims, data, match):
    tensor = TensorProto(name="w", dims=dims, data_type=TensorProto.FLOAT, raw_data=data)
    _refused(save([_node("Identity", ["w"], ["y"])], [tensor]), match)


def test_numbers_that_are_too_few(save):
    for tensor in (
        TensorProto(name="w", dims=[3], data_type=TensorProto.INT64, int64_data=[1, 2]),
        TensorProto(name="w", dims=[3], data_type=TensorProto.FLOAT, float_data=[1, 2]),
        TensorProto(name="w", dims=[3], data_type=TensorProto.STRING, string_data=[b"one"]),
    ):
        _refused(save([_node("Identity", ["w"], ["y"])], [tensor]), "its shape and type need 3|need 12")


def test_the_same_tensor_twice(save):
    _refused(save([_node("Add", ["w", "w"], ["y"])], [weight("w", 4), weight("w", 4)]), "'w' occurs twice")


def test_a_model_of_nothing(save, tmp_path):
    _refused(save([]), "neither operators nor tensors")
    _refused(_write(tmp_path, b"\x08\x0a" + message(8, b"\x10\x14")), "has no graph")


# ---------------------------------------------------------------- sloppy, but there
def test_unknown_types_open(save):
    tensor = TensorProto(name="w", dims=[3], data_type=99, raw_data=bytes(5))
    graph = load(save([_node("Identity", ["w"], ["y"])], [tensor]))
    assert (graph.dtype_of(graph.id_of("w")), int(graph.bytes[graph.id_of("w")])) == ("ONNX_99", 5)


def test_weights_that_were_stripped(save):
    tensor = TensorProto(name="w", dims=[3], data_type=TensorProto.FLOAT)
    graph = load(save([_node("Identity", ["w"], ["y"])], [tensor]))
    assert graph.shape_of(graph.id_of("w")) == (3,)
    assert graph.warnings == ("1 tensors have no data in the file, only shapes",)


def test_values_made_twice_or_by_nobody(save):
    graph = load(save([_node("Relu", ["ghost"], ["y"]), _node("Neg", ["x"], ["y"])]))
    assert sorted(graph.warnings) == [
        "1 values are made more than once: y",
        "1 values are used but made by nothing: ghost",
    ]


def test_operators_that_go_round(save):
    graph = load(save([_node("Add", ["x", "b"], ["a"]), _node("Relu", ["a"], ["b"]), _node("Neg", ["b"], ["y"])]))
    assert len(graph.of_kind(NodeKind.OPERATOR)) == 3
    assert len(graph.edges) == 5


def test_operators_out_of_order(save):
    graph = load(save([_node("Neg", ["h"], ["y"]), _node("Relu", ["x"], ["h"])]))
    assert graph.warnings == ()
    assert len(graph.edges) == 3


def test_names_of_attributes_that_are_ours(save):
    node = _node("Relu", ["x"], ["y"])
    for name in ("name", "kind", "parent", "operator", "heads", "handle", "self"):
        node.attribute.append(helper.make_attribute(name, 3))
    graph = load(save([node]))
    assert graph.attribute(graph.id_of("Relu"), "operator") == "Relu"
    assert graph.attribute(graph.id_of("Relu"), "heads") is None


def test_data_of_every_kind_at_once(save):
    tensor = TensorProto(name="w", dims=[2], data_type=TensorProto.FLOAT, raw_data=np.zeros(2, "<f4").tobytes())
    tensor.float_data.append(1.0)
    with pytest.raises(InputError, match="data of two kinds"):
        load(save([_node("Identity", ["w"], ["y"])], [tensor]))


def _often(body: list[onnx.NodeProto], inputs: list[str], calls: int, **known) -> tuple[list, list]:
    function = helper.make_function("own", "f", inputs, ["b"], body, [helper.make_opsetid("", 20)], **known)
    return [_node("f", ["x"], [f"y{k}"], domain="own") for k in range(calls)], [function]


@pytest.mark.parametrize("what", ["inputs", "outputs", "attributes", "values of a branch"])
def test_a_function_of_much_that_is_called_often(save, what):
    few, many = ["a"], [f"i{k}" for k in range(3000)]
    values = [value(name) for name in many]
    branch = helper.make_graph([_node("Neg", ["a"], ["t"])], "b", [], [value("t")], value_info=values)
    body, inputs = {
        "inputs": ([_node("Relu", ["a"], ["b"])], few + many),
        "outputs": ([_node("Split", ["a"], ["b", *many])], few),
        "attributes": ([_node("Relu", ["a"], ["b"], **dict.fromkeys(many, 1))], few),
        "values of a branch": ([_node("If", ["a"], ["b"], then_branch=branch, else_branch=branch)], few),
    }[what]
    nodes, functions = _often(body, inputs, 2000)
    _refused(save(nodes, functions=functions), "too many values and attributes")
