"""Placing the model that is shown anew, in a thread, when another arrangement or other gaps are wanted."""

from functools import partial

from PySide6.QtCore import QObject, Signal

from ....graph.model_graph import ModelGraph
from ....layout import place
from ....layout.placement import Placement
from ...state import ViewState
from ..background import Background

__all__ = ["Placing"]

_PLACING = "placement"


class Placing(QObject):
    """Follows `arrangement` and `compacted` of a state.

    Parameters
    ----------
    state : ViewState
    """

    placed = Signal(object)  # another Placement of the model
    failed = Signal(str)

    def __init__(self, state: ViewState, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._graph: ModelGraph | None = None
        self._aspect = 1.0
        self._shown = self._wanted
        self._background = Background(self)
        self._background.failed.connect(self.failed)
        state.events.arrangement.connect(self._follow)
        state.events.compacted.connect(self._follow)

    def show_model(self, graph: ModelGraph, placement: Placement, wanted: ViewState) -> None:
        """Start afresh with another model, placed as a state wants it."""
        self._background.cancel()
        self._graph, self._aspect = graph, placement.aspect
        self._shown = wanted.arrangement, wanted.compacted

    def clear(self) -> None:
        """Have no model."""
        self._background.cancel()
        self._graph = None

    @property
    def busy(self) -> bool:
        """Whether the model is being placed."""
        return self._background.busy(_PLACING)

    @property
    def _wanted(self) -> tuple[str, frozenset[int]]:
        return self._state.arrangement, self._state.compacted

    def _follow(self) -> None:
        if self._graph is None:
            return
        if self._wanted == self._shown:
            self._background.cancel(_PLACING)
        else:
            arrangement, left_out = wanted = self._wanted
            work = partial(place, self._graph, self._aspect, arrangement, left_out)
            self._background.run(_PLACING, work, partial(self._show, wanted))

    def _show(self, wanted: tuple[str, frozenset[int]], placement: Placement) -> None:
        self._shown = wanted
        self.placed.emit(placement)
