"""What the inspector says of a node: sections of label and text, without any widget."""

from typing import Any

import numpy as np
from PySide6.QtCore import QCoreApplication

from ....graph.kinds import NodeKind, Provenance
from ....graph.model_graph import ModelGraph
from ...words.numbers import grouped, people_bytes, people_count, people_shape
from .flow_facts import flow_sections
from .sections import Section
from .words import attribute_word, capital, kind_word, provenance_words

__all__ = ["describe"]

_ROLE = "role"
translate = QCoreApplication.translate  # under this name Qt's lupdate finds the texts


# A file holds names and tensors; that a part is an expert or a norm is concluded from them.
_NAMED_BY_THE_FILE = (
    NodeKind.MODEL,
    NodeKind.MODULE,
    NodeKind.TENSOR,
    NodeKind.OPERATOR,
    NodeKind.VALUE,
    NodeKind.OPTIMIZER,
)


def describe(graph: ModelGraph, node: int) -> list[Section]:
    """Return everything that is known of a node, most wanted first; sections without facts are left out."""
    sections = [_size(graph, node), _storage(graph, node), _structure(graph, node), _origin(graph, node)]
    sections[3:3] = [*flow_sections(graph, node), *_attributes(graph, node)]
    return [section for section in sections if section.facts]


def _size(graph: ModelGraph, node: int) -> Section:
    section = Section(translate("Inspector", "Size"))
    parameters = int(graph.total_parameters[node])
    mtp = graph.of_kind(NodeKind.MTP)
    mtp = mtp[(mtp > node) & (mtp < node + graph.size[node])]
    aside = int(graph.total_parameters[mtp].sum()) if node == 0 else 0
    section.add(translate("Inspector", "Parameters"), people_count(parameters - aside), grouped(parameters - aside))
    if aside:
        section.add(
            translate("Inspector", "Beside them"),
            f"+ {people_count(aside)}",
            translate("Inspector", "multi-token prediction"),
        )
    if node and parameters:
        share = parameters / max(1, int(graph.total_parameters[0]))
        section.add(translate("Inspector", "Of the model"), _percent(share))
    nbytes = int(graph.total_bytes[node])
    if node == 0:  # an optimizer's state is stored beside the model, not in it
        nbytes -= int(graph.total_bytes[graph.of_kind(NodeKind.OPTIMIZER)].sum())
    if nbytes:
        section.add(translate("Inspector", "Stored"), people_bytes(nbytes), f"{grouped(nbytes)} B")
    return section


def _storage(graph: ModelGraph, node: int) -> Section:
    section = Section(translate("Inspector", "Tensor"))
    shape = graph.shape_of(node)
    section.add(translate("Inspector", "Shape"), None if shape is None else people_shape(shape))
    section.add(translate("Inspector", "Type"), graph.dtype_of(node))
    section.add(translate("Inspector", "File"), graph.file_of(node))
    offset = int(graph.offset[node])
    section.add(translate("Inspector", "Offset"), grouped(offset) if offset >= 0 else None)
    return section


def _structure(graph: ModelGraph, node: int) -> Section:
    section = Section(translate("Inspector", "Inside"))
    kinds = graph.kind[graph.children(node)]
    for kind in dict.fromkeys(kinds[kinds != NodeKind.TENSOR].tolist()):  # tensors are counted below, at any depth
        alike = graph.children(node)[kinds == kind]
        text = grouped(len(alike))
        if len(alike) > 1 and all(graph.name_of(int(child)).isdecimal() for child in alike):
            forms = len(np.unique(graph.signature[alike]))
            text += (
                translate("Inspector", ", all alike")
                if forms == 1
                else translate("Inspector", ", of {count} forms").format(count=forms)
            )
        section.add(capital(kind_word(NodeKind(kind))), text)
    tensors = int((graph.dtype_code[graph.subtree(node)] >= 0).sum())
    if graph.child_count[node]:
        section.add(translate("Inspector", "Tensors"), grouped(tensors))
    return section


def _attributes(graph: ModelGraph, node: int) -> list[Section]:
    """One section for the plain ones, and one for each group that shares a prefix (``metadata.format``)."""
    groups = {"": Section(translate("Inspector", "Attributes"))}
    for key, value in sorted(graph.attributes_of(node).items()):
        group, _, name = key.rpartition(".")
        if key != _ROLE:  # the kind says it
            section = groups.setdefault(group, Section(capital(group.replace(".", " ").replace("_", " "))))
            section.add(attribute_word(name), _value(value))
    return list(groups.values())


def _origin(graph: ModelGraph, node: int) -> Section:
    section = Section(translate("Inspector", "How it is known"))
    words = provenance_words(graph.provenance_of(node), live=not graph.source)
    section.add(translate("Inspector", "This part"), capital(words))
    if graph.provenance_of(node) == Provenance.DECLARED and graph.kind_of(node) not in _NAMED_BY_THE_FILE:
        by_class = graph.attribute(node, "class") is not None
        words = translate("Inspector", "by its class") if by_class else provenance_words(Provenance.INFERRED)
        section.add(capital(kind_word(graph.kind_of(node))), capital(words))
    if node == 0:
        section.add(translate("Inspector", "Format"), graph.format)
        section.add(translate("Inspector", "Source"), graph.source)
        for warning in graph.warnings:
            section.add(translate("Inspector", "Note"), warning)
    return section


def _percent(share: float) -> str:
    percent = 100.0 * share
    return f"{percent:.3g} %" if percent >= 0.001 else translate("Inspector", "under 0.001 %")


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return translate("Inspector", "yes") if value else translate("Inspector", "no")
    if isinstance(value, int):
        return grouped(value)
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list):
        return ", ".join(_value(item) for item in value)
    return str(value)
