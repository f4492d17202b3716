"""Routes of all containers, from templates: a few numpy operations a template."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..graph.kinds import EdgeKind
from .boxes import Boxes
from .placement import Routes
from .template import SELF, Template
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
    points = np.empty((sum(len(table.points) * len(owner) for table, owner in shared), 3))
    done = 0
    sources: list[NDArray[np.int32]] = [np.empty(0, np.int32)]
    targets: list[NDArray[np.int32]] = [np.empty(0, np.int32)]
    widths: list[NDArray[np.float64]] = [np.empty(0)]
    for table, owner in shared:
        frame = boxes.frame(owner)
        stream, through = table.kind == EdgeKind.RESIDUAL, table.source == table.target
        lift = np.where(stream, np.where(through, _LIFT_OF_THROUGH, _LIFT_OF_STREAM), _LIFT_OF_DATA)
        unit = np.column_stack([table.points, np.repeat(lift, table.counts)])
        scale = np.column_stack([frame.size, np.minimum(frame.size[:, 0], frame.size[:, 1])])
        block = points[done : done + len(owner) * len(unit)].reshape(len(owner), len(unit), 3)
        done += len(owner) * len(unit)
        np.multiply(scale[:, None, :], unit, out=block)
        block += np.column_stack([frame.low, frame.front])[:, None, :]
        for ends, positions in ((sources, table.source), (targets, table.target)):
            children = tree.heads[tree.first[owner][:, None] + np.maximum(positions, 0)]
            ends.append(np.where(positions == SELF, owner[:, None], children).astype(np.int32).ravel())
        widths.append((frame.size[:, 1:] * table.width).ravel())

    def tiled(values: list[NDArray[Any]], dtype: Any) -> NDArray[Any]:
        each = [np.tile(column, len(owner)) for column, (_, owner) in zip(values, shared, strict=True)]
        return np.concatenate([np.empty(0, dtype), *each])

    owners = [np.repeat(owner, len(table.source)) for table, owner in shared]
    return Routes(
        source=np.concatenate(sources),
        target=np.concatenate(targets),
        owner=np.concatenate([np.empty(0, np.int32), *owners]).astype(np.int32),
        kind=tiled([table.kind for table, _ in shared], np.uint8),
        provenance=tiled([table.provenance for table, _ in shared], np.uint8),
        start=np.append(0, np.cumsum(tiled([table.counts for table, _ in shared], np.int64))),
        points=points,
        width=np.concatenate(widths),
    )
