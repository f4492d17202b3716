"""What the inspector says of the overlays that are shown: the value of one part, and how it comes about."""

import numpy as np
from PySide6.QtCore import QCoreApplication

from ....overlays.book import OverlayBook
from ....overlays.overlay import Figure, Overlay
from ...coloring import joined_step
from ...state import ViewState
from ...words.figures import value_text, value_with_unit
from ...words.numbers import grouped
from ...words.value_words import origin_word
from ..docks.sections import Section
from ..docks.words import capital
from .own_values import OwnValues, counted_parts
from .prepared import known_overlay
from .words import aggregate_of

__all__ = ["overlay_section"]

translate = QCoreApplication.translate  # under this name Qt's lupdate finds the texts


def overlay_section(book: OverlayBook, state: ViewState, node: int) -> Section | None:
    """Return the values of a node in the overlays for colour and height; None where there are no such overlays.

    Pictures on surfaces have no value of a whole part, and are left out.
    """
    section = Section(translate("Inspector", "Overlay"))
    colors = None if known_overlay(book, state.overlay) is None else state.overlay
    for name in dict.fromkeys(filter(None, [state.overlay, state.height])):
        overlay = known_overlay(book, name)
        if overlay is not None and overlay.surface is None:
            step = state.step if name == colors else joined_step(book, colors, name, state.step)
            if step is None:
                section.add(overlay.title, translate("Inspector", "no data for this step"))
            else:
                _add(section, book, name, step, node)
    return section if section.facts else None


def _add(section: Section, book: OverlayBook, name: str, step: int, node: int) -> None:
    overlay, found = book.get(name), book.values(name, step)
    value = float(found.values[node])
    section.add(overlay.title, value_with_unit(overlay, value), _exact(overlay, value))
    if overlay.steps:
        section.add(translate("Inspector", "Step"), overlay.steps[min(step, len(overlay.steps) - 1)])
    if np.isnan(value):
        return
    if found.own[node]:
        section.add(translate("Inspector", "Origin"), capital(origin_word(overlay.origin)))
    else:
        graph = book.graph
        parts = counted_parts(graph, OwnValues.of(overlay, step).nearest_in(graph, node))
        section.add(translate("Inspector", "Aggregate"), capital(aggregate_of(overlay.aggregate, parts)))


def _exact(overlay: Overlay, value: float) -> str:
    """Return a number in all its digits, where people read a rounded one."""
    if np.isnan(value) or overlay.figure is Figure.CATEGORY:
        return ""
    digits = grouped(int(value)) if value == round(value) and abs(value) < 2**53 else str(np.float32(value))
    digits = digits.replace("-", "\u2212")
    return digits if digits != value_text(overlay, value) else ""
