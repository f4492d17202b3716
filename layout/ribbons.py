"""Routes of all containers, from templates: a few numpy operations a template."""

from collections.abc import Sequence

import numpy as np

from ..graph.kinds import EdgeKind
from .boxes import TINIEST, Boxes
from .links import SELF
from .placement import Routes
from .template import Template
from .tree import Tree

__all__ = ["set_routes"]

# How far routes lie above the front face of their plate, as parts of its smaller side. Of streams that meet
# the one along the panel lies on top; streams lie above data.
_LIFT_OF_DATA, _LIFT_OF_STREAM, _LIFT_OF_THROUGH = 0.002, 0.003, 0.004


def set_routes(tree: Tree, templates: Sequence[Template], boxes: Boxes) -> Routes:
    """Copy each template's routes to all containers that share it."""
    containers = np.flatnonzero(boxes.template >= 0)
    by_template = containers[np.argsort(boxes.template[containers], kind="stable")]
    bounds = np.searchsorted(boxes.template[by_template], np.arange(len(templates) + 1)).tolist()
    shared = [
        (template.routes, by_template[bounds[k] : bounds[k + 1]])
        for k, template in enumerate(templates)
        if len(template.routes.source)
    ]
    # Filled in place: a million nodes have 25 million points, and to join as many lists would hold them twice.
    rows = sum(len(table.source) * len(owner) for table, owner in shared)
    routes = Routes(
        source=np.empty(rows, np.int32),
        target=np.empty(rows, np.int32),
        owner=np.empty(rows, np.int32),
        kind=np.empty(rows, np.uint8),
        provenance=np.empty(rows, np.uint8),
        backward=np.empty(rows, np.bool_),
        bundle=np.empty(rows, np.int32),
        start=np.zeros(rows + 1, np.int64),
        points=np.empty((sum(len(table.points) * len(owner) for table, owner in shared), 3)),
        width=np.empty(rows),
    )
    row, point, bundle = 0, 0, 0
    for table, owner in shared:
        copies, m, many = len(owner), len(table.source), len(table.points)
        frame = boxes.frame(owner)
        stream, through = table.kind == EdgeKind.RESIDUAL, table.source == table.target
        lift = np.where(stream, np.where(through, _LIFT_OF_THROUGH, _LIFT_OF_STREAM), _LIFT_OF_DATA)
        unit = np.column_stack([table.points, np.repeat(lift, table.counts)])
        scale = np.column_stack([frame.size, np.minimum(frame.size[:, 0], frame.size[:, 1])])
        block = routes.points[point : point + copies * many].reshape(copies, many, 3)
        base = np.column_stack([frame.low, frame.front])
        for axis in range(3):  # one at a time: numpy's inner loop is as long as a template then, not three
            np.multiply(scale[:, axis, None], unit[:, axis], out=block[:, :, axis])
            block[:, :, axis] += base[:, axis, None]
        point += copies * many

        mine = slice(row, row + copies * m)
        row += copies * m
        for ends, positions in ((routes.source, table.source), (routes.target, table.target)):
            children = tree.heads[tree.first[owner][:, None] + np.maximum(positions, 0)]
            ends[mine].reshape(copies, m)[:] = np.where(positions == SELF, owner[:, None], children)
        routes.owner[mine].reshape(copies, m)[:] = owner[:, None]
        for name in ("kind", "provenance", "backward"):
            getattr(routes, name)[mine].reshape(copies, m)[:] = getattr(table, name)
        routes.start[mine.start + 1 : mine.stop + 1].reshape(copies, m)[:] = table.counts
        width = np.multiply(frame.size[:, 1:], table.width, out=routes.width[mine].reshape(copies, m))
        np.maximum(width, TINIEST, out=width)
        # Bundles of all copies are numbered apart.
        own = int(table.bundle.max()) + 1
        first = bundle + own * np.arange(copies)[:, None]
        routes.bundle[mine].reshape(copies, m)[:] = np.where(table.bundle < 0, -1, first + table.bundle)
        bundle += own * copies
    np.cumsum(routes.start, out=routes.start)
    return routes
