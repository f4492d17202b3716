"""Flights that pass before what stands in their way, not through it."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ...graph.model_graph import ModelGraph
from ...layout.hiding import hidden_mask
from ...layout.placement import Placement
from ..cameras.framing import in_the_way
from .leg import Leg

__all__ = ["clear_lift"]

_LOOKS = 96  # places on a leg between which the eye goes straight
_LIFTS = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
_AIR = 0.02  # of the distance, between the eye and a box: nearer ones are cut away by the near plane


def clear_lift(leg: Leg, graph: ModelGraph, placement: Placement, hidden: frozenset[int]) -> Leg:
    """Return a leg raised as little as it must be for the eye to stay out of every box that is shown.

    Where its ends are inside of one (a camera may be set anywhere), or no lift is enough, it is left as it is.

    Parameters
    ----------
    hidden : frozenset of int
        Nodes that are not drawn.
    """
    shown = {
        focus: ~hidden_mask(graph, hidden | in_the_way(graph, placement, focus)) & (placement.size[:, :2].min(1) > 0)
        for focus in {leg.focus, leg.follower}
    }
    for lift in _LIFTS:
        raised = replace(leg, lift=lift)
        if _is_clear(raised, placement, shown):
            return raised
    return leg


def _is_clear(leg: Leg, placement: Placement, shown: dict[int, NDArray[np.bool_]]) -> bool:
    shots = [leg.shot(float(time)) for time in np.linspace(0.0, leg.seconds, _LOOKS)]
    eyes = np.array([shot.camera.eye for shot in shots])
    air = _AIR * np.array([shot.camera.distance for shot in shots])
    # Boxes have their fronts far below most eyes: few are left to look at.
    front, half = placement.center[:, 2] + placement.size[:, 2] / 2, placement.size / 2
    high = np.flatnonzero(front > float((eyes[:, 2] - air).min()))
    low, top = placement.center[high] - half[high], placement.center[high] + half[high]
    drawn = {focus: mask[high] for focus, mask in shown.items()}
    for k, (shot, after) in enumerate(pairwise(shots)):
        there = drawn[shot.focus] | drawn[after.follower]
        wide = min(air[k], air[k + 1])
        if (_crosses(eyes[k], eyes[k + 1], low - wide, top + wide) & there).any():
            return False
    return True


def _crosses(
    start: NDArray[np.float64], end: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Return which boxes a stretch of the eye's way meets."""
    step = np.where(np.abs(end - start) < 1e-300, 1e-300, end - start)
    first, second = (low - start) / step, (high - start) / step
    enters, leaves = np.minimum(first, second).max(1), np.maximum(first, second).min(1)
    return (enters <= np.minimum(leaves, 1.0)) & (leaves >= 0.0)
