"""Ports of the layout: small tabs on the edges of boxes, that say where flow without a line comes from or goes."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...graph.kinds import EdgeKind, NodeKind, Provenance
from ...graph.model_graph import ModelGraph
from ...layout.placement import Placement
from ..words.captions import name_of
from ..words.numbers import grouped
from ..words.translation import filled, translate
from .frame import Frame

__all__ = ["TabQuads", "Tabs", "port_words", "tab_quads", "tabs_of"]

_LEAST_PX = (14.0, 44.0)  # smaller and larger side of a box that shows its ports
_LENGTH_PX, _LENGTH = 11.0, 0.16  # of a tab: at most, and as a part of its box's smaller side
_LIGHT = 105.0  # a face lighter than this has dark tabs
_DARK_INK, _LIGHT_INK = np.array([16.0, 20.0, 30.0]), np.array([214.0, 226.0, 244.0])
# Stretches of a tab, as parts of its length from its base, in ink, and what of them has the colour of a kind.
_SOLID, _DASHED = ((0.0, 1.0),), ((0.0, 0.42), (0.62, 1.0))
_SOLID_CORE, _DASHED_CORE = (0.2, 0.8), (0.12, 0.34)
_CORE_WIDTH = 0.55  # of the tab's there


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
    kind : ndarray of uint8, shape (K,)
        `EdgeKind` values.
    inferred : ndarray of bool, shape (K,)
    """

    ports: NDArray[np.int64]
    rows: NDArray[np.int64]
    corners: NDArray[np.float64]
    tips: NDArray[np.float64]
    px: NDArray[np.float64]
    kind: NDArray[np.uint8]
    inferred: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class TabQuads:
    """Tabs as quads.

    Attributes
    ----------
    corners : ndarray, shape (Q, 4, 3)
    colors : ndarray, shape (Q, 3)
    tab : ndarray of int64, shape (Q,)
        The tab that each is part of.
    is_core : ndarray of bool, shape (Q,)
        Whether it lies on the tab's ink.
    """

    corners: NDArray[np.float64]
    colors: NDArray[np.float64]
    tab: NDArray[np.int64]
    is_core: NDArray[np.bool_]


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
    large = np.flatnonzero((cut.short_px >= least[0]) & (cut.long_px >= least[1]) & ~frame.tall)
    large = large[~frame.quiet[large] & ~frame.dimmed[large]]
    row_of[cut.nodes[large]] = large
    shown = np.flatnonzero((row_of[ports.node] >= 0) & ~((ports.other >= 0) & is_hidden[ports.other]))
    rows = row_of[ports.node[shown]]
    unit = cut.unit_px[rows]
    smaller = placement.size[ports.node[shown], :2].min(1)
    length = np.minimum(_LENGTH * smaller, _LENGTH_PX * frame.view.scale / unit)
    base = ports.point[shown].copy()
    base[:, 2] -= frame.sunk[rows]
    base[:, 0] -= np.where(ports.outgoing[shown], length, 0.0)
    tips = base.copy()
    tips[:, 0] += length
    half = np.zeros((len(shown), 3))
    half[:, 1] = 0.62 * length
    corners = np.stack([base + half, base - half, tips, tips], 1)
    inferred = ports.provenance[shown] == Provenance.INFERRED
    return Tabs(shown, rows, corners, tips, length * unit, ports.kind[shown], inferred)


def tab_quads(tabs: Tabs, faces: NDArray[np.uint8], colors: Mapping[EdgeKind, NDArray[np.float64]]) -> TabQuads:
    """Return what tabs look like: dark on light faces and light on dark ones, with a core in the colour of their kind.

    Those that are inferred are dashed. Kinds without a colour have no core.

    Parameters
    ----------
    faces : ndarray of uint8, shape (K, 3)
        The colour under each tab.
    """
    lightness = faces.astype(np.float64) @ (0.2126, 0.7152, 0.0722)
    ink = np.where((lightness > _LIGHT)[:, None], _DARK_INK, _LIGHT_INK)
    corners: list[NDArray[np.float64]] = []
    tinted: list[NDArray[np.float64]] = []
    owners: list[NDArray[np.int64]] = []
    cores: list[NDArray[np.bool_]] = []

    def add(tab: NDArray[np.int64], stretch: tuple[float, float], width: float, color: NDArray[np.float64]) -> None:
        upper, lower, tip = (tabs.corners[tab, corner] for corner in range(3))
        middle, half = (upper + lower) / 2, (upper - lower) / 2 * width
        (start, end), along = stretch, tip - (upper + lower) / 2
        near, far = middle + start * along, middle + end * along
        quad = [near + (1 - start) * half, near - (1 - start) * half, far - (1 - end) * half, far + (1 - end) * half]
        corners.append(np.stack(quad, 1))
        tinted.append(color)
        owners.append(tab)
        cores.append(np.full(len(tab), width < 1))

    for dashed, stretches, core in ((False, _SOLID, _SOLID_CORE), (True, _DASHED, _DASHED_CORE)):
        some = np.flatnonzero(tabs.inferred == dashed)
        for stretch in stretches:
            add(some, stretch, 1.0, ink[some])
        for kind, color in colors.items():
            of_kind = some[tabs.kind[some] == kind]
            add(of_kind, core, _CORE_WIDTH, np.tile(color, (len(of_kind), 1)))
    return TabQuads(np.concatenate(corners), np.concatenate(tinted), np.concatenate(owners), np.concatenate(cores))


def port_words(graph: ModelGraph, placement: Placement, port: int, plain: bool = False) -> str:
    """Return what a port says: the part at its other end, in plain words if wanted, or how many there are."""
    ports = placement.ports
    other = int(ports.other[port])
    if other < 0:
        words = translate("Scene", "to %1 parts") if ports.outgoing[port] else translate("Scene", "from %1 parts")
        return filled(words, grouped(int(ports.count[port])))
    if graph.kind_of(other) == NodeKind.TENSOR and graph.parent[other] > 0:
        other = int(graph.parent[other])  # "weight" says nothing
    return name_of(graph, other, plain)
