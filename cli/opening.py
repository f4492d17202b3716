"""Opens a model in the worker process, with progress on a terminal."""

import sys
import time

from ..graph import ModelGraph
from ..loaders.opening import Opening

__all__ = ["open_model"]

_QUIET_SECONDS = 0.5  # most models open faster than a progress line can be read


def open_model(path: str) -> ModelGraph:
    """Return the model at `path`; an interrupt ends the worker at once.

    Raises
    ------
    InputError
        When it cannot be read.
    """
    opening = Opening(path)
    opening.start()
    started = time.monotonic()
    shown = False
    try:
        while not opening.poll():
            time.sleep(0.005)
            if sys.stderr.isatty() and time.monotonic() - started > _QUIET_SECONDS:
                shown = True
                print(f"\r\033[K{opening.progress}", end="", file=sys.stderr, flush=True)
        return opening.result()
    finally:
        opening.cancel()
        if shown:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
