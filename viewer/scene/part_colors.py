"""Colours of parts that are seen on other parts' fronts, kept while nothing that decides them changes."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...graph.model_graph import ModelGraph
from ..pointing.spotlight import Spotlight
from .frame import painted
from .paint import Paint

__all__ = ["Look", "PartColors", "channels", "shown", "words"]

Look = tuple[NDArray[np.uint8], NDArray[np.uint8], Paint, int, float, Spotlight]
"""All of a frame that decides the colour of a part, in the order that `painted` takes it."""


class PartColors:
    """The colours that parts have as closed boxes, worked out when they are first asked for."""

    def __init__(self) -> None:
        self._made_for: tuple[Any, ...] = ()
        self._of: NDArray[np.uint32] = np.zeros(0, np.uint32)  # 0 for those that nobody has asked for

    def of(self, graph: ModelGraph, nodes: NDArray[np.int64], look: Look) -> NDArray[np.uint32]:
        """Return the colours of some nodes, as `words` packs them; 0 for negative ones."""
        faces, plates, paint, focus, fade, spotlight = look
        wanted = (graph, faces, plates, paint.coloring, paint.unreadable, focus, fade, spotlight)
        if len(wanted) != len(self._made_for) or not all(map(_same, wanted, self._made_for)):
            self._made_for, self._of = wanted, np.zeros(len(graph), np.uint32)
        found = np.where(nodes >= 0, self._of[nodes], 0).astype(np.uint32)
        new = np.unique(nodes[(nodes >= 0) & (found == 0)])
        if len(new):
            self._of[new] = words(shown(graph, new, False, look))
            found = np.where(nodes >= 0, self._of[nodes], 0).astype(np.uint32)
        return found


def shown(graph: ModelGraph, nodes: NDArray[np.int64], opened: bool, look: Look) -> NDArray[np.uint8]:
    """Return the colours of fronts of closed boxes, or of opened ones, as they are seen, shape (K, 3)."""
    colors, behind, datum = painted(graph, nodes, np.full(len(nodes), opened), *look)
    return look[2].shown(datum, colors, behind)


def words(colors: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """Return colours, shape (K, 3), in one number each: red, green, blue, and 255 for opaque."""
    rgba = np.full((len(colors), 4), 255, np.uint8)
    rgba[:, :3] = colors
    return rgba.view(np.uint32)[:, 0]


def channels(packed: NDArray[np.uint32]) -> NDArray[np.float64]:
    """Return the colours in such numbers, shape (K, 3)."""
    return packed.view(np.uint8).reshape(-1, 4)[:, :3].astype(np.float64)


def _same(a: object, b: object) -> bool:
    return a is b or (isinstance(a, int | float) and a == b)
