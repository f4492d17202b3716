"""What an overlay is: title, unit, definition, source, and how its values are known."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from ....overlays.overlay import Origin, Overlay
from ...words.value_words import aggregate_word, origin_word
from ..docks.sections import Section
from ..docks.words import capital
from ..labels import facts_grid, text_label

__all__ = ["OverlayAbout"]

_LABEL_WIDTH = 72


class OverlayAbout(QWidget):
    """Makes a picture trustworthy: all of it can be read and copied."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._page = QWidget()
        self._column.addWidget(self._page)

    def show_overlay(self, overlay: Overlay, report: str = "") -> None:
        """Describe an overlay; `report` says how well the file that brought it fits the model."""
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        head = QHBoxLayout()
        head.addWidget(text_label(overlay.title, "overlayTitle"), 1)
        if overlay.unit:
            unit = QLabel(overlay.unit)
            unit.setObjectName("overlayUnit")
            unit.setTextFormat(Qt.TextFormat.PlainText)
            head.addWidget(unit)
        column.addLayout(head)
        if overlay.origin is Origin.SYNTHETIC:
            column.addWidget(text_label(capital(origin_word(overlay.origin)), "syntheticNote"))
        column.addWidget(text_label(overlay.definition, "factText"))
        facts = Section(self.tr("Overlay"))
        facts.add(self.tr("Source"), overlay.source)
        if overlay.origin is not Origin.SYNTHETIC:
            facts.add(self.tr("Values"), capital(origin_word(overlay.origin)))
        if overlay.surface is None:
            facts.add(self.tr("Containers"), capital(aggregate_word(overlay.aggregate)))
        facts.add(self.tr("File"), report)
        column.addLayout(facts_grid(facts, label_width=_LABEL_WIDTH))
        self._column.replaceWidget(self._page, page)
        self._page.deleteLater()
        self._page = page
