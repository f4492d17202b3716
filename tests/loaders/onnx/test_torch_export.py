"""A small transformer exported by torch.onnx: hierarchy, edges and weights against the exporter's own notes."""

import ast

import onnx
import pytest

from archviz3d.graph import ModelGraph, NodeKind
from archviz3d.graph.summary import summarize
from archviz3d.loaders import load

torch = pytest.importorskip("torch")
pytest.importorskip("onnxscript")
nn = torch.nn
_WIDTH, _HEADS, _LAYERS, _WORDS = 16, 4, 2, 50


class _Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.q_proj, self.k_proj, self.v_proj, self.o_proj = (nn.Linear(_WIDTH, _WIDTH, bias=False) for _ in range(4))

    def forward(self, x):
        split = (1, -1, _HEADS, _WIDTH // _HEADS)
        q, k, v = (p(x).view(split).transpose(1, 2) for p in (self.q_proj, self.k_proj, self.v_proj))
        mixed = torch.softmax(q @ k.transpose(2, 3), -1) @ v
        return self.o_proj(mixed.transpose(1, 2).reshape(1, -1, _WIDTH))


class _Mlp(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.up_proj, self.down_proj = nn.Linear(_WIDTH, 32), nn.Linear(32, _WIDTH)

    def forward(self, x):
        return self.down_proj(torch.relu(self.up_proj(x)))


class _Layer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.input_layernorm, self.post_attention_layernorm = nn.LayerNorm(_WIDTH), nn.LayerNorm(_WIDTH)
        self.self_attn, self.mlp = _Attention(), _Mlp()

    def forward(self, x):
        x = x + self.self_attn(self.input_layernorm(x))
        return x + self.mlp(self.post_attention_layernorm(x))


class _Model(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(_WORDS, _WIDTH)
        self.layers = nn.ModuleList(_Layer() for _ in range(_LAYERS))
        self.norm, self.lm_head = nn.LayerNorm(_WIDTH), nn.Linear(_WIDTH, _WORDS, bias=False)
        for parameter in self.parameters():
            nn.init.normal_(parameter)  # equal norms would be stored once

    def forward(self, ids):
        x = self.embed_tokens(ids)
        for layer in self.layers:
            x = layer(x)
        return self.lm_head(self.norm(x))


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return _Model().eval()


@pytest.fixture(scope="module", params=[True, False], ids=["dynamo", "torchscript"])
def exported(request, model, tmp_path_factory) -> str:
    path = str(tmp_path_factory.mktemp("export") / "tiny.onnx")
    ids = torch.zeros(1, 8, dtype=torch.long)
    options = {"verbose": False} if request.param else {}
    torch.onnx.export(model, (ids,), path, dynamo=request.param, external_data=False, **options)
    return path


def _node_of(graph: ModelGraph) -> dict[str, int]:
    """Return which node of ours stands for each operator of the file, by its name there."""
    column = graph.attributes["node"]
    return dict(zip(column.values, column.ids.tolist(), strict=True))


def test_counts_and_parameters(exported, model):
    summary = summarize(load(exported))
    proto = onnx.load(exported).graph
    assert (summary.operators, summary.tensors) == (len(proto.node), len(proto.initializer))
    assert summary.parameters == sum(p.numel() for p in model.parameters())
    assert summary.warnings == []


def test_every_weight_stands_where_its_module_does(exported, model):
    graph = load(exported)
    for name, parameter in model.named_parameters():
        node = graph.id_of(name)
        shape = tuple(parameter.shape)
        assert graph.shape_of(node) == (shape[::-1] if graph.attribute(node, "transposed") else shape)
        with open(exported, "rb") as file:  # noqa: PTH123
            file.seek(int(graph.offset[node]))
            read = torch.frombuffer(bytearray(file.read(int(graph.bytes[node]))), dtype=torch.float32)
        read = read.reshape(graph.shape_of(node))
        assert torch.equal(read.T if graph.attribute(node, "transposed") else read, parameter)


def test_operators_stand_in_their_modules(exported):
    graph, where = load(exported), _node_of(load(exported))
    noted = 0
    for node in onnx.load(exported).graph.node:
        notes = {entry.key: entry.value for entry in node.metadata_props}
        path = graph.path(where[node.name])
        if "pkg.torch.onnx.name_scopes" in notes:
            scope = ast.literal_eval(notes["pkg.torch.onnx.name_scopes"])[-2]
        elif node.name[:1] == "/":
            scope = ".".join(part for part in node.name.split("/")[:-1] if part)
        else:
            continue
        noted += 1
        assert path.rpartition(".")[0] == scope, node.name
    assert noted > 40


def test_every_edge_is_true(exported):
    graph, proto = load(exported), onnx.load(exported).graph
    where = _node_of(graph)
    makers = {output: where[node.name] for node in proto.node for output in node.output}
    makers |= {value.name: graph.id_of(value.name.replace(".", "_")) for value in proto.input}
    renamed = graph.attributes["initializer"]
    named = dict(zip(renamed.values, renamed.ids.tolist(), strict=True))
    makers |= {t.name: named[t.name] if t.name in named else graph.id_of(t.name) for t in proto.initializer}
    wanted = [(makers[name], where[node.name]) for node in proto.node for name in node.input if name]
    found = list(zip(graph.edges.source.tolist(), graph.edges.target.tolist(), strict=True))
    ends = [pair for pair in found if graph.kind_of(pair[1]) == NodeKind.VALUE]
    assert sorted(pair for pair in found if pair not in ends) == sorted(wanted)
    assert [source for source, _ in ends] == [makers[value.name] for value in proto.output]


def test_roles_and_classes(exported):
    graph = load(exported)
    summary = summarize(graph)
    assert (summary.layers, [stack.kinds for stack in summary.stacks]) == (_LAYERS, [1])
    kinds = {
        "embed_tokens": NodeKind.EMBEDDING,
        "layers.1": NodeKind.LAYER,
        "layers.1.input_layernorm": NodeKind.NORM,
        "layers.1.self_attn": NodeKind.ATTENTION,
        "layers.1.self_attn.q_proj": NodeKind.PROJECTION,
        "layers.1.mlp": NodeKind.MLP,
        "lm_head": NodeKind.OUTPUT,
    }
    assert {path: graph.kind_of(graph.id_of(path)) for path in kinds} == kinds
    if graph.attribute(0, "hierarchy") == "notes of torch.onnx on its operators":
        assert graph.attribute(graph.id_of("layers.0.mlp"), "class").endswith("_Mlp")
