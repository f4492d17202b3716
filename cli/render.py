"""``archviz3d render``: the scene as a picture or a film, without a screen."""

import argparse
import sys
import time

from ..api import check_render, render
from .opening import names_code, open_model, view_options

__all__ = ["run"]

_QUIET_SECONDS = 0.5


def run(options: argparse.Namespace) -> int:
    """Draw the model into ``options.output``."""
    names_code(options)
    film = {"turntable": options.turntable, "fly": options.fly, "fps": options.fps, "transparent": options.transparent}
    # Before minutes are spent on a large model.
    check_render(options.output, options.size, source=options.model, **film)
    model = open_model(options)
    how = view_options(options)
    with _FrameLine() as line:
        render(model, options.output, size=options.size, progress=line.tell, **film, **how)
    return 0


class _FrameLine:
    """One line of a terminal that counts a film's frames, and is gone at the end."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._shown = False

    def __enter__(self) -> "_FrameLine":
        return self

    def __exit__(self, *_: object) -> None:
        if self._shown:
            print("\r\033[K", end="", file=sys.stderr, flush=True)

    def tell(self, done: int, count: int) -> None:
        """Say how many frames are drawn, and about how long the rest takes."""
        passed = time.monotonic() - self._started
        if not sys.stderr.isatty() or passed < _QUIET_SECONDS:
            return
        self._shown = True
        left = _duration(passed / done * (count - done)) if done else ""
        print(f"\r\033[Kframe {done} of {count}{left}", end="", file=sys.stderr, flush=True)


def _duration(seconds: float) -> str:
    return f", {seconds / 60:.0f} min left" if seconds > 90 else f", {seconds:.0f} s left"
