"""Routes as flat ribbons on their owners' plates, with an arrow head where the data arrives."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...graph.kinds import EdgeKind, Provenance
from ...layout.placement import Routes
from ..cameras.camera import Viewport
from ..theme import Theme, rgb
from .boxes import to_world
from .frame import Frame, View
from .mesh import QuadMesh
from .ports import Tabs, tab_quads

__all__ = ["Polylines", "Ribbons", "ribbon_quads", "route_rects"]

_HEAD_LENGTH, _HEAD_WIDTH = 1.9, 2.2  # of the ribbon's width
_HEAD_COURSE = np.array([[-1.0, 1.0], [-1.0, -1.0], [0.0, 0.0], [0.0, 0.0]])  # of its corners
_MAX_PX, _MAX_RESIDUAL_PX = 13.0, 20.0  # seen closely a ribbon stays a line, not a road
_HAIRPIN = 0.3  # sum of the normals of two stretches that turn back on one another
_STEP = 0.004  # of a ribbon's width, from one to the next above it
_FAINT, _FAINT_RESIDUAL = 0.30, 0.10  # share of the plate's colour in inferred flow
_GAP, _GAP_RESIDUAL = 0.55, 0.22  # how far the gaps of inferred flow go to the theme's gap tone
_PIECE_PX, _PIECES = 5.0, 64  # that a piece of a stretch may lean by, and how many there are at most
_KEPT_PX = 0.5  # that a moving frame's may differ in their width and height from those of its own
_GAP_FROM_PX = 6.0  # thinner ribbons have none: they would only flicker


@dataclass(frozen=True, eq=False)
class Polylines:
    """Polylines laid end to end: line `k` is ``points[start[k] : start[k + 1]]``."""

    points: NDArray[np.float64]
    start: NDArray[np.int64]

    @property
    def line(self) -> NDArray[np.int64]:
        """The line of each point."""
        return np.repeat(np.arange(len(self.start) - 1), np.diff(self.start))

    def taken(self, lines: NDArray[np.int64]) -> "Polylines":
        """Return some of the lines."""
        counts = np.diff(self.start)[lines]
        start = np.concatenate([[0], np.cumsum(counts)])
        within = np.arange(start[-1]) - np.repeat(start[:-1], counts)
        return Polylines(self.points[np.repeat(self.start[lines], counts) + within], start)


def ribbon_quads(
    lines: Polylines, width: NDArray[np.float64], headed: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Return ribbons with arrow heads as quads.

    Parameters
    ----------
    lines : Polylines
        Each of two points at least.
    width : ndarray, shape (L,)
    headed : ndarray of bool, shape (L,)
        Which of them end in an arrow head.

    Returns
    -------
    corners : ndarray, shape (Q, 4, 3)
    course : ndarray, shape (Q, 4, 2)
        Way along the ribbon in widths, and place across it, -1 to 1. In a head, the way from -1 at its base to 0 at its
        tip, and the place across in halves of the base.
    line : ndarray, shape (Q,)
        The line of each quad.
    """
    p, line = lines.points.copy(), lines.line
    last = lines.start[1:] - 1
    step = p[last] - p[last - 1]
    length = np.maximum(np.linalg.norm(step[:, :2], axis=1), 1e-300)
    head = np.where(headed, np.minimum(_HEAD_LENGTH * width, 0.8 * length), 0.0)
    tip = p[last].copy()
    ahead = step / length[:, None]
    p[last] -= ahead * head[:, None]

    segment = np.flatnonzero(line[1:] == line[:-1])
    along = p[segment + 1] - p[segment]
    seg_length = np.maximum(np.linalg.norm(along[:, :2], axis=1), 1e-300)
    normal = np.stack([-along[:, 1], along[:, 0]], 1) / seg_length[:, None]
    # At a joint both quads share the mitre of their normals.
    # A stretch of no length has no normal and gets no quad.
    mitre = np.zeros((len(p), 2))
    np.add.at(mitre, segment, normal)
    np.add.at(mitre, segment + 1, normal)
    bend = np.linalg.norm(mitre, axis=1)
    mitre /= np.maximum(bend, 1e-9)[:, None]
    half = width[line[segment]][:, None] / 2
    way = np.zeros(len(p))
    way[segment + 1] = seg_length
    total = np.cumsum(way)
    way = (total - total[lines.start[:-1]][line]) / width[line]

    solid = seg_length > 1e-6 * width[line[segment]]
    segment, normal, half = segment[solid], normal[solid], half[solid]
    quads = len(segment)
    corners, course = np.empty((quads, 4, 3)), np.empty((quads, 4, 2))
    for corner, (end, side) in enumerate(((0, -1), (1, -1), (1, 1), (0, 1))):
        at = segment + end
        # Between the plates of a deck a way goes right, rises and goes left again: there each quad ends by itself.
        joint = np.where(bend[at, None] < _HAIRPIN, normal, mitre[at])
        stretch = 1 / np.maximum((joint * normal).sum(1), 0.5)
        corners[:, corner] = p[at]
        corners[:, corner, :2] += side * half * joint * stretch[:, None]
        course[:, corner, 0], course[:, corner, 1] = way[at], side

    base, across = p[last], np.stack([-ahead[:, 1], ahead[:, 0]], 1) * (_HEAD_WIDTH * width / 2)[:, None]
    heads = np.stack([base, base, tip, tip], 1)
    heads[:, 0, :2] += across
    heads[:, 1, :2] -= across
    ends = np.flatnonzero(headed)
    return (
        np.concatenate([corners, heads[ends]]),
        np.concatenate([course, np.broadcast_to(_HEAD_COURSE, (len(ends), 4, 2))]),
        np.concatenate([line[segment], ends]),
    )


def route_rects(routes: Routes, shown: NDArray[np.int64], view: View) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the rectangles on the screen that routes cover.

    Returns
    -------
    rects : ndarray, shape (R, 4)
        Left, top, right, bottom of each stretch, in pixels.
    route : ndarray, shape (R,)
        The route of each.
    """
    lines = Polylines(routes.points, routes.start).taken(shown)
    line = lines.line
    px, depth = view.camera.project(lines.points, view.viewport)
    wide = routes.width[shown][line] * view.camera.units_px(np.maximum(depth, 1e-300), view.viewport)
    half = np.minimum(wide, _most_px(routes, shown, view.scale)[line]) / 2
    joined = np.flatnonzero((line[1:] == line[:-1]) & (depth[1:] > 0) & (depth[:-1] > 0))
    route, wide = shown[line[joined]], half[joined][:, None]
    start, stop = _clipped(px[joined], px[joined + 1], wide, view.viewport)
    # The rectangle around a long stretch that leans would cover much that it leaves free: pieces of it do not.
    count = np.ceil(np.abs(stop - start).min(1) / (_PIECE_PX * view.scale)).astype(np.int64).clip(1, _PIECES)
    k = np.repeat(np.arange(len(count)), count)
    piece = (np.arange(len(k)) - np.repeat(count.cumsum() - count, count))[:, None]
    step = ((stop - start) / count[:, None])[k]
    a = start[k] + step * piece
    b, wide = a + step, wide[k]
    return np.concatenate([np.minimum(a, b) - wide, np.maximum(a, b) + wide], 1), route[k]


def _most_px(routes: Routes, shown: NDArray[np.int64], scale: float) -> NDArray[np.float64]:
    """Return how broad ribbons are at most, in pixels."""
    return np.where(routes.kind[shown] == EdgeKind.RESIDUAL, _MAX_RESIDUAL_PX, _MAX_PX) * scale


def _clipped(
    a: NDArray[np.float64], b: NDArray[np.float64], wide: NDArray[np.float64], viewport: Viewport
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the ends of the parts of stretches that are in the picture; of one outside of it, its beginning twice."""
    way = b - a
    way = np.where(np.abs(way) < 1e-9, 1e-9, way)
    ends = np.stack([(-wide - a) / way, (viewport + wide - a) / way])
    start, stop = np.clip(ends.min(0).max(1), 0, 1), np.clip(ends.max(0).min(1), 0, 1)
    seen = start < stop
    return a + way * (start * seen)[:, None], a + way * (stop * seen)[:, None]


@dataclass(frozen=True, eq=False)
class _Course:
    """What decides how ribbons and tabs look, beside where they are seen from."""

    routes: Routes
    frame: Frame
    level: NDArray[np.int64]
    shown: NDArray[np.int64]
    width: NDArray[np.float64]
    sunk: NDArray[np.float64]
    unit_px: NDArray[np.float64]
    plates: NDArray[np.uint8]
    fade: NDArray[np.float64]
    tabs: Tabs
    tab_plates: NDArray[np.uint8]

    def serves(self, other: "_Course") -> bool:
        """Return whether the mesh for this may be shown for another: a moving one may differ by less than one sees."""
        same = (
            other.routes is self.routes
            and other.frame.view.is_near(self.frame.view)
            and other.frame.step == self.frame.step
            and np.array_equal(self.shown, other.shown)
            and np.array_equal(self.tabs.ports, other.tabs.ports)
            and np.array_equal(self.plates, other.plates)
            and np.array_equal(self.fade, other.fade)
            and np.array_equal(self.tab_plates, other.tab_plates)
        )
        most = _KEPT_PX * other.frame.view.scale if other.frame.view.moving else 0.0
        return same and all(
            bool((np.abs(before - now) <= most).all())
            for before, now in (
                (self.width * other.unit_px, other.width * other.unit_px),
                (self.sunk * other.unit_px, other.sunk * other.unit_px),
                (self.tabs.px, other.tabs.px),
            )
        )


class Ribbons:
    """All routes of a frame in one mesh.

    Attributes
    ----------
    lines : Polylines
        Where the last `fill` drew them, in plan coordinates.
    width : ndarray
        How broad.
    """

    def __init__(self, theme: Theme) -> None:
        self._mesh = QuadMesh("ribbon", {"course": 4})
        self._mesh.uniform("gapTone", theme.gap)
        self.actor = self._mesh.actor
        self._colors = {EdgeKind.RESIDUAL: rgb(theme.residual), EdgeKind.ROUTED: rgb(theme.routed)}
        self._flow = rgb(theme.flow)
        self.lines, self.width = Polylines(np.empty((0, 3)), np.zeros(1, np.int64)), np.empty(0)
        self._course: _Course | None = None

    def fill(
        self,
        routes: Routes,
        shown: NDArray[np.int64],
        frame: Frame,
        rows: NDArray[np.int64],
        plates: NDArray[np.uint8],
        fade: NDArray[np.float64],
        tabs: Tabs,
        tab_plates: NDArray[np.uint8],
        anew: bool,
    ) -> None:
        """Draw some routes, and tabs of ports.

        Parameters
        ----------
        shown : ndarray of int64
            Indices of routes.
        rows : ndarray of int64, shape (len(shown),)
            The boxes in the frame's cut that are their plates: a ribbon is as broad as what stands there has risen.
        plates : ndarray of uint8, shape (len(shown), 3)
            The colour under each of them.
        fade : ndarray, shape (len(shown),)
            Share of that colour in a ribbon that is not in focus.
        tabs : Tabs
        tab_plates : ndarray of uint8, shape (K, 3)
            The colour under each tab.
        anew : bool
            The boxes have a new mesh, and so need the ribbons: each level is a hair before the one below it.
        """
        cut, scale = frame.cut, frame.view.scale
        self._mesh.uniform("gapFrom", _GAP_FROM_PX * scale)
        width = np.minimum(routes.width[shown], _most_px(routes, shown, scale) / cut.unit_px[rows]) * cut.rise[rows]
        sunk, unit_px = frame.sunk[rows], cut.unit_px[rows]
        course = _Course(routes, frame, cut.level[rows], shown, width, sunk, unit_px, plates, fade, tabs, tab_plates)
        if anew or self._course is None or not self._course.serves(course):
            self._build(course)
            self._course = course

    def _build(self, course: _Course) -> None:
        routes, view, shown, width = course.routes, course.frame.view, course.shown, course.width
        lines = Polylines(routes.points, routes.start).taken(shown)
        lines = Polylines(lines.points - view.anchor, lines.start)
        lines.points[:, 2] -= course.sunk[lines.line]
        kind, inferred = routes.kind[shown], routes.provenance[shown] == Provenance.INFERRED
        residual = kind == EdgeKind.RESIDUAL
        self.lines, self.width = Polylines(lines.points + view.anchor, lines.start), width
        # What runs through a container or joins its stream goes on: only what arrives has a head.
        arrives = ~(residual & (routes.target[shown] == routes.owner[shown]))
        # From plate to plate of a deck a stream climbs in steps, so close that heads would hide them.
        climb = lines.points[lines.start[1:] - 1, 2] - lines.points[lines.start[:-1], 2]
        arrives &= ~(residual & (np.abs(climb) > width))
        corners, places, line = ribbon_quads(lines, width, arrives)
        # Routes that share a lane lie on one another, not in one plane: there they would flicker.
        corners[..., 2] += (_STEP * width * (np.arange(len(shown)) % 8))[line][:, None]
        color = np.tile(self._flow, (len(shown), 1))
        for edge_kind, own in self._colors.items():
            color[kind == edge_kind] = own
        faint: NDArray[np.float64] = np.where(inferred, np.where(residual, _FAINT_RESIDUAL, _FAINT), 0.0)
        plain = (1 - (1 - faint) * (1 - course.fade))[:, None]
        color = color * (1 - plain) + course.plates * plain
        rgba = np.full((len(line), 4, 4), 255, np.uint8)
        rgba[..., :3] = color[line][:, None, :]
        way = np.zeros((len(line), 4, 4), np.float32)
        way[..., :2] = places
        way[..., 2] = np.where(inferred, np.where(residual, _GAP_RESIDUAL, _GAP), 0.0)[line][:, None]
        quads = tab_quads(course.tabs, course.tab_plates, {EdgeKind.DATA: self._flow, **self._colors})
        tab_level = course.frame.cut.level[course.tabs.rows][quads.tab] + 0.2 * quads.is_core
        level = np.concatenate([course.level[line], tab_level]) + 0.5
        corners = course.frame.layered(np.concatenate([corners, quads.corners - view.anchor]), level)
        tab_rgba = np.full((len(quads.tab), 4, 4), 255, np.uint8)
        tab_rgba[..., :3] = quads.colors[:, None, :]
        rgba = np.concatenate([rgba, tab_rgba])
        way = np.concatenate([way, np.zeros((len(quads.tab), 4, 4), np.float32)])
        points = to_world(corners).reshape(-1, 3).astype(np.float32)
        self._mesh.fill(points, rgba.reshape(-1, 4), course=way.reshape(-1, 4))
        self.actor.SetPosition(*to_world(view.anchor))
