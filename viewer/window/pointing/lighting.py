"""The spotlight in the window: dimming the rest, and tracing where data comes from and goes to."""

from functools import partial

import numpy as np
from PySide6.QtCore import QCoreApplication, QObject, Signal

from ....graph.model_graph import ModelGraph
from ...pointing.hiding import outermost
from ...pointing.spotlight import gathered
from ...pointing.tracing import Flow, Trace
from ...state import ViewState
from ...words.numbers import grouped
from ..background import Background
from ..docks.words import node_title

__all__ = ["Lighting"]

_MANY = 100_000  # edges: a trace of a million takes seconds, and the window goes on meanwhile
_TRACE = "trace"
_Walked = tuple[Flow, Trace | None, Trace | None]  # what leads to some parts, and what follows them
translate = QCoreApplication.translate  # under this name Qt's lupdate finds the texts


class Lighting(QObject):
    """Changes `spotlight` of a state.

    Parameters
    ----------
    state : ViewState
    """

    told = Signal(str)  # what was traced, or why nothing was
    changed = Signal()

    def __init__(self, state: ViewState, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._graph: ModelGraph | None = None
        self._flow: Flow | None = None  # made at the first trace
        self._background = Background(self)
        self._background.failed.connect(self.told)
        state.events.spotlight.connect(self.changed.emit)

    def show_model(self, graph: ModelGraph | None) -> None:
        """Start afresh with another model, or none."""
        self._background.cancel()
        self._graph, self._flow = graph, None

    # ---------------------------------------------------------------- commands
    def is_on(self) -> bool:
        """Whether some parts are lit and the rest is dimmed."""
        return bool(self._state.spotlight)

    def toggle(self) -> None:
        """Dim all but what is selected, or light everything again."""
        nodes = self._meant()
        if self.is_on():
            self._state.spotlight = frozenset()
        elif nodes and self._graph is not None:
            self._state.spotlight = outermost(self._graph, nodes)
        self.changed.emit()  # where nothing was dimmed, the action is unchecked again

    def trace(self, *, up: bool, down: bool, direct: bool = False) -> None:
        """Light what leads to the selected parts, and what they lead to; dim the rest, and say how much that is.

        Parameters
        ----------
        up, down : bool
            Which of them.
        direct : bool
            Only those that are joined with the selected parts by one step.
        """
        nodes, graph = self._meant(), self._graph
        if graph is None or not nodes:
            return
        work = partial(_walk, graph, self._flow, nodes, up, down, direct)
        if len(graph.edges.source) < _MANY:
            self._light(graph, nodes, work())
        else:
            self._background.run(_TRACE, work, partial(self._light, graph, nodes))
            self.told.emit(translate("Lighting", "Tracing …"))

    def _light(self, graph: ModelGraph, nodes: tuple[int, ...], walked: _Walked) -> None:
        self._flow, before, after = walked
        found = np.concatenate([trace.parts for trace in (before, after) if trace is not None])
        if len(found):
            self._state.spotlight = gathered(graph, np.append(found, nodes))
        self.told.emit(_words(graph, nodes, before, after))

    def leave(self) -> bool:
        """End a trace, or else light everything again, or drop several selected parts; return whether there was any."""
        state = self._state
        if self._background.busy(_TRACE):
            self._background.cancel()
            self.told.emit("")
        elif self.is_on():
            state.spotlight = frozenset()
        elif state.marked:
            state.selection, state.marked = None, frozenset()
        else:
            return False
        return True

    def _meant(self) -> tuple[int, ...]:
        nodes = self._state.selected or (self._state.focus,)
        if nodes == (0,):
            self.told.emit(translate("Lighting", "Select a part first."))
            return ()
        return nodes


def _walk(graph: ModelGraph, flow: Flow | None, nodes: tuple[int, ...], up: bool, down: bool, direct: bool) -> _Walked:
    """Return a graph's flow, which is made where there is none yet, and what leads to nodes and follows them."""
    flow = flow or Flow(graph)
    return (
        flow,
        flow.upstream(nodes, direct=direct) if up else None,
        flow.downstream(nodes, direct=direct) if down else None,
    )


def _words(graph: ModelGraph, nodes: tuple[int, ...], before: Trace | None, after: Trace | None) -> str:
    """Return what a trace found: "412 parts lead to q_proj; it leads to 1 part (inferred flow)"."""
    if len(nodes) == 1:
        name = node_title(graph, nodes[0])
    else:
        name = translate("Lighting", "the {count} selected parts").format(count=grouped(len(nodes)))
    said = []
    if before is not None:
        said.append(
            {
                0: translate("Lighting", "No flow is known that leads to {name}"),
                1: translate("Lighting", "1 part leads to {name}"),
            }.get(len(before.parts), translate("Lighting", "{count} parts lead to {name}")).format(
                count=grouped(len(before.parts)), name=name
            )
        )
    if after is not None:
        said.append(
            {
                0: translate("Lighting", "No flow is known that leads on from {name}"),
                1: translate("Lighting", "{name} leads to 1 part"),
            }.get(len(after.parts), translate("Lighting", "{name} leads to {count} parts")).format(
                count=grouped(len(after.parts)), name=name
            )
        )
    text = " · ".join(said)
    inferred = any(trace is not None and trace.inferred for trace in (before, after))
    return translate("Lighting", "{found} (inferred flow)").format(found=text) if inferred else text
