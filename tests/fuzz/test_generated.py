"""Files made from descriptions: shapes of lies that damage alone would take long to find."""

import json
import pickle
import sys
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archviz3d.loaders.confinement import limited_memory

sys.path.insert(0, str(Path(__file__).parent))
from reading import check_reading

COMMON = settings(
    max_examples=120, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
names = st.text(max_size=6) | st.sampled_from(
    ["a", "a.b", "a.b.c", "a/b", "..", "layers.0.mlp.experts.1.weight", "weight"]
)
numbers = st.integers(-2, 5) | st.sampled_from([2**31, 2**62, 2**63, 2**64, -(2**63), 10**30])
plain = st.none() | st.booleans() | numbers | st.floats() | names
anything = st.recursive(
    plain, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4), max_leaves=12
)


def field(usual):
    """Return mostly what belongs there, sometimes anything."""
    return st.one_of(usual, usual, usual, usual, anything)


def objects(**fields):
    return st.fixed_dictionaries({}, optional={key: field(value) for key, value in fields.items()})


ports = field(
    st.lists(names, max_size=3) | st.lists(objects(name=names, shape=st.lists(numbers), dtype=names), max_size=3)
)
leaves = objects(
    name=names,
    type=names,
    inputs=ports,
    outputs=ports,
    parameters=numbers,
    attributes=st.dictionaries(names, plain),
)
modules = st.recursive(
    leaves,
    lambda inner: objects(name=names, type=names, children=st.lists(inner | names, max_size=3)),
    max_leaves=6,
)
module_graphs = objects(
    modules=st.lists(modules, max_size=6),
    connections=st.lists(objects(source=names, target=names), max_size=6),
    name=names,
)
metadata = st.lists(objects(id=names, attrs=st.lists(objects(key=st.just("tensor_shape"), value=names))), max_size=3)
explorer_nodes = objects(
    id=names, label=names, namespace=names, subgraphIds=st.lists(names, max_size=2), outputsMetadata=metadata,
    inputsMetadata=metadata, attrs=st.lists(objects(key=names, value=plain), max_size=3),
    incomingEdges=st.lists(objects(sourceNodeId=names, sourceNodeOutputId=names), max_size=3),
)  # fmt: skip
explorer_list = st.lists(objects(id=names, nodes=st.lists(explorer_nodes, max_size=5)), max_size=3)
explorer_graphs = objects(graphs=explorer_list, label=names)

USUAL = {"parent": 0, "kind": "module", "name": "n", "parameters": 0, "bytes": 0, "shape": None, "dtype": None,
         "provenance": "declared", "attributes": {}}  # fmt: skip
export_nodes = objects(
    kind=st.sampled_from(["model", "moe", "expert", "tensor", "head", "stack", "layer"]),
    shape=st.lists(numbers, max_size=3),
    name=names,
    parent=st.integers(0, 4),
    attributes=st.dictionaries(st.sampled_from(["heads", "experts", "role", "x"]), plain),
)
export_edges = objects(source=numbers, target=numbers, kind=st.just("data"), provenance=st.just("traced"))
exports = st.tuples(st.lists(export_nodes, max_size=5), field(st.lists(export_edges, max_size=3))).map(
    lambda drawn: {
        "nodes": [{**USUAL, **node, "id": i} | ({"parent": -1} if not i else {}) for i, node in enumerate(drawn[0])],
        "edges": [{"source": 0, "target": 0, "kind": "data", "provenance": "traced", **e} for e in drawn[1]]
        if isinstance(drawn[1], list) and all(isinstance(e, dict) for e in drawn[1])
        else drawn[1],
    }
)


def check_json(tmp_path, value):
    path = tmp_path / "generated.json"
    path.write_text(json.dumps(value), "utf-8", "surrogatepass")
    check_reading(path, draw=True)


@COMMON
@given(value=module_graphs)
def test_module_graphs(tmp_path, value):
    check_json(tmp_path, {"modules": [], **value})


@COMMON
@given(value=explorer_graphs)
def test_model_explorer_graphs(tmp_path, value):
    check_json(tmp_path, {"graphs": [], **value})


@COMMON
@given(value=exports)
def test_exports(tmp_path, value):
    check_json(tmp_path, {"schema": 1, **value})


tensors = objects(dtype=st.sampled_from(["F32", "BF16", "F4", "U8", "X9"]), shape=st.lists(numbers, max_size=3),
                  data_offsets=st.tuples(numbers, numbers))  # fmt: skip


@COMMON
@given(header=st.dictionaries(names, field(tensors), max_size=4), data=st.binary(max_size=20), more=st.integers(-3, 3))
def test_safetensors_headers(tmp_path, header, data, more):
    raw = json.dumps(header).encode("utf-8", "surrogatepass")
    path = tmp_path / "generated.safetensors"
    path.write_bytes(max(len(raw) + more, 0).to_bytes(8, "little") + raw + data)
    check_reading(path)


OPCODES = [getattr(pickle, name) for name in dir(pickle) if isinstance(getattr(pickle, name), bytes) and name.isupper()]
GLOBALS = [
    b"ctorch._utils\n_rebuild_tensor_v2\n",
    b"ccollections\nOrderedDict\n",
    b"cos\nsystem\n",
    b"ctorch\nFloatStorage\n",
]
arguments = st.binary(max_size=5) | st.sampled_from(
    [b"\x00", b"\x01", b"\xff\xff\xff\x7f", b"a\n", b"1\n", b"storage\n"]
)
steps = st.tuples(st.sampled_from(OPCODES), arguments).map(b"".join) | st.sampled_from(
    [
        *GLOBALS,
        b"]",
        b"}",
        b"(",
        b")",
        b"t",
        b"R",
        b"b",
        b"Q",
        b"K\x01",
        b"X\x01\x00\x00\x00a",
        b"h\x00",
        b"q\x00",
        b"s",
        b"a",
    ]
)


# CPython's own unpickler, out of memory, may complain on stderr of a buffer that it frees (the worker has none), which
# pytest-qt would take for a fault of the test.
@pytest.mark.qt_no_exception_capture
@COMMON
@given(code=st.lists(steps, max_size=25))
def test_pickles(tmp_path, code):
    path = tmp_path / "generated.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/data.pkl", b"\x80\x02" + b"".join(code) + b".")
        archive.writestr("a/version", b"3")
        archive.writestr("a/data/0", bytes(16))
    with limited_memory(2**30):  # of a pickle's memo, among others: the worker process has this limit, too
        check_reading(path)
