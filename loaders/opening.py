"""Opening a model in a process of its own: the caller never waits, and a hostile file can at worst end the worker."""

import os
import signal
import site
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from ..errors import ArchvizError, InputError, MachineError
from ..graph import ModelGraph
from ..graph.wire import unpack
from .files import DAMAGED, input_error
from .limits import LoadLimits, default_limits
from .worker_protocol import READY

__all__ = ["Opening", "Progress"]

# -P: without it a json.py in the current folder, where the model may be, would run.
_COMMAND = ("-P", "-m", "archviz3d.loaders.worker")
_WATCH_SECONDS = 0.1
# Above the worker's own limit, which gives a better error; this one is for systems that have none.
_RESIDENT_FACTOR = 1.25


class Progress(NamedTuple):
    """What is being read, and how much of it is done (0 to 1, None when that is not known)."""

    text: str
    fraction: float | None

    def __str__(self) -> str:
        return self.text if self.fraction is None else f"{self.text} ({self.fraction:.0%})"


class Opening:
    """One model being opened. Needs no event loop: call `poll` from a timer.

    Parameters
    ----------
    path : str
        A file or folder.
    limits : LoadLimits, optional
        What the file may ask for; time and memory are those of the worker process.
    run : {"hooks", "operators", "none"}, optional
        The path names Python code (`live.target`) which the worker runs, limited in time only; this is how data flow
        is found in the model that it makes.

    Notes
    -----
    Two threads run from `start` until the worker has ended, and end with it: one reads what it says, one
    watches time and memory.
    """

    def __init__(
        self, path: "str | os.PathLike[str]", limits: LoadLimits | None = None, *, run: str | None = None
    ) -> None:
        self._path = os.fspath(path)
        self._run = run
        self._limits = limits or default_limits()
        self._process: subprocess.Popen[bytes] | None = None
        self._threads: list[threading.Thread] = []
        self._ended = threading.Event()
        self._progress = Progress("", None)
        self._graph: ModelGraph | None = None
        self._error: ArchvizError | None = None
        self._stopped = ""  # why we ended the worker, "" when we did not

    def start(self) -> None:
        """Start the worker.

        Raises
        ------
        MachineError
            When no process can be started.
        """
        command = [sys.executable, *_COMMAND, self._path, msgspec.json.encode(self._limits).decode()]
        command += [self._run] if self._run is not None else []
        hidden = getattr(subprocess, "CREATE_NO_WINDOW", 0)
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=_environment(),
                creationflags=hidden,
            )
        except (OSError, ValueError) as error:
            if isinstance(error, ValueError):  # a null byte in the path
                raise input_error(self._path, str(error), "check the path") from error
            problem = f"cannot start {sys.executable} to read a file ({error}); check the installation"
            raise MachineError(problem) from error
        for target in (self._listen, self._watch):
            thread = threading.Thread(target=target, args=(self._process,), name=target.__name__, daemon=True)
            thread.start()
            self._threads.append(thread)

    @property
    def progress(self) -> Progress:
        """What is being read at the moment."""
        return self._progress

    def poll(self) -> bool:
        """Return whether `result` has something to say."""
        return self._ended.is_set()

    def cancel(self) -> None:
        """End the worker at once; harmless when it has ended."""
        if not self._ended.is_set():
            self._stop("was not opened: cancelled")
        for thread in self._threads:
            thread.join()

    def result(self) -> ModelGraph:
        """Return the model, waiting for it if need be.

        Raises
        ------
        InputError
            When it cannot be read: damaged, hostile, cancelled, or more work than the limits allow.
        MachineError
            When no process can be started, or it lacks a library.
        """
        if self._process is None and not self._stopped:
            self.start()
        for thread in self._threads:
            thread.join()
        if self._graph is None:
            raise self._error or input_error(self._path, self._stopped)
        return self._graph

    # ---------------------------------------------------------------- in the threads
    def _listen(self, process: "subprocess.Popen[bytes]") -> None:
        assert process.stdout is not None
        assert process.stdin is not None
        try:
            with process.stdout as out:
                while (line := out.readline()) and line != READY:
                    pass  # what a sitecustomize printed
                while self._graph is None and self._error is None and (line := out.readline()):
                    self._take(msgspec.json.decode(line), out)
        except (OSError, ValueError, msgspec.MsgspecError):
            self._error = None  # cut short by its end, which says more
        finally:
            process.stdin.close()
            status = process.wait()
            if self._stopped:
                self._graph, self._error = None, input_error(self._path, self._stopped)
            elif self._graph is None and self._error is None:
                self._error = self._death(status)
            self._ended.set()

    def _take(self, message: dict[str, Any], out: Any) -> None:
        if "progress" in message:
            self._progress = Progress(*message["progress"])
        elif "result" in message:
            self._graph = unpack(out.read(message["result"]))
        elif "error" in message:
            self._error = InputError(message["error"])
        elif "lack" in message:
            self._error = MachineError(message["lack"])
        else:
            self._error = ArchvizError(f"{self._path}: a bug in archviz3d, please report it:\n{message['bug']}")

    def _watch(self, process: "subprocess.Popen[bytes]") -> None:
        from .confinement import resident_bytes

        limits = self._limits
        late = time.monotonic() + limits.seconds
        while not self._ended.wait(_WATCH_SECONDS):
            if time.monotonic() > late:
                self._stop(self._too_slow())
            elif self._run is None and (resident_bytes(process.pid) or 0) > _RESIDENT_FACTOR * limits.memory_bytes:
                self._stop(f"needs more than {limits.memory_bytes:,} bytes of memory to read; {DAMAGED}")

    def _stop(self, why: str) -> None:
        self._stopped = self._stopped or why
        if self._process is not None:
            self._process.kill()

    def _too_slow(self) -> str:
        longest = f"takes more than {self._limits.seconds:g} seconds"
        return f"{longest} to read; {DAMAGED}" if self._run is None else f"{longest} to run"

    def _death(self, status: int) -> ArchvizError:
        if status == -getattr(signal, "SIGALRM", 0) and status:
            return input_error(self._path, self._too_slow())
        if self._run is not None:
            return input_error(self._path, f"ended its process without a model (status {status})")
        if status == -getattr(signal, "SIGVTALRM", 0) and status:
            return input_error(self._path, "has a pickle that takes far longer to read than its size explains", DAMAGED)
        if status < 0 or status in (0xC0000005, 0xC00000FD, 0xC0000409):  # a signal; or crashes as Windows numbers them
            return input_error(self._path, f"made its reader crash (status {status})", DAMAGED)
        problem = f"the process that reads files did not start (status {status})"
        return MachineError(f"{problem}; archviz3d must be installed for {sys.executable}")


def _environment() -> dict[str, str]:
    """Return the worker's environment: one thread of numpy's, and a way to find this package."""
    environment = dict(os.environ)
    for library in ("OPENBLAS", "OMP", "MKL"):
        environment[f"{library}_NUM_THREADS"] = "1"  # each thread reserves memory that counts against the limit
    # An installed package (editable or not) or PYTHONPATH is found by itself; a folder that was put on sys.path while
    # running is not. Site-packages must not go on PYTHONPATH: it would stand before the standard library.
    package = Path(__file__).parent.parent
    home = str(package.parent)
    installed = (*site.getsitepackages(), site.getusersitepackages())
    if package.name == "archviz3d" and home in sys.path and home not in installed:
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, [environment.get("PYTHONPATH"), home]))
    return environment
