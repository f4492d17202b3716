"""What is said of several selected parts together."""

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QCoreApplication

from ....graph.kinds import NodeKind
from ....graph.model_graph import ModelGraph
from ...pointing.hiding import outermost
from ...words.numbers import grouped, people_bytes, people_count
from .sections import Section
from .words import capital, kind_words

__all__ = ["selected_section", "selected_words"]

translate = QCoreApplication.translate  # under this name Qt's lupdate finds the texts


def selected_section(graph: ModelGraph, nodes: Sequence[int]) -> Section:
    """Return what several parts amount to; what is inside another one of them counts once."""
    section = Section(translate("Inspector", "Selected together"))
    kinds, counts = np.unique(graph.kind[list(nodes)], return_counts=True)
    section.add(translate("Inspector", "Parts"), grouped(len(nodes)))
    if len(kinds) > 1:
        for kind, count in zip(kinds.tolist(), counts.tolist(), strict=True):
            section.add(capital(kind_words(NodeKind(kind))), grouped(count))
    least = list(outermost(graph, nodes))
    parameters, nbytes = (int(total[least].sum()) for total in (graph.total_parameters, graph.total_bytes))
    section.add(translate("Inspector", "Parameters"), people_count(parameters), grouped(parameters))
    section.add(translate("Inspector", "Stored"), people_bytes(nbytes) if nbytes else None)
    return section


def selected_words(graph: ModelGraph, nodes: Sequence[int]) -> str:
    """Return how many parts are selected, and their parameters: "12 parts selected · 528 M parameters"."""
    parameters = int(graph.total_parameters[list(outermost(graph, nodes))].sum())
    words = translate("Inspector", "{count} parts selected · {parameters} parameters")
    return words.format(count=grouped(len(nodes)), parameters=people_count(parameters))
