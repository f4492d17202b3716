import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from archviz3d.cli import doctor, info
from archviz3d.cli.main import run

SAMPLE = str(Path(__file__).resolve().parents[2] / "resources" / "sample.pt")
PROGRAM = [sys.executable, "-P", "-m", "archviz3d"]


def one_error_line(capsys: pytest.CaptureFixture[str]) -> str:
    out = capsys.readouterr()
    assert out.out == ""
    assert out.err.startswith("archviz3d: error: ")
    assert out.err.count("\n") == 1
    return out.err


@pytest.mark.parametrize("command", [["info"], ["export", "-o", "x.json"]])
def test_what_cannot_be_read_is_exit_3(command, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"\xff" * 100)
    assert run([*command, str(broken)]) == 3
    assert one_error_line(capsys).startswith(f"archviz3d: error: {broken}: announces a header of ")
    assert run([*command, str(tmp_path / "nothing.pt")]) == 3
    assert "no such file or folder" in one_error_line(capsys)
    assert not (tmp_path / "x.json").exists()


@pytest.mark.parametrize("output", ["x.obj", "missing/x.json", "."])
def test_a_wrong_output_is_exit_2_before_the_model_is_read(output, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(["export", "nothing.pt", "-o", output]) == 2
    assert output in one_error_line(capsys)


def test_a_machine_that_cannot_draw_is_exit_4(monkeypatch, capsys):
    monkeypatch.setattr(doctor, "_probe", lambda what, module, remedy: False)
    assert run(["doctor"]) == 4
    assert "no picture can be drawn" in capsys.readouterr().err


def test_an_interrupt_is_exit_130(monkeypatch, capsys):
    def interrupt(path):
        raise KeyboardInterrupt

    monkeypatch.setattr(info, "load_confined", interrupt)
    assert run(["info", SAMPLE]) == 130
    assert capsys.readouterr().err == "archviz3d: interrupted\n"


def test_a_bug_shows_its_traceback_and_is_exit_1():
    code = (
        "import archviz3d.cli.info as info, archviz3d.__main__ as program, sys\n"
        "info.load_confined = None\n"
        f"sys.argv = ['archviz3d', 'info', {SAMPLE!r}]\n"
        "sys.exit(program.main())"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert "Traceback" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="a shell's pipe")
def test_a_reader_that_has_enough_is_no_error():
    command = f"{sys.executable} -P -m archviz3d info {SAMPLE} --tree 9 | head -n 1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("\n") == 1


def test_export_writes_every_node_and_edge(tmp_path, capsys):
    target = tmp_path / "sample.json"
    assert run(["export", SAMPLE, "-o", str(target)]) == 0
    document = json.loads(target.read_bytes())
    assert run(["info", SAMPLE, "--json"]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert len(document["edges"]) == summary["edges"]
    assert sum(node["parameters"] for node in document["nodes"]) == summary["parameters"]
    assert sum(node["bytes"] for node in document["nodes"]) == summary["bytes"]
    assert sum(node["kind"] == "expert" for node in document["nodes"]) == summary["experts"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_exit_4():
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([*PROGRAM, "info", SAMPLE], stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 4
    assert done.stderr.startswith("archviz3d: error: cannot write (No space left")
    assert done.stderr.count("\n") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="a shell's way to close a stream")
@pytest.mark.parametrize("closed", [">&-", "<&- >&- 2>&-"])
def test_closed_streams_are_no_error(closed, tmp_path):
    target = tmp_path / "x.json"
    for command in (["info", SAMPLE], ["export", SAMPLE, "-o", str(target)]):
        done = subprocess.run(["bash", "-c", f"{shlex.join([*PROGRAM, *command])} {closed}"], capture_output=True)
        assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(target.read_bytes())["schema"] == 1


def test_what_a_terminal_cannot_show_is_escaped():
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run([*PROGRAM, "info", SAMPLE, "--tree", "4"], capture_output=True, env=environment)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"\\xd7)" in done.stdout  # the times sign after folded layers


def test_the_model_is_not_overwritten(tmp_path, capsys):
    model = tmp_path / "model.json"
    shutil.copy(SAMPLE, model)
    assert run(["export", str(model), "-o", str(model)]) == 2
    assert "is the model itself" in one_error_line(capsys)
    assert model.read_bytes() == Path(SAMPLE).read_bytes()
