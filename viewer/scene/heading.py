"""The title with its line of facts, and the legend of what is on the screen."""

from collections.abc import Sequence
from dataclasses import dataclass

from ...graph.kinds import EdgeKind
from ..camera import Margins, Viewport
from ..label_layout import Rect, shortened
from ..theme import Theme, Tone, rgb
from ..translation import QT_TRANSLATE_NOOP, translate
from .frame import View
from .overlay import Overlay
from .text import FontSpec, line_height, text_width

__all__ = ["Heading", "Legend", "free_margins"]

_EDGE = 28  # free pixels around everything
_TITLE, _FACTS, _ENTRY, _NOTE = 26, 15, 13, 12
_TITLE_STRIP = 88
_SWATCH, _ROW = 11, 23
_LEGEND_WIDTH = 148
_LEGEND_FROM = 720  # narrower viewports have no legend

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
_FLOW_WORDS = {
    EdgeKind.RESIDUAL: QT_TRANSLATE_NOOP("Scene", "residual stream"),
    EdgeKind.DATA: QT_TRANSLATE_NOOP("Scene", "data flow"),
    EdgeKind.ROUTED: QT_TRANSLATE_NOOP("Scene", "routed"),
    EdgeKind.TIED: QT_TRANSLATE_NOOP("Scene", "shared"),
}


@dataclass(frozen=True)
class Legend:
    """What the legend names: tones and flows on the screen, and whether flow is inferred, all of it or some."""

    tones: tuple[Tone, ...]
    flows: tuple[EdgeKind, ...]
    inferred: bool
    known: bool = False


def free_margins(viewport: Viewport, scale: float) -> Margins:
    """Return the pixels that the title and the legend need at the left, top, right and bottom."""
    right = _LEGEND_WIDTH + _EDGE + 16 if viewport[0] >= _LEGEND_FROM * scale else _EDGE
    top = min(_TITLE_STRIP * scale, viewport[1] * 0.3)
    edge = min(_EDGE * scale, viewport[1] * 0.1, viewport[0] * 0.1)
    return edge, top, max(right * scale, edge) if right > _EDGE else edge, edge


class Heading:
    """Draws title and legend and tells which ground they take."""

    def __init__(self, theme: Theme) -> None:
        self._text, self._dim = rgb(theme.text), rgb(theme.text_dim)
        self._tones = theme.tone_table
        self._flows = {EdgeKind.RESIDUAL: rgb(theme.residual), EdgeKind.ROUTED: rgb(theme.routed)}
        self._flow = rgb(theme.flow)
        self._ground = rgb(theme.ground[0])

    def draw(self, overlay: Overlay, view: View, title: str, facts: str, legend: Legend, covered: bool) -> list[Rect]:
        """Add everything to the overlay and return the rectangles it takes.

        `covered` tells whether the scene reaches under the title.
        """
        viewport, scale = view.viewport, view.scale
        margins = free_margins(viewport, scale)
        room = viewport[0] - 2 * margins[0]
        has_legend = margins[2] > margins[0]
        if has_legend:
            room -= margins[2]
        # Under the title the scene fades into the ground, so that it can be read whatever is there.
        if covered:
            low, high = -9 * scale, viewport[0] + 9 * scale
            overlay.shape((low, low, high, 0.8 * margins[1]), self._ground, 0.94, 0.80)
            overlay.shape((low, 0.8 * margins[1], high, 1.05 * margins[1]), self._ground, 0.80, 0.0)
        taken: list[Rect] = []
        y = round(20 * scale)
        for text, size, weight, color in ((title, _TITLE, "Medium", self._text), (facts, _FACTS, "Regular", self._dim)):
            font = (max(round(size * scale), 11), weight)
            shown = shortened(text, room, lambda t, font=font: text_width(t, font))
            if not shown:
                continue
            overlay.text(margins[0], y, shown, font, color)
            taken.append((margins[0], y, margins[0] + text_width(shown, font), y + line_height(font)))
            y += line_height(font) + round(3 * scale)
        if has_legend:
            taken.append(self._draw_legend(overlay, viewport, scale, legend))
        return taken

    def _draw_legend(self, overlay: Overlay, viewport: Viewport, scale: float, legend: Legend) -> Rect:
        font: FontSpec = (round(_ENTRY * scale), "Regular")
        left, top = round(viewport[0] - (_LEGEND_WIDTH + _EDGE) * scale), round(28 * scale)
        swatch, row = _SWATCH * scale, _ROW * scale
        y = float(top)
        plate = (left - 14 * scale, -9 * scale, viewport[0] + 9 * scale, top + self._height(legend) * scale)
        overlay.shape(plate, self._ground, 0.80)
        tones = [tone for tone in _TONE_WORDS if tone in legend.tones]
        flows = [kind for kind in _FLOW_WORDS if kind in legend.flows]
        entries = [(translate("Scene", _TONE_WORDS[tone]), self._tones[tone], False) for tone in tones]
        entries += [(translate("Scene", _FLOW_WORDS[kind]), self._flows.get(kind, self._flow), True) for kind in flows]
        for word, color, is_flow in entries:
            height = swatch * (0.36 if is_flow else 1.0)
            middle = y + line_height(font) / 2
            overlay.shape((left, middle - height / 2, left + swatch, middle + height / 2), color)
            overlay.text(left + swatch + 9 * scale, y, word, font, self._dim)
            y += row
        if legend.inferred:
            y += 2 * scale
            note: FontSpec = (round(_NOTE * scale), "Regular")
            words = (
                translate("Scene", "flow: in part inferred from names and shapes")
                if legend.known
                else translate("Scene", "flow: inferred from names and shapes")
            )
            for line in _wrapped(words, note, _LEGEND_WIDTH * scale):
                overlay.text(left, y, line, note, self._dim)
                y += 17 * scale
        return (plate[0], 0, viewport[0], plate[3])

    @staticmethod
    def _height(legend: Legend) -> float:
        entries = sum(tone in legend.tones for tone in _TONE_WORDS) + sum(kind in legend.flows for kind in _FLOW_WORDS)
        return entries * _ROW + (2 + 2 * 17 if legend.inferred else 0) + 6


def _wrapped(text: str, font: FontSpec, room: float) -> Sequence[str]:
    lines: list[str] = []
    for word in text.split():
        if lines and text_width(f"{lines[-1]} {word}", font) <= room:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines
