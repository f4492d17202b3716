"""Hiding parts in the window: what the commands do, and the button that says how many are hidden."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QToolButton

from ...graph.model_graph import ModelGraph
from ..captions import hidden_words
from ..hiding import hidden_by, isolated, nearest_shown, with_hidden, with_shown
from ..state import ViewState
from .navigator import Navigator

__all__ = ["Hiding"]


class Hiding(QObject):
    """Changes `hidden` and `compacted` of a state.

    Parameters
    ----------
    state : ViewState
    navigator : Navigator
        Leads away from a focus that is being hidden.

    Attributes
    ----------
    button : QToolButton
        Says how many parts are hidden while some are; a click shows them.
    """

    refused = Signal(str)  # why nothing was hidden
    changed = Signal()

    def __init__(self, state: ViewState, navigator: Navigator, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state, self._navigator = state, navigator
        self._graph: ModelGraph | None = None
        self.button = QToolButton()
        self.button.setObjectName("hiddenParts")
        self.button.setAutoRaise(True)
        self.button.setToolTip(self.tr("Show all parts (Alt+H)"))
        self.button.clicked.connect(self.show_all)
        self.button.hide()
        state.events.hidden.connect(self._on_hidden)
        state.events.compacted.connect(self._on_compacted)

    def show_model(self, graph: ModelGraph | None) -> None:
        """Start afresh with another model, or none."""
        self._graph = graph

    # ---------------------------------------------------------------- commands
    def toggle(self) -> None:
        """Hide the selection, or the focus where nothing is selected; show the selection if it is hidden."""
        graph, state, node = self._graph, self._state, self._meant()
        if graph is None or node is None:
            return
        if hidden_by(graph, state.hidden, node) is not None:
            self._hide(lambda: with_shown(graph, state.hidden, node))
            return
        self._hide(lambda: with_hidden(graph, state.hidden, node))
        state.selection = None

    def isolate(self) -> None:
        """Hide everything but the selection, or the focus, what is inside it and what it is in."""
        graph, node = self._graph, self._meant()
        if graph is not None and node is not None:
            self._hide(lambda: isolated(graph, node))

    def show_all(self) -> None:
        """Show all parts again, where they were before anything was hidden."""
        self._hide(frozenset)

    def hides(self) -> bool:
        """Whether some part is hidden."""
        return bool(self._state.hidden)

    def is_compact(self) -> bool:
        """Whether the layout leaves out hidden parts."""
        return bool(self._state.compacted)

    def toggle_compact(self) -> None:
        """Let what stays take the room of all that is hidden now; where it has, put it back."""
        state = self._state
        state.compacted = frozenset() if state.compacted == state.hidden else state.hidden

    def _meant(self) -> int | None:
        node = self._state.focus if self._state.selection is None else self._state.selection
        if not node:
            self.refused.emit(self.tr("Select a part first: the whole model cannot be hidden."))
        return node or None

    def _hide(self, hidden: Callable[[], frozenset[int]]) -> None:
        graph, state = self._graph, self._state
        if graph is None:
            return
        state.hidden = hidden()
        # A part that is shown again needs its place.
        state.compacted = frozenset(
            node for node in state.compacted if hidden_by(graph, state.hidden, node) is not None
        )
        shown = nearest_shown(graph, state.hidden, state.focus)
        if shown != state.focus:
            selection = state.selection
            self._navigator.go_to(shown)
            state.selection = selection

    # ---------------------------------------------------------------- what follows the state
    def _on_hidden(self, hidden: frozenset[int]) -> None:
        self.button.setText(hidden_words(len(hidden)) + " · " + self.tr("Show all"))
        self.button.setVisible(bool(hidden))
        self.changed.emit()

    def _on_compacted(self) -> None:
        self.changed.emit()
