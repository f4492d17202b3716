"""What the window remembers between runs."""

from importlib import resources
from pathlib import Path

from PySide6.QtCore import QSettings

__all__ = ["add_recent", "forget_recent", "recent_files", "sample_path", "settings"]

_KEY = "recent"
_MOST = 10


def settings() -> QSettings:
    """Return the store of this application, as the system keeps such things."""
    return QSettings("archviz3d", "archviz3d")


def recent_files() -> list[str]:
    """Return the models that were opened last and still exist, latest first."""
    value = settings().value(_KEY, [])
    # QSettings gives a list of one back as a plain string.
    paths = [value] if isinstance(value, str) else [str(path) for path in value] if isinstance(value, list) else []
    return [path for path in paths if Path(path).exists()]


def add_recent(path: str) -> None:
    """Put a model at the top of the list."""
    path = str(Path(path).resolve())
    kept = [other for other in recent_files() if other != path]
    settings().setValue(_KEY, [path, *kept][:_MOST])


def forget_recent() -> None:
    """Empty the list."""
    settings().remove(_KEY)


def sample_path() -> str:
    """Return the path of the model that ships with archviz3d."""
    return str(resources.files("archviz3d.resources") / "sample.pt")
