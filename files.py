"""Writing a result: checked before the work starts, and whole or not at all."""

import os
import stat
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from .errors import MachineError, UsageError

__all__ = ["check_output", "whole_file", "write_whole"]

# What no model is read from, so that an older result may be replaced.
_RESULTS = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".mp4", ".webm", ".csv", ".dot", ".graphml", ".html", ".glb")
_OUR_EXPORT = b'{"schema":'


def check_output(path: str, source: str = "") -> None:
    """Refuse an output path that cannot be written.

    Parameters
    ----------
    source : str, optional
        What the result is made of: neither it nor what belongs to it may be overwritten.

    Raises
    ------
    UsageError
        When it is the source or another file of the source's folder that is no older result, a folder or a device, or
        its folder is missing or cannot be written to.
    """
    folder = Path(path).parent
    try:
        there = os.stat(path)  # noqa: PTH116 - Path() refuses what is an error below
    except (FileNotFoundError, NotADirectoryError):
        there = None
    except (OSError, ValueError) as error:  # a name that is too long, a null byte in it
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"{path}: cannot be written ({reason}); give another file name") from error
    if there is not None and stat.S_ISDIR(there.st_mode):
        raise UsageError(f"{path}: is a folder; give a file name")
    if there is not None and not stat.S_ISREG(there.st_mode):
        raise UsageError(f"{path}: is no regular file (a FIFO, device or socket); give a file name")
    if there is not None and source and _is_same(source, there):
        raise UsageError(f"{path}: is the model itself; give another file name")
    if there is not None and source and _belongs_to(source, path):
        raise UsageError(f"{path}: lies in the model's folder and may belong to it; give another file name")
    if not folder.is_dir():
        raise UsageError(f"{path}: there is no folder {str(folder)!r}; make it first")
    if not os.access(folder, os.W_OK):
        raise UsageError(f"{path}: the folder {str(folder)!r} cannot be written to")


def _is_same(source: str, there: os.stat_result) -> bool:
    try:
        return os.path.samestat(os.stat(source), there)  # noqa: PTH116
    except (OSError, ValueError):
        return False  # whoever reads the source says so


def _belongs_to(source: str, path: str) -> bool:
    """Return whether a file that is there may be one that the model was read from, or that it needs elsewhere."""
    try:
        home = Path(source).resolve()
        inside = home.exists() and Path(path).parent.resolve().is_relative_to(home if home.is_dir() else home.parent)
        with Path(path).open("rb") as file:
            ours = file.read(len(_OUR_EXPORT)) == _OUR_EXPORT
    except (OSError, ValueError):
        return False  # whoever reads the one or writes the other says so
    return inside and not ours and not path.lower().endswith(_RESULTS)


def write_whole(path: str, data: bytes) -> None:
    """Write a file through a temporary neighbour, so that no reader ever sees half of it.

    Raises
    ------
    MachineError
        When the system refuses, as when the disk is full.
    """
    with whole_file(path) as temporary:
        temporary.write_bytes(data)


@contextmanager
def whole_file(path: str) -> Generator[Path]:
    """Yield a temporary neighbour of a file to be written, which takes its place at the end.

    When anything is raised meanwhile, the neighbour is removed and the file is as it was.

    Raises
    ------
    MachineError
        When the system refuses, as when the disk is full.
    """
    try:
        with _whole(Path(path)) as temporary:
            yield temporary
    except OSError as error:
        problem = f"{path}: cannot be written ({error.strerror or error})"
        raise MachineError(f"{problem}; another folder or free space is needed") from error


@contextmanager
def _whole(target: Path) -> Generator[Path]:
    handle, name = tempfile.mkstemp(prefix=".archviz3d-", dir=target.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        # mkstemp makes files private; an ordinary output has the user's usual rights.
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
