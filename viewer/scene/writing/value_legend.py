"""The part of the legend that explains an overlay: colours with a histogram, and what the values are."""

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ....overlays.overlay import Figure, Scale
from ...coloring import Coloring
from ...theme import Theme, rgb
from ...words.figures import value_text
from ...words.value_axis import ValueAxis
from .margins import LEGEND_WIDTH
from .overlay import Overlay
from .text import FontSpec, line_height, wrapped

__all__ = ["HeightKey", "ValueKey", "ValueLegend"]

_TITLE, _NOTE, _TICK = 14, 12, 11
_TITLE_ROW, _NOTE_ROW, _ENTRY_ROW = 19, 16, 20
_BAR, _HISTOGRAM = 14, 40  # widths
_TALLEST, _SHORTEST, _LEAST = 210, 90, 44  # of the bar: at most, before words go for it, and at least
_BINS = 70
_HANDLE = 4
_REACH = 8  # pixels around a handle that still grip it
_MOST_CATEGORIES = 12
_MOST_LINES = (11, 4)  # of the definition and of its source; the window's panel has all of them


@dataclass(frozen=True, eq=False)
class ValueKey:
    """What the legend says of an overlay.

    Attributes
    ----------
    coloring : Coloring
    facts : tuple of str
        Short lines under the title: unit and origin, step, what a cell is.
    filter : str
        What stays in colour; "" without a filter.
    missing : bool
        Whether something on the screen has no data.
    no_data : str
        What that means.
    """

    coloring: Coloring
    facts: tuple[str, ...] = ()
    filter: str = ""
    missing: bool = False
    no_data: str = ""
    axis: ValueAxis = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "axis", ValueAxis.of(self.coloring))


@dataclass(frozen=True)
class HeightKey:
    """What the legend says of heights: a title and short lines."""

    title: str
    facts: tuple[str, ...]


@dataclass(frozen=True)
class _Text:
    y: float
    text: str
    font: FontSpec
    strong: bool


class ValueLegend:
    """Draws colours, histogram and words of an overlay, and knows where its range can be gripped."""

    def __init__(self, theme: Theme) -> None:
        self._text, self._dim, self._no_data = rgb(theme.text), rgb(theme.text_dim), rgb(theme.no_data)
        self._quiet = rgb(theme.plates[-1])
        self._bar: tuple[float, float, float, float] | None = None
        self._axis: ValueAxis | None = None
        self._texts: list[_Text] = []
        self._at: tuple[float, float, float] = (0.0, 0.0, 0.0)  # the bar's top, its height, the swatch's top
        self._rows = _MOST_CATEGORIES  # of categories

    def clear(self) -> None:
        """Forget where the range could be gripped."""
        self._bar = self._axis = None

    # ---------------------------------------------------------------- layout
    def measure(self, key: ValueKey, scale: float, room: float) -> float:
        """Lay a key out and return its height in text pixels; `room` is what there is.

        Where that is little, the bar gets shorter, then source and definition go, then more of the bar, then facts.
        """
        overlay = key.coloring.overlay
        note: FontSpec = (round(_NOTE * scale), "Regular")
        strong: FontSpec = (round(_TITLE * scale), "Medium")
        wide = LEGEND_WIDTH * scale
        swatch_room = 18 + (_ENTRY_ROW if key.missing else 0)
        self._texts = []
        y = 0.0
        for line in wrapped(overlay.title, strong, wide):
            self._texts.append(_Text(y, line, strong, True))
            y += _TITLE_ROW
        for fact in filter(None, (*key.facts, key.filter)):
            for line in wrapped(fact, note, wide):
                if y + _NOTE_ROW + 10 + _LEAST + swatch_room > room:
                    break
                self._texts.append(_Text(y, line, note, False))
                y += _NOTE_ROW
        y += 10
        after = [
            _shortened(wrapped(text, note, wide), most)
            for text, most in zip((overlay.definition, overlay.source), _MOST_LINES, strict=True)
            if text
        ]
        needed = sum(map(len, after)) * _NOTE_ROW + 6 * len(after)
        if overlay.figure is Figure.CATEGORY:
            rows = int(max((room - y - swatch_room) // _ENTRY_ROW, 2))
            most = min(rows, _MOST_CATEGORIES + 1)
            self._rows = most if len(overlay.categories) <= most else most - 1  # and how many more there are
            bar = _ENTRY_ROW * min(len(overlay.categories), most)
        else:
            bar = max(min(_SHORTEST, room - y - swatch_room), room - y - needed - 60)
            bar = min(_TALLEST, max(_LEAST, bar))
        swatch = y + bar + 10
        self._at = (y, bar, swatch)
        y = swatch + (_ENTRY_ROW if key.missing else 0)
        for lines in after:
            said = _shortened(lines, int((room - y - 8) // _NOTE_ROW))
            for line in said:
                self._texts.append(_Text(y, line, note, False))
                y += _NOTE_ROW
            y += 6 if said else 0
        return y + 8

    # ---------------------------------------------------------------- ink
    def draw(self, overlay: Overlay, key: ValueKey, left: float, top: float, scale: float) -> None:
        """Add what `measure` laid out to the overlay."""
        for text in self._texts:
            overlay.text(left, top + text.y * scale, text.text, text.font, self._text if text.strong else self._dim)
        bar_top, bar_height, swatch = (top + y * scale if k != 1 else y * scale for k, y in enumerate(self._at))
        if key.coloring.overlay.figure is Figure.CATEGORY:
            self.clear()
            self._draw_categories(overlay, key, left, bar_top, scale)
        else:
            self._draw_bar(overlay, key, left, bar_top, bar_height, scale)
        if key.missing:
            self._entry(overlay, left, swatch, key.no_data, self._no_data, scale)

    def _entry(
        self, overlay: Overlay, left: float, y: float, text: str, color: NDArray[np.float64], scale: float
    ) -> None:
        font: FontSpec = (round(_NOTE * scale), "Regular")
        side, middle = 11 * scale, y + line_height(font) / 2
        overlay.shape((left, middle - side / 2, left + side, middle + side / 2), color)
        overlay.text(left + side + 9 * scale, y, text, font, self._dim)

    def _draw_categories(self, overlay: Overlay, key: ValueKey, left: float, top: float, scale: float) -> None:
        coloring = key.coloring
        codes = np.arange(len(coloring.overlay.categories), dtype=np.float32)
        colors = coloring.colors(codes, self._no_data).astype(np.float64)
        counts = np.bincount(coloring.spread.astype(np.int64), minlength=len(codes))
        order = np.argsort(-counts, kind="stable")
        for row, code in enumerate(order[: self._rows].tolist()):
            name = coloring.overlay.categories[code]
            self._entry(overlay, left, top + row * _ENTRY_ROW * scale, name, colors[code], scale)
        if len(order) > self._rows:
            font: FontSpec = (round(_NOTE * scale), "Regular")
            more = f"+ {len(order) - self._rows}"
            overlay.text(left, top + self._rows * _ENTRY_ROW * scale, more, font, self._dim)

    def _draw_bar(self, overlay: Overlay, key: ValueKey, left: float, top: float, height: float, scale: float) -> None:
        axis, coloring = key.axis, key.coloring
        bar_left = left + (_HISTOGRAM + 6) * scale
        bar = (bar_left, top, bar_left + _BAR * scale, top + height)
        self._bar, self._axis = bar, axis
        edges = np.round(bar[3] - np.linspace(0, 1, _BINS + 1) * height)
        middles = np.array([axis.value((k + 0.5) / _BINS) for k in range(_BINS)], np.float32)
        colors = coloring.colors(middles, self._no_data).astype(np.float64)
        # A part of the bar is in colour where some value in it is kept, be it a single one.
        bounds = [axis.value(k / _BINS) for k in range(_BINS + 1)]
        low, high = coloring.keep or (-np.inf, np.inf)
        kept = [upper >= low and lower <= high for lower, upper in pairwise(bounds)]
        counts = axis.counts(_BINS)
        longest = max(int(counts.max(initial=0)), 1)
        for k in range(_BINS):
            color = colors[k] if kept[k] else self._quiet
            overlay.block((bar[0], edges[k + 1], bar[2], edges[k]), color)
            if counts[k]:
                length = max(1.0, counts[k] / longest * _HISTOGRAM * scale)
                overlay.block(
                    (bar[0] - 3 * scale - length, edges[k + 1], bar[0] - 3 * scale, edges[k]), self._dim, 0.75
                )
        self._draw_ticks(overlay, key, bar, scale)

    def _draw_ticks(
        self, overlay: Overlay, key: ValueKey, bar: tuple[float, float, float, float], scale: float
    ) -> None:
        axis, coloring = key.axis, key.coloring
        font: FontSpec = (max(round(_TICK * scale), 11), "Regular")
        half = line_height(font) / 2
        taken: list[float] = []
        height = bar[3] - bar[1]
        ends = [] if axis.scale is Scale.QUANTILE else [coloring.low, coloring.high]
        marked = [(value, True) for value in ends] + [(value, False) for value in axis.ticks(5)]
        for value, is_end in marked:
            place = float(axis.at(value))
            y = bar[3] - place * height
            if not -0.01 <= place <= 1.01 or any(abs(y - other) < 2 * half for other in taken):
                continue
            taken.append(y)
            color = self._text if is_end else self._dim
            if is_end:  # a grip, and the line that the range ends at
                overlay.block((bar[0] - 2 * scale, y - scale, bar[2] + 2 * scale, y + scale), self._text)
                overlay.shape(
                    (bar[2] - scale, y - _HANDLE * scale, bar[2] + 5 * scale, y + _HANDLE * scale), self._text
                )
            else:
                overlay.block((bar[2] + scale, y - 0.5 * scale, bar[2] + 4 * scale, y + 0.5 * scale), self._dim)
            overlay.text(bar[2] + 9 * scale, y - half, value_text(coloring.overlay, value), font, color)

    # ---------------------------------------------------------------- the mouse
    def hit(self, x: float, y: float, scale: float) -> str | None:
        """Return what of the range is under a pixel: "low", "high", "between", or None."""
        if self._bar is None or self._axis is None or self._axis.scale is Scale.QUANTILE:
            return None
        left, top, right, bottom = self._bar
        if not (left - _REACH * scale <= x <= right + _REACH * scale):
            return None
        height, coloring = bottom - top, self._axis.coloring
        ends = {"low": coloring.low, "high": coloring.high}
        away = {end: abs(bottom - float(self._axis.at(value)) * height - y) for end, value in ends.items()}
        nearest = min(away, key=lambda end: away[end])
        if away[nearest] <= _REACH * scale:
            return nearest
        return "between" if top <= y <= bottom else None

    def value(self, y: float) -> float:
        """Return the value at a height of the bar."""
        if self._bar is None or self._axis is None:
            raise RuntimeError("no bar is drawn")
        return self._axis.value((self._bar[3] - y) / (self._bar[3] - self._bar[1]))


def _shortened(lines: list[str], most: int) -> list[str]:
    """Return so many lines at most, the last one with an ellipsis where some are left out."""
    if most < 1:
        return []
    return lines if len(lines) <= most else [*lines[: most - 1], lines[most - 1].rstrip(" ,.;") + " \u2026"]
