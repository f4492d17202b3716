"""Runs a command and turns what goes wrong into one line and an exit code."""

import errno
import io
import os
import sys

from ..errors import ArchvizError, MachineError
from .parser import parse

__all__ = ["run"]

_FULL = (errno.ENOSPC, errno.EFBIG, errno.EIO, getattr(errno, "EDQUOT", None))


def run(arguments: list[str]) -> int:
    """Run the command line.

    Returns
    -------
    int
        0 done; 2 wrong usage; 3 the input cannot be read; 4 the machine lacks something; 130 interrupted.
        A bug of ours shows its traceback and exits with 1.
    """
    _mend_streams()
    try:
        options = parse(arguments)
        code = options.command(options)
        sys.stdout.flush()  # a closed pipe shows here rather than at exit
        return code
    except ArchvizError as error:
        print(f"archviz3d: error: {printable(str(error))}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("archviz3d: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        _drop_output()  # `archviz3d info x | head`: the reader has what it wanted
        return 0
    except OSError as error:
        if error.errno not in _FULL:
            raise
        _drop_output()
        print(f"archviz3d: error: cannot write ({error.strerror}); free space is needed", file=sys.stderr)
        return MachineError.exit_code


def _mend_streams() -> None:
    """Let printing never fail: closed streams lead nowhere, and what a terminal's encoding lacks is escaped.

    Also, no file that is opened later takes the place of a closed stream, to be printed into.
    """
    for name in ("stdin", "stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123 - until the end
        elif name == "stdout" and isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _drop_output() -> None:
    """Point stdout elsewhere, where Python's own flush at the end cannot fail."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def printable(text: str) -> str:
    """Escape control characters, line breaks included: names inside files are not ours."""
    return "".join(c if c.isprintable() or c == "\u00a0" else repr(c)[1:-1] for c in text)
