"""Operators by torch.export: of a whole small model, and of the parts of a large one."""

import pytest

torch = pytest.importorskip("torch")
nn = torch.nn

import archviz3d  # noqa: E402 - torch may be missing
from archviz3d.graph import NodeKind, Provenance  # noqa: E402
from archviz3d.loaders.live import operators  # noqa: E402

from .nets import Language, Routed, UNet  # noqa: E402
from .test_flow import flow  # noqa: E402


def of_type(graph, operator):
    """Return the paths of the operators of a type."""
    return [
        graph.path(i)
        for i in graph.of_kind(NodeKind.OPERATOR).tolist()
        if graph.attribute(i, "operator").startswith(operator)
    ]


def declared(graph):
    """Return how many operators the roles have left as such, with those that got a kind."""
    return len(graph.attributes["operator"].ids)


def test_a_small_model_is_exported_whole():
    net = UNet()
    graph = archviz3d.load(net, flow="operators")
    program = torch.export.export(net, (torch.zeros(1, 3, 224, 224),))
    calls = [node for node in program.graph.nodes if node.op == "call_function"]
    assert declared(graph) == len(calls)
    assert graph.attribute(0, "traced_by") == "operators by torch.export on the meta device"
    edges = flow(graph)
    assert {("image", "down.conv2d"), ("down.weight", "down.conv2d"), ("down.conv2d", "pool.max_pool2d")} <= edges
    assert {("down.conv2d", "cat"), ("cat", "out.conv2d"), ("out.conv2d", "output")} <= edges
    assert ("down", "pool") not in edges  # the operators say it
    assert set(graph.edges.provenance.tolist()) == {Provenance.TRACED}
    cat = graph.id_of("cat")
    assert graph.attributes_of(cat)["dim"] == 1
    assert graph.total(graph.parameters) == sum(p.numel() for p in net.parameters())


def test_equal_parts_are_exported_once_and_shown_everywhere(monkeypatch):
    monkeypatch.setattr(operators, "_MOST_MODULES", 8)  # a layer has 8
    exported = []
    export = torch.export.export

    def noting(module, *arguments, **options):
        exported.append(module)
        return export(module, *arguments, **options)

    monkeypatch.setattr(torch.export, "export", noting)
    graph = archviz3d.load(Language(5), flow="operators")
    assert [type(module).__name__ for module in exported] == ["Embedding", "PreNorm", "Linear"]
    assert "3 kinds of part for 7 places" in graph.attribute(0, "traced_by")
    edges = flow(graph)
    for k in range(5):
        assert {
            (f"layers.{k}.attn.linear", f"layers.{k}.add"),
            (f"layers.{k}.attn.weight", f"layers.{k}.attn.linear"),
            (f"layers.{k}.add", f"layers.{k}.norm2.layer_norm"),
            (f"layers.{k}", f"layers.{k}.add"),
            (f"layers.{k}.add_1", f"layers.{k}"),
        } <= edges
    assert {("embed", "layers.0"), ("layers.0", "layers.1"), ("layers.4", "head"), ("ids", "embed")} <= edges
    assert ("layers.1.norm1", "layers.1.attn") not in edges


def test_what_cannot_be_exported_is_said_and_has_its_hooks():
    graph = archviz3d.load(Routed(), flow="operators", inputs=torch.zeros(3, 4))
    assert "data flow is not known" in graph.warnings[0]

    class Stubborn(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = nn.Linear(4, 4)
            self.second = nn.Linear(4, 4)

        def forward(self, x):
            if torch.compiler.is_exporting():
                raise NotImplementedError("not exported")
            return self.second(self.first(x))

    graph = archviz3d.load(Stubborn(), flow="operators")
    assert flow(graph) == {("x", "first"), ("first", "second"), ("second", "output")}
    assert graph.attribute(0, "traced_by") == "hooks on one forward pass on the meta device"
    assert "torch.export: NotImplementedError: not exported (test_operators.py:" in graph.warnings[0]
