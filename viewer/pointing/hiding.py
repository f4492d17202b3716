"""Hidden parts as a set of nodes, each standing for itself and all that is inside it."""

from collections.abc import Iterable

from ...graph.model_graph import ModelGraph

__all__ = ["hidden_by", "hides_everything", "isolated", "nearest_shown", "outermost", "with_hidden", "with_shown"]


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


def with_hidden(graph: ModelGraph, hidden: frozenset[int], nodes: Iterable[int]) -> frozenset[int]:
    """Return what is hidden once some nodes are hidden, too."""
    return outermost(graph, hidden.union(nodes))


def with_shown(graph: ModelGraph, hidden: frozenset[int], nodes: Iterable[int]) -> frozenset[int]:
    """Return what is hidden once the hidden parts that some nodes are or are in are shown again."""
    return hidden.difference(hidden_by(graph, hidden, node) for node in nodes)


def isolated(graph: ModelGraph, nodes: Iterable[int]) -> frozenset[int]:
    """Return what to hide so that only some nodes are left, with all that is inside them and the containers around."""
    kept = outermost(graph, nodes)
    around = {above for node in kept for above in graph.ancestors(node)}
    beside = {child for above in around for child in graph.children(above).tolist()}
    return frozenset(beside - kept - around)


def hides_everything(graph: ModelGraph, hidden: frozenset[int]) -> bool:
    """Whether nothing is left to see but empty containers."""
    leaf = graph.child_count == 0
    return bool(leaf.any()) and sum(int(leaf[graph.subtree(node)].sum()) for node in hidden) == int(leaf.sum())
