"""The launcher: menu entry, icons and file types of a Linux desktop, for the current user."""

import os
import shutil
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

from ..errors import MachineError

__all__ = ["install_desktop", "uninstall_desktop"]

_ENTRY = "applications/archviz3d.desktop"
# Resource of the package -> place below the user's data folder (the XDG base directory and icon theme specifications).
_PLACES = {
    "archviz3d.desktop": _ENTRY,
    "archviz3d.svg": "icons/hicolor/scalable/apps/archviz3d.svg",
    "archviz3d.png": "icons/hicolor/256x256/apps/archviz3d.png",
    "archviz3d-mime.xml": "mime/packages/archviz3d.xml",
}
# What rebuilds a desktop's caches: a file or folder without which there is nothing to rebuild, and the command. A
# desktop without such a program has no such cache either, and reads the files themselves.
_CACHES = [
    ("mime", ["update-mime-database", "mime"]),
    ("applications", ["update-desktop-database", "applications"]),
    ("icons/hicolor/icon-theme.cache", ["gtk-update-icon-cache", "--ignore-theme-index", "--quiet", "icons/hicolor"]),
]


def install_desktop() -> list[Path]:
    """Add archviz3d to the menu, with its icon and the file types that it opens.

    The entry starts the Python that runs now, so an installation in a virtual environment works from the menu.
    Installing again renews the files.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    MachineError
        On a system without such entries, or when a file cannot be written.
    """
    home = _data_home()
    written: list[Path] = []
    for resource, place in _PLACES.items():
        content = (files("archviz3d.resources") / resource).read_bytes()
        if place == _ENTRY:
            content = _entry(content.decode()).encode()
        target = home / place
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        except OSError as error:
            raise MachineError(f"{target}: cannot be written ({error.strerror}); make its folder writable") from error
        written.append(target)
    _update_caches(home)
    return written


def uninstall_desktop() -> list[Path]:
    """Remove what `install_desktop` wrote.

    Returns
    -------
    list of Path
        The files removed; empty when there were none.

    Raises
    ------
    MachineError
        On a system without such entries, or when a file cannot be removed.
    """
    home = _data_home()
    removed: list[Path] = []
    for place in _PLACES.values():
        target = home / place
        try:
            target.unlink()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise MachineError(f"{target}: cannot be removed ({error.strerror}); make its folder writable") from error
        removed.append(target)
    if removed:
        _update_caches(home)
    return removed


def _data_home() -> Path:
    if not sys.platform.startswith("linux"):
        raise MachineError("desktop entries are for Linux desktops only; here, start archviz3d from a terminal")
    given = os.environ.get("XDG_DATA_HOME", "")
    # The specification says to ignore a relative path.
    return Path(given) if Path(given).is_absolute() else Path.home() / ".local" / "share"


def _entry(template: str) -> str:
    command = " ".join(_quoted(part) for part in (sys.executable, "-P", "-m", "archviz3d"))
    return template.replace("Exec=archviz3d", f"TryExec={_escaped(sys.executable)}\nExec={command}")


def _quoted(argument: str) -> str:
    """Quote an argument of an Exec key: quotes, their escapes, field codes, and the escapes of every string value."""
    if argument.replace("/", "").replace("-", "").replace("_", "").replace(".", "").isalnum():
        return argument
    for character in '\\"`$':
        argument = argument.replace(character, "\\" + character)
    return _escaped('"' + argument.replace("%", "%%") + '"')


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")


def _update_caches(home: Path) -> None:
    for cached, command in _CACHES:
        if shutil.which(command[0]) is None or not (home / cached).exists():
            continue
        done = subprocess.run(command, cwd=home, capture_output=True, text=True)
        if done.returncode != 0:
            reason = (done.stderr.strip().splitlines() or ["it does not say why"])[-1]
            raise MachineError(f"{command[0]} in {home} failed: {reason}")
