"""Exported programs that torch wrote, checked against torch."""

import collections
import json
import operator
import zipfile
from pathlib import Path

import pytest

from archviz3d.errors import InputError
from archviz3d.graph import EdgeKind, NodeKind, Provenance
from archviz3d.loaders import LoadLimits, load

torch = pytest.importorskip("torch")
nn = torch.nn

WEIGHTS = "model_weights_config.json"
OLD = Path(__file__).parents[2] / "data" / "exported"


class Block(nn.Module):
    """Buffers, a constant, an operator with two results, and code under no_grad."""

    def __init__(self):
        super().__init__()
        self.up = nn.Linear(4, 8)
        self.down = nn.Linear(8, 4)
        self.register_buffer("mask", torch.ones(4))
        self.register_buffer("table", torch.ones(2, 4), persistent=False)

    def forward(self, x):
        h = self.down(torch.relu(self.up(x))) * self.mask
        with torch.no_grad():
            frozen = self.up(x).sum() + torch.tensor([1.0, 2.0]).sum()
        values, places = torch.topk(h, 2)
        return h + frozen + self.table.sum() + values.sum() + places.sum()


class Model(nn.Module):
    """Tied weights, a module that is called twice, branches on data."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(6, 4)
        self.layers = nn.ModuleList([Block(), Block()])
        self.norm = nn.LayerNorm(4)
        self.head = nn.Linear(4, 6, bias=False)
        self.head.weight = self.embed.weight

    def forward(self, tokens, flag):
        h = self.embed(tokens)
        for layer in self.layers:
            h = h + layer(h)
        h = self.norm(self.norm(h))
        h = torch.cond(flag.sum() > 0, lambda h: h.sin(), lambda h: h.cos() * 2, (h,))
        return {"logits": self.head(h), "hidden": h}


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return Model().eval()


@pytest.fixture(scope="module")
def program(model):
    batch = torch.export.Dim("batch", max=64)
    inputs = (torch.zeros(2, 3, dtype=torch.long), torch.ones(3))
    return torch.export.export(model, inputs, dynamic_shapes=({0: batch}, None))


@pytest.fixture(scope="module")
def path(program, tmp_path_factory):
    path = tmp_path_factory.mktemp("exported") / "tiny.pt2"
    torch.export.save(program, str(path))
    return path


@pytest.fixture(scope="module")
def graph(path):
    return load(str(path))


def told(module, made, found):
    """Note (name, module) of a graph's operators and its edges by brute force; return who made its outputs."""
    for node in module.graph.nodes:
        if node.op == "get_attr":
            made[node] = getattr(module, node.target)
        elif node.op == "output":
            return [made[value] for value in node.args[0]]
        elif node.target is operator.getitem:
            several = made[node.args[0]]
            made[node] = several[node.args[1]] if isinstance(several, list) else several
        elif node.op == "call_function" and "set_grad_enabled" in str(node.target):
            inner = made[node.args[1]]
            taken = [each for each in inner.graph.nodes if each.op == "placeholder"]
            made |= {each: made[given] for each, given in zip(taken, node.args[2:], strict=True)}
            made[node] = told(inner, made, found)
        elif node.op == "call_function":
            found["operators"][node.name] = list(node.meta["nn_module_stack"].values())[-1][0].split("@")[0]
            sources = [made[source] for source in node.all_input_nodes if source.op != "get_attr"]
            found["edges"] |= {(source, node.name) for source in sources}
            made[node] = node.name
    return []


def operators(graph):
    """Return node -> name in the file, of operators that stand in no other operator."""
    names = graph.attributes["node"]
    return {
        int(i): names.get(int(i))
        for i in (graph.kind == NodeKind.OPERATOR).nonzero()[0]
        if not any(graph.kind[a] == NodeKind.OPERATOR for a in graph.ancestors(int(i)))
    }


def test_operators_modules_and_edges_are_those_of_the_program(program, graph):
    found = {"operators": {}, "edges": set()}
    assert any("set_grad_enabled" in str(node.target) for node in program.graph.nodes)
    told(program.graph_module, {n: "" for n in program.graph.nodes if n.op == "placeholder"}, found)
    mine = operators(graph)
    assert {name: graph.path(int(graph.parent[i])) for i, name in mine.items()} == found["operators"]
    edges = {
        (mine[s], mine[t])
        for s, t, kind in zip(graph.edges.source.tolist(), graph.edges.target.tolist(), graph.edges.kind, strict=True)
        if kind == EdgeKind.DATA and s in mine and t in mine
    }
    assert edges == {(a, b) for a, b in found["edges"] if a}
    assert set(graph.edges.provenance.tolist()) == {Provenance.DECLARED}


def test_weights_are_where_torch_says(model, path, graph):
    raw = path.read_bytes()
    state = model.state_dict()
    for name, tensor in state.items():
        node = graph.id_of(name)
        start = int(graph.offset[node])
        assert graph.shape_of(node) == tuple(tensor.shape)
        assert raw[start : start + tensor.numel() * 4] == tensor.numpy().tobytes()
    assert graph.total_parameters[0] == sum(p.numel() for p in model.parameters())
    assert graph.attributes["variable"].get(graph.id_of("layers.0.mask")) == "buffer or constant"


def test_a_tied_weight_counts_once(graph):
    embed, head = graph.id_of("embed.weight"), graph.id_of("head.weight")
    tied = [(s, t) for s, t, k in zip(graph.edges.source, graph.edges.target, graph.edges.kind, strict=True) if k == 3]
    assert tied == [(embed, head)]
    assert graph.parameters[head] == 0
    flow = set(zip(graph.edges.source.tolist(), graph.edges.target.tolist(), strict=True))
    assert {(embed, graph.id_of("embed.embedding")), (head, graph.id_of("head.linear"))} <= flow  # each its own name


def test_classes_inputs_outputs_and_shapes(graph):
    classes = graph.attributes["class"]
    assert classes.get(0).endswith("Model")
    assert classes.get(graph.id_of("layers.1")).endswith("Block")
    assert classes.get(graph.id_of("norm")) == "torch.nn.modules.normalization.LayerNorm"
    direction = graph.attributes["direction"]
    top = {graph.name_of(i): direction.get(i) for i in graph.children(0) if graph.kind[i] == NodeKind.VALUE}
    assert top["tokens"] == top["flag"] == "input"
    assert list(top.values()).count("output") == 2
    tokens = graph.id_of("tokens")
    edge = graph.edges.source.tolist().index(tokens)
    assert graph.shapes[graph.edges.shape_code[edge]] == (-1, 3)
    assert graph.dtypes[graph.edges.dtype_code[edge]] == "I64"
    assert graph.names[graph.edges.target_port[edge]] == "indices"


def test_a_module_called_twice_has_both_calls(graph):
    calls = graph.attributes["call"]
    norm = [i for i in graph.children(graph.id_of("norm")) if graph.kind[i] == NodeKind.OPERATOR]
    assert [calls.get(i) for i in norm] == [None, 2]


def test_branches_are_containers_with_inputs_and_outputs_of_their_own(graph):
    cond = graph.id_of("cond")
    assert graph.kind[cond] == NodeKind.OPERATOR
    then = graph.id_of("cond.true_graph_0")
    kinds = collections.Counter(int(graph.kind[i]) for i in graph.children(then))
    assert kinds == {NodeKind.VALUE: 2, NodeKind.OPERATOR: 1}
    inside = set(range(then, then + int(graph.size[then])))
    crossing = [
        1 for s, t in zip(graph.edges.source.tolist(), graph.edges.target.tolist(), strict=True)
        if (s in inside) != (t in inside)
    ]  # fmt: skip
    assert not crossing  # the two branches of the same value names are not mixed up


def test_equal_layers_look_equal(graph):
    assert graph.signature[graph.id_of("layers.0")] == graph.signature[graph.id_of("layers.1")]
    names = graph.attributes["name_in_file"]
    assert names.get(graph.id_of("layers.1.lifted_tensor")).startswith("layers.1.lifted_tensor_")


@pytest.mark.parametrize("version", ["torch_2_5", "torch_2_8"])
def test_archives_of_older_torch_versions(version):
    said = json.loads((OLD / f"{version}.json").read_text())
    path = OLD / f"{version}.pt2"
    graph = load(str(path))
    mine = operators(graph)
    kinds = graph.attributes["operator"]
    assert {name: kinds.get(i) for i, name in mine.items()} == said["operators"]
    edges = {
        (mine[s], mine[t])
        for s, t in zip(graph.edges.source.tolist(), graph.edges.target.tolist(), strict=True)
        if s in mine and t in mine
    }
    assert edges == {tuple(edge) for edge in said["edges"]}
    assert graph.total_parameters[0] == said["parameters"]
    for name, shape in said["weights"].items():
        assert list(graph.shape_of(graph.id_of(name))) == shape
    raw, norm = path.read_bytes(), int(graph.offset[graph.id_of("norm.weight")])
    assert raw[norm : norm + 16] == torch.ones(4).numpy().tobytes()
    assert graph.path(int(graph.parent[graph.id_of("layers.1.up.linear")])) == "layers.1.up"
    assert graph.signature[graph.id_of("layers.0")] == graph.signature[graph.id_of("layers.1")]
    assert graph.attributes["torch_version"].get(0).startswith(said["torch"])
    assert not graph.warnings


def test_what_torch_notes_of_no_module_is_none(tmp_path):
    """The size of an open dimension is asked for by an operator that torch adds, in no module of the model."""

    class Doubled(nn.Module):
        def forward(self, x):
            return x.view(x.shape[0] * 2, -1)

    program = torch.export.export(Doubled(), (torch.zeros(4, 6),), dynamic_shapes=({0: torch.export.Dim("batch")},))
    path = tmp_path / "doubled.pt2"
    torch.export.save(program, str(path))
    with zipfile.ZipFile(path) as archive:
        assert b"_empty_nn_module_stack" in archive.read("doubled/models/model.json")
    graph = load(str(path))
    assert graph.kind[graph.id_of("sym_size")] == NodeKind.OPERATOR
    assert not (graph.kind == NodeKind.MODULE).any()


def test_a_package_of_two_programs(tmp_path):
    from torch.export.pt2_archive._package import package_pt2

    program = torch.export.export(nn.Linear(4, 2), (torch.zeros(1, 4),))
    path = tmp_path / "two.pt2"
    package_pt2(str(path), exported_programs={"encoder": program, "decoder": program})
    graph = load(str(path))
    assert [graph.name_of(i) for i in graph.children(0)] == ["encoder", "decoder"]
    assert graph.kind[graph.id_of("decoder.linear")] == NodeKind.OPERATOR
    assert graph.total_parameters[graph.id_of("encoder")] == 10


def test_compiled_code_is_named(tmp_path):
    from torch.export.pt2_archive._package import package_pt2

    library = tmp_path / "wrapper.so"
    library.write_bytes(bytes(100))
    program = torch.export.export(nn.Linear(4, 2), (torch.zeros(1, 4),))
    both, alone = tmp_path / "both.pt2", tmp_path / "alone.pt2"
    package_pt2(str(both), exported_programs={"model": program}, aoti_files={"model": [str(library)]})
    package_pt2(str(alone), aoti_files={"model": [str(library)]})
    assert "AOTInductor compiled (1 file, 100 bytes)" in load(str(both)).warnings[0]
    with pytest.raises(InputError, match="AOTInductor compiled"):
        load(str(alone))


def test_a_program_of_fake_tensors_has_shapes_without_bytes(tmp_path):
    from torch._subclasses import FakeTensorMode

    with FakeTensorMode():
        program = torch.export.export(nn.Linear(1000, 500), (torch.zeros(1, 1000),))
        program._example_inputs = None
        torch.export.save(program, str(tmp_path / "fake.pt2"))
    graph = load(str(tmp_path / "fake.pt2"))
    assert graph.total_parameters[0] == 500_500
    assert graph.total_bytes[0] == 0


# ---------------------------------------------------------------- hostile
@pytest.fixture
def rewrite(path, tmp_path):
    """Return a function that writes the archive anew with one record changed."""

    def write(record, change):
        changed = tmp_path / "changed.pt2"
        with zipfile.ZipFile(path) as old, zipfile.ZipFile(changed, "w") as new:
            for name in old.namelist():
                data = old.read(name)
                new.writestr(name, change(data) if name.endswith(record) else data)
        return str(changed)

    return write


def changed_program(change):
    """Return a function that changes a program as plain JSON."""

    def apply(raw):
        plain = json.loads(raw)
        change(plain["graph_module"]["graph"])
        return json.dumps(plain).encode()

    return apply


def test_values_that_nothing_makes_are_said(rewrite):
    def forget(graph):
        graph["nodes"] = graph["nodes"][1:]

    graph = load(rewrite("model.json", changed_program(forget)))
    assert any("nothing makes them: embedding" in warning for warning in graph.warnings)


def test_operators_in_a_circle_are_read(rewrite):
    def turn(graph):
        graph["nodes"][0]["inputs"][0]["arg"]["as_tensor"]["name"] = graph["nodes"][-1]["outputs"][0]["as_tensor"][
            "name"
        ]

    graph = load(rewrite("model.json", changed_program(turn)))
    pairs = set(zip(graph.edges.source.tolist(), graph.edges.target.tolist(), strict=True))
    assert (graph.id_of("head.linear"), graph.id_of("embed.embedding")) in pairs


def test_a_path_of_many_modules_is_refused(rewrite):
    def nest(graph):
        graph["nodes"][0]["metadata"]["nn_module_stack"] = f"k,{'a.' * 5000}a,C"

    with pytest.raises(InputError, match="deep"):
        load(rewrite("model.json", changed_program(nest)))


def test_too_many_operators_are_refused(path):
    with pytest.raises(InputError, match="too many modules and operators"):
        load(str(path), LoadLimits(nodes=40))


@pytest.mark.parametrize(
    ("record", "change", "message"),
    [
        ("model.json", lambda raw: b'{"graph_module":' + b'{"a":' * 100_000, "nested too deeply"),
        ("model.json", lambda raw: b"[" * 100_000, "no exported program|nested"),
        ("model.json", lambda raw: raw[:-100], "no valid JSON"),
        ("model.json", lambda raw: b'{"graph_module": {"graph": {"nodes": [3]}}}', "no exported program"),
        (WEIGHTS, lambda raw: raw.replace(b"embed.weight", b"norm.weight"), "twice"),
        (WEIGHTS, lambda raw: raw.replace(b'{"as_int": 6}', b'{"as_int": 60}'), "beyond its storage"),
        (WEIGHTS, lambda raw: raw.replace(b'{"as_int": 6}', b'{"as_int": 1e3}'), "no list of weights"),
        (WEIGHTS, lambda raw: raw.replace(b'{"as_int": 6}', b'{"as_expr": 1}'), "no valid shape"),
        (WEIGHTS, lambda raw: raw.replace(b"weight_0", b"../weight_0"), "no record"),
    ],
)  # fmt: skip
def test_damaged_records(rewrite, record, change, message):
    with pytest.raises(InputError, match=message):
        load(rewrite(record, change))


def test_nothing_of_the_sample_inputs_is_read(rewrite):
    assert load(rewrite("sample_inputs/model.pt", lambda raw: b"no pickle")).warnings == ()
