"""The title with its line of facts."""

from ...theme import Theme, rgb
from ..frame import View
from .label_layout import Rect
from .margins import free_margins, has_legend
from .overlay import Overlay
from .text import FontSpec, line_height, shortened, text_width

__all__ = ["Heading"]

_TITLE, _FACTS = 26, 15


class Heading:
    """Draws the title and tells which ground it takes."""

    def __init__(self, theme: Theme) -> None:
        self._text, self._dim = rgb(theme.text), rgb(theme.text_dim)
        self._ground = rgb(theme.ground[0])

    def draw(self, overlay: Overlay, view: View, title: str, facts: str, shown: str, covered: bool) -> list[Rect]:
        """Add the lines to the drawing and return the rectangles that they take.

        Parameters
        ----------
        facts, shown : str
            What is known of the part, and which overlay is shown on it: where there is not room for both, the facts are
            shortened.
        covered : bool
            The scene reaches under the title.
        """
        viewport, scale = view.viewport, view.scale
        margins = free_margins(viewport, scale)
        room = viewport[0] - 2 * margins[0]
        if has_legend(viewport, scale):
            room -= margins[2]
        # Under the title the scene fades into the ground, so that it can be read whatever is there.
        if covered:
            low, high = -9 * scale, viewport[0] + 9 * scale
            overlay.shape((low, low, high, 0.8 * margins[1]), self._ground, 0.94, 0.80)
            overlay.shape((low, 0.8 * margins[1], high, 1.05 * margins[1]), self._ground, 0.80, 0.0)
        taken: list[Rect] = []
        y = round(20 * scale)
        lines = ((title, "", _TITLE, "Medium", self._text), (facts, shown, _FACTS, "Regular", self._dim))
        for text, after, size, weight, color in lines:
            font = (max(round(size * scale), 11), weight)
            line = _line(text, after, room, font)
            if not line:
                continue
            overlay.text(margins[0], y, line, font, color)
            taken.append((margins[0], y, margins[0] + text_width(line, font), y + line_height(font)))
            y += line_height(font) + round(3 * scale)
        return taken


def _line(text: str, after: str, room: float, font: FontSpec) -> str:
    """Return a text, shortened where it must be, and what stands after it in any case."""
    end = f" · {after}" if after and text else after
    left = shortened(text, room - text_width(end, font), lambda part: text_width(part, font))
    return f"{left}{end}" if left else shortened(after or text, room, lambda part: text_width(part, font)) or ""
