"""A live module: its tree, its parameters, its ties."""

import json
import subprocess
import sys

import pytest

from archviz3d.errors import UsageError
from archviz3d.graph import EdgeKind
from archviz3d.loaders.live.model import from_module

torch = pytest.importorskip("torch")
nn = torch.nn


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.num_heads = 4
        self.norm = nn.LayerNorm(8, eps=1e-6)
        self.proj = nn.Linear(8, 8)
        self.register_buffer("mask", torch.ones(3, 3))
        self.act = nn.GELU()


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(10, 8)
        self.layers = nn.ModuleList(Block() for _ in range(3))
        self.head = nn.Linear(8, 10, bias=False)
        self.head.weight = self.embed.weight


def test_counts_what_named_parameters_yields():
    model = Model()
    graph = from_module(model)
    assert graph.total(graph.parameters) == sum(p.numel() for _, p in model.named_parameters())
    assert graph.attribute(0, "buffer_elements") == 27
    assert graph.parameters[graph.id_of("layers.1.mask")] == 0
    assert graph.bytes[graph.id_of("layers.1.mask")] == 36


def test_classes_sizes_and_ties():
    graph = from_module(Model())
    assert graph.attribute(graph.id_of("layers.0.proj"), "class") == "torch.nn.modules.linear.Linear"
    assert graph.attribute(graph.id_of("layers.0.proj"), "in_features") == 8
    assert graph.attribute(graph.id_of("layers.0"), "num_heads") == 4
    assert graph.attribute(graph.id_of("layers.0.norm"), "eps") == 1e-6
    assert graph.id_of("layers.2.act") > 0
    assert graph.attribute(graph.id_of("head.weight"), "tied_to") == "embed.weight"
    assert EdgeKind.TIED in graph.edges.kind.tolist()
    assert graph.name == "Model"
    assert graph.source == ""


def test_a_shared_module_is_shown_twice_and_counted_once():
    shared = nn.Linear(4, 4)
    graph = from_module(nn.Sequential(shared, shared))
    assert graph.total(graph.parameters) == 20
    assert graph.attribute(graph.id_of("1.bias"), "tied_to") == "0.bias"


def test_a_model_without_memory():
    with torch.device("meta"):
        graph = from_module(nn.Linear(100_000, 100_000))
    assert graph.total(graph.parameters) == 100_000 * 100_001


def test_a_lazy_module_is_shown_without_its_shape():
    graph = from_module(nn.Sequential(nn.LazyLinear(4), nn.Linear(4, 2)), flow="none")
    assert graph.total(graph.parameters) == 10
    assert len(graph.warnings) == 2


def test_the_config_is_asked_for_a_name():
    model = Model()
    model.config = type("Config", (), {"to_dict": lambda self: {"_name_or_path": "acme/Tiny", "model_type": "x"}})()
    assert from_module(model).name == "Tiny"


def test_the_same_tree_as_its_state_dict(tmp_path):
    from archviz3d.loaders import load

    torch.save(Model(), tmp_path / "x.pt")
    there, here = load(str(tmp_path / "x.pt")), from_module(Model())
    assert [there.path(i) for i in range(len(there))] == [here.path(i) for i in range(len(here))]


def test_other_things_are_refused():
    with pytest.raises(UsageError, match=r"torch\.nn\.Module"):
        from_module(json)


def test_torch_is_not_imported():
    script = "import sys, archviz3d.loaders.live.module_tree\nassert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", script], check=True)


def test_shared_modules_in_each_other_do_not_run_away():
    module = torch.nn.Identity()
    for _ in range(30):
        module = torch.nn.Sequential(module, module)
    with pytest.raises(UsageError, match="more than 1,000,000 modules by path"):
        from_module(module)
