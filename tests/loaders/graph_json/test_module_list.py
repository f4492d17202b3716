"""Lists of modules and connections, as people write them."""

import json
from pathlib import Path

import pytest

from archviz3d.errors import InputError
from archviz3d.graph import EdgeKind, NodeKind
from archviz3d.loaders import LoadLimits, load

DATA = Path(__file__).parents[2] / "data" / "graph_json"


@pytest.fixture
def read(tmp_path):
    def from_value(value, limits=None):
        path = tmp_path / "diagram.json"
        path.write_text(value if isinstance(value, str) else json.dumps(value))
        return load(str(path), limits)

    return from_value


def modules(*names, **more):
    return {"modules": [{"name": name} for name in names], **more}


def paths(graph):
    return [graph.path(i) for i in range(1, len(graph))]


def test_a_mixture_of_experts():
    graph = load(str(DATA / "moe.json"))
    assert (graph.name, graph.format) == ("Tiny MoE", "module graph")
    kinds = {graph.path(i): graph.kind_of(i) for i in range(1, len(graph))}
    assert kinds["Block"] == NodeKind.LAYER
    assert kinds["Block.MoE"] == NodeKind.MOE
    assert kinds["Block.MoE.Router"] == NodeKind.ROUTER
    assert kinds["Block.MoE.Expert3"] == NodeKind.EXPERT
    assert kinds["Block.MoE.Combine"] == NodeKind.OPERATOR
    assert kinds["Head"] == NodeKind.OUTPUT
    assert graph.attribute(graph.id_of("Block.Attention"), "heads") == 8
    assert int(graph.total_parameters[0]) == 16_384_000

    edges = graph.edges
    names = [graph.names[k] if k >= 0 else None for k in edges.source_port.tolist()]
    assert len(edges) == 12
    assert names.count("expert_ids") == 4
    assert [EdgeKind(k) for k in edges.kind.tolist()].count(EdgeKind.ROUTED) == 4
    assert graph.shapes[edges.shape_code[0]] == (-1, -1, 512)
    assert graph.dtypes[edges.dtype_code[0]] == "F32"
    assert graph.path(int(edges.target[3])) == "Block.MoE.Expert1"
    assert not graph.warnings


def test_an_end_is_split_at_the_last_dot_that_names_a_module(read):
    graph = read(
        modules(
            "a", "a.b", "c", connections=[{"source": "a.b.c.d", "target": "c"}, {"source": "a.x.y", "target": "c.in"}]
        )
    )
    edges = graph.edges
    assert [graph.path(i) for i in edges.source.tolist()] == ["a.b", "a"]
    assert [graph.names[k] if k >= 0 else None for k in edges.source_port.tolist()] == ["c.d", "x.y"]
    assert [graph.names[k] if k >= 0 else None for k in edges.target_port.tolist()] == [None, "in"]


def test_an_unknown_end_is_named_with_a_near_miss(read):
    with pytest.raises(InputError, match=r"'Rooter\.ids'.*did you mean 'Router'\?"):
        read(modules("Router", "Expert", connections=[{"source": "Rooter.ids", "target": "Expert"}]))
    with pytest.raises(InputError, match="'nowhere'"):
        read(modules("Router", connections=[["Router", "nowhere"]]))
    # A container that only names imply is no module: it is more likely a slip.
    with pytest.raises(InputError, match=r"'moe\.out'"):
        read(modules("moe.a", "moe.b", connections=[["moe.a", "moe.out"]]))


@pytest.mark.parametrize(
    "wrong", [{"source": "a"}, {"source": 1, "target": "a"}, "a", ["a"], None, {"from": {}, "to": "a"}]
)
def test_a_connection_that_leads_nowhere_is_an_error(read, wrong):
    with pytest.raises(InputError, match="leads nowhere"):
        read(modules("a", connections=[wrong]))


def test_dots_and_slashes_are_levels_where_names_share_them(read):
    graph = read(modules("layers.0.attn", "layers.0.mlp", "layers.1.attn", "enc/a", "enc/b", "Qwen2.5 block", "Q / K"))
    assert paths(graph) == [
        "layers",
        "layers.0",
        "layers.0.attn",
        "layers.0.mlp",
        "layers.1_attn",  # nothing shares "layers.1"
        "enc",
        "enc.a",
        "enc.b",
        "Qwen2_5 block",
        "Q / K",
    ]
    assert graph.attribute(graph.id_of("Qwen2_5 block"), "label") == "Qwen2.5 block"


def test_children_are_inside_whether_nested_or_named(read):
    graph = read(
        {
            "modules": [
                {"name": "block", "children": [{"name": "attn", "children": [{"name": "q"}]}, {"name": "mlp"}]},
                {"name": "pair", "children": ["left", "right"]},
                {"name": "left"},
                {"name": "right"},
            ],
            "connections": [["attn", "mlp"], ["block.attn.q", "left"]],
        }
    )
    assert paths(graph) == [
        "block", "block.attn", "block.attn.q", "block.mlp", "pair", "pair.left", "pair.right",
    ]  # fmt: skip
    assert [graph.path(i) for i in graph.edges.source.tolist()] == ["block.attn", "block.attn.q"]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (modules("a", "a"), "two modules 'a'"),
        (modules("a.b", "a/b"), "mean one place"),
        ({"modules": []}, "no list of"),
        ({"modules": 3}, "no list of"),
        ({"modules": [{"type": "Linear"}]}, "without a name"),
        ({"modules": [None]}, "which is none"),
        (modules("a", connections=5), "no list"),
        ({"modules": [{"name": "a", "children": ["b"]}, {"name": "b", "children": ["a"]}]}, "child of itself"),
        ({"modules": [{"name": "a", "children": ["a"]}]}, "child of itself"),
        ({"modules": [{"name": "a", "children": ["x"]}]}, "which is no module"),
        (modules("." * 10 + "x", ".".join("a" * 1500)), "name of|deep"),
        (modules("x" * 5000), "characters"),
        ('{"modules": [{"name": "a", "name": "b"}]}', "the key 'name' twice"),
        ('{"modules": [{"name": "a", "parameters": ' + "1" * 1000 + "}]}", "integer of 1,000 digits"),
        ('{"modules": ' + "[" * 100_000, "nested too deeply"),
        ('{"modules": [{"name": "a", "x": ' + "[" * 500 + "]" * 500 + "}]}", "nested too deeply"),
        ('{"modules": [{"name": "a"', "no valid JSON"),
        ({"modules": [{"name": f"a{i}", "parameters": 2**62} for i in range(4)]}, "more parameters"),
    ],
)
def test_faults_are_one_line(read, value, message):
    with pytest.raises(InputError, match=message) as caught:
        read(value)
    assert "\n" not in str(caught.value)


def test_limits_hold(read):
    with pytest.raises(InputError, match="too many"):
        read(modules(*(f"m{i}" for i in range(20))), LoadLimits(nodes=10))
    with pytest.raises(InputError, match="too many"):
        read(modules("a.b.c.d.e.f", "a.b.c.d.e.g", "h"), LoadLimits(nodes=6))
    with pytest.raises(InputError, match="too many connections"):
        read(modules("a", "b", connections=[["a", "b"]] * 5), LoadLimits(edges=4))
    with pytest.raises(InputError, match="at most 10 are read"):
        read(modules("a", "b"), LoadLimits(json_bytes=10))


def test_ports_that_modules_do_not_list_are_a_warning(read):
    graph = read({"modules": [{"name": "a", "outputs": ["x"]}, {"name": "b"}], "connections": [["a.y", "b.z"]]})
    assert graph.warnings == ("connections use ports that their modules do not list: a.y",)
    assert len(graph.edges) == 1


@pytest.mark.parametrize(
    ("ports", "expected"),
    [
        ([{"name": "o", "shape": [1, None, "n", 8], "dtype": "bf16"}], ((1, -1, -1, 8), "BF16")),
        ({"o": "float16[2,3]"}, ((2, 3), "F16")),
        ({"o": [4, 5]}, ((4, 5), None)),
        ({"o": "tensor<?x128xf32>"}, ((-1, 128), "F32")),
        ({"o": "2 x 3"}, ((2, 3), None)),
        ([{"name": "o", "shape": [-7, 2**70, True]}], ((-1, -1, -1), None)),
        ([{"name": "o", "shape": [1] * 100}], (None, None)),
        (["o"], (None, None)),
        ("o", (None, None)),
    ],
)
def test_what_is_said_of_a_port_is_on_its_edge(read, ports, expected):
    graph = read({"modules": [{"name": "a", "outputs": ports}, {"name": "b"}], "connections": [["a.o", "b"]]})
    shape, dtype = int(graph.edges.shape_code[0]), int(graph.edges.dtype_code[0])
    assert (graph.shapes[shape] if shape >= 0 else None, graph.dtypes[dtype] if dtype >= 0 else None) == expected


def test_what_the_viewer_takes_at_its_word_must_be_a_number(read):
    graph = read({"modules": [{"name": "a", "heads": "many", "top_k": 2, "experts": -1, "kind": "x", "parent": 3}]})
    found = graph.attributes_of(1)
    assert found["top_k"] == 2
    assert found["module.heads"] == "many"
    assert "experts" not in found
    assert found["kind"] == "x"


@pytest.mark.parametrize("prefix", ["\ufeff", "  \n\t", "\ufeff \r\n"])
def test_a_byte_order_mark_and_white_space_do_not_hide_a_graph(read, prefix):
    assert paths(read(prefix + json.dumps(modules("a", "b")))) == ["a", "b"]
