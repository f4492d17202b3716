"""Model Explorer's graphs, those of its own library and wrong ones."""

import json
from pathlib import Path

import pytest

from archviz3d.errors import InputError
from archviz3d.graph import NodeKind
from archviz3d.graph.summary import summarize
from archviz3d.loaders import LoadLimits, load

DATA = Path(__file__).parents[2] / "data" / "graph_json"


@pytest.fixture
def read(tmp_path):
    def from_value(value, limits=None):
        path = tmp_path / "graph.json"
        path.write_text(json.dumps(value))
        return load(str(path), limits)

    return from_value


def graph_of(*nodes, **more):
    return {"id": "g", "nodes": list(nodes), **more}


def node(id, *sources, **more):
    return {"id": id, "label": "op", "incomingEdges": [{"sourceNodeId": source} for source in sources], **more}


def edges_of(graph):
    e = graph.edges
    return [
        (
            graph.path(int(e.source[k])),
            graph.path(int(e.target[k])),
            graph.shapes[e.shape_code[k]] if e.shape_code[k] >= 0 else None,
            graph.dtypes[e.dtype_code[k]] if e.dtype_code[k] >= 0 else None,
            graph.names[e.source_port[k]] if e.source_port[k] >= 0 else None,
            graph.names[e.target_port[k]] if e.target_port[k] >= 0 else None,
        )
        for k in range(len(e))
    ]


def test_what_the_pytorch_adapter_writes():
    raw = json.loads((DATA / "explorer_pytorch.json").read_text())["graphs"][0]["nodes"]
    graph = load(str(DATA / "explorer_pytorch.json"))
    summary = summarize(graph)
    assert summary.edges == sum(len(entry["incomingEdges"]) for entry in raw)
    assert summary.operators == sum(entry["namespace"] != "inputs" and entry["label"] != "output" for entry in raw)
    # Two blocks of norm (2 x 16), up (32 x 16 + 32) and down (16 x 32 + 16), and a head (4 x 16 + 4).
    assert summary.parameters == 2 * (32 + 544 + 528) + 68
    assert summary.bytes == 0
    linear = graph.id_of("Tower.1.up_proj.linear_2")
    assert graph.kind_of(linear) == NodeKind.OPERATOR
    assert graph.attribute(linear, "operator") == "aten.linear"
    assert graph.attribute(graph.id_of("Tower.1.up_proj"), "class") == "torch.nn.modules.linear.Linear"
    into = [edge for edge in edges_of(graph) if edge[1] == "Tower.1.up_proj.linear_2"]
    assert into == [
        ("Tower.1.norm.layer_norm_1", "Tower.1.up_proj.linear_2", (3, 16), "F32", None, "0"),
        ("inputs.p_layers_1_up_proj_weight", "Tower.1.up_proj.linear_2", (32, 16), "F32", None, "1"),
        ("inputs.p_layers_1_up_proj_bias", "Tower.1.up_proj.linear_2", (32,), "F32", None, "2"),
    ]
    assert graph.attribute(graph.id_of("inputs.x"), "direction") == "input"


def test_a_graph_stands_in_the_node_that_goes_into_it():
    graph = load(str(DATA / "explorer_loop.json"))
    assert graph.name == "loop"
    assert graph.attribute(graph.id_of("model.encoder"), "owner") == "tests"
    assert graph.attribute(0, "version") == "1"
    assert graph.kind_of(graph.id_of("GraphInputs")) == NodeKind.VALUE
    assert graph.attribute(graph.id_of("model.encoder.dense"), "units") == "128"
    assert edges_of(graph) == [
        ("GraphInputs", "model.encoder.dense", (1, 128), "F32", None, None),
        ("model.encoder.dense", "model.decoder.while", (1, 128), "F32", None, "0"),
        ("GraphInputs", "model.decoder.while", (1, 128), "F32", None, "state"),
        ("model.decoder.while", "GraphOutputs", (1, 128), "F32", "1", None),
        ("model.decoder.while.body.a", "model.decoder.while.body.b", (1, 128), "F32", None, None),
    ]


@pytest.mark.parametrize(
    "wrap",
    [
        lambda g: g,
        lambda g: [g],
        lambda g: {"graphs": [g]},
        lambda g: [{"label": "", "graphs": [g]}],
        lambda g: {"graphCollections": [{"label": "", "graphs": [g]}]},
    ],
)
def test_every_wrapping_is_the_same_graph(read, wrap):
    graph = read(wrap(graph_of(node("x", namespace="a/b"), node("y", "x", namespace="a/b"))))
    assert [graph.path(i) for i in range(1, len(graph))] == ["a", "a.b", "a.b.x", "a.b.y"]
    assert len(graph.edges) == 1


def test_several_graphs_are_subtrees(read):
    one, two = graph_of(node("x")), graph_of(node("x"), id="h.2")
    graph = read({"label": "pair", "graphs": [one, two]})
    assert sorted(graph.path(i) for i in range(1, len(graph))) == ["g", "g.x", "h_2", "h_2.x"]
    graph = read([{"label": "a", "graphs": [one]}, {"label": "a", "graphs": [two]}])
    assert [graph.path(i) for i in range(1, len(graph))] == ["a", "a.x", "a_1", "a_1.x"]


def test_a_graph_that_two_nodes_go_into_stands_once(read):
    main = graph_of(node("a", subgraphIds=["f"]), node("b", subgraphIds=["f", "lost"]))
    graph = read([main, graph_of(node("x"), id="f")])
    assert [graph.path(i) for i in range(1, len(graph))].count("f.x") == 1
    assert graph.attribute(graph.id_of("g.b"), "subgraphs") == ["f", "lost"]
    assert any("lost" in warning for warning in graph.warnings)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (graph_of(node("a", "b")), "an edge from 'b', which is no node"),
        (graph_of(node("a"), node("a")), "two nodes 'a'"),
        ([graph_of(node("a")), graph_of(node("a"))], "two graphs 'g'"),
        (graph_of(), "no node"),
        ({"graphs": [{"id": "g", "nodes": [{"label": "x"}]}]}, "fault"),
        (graph_of({"id": "a", "incomingEdges": [{}]}), "fault"),
        (graph_of(node("a", subgraphIds=["g"])), "contains itself"),
        ([graph_of(node("a", subgraphIds=["h"])), graph_of(node("b", subgraphIds=["g"]), id="h")], "contains itself"),
        (graph_of(node("a", namespace="x/" * 3000)), "levels"),
        ([1, 2], "no graph"),
        ({"name": "x"}, "no graph: it has 'name'"),
        ([], "no graph"),
    ],
)
def test_faults_are_one_line(read, value, message):
    with pytest.raises(InputError, match=message) as caught:
        read(value)
    assert "\n" not in str(caught.value)


def test_limits_hold(read):
    with pytest.raises(InputError, match="too many nodes"):
        read(graph_of(*(node(str(i)) for i in range(9))), LoadLimits(nodes=8))
    with pytest.raises(InputError, match="too many edges"):
        read(graph_of(node("a"), node("b", *("a" * 9))), LoadLimits(edges=8))
    with pytest.raises(InputError, match="too many namespaces"):
        read(graph_of(node("a", namespace="1/2/3/4/5/6/7/8/9")), LoadLimits(nodes=5))


def test_sixty_doubling_graphs_stay_sixty(read):
    graphs = [
        graph_of(node("a", subgraphIds=[f"{k + 1}"]), node("b", subgraphIds=[f"{k + 1}"]), id=f"{k}") for k in range(60)
    ]
    assert len(read([*graphs, graph_of(node("z"), id="60")])) < 200
