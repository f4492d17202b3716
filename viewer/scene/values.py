"""The overlays of one model in the scene: what they colour, how tall they make it, and what is said of them."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ...overlays.book import OverlayBook
from ...overlays.tiles.pyramid import Statistic
from ..coloring import Coloring, joined_step, node_coloring, surface_coloring
from ..detail.cut import Cut, CutTree
from ..detail.previews import legible
from ..state import ViewState
from ..theme import Theme, rgb
from ..weight_pictures import Picture, WeightPictures
from .boxes import Boxes
from .frame import Frame, View
from .paint import Paint
from .surfaces import Surfaces
from .writing.cell_numbers import CellNumbers
from .writing.label_layout import Rect
from .writing.overlay import Overlay

__all__ = ["Values"]


class Values:
    """What overlays do to the frames of one model.

    Parameters
    ----------
    book : OverlayBook
    on_ready : callable or None
        As `Scene` takes it.

    Attributes
    ----------
    coloring : Coloring or None
        How the values of the last frame are coloured.
    height : Coloring or None
        The overlay that makes parts tall.
    step, height_step : int
        Which steps they show; None where the heights' overlay has none of that name.
    picture : Picture or None
        Weights on faces.
    weights : WeightPictures or None
        Where they come from.
    tensors_in_view : int
        How many tensors with stored weights the frame's closed boxes are, or hold.
    unreadable : ndarray of bool, shape (N,)
        Tensors whose weights were asked for and cannot be read.
    paint : Paint
        What that does to boxes.
    """

    def __init__(self, book: OverlayBook, on_ready: Callable[[], None] | None) -> None:
        self._book, self._on_ready = book, on_ready
        self._wish: tuple[object, ...] | None = None  # what of the last state decides how values are shown
        self.step = 0
        self.height: Coloring | None = None
        self.height_step: int | None = 0
        self._chosen: Coloring | None = None
        self._heights: NDArray[np.float32] | None = None
        self._varies = np.zeros(len(book.graph), bool)  # what holds parts with heights
        self.weights: WeightPictures | None = None
        self.picture: Picture | None = None
        self.unreadable = np.zeros(len(book.graph), bool)
        self.tensors_in_view = 0
        self._stored = lru_cache(maxsize=1)(lambda: book.graph.subtree_sums(book.graph.offset >= 0))
        self.coloring: Coloring | None = None
        self.paint = Paint(None, None, np.zeros(3))

    @property
    def on_surfaces(self) -> bool:
        """Whether tensors show pictures of their weights."""
        return self._chosen is not None and self._chosen.overlay.surface is not None

    @property
    def pending(self) -> bool:
        """Whether weights are still being read."""
        return self.weights is not None and self.weights.pending

    @property
    def problems(self) -> list[str]:
        """Why the weights of some tensors in the last frame cannot be shown, one line a tensor."""
        if self.weights is None:
            return []
        told = (self.weights.problem(node) for node in np.flatnonzero(self.unreadable).tolist())
        return [problem for problem in told if problem is not None]

    def close(self) -> None:
        """End the thread that reads weights."""
        if self.weights is not None:
            self.weights.close()

    # ---------------------------------------------------------------- a frame, step by step
    def choose(self, state: ViewState, theme: Theme) -> None:
        """Take over what a state asks for; the same again costs nothing."""
        wish = (
            *(state.overlay, state.height, state.step, state.range, state.scale, state.colormap, state.keep),
            state.theme,
        )
        if wish != self._wish:
            self._wish = self._chosen = self.height = None
            if state.overlay is not None:
                self._chosen = node_coloring(
                    self._book,
                    state.overlay,
                    step=state.step,
                    range=state.range,
                    scale=state.scale,
                    colormap=state.colormap,
                    keep=state.keep,
                    theme=state.theme,
                )
            self.step, self.height_step, self._heights = state.step, state.step, None
            if state.height is not None:
                self._choose_height(state.height, state.overlay)
            self._wish = wish
        self.coloring, self.picture = self._chosen, None
        self.paint = Paint(self._chosen, self._heights, rgb(theme.no_data))

    def _choose_height(self, name: str, overlay: str | None) -> None:
        self.height_step = joined_step(self._book, overlay, name, self.step)
        self.height = node_coloring(self._book, name, step=self.height_step or 0)
        self._heights = self.height.places(self.height.values)
        if self.height_step is None:
            self._heights = np.full_like(self._heights, np.nan)
        known = ~np.isnan(self._heights)
        self._varies = self._book.graph.subtree_sums(known) > known

    def look(self, tree: CutTree, cut: Cut, view: View, focus: int) -> None:
        """Find how tall a cut's boxes are, and the pictures on the faces that it shows; colours fit the focus's."""
        if self._heights is not None:
            seen = np.where(self._varies[cut.nodes], legible(tree, cut, view.scale, self.on_surfaces), 0.0)
            self.paint = replace(self.paint, flattened=seen)
        if not self.on_surfaces or self._chosen is None:
            return
        if self.weights is None:
            self.weights = WeightPictures(self._book.graph, self._on_ready)
        self.tensors_in_view = int(self._stored()[cut.nodes[~cut.opened]].sum())
        boxes = np.stack(self.paint.boxes(tree.placement, cut), 1)
        faces, self.unreadable = self.weights.faces(cut, boxes, view.camera, view.viewport, view.scale)
        statistic = Statistic(str(self._chosen.overlay.surface))
        self.picture = self.weights.picture(faces, statistic, view.scale)
        inside = self._book.graph.subtree(focus)
        self.coloring = surface_coloring(self._chosen, self.picture.cells(range(inside.start, inside.stop)))
        self.paint = replace(self.paint, coloring=self.coloring, unreadable=self.unreadable)

    def dress(self, boxes: Boxes, surfaces: Surfaces, frame: Frame) -> None:
        """Hand colours and pictures to what draws them."""
        if self.coloring is not None:
            boxes.values.show(self.coloring)
        if self.picture is not None and self.coloring is not None:
            surfaces.values.show(self.coloring)
            surfaces.fill(self.picture, frame)
        else:
            surfaces.clear()

    def write_cells(self, numbers: CellNumbers, overlay: Overlay, frame: Frame, taken: Sequence[Rect]) -> list[Rect]:
        """Write numbers onto the pictures where the ground is free, and return what they take."""
        if self.picture is None or self.coloring is None or frame.view.moving:
            return []
        return numbers.write(overlay, self.picture, self.coloring, frame.view, taken)

    @property
    def pictured(self) -> frozenset[int]:
        """The tensors whose faces are pictures."""
        return frozenset(self.picture.faces) if self.picture is not None else frozenset()
