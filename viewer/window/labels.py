"""Text that a panel tells: labels that wrap and can be copied, and grids of facts."""

import re

from PySide6.QtCore import Qt
from PySide6.QtGui import Qt as GuiQt
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QVBoxLayout

from .docks.sections import Section

__all__ = ["breakable", "facts_grid", "plain_tip", "text_label"]

_LONG = 9  # characters that fit into a line in any case


def text_label(text: str, name: str) -> QLabel:
    """Return a label that wraps and whose text can be selected; `name` is what the style sheet knows it by."""
    label = QLabel(text)
    label.setObjectName(name)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setIndent(0)  # a style sheet with padding would indent it otherwise
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
    return label


def plain_tip(text: str) -> str:
    """Return what a tool tip shows as `text`, letter by letter, even where Qt would take it for rich text."""
    return GuiQt.convertFromPlainText(text) if GuiQt.mightBeRichText(text) else text


def facts_grid(section: Section, *, label_width: int = 112) -> QGridLayout:
    """Return a section's facts as rows of label and text."""
    grid = QGridLayout()
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(12)
    grid.setVerticalSpacing(5)
    grid.setColumnMinimumWidth(0, label_width)
    grid.setColumnStretch(1, 1)
    for row, fact in enumerate(section.facts):
        grid.addWidget(text_label(breakable(fact.label), "factLabel"), row, 0, Qt.AlignmentFlag.AlignTop)
        value = QVBoxLayout()
        value.setSpacing(0)
        value.addWidget(text_label(breakable(fact.text), "factText"))
        if fact.detail:
            value.addWidget(text_label(breakable(fact.detail), "factDetail"))
        value.addStretch(1)
        grid.addLayout(value, row, 1)
    return grid


def breakable(text: str) -> str:
    """Let a long path or name break after dots, slashes and underscores and before capitals, with zero-width spaces."""
    return re.sub(r"(?<=[._/])|(?<=[a-z0-9])(?=[A-Z])", "\u200b", text) if len(text) > _LONG else text
