"""``archviz3d export``: nodes, boxes and edges for other programs."""

import argparse

from ..errors import UsageError
from ..files import check_output, write_whole
from .opening import names_code, open_model

__all__ = ["run"]


def run(options: argparse.Namespace) -> int:
    """Write the model and its placement to ``options.output``."""
    if not options.output.lower().endswith(".json"):
        raise UsageError(f"{options.output}: export writes .json")
    names_code(options)
    check_output(options.output, options.model)
    from ..layout import place
    from ..layout.export import to_json

    graph = open_model(options)
    write_whole(options.output, to_json(graph, place(graph, arrangement=options.arrangement)))
    return 0
