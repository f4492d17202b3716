"""A rubber band: Ctrl and a drag select the largest parts inside a rectangle, Ctrl and a click adds or removes one."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtWidgets import QApplication

if TYPE_CHECKING:
    from ..model_view import ModelView

__all__ = ["Band"]


class Band:
    """A rectangle that is being drawn over a view, until the button is released.

    Parameters
    ----------
    view : ModelView
    start : QPointF
        In the widget's pixels.
    adds : bool
        What is inside goes to what is selected already, instead of taking its place.
    """

    def __init__(self, view: "ModelView", start: QPointF, adds: bool) -> None:
        self._view, self._start, self._adds = view, start, adds
        self._drawn = False

    def to(self, position: QPointF) -> None:
        """Follow the cursor."""
        far = (position - self._start).manhattanLength() >= QApplication.startDragDistance()
        self._drawn = self._drawn or far
        if self._drawn:
            self._view.show_band(QRectF(self._start, position).normalized())

    def release(self, position: QPointF) -> None:
        """Select what is inside; where nothing was drawn, add or remove what is under the cursor."""
        view, state = self._view, self._view.state
        view.show_band(None)
        before = state.selected
        if not self._drawn:
            hit = view.pick(position)
            if hit is not None:
                self._select([node for node in before if node != hit] if hit in before else [*before, hit])
            return
        band = QRectF(self._start, position).normalized()
        inside = view.scene.pick_band((*view.device(band.topLeft()), *view.device(band.bottomRight())))
        self._select([*before, *(node for node in inside if node not in before)] if self._adds else inside)

    def _select(self, nodes: list[int]) -> None:
        state = self._view.state
        state.selection = nodes[0] if nodes else None
        state.marked = frozenset(nodes[1:])
