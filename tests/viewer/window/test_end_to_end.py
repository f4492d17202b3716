"""The whole program in a process of its own, driven from outside as by a hand: X events only."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from archviz3d.viewer.window.recent import sample_path

pytestmark = pytest.mark.skipif(
    shutil.which("xdotool") is None or not os.environ.get("DISPLAY"), reason="needs xdotool and an X display"
)


def xdo(*arguments: object) -> str:
    done = subprocess.run(["xdotool", *map(str, arguments)], capture_output=True, text=True, timeout=20)
    return done.stdout.strip()


def wait_for(what, seconds=60.0):
    late = time.monotonic() + seconds
    while time.monotonic() < late:
        found = what()
        if found:
            return found
        time.sleep(0.1)
    raise TimeoutError(f"waited {seconds} s")


@pytest.fixture
def program(tmp_path):
    """`archviz3d sample.pt`, with settings and a log of its own; a line of the log for each focus and selection."""
    log = tmp_path / "log"
    code = (
        "import sys; from archviz3d.viewer.window import application\n"
        "from archviz3d.viewer.window.main_window import MainWindow\n"
        f"log = open({str(log)!r}, 'w', buffering=1)\n"
        "def note(what, window, node): print(what, '' if node is None else window.graph.path(node), file=log)\n"
        "init, opened = MainWindow.__init__, MainWindow._on_opened\n"
        "def made(self, *a):\n"
        "    init(self, *a)\n"
        "    self._notes = [lambda n: note('focus', self, n), lambda n: note('selection', self, n)]\n"
        "    self.state.events.focus.connect(self._notes[0]); self.state.events.selection.connect(self._notes[1])\n"
        "def shown(self, *a): opened(self, *a); print('opened', file=log)\n"
        "MainWindow.__init__, MainWindow._on_opened = made, shown\n"
        f"sys.exit(application.run({sample_path()!r}))\n"
    )
    env = os.environ | {"XDG_CONFIG_HOME": str(tmp_path / "config"), "QT_QPA_PLATFORM": "xcb"}
    process = subprocess.Popen([sys.executable, "-c", code], env=env, stderr=subprocess.PIPE, text=True)
    yield process, log
    if process.poll() is None:
        process.kill()
        process.wait()


def last(log: Path, what: str) -> str | None:
    lines = [line.split(" ", 1)[1].strip() for line in log.read_text().splitlines() if line.startswith(f"{what} ")]
    return lines[-1] if lines else None


def test_mouse_and_keys_lead_through_the_sample(program):
    process, log = program
    wait_for(lambda: log.exists() and "opened" in log.read_text())
    ids = wait_for(lambda: xdo("search", "--onlyvisible", "--pid", process.pid)).split()
    window = ids[0]
    xdo("windowfocus", window)
    time.sleep(1.0)  # the first frames
    geometry = dict(line.split("=") for line in xdo("getwindowgeometry", "--shell", window).splitlines())
    width, height = int(geometry["WIDTH"]), int(geometry["HEIGHT"])
    x, y = width // 2, height // 2
    xdo("mousemove", "--window", window, x, y)
    time.sleep(0.3)
    xdo("click", "1")
    wait_for(lambda: last(log, "selection"))
    xdo("click", "--repeat", "2", "--delay", "60", "1")
    layer = wait_for(lambda: last(log, "focus"))
    assert "layers" in layer
    time.sleep(1.5)
    xdo("key", "--window", window, "3")
    wait_for(lambda: "experts" in (last(log, "focus") or ""))
    time.sleep(1.5)
    xdo("key", "--window", window, "Escape")
    wait_for(lambda: last(log, "focus") and "experts" not in last(log, "focus"))
    time.sleep(1.5)
    xdo("key", "--window", window, "Home")
    wait_for(lambda: last(log, "focus") == "")
    xdo("key", "--window", window, "ctrl+q")
    assert process.wait(20) == 0
    assert process.stderr.read() == ""


def test_interrupt_closes_the_window(program):
    process, log = program
    wait_for(lambda: log.exists() and "opened" in log.read_text())
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0
