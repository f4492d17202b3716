"""The process that reads a file: ``python -P -m archviz3d.loaders.worker PATH LIMITS [FLOW]``.

With FLOW the path names Python code that makes a model, which is run (see `live.target`): without confinement, but
for a limited time.

It writes what `worker_protocol` says, and ends when its standard input is closed, which the death of its
parent does.
"""

import os
import sys
import time
from _thread import start_new_thread
from typing import Any, BinaryIO

import msgspec

from ..errors import InputError, MachineError
from ..graph.wire import pack
from . import load
from .confinement import confine, limit_time
from .files import DAMAGED, input_error, plain_text
from .limits import LoadLimits
from .worker_protocol import READY

__all__: list[str] = []

_PROGRESS_SECONDS = 0.05
_GRACE_SECONDS = 5.0  # the parent ends a late worker; the worker's own alarm is for when the parent cannot


def _main() -> None:
    out = _private_output()
    start_new_thread(_end_with_parent, ())
    limits = msgspec.json.decode(sys.argv[2], type=LoadLimits)
    runs_code = len(sys.argv) > 3
    if runs_code:
        limit_time(limits.seconds + _GRACE_SECONDS)
    else:
        confine(limits.memory_bytes, limits.seconds + _GRACE_SECONDS)
    spoken = 0.0

    def report(text: str, fraction: float | None) -> None:
        nonlocal spoken
        now = time.monotonic()
        if now - spoken > _PROGRESS_SECONDS:
            spoken = now
            _send(out, {"progress": [plain_text(text, 100), fraction]})

    try:
        if runs_code:
            from .live.target import load_target

            data = pack(load_target(sys.argv[1], sys.argv[3], report))
        else:
            data = pack(load(sys.argv[1], limits, report))
        _send(out, {"result": len(data)}, data)
        return
    except InputError as error:
        problem = {"error": str(error)}
    except MachineError as error:
        problem = {"lack": str(error)}
    except MemoryError:
        problem = {}  # said below, when the exception no longer holds on to what was read
    except Exception:  # noqa: BLE001 - whatever went wrong here, the parent must hear of it
        import traceback

        problem = {"bug": traceback.format_exc()}
    _send(
        out, problem or {"error": str(input_error(sys.argv[1], "needs more memory to hold than is allowed", DAMAGED))}
    )


def _private_output() -> BinaryIO:
    """Keep the pipe for messages, so that nothing printed by accident gets between them."""
    if sys.platform == "win32":
        import msvcrt

        msvcrt.setmode(1, os.O_BINARY)
    out = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    out.write(b"\n" + READY)
    return out


def _send(out: BinaryIO, message: dict[str, Any], data: bytes = b"") -> None:
    line = memoryview(msgspec.json.encode(message) + b"\n" + data)
    while line:
        line = line[out.write(line) :]


def _end_with_parent() -> None:
    while os.read(0, 1):
        pass
    os._exit(1)


if __name__ == "__main__":
    _main()
