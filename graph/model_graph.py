"""The ModelGraph: a whole model as immutable columns in depth-first pre-order."""

import fnmatch
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .columns import Edges, SparseColumn
from .kinds import EdgeKind, NodeKind, Provenance

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["ModelGraph"]


@dataclass(frozen=True, eq=False)
class ModelGraph:
    """A model's parts, one row a node, in depth-first pre-order.

    The subtree of node `i` is the slice ``i : i + size[i]``; node 0 is the model itself.

    Attributes
    ----------
    parent : ndarray of int32, shape (N,)
        Id of the parent, -1 for the root.
    size : ndarray of int32, shape (N,)
        Nodes in the subtree, itself included.
    depth : ndarray of int32, shape (N,)
        0 for the root.
    kind, provenance : ndarray of uint8, shape (N,)
        `NodeKind` and `Provenance` values.
    name_code : ndarray of int32, shape (N,)
        Index into `names`: the last part of the path.
    parameters, elements, bytes : ndarray of int64, shape (N,)
        Own (not subtree) logical parameters, stored elements, stored bytes.
    shape_code, dtype_code, file_code : ndarray of int32, shape (N,)
        Index into `shapes`, `dtypes`, `files`; -1 where a node has none.
    offset : ndarray of int64, shape (N,)
        Byte offset of a tensor's data in its file, -1 where unknown.
    signature : ndarray of uint64, shape (N,)
        Hash of the subtree's kinds, shapes, order and names without purely numeric parts.
    edges : Edges
        Data flow and sharing between nodes.
    attributes : mapping of str to SparseColumn
        Everything else that is known of some nodes: ``heads``, ``top_k``, ``class``, ``slice_of`` ...
    name, format, source : str
        The model's display name, the format's name, the path it was read from.
    warnings : tuple of str
        What a user should know about how it was read, one line each.
    """

    parent: NDArray[np.int32]
    size: NDArray[np.int32]
    depth: NDArray[np.int32]
    kind: NDArray[np.uint8]
    provenance: NDArray[np.uint8]
    name_code: NDArray[np.int32]
    parameters: NDArray[np.int64]
    elements: NDArray[np.int64]
    bytes: NDArray[np.int64]
    shape_code: NDArray[np.int32]
    dtype_code: NDArray[np.int32]
    file_code: NDArray[np.int32]
    offset: NDArray[np.int64]
    signature: NDArray[np.uint64]
    names: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]
    dtypes: tuple[str, ...]
    files: tuple[str, ...]
    edges: Edges = field(default_factory=Edges)
    attributes: Mapping[str, SparseColumn] = field(default_factory=dict[str, SparseColumn])
    name: str = ""
    format: str = ""
    source: str = ""
    warnings: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.parent)

    def __repr__(self) -> str:
        return f"<ModelGraph {self.name!r}: {len(self)} nodes, {len(self.edges)} edges>"

    # ---------------------------------------------------------------- one node
    def name_of(self, node: int) -> str:
        """Return the last part of the node's path; the model's name for the root."""
        return self.names[int(self.name_code[node])] if node else self.name

    def kind_of(self, node: int) -> NodeKind:
        """Return the node's kind."""
        return NodeKind(int(self.kind[node]))

    def provenance_of(self, node: int) -> Provenance:
        """Return how the node is known."""
        return Provenance(int(self.provenance[node]))

    def shape_of(self, node: int) -> tuple[int, ...] | None:
        """Return a tensor's shape, None for what is no tensor."""
        code = int(self.shape_code[node])
        return self.shapes[code] if code >= 0 else None

    def dtype_of(self, node: int) -> str | None:
        """Return a tensor's dtype as its file names it."""
        code = int(self.dtype_code[node])
        return self.dtypes[code] if code >= 0 else None

    def file_of(self, node: int) -> str | None:
        """Return the file that holds a tensor's data, relative to `source`."""
        code = int(self.file_code[node])
        return self.files[code] if code >= 0 else None

    def attribute(self, node: int, key: str) -> Any:
        """Return one attribute of a node, or None."""
        column = self.attributes.get(key)
        return column.get(node) if column is not None else None

    def attributes_of(self, node: int) -> dict[str, Any]:
        """Return all attributes of a node."""
        found = {key: column.get(node) for key, column in self.attributes.items()}
        return {key: value for key, value in found.items() if value is not None}

    # ---------------------------------------------------------------- the tree
    def path(self, node: int) -> str:
        """Return a node's address: names joined by dots, "" for the root."""
        parts: list[str] = []
        while node > 0:
            parts.append(self.names[int(self.name_code[node])])
            node = int(self.parent[node])
        return ".".join(reversed(parts))

    def id_of(self, path: str) -> int:
        """Return the node at `path`.

        Containers that stand for a block, but are no part of its names in the file, may be left out:
        "blk.3.attn_q" is "blk.3.attn.attn_q".

        Raises
        ------
        KeyError
            When no node has this path.
        """
        if not path:
            return 0
        code = self._name_index
        node = 0
        for part in path.split("."):
            wanted = code.get(part, -1)
            level = self.children(node)
            while not len(hits := level[self.name_code[level] == wanted]):
                derived = self.provenance[level] == Provenance.DERIVED
                seen_through = level[derived & ~np.isin(self.kind[level], _SLICES)]
                if not len(seen_through) or self.provenance[0] == Provenance.DERIVED:  # all of it follows from a config
                    raise KeyError(path)
                level = np.concatenate([self.children(container) for container in seen_through.tolist()])
            node = int(hits[0])
        return node

    def children(self, node: int) -> NDArray[np.int32]:
        """Return the ids of a node's children, in order."""
        start = self._child_start
        return self._child_order[start[node] : start[node + 1]]

    def ancestors(self, node: int) -> Iterator[int]:
        """Yield the ids from a node's parent up to the root."""
        node = int(self.parent[node])
        while node >= 0:
            yield node
            node = int(self.parent[node])

    def subtree(self, node: int) -> slice:
        """Return the slice of ids of a node and everything in it."""
        return slice(node, node + int(self.size[node]))

    @cached_property
    def child_count(self) -> NDArray[np.int32]:
        """Number of children of each node, shape (N,)."""
        return np.diff(self._child_start).astype(np.int32)

    @cached_property
    def sibling_index(self) -> NDArray[np.int32]:
        """Position of each node among its siblings, shape (N,); 0 for the root."""
        index = np.zeros(len(self), np.int32)
        order = self._child_order
        starts = self._child_start[self.parent[order]]
        index[order] = np.arange(len(order)) - starts
        return index

    # ---------------------------------------------------------------- totals
    def total(self, column: NDArray[Any], node: int = 0) -> int:
        """Return the sum of an own-value column (``graph.parameters``, ``graph.bytes``) over a subtree."""
        return int(column[self.subtree(node)].sum())

    @cached_property
    def total_parameters(self) -> NDArray[np.int64]:
        """Logical parameters of each subtree, shape (N,)."""
        return self.subtree_sums(self.parameters)

    @cached_property
    def total_bytes(self) -> NDArray[np.int64]:
        """Stored bytes of each subtree, shape (N,)."""
        return self.subtree_sums(self.bytes)

    def subtree_sums(self, column: NDArray[Any]) -> NDArray[np.int64]:
        """Return, for every node, the sum of an own-value column over its subtree (a difference of prefix sums)."""
        prefix = np.zeros(len(self) + 1, np.int64)
        np.cumsum(column, out=prefix[1:])
        ids = np.arange(len(self))
        return prefix[ids + self.size] - prefix[ids]

    # ---------------------------------------------------------------- search
    def of_kind(self, *kinds: NodeKind) -> NDArray[np.int64]:
        """Return the ids of all nodes of the given kinds, ascending."""
        return np.flatnonzero(np.isin(self.kind, np.array(kinds, np.uint8)))

    def find(self, pattern: str, limit: int = 1000) -> list[int]:
        """Return ids, ascending, whose name or path contains `pattern`, without regard to case.

        With ``*``, ``?`` or ``[`` it is a glob that must match the whole name or path. A pattern without
        a dot is matched against names, which are few; one with a dot against the paths of those nodes
        whose name fits its last part.
        """
        head, dot, tail = pattern.casefold().rpartition(".")
        is_glob = any(c in pattern for c in "*?[")
        # Without a glob, "experts.1" means "...experts.1...": its last part may be the start of a name.
        name_glob = tail if is_glob else f"{tail}*" if dot else f"*{tail}*"
        fits = re.compile(fnmatch.translate(name_glob)).match
        codes = [code for code, name in enumerate(self.names) if fits(name.casefold())]
        found = np.flatnonzero(np.isin(self.name_code, codes))
        found = found[found > 0]
        if not dot:
            return found[:limit].tolist()
        whole = f"{head}.{tail}" if is_glob else f"*{head}.{tail}*"
        fits = re.compile(fnmatch.translate(whole)).match
        return list(islice((i for i in found.tolist() if fits(self.path(i).casefold())), limit))

    def to_networkx(self) -> "nx.MultiDiGraph[int]":
        """Return the nodes and edges as a networkx graph; the tree is in the ``parent`` attribute of its nodes."""
        import networkx as nx

        out: nx.MultiDiGraph[int] = nx.MultiDiGraph(name=self.name, format=self.format, source=self.source)
        for i in range(len(self)):
            out.add_node(
                i,
                path=self.path(i),
                name=self.name_of(i),
                parent=int(self.parent[i]),
                kind=self.kind_of(i).name.lower(),
                provenance=self.provenance_of(i).name.lower(),
                parameters=int(self.parameters[i]),
                bytes=int(self.bytes[i]),
                shape=self.shape_of(i),
                dtype=self.dtype_of(i),
                **{f"attribute_{key}": value for key, value in self.attributes_of(i).items()},
            )
        e = self.edges
        for k in range(len(e)):
            out.add_edge(
                int(e.source[k]),
                int(e.target[k]),
                kind=EdgeKind(e.kind[k]).name.lower(),
                provenance=Provenance(e.provenance[k]).name.lower(),
                shape=_entry(self.shapes, e.shape_code[k]),
                dtype=_entry(self.dtypes, e.dtype_code[k]),
                source_port=_entry(self.names, e.source_port[k]),
                target_port=_entry(self.names, e.target_port[k]),
            )
        return out

    # ---------------------------------------------------------------- lookups, made once
    @cached_property
    def _name_index(self) -> dict[str, int]:
        return {name: code for code, name in enumerate(self.names)}

    @cached_property
    def _child_order(self) -> NDArray[np.int32]:
        # Stable sort by parent keeps pre-order among siblings.
        return (np.argsort(self.parent[1:], kind="stable") + 1).astype(np.int32)

    @cached_property
    def _child_start(self) -> NDArray[np.int64]:
        counts = np.bincount(self.parent[1:], minlength=len(self))
        return np.concatenate([[0], np.cumsum(counts)])


# Derived containers whose children are no one else's: heads, experts, slices of tensors.
_SLICES = (NodeKind.HEADS, NodeKind.HEAD, NodeKind.EXPERTS, NodeKind.EXPERT)


def _entry(table: tuple[Any, ...], code: int) -> Any:
    return table[code] if code >= 0 else None
