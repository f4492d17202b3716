"""Folders of checkpoints: what is in them, and which of them holds the model."""

import os
import re
import stat
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ..files import input_error, plain_text, unreadable
from ..huggingface import config_beside
from ..limits import LoadLimits

__all__ = ["config_in", "listed", "names_in", "natural", "nested_folder"]

_MAX_LISTED = 8
_MAX_ENTRIES = 1_000_000


def names_in(folder: str) -> list[str]:
    """Return the names in a folder, runs of digits in order of their numbers; links to nothing are left out."""
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if not entry.is_symlink() or os.path.exists(entry.path)]  # noqa: PTH110
    except (OSError, ValueError) as error:
        raise unreadable(folder, error) from error
    if len(names) > _MAX_ENTRIES:
        raise input_error(folder, f"has {len(names):,} files", f"at most {_MAX_ENTRIES:,} are looked at")
    return sorted(names, key=natural)


def natural(name: str) -> list[tuple[int, str]]:
    """Sort key that takes runs of digits as numbers; by length first, since `int` refuses very long ones."""
    parts = re.split(r"(\d+)", name)
    return [(len(part.lstrip("0")), part.lstrip("0")) if part.isdecimal() else (0, part) for part in parts]


def nested_folder(path: str, wanted: Callable[[Sequence[str]], bool], prefixes: tuple[str, ...]) -> str | None:
    """Return `path`, or the folder in it with one of these beginnings, whose names are `wanted`.

    Folders that a link leads to are not looked at: a model's folder holds its own files.
    """
    names = names_in(path)
    if wanted(names):
        return path
    for prefix in prefixes:
        for name in names:
            inner = os.path.join(path, name)  # noqa: PTH118 - keeps a path that is no text
            if name.startswith(prefix) and stat.S_ISDIR(os.lstat(inner).st_mode) and wanted(names_in(inner)):
                return inner
    return None


def config_in(path: str, folder: str, limits: LoadLimits, warnings: list[str]) -> dict[str, Any] | None:
    """Return the Hugging Face config of the folder that was asked for, or of the one in it that holds the model."""
    for place in dict.fromkeys((path, folder)):
        config = config_beside(str(Path(place) / "model"), limits, warnings)
        if config is not None:
            return config
    return None


def listed(names: list[str]) -> str:
    """Return a few of many names as text."""
    shown = ", ".join(plain_text(name, 120) for name in names[:_MAX_LISTED])
    return f"{shown} and {len(names) - _MAX_LISTED:,} more" if len(names) > _MAX_LISTED else shown
