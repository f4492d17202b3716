"""Numbers that people type: 0.5, 1e-3, 44 M, 3 %, 16 kB."""

import re
from math import isfinite

from PySide6.QtCore import QCoreApplication

from ....errors import UsageError
from ....overlays.overlay import Figure

__all__ = ["number_text", "parsed_number"]

_NUMBER = re.compile(r"([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)(%|[kKMGBTPQ]?)(B?)")
_UNITS = {"k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "B": 1e9, "T": 1e12, "P": 1e15, "Q": 1e15}
_WRITTEN = {Figure.COUNT: ("T", "B", "M"), Figure.BYTES: ("TB", "GB", "MB")}
translate = QCoreApplication.translate  # under this name Qt's lupdate finds the texts


def number_text(figure: Figure, value: float) -> str:
    """Return a value as a field shows it, such that `parsed_number` reads it; "" for an infinite one."""
    if not isfinite(value):
        return ""
    if figure is Figure.SHARE:
        return f"{100 * value:.6g} %"
    value = float(f"{value:.6g}")
    units = _WRITTEN.get(figure, ())
    # Six digits need a unit from a million on.
    unit = next((unit for unit in units if abs(value) >= max(1e6, _UNITS[unit[0]])), "")
    return f"{value / _UNITS[unit[0]]:.6g} {unit}" if unit else f"{value:.6g}"


def parsed_number(figure: Figure, text: str) -> float:
    """Return the value that somebody typed.

    Units are decimal: k, M, G or B, T; for bytes also kB, MB, and a lone B is one byte. A comma is a point.

    Raises
    ------
    UsageError
        When it is no finite number.
    """
    plain = re.sub(r"[\s\u00a0\u202f]", "", text).replace("\u2212", "-").replace(",", ".")
    match = _NUMBER.fullmatch(plain)
    value = float(match[1]) if match else float("nan")
    if match is None or not isfinite(value):
        hint = translate("Number", "{text} is no number; 0.5, 1e-3, 44 M or 3 % would be right")
        raise UsageError(hint.format(text=f"\u201c{text.strip()[:40]}\u201d"))
    unit = match[2]
    if unit == "%":
        return value / 100
    if unit == "B" and figure is Figure.BYTES:
        return value
    return value * _UNITS.get(unit, 1.0)
