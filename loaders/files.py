"""Opening a path that came from outside, and saying in one line why it cannot be read."""

import os
import stat

from ..errors import InputError

__all__ = [
    "DAMAGED",
    "check_inside",
    "input_error",
    "not_regular",
    "not_the_file",
    "open_regular",
    "plain_text",
    "read_at",
    "read_whole",
    "unreadable",
]

DAMAGED = "the file is damaged or hostile"
_LONGEST = 300


def plain_text(text: str, longest: int = _LONGEST) -> str:
    """Return `text` on one line: control and other unprintable characters escaped, the middle left out when long."""
    if not text.isprintable():
        text = "".join(c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode() for c in text)
    if len(text) > longest:
        text = f"{text[: longest // 2]}...{text[-longest // 2 :]}"
    return text


def input_error(path: str, problem: str, remedy: str = "") -> InputError:
    """Return the error ``PATH: what is wrong; what would be right``, safe to print."""
    shown = plain_text(path, 4096)
    return InputError(f"{shown}: {plain_text(problem, 1000)}" + (f"; {plain_text(remedy, 1000)}" if remedy else ""))


def open_regular(path: str) -> int:
    """Open a regular file for reading and return its descriptor.

    A FIFO would block and a device has no end, so the file is opened without blocking and looked at
    before a byte is read. Symbolic links are followed: hub caches are made of them.

    Raises
    ------
    InputError
        When there is no such file, or it is not a regular one.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    try:
        fd = os.open(path, flags)
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from error
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise not_regular(path)
    return fd


def unreadable(path: str, error: OSError | ValueError) -> InputError:
    """Return the error for a path that the system refuses."""
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return input_error(path, "no such file or folder", "check the path")
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return input_error(path, f"cannot be opened ({reason})", "a readable file or folder is needed")


def not_the_file(path: str, head: bytes) -> None:
    """Refuse what stands where a large file should be: what Git LFS leaves when it did not fetch it.

    Raises
    ------
    InputError
        When `head` is the beginning of such a pointer.
    """
    if head.startswith(b"version https://git-lfs"):
        raise input_error(path, "is only a Git LFS pointer to the file", "fetch the file itself: git lfs pull")


def not_regular(path: str) -> InputError:
    """Return the error for a FIFO, device or socket."""
    return input_error(path, "is no regular file (a FIFO, device, socket or folder)", "a regular file is needed")


def check_inside(folder: str) -> None:
    """Refuse a folder of a model that is a link: links to files are followed, others could lead anywhere.

    Raises
    ------
    InputError
        When it is one.
    """
    if os.path.islink(folder):  # noqa: PTH114 - a path may be anything
        raise input_error(folder, "is a link to another folder", "it must lie in the model's own folder")


def read_at(fd: int, count: int, offset: int) -> bytes:
    """Read up to `count` bytes from `offset` on; fewer only at the end of the file."""
    parts: list[bytes] = []
    os.lseek(fd, offset, os.SEEK_SET)
    while count > 0:
        part = os.read(fd, min(count, 2**30))  # one read returns at most 2 GiB on Linux
        if not part:
            break
        parts.append(part)
        count -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def read_whole(path: str, limit: int) -> bytes:
    """Return a regular file's bytes.

    Raises
    ------
    InputError
        When it is larger than `limit`.
    """
    fd = open_regular(path)
    try:
        size = os.fstat(fd).st_size
        if size > limit:
            raise input_error(path, f"has {size:,} bytes", f"at most {limit:,} are read")
        return read_at(fd, size, 0)
    finally:
        os.close(fd)
