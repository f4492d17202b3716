"""Hiding parts in the window: what the commands do, and the button that says how many are hidden."""

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QToolButton

from ....graph.model_graph import ModelGraph
from ...pointing.hiding import hidden_by, hides_everything, isolated, nearest_shown, with_hidden, with_shown
from ...state import ViewState
from ...words.captions import hidden_words
from ..moving.navigator import Navigator

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
        self._last: tuple[int, ...] = ()  # what was hidden last
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
        self._graph, self._last = graph, ()

    # ---------------------------------------------------------------- commands
    def toggle(self) -> None:
        """Hide what is selected, or the focus; show it if it is hidden; with nothing selected, what was hidden last."""
        graph, state = self._graph, self._state
        if graph is None:
            return
        again = not state.selected and any(hidden_by(graph, state.hidden, node) is not None for node in self._last)
        nodes = self._last if again else self._meant()
        if any(hidden_by(graph, state.hidden, node) is not None for node in nodes):
            self._hide(with_shown(graph, state.hidden, nodes))
            state.selection, *others = nodes
            state.marked = frozenset(others)
        elif nodes and self._hide(with_hidden(graph, state.hidden, nodes)):
            self._last = nodes
            state.selection = None

    def isolate(self) -> None:
        """Hide everything but what is selected, or the focus, what is inside it and what it is in."""
        nodes = self._meant()
        if self._graph is not None and nodes:
            self._hide(isolated(self._graph, nodes))

    def show_all(self) -> None:
        """Show all parts again, where they were before anything was hidden."""
        self._hide(frozenset())

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

    def _meant(self) -> tuple[int, ...]:
        nodes = self._state.selected or (self._state.focus,)
        if 0 in nodes:
            self.refused.emit(self.tr("Select a part first: the whole model cannot be hidden."))
            return ()
        return nodes

    def _hide(self, hidden: frozenset[int]) -> bool:
        graph, state = self._graph, self._state
        if graph is None:
            return False
        if hides_everything(graph, hidden):
            self.refused.emit(self.tr("Nothing would be left to see: some part must stay shown."))
            return False
        state.hidden = hidden
        # A part that is shown again needs its place.
        state.compacted = frozenset(
            node for node in state.compacted if hidden_by(graph, state.hidden, node) is not None
        )
        shown = nearest_shown(graph, state.hidden, state.focus)
        if shown != state.focus:
            selection, marked = state.selection, state.marked
            self._navigator.go_to(shown)
            state.selection, state.marked = selection, marked
        return True

    # ---------------------------------------------------------------- what follows the state
    def _on_hidden(self, hidden: frozenset[int]) -> None:
        self.button.setText(hidden_words(len(hidden)) + " · " + self.tr("Show all"))
        self.button.setVisible(bool(hidden))
        self.changed.emit()

    def _on_compacted(self) -> None:
        self.changed.emit()
