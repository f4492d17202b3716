"""The table of everything that the window can do, and what the mouse does."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from .commands import Command
from .menus.file import file_commands
from .menus.go import go_commands
from .menus.help import help_commands
from .menus.overlays import overlay_commands
from .menus.parts import parts_commands
from .menus.view import view_commands

if TYPE_CHECKING:
    from .main_window import MainWindow

__all__ = ["command_table", "gestures"]

_MENUS = (file_commands, go_commands, view_commands, parts_commands, overlay_commands, help_commands)
translate = QCoreApplication.translate  # under this name Qt's lupdate finds the texts


def command_table(window: "MainWindow") -> list[Command]:
    """Return the commands of a window, in the order of the menus."""
    return [command for menu in _MENUS for command in menu(window)]


def gestures() -> list[tuple[str, str]]:
    """Return what the mouse does in the scene, for the cheat sheet: gesture and effect."""
    return [
        (translate("Commands", "Wheel"), translate("Commands", "Zoom to the cursor")),
        (translate("Commands", "Drag"), translate("Commands", "Turn")),
        (translate("Commands", "Right-drag, Shift+drag"), translate("Commands", "Move")),
        (translate("Commands", "Click"), translate("Commands", "Select a part, or what a ribbon joins")),
        (translate("Commands", "Right-click"), translate("Commands", "Menu of a part")),
        (translate("Commands", "Ctrl+drag"), translate("Commands", "Select the parts of one level in a rectangle")),
        (translate("Commands", "Ctrl+click"), translate("Commands", "Select one more part, or one less")),
        (translate("Commands", "Click in the map"), translate("Commands", "Fly there")),
        (translate("Commands", "Drag the legend's ends"), translate("Commands", "Change the range of an overlay")),
        (translate("Commands", "Double-click the legend"), translate("Commands", "Find the range automatically")),
        (translate("Commands", "Double-click"), translate("Commands", "Fly into the part under the cursor")),
    ]
