"""The table of everything that the window can do."""

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from .commands import Command, Scope
from .film_dialog import open_film_dialog

if TYPE_CHECKING:
    from .main_window import MainWindow

__all__ = ["command_table", "gestures"]


translate = QCoreApplication.translate  # under this name Qt's lupdate finds the texts


def command_table(window: "MainWindow") -> list[Command]:
    """Return the commands of a window, in the order of the menus."""
    file, go, view, overlays, help_ = (
        translate("Commands", "File"),
        translate("Commands", "Go"),
        translate("Commands", "View"),
        translate("Commands", "Overlays"),
        translate("Commands", "Help"),
    )
    to, scene = window.view.navigator, Scope.SCENE
    panels, timeline, hiding = window.panels, window.overlays.timeline, window.hiding

    def has_steps() -> bool:
        return timeline.has_steps

    return [
        Command(
            "file.open", file, translate("Commands", "Open a File…"), window.ask_file, ("Ctrl+O",), needs_model=False
        ),
        Command(
            "file.open_folder",
            file,
            translate("Commands", "Open a Folder…"),
            window.ask_folder,
            ("Ctrl+Shift+O",),
            needs_model=False,
        ),
        Command("file.sample", file, translate("Commands", "Open the Sample"), window.open_sample, needs_model=False),
        Command(
            "file.picture",
            file,
            translate("Commands", "Save Picture…"),
            window.save_picture,
            ("Ctrl+S",),
            separated=True,
        ),
        Command(
            "file.film", file, translate("Commands", "Save Film…"), partial(open_film_dialog, window), ("Ctrl+Shift+S",)
        ),
        Command("file.close", file, translate("Commands", "Close Model"), window.close_model, ("Ctrl+W",)),
        Command(
            "file.quit",
            file,
            translate("Commands", "Quit"),
            window.close,
            ("Ctrl+Q",),
            needs_model=False,
            separated=True,
        ),
        Command(
            "go.enter",
            go,
            translate("Commands", "Into the Selection"),
            window.enter_selection,
            ("Return", "Enter"),
            scene,
        ),
        Command("go.up", go, translate("Commands", "Up a Level"), to.up, ("Escape", "Backspace"), scene),
        Command("go.home", go, translate("Commands", "Whole Model"), to.home, ("Home",), scene),
        Command("go.frame", go, translate("Commands", "Frame the Selection"), to.frame_selection, ("F",), scene),
        Command(
            "go.back", go, translate("Commands", "Back"), to.back, ("Alt+Left",), enabled=to.can_go_back, separated=True
        ),
        Command(
            "go.forward", go, translate("Commands", "Forward"), to.forward, ("Alt+Right",), enabled=to.can_go_forward
        ),
        Command(
            "go.left",
            go,
            translate("Commands", "Previous Sibling"),
            lambda: to.sibling(-1, 0),
            ("Left",),
            scene,
            separated=True,
        ),
        Command("go.right", go, translate("Commands", "Next Sibling"), lambda: to.sibling(1, 0), ("Right",), scene),
        Command("go.above", go, translate("Commands", "Sibling Above"), lambda: to.sibling(0, 1), ("Up",), scene),
        Command("go.below", go, translate("Commands", "Sibling Below"), lambda: to.sibling(0, -1), ("Down",), scene),
        Command(
            "go.stack", go, translate("Commands", "Stack"), lambda: to.level("stack"), ("1",), scene, separated=True
        ),
        Command("go.layer", go, translate("Commands", "Layer"), lambda: to.level("layer"), ("2",), scene),
        Command("go.expert", go, translate("Commands", "Expert"), lambda: to.level("expert"), ("3",), scene),
        Command("go.tensor", go, translate("Commands", "Tensor"), lambda: to.level("tensor"), ("4",), scene),
        Command("go.find", go, translate("Commands", "Find a Part…"), window.find_part, ("Ctrl+F",), separated=True),
        Command(
            "view.zoom_in", view, translate("Commands", "Zoom In"), lambda: window.view.zoom(1.25), ("+", "="), scene
        ),
        Command("view.zoom_out", view, translate("Commands", "Zoom Out"), lambda: window.view.zoom(0.8), ("-",), scene),
        Command(
            "view.labels",
            view,
            translate("Commands", "Labels"),
            window.toggle_labels,
            ("L",),
            scene,
            checked=window.has_labels,
            separated=True,
        ),
        Command(
            "view.light",
            view,
            translate("Commands", "Light Theme"),
            window.toggle_theme,
            ("Ctrl+T",),
            needs_model=False,
            checked=window.is_light,
        ),
        *(
            Command(
                f"view.{name}",
                view,
                title,
                partial(window.arrange, name),
                (key,),
                scene,
                checked=partial(window.is_arranged, name),
                separated=name == "auto",
            )
            for name, title, key in (
                ("auto", translate("Commands", "Arrange Layers Automatically"), "Shift+A"),
                ("wrap", translate("Commands", "Layers in Rows, Like Text"), "Shift+W"),
                ("row", translate("Commands", "Layers in One Row"), "Shift+R"),
                ("deck", translate("Commands", "Layers One Behind Another"), "Shift+D"),
            )
        ),
        Command(
            "view.hide",
            view,
            translate("Commands", "Hide or Show the Selection"),
            hiding.toggle,
            ("H",),
            scene,
            separated=True,
        ),
        Command(
            "view.isolate",
            view,
            translate("Commands", "Isolate the Selection"),
            hiding.isolate,
            ("Shift+H",),
            scene,
        ),
        Command(
            "view.show_all",
            view,
            translate("Commands", "Show All Parts"),
            hiding.show_all,
            ("Alt+H",),
            scene,
            enabled=hiding.hides,
        ),
        Command(
            "view.compact",
            view,
            translate("Commands", "Close the Gaps of Hidden Parts"),
            hiding.toggle_compact,
            ("C",),
            scene,
            enabled=hiding.hides,
            checked=hiding.is_compact,
        ),
        Command(
            "view.tree",
            view,
            translate("Commands", "Tree"),
            panels.toggle_tree,
            ("F2",),
            separated=True,
            checked=panels.has_tree,
        ),
        Command(
            "view.inspector",
            view,
            translate("Commands", "Inspector"),
            panels.toggle_inspector,
            ("F3",),
            checked=panels.has_inspector,
        ),
        Command(
            "view.overlays",
            view,
            translate("Commands", "Overlays"),
            panels.toggle_overlays,
            ("F4",),
            checked=panels.has_overlays,
        ),
        Command(
            "view.full",
            view,
            translate("Commands", "Full Screen"),
            window.toggle_full_screen,
            ("F11",),
            needs_model=False,
        ),
        Command(
            "overlays.open",
            overlays,
            translate("Commands", "Open an Overlay File…"),
            window.ask_overlay_file,
            ("Ctrl+Shift+V",),
        ),
        Command(
            "overlays.none",
            overlays,
            translate("Commands", "No Overlay"),
            lambda: window.overlays.choose(None),
            ("0",),
            scene,
            enabled=lambda: window.state.overlay is not None,
        ),
        Command(
            "overlays.next",
            overlays,
            translate("Commands", "Next Step"),
            lambda: timeline.step(1),
            (".",),
            scene,
            enabled=has_steps,
            separated=True,
        ),
        Command(
            "overlays.previous",
            overlays,
            translate("Commands", "Previous Step"),
            lambda: timeline.step(-1),
            (",",),
            scene,
            enabled=has_steps,
        ),
        Command(
            "overlays.play",
            overlays,
            translate("Commands", "Play or Pause"),
            timeline.toggle,
            ("Space",),
            scene,
            enabled=has_steps,
        ),
        Command(
            "help.keys",
            help_,
            translate("Commands", "Keys and Mouse"),
            window.show_cheat_sheet,
            ("F1", "?"),
            needs_model=False,
        ),
    ]


def gestures() -> list[tuple[str, str]]:
    """Return what the mouse does in the scene, for the cheat sheet: gesture and effect."""
    return [
        (translate("Commands", "Wheel"), translate("Commands", "Zoom to the cursor")),
        (translate("Commands", "Drag"), translate("Commands", "Turn")),
        (translate("Commands", "Right-drag, Shift+drag"), translate("Commands", "Move")),
        (translate("Commands", "Click"), translate("Commands", "Select")),
        (translate("Commands", "Drag the legend's ends"), translate("Commands", "Change the range of an overlay")),
        (translate("Commands", "Double-click the legend"), translate("Commands", "Find the range automatically")),
        (translate("Commands", "Double-click"), translate("Commands", "Fly into the part under the cursor")),
    ]
