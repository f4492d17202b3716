"""Whether all text of a view can be read: what overlaps, what is cut off, what does not stand out, by its pixels."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..graph.model_graph import ModelGraph
from ..layout.placement import Placement
from ..overlays.book import OverlayBook
from .offscreen import offscreen_window, read_pixels
from .picture import enlargement
from .scene import Scene
from .scene.writing.overlay import Writing
from .scene.writing.text import mask
from .state import ViewState
from .theme import THEMES

__all__ = ["LabelReport", "label_report", "written_report"]

_FULL = 250  # coverage, of 255, from which a pixel shows the ink alone
_LOW = 5  # percentile of the contrasts of a line's pixels: a corner that touches an edge is no fault


@dataclass(frozen=True)
class LabelReport:
    """What an audit of a view's text found.

    Attributes
    ----------
    texts : tuple of Writing
        Every line that is drawn: title, legend, labels, numbers.
    overlaps : tuple of (int, int)
        Pairs of lines whose rectangles meet, as places in `texts`.
    clipped : tuple of int
        Lines that reach beyond the picture.
    contrasts : tuple of float
        For each line, the WCAG ratio (1 to 21) of its ink to what is behind it, both as rendered, that 95 % of its
        pixels reach.
    """

    texts: tuple[Writing, ...]
    overlaps: tuple[tuple[int, int], ...]
    clipped: tuple[int, ...]
    contrasts: tuple[float, ...]

    def problems(self, least: float = 4.5) -> list[str]:
        """Return all faults in words; `least` is the contrast that is enough."""
        texts = [writing.text for writing in self.texts]
        found = [f"{texts[a]!r} and {texts[b]!r} overlap" for a, b in self.overlaps]
        found += [f"{texts[k]!r} is cut off" for k in self.clipped]
        low = [(k, ratio) for k, ratio in enumerate(self.contrasts) if ratio < least]
        return found + [f"{texts[k]!r} has a contrast of {ratio:.2f} at {self.texts[k].rect}" for k, ratio in low]


def label_report(
    graph: ModelGraph,
    placement: Placement,
    state: ViewState,
    size: tuple[int, int],
    book: OverlayBook | None = None,
) -> LabelReport:
    """Draw a view without a screen, with its text and without, and report on the text.

    Parameters
    ----------
    size : tuple of int
        Width and height in pixels; a pixel is rendered once.

    Raises
    ------
    UsageError
        When the model has no such overlay, or nothing that it could show.
    MachineError
        When this machine cannot render without a screen.
    """
    scene = Scene(THEMES[state.theme])
    try:
        scene.show(graph, placement, book)
        with offscreen_window(size) as window:
            window.AddRenderer(scene.renderer)
            scene.draw(state, size, scale=enlargement(size))
            window.Render()
            # A copy: the buffer is the window's, and it is rendered into again.
            drawn, writings = read_pixels(window, size)[..., :3].copy(), scene.writings
            scene.erase_writings()
            window.Render()
            return written_report(writings, drawn, read_pixels(window, size)[..., :3])
    finally:
        scene.close_model()


def written_report(writings: Sequence[Writing], drawn: NDArray[np.uint8], ground: NDArray[np.uint8]) -> LabelReport:
    """Report on lines of text.

    Parameters
    ----------
    drawn, ground : ndarray of uint8, shape (height, width, 3)
        The picture with them, and without.
    """
    height, width = ground.shape[:2]
    rects = np.array([writing.rect for writing in writings], np.float64).reshape(-1, 4)
    outside = (rects[:, :2] < 0).any(1) | (rects[:, 2:] > (width, height)).any(1)
    clipped = tuple(np.flatnonzero(outside).tolist())
    overlaps: list[tuple[int, int]] = []
    for k, rect in enumerate(rects):
        meet = (rects[:k, :2] < rect[2:]).all(1) & (rects[:k, 2:] > rect[:2]).all(1)
        overlaps += [(other, k) for other in np.flatnonzero(meet).tolist()]
    contrasts = tuple(_contrast(writing, drawn, ground) for writing in writings)
    return LabelReport(tuple(writings), tuple(overlaps), clipped, contrasts)


def _contrast(writing: Writing, drawn: NDArray[np.uint8], ground: NDArray[np.uint8]) -> float:
    coverage = mask(writing.text, writing.font)
    coverage = np.rot90(coverage) if writing.vertical else coverage
    left, top, right, bottom = (round(side) for side in writing.rect)
    height, width = ground.shape[:2]
    if not coverage.any():
        return 21.0  # nothing but spaces
    if bottom <= 0 or top >= height or right <= 0 or left >= width:
        return 1.0  # off the picture
    rows, columns = slice(max(top, 0), min(bottom, height)), slice(max(left, 0), min(right, width))
    seen = coverage[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    if not (seen > 0).any():
        return 1.0  # only its margin is on the picture
    full = seen >= min(_FULL, int(seen.max()))
    ink = np.median(drawn[rows, columns][full], axis=0)
    ratios = _ratios(ink, ground[rows, columns][seen > 0])
    return float(np.percentile(ratios, _LOW))


def _ratios(ink: NDArray[np.float64], grounds: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the WCAG ratio of a colour to each of many, shape (K, 3)."""
    one, many = _luminances(ink), _luminances(grounds)
    return (np.maximum(one, many) + 0.05) / (np.minimum(one, many) + 0.05)


def _luminances(colors: NDArray[np.float64] | NDArray[np.uint8]) -> NDArray[np.float64]:
    c = np.asarray(colors, np.float64) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4) @ np.array([0.2126, 0.7152, 0.0722])
