"""Data flow between modules, on networks whose flow is known."""

import copy
import random

import pytest

torch = pytest.importorskip("torch")
nn = torch.nn

import archviz3d  # noqa: E402 - torch may be missing
from archviz3d.errors import UsageError  # noqa: E402
from archviz3d.graph import EdgeKind, NodeKind, Provenance  # noqa: E402

from .nets import Basic, Branching, Language, PreNorm, Routed, UNet  # noqa: E402


def flow(graph, kinds=tuple(EdgeKind)):
    """Return edges as (source, target) paths; "@" is the model."""
    edges = graph.edges
    wanted = [k for k in range(len(edges)) if edges.kind[k] in kinds and edges.kind[k] != EdgeKind.TIED]
    return {(graph.path(int(edges.source[k])) or "@", graph.path(int(edges.target[k])) or "@") for k in wanted}


def inside(graph, path, kinds=tuple(EdgeKind)):
    """Return the edges in a container, by names there; "@" is the container."""
    found = set()
    for source, target in flow(graph, kinds):
        ends = [("@" if end == path else end.removeprefix(f"{path}.")) for end in (source, target)]
        if all(end == "@" or f"{path}.{end}" in (source, target) for end in ends) and not any("." in e for e in ends):
            found.add(tuple(ends))
    return found


def test_a_chain():
    graph = archviz3d.load(nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2)))
    assert flow(graph) == {("input", "0"), ("0", "1"), ("1", "2"), ("2", "output")}
    assert set(graph.edges.provenance.tolist()) == {Provenance.TRACED}
    assert [graph.shapes[code] for code in graph.edges.shape_code] == [(1, 4), (1, 8), (1, 8), (1, 2)]
    assert {graph.dtypes[code] for code in graph.edges.dtype_code} == {"F32"}
    assert graph.kind_of(graph.id_of("input")) == NodeKind.VALUE
    assert graph.attribute(graph.id_of("output"), "direction") == "output"
    assert graph.attribute(0, "traced_by") == "hooks on one forward pass on the meta device"
    assert graph.attribute(0, "traced_with") == "float32[1, 4]"


def test_a_residual_stream_is_read_from_and_added_to():
    graph = archviz3d.load(Language(3))
    residual = inside(graph, "layers.1", [EdgeKind.RESIDUAL])
    assert residual == {("@", "norm1"), ("attn", "@"), ("@", "norm2"), ("mlp", "@")}
    assert inside(graph, "layers.1", [EdgeKind.DATA]) == {("norm1", "attn"), ("norm2", "mlp")}
    assert inside(graph, "layers.1.mlp") == {("@", "0"), ("0", "1"), ("1", "2"), ("2", "@")}
    along = {(s, t) for s, t in flow(graph, [EdgeKind.RESIDUAL]) if s.count(".") == t.count(".") == 1}
    assert along == {("layers.0", "layers.1"), ("layers.1", "layers.2")}
    assert {("ids", "embed"), ("embed", "layers.0"), ("layers.2", "head"), ("head", "output")} <= flow(graph)
    assert not any("unused" in end for pair in flow(graph) for end in pair)
    assert Provenance.INFERRED not in graph.edges.provenance.tolist()


def test_the_number_of_edges_grows_with_the_number_of_layers():
    few, many = (len(archviz3d.load(Language(n)).edges) for n in (10, 40))
    assert many - few == 30 * (few - len(archviz3d.load(Language(9)).edges))


def test_work_in_place_and_a_module_that_is_used_twice():
    graph = archviz3d.load(nn.Sequential(nn.Conv2d(3, 4, 3), Basic(4)))
    assert inside(graph, "1") == {
        ("@", "conv1"), ("conv1", "relu"), ("relu", "conv2"), ("conv2", "relu"), ("@", "relu"), ("relu", "@")
    }  # fmt: skip
    assert graph.attribute(graph.id_of("1.relu"), "calls") == 2


def test_skip_connections():
    graph = archviz3d.load(UNet())
    assert flow(graph) == {
        ("image", "down"), ("down", "pool"), ("pool", "middle"), ("middle", "up"), ("up", "out"), ("down", "out"),
        ("out", "output"),
    }  # fmt: skip


@pytest.mark.parametrize("way", ["tuple", "dict", "dataclass"])
def test_several_outputs(way):
    graph = archviz3d.load(Branching(way))
    assert {("split", "left"), ("split", "right"), ("left", "join"), ("right", "join")} <= flow(graph)
    edges = graph.edges
    ports = {
        graph.path(int(edges.target[k])): graph.names[edges.source_port[k]]
        for k in range(len(edges))
        if graph.path(int(edges.source[k])) == "split" and graph.path(int(edges.target[k])) != "split.make"
    }
    assert ports == ({"left": "0", "right": "1"} if way == "tuple" else {"left": "first", "right": "second"})


def test_views_of_one_tensor_are_told_apart():
    class Attention(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm_q, self.norm_k = nn.LayerNorm(4), nn.LayerNorm(4)

        def forward(self, q, k):
            return self.norm_q(q) @ self.norm_k(k).T

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.qkv = nn.Linear(4, 8)
            self.attention = Attention()

        def forward(self, x):
            q, k = self.qkv(x).chunk(2, -1)
            return self.attention(q, k)

    graph = archviz3d.load(Net())
    edges = graph.edges
    read = {
        graph.path(int(edges.target[k])): graph.names[edges.source_port[k]]
        for k in range(len(edges))
        if graph.path(int(edges.source[k])) == "attention" and edges.source_port[k] >= 0
    }
    assert read == {"attention.norm_q": "q", "attention.norm_k": "k"}


def test_what_is_returned_as_it_came_comes_from_whoever_returned_it():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.make = nn.Linear(4, 4)
            self.same = nn.Identity()
            self.one = nn.Linear(4, 4)
            self.two = nn.Linear(4, 4)

        def forward(self, x):
            x = self.make(x)
            return self.one(self.same(x)) * self.two(x)

    edges = flow(archviz3d.load(Net()))
    assert {("make", "same"), ("same", "one"), ("make", "two")} <= edges
    assert ("same", "two") not in edges
    assert ("make", "one") not in edges


def test_what_a_module_keeps_for_another_comes_from_it():
    class Keeper(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.Linear(4, 4)

        def forward(self, x):
            self.kept = self.inner(x)

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.keeper = Keeper()
            self.use = nn.Linear(4, 4)

        def forward(self, x):
            self.keeper(x)
            return self.use(self.keeper.kept)

    net = Net()
    assert {("x", "keeper"), ("keeper", "use"), ("use", "output")} <= flow(archviz3d.load(net))
    assert not hasattr(net.keeper, "kept")


def test_shared_modules_and_dictionaries_of_modules():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            shared = nn.Linear(4, 4)
            self.sides = nn.ModuleDict({"a": nn.Sequential(shared), "b": nn.Sequential(shared)})

        def forward(self, x):
            return self.sides["b"](self.sides["a"](x))

    edges = flow(archviz3d.load(Net()))
    assert {("sides.a", "sides.b"), ("sides.a", "sides.a.0"), ("sides.b", "sides.b.0")} <= edges


# ---------------------------------------------------------------- inputs
@pytest.mark.parametrize(
    ("inputs", "source"),
    [
        (torch.zeros(2, 4), "input"),
        ((torch.zeros(2, 4),), "input"),
        ([torch.zeros(2, 4)], "input"),
        ({"input": torch.zeros(2, 4)}, "input"),
    ],
)
def test_given_inputs(inputs, source):
    graph = archviz3d.load(nn.Linear(4, 8), inputs=inputs)
    assert (2, 4) in graph.shapes or (2, 8) in graph.shapes
    assert graph.attribute(0, "traced_with").endswith("float32[2, 4]")


@pytest.mark.parametrize(
    "options",
    [
        {"flow": "magic"},
        {"flow": "run"},
        {"flow": "none", "inputs": torch.zeros(1)},
        {"inputs": 7},
        {"inputs": {1: torch.zeros(1)}},
    ],
)
def test_options_without_sense(options):
    with pytest.raises(UsageError):
        archviz3d.load(nn.Linear(1, 1), **options)


def test_inputs_and_flow_are_for_live_modules(tmp_path):
    graph = archviz3d.load(nn.Linear(1, 1), flow="none")
    for options in ({"flow": "hooks"}, {"inputs": torch.zeros(1)}):
        with pytest.raises(UsageError, match="live"):
            archviz3d.load("model.pt", **options)
        with pytest.raises(UsageError, match="live"):
            archviz3d.render(graph, tmp_path / "x.png", **options)


@pytest.mark.parametrize(
    "module",
    [
        nn.Sequential(nn.Conv2d(1, 4, 3), nn.Flatten(), nn.Linear(4 * 26 * 26, 10)),  # fits 28 x 28 only
        nn.Sequential(nn.Conv1d(2, 4, 3), nn.ReLU()),
        nn.Sequential(nn.Conv3d(1, 2, 3), nn.ReLU()),
        nn.LSTM(5, 7),
        nn.GRUCell(5, 7),
        nn.Transformer(8, 2, 1, 1, 16),
        nn.MultiheadAttention(8, 2),
        nn.TransformerEncoderLayer(8, 2, 16).eval(),
    ],
    ids=lambda module: type(module).__name__,
)
def test_inputs_are_found(module):
    graph = archviz3d.load(module)
    assert graph.attribute(0, "traced_by")
    assert graph.warnings == ()
    assert len(graph.of_kind(NodeKind.VALUE)) > 1


# ---------------------------------------------------------------- the module stays as it was
def test_nothing_of_the_module_changes():
    class Counting(nn.Module):
        def __init__(self):
            super().__init__()
            self.calls = []
            self.drop = nn.Dropout(0.5)
            self.norm = nn.BatchNorm1d(4)
            self.register_buffer("seen", torch.zeros(1))

        def forward(self, x):
            self.calls.append(len(self.calls))
            self.seen += 1
            return self.drop(self.norm(x)) + torch.rand(1) + random.random()

    module = Counting().train()
    module.norm.eval()
    seen = []
    module.norm.register_forward_hook(lambda *_: seen.append(1))
    before = copy.deepcopy(module.state_dict())
    kept = {name: id(tensor) for name, tensor in module.state_dict(keep_vars=True).items()}
    states = random.getstate(), torch.get_rng_state().tolist()
    for how in ("hooks", "operators"):
        archviz3d.load(module, flow=how)
    assert archviz3d.load(module, flow="run", inputs=torch.ones(2, 4)).attribute(0, "traced_by")
    assert (random.getstate(), torch.get_rng_state().tolist()) == states
    assert {name: id(tensor) for name, tensor in module.state_dict(keep_vars=True).items()} == kept
    assert all(torch.equal(before[name], tensor) for name, tensor in module.state_dict().items())
    assert (module.calls, seen, module.training, module.norm.training) == ([], [], True, False)
    assert len(module.norm._forward_hooks) == 1
    assert torch.is_grad_enabled()
    assert not any(parameter.grad_fn for parameter in module.parameters())


class Patched(nn.Module):
    """Its forward is a closure over the module, as patches and ``torch.compile`` make them."""

    def __init__(self):
        super().__init__()
        self.linear, self.norm, self.calls = nn.Linear(4, 4), nn.BatchNorm1d(4), 0

        def inner(x):
            self.calls += 1
            return self.norm(self.linear(x))

        self.forward = lambda x: inner(x)


@pytest.mark.parametrize("how", ["hooks", "run"])
def test_a_closure_over_the_module_runs_the_copy(how):
    module = Patched()
    graph = archviz3d.load(module, flow=how, inputs=torch.ones(2, 4))
    assert flow(graph) == {("x", "linear"), ("linear", "norm"), ("norm", "output")}
    assert (module.calls, int(module.norm.num_batches_tracked)) == (0, 0)


def test_a_compiled_module_is_traced_inside():
    graph = archviz3d.load(torch.compile(nn.Sequential(nn.Linear(4, 8), nn.ReLU())))
    assert ("_orig_mod.0", "_orig_mod.1") in flow(graph)


@pytest.mark.parametrize("how", ["hooks", "operators", "run"])
def test_what_would_run_the_module_itself_is_not_traced(how):
    module = nn.Sequential(nn.BatchNorm1d(4))
    module.forward = _by_global_name
    globals()["_the_module"] = module
    graph = archviz3d.load(module, flow=how, inputs=torch.ones(2, 4))
    assert int(module[0].num_batches_tracked) == 0
    assert "not the copy that is run" in graph.warnings[0]
    module(torch.ones(2, 4))  # which may still be called
    assert int(module[0].num_batches_tracked) == 1


def _by_global_name(x):
    return globals()["_the_module"][0](x)


def test_a_weight_that_is_replaced_while_it_runs():
    class Bounded(nn.Linear):
        def forward(self, x):
            self.weight.data = torch.renorm(self.weight.data, 2, 0, 0.1)
            return super().forward(x)

    module = Bounded(4, 4)
    before = module.weight.detach().clone()
    assert archviz3d.load(module, flow="run", inputs=torch.ones(1, 4)).warnings == ()
    assert torch.equal(module.weight, before)


def test_nothing_is_allocated():
    module = nn.Sequential(*(nn.Linear(20_000, 20_000, device="meta") for _ in range(4)))  # 6.4 GB
    graph = archviz3d.load(module)
    assert graph.total(graph.bytes) > 6.3e9
    assert {("0", "1"), ("1", "2"), ("2", "3")} <= flow(graph)


def test_the_same_every_time():
    first, second = (archviz3d.load(Language()) for _ in range(2))
    assert [first.path(i) for i in range(len(first))] == [second.path(i) for i in range(len(second))]
    for column in ("source", "target", "kind", "shape_code", "source_port", "target_port"):
        assert getattr(first.edges, column).tolist() == getattr(second.edges, column).tolist()


# ---------------------------------------------------------------- when a way fails
def test_what_looks_at_values_is_not_traced_without_them():
    graph = archviz3d.load(Routed())
    assert graph.attribute(0, "traced_by") is None
    (warning,) = graph.warnings
    assert "meta device" in warning
    assert "fake tensors" in warning
    assert "nets.py" in warning
    assert "give inputs" in warning
    assert len(graph.edges) == 0


def test_what_looks_at_values_runs_with_them():
    torch.manual_seed(0)
    graph = archviz3d.load(Routed(), inputs=torch.randn(64, 4), flow="run")
    assert graph.attribute(0, "traced_by") == "hooks on one forward pass with the given inputs"
    edges = flow(graph)
    assert {("x", "gate"), ("x", "experts.0"), ("gate", "experts.2"), ("experts.1", "output")} <= edges
    assert not any(s.startswith("experts.") and t.startswith("experts.") for s, t in edges)


def test_fake_tensors_where_the_meta_device_is_not_enough():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(4, 4)

        def forward(self, x):
            if x.device.type != "cpu":
                raise ValueError("only on the cpu")
            return self.linear(x)

    graph = archviz3d.load(Net())
    assert graph.attribute(0, "traced_by") == "hooks on one forward pass with fake tensors"
    (failure,) = graph.attribute(0, "not_traced_by")
    assert "on the meta device: ValueError: only on the cpu (test_flow.py:" in failure
    assert graph.warnings == ()


def test_an_error_of_the_module_is_a_warning_and_leaves_no_hook():
    class Net(PreNorm):
        def forward(self, x):
            self.norm1(x)
            raise KeyError("lost")

    module = Net()
    graph = archviz3d.load(module)
    assert "KeyError: 'lost' (test_flow.py:" in graph.warnings[0]
    assert not any(inner._forward_hooks or inner._forward_pre_hooks for inner in module.modules())
    assert graph.total(graph.parameters) == sum(p.numel() for p in module.parameters())
