"""The QApplication: what Qt must know before the first window."""

import os
import sys
from importlib import resources as package_files

import PySide6
from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QFont, QFontDatabase, QIcon, QPixmap
from PySide6.QtWidgets import QApplication

from ... import resources
from ...errors import MachineError
from ...resources import fonts
from ..words.translation import set_translator
from .gl_widget import set_default_gl_format

__all__ = ["qt_application"]


def qt_application() -> QApplication:
    """Return the process's QApplication; make it where there is none.

    Raises
    ------
    MachineError
        When there is no display: Qt itself would end the process. When this PySide6 would end it later.
    """
    _check_binding()
    present = QApplication.instance()
    if isinstance(present, QApplication):
        return present
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        raise MachineError("no window can be shown: there is no display; 'archviz3d render' needs none")
    set_default_gl_format()
    QCoreApplication.setOrganizationName("archviz3d")
    QCoreApplication.setApplicationName("archviz3d")
    app = QApplication(sys.argv[:1])
    set_translator(QCoreApplication.translate)  # the scene's words, too, go through Qt
    app.setApplicationDisplayName("archviz3d")
    app.setDesktopFileName("archviz3d")  # Wayland finds the icon by it
    icon = QPixmap()
    icon.loadFromData(package_files.files(resources).joinpath("archviz3d.png").read_bytes())
    app.setWindowIcon(QIcon(icon))
    _add_fonts(app)
    return app


def _check_binding() -> None:
    """Refuse a PySide6 whose wheels count on an immortal None where None is not: the process aborts after a while."""
    version = tuple(int(part) for part in PySide6.__version__.split(".")[:2])
    if sys.version_info < (3, 12) and version >= (6, 12):
        raise MachineError(
            f"PySide6 {PySide6.__version__} crashes on Python 3.{sys.version_info.minor}; "
            "pip install 'PySide6-Essentials<6.12', or use Python 3.12 or newer"
        )


def _add_fonts(app: QApplication) -> None:
    """Use the scene's font for the window's text, too: it is there on every machine."""
    for file in package_files.files(fonts).iterdir():
        if file.name.endswith(".otf"):
            QFontDatabase.addApplicationFontFromData(file.read_bytes())
    font = app.font()
    font.setFamilies(["Inter", "Archviz3d Han", *font.families()])
    font.setFeature(QFont.Tag("calt"), 0)  # Inter would write the name 8x7b as 8×7b
    app.setFont(font)
