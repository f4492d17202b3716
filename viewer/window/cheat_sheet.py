"""All keys and gestures on one sheet."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from .commands import Command, plain_title

__all__ = ["CheatSheet"]

_COLUMNS = 3  # so that the sheet fits a screen 800 pixels high


class CheatSheet(QDialog):
    """Made from the command table, so it cannot be out of date."""

    def __init__(self, commands: Sequence[Command], gestures: Sequence[tuple[str, str]], parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("cheatSheet")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Keys and mouse"))
        columns = QHBoxLayout(self)
        columns.setContentsMargins(32, 26, 32, 28)
        columns.setSpacing(44)
        groups = {self.tr("Mouse"): list(gestures)}
        for command in commands:
            if command.keys:
                keys = ", ".join(
                    QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText) for key in command.keys
                )
                groups.setdefault(plain_title(command.menu), []).append((keys, plain_title(command.title)))
        heights = {QVBoxLayout(): 0 for _ in range(_COLUMNS)}
        for column in heights:
            column.setSpacing(8)
            columns.addLayout(column)
        for title, rows in groups.items():
            column = min(heights, key=lambda column: heights[column])
            heights[column] += len(rows) + 2  # the title, and the space below
            column.addWidget(_label(title, "sectionTitle"))
            column.addLayout(_grid(rows))
            column.addSpacing(12)
        for column in heights:
            column.addStretch(1)


def _grid(rows: Sequence[tuple[str, str]]) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(20)
    grid.setVerticalSpacing(6)
    grid.setColumnMinimumWidth(0, 130)
    grid.setColumnStretch(1, 1)
    for row, (keys, title) in enumerate(rows):
        grid.addWidget(_label(keys, "keyName"), row, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(_label(title, "factText"), row, 1)
    return grid


def _label(text: str, name: str) -> QLabel:
    label = QLabel(text)
    label.setObjectName(name)
    label.setIndent(0)
    return label
