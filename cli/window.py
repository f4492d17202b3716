"""``archviz3d [MODEL]``: the window."""

import argparse

from ..errors import MachineError

__all__ = ["run"]


def run(options: argparse.Namespace) -> int:
    """Open the window and return when it is closed."""
    try:
        from ..viewer.window.application import run as run_application
    except ImportError as error:
        raise MachineError(f"the window cannot start: {error}; 'archviz3d doctor' tells what is missing") from error
    return run_application(
        options.model,
        focus=options.focus,
        level=options.level,
        arrangement=options.arrangement,
        camera=options.camera,
        theme=options.theme,
        labels=False if options.no_labels else None,
        state=options.state,
    )
