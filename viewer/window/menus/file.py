"""What the File menu lists."""

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from ..commands import Command
from ..film_dialog import open_film_dialog

if TYPE_CHECKING:
    from ..main_window import MainWindow

__all__ = ["file_commands"]

translate = QCoreApplication.translate  # under this name Qt's lupdate finds the texts


def file_commands(window: "MainWindow") -> list[Command]:
    """Return the commands of the menu, in its order."""
    menu = translate("Commands", "&File")
    return [
        Command(
            "file.open",
            menu,
            translate("Commands", "Open a File…"),
            window.dialogs.ask_file,
            ("Ctrl+O",),
            needs_model=False,
        ),
        Command(
            "file.open_folder",
            menu,
            translate("Commands", "Open a Folder…"),
            window.dialogs.ask_folder,
            ("Ctrl+Shift+O",),
            needs_model=False,
        ),
        Command("file.sample", menu, translate("Commands", "Open the Sample"), window.open_sample, needs_model=False),
        Command(
            "file.picture",
            menu,
            translate("Commands", "Save Picture…"),
            window.save_picture,
            ("Ctrl+S",),
            separated=True,
        ),
        Command(
            "file.film", menu, translate("Commands", "Save Film…"), partial(open_film_dialog, window), ("Ctrl+Shift+S",)
        ),
        Command("file.close", menu, translate("Commands", "Close Model"), window.close_model, ("Ctrl+W",)),
        Command(
            "file.quit",
            menu,
            translate("Commands", "Quit"),
            window.close,
            ("Ctrl+Q",),
            needs_model=False,
            separated=True,
        ),
    ]
