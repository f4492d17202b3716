"""The table of everything that the window can do."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from .commands import Command, Scope

if TYPE_CHECKING:
    from .main_window import MainWindow

__all__ = ["command_table", "gestures"]


def _tr(text: str) -> str:
    return QCoreApplication.translate("Commands", text)


def command_table(window: "MainWindow") -> list[Command]:
    """Return the commands of a window, in the order of the menus."""
    file, go, view, help_ = _tr("File"), _tr("Go"), _tr("View"), _tr("Help")
    to, scene = window.view.navigator, Scope.SCENE
    panels = window.panels
    return [
        Command("file.open", file, _tr("Open a File…"), window.ask_file, ("Ctrl+O",), needs_model=False),
        Command(
            "file.open_folder", file, _tr("Open a Folder…"), window.ask_folder, ("Ctrl+Shift+O",), needs_model=False
        ),
        Command("file.sample", file, _tr("Open the Sample"), window.open_sample, needs_model=False),
        Command("file.picture", file, _tr("Save Picture…"), window.save_picture, ("Ctrl+S",), separated=True),
        Command("file.close", file, _tr("Close Model"), window.close_model, ("Ctrl+W",)),
        Command("file.quit", file, _tr("Quit"), window.close, ("Ctrl+Q",), needs_model=False, separated=True),
        Command("go.enter", go, _tr("Into the Selection"), window.enter_selection, ("Return", "Enter"), scene),
        Command("go.up", go, _tr("Up a Level"), to.up, ("Escape", "Backspace"), scene),
        Command("go.home", go, _tr("Whole Model"), to.home, ("Home",), scene),
        Command("go.frame", go, _tr("Frame the Selection"), to.frame_selection, ("F",), scene),
        Command("go.back", go, _tr("Back"), to.back, ("Alt+Left",), separated=True),
        Command("go.forward", go, _tr("Forward"), to.forward, ("Alt+Right",)),
        Command("go.left", go, _tr("Previous Sibling"), lambda: to.sibling(-1, 0), ("Left",), scene, separated=True),
        Command("go.right", go, _tr("Next Sibling"), lambda: to.sibling(1, 0), ("Right",), scene),
        Command("go.above", go, _tr("Sibling Above"), lambda: to.sibling(0, 1), ("Up",), scene),
        Command("go.below", go, _tr("Sibling Below"), lambda: to.sibling(0, -1), ("Down",), scene),
        Command("go.stack", go, _tr("Stack"), lambda: to.level("stack"), ("1",), scene, separated=True),
        Command("go.layer", go, _tr("Layer"), lambda: to.level("layer"), ("2",), scene),
        Command("go.expert", go, _tr("Expert"), lambda: to.level("expert"), ("3",), scene),
        Command("go.tensor", go, _tr("Tensor"), lambda: to.level("tensor"), ("4",), scene),
        Command("go.find", go, _tr("Find a Part…"), window.find_part, ("Ctrl+F",), separated=True),
        Command("view.zoom_in", view, _tr("Zoom In"), lambda: window.view.zoom(1.25), ("+", "="), scene),
        Command("view.zoom_out", view, _tr("Zoom Out"), lambda: window.view.zoom(0.8), ("-",), scene),
        Command(
            "view.labels",
            view,
            _tr("Labels"),
            window.toggle_labels,
            ("L",),
            scene,
            checked=window.has_labels,
            separated=True,
        ),
        Command(
            "view.light",
            view,
            _tr("Light Theme"),
            window.toggle_theme,
            ("Ctrl+T",),
            needs_model=False,
            checked=window.is_light,
        ),
        Command("view.tree", view, _tr("Tree"), panels.toggle_tree, ("F2",), separated=True, checked=panels.has_tree),
        Command(
            "view.inspector", view, _tr("Inspector"), panels.toggle_inspector, ("F3",), checked=panels.has_inspector
        ),
        Command("view.full", view, _tr("Full Screen"), window.toggle_full_screen, ("F11",), needs_model=False),
        Command("help.keys", help_, _tr("Keys and Mouse"), window.show_cheat_sheet, ("F1", "?"), needs_model=False),
    ]


def gestures() -> list[tuple[str, str]]:
    """Return what the mouse does in the scene, for the cheat sheet: gesture and effect."""
    return [
        (_tr("Wheel"), _tr("Zoom to the cursor")),
        (_tr("Drag"), _tr("Turn")),
        (_tr("Right-drag, Shift+drag"), _tr("Move")),
        (_tr("Click"), _tr("Select")),
        (_tr("Double-click"), _tr("Fly into the part under the cursor")),
    ]
