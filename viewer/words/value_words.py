"""What the legend, the title and the tip say of an overlay, in plain words."""

from collections.abc import Sequence
from math import isfinite, isnan

import numpy as np

from ...overlays.aggregate import Aggregate
from ...overlays.overlay import Origin, Overlay, Scale
from ..coloring import Coloring
from ..detail.surface_plan import Face
from .figures import value_text, value_with_unit
from .numbers import grouped
from .translation import QT_TRANSLATE_NOOP, filled, translate

__all__ = [
    "aggregate_word",
    "cell_text",
    "filter_text",
    "origin_word",
    "overlay_facts",
    "overlay_line",
    "step_text",
    "surface_facts",
]

_ORIGINS = {
    Origin.DECLARED: QT_TRANSLATE_NOOP("Scene", "declared in the model's files"),
    Origin.DERIVED: QT_TRANSLATE_NOOP("Scene", "derived"),
    Origin.MEASURED: QT_TRANSLATE_NOOP("Scene", "measured"),
    Origin.SYNTHETIC: QT_TRANSLATE_NOOP("Scene", "synthetic values"),
    Origin.TABLE: QT_TRANSLATE_NOOP("Scene", "as given"),
}
_AGGREGATES = {
    Aggregate.SUM: QT_TRANSLATE_NOOP("Scene", "sum of its parts"),
    Aggregate.MEAN: QT_TRANSLATE_NOOP("Scene", "mean of its parts"),
    Aggregate.MAX: QT_TRANSLATE_NOOP("Scene", "highest of its parts"),
    Aggregate.MIN: QT_TRANSLATE_NOOP("Scene", "lowest of its parts"),
    Aggregate.NORM: QT_TRANSLATE_NOOP("Scene", "root of the sum of its parts' squares"),
    Aggregate.MOST: QT_TRANSLATE_NOOP("Scene", "most frequent of its parts"),
    Aggregate.NONE: QT_TRANSLATE_NOOP("Scene", "no data"),
}
_STATISTICS = {
    "rms": QT_TRANSLATE_NOOP("Scene", "RMS"),
    "signed": QT_TRANSLATE_NOOP("Scene", "mean"),
    "mean_abs": QT_TRANSLATE_NOOP("Scene", "mean |w|"),
}
_ENOUGH = 0.9995  # of the values read: what is missing would not show


def origin_word(origin: Origin) -> str:
    """Return how an overlay's values are known."""
    return translate("Scene", _ORIGINS[origin])


def aggregate_word(aggregate: Aggregate) -> str:
    """Return what a container shows."""
    return translate("Scene", _AGGREGATES[aggregate])


def step_text(overlay: Overlay, step: int) -> str:
    """Return which step is shown, "" where there is only one."""
    if overlay.step_count < 2:
        return ""
    step = min(max(step, 0), overlay.step_count - 1)
    place = filled(translate("Scene", "%1 of %2"), str(step + 1), str(overlay.step_count))
    if not overlay.steps:
        return filled(translate("Scene", "step %1"), place)
    return filled(translate("Scene", "step %1 (%2)"), overlay.steps[step], place)


def overlay_facts(coloring: Coloring, step: int) -> list[str]:
    """Return the short lines under an overlay's title: unit and origin, step."""
    facts = [overlay_line(coloring.overlay), step_text(coloring.overlay, step)]
    if coloring.scale is Scale.LOG and len(coloring.spread) and coloring.spread[0] <= 0:
        facts.append(translate("Scene", "0 and less: the lowest colour"))
    return [fact for fact in facts if fact]


def overlay_line(overlay: Overlay) -> str:
    """Return an overlay's unit, and how its values are known."""
    return " · ".join(filter(None, (overlay.unit, origin_word(overlay.origin))))


def surface_facts(statistic: str, levels: Sequence[int], share: float, loading: bool) -> list[str]:
    """Return what a cell is, and whether all values behind the cells were read."""
    facts: list[str] = []
    blocks = [level for level in levels if level]
    if 0 in levels:
        facts.append(translate("Scene", "a cell is one value"))
    if blocks:
        sides = [f"{1 << level}" for level in (blocks[0], blocks[-1])]
        span = sides[0] if sides[0] == sides[1] else f"{sides[0]} to {sides[1]}"
        word = translate("Scene", _STATISTICS[statistic])
        facts.append(filled(translate("Scene", "a cell is the %1 of a block, %2 values a side"), word, span))
    if share < _ENOUGH:
        facts.append(filled(translate("Scene", "sampled: %1 % of the values read"), f"{max(100 * share, 0.01):.3g}"))
    if loading:
        facts.append(translate("Scene", "reading …"))
    return facts


def filter_text(coloring: Coloring) -> str:
    """Return what a filter keeps and how many of the overlay's own values these are; "" without one."""
    if coloring.keep is None:
        return ""
    low, high = coloring.keep
    overlay = coloring.overlay
    if not (isfinite(low) or isfinite(high)):
        words = translate("Scene", "only what has a value")
    elif low == high:
        words = filled(translate("Scene", "only %1"), value_with_unit(overlay, low))
    elif not isfinite(low):
        words = filled(translate("Scene", "only up to %1"), value_with_unit(overlay, high))
    elif not isfinite(high):
        words = filled(translate("Scene", "only from %1"), value_with_unit(overlay, low))
    else:
        words = filled(translate("Scene", "only %1 to %2"), value_text(overlay, low), value_with_unit(overlay, high))
    if overlay.surface is not None:
        return words
    kept = int((coloring.kept(coloring.values) & coloring.own).sum())
    counts = filled(translate("Scene", "%1 of %2"), grouped(kept), grouped(int(coloring.own.sum())))
    return f"{words}: {counts}"


def cell_text(overlay: Overlay, face: Face, place: tuple[float, float], level: int, value: float) -> str:
    """Return what a cell says: "w[103, 2048] = 0.0134", or the statistic of its block of values."""
    side = 1 << level
    row = min(int(place[0]), face.grid.rows - 1) // side * side
    column = min(int(place[1]), face.grid.columns - 1) // side * side
    shown = translate("Scene", "not a number") if isnan(value) else value_text(overlay, float(np.float32(value)))
    if level == 0:
        name = "w" if overlay.surface == "signed" else "|w|"
        index = f"[{row}]" if face.grid.columns == 1 else f"[{row}, {column}]"
        return f"{name}{index} = {shown}"
    ends = (min(row + side, face.grid.rows) - 1, min(column + side, face.grid.columns) - 1)
    word = translate("Scene", _STATISTICS[str(overlay.surface)])
    where = filled(translate("Scene", "rows %1, columns %2"), f"{row}\u2013{ends[0]}", f"{column}\u2013{ends[1]}")
    return f"{word} = {shown} · {where}"
