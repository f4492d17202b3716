"""Filters that make sense for an overlay: what they are called, and which values they keep."""

from dataclasses import dataclass
from math import inf

import numpy as np
from PySide6.QtCore import QCoreApplication

from ....overlays.overlay import Figure, Overlay
from ...words.figures import value_with_unit

__all__ = ["Filter", "filters_of"]

_MOST_CATEGORIES = 24
_LEAST = float(np.finfo(np.float32).tiny)
_SHARE = 0.01  # of the values, or of their mean
translate = QCoreApplication.translate  # under this name Qt's lupdate finds the texts


@dataclass(frozen=True)
class Filter:
    """Keeps the values from one to another, both included; `tip` says which in numbers."""

    title: str
    keep: tuple[float, float]
    tip: str


def filters_of(overlay: Overlay) -> list[Filter]:
    """Return the filters that are offered for an overlay.

    Their bounds come from the values of all steps, as the colours' range does, so that playing moves none of them.
    """
    zero = Filter(translate("Filter", "Zero"), (0.0, 0.0), translate("Filter", "Exactly zero"))
    if overlay.surface is not None:  # its values are in the model's files
        return [zero, *(_signs(overlay, -_LEAST, _LEAST) if overlay.diverging else ())]
    values = overlay.values[~np.isnan(overlay.values)]
    if not len(values):
        return []
    if overlay.figure is Figure.CATEGORY:
        present = np.unique(values).astype(int).tolist()[:_MOST_CATEGORIES]
        return [
            Filter(overlay.categories[code], (code, code), translate("Filter", "Only {value}").format(
                value=overlay.categories[code]
            ))
            for code in present
        ]  # fmt: skip
    found = [zero] if (values == 0).any() else []
    if float(values.min()) < 0 < float(values.max()):
        found += _signs(overlay, float(values[values < 0].max()), float(values[values > 0].min()))
    elif values.min() >= 0 and values.max() > 0:
        bound = _SHARE * float(values.mean(dtype=np.float64))
        if float(values.min()) <= bound:
            found.append(_below(overlay, translate("Filter", "Up to 1 % of the mean"), bound))
    # Of few values a hundredth is none, and where nearly all are equal it is no extreme.
    if len(values) >= 1 / _SHARE:
        low, high = np.percentile(values, (100 * _SHARE, 100 - 100 * _SHARE), method="nearest").tolist()
        if low < high:
            found.append(_below(overlay, translate("Filter", "Lowest 1 %"), low))
            found.append(_above(overlay, translate("Filter", "Highest 1 %"), high))
    return found


def _signs(overlay: Overlay, below: float, above: float) -> list[Filter]:
    """Return filters for the signs, of which the values next to zero are given."""
    negative, positive = translate("Filter", "Negative"), translate("Filter", "Positive")
    return [_below(overlay, negative, below), _above(overlay, positive, above)]


def _below(overlay: Overlay, title: str, bound: float) -> Filter:
    value = value_with_unit(overlay, bound)
    return Filter(title, (-inf, bound), translate("Filter", "Up to {value}").format(value=value))


def _above(overlay: Overlay, title: str, bound: float) -> Filter:
    value = value_with_unit(overlay, bound)
    return Filter(title, (bound, inf), translate("Filter", "From {value}").format(value=value))
