"""``archviz3d render``: the scene as a picture, without a screen."""

import argparse

from ..api import check_picture_path, render
from .opening import names_code, open_model

__all__ = ["run"]


def run(options: argparse.Namespace) -> int:
    """Draw the model into ``options.output``."""
    names_code(options)
    check_picture_path(options.output, options.model)  # before minutes are spent on a large model
    render(
        open_model(options),
        options.output,
        focus=options.focus,
        level=options.level,
        arrangement=options.arrangement,
        camera=options.camera,
        theme=options.theme,
        labels=False if options.no_labels else None,
        overlay=options.overlay,
        height=options.height,
        range=options.range,
        scale=options.scale,
        colormap=options.colormap,
        step=options.step,
        keep=options.keep,
        size=options.size,
        transparent=options.transparent,
        state=options.state,
    )
    return 0
