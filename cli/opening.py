"""Opens a model in the worker process, with progress on a terminal."""

import argparse
import sys
import time
from typing import Any

from ..errors import UsageError
from ..graph import ModelGraph
from ..loaders.live.target import named_code

__all__ = ["names_code", "open_model", "view_options"]

_VIEW_OPTIONS = (
    *("focus", "level", "arrangement", "view", "camera", "projection", "theme", "plain_words", "hide", "compact"),
    *("spotlight", "upstream", "downstream", "overlay", "height", "range", "scale", "colormap", "step", "keep"),
)
_QUIET_SECONDS = 0.5  # most models open faster than a progress line can be read


def names_code(options: argparse.Namespace) -> bool:
    """Return whether the MODEL of a command line is Python code to be run.

    Raises
    ------
    UsageError
        When it is, and ``--allow-code`` was not given; or when it is not, and an option for code was given.
    """
    is_code = options.model is not None and named_code(options.model, options.allow_code) is not None
    if options.flow is not None and not is_code:
        raise UsageError("--flow is for a model that Python code makes: package.module:callable")
    return is_code


def open_model(options: argparse.Namespace) -> ModelGraph:
    """Return the MODEL of a command line; an interrupt ends the worker at once.

    Raises
    ------
    UsageError
        When it is Python code, which is not allowed.
    InputError
        When it cannot be read.
    """
    from ..loaders.opening import Opening  # `info` asks for a process only where there is code to run

    opening = Opening(options.model, run=(options.flow or "hooks") if names_code(options) else None)
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


def view_options(options: argparse.Namespace) -> dict[str, Any]:
    """Return how a command line wants a model shown: what `api.render` and `api.show` both take."""
    wanted = {name: getattr(options, name) for name in ("state", *_VIEW_OPTIONS)}
    return wanted | {"labels": False if options.no_labels else None}
