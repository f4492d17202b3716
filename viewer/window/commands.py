"""Commands as data: menus, shortcuts and the cheat sheet all come from one table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

__all__ = ["Command", "Scope", "install", "plain_title", "refresh"]


class Scope(Enum):
    """Where a command's keys work."""

    WINDOW = 0  # anywhere in the window
    SCENE = 1  # while the scene has the keyboard, so that plain letters can be typed elsewhere


@dataclass(frozen=True)
class Command:
    """Something that the user can do.

    Attributes
    ----------
    id : str
        Stable name, ``menu.what``.
    menu : str
        Translated title of the menu that lists it, with ``&`` before the letter that opens it.
    title : str
        Translated, with ``…`` where a dialog follows.
    callback : callable
        Does it; a command that `checked` is given for is a switch.
    keys : tuple of str
        Key sequences in Qt's portable notation; the first is shown.
    scope : Scope
        Where the keys work.
    needs_model : bool
        Whether it is greyed while no model is open.
    enabled : callable, optional
        Tells whether it can be done now, while a model is open; without it, it always can.
    checked : callable, optional
        Tells whether the switch is on.
    separated : bool
        Whether a line goes before it in its menu.
    """

    id: str
    menu: str
    title: str
    callback: Callable[[], object]
    keys: tuple[str, ...] = ()
    scope: Scope = Scope.WINDOW
    needs_model: bool = True
    enabled: Callable[[], bool] | None = None
    checked: Callable[[], bool] | None = None
    separated: bool = False


def install(
    commands: Sequence[Command], menu_bar: QMenuBar, window: QWidget, scene: QWidget, submenus: dict[str, QMenu]
) -> dict[str, QAction]:
    """Make the menus and shortcuts of all commands.

    Parameters
    ----------
    submenus : dict of str to QMenu
        Menus that are not made of commands (recent files), each put after the command with that id.
    """
    menus: dict[str, QMenu] = {}
    actions: dict[str, QAction] = {}
    for command in commands:
        menu = menus.get(command.menu)
        if menu is None:
            menu = menus[command.menu] = menu_bar.addMenu(command.menu)
        if command.separated:
            menu.addSeparator()
        action = _action(command, window)
        menu.addAction(action)
        # A menu shows the keys but does not listen to them; one of these does.
        (scene if command.scope is Scope.SCENE else window).addAction(action)
        actions[command.id] = action
        if command.id in submenus:
            menu.addMenu(submenus[command.id])
    return actions


def plain_title(title: str) -> str:
    """Return a title without the sign for its mnemonic, and without what tells that a dialog follows."""
    return title.replace("&", "").rstrip("…")


def refresh(commands: Sequence[Command], actions: dict[str, QAction], has_model: bool) -> None:
    """Let menus and keys agree with what can be done now, and with which switches are on."""
    for command in commands:
        action = actions[command.id]
        possible = has_model or not command.needs_model
        if has_model and command.enabled is not None:
            possible = command.enabled()
        action.setEnabled(possible)
        if command.checked is not None:
            action.setChecked(command.checked())


def _action(command: Command, parent: QObject) -> QAction:
    action = QAction(command.title, parent)
    action.setObjectName(command.id)
    action.setShortcuts([QKeySequence(key) for key in command.keys])
    action.setShortcutContext(
        Qt.ShortcutContext.WidgetShortcut if command.scope is Scope.SCENE else Qt.ShortcutContext.WindowShortcut
    )
    if command.checked is not None:
        action.setCheckable(True)
        action.setChecked(command.checked())
    action.triggered.connect(lambda _checked=False: command.callback())
    return action
