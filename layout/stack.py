"""The plan of a stack, by its arrangement, and where the residual stream enters and leaves it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..graph.kinds import NodeKind
from ..graph.model_graph import ModelGraph
from .deck import pack_deck
from .lanes import lane_of
from .pack import Plan
from .ranks import in_model_order
from .row import pack_row, suits_row
from .wrap import pack_wrap

__all__ = [
    "ARRANGEMENTS",
    "Port",
    "apart_of",
    "holders_of_layers",
    "in_panels",
    "is_page",
    "pack_stack",
    "picked",
    "stack_port",
]

ARRANGEMENTS = ("auto", "wrap", "row", "deck")

_IS_PANEL = np.isin(np.arange(256), (NodeKind.LAYER, NodeKind.MTP))  # by kind


def pack_stack(arrangement: str, count: int, apart: int, aspect: float, *, streams: bool) -> Plan:
    """Set the layers of a stack into their frame.

    Parameters
    ----------
    arrangement : str
        "wrap", "row" or "deck".
    count : int
        Layers.
    apart : int
        How many of them, at the end, do not belong to the main stack and keep a distance.
    aspect : float
        Width of the frame, whose height is 1.
    streams : bool
        Whether a residual stream runs from layer to layer.
    """
    if arrangement == "row":
        return pack_row(count, apart, aspect)
    if arrangement == "deck":
        return pack_deck(count, aspect, streams=streams)
    return pack_wrap(count, apart, aspect, streams=streams)


def picked(arrangement: str, graph: ModelGraph, aspect: float) -> str:
    """Return the arrangement that "auto" stands for; any other stands for itself.

    All layers of the model that are in no other layer, side by side in one row on a root plate of this aspect: a "row"
    where they are panels still (aspect 1.2 at least), and hold as large a window-shaped picture as the panels of a
    "wrap", which is what their smallest tiles grow with; then the stream runs straight. In a window that is so of one
    layer, in a strip of three windows' width of about three; all others are wrapped.
    """
    if arrangement != "auto":
        return arrangement
    layers, end = 0, 0
    for panel in np.flatnonzero(_IS_PANEL[graph.kind]).tolist():
        if panel >= end:
            layers, end = layers + 1, panel + int(graph.size[panel])
    return "row" if layers and suits_row(layers, aspect) else "wrap"


def in_panels(graph: ModelGraph) -> NDArray[np.bool_]:
    """Return which nodes are inside a layer, shape (N,)."""
    panels = np.flatnonzero(_IS_PANEL[graph.kind])
    change = np.zeros(len(graph) + 1, np.int64)
    change[panels + 1] += 1
    np.subtract.at(change, panels + graph.size[panels], 1)
    return np.cumsum(change[:-1]) > 0


def holders_of_layers(graph: ModelGraph) -> NDArray[np.bool_]:
    """Return which nodes have layers as children and nothing else, shape (N,)."""
    layers = np.bincount(graph.parent[1:][_IS_PANEL[graph.kind[1:]]], minlength=len(graph))
    return (layers > 0) & (layers == graph.child_count)


def is_page(kinds: NDArray[np.uint8], pairs: Sequence[tuple[int, int]]) -> bool:
    """Whether a container's children are arranged as a stack: all are layers, and the flow follows their order.

    Parameters
    ----------
    kinds : ndarray of uint8, shape (n,)
        Of the children.
    pairs : sequence of (int, int)
        Flow between them, by position.
    """
    return bool(_IS_PANEL[kinds].all()) and in_model_order(len(kinds), pairs)


def apart_of(kinds: NDArray[np.uint8]) -> int:
    """Return how many panels of a stack stand apart: multi-token-prediction layers beside others."""
    apart = int((kinds == NodeKind.MTP).sum())
    return apart if apart < len(kinds) else 0


@dataclass(frozen=True, slots=True)
class Port:
    """Where the residual stream enters and leaves something: heights from its lower edge, and the stream's width."""

    enter: float
    leave: float
    width: float


def stack_port(plan: Plan, main: int, *, lanes: bool) -> Port:
    """Return where the stream comes into a stack at its left edge and goes out at its right edge.

    Parameters
    ----------
    plan : Plan
    main : int
        Number of panels that do not stand apart.
    lanes : bool
        Whether the stream runs along a lane in the panels; it meets those without one in the middle.
    """
    width, height = plan.size[0].tolist()
    lane = lane_of(width / height)
    y = lane.y if lanes else 0.5
    leave = float(plan.low[main - 1, 1]) + y * height
    if main < len(plan.row) and plan.row[main - 1] == plan.row[-1] and plan.column[main - 1] != plan.column[-1]:
        # Panels set apart stand in the way: the stream goes out under them.
        leave = plan.bands[plan.row[-1]][0] / 2
    return Port(float(plan.low[0, 1]) + y * height, leave, lane.width * height)
