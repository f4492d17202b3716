"""How a model is shown first: what the options ask for, which may read and compute overlays, in any thread."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...errors import ArchvizError
from ...graph.model_graph import ModelGraph
from ...layout import place
from ...layout.placement import Placement
from ...layout.stack import picked
from ...overlays.book import OverlayBook
from ..state import ViewState
from ..views import view_state
from .overlays.prepared import prepare_overlay

__all__ = ["FirstView", "first_view"]


@dataclass(frozen=True, eq=False)
class FirstView:
    """A model with its layout and overlays, the state that it is shown in, and what was wrong with the options."""

    graph: ModelGraph
    placement: Placement
    book: OverlayBook
    state: ViewState
    problem: str = ""


def first_view(graph: ModelGraph, placement: Placement, options: Mapping[str, Any], theme: str) -> FirstView:
    """Return how a model is shown; where an option is wrong, the model as it is without any.

    Parameters
    ----------
    options : mapping
        Those of `view_state`.
    theme : str
        The one to keep where the options have none.
    """
    book = OverlayBook(graph)
    wanted = dict(options)
    if "saved" not in wanted:
        wanted.setdefault("theme", theme)
    try:
        state = view_state(graph, book=book, **wanted)
        for name in filter(None, (state.overlay, state.height)):
            prepare_overlay(book, name)
        if state.compacted or picked(state.arrangement, graph, placement.aspect) != placement.arrangement:
            placement = place(graph, placement.aspect, state.arrangement, state.compacted)
    except ArchvizError as error:  # the model is fine, an option is not: show the model, and say so
        return FirstView(graph, placement, book, ViewState(theme=theme), str(error))
    return FirstView(graph, placement, book, state)
