"""All that is written on a frame: title, legend, numbers of cells, labels."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ....graph.kinds import EdgeKind, Provenance
from ...cameras.camera import Viewport
from ...cameras.corners import corners_of
from ...state import ViewState
from ...theme import Theme, Tone
from ...words.captions import hidden_words
from ..frame import Frame, View
from ..model import SceneModel
from ..outline import Box, outline_rects
from ..ports import Tabs
from ..previews import PreviewQuads
from ..ribbons import route_rects
from ..values import Values
from .cell_numbers import CellNumbers
from .heading import Heading
from .legend import Legend, LegendPanel
from .margins import free_margins, has_legend
from .occupancy import Rect
from .overlay import Overlay, Writing
from .said import headline, height_key, value_key

__all__ = ["Page", "Subject"]

_NO_RECTS, _NO_ROUTES = np.empty((0, 4)), np.empty(0, np.int64)


@dataclass(frozen=True, eq=False)
class Subject:
    """A frame that is to be written on, with what it shows.

    Attributes
    ----------
    routes : ndarray of int64
        The routes that are drawn.
    tabs : Tabs
    previews : PreviewQuads
    marked : iterable of Box
        Parts with an outline that would strike out what is written across it.
    on_way : bool
        The model is on its way to another placement.
    """

    model: SceneModel
    values: Values
    frame: Frame
    routes: NDArray[np.int64]
    tabs: Tabs
    previews: PreviewQuads
    marked: Iterable[Box]
    on_way: bool


class Page:
    """Writes on frames.

    Parameters
    ----------
    theme : Theme

    Attributes
    ----------
    legend : LegendPanel
    fixed : list of Rect
        What title and legend of the last frame take.
    """

    def __init__(self, theme: Theme) -> None:
        self._overlay, self._heading, self.legend = Overlay(), Heading(theme), LegendPanel(theme)
        self._numbers = CellNumbers(theme)
        self._said: Legend | None = None  # what the legend named last
        self.fixed: list[Rect] = []
        self.actor = self._overlay.actor

    @property
    def writings(self) -> list[Writing]:
        """Every line of text of the last frame."""
        return self._overlay.writings

    def forget(self) -> None:
        """Take what is written next for another model."""
        self._said, self.fixed = None, []

    def erase(self, view: View) -> None:
        """Take all text of the last frame away, with all that stands behind it."""
        self._overlay.erase()
        self._overlay.finish(view.viewport, view.scale)

    def write(self, subject: Subject, state: ViewState, names: float, taken: Sequence[Rect] = ()) -> None:
        """Write on a frame.

        Parameters
        ----------
        names : float
            Opacity of the labels on the model, 0 to 1.
        taken : sequence of Rect
            What something else lies on: no label is written there.
        """
        self._overlay.clear()
        self.legend.values.clear()
        self.fixed = []
        if not (state.labels and names > 0):
            subject.model.labels.clear()  # else the new ones stay where these were, if they can
        if state.labels:
            self._write(subject, state, names, taken)
        view = subject.frame.view
        self._overlay.finish(view.viewport, view.scale)

    def _write(self, subject: Subject, state: ViewState, names: float, elsewhere: Sequence[Rect]) -> None:
        model, frame, view = subject.model, subject.frame, subject.frame.view
        title, facts = model.heading(state.focus, state.plain_words)
        if state.hidden:
            facts = " · ".join(filter(None, [facts, hidden_words(len(state.hidden))]))
        covered = _reaches_title(model, view)
        taken = self._heading.draw(self._overlay, view, title, facts, headline(subject.values), covered)
        self.fixed += taken
        taken += elsewhere
        # While the camera moves, all is decided anew every few frames; in those between, labels go with their boxes.
        now = frame, state.focus, model.is_hidden, state.plain_words
        follows = names > 0 and self._said is not None and model.labels.follows(*now)
        lanes, lane_of = route_rects(model.placement.routes, subject.routes if not follows else _NO_ROUTES, view)
        if has_legend(view.viewport, view.scale):
            said = self._said
            if said is None or not follows:
                before, said = said, _legend(subject, lane_of[_on_screen(lanes, view.viewport)], state.plain_words)
                if before is not None and subject.on_way:  # there are no routes, only for a moment
                    flow = {"flows": before.flows, "inferred": before.inferred, "known": before.known}
                    said = replace(said, **flow, ports=before.ports)
                self._said = said
            self.fixed.append(self.legend.draw(self._overlay, view, said))
            taken.append(self.fixed[-1])
        self._overlay.opacity = names
        if follows:
            model.labels.follow(self._overlay, frame, taken)
        elif names > 0:
            taken += subject.values.write_cells(self._numbers, self._overlay, frame, taken)
            marks = np.concatenate([_NO_RECTS, *(outline_rects(box, view) for box in subject.marked)])
            pictured = subject.values.pictured | subject.previews.pictured
            places = (taken, lanes, marks, pictured, subject.tabs, model.is_hidden)
            model.labels.draw(self._overlay, frame, state.focus, *places, state.plain_words)


def _reaches_title(model: SceneModel, view: View) -> bool:
    """Return whether the model reaches into the strip of the title, so that it must fade there."""
    center, size = model.placement.bounds(0)
    px, depth = view.camera.project(corners_of(center, size), view.viewport)
    return bool((depth <= 0).any() or px[:, 1].min() < 0.95 * free_margins(view.viewport, view.scale)[1])


def _legend(subject: Subject, routes: NDArray[np.int64], plain: bool) -> Legend:
    """Return what a frame's legend must name: tones of closed boxes and of previews, routes on the screen, overlays."""
    model, values, frame = subject.model, subject.values, subject.frame
    closed = frame.cut.nodes[~frame.cut.opened]
    tones = np.unique(model.tones[np.concatenate([closed, subject.previews.parts])])
    columns = model.placement.routes
    inferred = columns.provenance[routes] == Provenance.INFERRED
    return Legend(
        tuple(Tone(int(tone)) for tone in tones if tone != Tone.CONTAINER),
        tuple(EdgeKind(int(kind)) for kind in np.unique(columns.kind[routes])),
        bool(inferred.any()),
        bool((~inferred).any()),
        bool(len(subject.tabs.ports)),
        value_key(values, frame),
        height_key(values),
        plain,
    )


def _on_screen(rects: NDArray[np.float64], viewport: Viewport) -> NDArray[np.bool_]:
    return (rects[:, 0] < viewport[0]) & (rects[:, 2] > 0) & (rects[:, 1] < viewport[1]) & (rects[:, 3] > 0)
