"""``archviz3d [MODEL]``: the window."""

import argparse

from ..api import show

__all__ = ["run"]


def run(options: argparse.Namespace) -> int:
    """Open the window and return when it is closed."""
    return show(
        options.model,
        focus=options.focus,
        level=options.level,
        arrangement=options.arrangement,
        camera=options.camera,
        theme=options.theme,
        labels=False if options.no_labels else None,
        state=options.state,
    )
