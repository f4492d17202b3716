"""Ports of the layout: small tabs on the edges of boxes, that say where flow without a line comes from or goes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...graph.kinds import NodeKind
from ...graph.model_graph import ModelGraph
from ...layout.placement import Placement
from ..captions import name_of
from ..numbers import grouped
from ..translation import filled, translate
from .frame import Frame

__all__ = ["Tabs", "port_words", "tabs_of"]

_LEAST_PX = (14.0, 44.0)  # smaller and larger side of a box that shows its ports
_LENGTH_PX, _LENGTH = 11.0, 0.16  # of a tab: at most, and as a part of its box's smaller side


@dataclass(frozen=True, eq=False)
class Tabs:
    """The ports of a frame.

    Attributes
    ----------
    ports, rows : ndarray of int64, shape (K,)
        Ports, and the boxes in the cut that they are on.
    corners : ndarray of float64, shape (K, 4, 3)
        Triangles that point the way the data goes, their tips doubled.
    tips : ndarray of float64, shape (K, 3)
    px : ndarray of float64, shape (K,)
        Their lengths on the screen.
    """

    ports: NDArray[np.int64]
    rows: NDArray[np.int64]
    corners: NDArray[np.float64]
    tips: NDArray[np.float64]
    px: NDArray[np.float64]


def tabs_of(graph: ModelGraph, placement: Placement, frame: Frame, is_hidden: NDArray[np.bool_]) -> Tabs:
    """Return the ports on boxes that are large enough to show them; a tall box has no face to show them on.

    Parameters
    ----------
    is_hidden : ndarray of bool, shape (N,)
        What is not drawn: a port to that alone is not, either.
    """
    ports, cut = placement.ports, frame.cut
    row_of = np.full(len(graph), -1, np.int64)
    least = np.array(_LEAST_PX) * frame.view.scale
    large = np.flatnonzero((cut.short_px >= least[0]) & (cut.long_px >= least[1]) & ~frame.tall & ~frame.quiet)
    row_of[cut.nodes[large]] = large
    shown = np.flatnonzero((row_of[ports.node] >= 0) & ~((ports.other >= 0) & is_hidden[ports.other]))
    rows = row_of[ports.node[shown]]
    unit = cut.unit_px[rows]
    smaller = placement.size[ports.node[shown], :2].min(1)
    length = np.minimum(_LENGTH * smaller, _LENGTH_PX * frame.view.scale / unit)
    base = ports.point[shown].copy()
    base[:, 0] -= np.where(ports.outgoing[shown], length, 0.0)
    tips = base.copy()
    tips[:, 0] += length
    half = np.zeros((len(shown), 3))
    half[:, 1] = 0.62 * length
    return Tabs(shown, rows, np.stack([base + half, base - half, tips, tips], 1), tips, length * unit)


def port_words(graph: ModelGraph, placement: Placement, port: int) -> str:
    """Return what a port says: the part at its other end, or how many there are."""
    ports = placement.ports
    other = int(ports.other[port])
    if other < 0:
        words = translate("Scene", "to %1 parts") if ports.outgoing[port] else translate("Scene", "from %1 parts")
        return filled(words, grouped(int(ports.count[port])))
    if graph.kind_of(other) == NodeKind.TENSOR and graph.parent[other] > 0:
        other = int(graph.parent[other])  # "weight" says nothing
    return name_of(graph, other)
