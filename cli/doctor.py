"""``archviz3d doctor``: what works on this machine."""

import argparse
import os
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from ..errors import MachineError

__all__ = ["run"]

_PROBE_SECONDS = 60
_LINUX_GL = "on Debian and Ubuntu: apt install libegl1 libgl1-mesa-dri libosmesa6"
_LINUX_QT = (
    "on Debian and Ubuntu: apt install libgl1 libegl1 libxkbcommon-x11-0 libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1 "
    "libxcb-image0 libxcb-render-util0 libxcb-shape0 libxcb-randr0 libxcb-xkb1 libdbus-1-3 libfontconfig1"
)
_OPTIONAL = {
    "torch": "live models (archviz3d.show(module)); not needed to open a file",
    "transformers": "the tree of a config.json without weights, whatever its family",
}


def run(options: argparse.Namespace) -> int:
    """Print what works; raise when a picture cannot be drawn."""
    del options
    from .. import __version__

    print(f"archviz3d {__version__}, Python {platform.python_version()}, {platform.platform()}")
    for package in ("numpy", "msgspec", "vtk", "pyvista", "pyvistaqt", "PySide6-Essentials", "psygnal"):
        print(f"  {package} {_version(package)}")
    drawing = _probe("pictures without a screen", "archviz3d.viewer.probe", _LINUX_GL)
    if _has_display():
        _probe("the window", "archviz3d.viewer.window.probe", _LINUX_QT)
    else:
        print("  not tried: the window: there is no display; info, render and export need none")
    print(_films())
    for package, purpose in _OPTIONAL.items():
        state = _version(package) if find_spec(package) else f"not installed (pip install 'archviz3d[{package}]')"
        print(f"  optional: {package} {state}: {purpose}")
    if not drawing:
        raise MachineError("no picture can be drawn on this machine; the lines above tell what is missing")
    return 0


def _films() -> str:
    """Return one line on the encoders of films."""
    from ..viewer.films.ffmpeg import find_encoder, find_ffmpeg
    from ..viewer.films.formats import FILM_SUFFIXES

    try:
        codecs = ", ".join(f"{suffix} by {find_encoder(suffix).codec}" for suffix in FILM_SUFFIXES)
    except MachineError as error:
        return f"  no: films: {error}"
    return f"  ok: films: {codecs} of {find_ffmpeg()}"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "is missing"


def _has_display() -> bool:
    return not sys.platform.startswith("linux") or bool(os.environ.get("WAYLAND_DISPLAY") or os.environ.get("DISPLAY"))


def _probe(what: str, module: str, remedy: str) -> bool:
    """Try a module in a process of its own (missing libraries may abort it) and print one line."""
    done = subprocess.run(
        [sys.executable, "-P", "-m", module], capture_output=True, text=True, timeout=_PROBE_SECONDS, check=False
    )
    if done.returncode == 0:
        print(f"  ok: {what}: {done.stdout.strip().splitlines()[-1]}")
        return True
    reason = ([line.strip() for line in done.stderr.splitlines() if line.strip()] or [f"exit {done.returncode}"])[-1]
    print(f"  no: {what}: {reason}" + (f"; {remedy}" if sys.platform.startswith("linux") else ""))
    return False
