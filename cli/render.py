"""``archviz3d render``: the scene as a picture, without a screen."""

import argparse

from ..api import check_picture_path, render
from .opening import names_code, open_model, view_options

__all__ = ["run"]


def run(options: argparse.Namespace) -> int:
    """Draw the model into ``options.output``."""
    names_code(options)
    check_picture_path(options.output, options.model)  # before minutes are spent on a large model
    model = open_model(options)
    how = view_options(options)
    render(model, options.output, size=options.size, transparent=options.transparent, **how)
    return 0
