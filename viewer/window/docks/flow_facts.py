"""What the inspector says of the data that flows into and out of a part."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication

from ....graph.kinds import EdgeKind, Provenance
from ....graph.model_graph import ModelGraph
from ...words.numbers import grouped, people_shape
from .sections import Section
from .words import provenance_words

__all__ = ["flow_sections"]

_MOST = 12  # rows of a section: an operator may feed thousands
translate = QCoreApplication.translate


def flow_sections(graph: ModelGraph, node: int) -> list[Section]:
    """Return what crosses the boundary of a part: a section of inputs and one of outputs."""
    edges = graph.edges
    first, last = node, node + int(graph.size[node])
    flows = edges.kind != EdgeKind.TIED
    starts = (edges.source >= first) & (edges.source < last) & flows
    ends = (edges.target >= first) & (edges.target < last) & flows
    # A weight of its own is no input of an operator, but what it is made of: the tree shows it.
    return [
        _section(graph, translate("Inspector", "Inputs"), np.flatnonzero(ends & ~starts), edges.source),
        _section(graph, translate("Inspector", "Outputs"), np.flatnonzero(starts & ~ends), edges.target),
    ]


def _section(graph: ModelGraph, title: str, crossing: NDArray[np.int64], others: NDArray[np.int32]) -> Section:
    section = Section(title)
    edges = graph.edges
    far, unique = np.unique(others[crossing], return_index=True)
    for k in crossing[unique][:_MOST].tolist():
        other = int(others[k])
        shape = int(edges.shape_code[k])
        dtype = int(edges.dtype_code[k])
        flowing = [people_shape(graph.shapes[shape])] if shape >= 0 else []
        flowing += [graph.dtypes[dtype]] if dtype >= 0 else []
        known = Provenance(int(edges.provenance[k]))
        if known == Provenance.INFERRED:
            flowing.append(provenance_words(known))
        section.add(graph.name_of(other), " ".join(flowing) or graph.path(other), graph.path(other))
    if len(far) > _MOST:
        section.add(
            translate("Inspector", "And"),
            translate("Inspector", "{count} more").format(count=grouped(len(far) - _MOST)),
        )
    return section
