"""The tree with its repeats folded: one Part stands for all nodes that play the same part.

Two children of a node with numbers for names and equal signatures (layers, experts) are one Part, and so
are, all the way down, the nodes inside them. A 671 B mixture of experts is some 170 parts, so rules may run
as plain Python over parts; what they find is written to all nodes of a part at once.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kinds import NodeKind
from ..model_graph import ModelGraph

__all__ = ["Part", "fold"]


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
    offsets : tuple of int
        Ids of the nodes in each of the parent's nodes, relative to it.
    shape : tuple of int or None
        Of a tensor.
    children : list of Part
    declared : NodeKind
        The kind that the loader gave.
    form : str
        What shapes and class say: see `forms.form_of`.
    kind : NodeKind
    role : str
        Finer than the kind: "attention.q_a", "layer.norm.mlp"; "" where the part is not recognised.
    block : NodeKind or None
        The kind of block that its children make it, whatever stands around it.
    has_layers : bool
        Whether a layer is among its descendants.
    new_ids : ndarray of int32 or None
        Ids of the nodes in the rewritten graph.
    """

    node: int
    name: str
    parent: "Part | None" = None
    numbers: tuple[int, ...] = ()
    offsets: tuple[int, ...] = (0,)
    shape: tuple[int, ...] | None = None
    children: "list[Part]" = field(default_factory=list["Part"])
    declared: NodeKind = NodeKind.MODULE
    form: str = "container"
    kind: NodeKind = NodeKind.MODULE
    role: str = ""
    block: NodeKind | None = None
    has_layers: bool = False
    new_ids: NDArray[np.int32] | None = None
    _ids: NDArray[np.int32] | None = None
    _by_name: "dict[str, Part] | None" = None

    @property
    def ids(self) -> NDArray[np.int32]:
        """Ids of all nodes of the part, in the order of the parent's ids."""
        if self._ids is None:
            if self.parent is None:
                self._ids = np.array([self.node], np.int32)
            elif len(self.offsets) == 1:
                self._ids = self.parent.ids + np.int32(self.offsets[0])
            else:
                self._ids = (self.parent.ids[:, None] + np.array(self.offsets, np.int32)).ravel()
        return self._ids

    @property
    def is_numbered(self) -> bool:
        """Whether the name is a number."""
        return bool(self.numbers)

    @property
    def repeat(self) -> int:
        """How many nodes of the part each of the parent's nodes has."""
        return len(self.offsets)

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
        stack = [self]
        while stack:
            part = stack.pop()
            yield part
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
    decimal = [name.isdecimal() for name in graph.names]
    # memoryviews: reading one element of an array is several times slower
    size, code, shape, kind = (memoryview(a) for a in (graph.size, graph.name_code, graph.shape_code, graph.kind))
    hashes = memoryview(signature)
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
            groups.setdefault((-1 if decimal[name] else name, hashes[child]), []).append(child)
            child += size[child]
        for (name, _), nodes in groups.items():
            first = nodes[0]
            new = Part(
                first,
                "#" if name < 0 else lowered[name],
                part,
                tuple(int(graph.names[code[i]]) for i in nodes) if name < 0 else (),
                tuple(i - start for i in nodes),
                graph.shapes[shape[first]] if shape[first] >= 0 else None,
                declared=NodeKind(kind[first]),
                kind=NodeKind(kind[first]),
            )
            part.children.append(new)
            if size[first] > 1:
                open_parts.append(new)
    return root


