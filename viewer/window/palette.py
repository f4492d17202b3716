"""The command palette: every command, found as one types."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QDialog, QLineEdit, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from .commands import Command, plain_title

__all__ = ["Palette"]

_TITLE, _KEYS = 0, 1
_WIDTH, _HEIGHT, _KEYS_WIDTH = 560, 420, 150


class Palette(QDialog):
    """Lists what can be done now; Enter does it.

    Parameters
    ----------
    commands : sequence of Command
    actions : mapping of str to QAction
        By the ids of the commands.
    """

    def __init__(self, commands: Sequence[Command], actions: Mapping[str, QAction], parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("palette")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("All commands"))
        self.resize(_WIDTH, _HEIGHT)
        self._actions = actions
        self.field = QLineEdit()
        self.field.setPlaceholderText(self.tr("Type what you want to do"))
        self.field.setAccessibleName(self.tr("Find a command"))
        self.field.installEventFilter(self)
        self.list = QTreeWidget()
        self.list.setHeaderHidden(True)
        self.list.setRootIsDecorated(False)
        self.list.setColumnCount(2)
        self.list.setColumnWidth(_TITLE, _WIDTH - _KEYS_WIDTH)
        self.list.setAccessibleName(self.tr("Commands"))
        for command in commands:
            if actions[command.id].isEnabled() and command.id != "help.commands":
                self._add(command)
        column = QVBoxLayout(self)
        column.addWidget(self.field)
        column.addWidget(self.list)
        self.field.textChanged.connect(self._filter)
        self.field.returnPressed.connect(self._do)
        self.list.itemActivated.connect(self._do)
        self._filter("")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # Up and down go through the list while one types.
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and watched is self.field:
            step = {Qt.Key.Key_Up.value: -1, Qt.Key.Key_Down.value: 1}.get(event.key())
            if step is not None:
                self._step(step)
                return True
        return super().eventFilter(watched, event)

    def _add(self, command: Command) -> None:
        keys = ", ".join(QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText) for key in command.keys)
        item = QTreeWidgetItem([f"{plain_title(command.menu)}: {plain_title(command.title)}", keys])
        item.setData(_TITLE, Qt.ItemDataRole.UserRole, command.id)
        self.list.addTopLevelItem(item)

    def _items(self) -> list[QTreeWidgetItem]:
        found = (self.list.topLevelItem(row) for row in range(self.list.topLevelItemCount()))
        return [item for item in found if item is not None]

    def _filter(self, text: str) -> None:
        """Keep what has all words that were typed."""
        words = text.casefold().split()
        shown = None
        for item in self._items():
            name = f"{item.text(_TITLE)} {item.text(_KEYS)}".casefold()
            item.setHidden(not all(word in name for word in words))
            if shown is None and not item.isHidden():
                shown = item
        self.list.setCurrentItem(shown)  # pyright: ignore[reportArgumentType]  - None is "nothing" in Qt

    def _step(self, step: int) -> None:
        items = [item for item in self._items() if not item.isHidden()]
        current = self.list.currentItem()
        if items:
            at = items.index(current) if current in items else -step
            self.list.setCurrentItem(items[(at + step) % len(items)])

    def _do(self) -> None:
        item = self.list.currentItem()
        if item is not None and not item.isHidden():
            self.accept()
            self._actions[item.data(_TITLE, Qt.ItemDataRole.UserRole)].trigger()
