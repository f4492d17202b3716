"""Bytes of a model's files, confined to its folder: read at a place, never mapped.

A mapped file that is cut short behind our back ends the process by SIGBUS; a read says so.
"""

import os
import re
import stat
import weakref
from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path
from threading import Lock

from .unreadable import UnreadableValuesError, unreadable

__all__ = ["Files"]

_MOST_OPEN = 32
_LEAVES = re.compile(r"[/\\]|[A-Za-z]:" + (r"|.*[:\\]" if os.name == "nt" else ""))  # a root, a drive, an NTFS stream
_AGAIN = "open the model again, or download or copy the file again"


class _Handle:
    """An open file; closed when nobody reads it any more, so that it may leave the cache at any time."""

    def __init__(self, path: str, scattered: bool) -> None:
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
        self.fd = os.open(path, flags)  # a FIFO would block
        weakref.finalize(self, os.close, self.fd)
        if not stat.S_ISREG(os.fstat(self.fd).st_mode):
            raise unreadable(path, "is no regular file (a FIFO, device or socket)", "a regular file is needed")
        self._lock = Lock()
        if scattered and hasattr(os, "posix_fadvise"):
            # Read-ahead would take 128 KB for each 512 bytes of a narrow window.
            os.posix_fadvise(self.fd, 0, 0, os.POSIX_FADV_RANDOM)

    def read(self, buffer: memoryview, offset: int) -> int:
        """Read once into `buffer`, as much as there is at once; return how much."""
        if hasattr(os, "preadv"):
            return os.preadv(self.fd, [buffer], offset)
        with self._lock:
            os.lseek(self.fd, offset, os.SEEK_SET)
            part = os.read(self.fd, len(buffer))
        buffer[: len(part)] = part
        return len(part)


class Files:
    """The files of one model, at most 32 of them open. Safe to use from several threads.

    Parameters
    ----------
    source : str
        What the model was read from: a file in its folder, or the folder.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self._paths: dict[str, str] = {}
        self._open: OrderedDict[tuple[str, bool], _Handle] = OrderedDict()
        self._lock = Lock()  # of `_paths` and `_open`

    def path(self, file: str) -> str:
        """Return the path of one of the model's files.

        Links to files are followed, as everywhere in hub caches; folders that are links could lead anywhere.

        Raises
        ------
        UnreadableValuesError
            When it lies outside the model's folder: a graph may come from anywhere.
        """
        with self._lock:
            known = self._paths.get(file)
        if known is not None:
            return known
        folder = Path(self.source) if os.path.isdir(self.source) else Path(self.source).parent  # noqa: PTH112
        parts = file.split("/")
        if _LEAVES.match(file) or "\0" in file or not {"", ".", ".."}.isdisjoint(parts):
            raise unreadable(self.source, f"has values in the file {file!r}", "a file in the model's folder is needed")
        path = str(folder.joinpath(*parts))
        home = os.path.realpath(folder)
        if not Path(os.path.realpath(os.path.dirname(path))).is_relative_to(home):  # noqa: PTH120
            raise unreadable(
                path, "lies in a folder that leads out of the model's", "it must lie in the model's folder"
            )
        with self._lock:
            self._paths[file] = path
        return path

    def size(self, file: str) -> int:
        """Return the bytes of a file."""
        return os.fstat(self._handle(self.path(file), scattered=False).fd).st_size

    def read_into(self, file: str, spans: Iterable[tuple[int, memoryview]], scattered: bool) -> None:
        """Fill buffers with what stands at their offsets.

        Parameters
        ----------
        spans : iterable of (int, memoryview)
            Offset and buffer.
        scattered : bool
            Whether what lies between them is not wanted.

        Raises
        ------
        UnreadableValuesError
            When the file ends before, or the system cannot read it.
        """
        path = self.path(file)
        handle = self._handle(path, scattered)
        try:
            for offset, buffer in spans:
                done = handle.read(buffer, offset)
                while done < len(buffer):
                    more = handle.read(buffer[done:], offset + done)
                    if not more:
                        size = os.fstat(handle.fd).st_size
                        problem = f"has {size:,} bytes, but values stand at {offset:,} to {offset + len(buffer):,}"
                        raise unreadable(path, problem, _AGAIN)
                    done += more
        except OSError as error:
            raise _refused(path, error) from error

    def _handle(self, path: str, scattered: bool) -> _Handle:
        key = (path, scattered)
        with self._lock:
            handle = self._open.get(key)
            if handle is None:
                try:
                    handle = _Handle(path, scattered)
                except (OSError, ValueError) as error:
                    raise _refused(path, error) from error
                self._open[key] = handle
                if len(self._open) > _MOST_OPEN:
                    self._open.popitem(last=False)
            self._open.move_to_end(key)
            return handle


def _refused(path: str, error: OSError | ValueError) -> UnreadableValuesError:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return unreadable(path, "is not there, so its values cannot be read", "put it back beside the model")
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return unreadable(path, f"cannot be read ({reason})", "a readable file is needed")
