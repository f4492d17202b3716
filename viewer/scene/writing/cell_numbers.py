"""Numbers on pictures of weights: the values in their cells where there is room, and row and column along the edges."""

from collections.abc import Sequence
from math import ceil, floor, log10

import numpy as np
from numpy.typing import NDArray

from ...coloring import Coloring
from ...detail.surface_plan import Face
from ...theme import Theme, contrast, rgb
from ...weight_pictures import Picture
from ...words.numbers import grouped
from ...words.translation import filled, translate
from ..frame import View
from .label_layout import Rect
from .margins import free_margins
from .overlay import Overlay
from .text import FontSpec, line_height, text_width

__all__ = ["CellNumbers"]

_SIZE = 11
_LEAST_WIDTH, _LEAST_HEIGHT = 50.0, 17.0  # text pixels of a cell that holds a number
_MOST = 5000  # of one tile
_LIGHT, _DARK = np.full(3, 245.0), np.full(3, 12.0)
_AXIS_FROM = 260.0  # text pixels of a face's smaller visible side
_TICK_EVERY = 90.0  # text pixels at least from one index to the next


class CellNumbers:
    """Writes numbers onto the pictures of a frame.

    Parameters
    ----------
    theme : Theme
    """

    def __init__(self, theme: Theme) -> None:
        self._ground, self._text = rgb(theme.ground[0]), rgb(theme.text)

    def write(
        self, overlay: Overlay, picture: Picture, coloring: Coloring, view: View, taken: Sequence[Rect]
    ) -> list[Rect]:
        """Add all numbers to the overlay and return the rectangles that they take.

        `taken` is ground that they leave free: that of title and legend.
        """
        font: FontSpec = (max(round(_SIZE * view.scale), 11), "Regular")
        free = _Free(taken)
        for face in picture.faces.values():
            self._indices(overlay, face, view, font, free)
        self._values(overlay, picture, coloring, view, font, free)
        return free.added

    def _values(
        self, overlay: Overlay, picture: Picture, coloring: Coloring, view: View, font: FontSpec, free: "_Free"
    ) -> None:
        half, top = line_height(font) / 2, free_margins(view.viewport, view.scale)[1]
        edges = free.rects()  # cells do not overlap one another: only what was there before counts
        for patch, tile in picture.patches:
            face = patch.face
            wide, tall = face.cell_px
            if patch.key.level or wide < _LEAST_WIDTH * view.scale or tall < _LEAST_HEIGHT * view.scale:
                continue
            (r0, r1), (c0, c1) = face.ranges()
            rows = np.arange(max(int(r0), patch.rows[0]), min(ceil(r1), patch.rows[1]))
            columns = np.arange(max(int(c0), patch.columns[0]), min(ceil(c1), patch.columns[1]))
            if not 0 < len(rows) * len(columns) <= _MOST:
                continue
            px = _project(face, [(row + 0.5, column + 0.5) for row in rows for column in columns], view)
            values = tile.cells[np.ix_(rows - patch.rows[0], columns - patch.columns[0])].ravel()
            colors = coloring.colors(values, _DARK).astype(np.float64)
            for (x, y), value, color in zip(px.tolist(), values.tolist(), colors, strict=True):
                text = _fitting(value, font, wide - 4 * view.scale)
                width = text_width(text, font)
                rect = (x - width / 2, y - half, x + width / 2, y + half)
                covered = (edges[:, :2] < rect[2:]).all(1) & (edges[:, 2:] > rect[:2]).all(1)
                if text and rect[1] > top and not covered.any():  # above is the title
                    ink = _LIGHT if contrast(_LIGHT, color) >= contrast(_DARK, color) else _DARK
                    overlay.text(rect[0], rect[1], text, font, ink)
                    free.added.append(rect)

    def _indices(self, overlay: Overlay, face: Face, view: View, font: FontSpec, free: "_Free") -> None:
        """Write round row and column numbers along the upper and the left edge of what is in view of a face."""
        scale, top = view.scale, free_margins(view.viewport, view.scale)[1]
        (r0, r1), (c0, c1) = face.ranges()
        across, down = ((c0, c1), (r0, r1)) if face.turned else ((r0, r1), (c0, c1))
        sides = [(end - start) * px for (start, end), px in zip((across, down), face.cell_px, strict=True)]
        if min(sides) < _AXIS_FROM * scale:
            return
        high = line_height(font)
        below = 0.0  # the column numbers
        for along, is_across in ((across, True), (down, False)):
            numbers = _round_numbers(along, _TICK_EVERY * scale / face.cell_px[0 if is_across else 1])
            fixed = down[0] if is_across else across[0]
            spots = [(number + 0.5, fixed) if is_across != face.turned else (fixed, number + 0.5) for number in numbers]
            word = translate("Scene", "row %1") if is_across != face.turned else translate("Scene", "column %1")
            for (x, y), number in zip(_project(face, spots, view).tolist(), numbers, strict=True):
                text = filled(word, grouped(number))  # the first one says what it counts
                wide = text_width(text, font)
                if is_across:
                    left, upper = x - wide / 2, max(y + 3 * scale, top + 3 * scale)
                else:
                    left, upper = max(x + 5 * scale, 5 * scale), y - high / 2
                    if upper < below:
                        continue
                rect = (left - 4 * scale, upper, left + wide + 4 * scale, upper + high)
                outside = rect[0] < 0 or rect[2] > view.viewport[0] or rect[3] > view.viewport[1]
                if outside or not free.is_free(rect):
                    continue
                overlay.shape(rect, self._ground, 0.88)
                overlay.text(left, upper, text, font, self._text)
                free.added.append(rect)
                below = max(below, rect[3]) if is_across else below
                word = "%1"


class _Free:
    """The ground that is still free."""

    def __init__(self, taken: Sequence[Rect]) -> None:
        self._taken = taken
        self.added: list[Rect] = []

    def rects(self) -> NDArray[np.float64]:
        """Return all that is taken, shape (K, 4)."""
        return np.array([*self._taken, *self.added], np.float64).reshape(-1, 4)

    def is_free(self, rect: Rect) -> bool:
        """Return whether nothing stands in a rectangle."""
        rects = self.rects()
        return not ((rects[:, :2] < rect[2:]).all(1) & (rects[:, 2:] > rect[:2]).all(1)).any()


def _project(face: Face, spots: list[tuple[float, float]], view: View) -> NDArray[np.float64]:
    """Return the pixels of places given as (row, column), shape (K, 2)."""
    points = np.array([face.corner(row, column) for row, column in spots]).reshape(-1, 3)
    px, depth = view.camera.project(points, view.viewport)
    return np.where(depth[:, None] > 0, px, -1e6)


def _round_numbers(along: tuple[float, float], least: float) -> list[int]:
    """Return multiples of 1, 2 or 5 times a power of ten, `least` apart at least, that lie in a range."""
    power = 10.0 ** floor(log10(max(least, 1.0)))
    step = round(next(k * power for k in (1, 2, 5, 10) if k * power >= least or k == 10))
    return list(range(ceil(along[0] / step) * step, min(floor(along[1]), ceil(along[1]) - 1) + 1, step))


def _fitting(value: float, font: FontSpec, room: float) -> str:
    """Return a value in as many digits, three at most, as there is room for; "" where there is none."""
    if np.isnan(value):
        return "–"
    for digits in (3, 2, 1):
        text = f"{value:.{digits}g}"
        if "e" in text:
            mantissa, _, exponent = f"{value:.{max(digits - 2, 0)}e}".partition("e")
            text = f"{mantissa}e{int(exponent)}"
        text = text.replace("-", "\u2212")
        if text_width(text, font) <= room:
            return text
    return ""
