"""TorchScript that torch wrote, checked against torch."""

import collections
import re
import zipfile

import pytest

from archviz3d.errors import InputError
from archviz3d.graph import EdgeKind, NodeKind
from archviz3d.loaders import LoadLimits, load
from archviz3d.loaders.detect import detect

torch = pytest.importorskip("torch")
nn = torch.nn
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::torch.jit.TracerWarning")


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.up = nn.Linear(4, 8)
        self.down = nn.Linear(8, 4)
        self.register_buffer("mask", torch.ones(4))
        self.scale = 0.5

    def forward(self, x):
        h = self.down(torch.relu(self.up(x))) * self.mask
        values, places = torch.topk(h, 2)
        return h * self.scale + values.sum() + places.sum()


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(6, 4)
        self.layers = nn.ModuleList([Block(), Block()])
        self.norm = nn.LayerNorm(4)
        self.head = nn.Linear(4, 6, bias=False)
        self.head.weight = self.embed.weight

    def forward(self, tokens):
        h = self.embed(tokens)
        for layer in self.layers:
            h = h + layer(h)
        h = self.norm(self.norm(h))
        return self.head(h)


class Steps(nn.Module):
    """Branches, loops, lists, changes in place, checks."""

    def __init__(self):
        super().__init__()
        self.a = nn.Linear(4, 4)
        self.b = nn.Linear(4, 4)
        self.norm = nn.BatchNorm1d(4)
        self.register_buffer("count", torch.zeros(1))

    def forward(self, x, times: int, mask: torch.Tensor | None = None):
        if x.dim() != 2:
            raise ValueError("two dimensions are needed")
        if mask is not None:  # noqa: SIM108 - a branch is what is tested
            x = self.a(x) * mask
        else:
            x = self.b(x)
        seen = []
        for _ in range(times):
            x = torch.tanh(x)
            seen.append(x)
        self.count.add_(1)
        x = torch.relu_(self.norm(x))
        return x.sin(), torch.cat(seen)


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return Model().eval()


@pytest.fixture(scope="module")
def traced(model):
    return torch.jit.trace(model, (torch.zeros(2, 3, dtype=torch.long),))


@pytest.fixture
def saved(tmp_path):
    """Return a function that saves a TorchScript module and reads it."""

    def save(module, name="x.pt"):
        path = tmp_path / name
        module.save(str(path))
        return load(str(path))

    return save


def paths(graph):
    """Return the (from, to) paths of the data flow."""
    return {
        (graph.path(s), graph.path(t))
        for s, t, kind in zip(graph.edges.source.tolist(), graph.edges.target.tolist(), graph.edges.kind, strict=True)
        if kind == EdgeKind.DATA
    }


def flow_between_operators(graph):
    """Return how often an operator of one kind feeds one of another."""
    kinds = graph.attributes["operator"]
    pairs = zip(graph.edges.source.tolist(), graph.edges.target.tolist(), strict=True)
    return collections.Counter((kinds.get(s), kinds.get(t)) for s, t in set(pairs) if kinds.get(s) and kinds.get(t))


def flow_of_torch(inlined):
    """Return the same of torch's own graph, lists and constants passed over."""
    nodes = [node for node in inlined.nodes() if node.kind().startswith("aten::")]
    pairs = {(value.node(), node) for node in nodes for value in node.inputs()}
    named = [(a.kind().replace("::", "."), b.kind().replace("::", ".")) for a, b in pairs]
    return collections.Counter(pair for pair in named if pair[0].startswith("aten."))


def test_a_traced_model_flows_as_torch_says(traced, saved):
    graph = saved(traced)
    inlined = traced.inlined_graph
    shown = collections.Counter(graph.attributes["operator"].values)
    said = collections.Counter(n.kind().replace("::", ".") for n in inlined.nodes() if n.kind().startswith("aten::"))
    assert shown == said
    assert flow_between_operators(graph) == flow_of_torch(inlined)
    assert not graph.warnings


def test_a_scripted_model_flows_as_the_traced_one(model, saved, traced):
    graph = saved(torch.jit.script(model))
    flow = paths(graph)
    assert ("layers.0.up.linear", "layers.0.relu") in flow
    assert ("layers.0.down.weight", "layers.0.down.linear") in flow
    assert ("layers.0.mask", "layers.0.mul") in flow
    assert ("tokens", "embed.embedding") in flow
    assert {("head.linear", "output"), ("head.weight", "head.linear")} <= flow
    # padding_idx and max_norm of F.embedding are known to be None, so nothing is left of their branches
    assert flow_between_operators(graph) == flow_between_operators(saved(traced))


@pytest.mark.parametrize("how", ["script", "trace", "mobile"])
def test_weights_are_where_torch_says(model, traced, tmp_path, how):
    path = tmp_path / "x.ptl"
    if how == "mobile":
        torch.jit.script(model)._save_for_lite_interpreter(str(path))
    else:
        (torch.jit.script(model) if how == "script" else traced).save(str(path))
    graph, raw = load(str(path)), path.read_bytes()
    for name, tensor in model.state_dict().items():
        node = graph.id_of(name)
        start = int(graph.offset[node])
        assert graph.shape_of(node) == tuple(tensor.shape)
        assert raw[start : start + tensor.numel() * 4] == tensor.numpy().tobytes()
    assert graph.total_parameters[0] == sum(p.numel() for p in model.parameters())
    classes = graph.attributes["class"]
    assert classes.get(graph.id_of("layers.0.up")) == "torch.nn.modules.linear.Linear"
    assert (graph.kind == NodeKind.OPERATOR).any()


def test_what_the_code_says_of_modules(model, saved):
    graph = saved(torch.jit.script(model))
    up = graph.id_of("layers.0.up")
    assert graph.attributes["in_features"].get(up) == 4
    assert graph.attributes["scale"].get(graph.id_of("layers.1")) == 0.5
    assert graph.attributes["variable"].get(graph.id_of("layers.1.mask")) == "buffer"


def test_a_module_called_twice_has_both_calls(traced, saved):
    graph = saved(traced)
    assert ("norm.layer_norm", "norm.layer_norm_1") in paths(graph)


def test_branches_loops_lists_and_changes(saved):
    graph = saved(torch.jit.script(Steps().eval()))
    flow = paths(graph)
    assert ("x", "if.then.a.linear") not in flow  # the operator stands in its module, the branch is in the code
    assert {("x", "a.linear"), ("x", "b.linear"), ("a.linear", "if.then.mul"), ("mask", "if.then.mul")} <= flow
    after = {source for source, target in flow if target == "loop.tanh"}
    assert after == {"if.then.mul", "b.linear", "loop.tanh"}
    assert ("times", "loop") in flow
    assert ("loop.tanh", "loop.append") in flow
    assert ("loop.append", "cat") in flow
    assert ("add_", "count") in flow
    assert ("norm.batch_norm", "relu_") in flow
    assert {source for source, target in flow if target == "sin"} == {"relu_"}
    assert {("sin", "output_0"), ("cat", "output_1")} <= flow
    assert "RaiseException" not in {graph.name_of(i) for i in range(len(graph.parent))}
    assert not any(graph.name_of(i) in ("dim", "ne") for i in range(len(graph.parent)))  # only the check used them


class State(nn.Module):
    """Attributes that forward gives a new value."""

    def __init__(self):
        super().__init__()
        for name in ("cache", "maybe", "turned"):
            self.register_buffer(name, torch.zeros(4))

    def forward(self, x, times: int):
        self.cache = torch.sin(x)
        self.cache = torch.cos(self.cache)
        if times > 1:
            self.maybe = torch.exp(self.maybe)
        for _ in range(times):
            self.turned = torch.tanh(self.turned)
        return torch.neg(self.cache), torch.abs(self.maybe), torch.sqrt(self.turned)


def test_what_an_attribute_was_given_is_what_flows(saved):
    flow = paths(saved(torch.jit.script(State())))
    sources = {end: {source for source, target in flow if target == end} for end in ("cos", "neg", "abs", "sqrt")}
    assert sources["cos"] == {"sin"}
    assert sources["neg"] == {"cos"}
    assert sources["abs"] == {"maybe", "if.then.exp"}  # the branch may not run, nor may the loop
    assert sources["sqrt"] == {"turned", "loop.tanh"}
    assert {("cos", "cache"), ("if.then.exp", "maybe"), ("loop.tanh", "turned")} <= flow


class Sides(nn.Module):
    """A list that both sides of a branch change, a dict."""

    def forward(self, x, flag: bool):
        found: dict[str, torch.Tensor] = {"a": torch.exp(x), "b": torch.abs(x)}
        both: list[torch.Tensor] = []
        if flag:
            both.append(torch.sin(x))
        else:
            both.append(torch.cos(x))
        return torch.neg(found["b"]), torch.cat(both)


def test_sides_of_a_branch_do_not_see_each_other(saved):
    flow = paths(saved(torch.jit.script(Sides())))
    assert {source for source, target in flow if target == "if.else.append"} == {"if.else.cos"}
    assert {source for source, target in flow if target == "cat"} == {"if.then.append", "if.else.append"}
    assert {source for source, target in flow if target == "neg"} == {"abs"}


def test_a_frozen_model_counts_its_constants(model, saved):
    graph = saved(torch.jit.freeze(torch.jit.script(model)))
    assert graph.total_parameters[0] > 0
    assert any(source.startswith("CONSTANTS.") and target == "embedding" for source, target in paths(graph))


def test_constants_of_a_traced_model_are_no_parameters(model, traced, saved):
    graph = saved(traced)
    assert graph.id_of("CONSTANTS.c0")
    assert graph.total_parameters[0] == sum(p.numel() for p in model.parameters())


def test_other_archives_are_not_taken_for_it(model, traced, tmp_path):
    torch.save(model.state_dict(), tmp_path / "plain.pt")
    torch.save(model, tmp_path / "pickled.pt")
    traced.save(str(tmp_path / "script.pt"))
    found = {name: detect(str(tmp_path / f"{name}.pt")).loader for name in ("plain", "pickled", "script")}
    plain = "pytorch.container.load"
    assert found == {"plain": plain, "pickled": plain, "script": "torchscript.archive.load"}


def test_flatbuffers_are_named(model, tmp_path):
    path = tmp_path / "x.ptl"
    torch.jit.script(model)._save_for_lite_interpreter(str(path), _use_flatbuffer=True)
    with pytest.raises(InputError, match="flatbuffer"):
        load(str(path))


# ---------------------------------------------------------------- hostile
HEAD = "class Model(Module):\n  __parameters__ = []\n  __buffers__ = []\n"
FORWARD = HEAD + "  def forward(self: __torch__.Model,\n    x: Tensor) -> Tensor:\n"


@pytest.fixture
def with_code(tmp_path):
    """Return a function that gives a tiny module other code, and reads it."""

    class Plain(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Linear(2, 2)
            self.b = nn.Linear(2, 2)

        def forward(self, x):
            return self.b(self.a(x))

    Plain.__qualname__ = Plain.__name__ = "Model"
    source = tmp_path / "plain.pt"
    torch.jit.script(Plain()).save(str(source))

    def read(code, limits=None, others=None):
        path = tmp_path / "changed.pt"
        with zipfile.ZipFile(source) as old, zipfile.ZipFile(path, "w") as new:
            for name in old.namelist():
                data = old.read(name)
                is_model = name.endswith(".py") and b"class Model" in data
                module = next(iter(data.split(b"forward(self: ")[1:]), b"").split(b",")[0].decode() if is_model else ""
                text = code.replace("__torch__.Model", module) if is_model else ""
                new.writestr(name, text if is_model else (others or {}).get(name.rpartition("/")[2], data))
        return load(str(path), limits)

    return read


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("    return " + "(" * 5000 + "x" + ")" * 5000, "cannot be parsed"),
        ("    return " + "-" * 100_000 + "x", "cannot be parsed|nested"),
        ("    return " + "x" + ".a" * 50_000, "cannot be parsed|nested"),
        ("    return " + "torch.add(" * 150 + "x" + ")" * 150, None),
        ("    return lambda: x", "Lambda"),
        ("    with x:\n      pass", "With"),
        ("    return x +", "cannot be parsed"),
        ("    \0", "cannot be parsed"),
        ("    return (self).forward(x, )", "nest more than"),
        ("    a = (self).twice1(x, )\n    return a\n" + "".join(
            f"  def twice{k}(self: __torch__.Model,\n    x: Tensor) -> Tensor:\n"
            f"    return torch.add((self).twice{k + 1}(x, ), (self).twice{k + 1}(x, ))\n" for k in range(1, 35)
        ) + "  def twice35(self: __torch__.Model,\n    x: Tensor) -> Tensor:\n    return x\n", "steps to follow"),
        ("    y = (x, x)\n" + "    y = (y, y)\n" * 2000 + "    return torch.cat(y)", None),
        ("    y = x\n" + "    y = torch.add_(y, y) if x else (y, x)\n" * 3000 + "    return y", None),
        ("".join(f"    a{k} = x\n" for k in range(20_000)) + "    if x:\n      pass\n" * 400 + "    return x",
         "steps to follow"),
        ("    x = torch.relu(x)\n" * 300_000 + "    return x", "bytes of code|steps to follow"),
        ("    open('/tmp/never', 'w')\n    return __import__('os').system(x)", None),
    ],
)  # fmt: skip
def test_hostile_code(with_code, body, reason):
    graph = with_code(FORWARD + body + "\n")
    assert graph.total_parameters[0] == 12  # the tree is shown whatever the code says
    if reason:
        assert len(graph.warnings) == 1
        assert re.search(f"data flow of .*not read.*({reason})", graph.warnings[0])
    else:
        assert not graph.warnings


def test_a_method_that_cannot_be_followed_leaves_the_rest(with_code):
    code = FORWARD + "    a = self.a\n    b = self.b\n    return torch.relu((b).nothing((a).forward(x, ), ))\n"
    graph = with_code(code)
    assert graph.warnings == ("data flow of b.nothing not read: there is no method nothing in its code",)
    assert {("a.linear", "b"), ("b", "relu"), ("relu", "output")} <= paths(graph)


def test_too_many_operators_are_left_out(with_code):
    graph = with_code(FORWARD + "    x = torch.relu(x)\n" * 200 + "    return x\n", LoadLimits(nodes=100))
    assert "operators" in graph.warnings[0]


def test_no_pickle_is_run(with_code, tmp_path):
    target = tmp_path / "ran"
    hostile = b"cos\nsystem\n(S'touch %s'\ntR." % str(target).encode()
    graph = with_code(FORWARD + "    return x\n", others={"constants.pkl": hostile})
    assert not target.exists()
    assert any("os.system" in warning for warning in graph.warnings)
