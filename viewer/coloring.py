"""How an overlay is shown: its values, range, scale and colours, as the state asks for them."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..overlays.book import OverlayBook
from ..overlays.overlay import Figure, Overlay, Scale
from ..overlays.ranges import automatic_range, ordered_sample, quantile_table, shares
from .colormaps import LUT_SIZE, category_table, color_table, default_colormap

__all__ = ["Coloring", "joined_step", "node_coloring", "surface_coloring", "within"]


@dataclass(frozen=True, eq=False)
class Coloring:
    """An overlay with everything that turns its values into colours.

    Attributes
    ----------
    overlay : Overlay
    values : ndarray of float32, shape (N,)
        Of all nodes at the step that is shown; NaN is no data. All NaN where the values are pictures on surfaces.
    own : ndarray of bool, shape (N,)
        Which are no aggregates.
    innermost : ndarray of bool, shape (N,)
        Which of these hold no part that has one as well: their plates show it when they are opened.
    inherited : ndarray of float32, shape (N,)
        For what lies in one of these, the value of that; NaN elsewhere.
    low, high : float
        The range: what is beyond has the colour of its end.
    given : bool
        Whether the range was asked for.
    scale : Scale
    colormap : str
        Its name.
    table : ndarray of uint8, shape (256, 3)
        Colours from low to high.
    quantiles : ndarray of float32, shape (256,)
        Values at equal steps of rank.
    spread : ndarray of float32, ascending
        The values that range, quantiles and histogram are made of.
    keep : tuple of float or None
        Values that stay in colour while all others recede.
    """

    overlay: Overlay
    values: NDArray[np.float32]
    own: NDArray[np.bool_]
    innermost: NDArray[np.bool_]
    inherited: NDArray[np.float32]
    low: float
    high: float
    given: bool
    scale: Scale
    colormap: str
    table: NDArray[np.uint8]
    quantiles: NDArray[np.float32]
    spread: NDArray[np.float32]
    keep: tuple[float, float] | None = None

    def places(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return where values are on the colour map, 0 to 1, NaN for NaN."""
        return shares(values, self.low, self.high, self.scale, self.quantiles)

    def colors(self, values: NDArray[np.float32], no_data: NDArray[np.float64]) -> NDArray[np.uint8]:
        """Return the colours of values, shape (..., 3); `no_data` is that of NaN."""
        places = self.places(values)
        known = ~np.isnan(places)
        out = np.broadcast_to(no_data.astype(np.uint8), (*places.shape, 3)).copy()
        out[known] = self.table[np.minimum((places[known] * LUT_SIZE).astype(int), LUT_SIZE - 1)]
        return out

    def kept(self, values: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Return which values stay in colour; NaN does not where anything is filtered."""
        if self.keep is None:
            return np.ones(values.shape, bool)
        return within(values, self.keep)


def within(values: NDArray[np.float32], limits: tuple[float, float]) -> NDArray[np.bool_]:
    """Return which values lie between two limits, the ends included, as the shader compares: in single precision."""
    most = np.finfo(np.float32).max
    low, high = (np.float32(min(max(limit, -most), most)) for limit in limits)
    with np.errstate(invalid="ignore"):
        return (values >= low) & (values <= high)


def node_coloring(
    book: OverlayBook,
    name: str,
    *,
    step: int = 0,
    range: tuple[float, float] | None = None,
    scale: str | None = None,
    colormap: str | None = None,
    keep: tuple[float, float] | None = None,
    theme: str = "dark",
) -> Coloring:
    """Return how an overlay's values are shown on nodes; what is None is chosen to fit.

    Raises
    ------
    UsageError
        When there is no such overlay or colour map, or nothing to show.
    """
    overlay = book.get(name)
    found = book.values(name, step)
    spread = book.spread(name)
    chosen = Scale(scale) if scale is not None else overlay.scale
    if overlay.figure is Figure.CATEGORY:
        count = len(overlay.categories)
        chosen, limits, table, colormap = Scale.LINEAR, (-0.5, count - 0.5), category_table(count), ""
    else:
        limits = _usable(range, spread, chosen) or automatic_range(spread, chosen, overlay.diverging)
        # Only on a linear scale is zero in the middle.
        colormap = colormap or default_colormap(overlay.diverging and chosen is Scale.LINEAR, theme)
        table = color_table(colormap)
    quantiles = quantile_table(spread) if chosen is Scale.QUANTILE else _NO_QUANTILES
    return Coloring(
        *(overlay, found.values, found.own, found.innermost, found.inherited),
        *(*limits, range is not None, chosen, colormap, table, quantiles, spread, keep),
    )


def surface_coloring(coloring: Coloring, cells: NDArray[np.float32]) -> Coloring:
    """Return a coloring for the cells that are on the screen: range, quantiles and histogram are theirs."""
    spread = ordered_sample(cells)
    limits = (coloring.low, coloring.high)
    if not coloring.given:
        limits = automatic_range(spread, coloring.scale, coloring.overlay.diverging)
    elif coloring.scale is Scale.LOG and limits[0] <= 0:
        limits = _usable(limits, spread, Scale.LOG) or automatic_range(spread, Scale.LOG, False)
    quantiles = quantile_table(spread) if coloring.scale is Scale.QUANTILE else _NO_QUANTILES
    return replace(coloring, low=limits[0], high=limits[1], quantiles=quantiles, spread=spread)


def joined_step(book: OverlayBook, overlay: str | None, height: str, step: int) -> int | None:
    """Return the step of the heights that belongs to a step of the colours: that of the same name; None for none."""
    tall, colored = book.get(height), book.get(overlay) if overlay is not None else None
    if tall.step_count < 2:
        return 0
    if colored is None or colored.step_count < 2 or colored is tall:
        return step
    if colored.steps and tall.steps:
        name = colored.steps[min(max(step, 0), colored.step_count - 1)]
        return tall.steps.index(name) if name in tall.steps else None
    return step if step < tall.step_count else None


def _usable(
    wanted: tuple[float, float] | None, spread: NDArray[np.float32], scale: Scale
) -> tuple[float, float] | None:
    """Return a range that was asked for; a logarithmic scale begins at the lowest positive value, if not above zero."""
    if wanted is None or scale is not Scale.LOG or wanted[0] > 0:
        return wanted
    positive = spread[spread > 0]
    if not len(positive) or positive[0] >= wanted[1]:
        return None
    return float(positive[0]), wanted[1]


_NO_QUANTILES = np.zeros(LUT_SIZE, np.float32)
