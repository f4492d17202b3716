"""The application: what must be set up before a window, and taken down after it."""

import signal
import sys
from importlib import resources
from typing import Any

from PySide6.QtCore import QCoreApplication, QTimer
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QApplication

from ...graph.model_graph import ModelGraph
from ...resources import fonts
from ..theme import THEMES
from .gl_widget import set_default_gl_format
from .main_window import MainWindow
from .recent import settings
from .style import apply_style

__all__ = ["application", "run"]


def run(model: str | ModelGraph | None = None, *, theme: str | None = None, **options: Any) -> int:
    """Open the window and stay in it until it is closed.

    Parameters
    ----------
    model : str or ModelGraph, optional
        A path or a graph; None for the start page.
    theme : {"dark", "light"}, optional
        None for the one that was used last.
    **options
        How to show the model: those of `view_state` (``focus``, ``level``, ``camera``, ``labels``, ``saved`` ...).

    Returns
    -------
    int
        The exit code of the process.
    """
    app = application()
    theme = theme or str(settings().value("theme", "dark"))
    apply_style(app, THEMES.get(theme, THEMES["dark"]))
    window = MainWindow(theme if theme in THEMES else "dark")
    window.show()
    if model is not None:
        window.open(model, {"theme": theme, **options})
    signal.signal(signal.SIGINT, lambda *_: window.close())
    # Python runs signal handlers between bytecodes only: without this, Ctrl+C would wait for the next event.
    heartbeat = QTimer()
    heartbeat.start(250)
    heartbeat.timeout.connect(lambda: None)
    return app.exec()


def application() -> QApplication:
    """Return the process's QApplication, set up for archviz3d if it is ours to make."""
    present = QApplication.instance()
    if isinstance(present, QApplication):
        return present
    set_default_gl_format()
    QCoreApplication.setOrganizationName("archviz3d")
    QCoreApplication.setApplicationName("archviz3d")
    app = QApplication(sys.argv[:1])
    app.setApplicationDisplayName("archviz3d")
    app.setDesktopFileName("archviz3d")  # Wayland and X11 find the icon and name by it
    _add_fonts(app)
    return app


def _add_fonts(app: QApplication) -> None:
    """Use the scene's font for the window's text, too: it is there on every machine."""
    for file in resources.files(fonts).iterdir():
        if file.name.endswith(".otf"):
            QFontDatabase.addApplicationFontFromData(file.read_bytes())
    font = app.font()
    font.setFamilies(["Inter", *font.families()])
    app.setFont(font)
