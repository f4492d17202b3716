"""A combo box that the wheel passes over: scrolling the panel must not change what is shown."""

from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QComboBox

__all__ = ["StillCombo"]


class StillCombo(QComboBox):
    """A combo box whose choice only clicks and keys change."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()  # the panel below scrolls
