"""The menu of models that were opened last."""

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMenu, QWidget

from .recent import forget_recent, recent_files

__all__ = ["RecentMenu"]


class RecentMenu(QMenu):
    """Lists the models each time it opens."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setTitle(self.tr("Open Recent"))
        self.aboutToShow.connect(self._fill)

    def _fill(self) -> None:
        self.clear()
        for path in recent_files():
            self.addAction(path, partial(self.chosen.emit, path))
        self.addSeparator()
        self.addAction(self.tr("Forget These"), forget_recent)
