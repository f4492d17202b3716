"""Nodes by their name or role, for all nodes at once."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ...graph.model_graph import ModelGraph

__all__ = ["Roles", "with_name"]


def with_name(graph: ModelGraph, fits: Callable[[str], object]) -> NDArray[np.bool_]:
    """Return which nodes have a name (the last part of their path) that `fits`, shape (N,)."""
    return np.fromiter((bool(fits(name)) for name in graph.names), bool, len(graph.names))[graph.name_code]


class Roles:
    """The ``role`` attribute of all nodes as codes: 60,000 texts are looked at once, not for each question.

    Parameters
    ----------
    graph : ModelGraph
    """

    def __init__(self, graph: ModelGraph) -> None:
        column = graph.attributes.get("role")
        self._ids = column.ids if column is not None else np.empty(0, np.int32)
        self._count = len(graph)
        codes: dict[str, int] = {}
        found = [codes.setdefault(role, len(codes)) for role in column.values] if column is not None else []
        self._codes = np.array(found, np.int64)
        self._table = list(codes)

    def which(self, fits: Callable[[str], object]) -> NDArray[np.bool_]:
        """Return which nodes have a role that `fits`, shape (N,)."""
        found = np.zeros(self._count, bool)
        found[self._ids] = np.array([bool(fits(role)) for role in self._table], bool)[self._codes]
        return found
