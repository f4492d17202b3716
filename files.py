"""Writing a result: checked before the work starts, and whole or not at all."""

import os
import tempfile
from pathlib import Path

from .errors import MachineError, UsageError

__all__ = ["check_output", "write_whole"]


def check_output(path: str) -> None:
    """Refuse an output path that cannot be written.

    Raises
    ------
    UsageError
        When it is a folder, or its folder is missing or cannot be written to.
    """
    target = Path(path)
    folder = target.parent
    if target.is_dir():
        raise UsageError(f"{path}: is a folder; give a file name")
    if not folder.is_dir():
        raise UsageError(f"{path}: there is no folder {str(folder)!r}; make it first")
    if not os.access(folder, os.W_OK):
        raise UsageError(f"{path}: the folder {str(folder)!r} cannot be written to")


def write_whole(path: str, data: bytes) -> None:
    """Write a file through a temporary neighbour, so that no reader ever sees half of it.

    Raises
    ------
    MachineError
        When the system refuses, as when the disk is full.
    """
    try:
        _write(Path(path), data)
    except OSError as error:
        problem = f"{path}: cannot be written ({error.strerror or error})"
        raise MachineError(f"{problem}; another folder or free space is needed") from error


def _write(target: Path, data: bytes) -> None:
    handle, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        # mkstemp makes files private; an ordinary output has the user's usual rights.
        umask = os.umask(0)
        os.umask(umask)
        Path(temporary).chmod(0o666 & ~umask)
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
