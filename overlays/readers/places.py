"""Where values belong: what says it in a table, and which nodes that are."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...graph.kinds import NodeKind
from ...graph.model_graph import ModelGraph
from ..names.cells import cell_ids
from ..names.matching import Matches, match_names
from .reading import input_error

__all__ = ["PlaceKeys", "Places", "place_keys", "says_where"]

_PATH_KEYS = ("path", "node", "module", "name")  # the first of these that a table has says where its values belong
_STEP_KEY, _LAYER_KEY = "step", "layer"
_MANY_PLACES, _PLACES_A_NODE = 200_000, 4  # a file may name as many parts, or as many for each node of a larger model
_CELL_KEYS = {"expert": NodeKind.EXPERT, "head": NodeKind.HEAD}


@dataclass(frozen=True, slots=True)
class PlaceKeys:
    """Which columns of a table say where and when, by the names that the table has for them.

    Attributes
    ----------
    kind : NodeKind or None
        EXPERT, HEAD or LAYER where numbers say it; None for a path.
    where : tuple of str
        The column of paths; or that of layers, and that of experts or heads.
    step : str or None
    unused : tuple of str
        Columns that say the same another way: no values.
    """

    kind: NodeKind | None
    where: tuple[str, ...]
    step: str | None
    unused: tuple[str, ...] = ()

    @property
    def all(self) -> frozenset[str]:
        """Every column that has no values."""
        return frozenset((*self.where, *self.unused, *((self.step,) if self.step is not None else ())))


def says_where(columns: Iterable[str]) -> bool:
    """Return whether a table with these columns says where its values belong."""
    keys = {column.strip(" ").casefold() for column in columns}  # a tab may be what stands between two names
    return _LAYER_KEY in keys or not keys.isdisjoint(_PATH_KEYS)


def place_keys(columns: Iterable[str]) -> PlaceKeys:
    """Return what says where and when, by the names of a table's columns without regard to case.

    Raises
    ------
    ValueError
        When nothing does, or two things do; the message says so.
    """
    by_key: dict[str, str] = {}
    for column in columns:
        by_key.setdefault(column.strip().casefold(), column)
    step = by_key.get(_STEP_KEY)
    numbered = tuple(by_key[key] for key in (_LAYER_KEY, *_CELL_KEYS) if key in by_key)
    for key in _PATH_KEYS:
        if key in by_key:
            return PlaceKeys(None, (by_key[key],), step, numbered)
    cells = [key for key in _CELL_KEYS if key in by_key]
    if _LAYER_KEY not in by_key or len(cells) > 1:
        problem = "both expert and head" if len(cells) > 1 else "no path, nor layer and expert or head"
        raise ValueError(problem)
    kind = _CELL_KEYS[cells[0]] if cells else NodeKind.LAYER
    return PlaceKeys(kind, numbered, step)


class Places:
    """Collects the different places that a table names.

    Parameters
    ----------
    path : str
        The file, for errors.
    graph : ModelGraph
        What the places are parts of.
    kind : NodeKind, optional
        As in `PlaceKeys`.
    """

    def __init__(self, path: str, graph: ModelGraph, kind: NodeKind | None = None) -> None:
        self.kind = kind
        self._path, self._graph = path, graph
        self._codes: dict[Hashable, int] = {}

    def __len__(self) -> int:
        return len(self._codes)

    def codes(self, keys: Iterable[Hashable]) -> list[int]:
        """Return the index of each place: a path, or the numbers of a layer and of an expert or head in it.

        Raises
        ------
        InputError
            When the file names too many different ones.
        """
        codes = self._codes
        found = [codes.setdefault(key, len(codes)) for key in keys]
        self.check_count(len(codes))
        return found

    def check_count(self, count: int) -> None:
        """Refuse a file with so many places: 200,000, or four for each node of a larger model, are the limit.

        Raises
        ------
        InputError
            When they are more.
        """
        most = max(_MANY_PLACES, _PLACES_A_NODE * len(self._graph))
        if count > most:
            raise input_error(self._path, f"names {count:,} different parts", f"at most {most:,} are read")

    def matched(self) -> tuple[Sequence[str], Matches]:
        """Return the places as text, and their nodes."""
        graph = self._graph
        if self.kind is None:
            names = [str(key) for key in self._codes]
            return names, match_names(graph, names)
        numbers = np.array(list(self._codes), np.int64).reshape(-1, 2)
        ids, ambiguous = cell_ids(graph, self.kind, numbers[:, 0], numbers[:, 1])
        names = _cell_names(self.kind, numbers)
        return names, Matches(ids, np.zeros(len(ids), bool), ambiguous)


def _cell_names(kind: NodeKind, numbers: NDArray[np.int64]) -> list[str]:
    """Return what such places are called in messages: "layer 3, expert 17"."""
    what = "" if kind is NodeKind.LAYER else f", {kind.name.lower()} "
    return [f"layer {layer}{what}{cell if what else ''}" for layer, cell in numbers.tolist()]
