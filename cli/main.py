"""Runs a command and turns what goes wrong into one line and an exit code."""

import os
import sys

from ..errors import ArchvizError
from .parser import parse

__all__ = ["run"]


def run(arguments: list[str]) -> int:
    """Run the command line.

    Returns
    -------
    int
        0 done; 2 wrong usage; 3 the input cannot be read; 4 the machine lacks something; 130 interrupted.
        A bug of ours shows its traceback and exits with 1.
    """
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
        # `archviz3d info x | head`: the reader has what it wanted. Point stdout elsewhere for Python's own flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def printable(text: str) -> str:
    """Escape control characters, line breaks included: names inside files are not ours."""
    return "".join(c if c.isprintable() or c == "\u00a0" else repr(c)[1:-1] for c in text)
