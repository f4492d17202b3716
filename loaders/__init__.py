"""From a file or folder to a ModelGraph: one module a format, chosen by `detect`."""

import gc
import time
from importlib import import_module
from typing import TYPE_CHECKING

from .limits import LoadLimits, default_limits

if TYPE_CHECKING:
    from ..graph import ModelGraph
    from .checkpoint import Report

__all__ = ["LoadLimits", "load", "load_confined"]


def _silent(text: str, fraction: float | None) -> None:
    """Report progress to nobody."""


def load(path: str, limits: LoadLimits | None = None, report: "Report" = _silent) -> "ModelGraph":
    """Read a model's headers in this process, without its limits of memory and time: `load_confined` has those.

    Parameters
    ----------
    path : str
        A file or folder.
    limits : LoadLimits, optional
        What the file may ask for.
    report : callable
        Told what is being read, and how much of it is done (0 to 1, or None).

    Raises
    ------
    InputError
        When the path cannot be read as a model; the message is one line.
    """
    from ..graph.dotted import TooManyNamesError
    from .detect import detect
    from .files import DAMAGED, input_error, unreadable

    module, _, function = detect(path).loader.rpartition(".")
    collecting = gc.isenabled()
    gc.disable()  # a header is a million small objects and no cycle: collecting would only look at them again and again
    try:
        return getattr(import_module(f".{module}", __package__), function)(path, limits or default_limits(), report)
    except TooManyNamesError as error:
        raise input_error(path, f"has {error} of modules and tensors", DAMAGED) from error
    except MemoryError:
        problem = "needs more memory to read than is allowed"
    except RecursionError:
        problem = "is nested too deeply"
    except OSError as error:
        if error.errno is None:
            raise  # not of the system
        raise unreadable(error.filename if isinstance(error.filename, str) else path, error) from error
    finally:
        if collecting:
            gc.enable()
    # Not where the exception was caught: it holds on to all that was read, and an error needs memory, too.
    raise input_error(path, problem, DAMAGED)


def load_confined(path: str, limits: LoadLimits | None = None) -> "ModelGraph":
    """Read a file that came from outside: JSON headers here, under a memory limit; pickles in a worker process.

    Only a pickle can crash or fill the interpreter that reads it, and a second process costs more than
    reading the headers of most models.

    Raises
    ------
    InputError
        When the path cannot be read as a model; the message is one line.
    """
    from .confinement import limited_memory
    from .detect import detect

    limits = limits or default_limits()
    if detect(path).isolated:
        from .opening import Opening

        return Opening(path, limits).result()
    with limited_memory(limits.memory_bytes):
        return load(path, limits, _deadline(path, limits.seconds))


def _deadline(path: str, seconds: float) -> "Report":
    """Return a report that ends the reading when its time is over: what lies between two reports is short."""
    from .files import DAMAGED, input_error

    end = time.monotonic() + seconds

    def report(_text: str, _fraction: float | None) -> None:
        if time.monotonic() > end:
            raise input_error(path, f"takes more than {seconds:g} seconds to read", DAMAGED)

    return report
