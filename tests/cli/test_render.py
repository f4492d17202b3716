"""Films from the command line."""

import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from archviz3d.cli import doctor
from archviz3d.cli.main import run
from archviz3d.viewer.films import ffmpeg

SAMPLE = str(Path(__file__).resolve().parents[2] / "resources" / "sample.pt")
SMALL = ["--size", "160x90", "--fps", "10"]
PROGRAM = [sys.executable, "-P", "-m", "archviz3d", "render", SAMPLE]


def error_line(capsys):
    out = capsys.readouterr()
    assert out.out == ""
    assert out.err.startswith("archviz3d: error: ")
    assert out.err.count("\n") == 1
    return out.err


def test_a_flight_is_a_film(tmp_path, capsys):
    path = tmp_path / "x.mp4"
    assert run(["render", SAMPLE, "-o", str(path), "--fly", "model.layers.2,model.layers.2.mlp", *SMALL]) == 0
    assert capsys.readouterr() == ("", "")
    if shutil.which("ffprobe") is None:
        pytest.skip("ffprobe is missing, so nothing has read the film (Debian: apt install ffmpeg)")
    command = ["ffprobe", "-v", "error", "-count_frames", "-show_streams", "-of", "json", str(path)]
    (stream,) = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["streams"]
    assert (stream["width"], stream["height"], stream["pix_fmt"]) == (160, 90, "yuv420p")
    assert int(stream["nb_read_frames"]) == pytest.approx(10 * float(stream["duration"]))
    assert 6 < float(stream["duration"]) < 10


def test_numbered_pictures(tmp_path):
    assert run(["render", SAMPLE, "-o", str(tmp_path / "f-%02d.png"), "--turntable", "0.3", *SMALL]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["f-00.png", "f-01.png", "f-02.png"]


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--fly", "model.layers.99"], "'model.layers' has 0 to 7"),
        (["--fly", "model.layers.0,model.lairs"], "did you mean model.layers"),
        (["--fly", "model.layers.0", "--hide", "model.layers.0"], "is hidden"),
        (["--turntable", "1", "--focus", "model.lairs"], "did you mean model.layers"),
        ([], "say which: --turntable SECONDS or --fly"),
        (["--turntable", "1", "--transparent"], "not transparent"),
    ],
)
def test_wrong_usage_is_exit_2_and_leaves_nothing(more, says, tmp_path, capsys):
    assert run(["render", SAMPLE, "-o", str(tmp_path / "x.mp4"), "--size", "160x90", *more]) == 2
    assert says in error_line(capsys)
    assert not list(tmp_path.iterdir())


def test_an_odd_size_is_refused_before_the_model_is_read(tmp_path, capsys):
    command = ["render", "nothing.pt", "-o", str(tmp_path / "x.webm"), "--turntable", "1", "--size", "1919x1079"]
    assert run(command) == 2
    assert "1920x1080 would be right" in error_line(capsys)


def test_a_machine_without_an_encoder_is_exit_4_before_the_model_is_read(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(ffmpeg, "_known_encoders", lambda _: frozenset())
    assert run(["render", "nothing.pt", "-o", str(tmp_path / "x.mp4"), "--turntable", "1"]) == 4
    assert "pip install 'archviz3d[film]'" in error_line(capsys)


@pytest.mark.skipif(os.name == "nt", reason="signals and terminals of Unix")
def test_ctrl_c_on_a_terminal_shows_progress_before_and_leaves_nothing(tmp_path):
    """Ctrl-C goes to the whole group of processes, the encoder's included."""
    ours, theirs = pty.openpty()
    command = [*PROGRAM, "-o", str(tmp_path / "x.mp4"), "--turntable", "600", *SMALL]
    process = subprocess.Popen(command, stderr=theirs, start_new_session=True)
    os.close(theirs)
    said = b""
    deadline = time.monotonic() + 120
    while b"frame 5 of 6000" not in said and time.monotonic() < deadline:
        said += os.read(ours, 4096)
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(60) == 130
    while b"interrupted" not in said:
        said += os.read(ours, 4096)
    os.close(ours)
    assert b"min left" in said
    assert b"Traceback" not in said
    assert not list(tmp_path.iterdir())


def test_doctor_tells_which_encoders_there_are(monkeypatch):
    assert doctor._films().startswith("  ok: films: .mp4 by lib")
    monkeypatch.setattr(ffmpeg, "_known_encoders", lambda _: frozenset())
    assert "pip install 'archviz3d[film]'" in doctor._films()
