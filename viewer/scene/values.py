"""The overlays of one model in the scene: what they colour, how tall they make it, and what is said of them."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ...layout.placement import Placement
from ...overlays.book import OverlayBook
from ...overlays.tiles.pyramid import Statistic
from ..camera import Viewport
from ..coloring import Coloring, node_coloring, node_heights, surface_coloring
from ..cut import Cut
from ..figures import value_with_unit
from ..label_layout import Rect
from ..state import ViewState
from ..surface_plan import Face
from ..theme import Theme, rgb
from ..translation import filled, translate
from ..value_words import cell_text, filter_text, overlay_facts, step_text, surface_facts
from ..weight_pictures import Picture, WeightPictures
from .boxes import Boxes
from .cell_numbers import CellNumbers
from .frame import Frame, View
from .overlay import Overlay
from .paint import Paint
from .surfaces import Surfaces
from .value_legend import ValueKey

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
    paint : Paint
        What that does to boxes.
    """

    def __init__(self, book: OverlayBook, on_ready: Callable[[], None] | None) -> None:
        self._book, self._on_ready = book, on_ready
        self._wish: tuple[object, ...] | None = None  # what of the last state decides how values are shown
        self._step = 0
        self._height: str | None = None
        self._chosen: Coloring | None = None
        self._heights: NDArray[np.float32] | None = None
        self._weights: WeightPictures | None = None
        self._picture: Picture | None = None
        self.coloring: Coloring | None = None
        self.paint = Paint(None, None, np.zeros(3))

    @property
    def on_surfaces(self) -> bool:
        """Whether tensors show pictures of their weights."""
        return self._chosen is not None and self._chosen.overlay.surface is not None

    @property
    def pending(self) -> bool:
        """Whether weights are still being read."""
        return self._weights is not None and self._weights.pending

    def close(self) -> None:
        """End the thread that reads weights."""
        if self._weights is not None:
            self._weights.close()

    # ---------------------------------------------------------------- a frame, step by step
    def choose(self, state: ViewState, theme: Theme) -> None:
        """Take over what a state asks for; the same again costs nothing."""
        wish = (
            *(state.overlay, state.height, state.step, state.range, state.scale, state.colormap, state.keep),
            state.theme,
        )
        if wish != self._wish:
            self._wish, self._chosen, self._heights = None, None, None
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
            if state.height is not None:
                self._heights = node_heights(self._book, state.height, state.step)
            self._step, self._height, self._wish = state.step, state.height, wish
        self.coloring, self._picture = self._chosen, None
        self.paint = Paint(self._chosen, self._heights, rgb(theme.no_data))

    def look(self, placement: Placement, cut: Cut, view: View) -> None:
        """Find the pictures on the faces that a cut shows."""
        if not self.on_surfaces or self._chosen is None:
            return
        if self._weights is None:
            self._weights = WeightPictures(self._book.graph, self._on_ready)
        boxes = np.stack(self.paint.boxes(placement, cut), 1)
        faces, unreadable = self._weights.faces(cut, boxes, view.camera, view.viewport, view.scale)
        statistic = Statistic(str(self._chosen.overlay.surface))
        self._picture = self._weights.picture(faces, statistic, view.scale)
        self.coloring = surface_coloring(self._chosen, self._picture.cells())
        self.paint = Paint(self.coloring, self._heights, self.paint.no_data, unreadable)

    def dress(self, boxes: Boxes, surfaces: Surfaces, frame: Frame) -> None:
        """Hand colours and pictures to what draws them."""
        if self.coloring is not None:
            boxes.values.show(self.coloring)
        if self._picture is not None and self.coloring is not None:
            surfaces.values.show(self.coloring)
            surfaces.fill(self._picture, frame)
        else:
            surfaces.clear()

    def write_cells(self, numbers: CellNumbers, overlay: Overlay, frame: Frame) -> list[Rect]:
        """Write numbers onto the pictures, and return the ground that they take."""
        if self._picture is None or self.coloring is None or frame.view.moving:
            return []
        return numbers.write(overlay, self._picture, self.coloring, frame.view)

    @property
    def pictured(self) -> frozenset[int]:
        """The tensors whose faces are pictures."""
        return frozenset(self._picture.faces) if self._picture is not None else frozenset()

    # ---------------------------------------------------------------- words
    @property
    def headline(self) -> str:
        """What the line under the title says of the overlay; "" where there is none."""
        if self.coloring is None:
            return ""
        overlay = self.coloring.overlay
        shown = filled(translate("Scene", "colour: %1"), overlay.title)
        return " · ".join(filter(None, (shown, step_text(overlay, self._step))))

    def key(self, frame: Frame) -> ValueKey | None:
        """Return what the legend says of the overlay, None where there is none."""
        if self.coloring is None:
            return None
        facts = overlay_facts(self.coloring, self._step)
        missing = bool((np.isnan(frame.datum[:, 0]) & (frame.datum[:, 1] > 0.5)).any())
        if self._picture is not None:
            picture = self._picture
            facts += surface_facts(str(self.coloring.overlay.surface), picture.levels, picture.share, picture.loading)
            if not picture.faces:
                facts.append(translate("Scene", "fly closer: weights are shown on tensors that are large enough"))
        height = ""
        if self._height is not None:
            height = filled(translate("Scene", "height: %1"), self._book.get(self._height).title)
        no_data = translate("Scene", "cannot be read") if self._picture is not None else translate("Scene", "no data")
        return ValueKey(self.coloring, tuple(facts), filter_text(self.coloring), height, missing, no_data)

    def at(self, x: float, y: float, node: int, frame: Frame) -> str | None:
        """Return what the overlay says of a node under a pixel, None where it has nothing to say."""
        coloring = self.coloring
        if coloring is None:
            return None
        if self._picture is None:
            return f"{coloring.overlay.title}: {value_with_unit(coloring.overlay, float(coloring.values[node]))}"
        face = self._picture.faces.get(node)
        if face is None:
            return self._weights.problem(node) if self._weights is not None else None
        return self._cell_at(x, y, face, frame.view.viewport, frame)

    def _cell_at(self, x: float, y: float, face: Face, viewport: Viewport, frame: Frame) -> str | None:
        origin, direction = frame.view.camera.ray((x, y), viewport)
        w = face.center[2] + face.size[2] / 2
        if self._picture is None or self.coloring is None or direction[2] >= 0:
            return None
        row, column = face.place_of(origin + direction * ((w - origin[2]) / direction[2]))
        for patch, tile in reversed(self._picture.patches):
            inside = patch.rows[0] <= row < patch.rows[1] and patch.columns[0] <= column < patch.columns[1]
            if patch.face is face and inside:
                level = patch.key.level
                cell = tile.cells[int(row - patch.rows[0]) >> level, int(column - patch.columns[0]) >> level]
                return cell_text(self.coloring.overlay, face, (row, column), level, float(cell))
        return translate("Scene", "reading …")
