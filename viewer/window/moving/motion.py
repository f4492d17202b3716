"""Whether things may move by themselves: flights, morphs and fades make some people ill."""

import os

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QStyle

from ..recent import settings

__all__ = ["ENVIRONMENT", "is_reduced", "set_reduced"]

ENVIRONMENT = "ARCHVIZ3D_REDUCED_MOTION"  # any value but "" and "0" asks for it
_KEY = "reducedMotion"


def is_reduced() -> bool:
    """Return whether the camera jumps rather than flies: as the user has set it, else as the system wants it."""
    chosen = settings().value(_KEY)
    if chosen is not None:
        return str(chosen) == "true"
    return os.environ.get(ENVIRONMENT, "0") not in ("", "0") or _system_wants_it()


def set_reduced(reduced: bool) -> None:
    """Remember what the user wants."""
    settings().setValue(_KEY, "true" if reduced else "false")


def _system_wants_it() -> bool:
    # Qt 6.12 is the first to hand the desktop's own setting on; before, styles that follow it animate for 0 ms.
    preference = getattr(QGuiApplication.styleHints().accessibility(), "motionPreference", None)
    if preference is not None and "Reduced" in str(preference()):
        return True
    return QApplication.style().styleHint(QStyle.StyleHint.SH_Widget_Animation_Duration) == 0
