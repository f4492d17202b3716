"""The routes and ports of a frame as one points at them: which is under a pixel, and where it is on the screen."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ...graph.model_graph import ModelGraph
from ...layout.placement import Routes
from ..pointing.pick import nearest_box, surface_point
from ..pointing.route_pick import Strokes, inside_polygon
from .frame import Frame
from .ports import Tabs
from .ribbons import Polylines

__all__ = ["Ways"]

_SLACK_PX = 2.0  # beside a ribbon or a tab


@dataclass(frozen=True, eq=False)
class Ways:
    """What a frame draws of flow.

    Attributes
    ----------
    graph : ModelGraph
    frame : Frame
    routes : Routes
    shown : ndarray of int64, shape (L,)
        The routes that are drawn.
    lines : Polylines
        Where they are.
    width : ndarray, shape (L,)
        How broad they are drawn, in plan units.
    tabs : Tabs
        The ports that are drawn.
    """

    graph: ModelGraph
    frame: Frame
    routes: Routes
    shown: NDArray[np.int64]
    lines: Polylines
    width: NDArray[np.float64]
    tabs: Tabs

    def route_at(self, px: tuple[float, float], part: int | None) -> int | None:
        """Return the route whose ribbon is under a device pixel, or close beside it; boxes before it win.

        Parameters
        ----------
        part : int or None
            What else is there: a small part beside a ribbon is meant rather than that.
        """
        cut, view = self.frame.cut, self.frame.view
        slack = _SLACK_PX * view.scale if part is None or part in cut.nodes[cut.opened] else 0.0
        line, depth, outside = self._strokes.hits(px, slack)
        if not len(line):
            return None
        seen, behind = self._front(px)
        owner = self.routes.owner[self.shown[line]]
        # A plate that a route lies on, or that this plate lies on, does not hide it, however near it seems to be.
        below = (seen >= 0) & (seen <= owner) & (owner < seen + self.graph.size[max(seen, 0)])
        free = below | (depth < behind) if seen >= 0 else np.ones(len(line), np.bool_)
        line, depth, outside = line[free], depth[free], outside[free]
        if not len(line):
            return None
        # Of those on the plate that is nearest to the eye, the one that the point is in most deeply.
        broad = self.width[line] + 2 * slack / view.camera.units_px(depth, view.viewport)
        foremost = np.flatnonzero(depth <= (depth + broad).min())
        return int(self.shown[line[foremost[np.argmin(outside[foremost])]]])

    def port_at(self, px: tuple[float, float]) -> int | None:
        """Return the port whose tab is under a device pixel, or a hair beside it; boxes before it win."""
        view, tabs = self.frame.view, self.tabs
        if not len(tabs.ports):
            return None
        corners, depth = view.camera.project(tabs.corners.reshape(-1, 3), view.viewport)
        hits = inside_polygon(corners.reshape(-1, 4, 2), px, _SLACK_PX * view.scale)
        depth = depth.reshape(-1, 4).mean(1)
        seen, behind = self._front(px)
        own = self.frame.cut.nodes[tabs.rows[hits]]
        on_it = (own == seen) | (self.frame.above[tabs.rows[hits]] == seen)  # a tab's box, or the plate beside it
        hits = hits[(depth[hits] > 0) & (on_it | (depth[hits] < behind))]
        return int(tabs.ports[hits[np.argmin(depth[hits])]]) if len(hits) else None

    def strokes_of(self, route: int) -> list[tuple[NDArray[np.float64], float]]:
        """Return where a route and those that share its trunk are: points in device pixels, and the width of each."""
        bundle = int(self.routes.bundle[route])
        net = np.flatnonzero(self.routes.bundle[self.shown] == bundle if bundle >= 0 else self.shown == route)
        view, found = self.frame.view, []
        for line in net.tolist():
            points = self.lines.points[self.lines.start[line] : self.lines.start[line + 1]]
            px, depth = view.camera.project(points, view.viewport)
            if (depth > 0).all():
                unit = float(view.camera.units_px(depth.mean(), view.viewport))
                found.append((px, float(self.width[line]) * unit))
        return found

    @cached_property
    def _strokes(self) -> Strokes:
        view = self.frame.view
        return Strokes.of(self.lines.points, self.lines.line, self.width, view.camera, view.viewport)

    def _front(self, px: Sequence[float]) -> tuple[int, float]:
        """Return the drawn box under a pixel, -1 where there is none, and the depth at which the ray meets it."""
        frame, view = self.frame, self.frame.view
        ray = view.camera.ray(px, view.viewport)
        row = nearest_box(frame.center, frame.size, *ray)
        point = None if row is None else surface_point(frame.center[[row]], frame.size[[row]], *ray)
        if row is None or point is None:
            return -1, np.inf
        return int(frame.cut.nodes[row]), float(view.camera.to_view(point)[2])
