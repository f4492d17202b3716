"""What the Help menu lists."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from ..commands import Command

if TYPE_CHECKING:
    from ..main_window import MainWindow

__all__ = ["help_commands"]

translate = QCoreApplication.translate  # under this name Qt's lupdate finds the texts


def help_commands(window: "MainWindow") -> list[Command]:
    """Return the commands of the menu, in its order."""
    menu = translate("Commands", "He&lp")
    return [
        Command(
            "help.commands",
            menu,
            translate("Commands", "All Commands…"),
            window.dialogs.show_palette,
            ("Ctrl+Shift+P",),
            needs_model=False,
        ),
        Command(
            "help.keys",
            menu,
            translate("Commands", "Keys and Mouse"),
            window.dialogs.show_cheat_sheet,
            ("F1", "?"),
            needs_model=False,
        ),
    ]
