"""The lane that a residual stream runs along in a panel."""

from dataclasses import dataclass
from functools import lru_cache
from math import log2

__all__ = ["Lane", "lane_of", "quantised"]

# Of a panel: the strip along its lower edge that the lane has to itself, and in it the stream. Parts of its height.
_STRIP = 0.095
_Y = 0.04
_WIDTH = 0.032
_BRANCH = 0.55  # of the stream's width
_TOP = 0.7  # of the stream's width above its middle: data keeps off it
# A spine's lane shrinks with it, but not so far that the stream, which runs straight through all of them, is a hair.
_PANEL = 1.2
_THINNEST = 0.28
# Aspects are told apart in steps of 1/256 of an octave: a template is stretched by at most 0.14 %.
_STEPS = 256
_SLENDEREST = 1e4  # no plan is made for more slender frames: it is squeezed into them


@dataclass(frozen=True, slots=True)
class Lane:
    """A residual lane in a panel of height 1.

    Attributes
    ----------
    strip : float
        Height of the strip that is the lane's.
    y, width : float
        Height and width of the stream.
    branch : float
        Width of what reads from and adds to it.
    top : float
        Lower end of the room for data.
    """

    strip: float
    y: float
    width: float
    branch: float
    top: float


@lru_cache(maxsize=512)
def lane_of(aspect: float) -> Lane:
    """Return the lane of a panel of an aspect; panels of one template's aspect have the same, bit for bit."""
    slender = min(quantised(aspect) / _PANEL, 1.0)
    part = max(slender, _THINNEST)
    width = _WIDTH * part
    return Lane(_STRIP * part, _Y * part, width, _BRANCH * _WIDTH * slender, _Y * part + _TOP * width)


def quantised(aspect: float) -> float:
    """Return the aspect that templates are made for: the nearest step of 1/256 of an octave, within reason."""
    return 2.0 ** (round(log2(min(max(aspect, 1 / _SLENDEREST), _SLENDEREST)) * _STEPS) / _STEPS)
