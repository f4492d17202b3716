"""All overlays of one model: the built-in ones, made when they are asked for, and those read from files."""

import difflib
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from ..graph.model_graph import ModelGraph
from .overlay import NodeValues, Overlay
from .ranges import population
from .recipe import Recipe
from .structural import STRUCTURAL
from .surfaces import SURFACES

__all__ = ["OverlayBook"]

_KEPT_STEPS = 16  # dense values of so many steps: 140,000 nodes take 0.7 MB each


class OverlayBook:
    """Finds overlays by name and keeps what was computed.

    Making one may take seconds (centrality); it may be done in any thread.

    Parameters
    ----------
    graph : ModelGraph
    """

    def __init__(self, graph: ModelGraph) -> None:
        self.graph = graph
        self._recipes: dict[str, Recipe] = {recipe.name: recipe for recipe in (*STRUCTURAL, *SURFACES)}
        self._made: dict[str, Overlay] = {}
        # One for each name, held while it is made: two threads must not make the same, and none waits for another.
        self._locks: dict[str, Lock] = {}
        self._files: dict[Path, list[str]] = {}  # names of what each brought
        self._values = lru_cache(maxsize=_KEPT_STEPS)(self._at)
        self._spread = lru_cache(maxsize=_KEPT_STEPS)(self._population)

    @property
    def recipes(self) -> list[Recipe]:
        """All overlays, in the order in which they are listed; those of files last."""
        return list(self._recipes.values())

    def recipe(self, name: str) -> Recipe:
        """Return what is known of an overlay before it is made.

        Raises
        ------
        UsageError
            When there is none of this name; near misses are named.
        """
        found = self._recipes.get(name)
        if found is None:
            close = difflib.get_close_matches(name[:60], self._recipes, 3, 0.5)
            known = " or ".join(close) if close else ", ".join(self._recipes)
            raise UsageError(f"no overlay {name[:60]!r}; {'did you mean ' if close else 'there are '}{known}")
        return found

    def is_made(self, name: str) -> bool:
        """Whether `get` answers at once."""
        return name in self._made

    def get(self, name: str) -> Overlay:
        """Return an overlay, made on first use.

        Raises
        ------
        UsageError
            When there is none of this name, or the model has nothing that it could show.
        """
        made = self._made.get(name)
        if made is not None:
            return made
        recipe = self.recipe(name)
        with self._locks.setdefault(name, Lock()):
            if name not in self._made:
                self._made[name] = recipe.make(self.graph)
            return self._made[name]

    def values(self, name: str, step: int = 0) -> NodeValues:
        """Return an overlay's values on all nodes at a step, which is moved into range; the last few are kept."""
        overlay = self.get(name)
        return self._values(name, min(max(step, 0), max(overlay.step_count - 1, 0)))

    def spread(self, name: str) -> NDArray[np.float32]:
        """Return the values that an overlay's range and histogram are made of, ascending; see `population`."""
        self.get(name)
        return self._spread(name)

    def add(self, overlay: Overlay, group: str) -> str:
        """Take in an overlay of the same graph and return the name that it got: its own, or with a number behind it.

        Raises
        ------
        UsageError
            When it has values for nodes that the graph has not.
        """
        if len(overlay.ids) and overlay.ids[-1] >= len(self.graph):
            last = f"has a value for node {overlay.ids[-1]}, but this model has {len(self.graph):,} nodes"
            raise UsageError(f"overlay {overlay.name!r}: {last}; one that was made for this graph would be right")
        name, count = overlay.name, 1
        while name in self._recipes:
            count += 1
            name = f"{overlay.name}-{count}"
        facts = (overlay.title, overlay.unit, overlay.definition, overlay.source)
        self._recipes[name] = Recipe(name, *facts, group, lambda _graph: overlay)
        self._made[name] = overlay
        return name

    def add_file(self, overlays: Iterable[Overlay], path: str) -> list[str]:
        """Take in all overlays of a file in the place of those that it brought before; return their names."""
        for name in self.names_of_file(path):
            del self._recipes[name], self._made[name]
        self._values.cache_clear()
        self._spread.cache_clear()
        names = [self.add(overlay, Path(path).name) for overlay in overlays]
        self._files[Path(path).resolve()] = names
        return names

    def names_of_file(self, path: str) -> list[str]:
        """Return the names of the overlays that a file brought when it was last read."""
        return self._files.get(Path(path).resolve(), [])  # not its name alone: runs differ in their folders

    def _at(self, name: str, step: int) -> NodeValues:
        return self.get(name).at(self.graph, step)

    def _population(self, name: str) -> NDArray[np.float32]:
        return population(self.get(name), self.graph)
