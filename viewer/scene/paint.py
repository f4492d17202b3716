"""What an overlay does to the boxes of a frame: values for their colours, and heights."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...layout.placement import Placement
from ..coloring import Coloring
from ..detail.cut import Cut

__all__ = ["RECEDE", "Paint"]

RECEDE = 0.86  # share of the plate's colour in what a filter leaves out
_TINT = 0.62  # share of its value's colour in the plate of an opened part that has one
_MUTED = 0.55  # share of the plate's colour in parts beside pictures on surfaces: colour is for the data
_MUTED_PARTS = 0.72  # ... and in the parts of what has a value, while its plate shows that
_TALLEST = 3.2  # height of the greatest value, in smaller sides of the box
_OF_ROOM = 0.85  # ... of the room before the next plate of a deck
_LOWEST, _FLAT = 0.06, 0.015  # of the lowest value, and of what has none


@dataclass(frozen=True, eq=False)
class Paint:
    """The overlays of a frame.

    Attributes
    ----------
    coloring : Coloring or None
        None shows kinds.
    heights : ndarray of float32, shape (N,), or None
        How tall each node is, 0 to 1; what has no value is flatter than the lowest.
    no_data : ndarray, shape (3,)
        Colour of what has no value.
    unreadable : ndarray of bool, shape (N,), or None
        Tensors whose weights were asked for and cannot be read: they have no data.
    flattened : ndarray of float64, shape (K,), or None
        How far each box of the frame's cut goes back to the placement's height, 0 to 1: as its parts, which have
        heights of their own, come to be seen on its front. When it opens, nothing jumps, and of equal parts those that
        are still closed do not tower over the others.
    """

    coloring: Coloring | None
    heights: NDArray[np.float32] | None
    no_data: NDArray[np.float64]
    unreadable: NDArray[np.bool_] | None = None
    flattened: NDArray[np.float64] | None = None

    @property
    def on_surfaces(self) -> bool:
        """Whether the overlay's values are pictures on the faces of tensors."""
        return self.coloring is not None and self.coloring.overlay.surface is not None

    def muted(self, nodes: NDArray[np.integer], opened: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return the share of the plate's colour in the kinds' colours of closed boxes, shape (K,)."""
        if self.coloring is None:
            return np.zeros(len(nodes))
        if self.on_surfaces:
            return np.where(opened, 0.0, _MUTED)
        inside = ~np.isnan(self.coloring.inherited[nodes])
        return np.where(~opened & inside, _MUTED_PARTS, 0.0)

    def boxes(self, placement: Placement, cut: Cut) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return centres and sizes of the drawn boxes, as far as they have risen.

        An opened one keeps the placement's height: parts stand on it.
        """
        center, size = placement.center.take(cut.nodes, 0), placement.size.take(cut.nodes, 0)
        foot = center[:, 2] - size[:, 2] / 2 - cut.drop
        tall = self.is_tall(cut)
        if self.heights is not None and tall.any():
            height = self._heights(self.heights, size[tall, :2].min(1), cut, tall)
            share = 0.0 if self.flattened is None else self.flattened[tall]
            size[tall, 2] = height + (size[tall, 2] - height) * share
        size[:, 2] *= cut.stand
        center[:, 2] = foot + size[:, 2] / 2
        return center, size

    @staticmethod
    def _heights(
        heights: NDArray[np.float32], side: NDArray[np.float64], cut: Cut, tall: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """Return how tall an overlay makes some boxes with these smaller sides."""
        # A front face of its own proportion to the height: equal values of equal parts are equally tall.
        share = heights[cut.nodes[tall]]
        if cut.room is not None:  # in a deck the tallest stays before the next plate
            side = np.minimum(side, _OF_ROOM / _TALLEST * cut.room[tall])
        return np.where(np.isnan(share), _FLAT, _LOWEST + (_TALLEST - _LOWEST) * share) * side

    def is_tall(self, cut: Cut) -> NDArray[np.bool_]:
        """Return which drawn boxes have their height from an overlay, shape (K,)."""
        if self.heights is None:
            return np.zeros(len(cut), bool)
        return ~cut.opened if self.flattened is None else ~cut.opened & (self.flattened < 1)

    def data(
        self, nodes: NDArray[np.integer], opened: NDArray[np.bool_], fade: NDArray[np.float64]
    ) -> NDArray[np.float32]:
        """Return value, share of its colour, and share of the plate's colour of each box, shape (K, 3)."""
        datum = np.zeros((len(nodes), 3), np.float32)
        datum[:, 0] = np.nan
        datum[:, 2] = fade
        if self.coloring is None:
            return datum
        if self.on_surfaces:
            if self.unreadable is not None:
                datum[:, 1] = self.unreadable[nodes] & ~opened
            return datum
        # What lies in a part with a value has none of its own, and is no gap in the data either: the plates in it go
        # with it, and what stands on them keeps the colour of its kind.
        inherited = self.coloring.inherited[nodes]
        inside = ~np.isnan(inherited)
        datum[:, 0] = np.where(inside & opened, inherited, self.coloring.values[nodes])
        tinted = self.coloring.innermost[nodes] | inside
        datum[:, 1] = np.where(opened, np.where(tinted, _TINT, 0.0), np.where(inside, 0.0, 1.0))
        return datum

    def shown(
        self, datum: NDArray[np.float32], colors: NDArray[np.uint8], behind: NDArray[np.uint8]
    ) -> NDArray[np.uint8]:
        """Return the colours of front faces as the shader draws them."""
        rows = np.flatnonzero(datum[:, 1] > 0)
        if self.coloring is None or not len(rows):
            return colors
        value, share, fade = (datum[rows, k] for k in range(3))
        fade = np.where(self.coloring.kept(value) & ~np.isnan(value), fade, np.maximum(fade, RECEDE))
        if self.coloring.keep is None:
            fade = datum[rows, 2]
        own = self.coloring.colors(value, self.no_data).astype(np.float64)
        own += (behind[rows] - own) * fade[:, None]
        out = colors.copy()
        out[rows] = np.rint(colors[rows] + (own - colors[rows]) * share[:, None]).astype(np.uint8)
        return out
