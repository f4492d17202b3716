"""The arrangement `deck`: layers as plates one behind another along w, the first at the back, the last before all.

Data flows towards the viewer. Seen from below its lower edge a deck is a tower, from the side a row of cards. Plates of
one deck are disjoint in space, not in u and v. What follows a deck stands beside its last plate, where its data is.
"""

import numpy as np
from numpy.typing import NDArray

from .pack import Plan

__all__ = ["levels", "pack_deck"]

# Margins around the plates, as parts of the frame's smaller side: at the sides the flow turns from plate to plate.
_SIDE = 0.06
_RIM = 0.03
# A deck is as deep as its plates are wide, so that from the side every plate shows its edge; of few plates, the
# distance from one to the next is at most this part of their height.
_DEPTH = 1.0
_WIDEST_STEP = 0.35
_APART = 1.5  # distance before plates that stand apart, in steps
_FIRST = 0.5  # ... of the first plate from the ground


def pack_deck(count: int, aspect: float, *, streams: bool) -> Plan:
    """Set the layers of a stack into the same place; `raise_decks` moves them apart.

    Parameters
    ----------
    count : int
        Layers.
    aspect : float
        Width of the frame, whose height is 1.
    streams : bool
        Whether flow runs from plate to plate, and so needs room to turn at their sides.
    """
    smaller = min(aspect, 1.0)
    side, rim = (_SIDE if streams else _RIM) * smaller, _RIM * smaller
    width, height = aspect - 2 * side, 1.0 - 2 * rim
    return Plan(
        np.tile([side, rim], (count, 1)),
        np.tile([width, height], (count, 1)),
        [0] * count,
        [0] * count,
        [(rim, rim + height)],
        [[(side, side + width)]],
        1.0,
    )


def levels(count: int, apart: int, width: float, height: float) -> tuple[NDArray[np.float64], float]:
    """Return how high the backs of a deck's plates are above the ground, and the step from one to the next.

    Parameters
    ----------
    count, apart : int
        Plates, and how many at the end stand apart.
    width, height : float
        Of a plate.
    """
    step = min(_DEPTH * width / max(count - 1, 1), _WIDEST_STEP * height)
    place = np.arange(count, dtype=np.float64) + _FIRST
    place[count - apart :] += _APART - 1.0
    return place * step, step
