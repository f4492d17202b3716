"""What the View menu lists: from where the model is seen, how it is drawn, and what stands beside it."""

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from ..commands import Command, Scope

if TYPE_CHECKING:
    from ..main_window import MainWindow

__all__ = ["view_commands"]

translate = QCoreApplication.translate  # under this name Qt's lupdate finds the texts


def view_commands(window: "MainWindow") -> list[Command]:
    """Return the commands of the menu, in its order."""
    menu, scene, looks = translate("Commands", "&View"), Scope.SCENE, window.looks
    return [
        *_sides(window, menu),
        Command(
            "view.orthographic",
            menu,
            translate("Commands", "Orthographic"),
            window.view.navigator.toggle_projection,
            ("O",),
            scene,
            checked=window.view.navigator.is_orthographic,
        ),
        *_arrangements(window, menu),
        Command(
            "view.labels",
            menu,
            translate("Commands", "Labels"),
            looks.toggle_labels,
            ("L",),
            scene,
            checked=looks.has_labels,
            separated=True,
        ),
        Command(
            "view.plain_words",
            menu,
            translate("Commands", "Plain Words"),
            looks.toggle_plain_words,
            ("P",),
            scene,
            checked=looks.has_plain_words,
        ),
        Command(
            "view.light",
            menu,
            translate("Commands", "Light Theme"),
            looks.toggle_light,
            ("Ctrl+T",),
            needs_model=False,
            checked=looks.is_light,
        ),
        Command(
            "view.print",
            menu,
            translate("Commands", "Theme for Print"),
            looks.toggle_print,
            ("Ctrl+Shift+T",),
            needs_model=False,
            checked=looks.is_print,
        ),
        Command(
            "view.still",
            menu,
            translate("Commands", "Reduce Motion"),
            looks.toggle_motion,
            needs_model=False,
            checked=looks.is_still,
        ),
        *_panels(window, menu),
    ]


def _sides(window: "MainWindow", menu: str) -> list[Command]:
    sides = (
        ("front", translate("Commands", "From the Front"), "Ctrl+1"),
        ("oblique", translate("Commands", "A Little Aside"), "Ctrl+2"),
        ("city", translate("Commands", "From Above, as a City"), "Ctrl+3"),
        ("side", translate("Commands", "From the Left"), "Ctrl+4"),
    )
    look = window.view.navigator.look_from
    return [Command(f"view.{name}", menu, title, partial(look, name), (key,)) for name, title, key in sides]


def _arrangements(window: "MainWindow", menu: str) -> list[Command]:
    arrangements = (
        ("auto", translate("Commands", "Arrange Layers Automatically"), "Shift+A"),
        ("wrap", translate("Commands", "Layers in Rows, Like Text"), "Shift+W"),
        ("row", translate("Commands", "Layers in One Row"), "Shift+R"),
        ("deck", translate("Commands", "Layers One Behind Another"), "Shift+D"),
    )
    return [
        Command(
            f"view.{name}",
            menu,
            title,
            partial(window.looks.arrange, name),
            (key,),
            Scope.SCENE,
            checked=partial(window.looks.is_arranged, name),
            separated=name == "auto",
        )
        for name, title, key in arrangements
    ]


def _panels(window: "MainWindow", menu: str) -> list[Command]:
    panels = window.panels
    switches = (
        ("tree", translate("Commands", "Tree"), "F2", panels.toggle_tree, panels.has_tree),
        ("inspector", translate("Commands", "Inspector"), "F3", panels.toggle_inspector, panels.has_inspector),
        ("overlays", translate("Commands", "Overlays"), "F4", panels.toggle_overlays, panels.has_overlays),
    )
    return [
        *(
            Command(f"view.{name}", menu, title, toggle, (key,), checked=shown, separated=name == "tree")
            for name, title, key, toggle, shown in switches
        ),
        Command(
            "view.map",
            menu,
            translate("Commands", "Overview Map"),
            window.view.map.toggle,
            ("M",),
            Scope.SCENE,
            checked=window.view.map.is_wanted,
        ),
        Command(
            "view.full",
            menu,
            translate("Commands", "Full Screen"),
            window.toggle_full_screen,
            ("F11",),
            needs_model=False,
        ),
    ]
