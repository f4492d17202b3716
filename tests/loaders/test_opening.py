"""Opening in the worker process: progress, cancel, limits, and where the worker finds its code."""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import archviz3d
from archviz3d.errors import ArchvizError, InputError, MachineError
from archviz3d.graph.summary import summarize
from archviz3d.loaders import LoadLimits, load, load_confined
from archviz3d.loaders.confinement import resident_bytes
from archviz3d.loaders.opening import Opening, Progress


@pytest.fixture
def many_shards(tmp_path):
    """Return a folder that takes the worker some time to read."""
    folder = tmp_path / "large"
    folder.mkdir()
    for k in range(40):
        header = {
            f"layers.{k}.experts.{e}.{w}": {"dtype": "F32", "shape": [1], "data_offsets": [4 * i, 4 * i + 4]}
            for i, (e, w) in enumerate((e, w) for e in range(1000) for w in ("up", "down"))
        }
        raw = json.dumps(header).encode()
        path = folder / f"model-{k + 1:05}-of-00040.safetensors"
        path.write_bytes(len(raw).to_bytes(8, "little") + raw + bytes(8000))
    return folder


def test_the_worker_hands_back_the_same_graph(write_safetensors, two_tensors):
    path = str(write_safetensors(two_tensors, 24))
    opening = Opening(path)
    opening.start()
    while not opening.poll():
        time.sleep(0.01)
    there, here = opening.result(), load(path)
    for column in ("parent", "parameters", "bytes", "offset", "signature", "kind"):
        assert np.array_equal(getattr(there, column), getattr(here, column))
    assert there.names == here.names
    assert there.source == path
    assert threading.active_count() == 1 + sum(t.daemon for t in threading.enumerate())


def test_errors_come_through_as_they_are(tmp_path):
    path = tmp_path / "x.safetensors"
    path.write_bytes(b"nothing")
    with pytest.raises(InputError) as here:
        load(str(path))
    with pytest.raises(InputError) as there:
        Opening(path).result()
    assert str(there.value) == str(here.value)


@pytest.mark.parametrize("path", ["/no/such/file", "a\0b", "", "-c", "\udcff"])
def test_odd_paths(path):
    with pytest.raises(InputError) as caught:
        Opening(path).result()
    assert "\n" not in str(caught.value)


def test_progress_is_told(many_shards):
    opening = Opening(many_shards)
    opening.start()
    told = set()
    while not opening.poll():
        told.add(opening.progress)
        time.sleep(0.001)
    assert opening.result().total_parameters[0] == 80_000
    fractions = [fraction for text, fraction in told if text]
    assert fractions
    assert all(0 <= fraction <= 1 for fraction in fractions)
    assert str(Progress("x.safetensors", 0.5)) == "x.safetensors (50%)"


def test_cancel_ends_the_worker_and_its_threads(many_shards):
    before = threading.active_count()
    opening = Opening(many_shards)
    opening.start()
    process = opening._process
    time.sleep(0.2)
    started = time.monotonic()
    opening.cancel()
    assert time.monotonic() - started < 1
    assert process.poll() is not None
    assert opening.poll()
    assert threading.active_count() == before
    with pytest.raises(InputError, match="cancelled"):
        opening.result()
    opening.cancel()


def test_cancel_before_and_after(write_safetensors, two_tensors):
    path = str(write_safetensors(two_tensors, 24))
    opening = Opening(path)
    opening.cancel()
    with pytest.raises(InputError, match="cancelled"):
        opening.result()
    opening = Opening(path)
    graph = opening.result()
    opening.cancel()
    assert opening.result() is graph


def test_a_late_worker_is_ended(many_shards):
    started = time.monotonic()
    with pytest.raises(InputError, match=r"more than 0\.05 seconds"):
        Opening(many_shards, LoadLimits(seconds=0.05)).result()
    assert time.monotonic() - started < 5


@pytest.mark.skipif(sys.platform != "linux", reason="the system must have the limit")
def test_a_worker_that_needs_too_much_memory(many_shards):
    with pytest.raises(InputError, match="memory"):
        Opening(many_shards, LoadLimits(memory_bytes=3_000_000)).result()


@pytest.mark.skipif(sys.platform != "linux", reason="the system must have the limit")
def test_reading_here_is_limited_too(monkeypatch, many_shards):
    # Only that the limit is in force: what C code does when memory really ends, it may do at the cost of the process.
    import resource

    before = resource.getrlimit(resource.RLIMIT_DATA)
    during = []
    monkeypatch.setattr("archviz3d.loaders.load", lambda *_: during.append(resource.getrlimit(resource.RLIMIT_DATA)))
    load_confined(str(many_shards), LoadLimits(memory_bytes=2**30))
    assert 2**30 < during[0][0] < 2**40
    assert during[0][1] == before[1]
    assert resource.getrlimit(resource.RLIMIT_DATA) == before


def test_a_lack_of_memory_is_an_input_error(monkeypatch, many_shards):
    def exhausted(*_):
        raise MemoryError

    monkeypatch.setattr("archviz3d.loaders.safetensors.read_headers", exhausted)
    with pytest.raises(InputError, match="memory"):
        load_confined(str(many_shards))


def test_a_dying_worker_is_an_error(many_shards):
    opening = Opening(many_shards)
    opening.start()
    opening._process.kill()
    with pytest.raises(InputError, match="crash"):
        opening.result()


def test_an_interpreter_without_the_package(monkeypatch, write_safetensors, two_tensors):
    monkeypatch.setattr("archviz3d.loaders.opening._COMMAND", ("-S", "-c", "import archviz3d.nothing"))
    with pytest.raises(MachineError, match="installed"):
        Opening(write_safetensors(two_tensors, 24)).result()


def test_a_bug_is_no_input_error(monkeypatch, write_safetensors, two_tensors):
    bug = 'print("archviz3d worker 1"); print(\'{"bug": "Traceback: it broke"}\')'
    monkeypatch.setattr("archviz3d.loaders.opening._COMMAND", ("-c", bug))
    with pytest.raises(ArchvizError, match="it broke") as caught:
        Opening(write_safetensors(two_tensors, 24)).result()
    assert caught.value.exit_code == 1


def test_the_memory_of_a_process_is_known():
    assert resident_bytes(os.getpid()) > 5_000_000
    assert not resident_bytes(2**22 + 1)


# ---------------------------------------------------------------- what runs in the worker
HOSTILE = "raise SystemExit('the wrong module ran')\n"


@pytest.mark.parametrize("how", ["as installed", "from sys.path", "PYTHONPATH"])
def test_modules_beside_the_model_do_not_run(tmp_path, write_safetensors, two_tensors, how):
    path = write_safetensors(two_tensors, 24)
    for name in ("json", "msgspec", "numpy", "archviz3d", "struct", "resource"):
        (tmp_path / f"{name}.py").write_text(HOSTILE)
    script = tmp_path / "scripts" / "open.py"
    script.parent.mkdir()
    home = tmp_path / "home"
    home.mkdir()
    (home / "archviz3d").symlink_to(Path(archviz3d.__file__).parent, target_is_directory=True)
    insert = f"sys.path.insert(1, {str(home)!r})" if how == "from sys.path" else ""
    script.write_text(
        f"import sys\n{insert}\nfrom archviz3d.loaders.opening import Opening\n"
        f"print(len(Opening({path.name!r}).result()))\n"
    )
    environment = dict(os.environ, PYTHONPATH=str(home)) if how == "PYTHONPATH" else None
    done = subprocess.run([sys.executable, script], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.stdout == "4\n", done.stderr


@pytest.mark.parametrize("kind", ["safetensors", "pt"])
def test_reading_loads_no_heavy_module(write_safetensors, two_tensors, tmp_path, kind):
    path = write_safetensors(two_tensors, 24)
    if kind == "pt":
        torch = pytest.importorskip("torch")
        path = tmp_path / "x.pt"
        torch.save(torch.nn.Linear(2, 2), path)
    heavy = ["torch", "vtk", "vtkmodules", "PySide6", "pyvista", "numba", "networkx", "scipy", "logging", "asyncio"]
    heavy += ["multiprocessing", "concurrent.futures", "socket"]
    script = (
        f"import sys\nfrom archviz3d.loaders import load\nload({str(path)!r})\nprint(*set(sys.modules) & set({heavy}))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_the_worker_refuses_what_reading_never_needs():
    script = (
        "from archviz3d.loaders.confinement import confine\nconfine(10**9, 60)\nimport os, socket, subprocess\n"
        "for act in (lambda: os.system('true'), socket.socket, lambda: subprocess.run(['true']), os.fork):\n"
        "    try:\n        act()\n        print('ran')\n    except PermissionError:\n        print('refused')\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["refused"] * 4


def test_printing_does_not_get_between_the_messages(write_safetensors, two_tensors, tmp_path):
    """A library that prints on import (here: sitecustomize) must not break the pipe."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(
        "import atexit\natexit.register(print, 'bye')\nimport threading\nthreading.Timer(0, print, ['noise']).start()\n"
    )
    path = write_safetensors(two_tensors, 24)
    script = f"from archviz3d.loaders.opening import Opening\nprint('nodes', len(Opening({str(path)!r}).result()))"
    environment = dict(os.environ, PYTHONPATH=str(tmp_path / "site"))
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True)
    assert "nodes 4" in done.stdout, done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_the_worker_ends_with_its_parent(many_shards):
    script = (
        "import time\nfrom archviz3d.loaders.opening import Opening\n"
        f"opening = Opening({str(many_shards)!r})\nopening.start()\n"
        "print(opening._process.pid, flush=True)\ntime.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as parent:
        worker = Path("/proc") / parent.stdout.readline().strip()
        assert worker.exists()
        parent.kill()
    late = time.monotonic() + 5
    while worker.exists() and "Z" not in (worker / "stat").read_text().split()[2]:
        assert time.monotonic() < late
        time.sleep(0.02)


@pytest.mark.skipif(sys.platform != "linux", reason="paths are text elsewhere")
@pytest.mark.parametrize("name", ["model.safetensors", "model.pt"])
def test_a_path_that_is_no_text(tmp_path, write_safetensors, two_tensors, name):
    folder = tmp_path / os.fsdecode(b"\xff")
    folder.mkdir()
    path = folder / (os.fsdecode(b"\xfe") + name)
    shutil.copy(write_safetensors(two_tensors, 24), path)
    graph = Opening(path).result()
    assert graph.source == str(path)
    assert graph.files == (path.name,)
    assert summarize(graph).path.isprintable()


def test_progress_is_fit_for_a_terminal(many_shards):
    for path in many_shards.iterdir():
        path.rename(path.with_name(f"\x1b[31m{path.name}"))
    opening = Opening(str(many_shards))
    opening.start()
    seen = set()
    while not opening.poll():
        seen.add(opening.progress.text)
        time.sleep(0.001)
    opening.result()
    assert all(text.isprintable() for text in seen)


def test_an_error_does_not_hold_on_to_what_was_read(monkeypatch, write_safetensors, two_tensors):
    """Under a memory limit there would be no room for the error itself."""

    def full(*_):
        raise MemoryError

    monkeypatch.setattr("archviz3d.loaders.safetensors.load", full)
    with pytest.raises(InputError, match="needs more memory") as caught:
        load(str(write_safetensors(two_tensors, 24)))
    assert caught.value.__context__ is None
