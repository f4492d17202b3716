"""Run as a module: tries to start Qt with a window and names the platform. A crash only takes this process."""

from PySide6 import __version__
from PySide6.QtGui import QGuiApplication

__all__ = ["describe"]


def describe() -> str:
    """Start a Qt application and return its version and platform."""
    application = QGuiApplication.instance() or QGuiApplication([])
    assert isinstance(application, QGuiApplication)
    return f"Qt {__version__}, platform {application.platformName()}"


if __name__ == "__main__":
    print(describe())
