"""Values of overlays as people read them."""

from math import isinf, isnan

from ...overlays.overlay import Figure, Overlay
from .numbers import people_bytes, people_count
from .translation import translate

__all__ = ["value_text", "value_with_unit"]


def value_text(overlay: Overlay, value: float) -> str:
    """Return a value without its unit: "44 M", "3.1 %", "0.0131", "BF16"; "no data" for NaN."""
    if isnan(value):
        return translate("Scene", "no data")
    if isinf(value):
        return "\u221e" if value > 0 else "\u2212\u221e"
    if overlay.figure is Figure.CATEGORY:
        index = round(value)
        return overlay.categories[index] if 0 <= index < len(overlay.categories) else f"{value:g}"
    if overlay.figure is Figure.COUNT and abs(value) < 2**62:
        if abs(value) < 1000 and value != round(value):
            return f"{value:.3g}".replace("-", "\u2212")
        return people_count(round(value)) if value >= 0 else f"\u2212{people_count(round(-value))}"
    if overlay.figure is Figure.BYTES:
        return people_bytes(round(value)).replace("-", "\u2212")
    if overlay.figure is Figure.SHARE:
        return f"{100 * value:.3g} %".replace("-", "\u2212")
    return f"{value:.4g}".replace("-", "\u2212")


def value_with_unit(overlay: Overlay, value: float) -> str:
    """Return a value with its unit, where it has both: "1.2 k tokens"."""
    text = value_text(overlay, value)
    # Bytes and shares bear theirs already.
    if isnan(value) or not overlay.unit or overlay.figure in (Figure.BYTES, Figure.SHARE, Figure.CATEGORY):
        return text
    return f"{text} {overlay.unit}"
