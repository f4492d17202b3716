"""Hidden parts as a set of nodes, each standing for itself and all that is inside it."""

from collections.abc import Iterable

from ..graph.model_graph import ModelGraph

__all__ = ["hidden_by", "isolated", "nearest_shown", "outermost", "with_hidden", "with_shown"]


def outermost(graph: ModelGraph, nodes: Iterable[int]) -> frozenset[int]:
    """Return some nodes less those that are inside others of them."""
    found: list[int] = []
    end = -1
    for node in sorted(set(nodes)):
        if node >= end:
            found.append(node)
            end = node + int(graph.size[node])
    return frozenset(found)


def hidden_by(graph: ModelGraph, hidden: frozenset[int], node: int) -> int | None:
    """Return the hidden node that `node` is or is in; None where it is shown."""
    return next((above for above in (node, *graph.ancestors(node)) if above in hidden), None) if hidden else None


def nearest_shown(graph: ModelGraph, hidden: frozenset[int], node: int) -> int:
    """Return the innermost container of a node, or itself, that is shown."""
    cause = hidden_by(graph, hidden, node)
    return node if cause is None else int(graph.parent[cause])


def with_hidden(graph: ModelGraph, hidden: frozenset[int], node: int) -> frozenset[int]:
    """Return what is hidden once a node is hidden, too."""
    return outermost(graph, hidden | {node})


def with_shown(graph: ModelGraph, hidden: frozenset[int], node: int) -> frozenset[int]:
    """Return what is hidden once the hidden part that a node is or is in is shown again."""
    cause = hidden_by(graph, hidden, node)
    return hidden if cause is None else hidden - {cause}


def isolated(graph: ModelGraph, node: int) -> frozenset[int]:
    """Return what to hide so that only a node is left, with all that is inside it and the containers around it."""
    way = [node, *graph.ancestors(node)][:-1]  # without the root
    return frozenset(int(child) for kept in way for child in graph.children(int(graph.parent[kept])) if child != kept)
