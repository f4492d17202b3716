"""The dialogs of the main window that ask or tell something and then are gone."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QFileDialog

from .cheat_sheet import CheatSheet
from .command_table import gestures
from .palette import Palette
from .recent import recent_files

if TYPE_CHECKING:
    from .main_window import MainWindow

__all__ = ["Dialogs"]

translate = QCoreApplication.translate  # under this name Qt's lupdate finds the texts


class Dialogs:
    """Opens them.

    Parameters
    ----------
    window : MainWindow
    """

    def __init__(self, window: "MainWindow") -> None:
        self._window = window

    def ask_file(self) -> None:
        """Let the user choose a file to open."""
        path, _ = QFileDialog.getOpenFileName(self._window, translate("MainWindow", "Open a model"), _last_folder())
        if path:
            self._window.open(path)

    def ask_folder(self) -> None:
        """Let the user choose a folder to open."""
        title = translate("MainWindow", "Open a model folder")
        path = QFileDialog.getExistingDirectory(self._window, title, _last_folder())
        if path:
            self._window.open(path)

    def ask_overlay_file(self) -> None:
        """Let the user choose a file of values to show on the model."""
        title, kinds = translate("MainWindow", "Open an overlay"), translate("MainWindow", "Values on parts")
        kinds += " (*.csv *.tsv *.json *.jsonl *.ndjson *.npz)"
        path, _ = QFileDialog.getOpenFileName(self._window, title, _last_folder(), kinds)
        if path:
            self._window.overlays.open_file(path)

    def show_cheat_sheet(self) -> None:
        """Show all keys."""
        CheatSheet(self._window.commands, gestures(), self._window).open()

    def show_palette(self) -> None:
        """Let the user search through all commands."""
        Palette(self._window.commands, self._window.actions_by_id, self._window).open()


def _last_folder() -> str:
    recent = recent_files()
    return str(Path(recent[0]).parent) if recent else str(Path.home())
