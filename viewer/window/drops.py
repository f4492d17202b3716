"""Files that are dropped on the window."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QDragEnterEvent, QDropEvent

if TYPE_CHECKING:
    from .main_window import MainWindow

__all__ = ["Drops"]


class Drops(QObject):
    """Lets one local file at a time be dropped, and opens it.

    Parameters
    ----------
    window : MainWindow
    """

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window)
        self._window = window
        window.setAcceptDrops(True)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        start = self._window.start
        if isinstance(event, QDragEnterEvent):  # before QDropEvent, which it is one of
            urls = event.mimeData().urls()
            if len(urls) == 1 and urls[0].isLocalFile():
                event.acceptProposedAction()
                start.show_drop(True)
            return True
        if event.type() == QEvent.Type.DragLeave:
            start.show_drop(False)
        elif event.type() == QEvent.Type.Drop and isinstance(event, QDropEvent):
            start.show_drop(False)
            event.acceptProposedAction()
            self._window.open_dropped(event.mimeData().urls()[0].toLocalFile())
            return True
        return super().eventFilter(watched, event)
