"""What the Parts menu lists: what is done to the selected parts."""

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from ..commands import Command, Scope

if TYPE_CHECKING:
    from ..main_window import MainWindow

__all__ = ["parts_commands"]

translate = QCoreApplication.translate  # under this name Qt's lupdate finds the texts


def parts_commands(window: "MainWindow") -> list[Command]:
    """Return the commands of the menu, in its order."""
    menu, scene, hiding = translate("Commands", "&Parts"), Scope.SCENE, window.hiding
    return [
        Command("parts.hide", menu, translate("Commands", "Hide or Show the Selection"), hiding.toggle, ("H",), scene),
        Command(
            "parts.isolate", menu, translate("Commands", "Isolate the Selection"), hiding.isolate, ("Shift+H",), scene
        ),
        Command(
            "parts.show_all",
            menu,
            translate("Commands", "Show All Parts"),
            hiding.show_all,
            ("Alt+H",),
            scene,
            enabled=hiding.hides,
        ),
        Command(
            "parts.compact",
            menu,
            translate("Commands", "Close the Gaps of Hidden Parts"),
            hiding.toggle_compact,
            ("C",),
            scene,
            enabled=hiding.hides,
            checked=hiding.is_compact,
        ),
        *_lighting(window, menu),
        Command(
            "parts.copy_path",
            menu,
            translate("Commands", "Copy the Path"),
            window.inspector.copy_path,
            ("Ctrl+C",),
            scene,
            separated=True,
        ),
    ]


def _lighting(window: "MainWindow", menu: str) -> list[Command]:
    """Return what dims a part of the model."""
    lighting = window.lighting
    traces = (
        ("upstream", translate("Commands", "Trace Upstream"), "U", {"up": True, "down": False}),
        ("downstream", translate("Commands", "Trace Downstream"), "Shift+U", {"up": False, "down": True}),
        ("both", translate("Commands", "Trace Both Ways"), "Alt+U", {"up": True, "down": True}),
        ("neighbours", translate("Commands", "Trace One Step"), "Ctrl+U", {"up": True, "down": True, "direct": True}),
    )
    return [
        Command(
            "parts.dim",
            menu,
            translate("Commands", "Dim the Rest"),
            lighting.toggle,
            ("D",),
            Scope.SCENE,
            checked=lighting.is_on,
            separated=True,
        ),
        *(
            Command(f"parts.{name}", menu, title, partial(lighting.trace, **ways), (key,), Scope.SCENE)
            for name, title, key, ways in traces
        ),
    ]
