"""What the Overlays menu lists."""

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from ..commands import Command, Scope

if TYPE_CHECKING:
    from ..main_window import MainWindow

__all__ = ["overlay_commands"]

translate = QCoreApplication.translate  # under this name Qt's lupdate finds the texts


def overlay_commands(window: "MainWindow") -> list[Command]:
    """Return the commands of the menu, in its order."""
    menu, scene, timeline = translate("Commands", "Over&lays"), Scope.SCENE, window.overlays.timeline

    def has_steps() -> bool:
        return timeline.has_steps

    return [
        Command(
            "overlays.open",
            menu,
            translate("Commands", "Open an Overlay File…"),
            window.dialogs.ask_overlay_file,
            ("Ctrl+Shift+V",),
        ),
        Command(
            "overlays.none",
            menu,
            translate("Commands", "No Overlay"),
            partial(window.overlays.choose, None),
            ("0",),
            scene,
            enabled=lambda: window.state.overlay is not None,
        ),
        Command(
            "overlays.next",
            menu,
            translate("Commands", "Next Step"),
            partial(timeline.step, 1),
            (".",),
            scene,
            enabled=has_steps,
            separated=True,
        ),
        Command(
            "overlays.previous",
            menu,
            translate("Commands", "Previous Step"),
            partial(timeline.step, -1),
            (",",),
            scene,
            enabled=has_steps,
        ),
        Command(
            "overlays.play",
            menu,
            translate("Commands", "Play or Pause"),
            timeline.toggle,
            ("Space",),
            scene,
            enabled=has_steps,
        ),
    ]
