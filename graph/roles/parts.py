"""The tree with its repeats folded: one Part stands for all nodes that play the same part.

Two children of a node with numbers for names and equal signatures (layers, experts) are one Part, and so
are, all the way down, the nodes inside them. A 671 B mixture of experts is some 170 parts, so rules may run
as plain Python over parts; what they find is written to all nodes of a part at once.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..kinds import NodeKind
from ..model_graph import ModelGraph

__all__ = ["Part", "fold"]

_KINDS = list(NodeKind)  # by value
_EXPERT = re.compile(r"expert_(\d{1,6})")  # Switch Transformers and NLLB write the name before the number
_MAX_DIGITS = 19  # int() refuses thousands of digits, and no layer has such a number


@dataclass(eq=False, slots=True)
class Part:
    """Nodes of equal structure in equal places.

    Attributes
    ----------
    node : int
        The first of the nodes: it stands for all.
    name : str
        Last part of the path in lower case; ``#`` where it is a number.
    parent : Part or None
    numbers : tuple of int
        Where the name is a number: those of the nodes in the parent's first node, else empty.
    repeat : int
        How many nodes of the part each of the parent's nodes has.
    ids : ndarray of int32
        All nodes of the part, in the order of the parent's ids.
    shape : tuple of int or None
        Of a tensor.
    children : list of Part
    declared : NodeKind
        The kind that the loader gave.
    form : str
        What shapes and class say: see `forms.form_of_shapes`.
    kind : NodeKind
    role : str
        Finer than the kind: "attention.q_a", "layer.norm.mlp"; "" where the part is not recognised.
    block : NodeKind or None
        The kind of block that its children make it, whatever stands around it.
    has_layers : bool
        Whether a layer is among its descendants.
    new_ids : ndarray of int32 or None
        Ids of the nodes in the rewritten graph, where the part has a role.
    """

    node: int
    name: str
    parent: "Part | None" = None
    numbers: tuple[int, ...] = ()
    repeat: int = 1
    ids: NDArray[np.int32] = field(default_factory=lambda: np.zeros(1, np.int32))
    shape: tuple[int, ...] | None = None
    children: "list[Part]" = field(default_factory=list["Part"])
    declared: NodeKind = NodeKind.MODULE
    form: str = "container"
    kind: NodeKind = NodeKind.MODULE
    role: str = ""
    block: NodeKind | None = None
    has_layers: bool = False
    new_ids: NDArray[np.int32] | None = None
    _by_name: "dict[str, Part] | None" = None

    @property
    def is_numbered(self) -> bool:
        """Whether the name is a number."""
        return bool(self.numbers)

    @property
    def by_name(self) -> "dict[str, Part]":
        """Children by name; the numbered ones are not in it."""
        if self._by_name is None:
            self._by_name = {child.name: child for child in reversed(self.children) if not child.is_numbered}
        return self._by_name

    @property
    def numbered(self) -> "list[Part]":
        """Children whose names are numbers."""
        return [child for child in self.children if child.is_numbered]

    @property
    def count_numbered(self) -> int:
        """How many children of one node have numbers for names."""
        return sum(len(child.numbers) for child in self.children)

    def find(self, path: str) -> "Part | None":
        """Return the descendant at a dotted path of lower-case names; a number stands for any part that has it."""
        part: Part | None = self
        for name in path.split("."):
            if part is None:
                return None
            if name.isdecimal():
                wanted = int(name)
                part = next((child for child in part.children if wanted in child.numbers), None)
            else:
                part = part.by_name.get(name)
        return part

    def walk(self) -> "Iterator[Part]":
        """Yield the part and all below it, parents first."""
        stack: list[Part] = [self]
        while stack:
            part = stack.pop()
            yield part
            if part.children:
                stack.extend(reversed(part.children))


def fold(graph: ModelGraph, signature: NDArray[np.uint64]) -> Part:
    """Return the root's Part with all parts below it.

    Parameters
    ----------
    graph : ModelGraph
    signature : ndarray of uint64, shape (N,)
        Equal where subtrees are equal in all that rules look at.
    """
    lowered = [name.casefold() for name in graph.names]
    numbers = [_number(name) for name in graph.names]
    # memoryviews: reading one element of an array is several times slower
    size, code, shape, kind = (graph.size.data, graph.name_code.data, graph.shape_code.data, graph.kind.data)
    hashes = signature.data
    column = graph.attributes.get("transposed")
    transposed = frozenset(column.ids.tolist() if column is not None else ())
    root = Part(0, "", declared=NodeKind.MODEL, kind=NodeKind.MODEL)
    open_parts = [root]
    while open_parts:
        part = open_parts.pop()
        start = part.node
        if kind[start] == NodeKind.OPTIMIZER:
            continue  # moments repeat the model's names: no part of it
        child, end = start + 1, start + size[start]
        groups: dict[tuple[int, int], list[int]] = {}
        while child < end:
            name = code[child]
            groups.setdefault((name if numbers[name] < 0 else -1, hashes[child]), []).append(child)
            child += size[child]
        for (name, _), nodes in groups.items():
            first = nodes[0]
            declared, of_tensor = _KINDS[kind[first]], shape[first] >= 0
            if len(nodes) == 1:
                ids = part.ids + np.int32(first - start)
            else:
                ids = (part.ids[:, None] + (np.array(nodes, np.int32) - np.int32(start))).ravel()
            new = Part(
                first,
                "#" if name < 0 else lowered[name],
                part,
                tuple([numbers[code[i]] for i in nodes]) if name < 0 else (),
                len(nodes),
                ids,
                _shape_of(graph, first, transposed) if of_tensor else None,
                declared=declared,
                kind=declared,
                form="tensor" if of_tensor else "container",
            )
            part.children.append(new)
            if size[first] > 1:
                open_parts.append(new)
    return root


def _number(name: str) -> int:
    """Return the number that a name is, -1 for any other name."""
    if name.isdecimal():
        return int(name) if len(name) < _MAX_DIGITS else -1
    expert = _EXPERT.fullmatch(name)
    return int(expert[1]) if expert else -1


def _shape_of(graph: ModelGraph, node: int, transposed: frozenset[int]) -> tuple[int, ...]:
    """Return a tensor's shape as modules have it, [out, in]: ONNX's matrix products have it the other way round."""
    shape = graph.shapes[int(graph.shape_code[node])]
    return shape[::-1] if node in transposed else shape
