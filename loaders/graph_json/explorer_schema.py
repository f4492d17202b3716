"""What a Model Explorer file holds, as graph_builder.py of ai-edge-model-explorer names it.

``GraphCollection{label, graphs: [{id, nodes: [{id, label, namespace: "a/b", attrs: [{key, value}], incomingEdges:
[{sourceNodeId, sourceNodeOutputId, targetNodeInputId}], outputsMetadata: [{id, attrs}], subgraphIds}],
groupNodeAttributes: {namespace: {key: value}}}]}``. What its adapters answer, ``{"graphs": [..]}`` and
``{"graphCollections": [..]}``, lists of either, and a bare graph are taken, too.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from ..files import input_error, plain_text
from ..untyped import is_dict, is_sequence

__all__ = ["Attribute", "Collection", "Edge", "Graph", "Metadata", "Node", "collections_of"]

Id = str | int


class Attribute(msgspec.Struct, gc=False):
    """One line of a node's or tensor's facts; the value may also be a link to nodes."""

    key: str
    value: Any = None


class Metadata(msgspec.Struct, gc=False):
    """Facts of one input or output."""

    id: Id = "0"
    attrs: list[Attribute] | None = None


class Edge(msgspec.Struct, gc=False, rename="camel"):
    """What comes into a node."""

    source_node_id: Id
    source_node_output_id: Id | None = "0"
    target_node_input_id: Id | None = "0"


class Node(msgspec.Struct, gc=False, rename="camel"):
    """An operator."""

    id: Id
    label: str | None = ""
    namespace: str | None = ""
    subgraph_ids: list[Id] | None = None
    attrs: list[Attribute] | None = None
    incoming_edges: list[Edge] | None = None
    inputs_metadata: list[Metadata] | None = None
    outputs_metadata: list[Metadata] | None = None


class Graph(msgspec.Struct, rename="camel"):
    """Nodes whose ids are unique among them."""

    id: Id = ""
    nodes: list[Node] = []
    group_node_attributes: dict[str, dict[str, Any] | None] | None = None


class Collection(msgspec.Struct, rename="camel"):
    """Graphs that may refer to each other."""

    label: str | None = ""
    graphs: list[Graph] = []


def collections_of(value: Any, path: str) -> list[Collection] | None:
    """Return the collections of graphs in a JSON value, None when it is nothing of Model Explorer's.

    Raises
    ------
    InputError
        When it has such graphs, but wrong ones.
    """
    found = _unwrapped(value)
    if found is None:
        return None
    try:
        return msgspec.convert(found, list[Collection])
    except msgspec.ValidationError as error:
        problem = f"is a Model Explorer graph with a fault ({plain_text(str(error), 200)})"
        raise input_error(path, problem, "see graph_builder.py of ai-edge-model-explorer") from error


def _unwrapped(value: Any) -> Sequence[Any] | None:
    if is_dict(value) and is_sequence(value.get("graphCollections")):
        return value["graphCollections"]
    items = value if is_sequence(value) else [value]
    if not items or not all(is_dict(item) and (is_sequence(item.get("graphs")) or _is_graph(item)) for item in items):
        return None
    graphs = [item for item in items if _is_graph(item)]
    collections = [item for item in items if not _is_graph(item)]
    return [*collections, {"graphs": graphs}] if graphs else collections


def _is_graph(item: Any) -> bool:
    return is_sequence(item.get("nodes"))
