"""The values that an overlay itself has, without those that containers get from what is in them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ....graph.kinds import NodeKind
from ....graph.model_graph import ModelGraph
from ....overlays.overlay import Overlay
from ...coloring import within
from ...words.numbers import grouped
from ...words.translation import translate
from ..docks.words import kind_word, kind_words

__all__ = ["OwnValues", "counted_parts"]


@dataclass(frozen=True, eq=False)
class OwnValues:
    """What an overlay knows at one step.

    Attributes
    ----------
    ids : ndarray of int32, shape (K,)
        Nodes that have a value of their own, ascending.
    values : ndarray of float32, shape (K,)
        None of them NaN.
    """

    ids: NDArray[np.int32]
    values: NDArray[np.float32]

    @classmethod
    def of(cls, overlay: Overlay, step: int) -> "OwnValues":
        """Take the values at a step, which is moved into range."""
        if not overlay.step_count:
            return cls(overlay.ids[:0], np.empty(0, np.float32))
        row = overlay.values[min(max(step, 0), overlay.step_count - 1)]
        known = ~np.isnan(row)
        return cls(overlay.ids[known], row[known])

    def within(self, keep: tuple[float, float] | None) -> "OwnValues":
        """Return those between two values, the ends included; all for None."""
        if keep is None:
            return self
        chosen = within(self.values, keep)
        return OwnValues(self.ids[chosen], self.values[chosen])

    def nearest_in(self, graph: ModelGraph, node: int) -> NDArray[np.int32]:
        """Return the nodes whose values a container's aggregate is made of: those in it that none in it holds."""
        inside = self.ids[(self.ids > node) & (self.ids < node + graph.size[node])]
        if not len(inside):
            return inside
        ends = np.maximum.accumulate(inside + graph.size[inside])
        return inside[np.concatenate([[True], inside[1:] >= ends[:-1]])]


def counted_parts(graph: ModelGraph, ids: NDArray[np.int32], of: NDArray[np.int32] | None = None) -> str:
    """Return how many parts there are, by their kind where they share one: "148 of 14 848 experts", "12 parts"."""
    whole = ids if of is None else of
    kinds = np.unique(graph.kind[whole])
    if len(kinds) == 1:
        kind = NodeKind(int(kinds[0]))
        noun = kind_word(kind) if len(whole) == 1 else kind_words(kind)
    else:
        noun = translate("Parts", "part") if len(whole) == 1 else translate("Parts", "parts")
    if of is None:
        return f"{grouped(len(ids))} {noun}"
    return translate("Parts", "{count} of {all}").format(count=grouped(len(ids)), all=f"{grouped(len(of))} {noun}")
