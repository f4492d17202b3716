"""From a model to a window on the screen, and back to an exit code."""

import signal
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ...errors import MachineError
from ...graph.model_graph import ModelGraph
from ...loaders.opening import Opening

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

__all__ = ["run"]


def run(model: str | ModelGraph | None = None, *, theme: str | None = None, **options: Any) -> int:
    """Open the window and stay in it until it is closed.

    Parameters
    ----------
    model : str or ModelGraph, optional
        A path or a graph; None for the start page.
    theme : {"dark", "light", "print"}, optional
        None for the one that was used last.
    **options
        How to show the model: those of `view_state` (``focus``, ``level``, ``camera``, ``labels``, ``saved`` ...).

    Returns
    -------
    int
        The exit code of the process.

    Raises
    ------
    MachineError
        When no window can be shown here.
    """
    reading = None
    if isinstance(model, str):
        # Qt and VTK take a second to load; meanwhile the worker process reads the file.
        reading = Opening(model)
        reading.start()
    try:
        app, window = _window(theme)
    except BaseException:
        if reading is not None:
            reading.cancel()
        raise
    if model is not None:
        window.open(model, {"theme": theme, **options}, reading)
    restore = _close_on_interrupt(window)
    try:
        return app.exec()
    finally:
        restore()


def _window(theme: str | None) -> "tuple[QApplication, Any]":
    try:
        from ..theme import THEMES
        from .main_window import MainWindow
        from .qt_application import qt_application
        from .recent import settings
    except ImportError as error:
        raise MachineError(f"the window cannot start: {error}; 'archviz3d doctor' tells what is missing") from error
    app = qt_application()
    theme = theme or str(settings().value("theme", "dark"))
    window = MainWindow(theme if theme in THEMES else "dark")
    window.show()
    return app, window


def _close_on_interrupt(window: Any) -> Callable[[], None]:
    """Let Ctrl+C in the terminal close the window; return what undoes that."""
    from PySide6.QtCore import QTimer

    asked = False

    def note(*_: Any) -> None:
        # Python runs this between any two bytecodes, perhaps amid a frame: no time to take a window apart.
        nonlocal asked
        asked = True

    def check() -> None:
        if asked:
            clock.stop()
            window.close()

    before = signal.signal(signal.SIGINT, note)
    clock = QTimer()
    clock.timeout.connect(check)
    clock.start(100)

    def restore() -> None:
        clock.stop()
        signal.signal(signal.SIGINT, before)

    return restore
