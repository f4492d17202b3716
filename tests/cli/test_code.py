"""``package.module:callable``: code runs only where it is allowed, in a process of its own, and fails in one line."""

import importlib
import json
import sys
import textwrap

import pytest

pytest.importorskip("torch")

from archviz3d.cli.main import run
from archviz3d.errors import InputError
from archviz3d.loaders.limits import LoadLimits
from archviz3d.loaders.live.target import load_target, named_code
from archviz3d.loaders.opening import Opening

from .test_main import SAMPLE, one_error_line

CODE = """
    import pathlib
    import torch
    from torch import nn

    pathlib.Path("ran").touch()
    print("noise")

    def huge():
        return nn.Sequential(nn.Linear(300_000, 300_000), nn.ReLU(), nn.Linear(300_000, 4))

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.Linear(4, 4)

        def forward(self, x):
            return x + self.inner(x)

    class Holder:
        net = Net()

    def with_inputs():
        return Net(), torch.zeros(5, 4)

    def fails():
        raise ValueError("no luck\\nat all")

    def leaves():
        raise SystemExit(5)

    def dies():
        import os
        os._exit(7)

    def sleeps():
        import time
        time.sleep(60)

    def number():
        return 7

    def needs(argument):
        return argument
"""


@pytest.fixture
def demo(tmp_path, monkeypatch):
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "__init__.py").touch()
    (tmp_path / "pack" / "demo.py").write_text(textwrap.dedent(CODE))
    (tmp_path / "pack" / "broken.py").write_text("def f(:\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("command", [["info"], ["render", "-o", "x.png"], ["export", "-o", "x.json"], []])
@pytest.mark.parametrize("model", ["pack.demo:huge", "pack/demo.py:huge"])
def test_nothing_runs_without_the_flag(command, model, demo, capsys):
    assert run([*command, model]) == 2
    assert one_error_line(capsys) == (
        f"archviz3d: error: {model}: no such file, but it reads like Python code; --allow-code imports and runs it\n"
    )
    assert not (demo / "ran").exists()


def test_a_model_is_made_without_its_weights(demo, capsys):
    assert run(["info", "--json", "--allow-code", "pack.demo:huge"]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert summary["parameters"] == 300_000 * 300_001 + 4 * 300_001
    assert summary["edges"] == 4
    assert summary["warnings"] == ["made by running Python code: pack.demo:huge (--allow-code)"]


def test_its_operators(demo):
    assert run(["export", "--allow-code", "pack/demo.py:Net", "-o", "x.json", "--flow", "operators"]) == 0
    document = json.loads((demo / "x.json").read_bytes())
    assert sum(node["parameters"] for node in document["nodes"]) == 20
    assert {node["attributes"].get("operator") for node in document["nodes"]} >= {"aten.linear.default"}


def test_code_that_ends_its_process_is_one_line(demo, capsys):
    assert run(["info", "--allow-code", "pack.demo:dies"]) == 3
    assert one_error_line(capsys).endswith("pack.demo:dies: ended its process without a model (status 7)\n")


# ---------------------------------------------------------------- what the worker does, without a process for each
@pytest.fixture
def imports(demo, monkeypatch):
    """Let the modules be found as in the worker, and forget them afterwards."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield
    for name in [name for name in sys.modules if name.split(".")[0] in ("pack", "demo", "nothing")]:
        del sys.modules[name]
    importlib.invalidate_caches()


@pytest.mark.parametrize(
    "model", ["pack.demo:Net", "pack.demo:Holder.net", "pack.demo:with_inputs", "pack/demo.py:Net"]
)
def test_classes_modules_and_pairs(model, imports):
    graph = load_target(model, "hooks", lambda text, fraction: None)
    assert graph.total(graph.parameters) == 20
    assert graph.warnings == (f"made by running Python code: {model} (--allow-code)",)
    given = "float32[5, 4]" if "with" in model else "float32[1, 4]"
    assert graph.attribute(0, "traced_with") == given


@pytest.mark.parametrize(
    ("model", "says"),
    [
        ("pack.demo:fails", r"ValueError: no luck\nat all ("),
        ("pack.demo:leaves", "SystemExit: 5 ("),
        ("pack.demo:number", "makes an object of type int; it must make a torch.nn.Module"),
        ("pack.demo:needs", "TypeError: needs() missing 1 required positional argument"),
        ("pack.demo:fals", "pack.demo has no fals; did you mean fails"),
        ("pack.nothing:f", "ModuleNotFoundError: No module named 'pack.nothing'"),
        ("pack.broken:f", "SyntaxError: invalid syntax ("),
        ("nothing.py:f", "FileNotFoundError"),
    ],
)
def test_what_goes_wrong_is_one_line(model, says, imports):
    with pytest.raises(InputError) as caught:
        load_target(model, "hooks", lambda text, fraction: None)
    line = str(caught.value)
    assert line.startswith(f"{model}: ")
    assert says in line
    assert "\n" not in line


def test_a_missing_library_is_no_fault_of_the_model(demo, monkeypatch, capsys):
    (demo / "without").mkdir()
    (demo / "without" / "torch.py").write_text("raise ImportError('No module named torch')\n")
    monkeypatch.setenv("PYTHONPATH", str(demo / "without"))
    assert run(["info", "--allow-code", "pack.demo:Net"]) == 4
    assert one_error_line(capsys) == (
        'archviz3d: error: pack.demo:Net: needs PyTorch; pip install "archviz3d[torch]"\n'
    )


def test_it_may_not_take_forever(demo):
    with pytest.raises(InputError, match="takes more than 6 seconds to run"):
        Opening("pack.demo:sleeps", LoadLimits(seconds=6), run="hooks").result()


def test_files_are_read_as_ever(demo, capsys):
    assert run(["info", "--allow-code", SAMPLE]) == 0
    assert "Python code" not in capsys.readouterr().out
    assert run(["info", "--flow", "hooks", SAMPLE]) == 2
    assert "--flow is for" in one_error_line(capsys)
    assert run(["info", "--allow-code", "nothing.pt"]) == 3
    assert "no such file" in one_error_line(capsys)


def test_what_exists_is_a_file(demo):
    (demo / "a:b").touch()
    assert named_code("a:b", allowed=False) is None
    assert named_code("C:\\models\\x.pt", allowed=False) is None
    assert named_code("a.b:c.d", allowed=True) == ("a.b", "c.d")
