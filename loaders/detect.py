"""Which loader reads a path: by content first, by suffix second."""

import os
import stat

from .files import input_error, not_regular, open_regular, read_at, unreadable
from .registry import FORMATS, Candidate, Format

__all__ = ["detect", "supported"]

_HEAD = 512
_TAIL = 2**16


def supported() -> str:
    """Return what can be opened, as one line."""
    return ", ".join(dict.fromkeys(known.title for known in FORMATS))


def detect(path: str) -> Format:
    """Return the format of the file or folder at `path`.

    Raises
    ------
    InputError
        When there is nothing readable, it is empty, or no format fits.
    """
    candidate = _look(path)
    for known in FORMATS:
        if known.content(candidate):
            return known
    if candidate.entries is None:
        for known in FORMATS:
            if known.suffixes and candidate.name.endswith(known.suffixes):
                return known
    what = "is in no known format" if candidate.entries is None else "is a folder without a model"
    raise input_error(path, what, f"supported: {supported()}")


def _look(path: str) -> Candidate:
    """Read the little that decides the format; never block on a FIFO, never read a device."""
    name = os.path.basename(os.path.normpath(path)).lower()  # noqa: PTH119 - a path that Path() refuses is an error below
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116
        if stat.S_ISDIR(mode):
            entries = tuple(entry.lower() for entry in os.listdir(path))  # noqa: PTH208
            if not entries:
                raise input_error(path, "is an empty folder", f"supported: {supported()}")
            return Candidate(path, name, entries=entries)
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from error
    if not stat.S_ISREG(mode):
        raise not_regular(path)
    fd = open_regular(path)
    try:
        size = os.fstat(fd).st_size
        head = read_at(fd, _HEAD, 0)
        tail = read_at(fd, _TAIL, max(size - _TAIL, 0))
    except OSError as error:
        raise unreadable(path, error) from error
    finally:
        os.close(fd)
    if not size:
        raise input_error(path, "is an empty file", f"supported: {supported()}")
    return Candidate(path, name, size, head, tail)
