"""``archviz3d [MODEL]``: the window."""

import argparse

from ..api import show
from .opening import names_code, open_model, view_options

__all__ = ["run"]


def run(options: argparse.Namespace) -> int:
    """Open the window and return when it is closed."""
    # Code is run before there is a window: an error of it is one line in the terminal that it was started from.
    return show(open_model(options) if names_code(options) else options.model, **view_options(options))
