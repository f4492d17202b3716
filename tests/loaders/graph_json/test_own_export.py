"""Our own export comes back as the graph that it was."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archviz3d.errors import InputError
from archviz3d.graph import EdgeKind, GraphBuilder, NodeKind, Provenance
from archviz3d.layout import place
from archviz3d.layout.export import to_json
from archviz3d.loaders import LoadLimits, load
from archviz3d.loaders.graph_json.own_export import load_export

COLUMNS = ("parent", "size", "depth", "kind", "provenance", "parameters", "elements", "bytes", "offset", "signature")
TABLES = (("shape_code", "shapes"), ("dtype_code", "dtypes"), ("file_code", "files"))
EDGE_TABLES = (("shape_code", "shapes"), ("dtype_code", "dtypes"), ("source_port", "names"), ("target_port", "names"))


def read(raw, limits=None):
    return load_export(raw if isinstance(raw, bytes) else json.dumps(raw).encode(), "x.json", limits or LoadLimits())


def assert_same(one, other):
    for column in COLUMNS:
        np.testing.assert_array_equal(getattr(one, column), getattr(other, column), column)
    for codes, table in TABLES:
        assert spelt(one, one, codes, table) == spelt(other, other, codes, table), table
    assert [one.name_of(i) for i in range(len(one))] == [other.name_of(i) for i in range(len(other))]
    for column in ("source", "target", "kind", "provenance"):
        np.testing.assert_array_equal(getattr(one.edges, column), getattr(other.edges, column), column)
    for codes, table in EDGE_TABLES:
        assert spelt(one, one.edges, codes, table) == spelt(other, other.edges, codes, table), codes
    assert {k: (c.ids.tolist(), c.values) for k, c in one.attributes.items()} == {
        k: (c.ids.tolist(), c.values) for k, c in other.attributes.items()
    }
    assert (one.name, one.format, one.warnings) == (other.name, other.format, other.warnings)


def spelt(graph, columns, codes, table):
    entries = getattr(graph, table)
    return [entries[code] if code >= 0 else None for code in getattr(columns, codes).tolist()]


def a_graph():
    builder = GraphBuilder("a model", "some format", "/where/it/was")
    block = builder.node(0, "block", NodeKind.ATTENTION, Provenance.TRACED, heads=4, note="two\twords", sizes=[1, 2.5])
    weight = builder.tensor(block, "weight", (3, 4), "F32", nbytes=48, file="a.bin", offset=8)
    builder.tensor(block, "view", (3, 4), "F32", nbytes=0, elements=0, parameters=0, tied_to="block.weight")
    builder.tensor(block, "scales", (2,), "U8", nbytes=2, file="b.bin", offset=0)
    value = builder.node(0, "x", NodeKind.VALUE, direction="input")
    builder.edge(value, block, EdgeKind.DATA, Provenance.DERIVED, shape=(-1, 3), dtype="F32", target_port="in 0")
    builder.edge(weight, block, EdgeKind.TIED, source_port="out")
    builder.warn("odd")
    return builder.build()


def test_nothing_is_lost(tmp_path):
    graph = a_graph()
    path = tmp_path / "x.json"
    path.write_bytes(to_json(graph, place(graph)))
    back = load(str(path))
    assert_same(graph, back)
    assert back.source == str(path)


def test_nothing_is_lost_of_a_model_with_roles(write_safetensors, tmp_path):
    header, at = {}, 0
    for layer in range(3):
        for name, shape in [
            ("input_layernorm.weight", [8]),
            *((f"self_attn.{x}_proj.weight", [8, 8]) for x in "qkvo"),
            *((f"mlp.{x}_proj.weight", [8, 8]) for x in ("gate", "up", "down")),
        ]:
            size = 4 * int(np.prod(shape))
            header[f"model.layers.{layer}.{name}"] = {"dtype": "F32", "shape": shape, "data_offsets": [at, at + size]}
            at += size
    (tmp_path / "config.json").write_text('{"model_type": "llama", "num_attention_heads": 2, "hidden_size": 8}')
    graph = load(str(write_safetensors(header, at)))
    assert len(graph.edges)
    raw = to_json(graph, place(graph))
    assert_same(graph, read(raw))
    # Other programs may write it in another order, with white space: the same graph.
    document = json.loads(raw)
    path = tmp_path / "shuffled.json"
    path.write_text(json.dumps({key: document[key] for key in reversed(document)}, indent=1))
    assert_same(graph, load(str(path)))


names = st.text(
    st.characters(codec="utf-8", exclude_characters=".", exclude_categories=["C", "Z"]), min_size=1, max_size=4
)
plain = st.one_of(
    st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False, allow_infinity=False), st.booleans(), names
)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_nothing_is_lost_of_any_graph(data):
    builder = GraphBuilder(data.draw(names), data.draw(names))
    handles = [0]
    for _ in range(data.draw(st.integers(0, 8))):
        parent = data.draw(st.sampled_from(handles))
        attributes = data.draw(st.dictionaries(names.map("a-{}".format), st.one_of(plain, st.lists(plain)), max_size=2))
        if data.draw(st.booleans()):
            shape = tuple(data.draw(st.lists(st.integers(0, 2**20), max_size=3)))
            offset = data.draw(st.integers(-1, 2**62))
            builder.tensor(parent, data.draw(names), shape, data.draw(names), nbytes=3, file="f", offset=offset)
        else:
            kind = data.draw(st.sampled_from([NodeKind.MODULE, NodeKind.OPERATOR, NodeKind.EXPERT, NodeKind.VALUE]))
            handle = builder.node(parent, data.draw(names), kind, data.draw(st.sampled_from(Provenance)))
            builder.annotate(handle, **attributes)
            handles.append(handle)
    for _ in range(data.draw(st.integers(0, 5))):
        shape = data.draw(st.none() | st.tuples(st.integers(-1, 9)))
        ends = data.draw(st.sampled_from(handles)), data.draw(st.sampled_from(handles))
        builder.edge(*ends, data.draw(st.sampled_from(EdgeKind)), shape=shape, dtype=data.draw(st.none() | names),
                     source_port=data.draw(st.none() | names))  # fmt: skip
    graph = builder.build()
    assert_same(graph, read(to_json(graph, place(graph))))


def test_bytes_that_are_no_text_in_a_file_name_are_escaped():
    builder = GraphBuilder("m", "f")
    builder.tensor(0, "w", (1,), "U8", nbytes=1, file="caf\udce9.bin", offset=0)
    graph = builder.build()
    assert read(to_json(graph, place(graph))).files == ("caf\\udce9.bin",)


@pytest.fixture
def document():
    graph = a_graph()
    return json.loads(to_json(graph, place(graph)))


@pytest.mark.parametrize(
    ("where", "value", "message"),
    [
        (("schema",), 2, "schema 2"),
        (("nodes",), [], "no node"),
        (("nodes", 0, "parent"), 0, "numbers its nodes"),
        (("nodes", 1, "id"), 7, "numbers its nodes"),
        (("nodes", 1, "parent"), 3, "not open there"),
        (("nodes", 5, "parent"), 2, "not open there|under node"),
        (("nodes", 1, "parent"), -1, "not open there"),
        (("nodes", 1, "kind"), "attentoin", "'attentoin'"),
        (("nodes", 1, "provenance"), "said", "'said'"),
        (("nodes", 1, "parameters"), -1, "parameters that no model has"),
        (("nodes", 1, "parameters"), 2**63 - 1, "parameters that no model has"),
        (("nodes", 1, "bytes"), 10**300, "out of range|bytes that no model has"),
        (("nodes", 2, "file"), 9, "the file 9"),
        (("nodes", 2, "file"), -2, "the file -2"),
        (("nodes", 2, "offset"), -5, "the offset -5"),
        (("nodes", 2, "shape"), [1] * 65, "dimensions"),
        (("nodes", 2, "shape"), [-2], "dimensions"),
        (("nodes", 2, "shape"), [2**63], "dimensions"),
        (("nodes", 2, "shape"), "3x4", "no export"),
        (("nodes", 1, "attributes"), {"heads": "4"}, "attribute 'heads'"),
        (("nodes", 1, "attributes"), {"heads": True}, "attribute 'heads'"),
        (("nodes", 1, "attributes"), {"experts": -1}, "attribute 'experts'"),
        (("nodes", 1, "attributes"), {"role": 3}, "attribute 'role'"),
        (("nodes", 1, "attributes"), {"x": {"y": 1}}, "attribute 'x'"),
        (("nodes", 1, "attributes"), {"x": 2**64}, "attribute 'x'"),
        (("nodes", 1, "attributes"), {"x": [[[[[1]]]]]}, "attribute"),
        (("edges", 0, "source"), 99, "edge from 99"),
        (("edges", 0, "target"), -1, "edge to -1"),
        (("edges", 0, "kind"), "flow", "'flow'"),
    ],
)
def test_contradictions_are_one_line(document, where, value, message):
    inner = document
    for key in where[:-1]:
        inner = inner[key]
    inner[where[-1]] = value
    with pytest.raises(InputError, match=message) as caught:
        read(document)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"kind":"attention"', b'"kind":"attention","kind":"moe"'),
        (b'"kind":"attention"', b'"kind":"attention","kind" :"moe"'),
        (b'"heads":4', b'"heads":4,"heads":8'),
        (b'"schema":1', b'"schema":1,"schema":1'),
        (b'"heads":4', b'"heads":4,"note":"a\\":b","heads":8'),
    ],
)
def test_a_key_that_occurs_twice_is_an_error(old, new):
    graph = a_graph()
    raw = to_json(graph, place(graph))
    assert raw.count(old) == 1
    with pytest.raises(InputError, match="twice in one object"):
        read(raw.replace(old, new))


def test_limits_hold(document):
    with pytest.raises(InputError, match="too many nodes"):
        read(document, LoadLimits(nodes=3))
    with pytest.raises(InputError, match="too many edges"):
        read(document, LoadLimits(edges=1))
    with pytest.raises(InputError, match="nests nodes"):
        read(document, LoadLimits(module_depth=1))


def test_names_that_would_break_paths_or_lines_are_made_plain(document):
    document["nodes"][1]["name"] = "a.b\n\x1b[31m"
    assert read(document).name_of(1) == "a_b\\n\\x1b[31m"
