"""The arrangement `row`: layers side by side as spines on a shelf, and the residual stream straight through them."""

import numpy as np

from .pack import Plan
from .wrap import NARROWEST, WIDEST, page_tile, picture_height

__all__ = ["pack_row", "suits_row"]

# Parts of the frame's smaller side.
_RIM = 0.012
_FOOT = 0.03  # for the layers' numbers, and where the stream leaves under spines that stand apart
_BETWEEN = 0.10  # of a spine's width
_WIDEST_GAP = 0.25  # of its width, where there is room to spare


def pack_row(count: int, apart: int, aspect: float) -> Plan:
    """Set the layers of a stack side by side, each as tall as the frame.

    Parameters
    ----------
    count : int
        Layers.
    apart : int
        How many of them, at the end, do not belong to the main stack: a spine's width is free before them.
    aspect : float
        Width of the frame, whose height is 1.
    """
    slots = count + (apart > 0)
    rim = _RIM * min(aspect, 1.0)
    floor = _FOOT * min(aspect, 1.0)
    height = 1.0 - rim - floor
    width = min(_width(slots, aspect), WIDEST * height)
    spare = aspect - 2 * rim - slots * width
    between = min(spare / (slots - 1), _WIDEST_GAP * width) if slots > 1 else 0.0
    column = np.arange(count)
    column[count - apart :] += apart > 0
    left = (aspect - slots * width - (slots - 1) * between) / 2 + np.arange(slots) * (width + between)
    return Plan(
        np.column_stack([left[column], np.full(count, floor)]),
        np.tile([width, height], (count, 1)),
        [0] * count,
        column.tolist(),
        [(floor, floor + height)],
        [[(float(x), float(x) + width) for x in left]],
        1.0,
    )


def suits_row(count: int, aspect: float) -> bool:
    """Whether layers in one row are panels still, no more slender than those of a page, and as large."""
    width = min(_width(count, aspect), WIDEST)
    return width >= NARROWEST and picture_height(width, 1.0) >= page_tile(count, aspect)


def _width(slots: int, aspect: float) -> float:
    return (aspect - 2 * _RIM * min(aspect, 1.0)) / (slots + (slots - 1) * _BETWEEN)
