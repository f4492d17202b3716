"""The menu of a part: what of the commands is done to one."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

__all__ = ["context_menu"]

# Ids of commands; None is a line. Those that a window does not have, or that cannot be done, are left out.
_FOR_PART: Sequence[str | None] = (
    *("go.enter", "go.frame", "go.up", None),
    *("parts.hide", "parts.isolate", "parts.show_all", "parts.dim", None),
    *("parts.upstream", "parts.downstream", "parts.both", "parts.neighbours", None, "parts.copy_path"),
)
_FOR_GROUND: Sequence[str | None] = (
    *("go.home", "go.back", "parts.show_all", None),
    *("view.front", "view.oblique", "view.city", "view.side", "view.orthographic", None),
    *("view.labels", "view.plain_words", None, "file.picture", "file.film"),
)


def context_menu(actions: Mapping[str, QAction], node: int | None, parent: QWidget) -> QMenu:
    """Return the menu of the selected part, or of the ground where there is none.

    Parameters
    ----------
    actions : mapping of str to QAction
        Those of the window, by the ids of their commands.
    """
    menu = QMenu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    for name in _FOR_GROUND if node is None else _FOR_PART:
        if name is None:
            menu.addSeparator()  # Qt shows one of several, and none at the ends
        elif name in actions and actions[name].isEnabled():
            menu.addAction(actions[name])
    return menu
