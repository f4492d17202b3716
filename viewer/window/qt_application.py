"""The QApplication: what Qt must know before the first window."""

import os
import sys
from importlib import resources as package_files

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QFont, QFontDatabase, QIcon, QPixmap
from PySide6.QtWidgets import QApplication

from ... import resources
from ...errors import MachineError
from ...resources import fonts
from .gl_widget import set_default_gl_format

__all__ = ["qt_application"]


def qt_application() -> QApplication:
    """Return the process's QApplication; make it where there is none.

    Raises
    ------
    MachineError
        When there is no display: Qt itself would end the process.
    """
    present = QApplication.instance()
    if isinstance(present, QApplication):
        return present
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        raise MachineError("no window can be shown: there is no display; 'archviz3d render' needs none")
    set_default_gl_format()
    QCoreApplication.setOrganizationName("archviz3d")
    QCoreApplication.setApplicationName("archviz3d")
    app = QApplication(sys.argv[:1])
    app.setApplicationDisplayName("archviz3d")
    app.setDesktopFileName("archviz3d")  # Wayland finds the icon by it
    icon = QPixmap()
    icon.loadFromData(package_files.files(resources).joinpath("archviz3d.png").read_bytes())
    app.setWindowIcon(QIcon(icon))
    _add_fonts(app)
    return app


def _add_fonts(app: QApplication) -> None:
    """Use the scene's font for the window's text, too: it is there on every machine."""
    for file in package_files.files(fonts).iterdir():
        if file.name.endswith(".otf"):
            QFontDatabase.addApplicationFontFromData(file.read_bytes())
    font = app.font()
    font.setFamilies(["Inter", *font.families()])
    font.setFeature(QFont.Tag("calt"), 0)  # Inter would write the name 8x7b as 8×7b
    app.setFont(font)
