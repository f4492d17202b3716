"""What all structural overlays have in common: a formula, what it is called, and values of it on a graph."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...graph.model_graph import ModelGraph
from ..overlay import Aggregate, Figure, Origin, Overlay, Scale
from ..recipe import NothingToShowError, Recipe

__all__ = ["Formula", "Found"]


@dataclass(frozen=True, eq=False, slots=True)
class Found:
    """What a formula gives on one graph.

    Attributes
    ----------
    values : ndarray of float, shape (N,)
        Own values of nodes, NaN where a node has none of its own.
    aggregate : Aggregate
        What containers without one show.
    categories : tuple of str
        What the values are indices into, for `Figure.CATEGORY`.
    note : str
        What holds for this graph alone, said behind the definition ("estimated from 100 of 20,000 nodes").
    """

    values: NDArray[np.floating]
    aggregate: Aggregate
    categories: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Formula:
    """A structural overlay as data: `recipe` makes of it what the book lists.

    Attributes
    ----------
    name, title, unit, definition, source, origin, scale, figure, diverging
        As those of the `Overlay`.
    missing : callable
        Returns at once why a graph has no value at all; None where it has one.
    find : callable
        Returns the values on a graph for which nothing is missing.
    """

    name: str
    title: str
    definition: str
    source: str
    missing: Callable[[ModelGraph], str | None]
    find: Callable[[ModelGraph], Found]
    unit: str = ""
    origin: Origin = Origin.DERIVED
    scale: Scale = Scale.LINEAR
    figure: Figure = Figure.PLAIN
    diverging: bool = False

    def recipe(self) -> Recipe:
        """Return the recipe of this formula."""
        facts = (self.name, self.title, self.unit, self.definition, self.source)
        return Recipe(*facts, "structure", self._make, self.missing)

    def _make(self, graph: ModelGraph) -> Overlay:
        missing = self.missing(graph)
        if missing is not None:
            raise NothingToShowError(f"overlay {self.name!r}: {missing}")
        found = self.find(graph)
        ids = np.flatnonzero(~np.isnan(found.values))
        return Overlay(
            name=self.name,
            title=self.title,
            definition=f"{self.definition} {found.note}".rstrip(),
            source=self.source,
            origin=self.origin,
            aggregate=found.aggregate,
            ids=ids.astype(np.int32),
            values=found.values[ids].astype(np.float32)[None],
            unit=self.unit,
            scale=self.scale,
            diverging=self.diverging,
            figure=self.figure,
            categories=found.categories,
        )
