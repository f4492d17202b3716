"""The legend at the right: what the colours of kinds, flows and values mean."""

from collections.abc import Sequence
from dataclasses import dataclass

from ....graph.kinds import EdgeKind
from ...theme import Theme, Tone, rgb
from ...words.translation import QT_TRANSLATE_NOOP, translate
from ..frame import View
from .margins import EDGE, LEGEND_WIDTH
from .overlay import Overlay
from .text import FontSpec, line_height, wrapped
from .value_legend import HeightKey, ValueKey, ValueLegend

__all__ = ["Legend", "LegendPanel"]

_ENTRY, _NOTE = 13, 12
_SWATCH, _ROW, _NOTE_ROW = 11, 23, 17
_APART = 5  # above each note
_TOP = 28
_PLATE, _PLATE_OF_VALUES = 0.80, 0.94  # opacity; pictures of weights are busier than boxes

_TONE_WORDS = {
    Tone.EMBEDDING: QT_TRANSLATE_NOOP("Scene", "embedding"),
    Tone.NORM: QT_TRANSLATE_NOOP("Scene", "norm"),
    Tone.ATTENTION: QT_TRANSLATE_NOOP("Scene", "attention"),
    Tone.OUTPUT_PROJECTION: QT_TRANSLATE_NOOP("Scene", "output projection"),
    Tone.ROUTER: QT_TRANSLATE_NOOP("Scene", "router"),
    Tone.EXPERT: QT_TRANSLATE_NOOP("Scene", "MLP, experts"),
    Tone.CONV: QT_TRANSLATE_NOOP("Scene", "convolution"),
    Tone.RECURRENT: QT_TRANSLATE_NOOP("Scene", "recurrent"),
    Tone.OPERATOR: QT_TRANSLATE_NOOP("Scene", "operator"),
    Tone.VALUE: QT_TRANSLATE_NOOP("Scene", "input, output"),
    Tone.OUTPUT: QT_TRANSLATE_NOOP("Scene", "output head"),
    Tone.PLAIN: QT_TRANSLATE_NOOP("Scene", "other modules"),
}
_PLAIN_WORDS = {
    Tone.NORM: QT_TRANSLATE_NOOP("Scene", "normalisation"),
    Tone.EXPERT: QT_TRANSLATE_NOOP("Scene", "feed-forward, experts"),
    Tone.VALUE: QT_TRANSLATE_NOOP("Scene", "input and output"),
}
_FLOW_WORDS = {
    EdgeKind.RESIDUAL: QT_TRANSLATE_NOOP("Scene", "residual stream"),
    EdgeKind.DATA: QT_TRANSLATE_NOOP("Scene", "data flow"),
    EdgeKind.ROUTED: QT_TRANSLATE_NOOP("Scene", "routed"),
    EdgeKind.TIED: QT_TRANSLATE_NOOP("Scene", "shared"),
}


@dataclass(frozen=True)
class Legend:
    """What the legend names.

    Attributes
    ----------
    tones, flows : tuple
        Colours of kinds and of flows that are on the screen.
    inferred, known : bool
        Whether flow is inferred, all of it or some.
    ports : bool
        Whether ports are on the screen.
    values : ValueKey or None
        The overlay that colours the parts; kinds have no colours then.
    heights : HeightKey or None
        The overlay that makes them tall.
    plain : bool
        In plain words.
    """

    tones: tuple[Tone, ...]
    flows: tuple[EdgeKind, ...]
    inferred: bool
    known: bool = False
    ports: bool = False
    values: ValueKey | None = None
    heights: HeightKey | None = None
    plain: bool = False


class LegendPanel:
    """Draws the legend and tells which ground it takes."""

    def __init__(self, theme: Theme) -> None:
        self._text, self._dim, self._ground = rgb(theme.text), rgb(theme.text_dim), rgb(theme.ground[0])
        self._tones = theme.tone_table
        self._flows = {EdgeKind.RESIDUAL: rgb(theme.residual), EdgeKind.ROUTED: rgb(theme.routed)}
        self._flow = rgb(theme.flow)
        self.values = ValueLegend(theme)

    def draw(self, overlay: Overlay, view: View, legend: Legend) -> tuple[float, float, float, float]:
        """Add the legend to the overlay and return the rectangle that it takes."""
        scale, viewport = view.scale, view.viewport
        left, top = round(viewport[0] - (LEGEND_WIDTH + EDGE) * scale), round(_TOP * scale)
        room = (viewport[1] - 2 * top) / scale
        lines = self._lines(legend, scale)
        heights = self._height_lines(legend.heights, scale)
        tall = len(heights) * _NOTE_ROW + (12 if heights else 0)
        value_height = 0.0
        if legend.values is not None:
            below = tall + len(lines.entries) * _ROW + sum(map(_note_height, lines.notes))
            value_height = self.values.measure(legend.values, scale, room - below)
        lines = lines.fitting(room - value_height - tall)
        below = tall + len(lines.entries) * _ROW + sum(map(_note_height, lines.notes))
        height = value_height + below + 6
        plate = (left - 14 * scale, -9 * scale, viewport[0] + 9 * scale, top + height * scale)
        overlay.shape(plate, self._ground, _PLATE if legend.values is None else _PLATE_OF_VALUES)
        y = float(top)
        if legend.values is not None:
            self.values.draw(overlay, legend.values, left, y, scale)
            y += value_height * scale
        for k, line in enumerate(heights):
            overlay.text(left, y, line, _note(scale), self._text if k == 0 else self._dim)
            y += _NOTE_ROW * scale
        y += 12 * scale if heights else 0
        self._draw_entries(overlay, lines, left, y, scale)
        return (plate[0], 0, viewport[0], plate[3])

    @staticmethod
    def _height_lines(key: HeightKey | None, scale: float) -> list[str]:
        if key is None:
            return []
        return [line for text in (key.title, *key.facts) for line in wrapped(text, _note(scale), LEGEND_WIDTH * scale)]

    def _lines(self, legend: Legend, scale: float) -> "_Lines":
        tones = () if legend.values is not None else legend.tones
        words = _TONE_WORDS | _PLAIN_WORDS if legend.plain else _TONE_WORDS
        entries: list[_Entry] = [
            (translate("Scene", word), Tone(tone), None) for tone, word in words.items() if tone in tones
        ]
        entries += [
            (translate("Scene", word), None, kind) for kind, word in _FLOW_WORDS.items() if kind in legend.flows
        ]
        said: list[str] = []
        if legend.inferred:
            said.append(
                translate("Scene", "flow with gaps: inferred from names and shapes")
                if legend.known
                else translate("Scene", "flow: inferred from names and shapes")
            )
        if legend.ports:
            said.append(translate("Scene", "small arrows on edges: flow from or to the part that they name"))
        sizes: list[str] = []
        if legend.tones:
            sizes.append(
                translate(
                    "Scene",
                    "size: a matrix has the square roots of its dimensions as sides; other"
                    " parts fill their place, equal ones alike",
                )
            )
            if legend.heights is None:
                sizes.append(translate("Scene", "thickness has no meaning"))
        notes, more = ([wrapped(words, _note(scale), LEGEND_WIDTH * scale) for words in some] for some in (said, sizes))
        return _Lines(entries, notes, more)

    def _draw_entries(self, overlay: Overlay, lines: "_Lines", left: float, y: float, scale: float) -> None:
        font: FontSpec = (round(_ENTRY * scale), "Regular")
        swatch = _SWATCH * scale
        for word, tone, flow in lines.entries:
            color = self._tones[tone] if tone is not None else self._flows.get(EdgeKind(flow or 0), self._flow)
            height = swatch * (1.0 if tone is not None else 0.36)
            middle = y + line_height(font) / 2
            overlay.shape((left, middle - height / 2, left + swatch, middle + height / 2), color)
            overlay.text(left + swatch + 9 * scale, y, word, font, self._dim)
            y += _ROW * scale
        for note in lines.notes:
            y += _APART * scale
            for line in note:
                overlay.text(left, y, line, _note(scale), self._dim)
                y += _NOTE_ROW * scale


_Entry = tuple[str, Tone | None, EdgeKind | None]


@dataclass(frozen=True)
class _Lines:
    """What the legend says under its values: entries, notes of some lines each, and more notes where there is room."""

    entries: Sequence[_Entry]
    notes: Sequence[list[str]]
    more: Sequence[list[str]] = ()

    def fitting(self, room: float) -> "_Lines":
        """Return what of it has room, the first first."""
        entries = self.entries[: max(int(room // _ROW), 0)]
        room -= len(entries) * _ROW
        notes: list[list[str]] = []
        for note in (*self.notes, *self.more):
            room -= _note_height(note)
            if room < 0:
                break
            notes.append(note)
        return _Lines(entries, notes)


def _note_height(note: list[str]) -> float:
    return len(note) * _NOTE_ROW + _APART


def _note(scale: float) -> FontSpec:
    return round(_NOTE * scale), "Regular"
