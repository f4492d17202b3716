"""What must hold for every file, however broken: a whole graph or one line, soon and in little memory."""

import time
from pathlib import Path

import numpy as np

from archviz3d.errors import InputError, MachineError
from archviz3d.graph import ModelGraph
from archviz3d.graph.summary import summarize
from archviz3d.layout import place
from archviz3d.layout.export import to_json
from archviz3d.loaders import LoadLimits, load

__all__ = ["check_reading"]

SECONDS = 5.0
_DRAWN = 3000  # nodes; a layout of more is not what is tested here


def check_reading(path: Path, *, draw: bool = False, seconds: float = SECONDS) -> str:
    """Read a file, and return "graph" or the error's text.

    Parameters
    ----------
    draw : bool
        Also lay out and export what was read.
    seconds : float
        Of processor time, that it may take.

    Raises
    ------
    AssertionError
        When the answer is late, is more than one line, or is a graph that contradicts itself.
    Exception
        Whatever else the reader did not expect.
    """
    start = time.process_time()
    try:
        graph = load(str(path), LoadLimits(seconds=seconds))
    except (InputError, MachineError) as error:
        text = str(error)
        assert text.isprintable(), text
        assert path.name in text, text
        answer = text
    else:
        check_graph(graph)
        summarize(graph)
        if draw and len(graph) <= _DRAWN and len(graph.edges) <= _DRAWN:
            to_json(graph, place(graph))
        answer = "graph"
    took = time.process_time() - start
    assert took < seconds, f"took {took:.1f} s"
    return answer


def check_graph(graph: ModelGraph) -> None:
    """Check what every user of a graph relies on."""
    n = len(graph)
    assert n >= 1
    ids = np.arange(n)
    assert graph.parent[0] == -1
    assert (graph.parent[1:] < ids[1:]).all()
    assert (graph.parent[1:] >= 0).all()
    assert (ids + graph.size <= n).all()
    assert (ids < (graph.parent + graph.size[graph.parent]))[1:].all()
    assert (graph.parameters >= 0).all()
    assert (graph.elements >= 0).all()
    assert (graph.bytes >= 0).all()
    for codes, table in (
        (graph.shape_code, graph.shapes),
        (graph.dtype_code, graph.dtypes),
        (graph.file_code, graph.files),
    ):
        assert len(codes) == n
        assert codes.max(initial=-1) < len(table)
    edges = graph.edges
    for ends in (edges.source, edges.target):
        assert (ends >= 0).all()
        assert (ends < n).all()
    assert edges.shape_code.max(initial=-1) < len(graph.shapes)
    for name in graph.names:
        assert name.isprintable(), repr(name)
    for key, column in graph.attributes.items():
        assert (np.diff(column.ids) > 0).all(), key
        assert len(column.ids) == len(column.values), key
    for warning in graph.warnings:
        assert warning.isprintable(), repr(warning)
