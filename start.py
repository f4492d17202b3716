#!/usr/bin/env python3
"""Set archviz3d up in this checkout and start it. Needs Python 3.11 or later and nothing else.

    python3 start.py [MODEL]              open MODEL, or the sample; without a display, render a picture of it
    python3 start.py test [PYTEST ARGS]   install what the tests need and run them

The first run makes the virtual environment ``.venv`` with the versions pinned in ``constraints.txt``; later runs reuse
it until ``pyproject.toml`` or ``constraints.txt`` changes. On Debian and its relatives, system libraries that are
missing are installed with apt if you may do that; otherwise the command to run is printed and the exit code is 4.
"""

from __future__ import annotations

import ctypes
import hashlib
import importlib.util
import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
STAMP = VENV / "start.json"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
SAMPLE = ROOT / "resources" / "sample.pt"
LINUX = sys.platform.startswith("linux")

# Shared libraries that the wheels of Qt (its xcb platform plugin) and VTK load but do not bring, with the Debian
# package of each; found with ldd on the plugins and by running on a Debian that has Python only.
LIBRARIES = {
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libX11.so.6": "libx11-6",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libXcursor.so.1": "libxcursor1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libwayland-cursor.so.0": "libwayland-cursor0",
    "libwayland-egl.so.1": "libwayland-egl1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-glx.so.0": "libxcb-glx0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}
# Prints the libraries of its arguments that cannot be loaded.
PROBE = """
import ctypes, sys
for soname in sys.argv[1:]:
    try:
        ctypes.CDLL(soname)
    except OSError:
        print(soname)
"""
# Programs that the tests start: program -> Debian package.
TEST_PROGRAMS = {
    "Xvfb": "xvfb",
    "desktop-file-validate": "desktop-file-utils",
    "update-mime-database": "shared-mime-info",
    "xdotool": "xdotool",
}


class SetupError(Exception):
    """Something that the user must see, in one line."""

    def __init__(self, message: str, exit_code: int = 4) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def main(arguments: list[str]) -> int:
    """Run one of the two commands; return the exit code."""
    if sys.version_info < (3, 11):  # noqa: UP036 (this file runs before anything has checked the version)
        raise SetupError(f"this is Python {sys.version.split()[0]}; archviz3d needs Python 3.11 or later")
    if arguments[:1] in (["-h"], ["--help"]):
        print(__doc__)
        return 0
    if arguments[:1] == ["test"]:
        prepare(extras={"test", "torch"}, programs=TEST_PROGRAMS)
        return run_tests(arguments[1:])
    if len(arguments) > 1:
        raise SetupError("one MODEL at most; see python3 start.py --help", exit_code=2)
    prepare(extras=set(), programs={})
    model = arguments[0] if arguments else str(SAMPLE)
    if has_display():
        say(f"opening {model}")
        return subprocess.call([PYTHON, "-P", "-m", "archviz3d", model])
    path = Path(model).resolve()
    picture = f"archviz3d-{path.name if path.is_dir() else path.stem}.png"
    say(f"no display here (DISPLAY and WAYLAND_DISPLAY are unset or dead): rendering {model} to {picture} instead")
    return subprocess.call([PYTHON, "-P", "-m", "archviz3d", "render", model, "-o", picture])


def run_tests(arguments: list[str]) -> int:
    """Run pytest with arguments or, without any, all tests: the viewer's apart, since windows share a screen."""
    # -P: without it the folders of this checkout would be importable as top-level modules.
    pytest = [PYTHON, "-P", "-m", "pytest"]
    if arguments:
        return subprocess.call([*pytest, *arguments], cwd=ROOT)
    viewer = "tests/viewer"
    all_but = ["-n", "auto", "--dist", "worksteal", "--ignore", viewer]
    codes = [subprocess.call([*pytest, *chosen], cwd=ROOT) for chosen in (all_but, [viewer])]
    return next((code for code in codes if code), 0)


def prepare(extras: set[str], programs: dict[str, str]) -> None:
    """Bring the system packages and the virtual environment up to date."""
    if not os.access(ROOT, os.W_OK):
        raise SetupError(f"{ROOT} cannot be written; put the checkout where you may write")
    install_system_packages(programs)
    pins = "\0".join((ROOT / name).read_text(encoding="utf-8") for name in ("pyproject.toml", "constraints.txt"))
    stamp = {"python": sys.version.split()[0], "at": str(VENV), "pins": hashlib.sha256(pins.encode()).hexdigest()}
    have = read_stamp()
    installed = set(have.pop("extras", []))
    if have == stamp and extras <= installed:
        return
    if (have.get("python"), have.get("at")) != (stamp["python"], stamp["at"]) or not PYTHON.exists():
        step("making the virtual environment .venv", [sys.executable, "-m", "venv", "--clear", str(VENV)])
        STAMP.write_text("{}")  # tells an interrupted set-up, to be started afresh, from somebody's own .venv
        installed = set()
    extras |= installed
    package = f".[{','.join(sorted(extras))}]" if extras else "."
    pip = [str(PYTHON), "-m", "pip", "install", "--no-input", "--disable-pip-version-check", "-c", "constraints.txt"]
    step("installing the build backend", [*pip, "setuptools"])
    step(f"installing archviz3d and what it needs ({package})", [*pip, "--no-build-isolation", "-e", package])
    STAMP.write_text(json.dumps({**stamp, "extras": sorted(extras)}))


def read_stamp() -> dict[str, Any]:
    """What the virtual environment was made from; empty where there is none yet."""
    if STAMP.exists():
        return json.loads(STAMP.read_text())
    if VENV.exists():
        raise SetupError(f"{VENV} was not made by start.py and would be overwritten; move it away")
    return {}


def has_display() -> bool:
    """Whether a window can be shown: on Linux a display must not only be named but answer."""
    if not LINUX or os.environ.get("WAYLAND_DISPLAY"):
        return True
    x11 = ctypes.CDLL("libX11.so.6")
    x11.XOpenDisplay.restype = ctypes.c_void_p
    return bool(os.environ.get("DISPLAY")) and x11.XOpenDisplay(None) is not None


def missing_packages(programs: dict[str, str]) -> list[str]:
    """Debian packages of the libraries, programs and Python parts that this machine lacks."""
    if not LINUX:
        return []
    # Asked in a new process: the dynamic linker of this one would remember what it did not find before an installation.
    probe = subprocess.run([sys.executable, "-c", PROBE, *LIBRARIES], stdout=subprocess.PIPE, text=True, check=True)
    packages = [LIBRARIES[soname] for soname in probe.stdout.split()]
    packages += [package for program, package in programs.items() if shutil.which(program) is None]
    if importlib.util.find_spec("ensurepip") is None:
        packages.append(f"python{sys.version_info.major}.{sys.version_info.minor}-venv")
    return packages


def install_system_packages(programs: dict[str, str]) -> None:
    """Install missing system packages with apt, or say exactly what to run."""
    packages = missing_packages(programs)
    if not packages:
        return
    if shutil.which("apt-get") is None:
        names = ", ".join(packages)
        raise SetupError(f"install what Debian calls {names} with your package manager, then start again")
    install = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    if os.geteuid() == 0:
        prefix = ["env", "DEBIAN_FRONTEND=noninteractive"]
    elif shutil.which("sudo") and subprocess.call(["sudo", "-n", "true"], stderr=subprocess.DEVNULL) == 0:
        prefix = ["sudo", "-n", "env", "DEBIAN_FRONTEND=noninteractive"]
    else:
        command = f"sudo apt-get update && sudo {shlex.join(install)}"
        raise SetupError(f"system packages are missing; run this, then start again: {command}")
    # A failing update (one dead source, say) is no reason to stop: the install says whether it matters.
    say(f"system packages that are missing: {' '.join(packages)}")
    step("updating the package lists", [*prefix, "apt-get", "update"], check=False)
    step("installing the system packages", [*prefix, *install])
    still_missing = missing_packages(programs)
    if still_missing:
        raise SetupError(f"still missing after the installation: {', '.join(still_missing)}")


def step(title: str, command: list[str], check: bool = True) -> None:
    """Run one set-up command: one line on the screen, all its output in a log that is named when it fails."""
    log = ROOT / ".start.log"
    live = sys.stdout.isatty()
    width = shutil.get_terminal_size().columns
    started = time.monotonic()
    if not live:
        say(title)
    tail: list[str] = []
    with log.open("w", encoding="utf-8") as record:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        )
        assert process.stdout is not None
        for line in process.stdout:
            record.write(line)
            if line.strip():
                tail = [*tail[-19:], line.strip()]
            if live:
                print(f"\r\x1b[K{f'start.py: {title} ... {line.strip()}'[: width - 1]}", end="", flush=True)
    if process.wait() != 0 and check:
        print(end="\r\x1b[K" if live else "", flush=True)
        causes = [line for line in tail if line.lower().startswith(("error", "e:"))]
        raise SetupError(f"{title}: {(causes or tail or ['no output'])[0]} (the whole output: {log})")
    if live:
        print(end="\r\x1b[K")
        say(f"{title} ({time.monotonic() - started:.0f} s)")


def say(text: str) -> None:
    """Print one progress line."""
    print(f"start.py: {text}", flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except SetupError as error:
        print(f"start.py: error: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
