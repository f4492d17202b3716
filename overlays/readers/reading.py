"""Opening a file that came from outside, and saying in one line why it cannot be read."""

import os
import stat

from ...errors import InputError

__all__ = [
    "MAX_COLUMNS",
    "MAX_DENSE",
    "MAX_NAME",
    "MAX_STEPS",
    "MAX_VALUES",
    "check_steps",
    "counted",
    "input_error",
    "line_error",
    "plain_text",
    "quoted",
    "read_file",
    "read_text",
]

MAX_FILE = 2**28  # bytes
MAX_VALUES = 20_000_000  # numbers or texts in a file; DeepSeek-V3's experts at 1,000 steps are 15 M
MAX_DENSE = 2**26  # values of all overlays of a file, with those that the file leaves out: 268 MB as float32
MAX_STEPS = 10_000
MAX_COLUMNS = 256  # overlays of one file
MAX_NAME = 1000  # characters of a name or path
_LONGEST = 120


def plain_text(text: str, longest: int = _LONGEST) -> str:
    """Return `text` on one line: unprintable characters escaped, the middle left out when long."""
    text = text if len(text) <= longest else f"{text[: longest // 2]}...{text[-longest // 2 :]}"
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode() for c in text)


def quoted(text: str, longest: int = _LONGEST) -> str:
    """Return `text` in quotes on one line, the middle left out when long."""
    return repr(text if len(text) <= longest else f"{text[: longest // 2]}...{text[-longest // 2 :]}")


def input_error(path: str, problem: str, remedy: str) -> InputError:
    """Return the error ``PATH: what is wrong; what would be right``."""
    return InputError(f"{plain_text(path, 4096)}: {problem}; {remedy}")


def line_error(path: str, line: int, problem: str, remedy: str) -> InputError:
    """Return the error ``PATH: line N: what is wrong; what would be right``."""
    return input_error(path, f"line {line:,}: {problem}", remedy)


def check_steps(path: str, steps: int) -> None:
    """Refuse a file with so many steps.

    Raises
    ------
    InputError
        When they are over 10,000.
    """
    if steps > MAX_STEPS:
        raise input_error(path, f"has {steps:,} steps", f"at most {MAX_STEPS:,} are read")


def counted(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun: "1 name", "2,000 names"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def read_file(path: str) -> bytes:
    """Return a regular file's bytes.

    Raises
    ------
    InputError
        When there is none, it is a folder, FIFO or device, or it has more than 256 MiB.
    """
    # Without blocking: a FIFO would wait for its writer.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    try:
        fd = os.open(path, flags)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise input_error(path, f"cannot be opened ({reason})", "check the path") from error
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            raise input_error(path, "is no regular file", "a CSV, JSON, JSONL or npz file is needed")
        if status.st_size > MAX_FILE:
            raise input_error(path, f"has {status.st_size:,} bytes", f"at most {MAX_FILE:,} are read")
        with os.fdopen(fd, "rb", closefd=False) as file:
            return file.read(status.st_size)  # with more, as much memory would be taken at first
    finally:
        os.close(fd)


def read_text(path: str) -> str:
    """Return a file of UTF-8 text, without its byte order mark.

    Raises
    ------
    InputError
        As `read_file`, and when it is no UTF-8; the line is named.
    """
    raw = read_file(path)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise line_error(path, line, "is no UTF-8 text", "save the file as UTF-8") from error
