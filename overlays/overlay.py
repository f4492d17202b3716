"""An overlay: values on nodes, over steps, with everything that a reader must know to trust them."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from .aggregate import Aggregate, aggregated, inherited

if TYPE_CHECKING:
    from ..graph.model_graph import ModelGraph

__all__ = ["Aggregate", "Figure", "NodeValues", "Origin", "Overlay", "Scale"]


class Origin(StrEnum):
    """Where an overlay's values come from; shown beside them."""

    DECLARED = "declared"  # in the model's own files
    DERIVED = "derived"  # computed from what its files declare, by the formula in the definition
    MEASURED = "measured"  # from a run of the model, as the file that brings them says
    SYNTHETIC = "synthetic"  # made up, as the file that brings them says: for examples and tests
    TABLE = "table"  # from a file that does not say where it has them from


class Scale(StrEnum):
    """How values become places on a colour map."""

    LINEAR = "linear"
    LOG = "log"
    QUANTILE = "quantile"  # by rank among all values


_SURFACES = ("signed", "rms", "mean_abs")  # as tiles.pyramid.Statistic


class Figure(StrEnum):
    """How a value is written for people."""

    PLAIN = "plain"  # four digits and the unit
    COUNT = "count"  # 44 M
    BYTES = "bytes"  # 44.1 MB
    SHARE = "share"  # 0.031 as 3.1 %
    CATEGORY = "category"  # the value is an index into `categories`


@dataclass(frozen=True, eq=False, slots=True)
class NodeValues:
    """An overlay's values at one step, for every node.

    Attributes
    ----------
    values : ndarray of float32, shape (N,)
        NaN where nothing is known.
    own : ndarray of bool, shape (N,)
        Which are the overlay's own; the others are aggregates of what is in them.
    innermost : ndarray of bool, shape (N,)
        Which of the own ones hold no part that has one as well.
    inherited : ndarray of float32, shape (N,)
        For what lies in one of these, the value of that; NaN elsewhere.
    """

    values: NDArray[np.float32]
    own: NDArray[np.bool_]
    innermost: NDArray[np.bool_]
    inherited: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Overlay:
    """Values on some of a graph's nodes.

    Attributes
    ----------
    name : str
        What ``--overlay`` calls it: short, without spaces ("expert-load").
    title : str
        For people: "Expert load".
    unit : str
        Of the values ("tokens", "B/token"); "" for numbers without one.
    definition : str
        What is counted or computed, as a formula in plain text.
    source : str
        Paper, tool or file that the definition or the values come from.
    origin : Origin
    aggregate : Aggregate
        What a container without a value of its own shows.
    ids : ndarray of int32, shape (K,)
        Nodes that have a value of their own, ascending.
    values : ndarray of float32, shape (S, K)
        One row a step; NaN is no data.
    steps : tuple of str
        Names of the steps ("1000"), one for each row; () where there is only one.
    scale : Scale
        The one that fits best.
    diverging : bool
        Values have a sign and zero is their middle.
    figure : Figure
    categories : tuple of str
        Of a `Figure.CATEGORY`.
    surface : str or None
        A `Statistic` of weights: the values are pictures on the faces of tensors and come from a `TileStore`.

    Raises
    ------
    UsageError
        When these do not fit together. Infinite values become NaN.
    """

    name: str
    title: str
    definition: str
    source: str
    origin: Origin
    aggregate: Aggregate
    ids: NDArray[np.int32]
    values: NDArray[np.float32]
    unit: str = ""
    steps: tuple[str, ...] = ()
    scale: Scale = Scale.LINEAR
    diverging: bool = False
    figure: Figure = Figure.PLAIN
    categories: tuple[str, ...] = ()
    surface: str | None = None

    def __post_init__(self) -> None:
        problem = self._problem()
        if problem:
            raise UsageError(f"overlay {self.name[:60]!r}: {problem}")
        # Single precision holds no more: what is beyond has no place on a colour map.
        with np.errstate(over="ignore"):
            values = np.asarray(self.values).astype(np.float32)
        object.__setattr__(self, "values", np.where(np.isinf(values), np.nan, values).astype(np.float32))
        object.__setattr__(self, "ids", np.asarray(self.ids).astype(np.int32))

    def _problem(self) -> str | None:
        """Return what is wrong with an overlay that a caller has made, and what would be right."""
        ids, values = np.asarray(self.ids), np.asarray(self.values)
        if ids.ndim != 1 or not (np.issubdtype(ids.dtype, np.integer) or not ids.size):
            return "ids are to be whole numbers in one row"
        if values.dtype.kind not in "fiub" or values.ndim != 2 or values.shape[1] != len(ids) or not len(values):
            return f"values are to be numbers of shape (steps, {len(ids)}), one row at least, not {values.shape}"
        if len(ids) and not (ids[0] >= 0 and (np.diff(ids) > 0).all()):
            return "ids are to be ascending, from 0 on"
        if self.steps and len(self.steps) != len(values):
            return f"has {len(self.steps)} steps for {len(values)} rows of values"
        if self.figure is Figure.CATEGORY and not self.categories:
            return "is of categories, but has no names of them"
        if self.surface is not None and self.surface not in _SURFACES:
            return f"has surface {str(self.surface)[:40]!r}; there are {', '.join(_SURFACES)}"
        return None

    @property
    def step_count(self) -> int:
        """How many steps there are, one at least."""
        return len(self.values)

    def at(self, graph: "ModelGraph", step: int = 0) -> NodeValues:
        """Return the values of all nodes at a step: own ones, and aggregates of containers."""
        own = np.zeros(len(graph), bool)
        row = self.values[step]
        known = ~np.isnan(row)
        own[self.ids[known]] = True
        values = aggregated(graph, self.ids[known], row[known], self.aggregate)
        innermost = own & (graph.subtree_sums(own) == 1)
        return NodeValues(values, own, innermost, inherited(graph, innermost, values))
