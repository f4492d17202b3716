"""Which node a path or a level of detail means."""

import difflib
from collections import Counter
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from ..graph import ModelGraph, NodeKind

__all__ = ["LEVELS", "LONGEST_NAMED", "resolve_focus", "resolve_path"]

LONGEST_NAMED = 200  # characters of a path in an error

# What each level shows; the first kind that the model has is meant.
LEVELS: dict[str, tuple[NodeKind, ...]] = {
    "stack": (NodeKind.MODEL,),
    "layer": (NodeKind.LAYER, NodeKind.MTP),
    "expert": (NodeKind.EXPERT, NodeKind.SHARED_EXPERT),
    "tensor": (NodeKind.TENSOR,),
}


def resolve_focus(
    graph: ModelGraph, focus: str | None, level: str | None, hidden: NDArray[np.bool_] | None = None
) -> int:
    """Return the node to frame.

    Parameters
    ----------
    focus : str or None
        A path; None for the whole model.
    level : str or None
        One of `LEVELS`. Upwards it means the enclosing part of that level; downwards, the first part of
        the most frequent structure inside the focus.
    hidden : ndarray of bool, shape (N,), optional
        Nodes that are not looked for inside the focus.

    Raises
    ------
    UsageError
        When there is no such part; near misses are named.
    """
    node = resolve_path(graph, focus) if focus else 0
    if level is None:
        return node
    kinds = LEVELS[level]
    for enclosing in (node, *graph.ancestors(node)):
        if graph.kind_of(enclosing) in kinds:
            return enclosing
    inside = np.arange(len(graph))[graph.subtree(node)]
    if hidden is not None:
        inside = inside[~hidden[inside]]
    for kind in kinds:
        hits = inside[graph.kind[inside] == kind]
        if level == "tensor":
            matrices = [i for i in hits.tolist() if len(graph.shape_of(i) or ()) >= 2]
            hits = np.array(matrices or hits.tolist(), np.int64)
        if len(hits):
            (signature, _), *_ = Counter(graph.signature[hits].tolist()).most_common(1)
            return int(hits[graph.signature[hits] == np.uint64(signature)][0])
    where = f"{focus!r}" if focus else "this model"
    raise UsageError(f"--level {level}: {where} has no {level} that archviz3d recognises; leave --level out")


def resolve_path(graph: ModelGraph, path: str) -> int:
    """Return the node at `path`.

    Raises
    ------
    UsageError
        When there is none; it names what is there instead.
    """
    if not path:
        raise UsageError("an empty path is the whole model; the path of a part in it would be right")
    try:
        return graph.id_of(path)
    except KeyError:
        return _nothing_at(graph, path)


def _nothing_at(graph: ModelGraph, path: str) -> NoReturn:
    """Say how far a path leads, and what is there instead."""
    node = 0
    for part in path.split("."):
        names = {graph.name_of(int(child)): int(child) for child in graph.children(node)}
        if part not in names:
            _unknown(graph, path, node, part, list(names))
        node = names[part]
    raise AssertionError(f"{path!r} is there, but not found")


def _unknown(graph: ModelGraph, path: str, node: int, part: str, names: list[str]) -> NoReturn:
    where = graph.path(node)
    prefix = f"{where}." if where else ""
    if names and all(name.isdecimal() for name in names):
        hint = f"{where!r} has {names[0]} to {names[-1]}"
    elif names:
        close = difflib.get_close_matches(part[:LONGEST_NAMED], names, 3, 0.4) or names[:3]
        hint = "did you mean " + " or ".join(prefix + name for name in close) + "?"
    else:
        hint = f"{where!r} has nothing inside"
    raise UsageError(f"no part {path[:LONGEST_NAMED]!r} in this model; {hint}")
