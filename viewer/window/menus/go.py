"""What the Go menu lists: every way of travelling."""

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from ..commands import Command, Scope

if TYPE_CHECKING:
    from ..main_window import MainWindow

__all__ = ["go_commands"]

_TURN = 6.0  # degrees a press of a key
_SHIFT = 0.1  # of the view
_NEARER = 1.25
translate = QCoreApplication.translate  # under this name Qt's lupdate finds the texts


def go_commands(window: "MainWindow") -> list[Command]:
    """Return the commands of the menu, in its order."""
    menu, to, scene = translate("Commands", "&Go"), window.view.navigator, Scope.SCENE
    return [
        Command(
            "go.enter",
            menu,
            translate("Commands", "Into the Selection"),
            to.enter_selection,
            ("Return", "Enter"),
            scene,
        ),
        Command("go.up", menu, translate("Commands", "Up a Level"), window.leave, ("Escape", "Backspace"), scene),
        Command("go.home", menu, translate("Commands", "Whole Model"), to.home, ("Home",), scene),
        Command("go.frame", menu, translate("Commands", "Frame the Selection"), to.frame_selection, ("F",), scene),
        Command(
            "go.back",
            menu,
            translate("Commands", "Back"),
            to.back,
            ("Alt+Left",),
            enabled=to.can_go_back,
            separated=True,
        ),
        Command(
            "go.forward", menu, translate("Commands", "Forward"), to.forward, ("Alt+Right",), enabled=to.can_go_forward
        ),
        *_siblings(window, menu),
        *(
            Command(f"go.{level}", menu, title, partial(to.level, level), (key,), scene, separated=key == "1")
            for level, title, key in (
                ("stack", translate("Commands", "Stack"), "1"),
                ("layer", translate("Commands", "Layer"), "2"),
                ("expert", translate("Commands", "Expert"), "3"),
                ("tensor", translate("Commands", "Tensor"), "4"),
            )
        ),
        *_steering(window, menu),
        Command("go.find", menu, translate("Commands", "Find a Part…"), window.find_part, ("Ctrl+F",), separated=True),
        Command("go.panel", menu, translate("Commands", "Next Panel"), window.panels.focus_next, ("F6",)),
    ]


def _siblings(window: "MainWindow", menu: str) -> list[Command]:
    step = window.view.navigator.sibling
    ways = (
        ("left", translate("Commands", "Previous Sibling"), "Left", (-1, 0)),
        ("right", translate("Commands", "Next Sibling"), "Right", (1, 0)),
        ("above", translate("Commands", "Sibling Above"), "Up", (0, 1)),
        ("below", translate("Commands", "Sibling Below"), "Down", (0, -1)),
    )
    return [
        Command(f"go.{name}", menu, title, partial(step, *way), (key,), Scope.SCENE, separated=name == "left")
        for name, title, key, way in ways
    ]


def _steering(window: "MainWindow", menu: str) -> list[Command]:
    """Return what else the mouse is for: zooming, turning, moving."""
    zoom, orbit, shift = window.view.steering.zoom, window.view.steering.orbit, window.view.steering.shift
    ways = (
        ("zoom_in", translate("Commands", "Zoom In"), ("+", "="), partial(zoom, _NEARER)),
        ("zoom_out", translate("Commands", "Zoom Out"), ("-",), partial(zoom, 1 / _NEARER)),
        ("turn_left", translate("Commands", "Turn to the Left"), ("Shift+Left",), partial(orbit, -_TURN, 0.0)),
        ("turn_right", translate("Commands", "Turn to the Right"), ("Shift+Right",), partial(orbit, _TURN, 0.0)),
        ("turn_up", translate("Commands", "Turn Upwards"), ("Shift+Up",), partial(orbit, 0.0, _TURN)),
        ("turn_down", translate("Commands", "Turn Downwards"), ("Shift+Down",), partial(orbit, 0.0, -_TURN)),
        ("move_left", translate("Commands", "Move to the Left"), ("Ctrl+Left",), partial(shift, -_SHIFT, 0.0)),
        ("move_right", translate("Commands", "Move to the Right"), ("Ctrl+Right",), partial(shift, _SHIFT, 0.0)),
        ("move_up", translate("Commands", "Move Upwards"), ("Ctrl+Up",), partial(shift, 0.0, _SHIFT)),
        ("move_down", translate("Commands", "Move Downwards"), ("Ctrl+Down",), partial(shift, 0.0, -_SHIFT)),
    )
    return [
        Command(f"go.{name}", menu, title, callback, keys, Scope.SCENE, separated=name == "zoom_in")
        for name, title, keys, callback in ways
    ]
