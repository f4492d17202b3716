"""Colour maps by name: perceptually even and safe for colour-blind readers unless another is asked for."""

import difflib
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from .theme import rgb

__all__ = ["LUT_SIZE", "SUGGESTED", "category_table", "check_colormap", "color_table", "default_colormap"]

LUT_SIZE = 256
# Offered in the window: even in lightness and told apart by readers with any kind of colour vision (van der Walt and
# Smith 2015; Crameri 2018; Kovesi 2015).
SUGGESTED = (
    *("plasma", "viridis", "inferno", "magma", "cividis", "magma_r", "viridis_r"),
    *("crameri:batlow", "crameri:lajolla", "crameri:devon"),
    *("crameri:berlin", "crameri:vik", "crameri:managua", "crameri:broc", "colorbrewer:puor"),
)
# Okabe and Ito (2008), without black. More categories than these are told apart by Glasbey's colours (2007).
_CATEGORIES = ("#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7")
_MORE = "glasbey"


def default_colormap(diverging: bool, theme: str) -> str:
    """Return the name of the map for a theme; a diverging one has the ground's lightness at zero."""
    if diverging:
        return "crameri:berlin" if theme == "dark" else "crameri:vik"
    # More is brighter on a dark ground and darker on a light one, and neither end is the ground's.
    return "plasma" if theme == "dark" else "magma_r"


def color_table(name: str) -> NDArray[np.uint8]:
    """Return a map's colours from its low to its high end, shape (`LUT_SIZE`, 3).

    Raises
    ------
    UsageError
        When there is no such map; near misses are named.
    """
    if not isinstance(name, str):  # pyright: ignore[reportUnnecessaryIsInstance]  - callers of Python give anything
        raise UsageError(f"{type(name).__name__} is no name of a colour map; give one like {SUGGESTED[0]!r}")
    return _table(name)


@lru_cache(maxsize=32)
def _table(name: str) -> NDArray[np.uint8]:
    import cmap

    try:
        found = cmap.Colormap(name)
    except (ValueError, TypeError, KeyError):
        full = ":" in name  # each map has a short and a full name: "batlow", "crameri:batlow"
        known = [known for known in cmap.Catalog() if (":" in known) == full]
        close = difflib.get_close_matches(name[:60], known, 3, 0.6)
        hint = f"did you mean {' or '.join(close)}" if close else f"e.g. {', '.join(SUGGESTED[:5])}"
        raise UsageError(f"no colour map {name[:60]!r}; {hint}") from None
    return np.rint(np.asarray(found(np.linspace(0, 1, LUT_SIZE)))[:, :3] * 255).astype(np.uint8)


def check_colormap(name: str) -> str:
    """Return `name` when there is such a map; raises UsageError otherwise."""
    color_table(name)
    return name


@lru_cache(maxsize=32)
def category_table(count: int) -> NDArray[np.uint8]:
    """Return a table whose `count` equal parts are the colours of so many categories, shape (`LUT_SIZE`, 3)."""
    index = np.arange(LUT_SIZE) * max(count, 1) // LUT_SIZE
    if count <= len(_CATEGORIES):
        return np.array([rgb(color) for color in _CATEGORIES], np.uint8)[index]
    import cmap

    colors = np.array([color.rgba8[:3] for color in cmap.Colormap(_MORE).iter_colors(LUT_SIZE)], np.uint8)
    colors = colors[(colors.mean(1) > 45) & (colors.mean(1) < 220)]  # neither ground is one of them
    return colors[index % len(colors)]
