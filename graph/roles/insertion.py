"""Derived nodes put into a graph's columns, and nodes taken out, without a loop over nodes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..columns import SparseColumn
from ..kinds import Provenance
from ..model_graph import ModelGraph

__all__ = ["Branch", "Rewritten", "rewrite"]

Column = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Branch:
    """A small tree of derived nodes that is put under K hosts, B nodes under each.

    Attributes
    ----------
    host : ndarray of int32, shape (K,)
        Ids of the nodes that get it.
    before : ndarray of int32, shape (K,)
        Id before which it goes: of a child of the host, or the host's end.
    names, kinds, shapes : sequence, length B
        In pre-order.
    parent : ndarray, shape (B,)
        Position of the parent in the branch, -1 for the host.
    values : mapping-like of str to ndarray, shape (K, B)
        Values of own-value columns (``parameters``, ``offset`` ...); others are 0, or -1 for codes.
    """

    host: NDArray[np.int32]
    before: NDArray[np.int32]
    names: Sequence[str]
    kinds: NDArray[np.uint8]
    shapes: Sequence[tuple[int, ...] | None]
    parent: Column
    values: dict[str, Column]

    @property
    def depth(self) -> Column:
        """Depth below the host, 1 for a child, shape (B,)."""
        depth = np.ones(len(self.parent), np.int64)
        parents: list[int] = self.parent.tolist()
        for i, parent in enumerate(parents):
            if parent >= 0:
                depth[i] = depth[parent] + 1
        return depth

    @property
    def size(self) -> Column:
        """Nodes in each subtree, shape (B,)."""
        size = np.ones(len(self.parent), np.int64)
        parents: list[int] = self.parent.tolist()
        for i in reversed(range(len(parents))):
            if parents[i] >= 0:
                size[parents[i]] += size[i]
        return size


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A graph with branches in it.

    Attributes
    ----------
    graph : ModelGraph
        Its signatures are not those of its nodes any more: sign it anew.
    position : ndarray of int32, shape (N,)
        New id of each old node; of a removed one, that of its host.
    branches : list of ndarray of int32, shape (K, B)
        New ids of each branch's nodes.
    """

    graph: ModelGraph
    position: NDArray[np.int32]
    branches: list[NDArray[np.int32]]


_EMPTY = {"parameters": 0, "elements": 0, "bytes": 0, "dtype_code": -1, "file_code": -1, "offset": -1}


def rewrite(graph: ModelGraph, branches: Sequence[Branch], removed: NDArray[np.int32]) -> Rewritten:
    """Put branches into a graph and take leaves out.

    Parameters
    ----------
    graph : ModelGraph
    branches : sequence of Branch
    removed : ndarray of int32
        Ids of leaves that branches take the place of. Their edges go to their parents, their attributes go.

    Returns
    -------
    Rewritten
    """
    n = len(graph)
    if not branches:
        return Rewritten(graph, np.arange(n, dtype=np.int32), [])
    counts = [len(b.host) * len(b.names) for b in branches]
    start = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    total = int(start[-1])
    host, before = (
        np.concatenate([np.repeat(getattr(b, key), len(b.names)) for b in branches]) for key in ("host", "before")
    )
    # Two branches at one spot: what ends the deeper host comes first.
    order = np.lexsort((np.arange(total), -graph.depth[host], before))
    rank = np.empty(total, np.int64)
    rank[order] = np.arange(total)

    gone = np.zeros(n + 1, np.int64)
    gone[removed + 1] = 1
    gone = np.cumsum(gone)  # removed nodes before each id
    added = np.cumsum(np.bincount(before, minlength=n)[:n])  # branches' nodes that come before each id
    position = np.arange(n) - gone[:-1] + added
    spots = before - gone[before] + rank  # new ids of the branches' nodes

    kept = np.ones(n, bool)
    kept[removed] = False
    old, new_n = np.flatnonzero(kept), n - len(removed) + total
    origin = np.zeros(new_n, np.int64)  # old id of each new node; anything where it is a branch's
    origin[position[old]] = old
    position[removed] = position[graph.parent[removed]]

    grown = np.zeros(n + 1, np.int64)
    np.cumsum(np.bincount(host, minlength=n) - ~kept, out=grown[1:])
    sizes = graph.size + grown[np.arange(n) + graph.size] - grown[:-1]

    names, shapes = {s: k for k, s in enumerate(graph.names)}, {s: k for k, s in enumerate(graph.shapes)}
    per_branch: dict[str, list[NDArray[Any]]] = {}
    ids: list[NDArray[np.int32]] = []
    for b, first, count in zip(branches, start, counts, strict=False):
        k = len(b.host)
        spot = spots[first : first + count].reshape(k, len(b.names))
        ids.append(spot.astype(np.int32))
        parent = np.where(b.parent < 0, position[b.host][:, None], spot[:, np.maximum(b.parent, 0)])
        block: dict[str, NDArray[Any]] = {
            "parent": parent,
            "size": np.tile(b.size, k),
            "depth": graph.depth[b.host][:, None] + b.depth,
            "kind": np.tile(b.kinds, k),
            "provenance": np.full(count, Provenance.DERIVED),
            "name_code": np.tile([names.setdefault(s, len(names)) for s in b.names], k),
            "shape_code": np.tile([-1 if s is None else shapes.setdefault(s, len(shapes)) for s in b.shapes], k),
            **{key: b.values.get(key, np.full(count, empty)) for key, empty in _EMPTY.items()},
        }
        for key, values in block.items():
            per_branch.setdefault(key, []).append(values.ravel())

    columns: dict[str, NDArray[Any]] = {}
    moved = {"parent": np.where(graph.parent < 0, -1, position[graph.parent]), "size": sizes}
    for key, blocks in per_branch.items():
        source = getattr(graph, key)
        column = (moved[key].astype(source.dtype) if key in moved else source)[origin]
        column[spots] = np.concatenate(blocks)
        columns[key] = column
    place, edges, tables = position.astype(np.int32), graph.edges, {"names": tuple(names), "shapes": tuple(shapes)}
    return Rewritten(
        replace(
            graph,
            **columns,
            **tables,
            signature=graph.signature[origin],
            edges=replace(edges, source=place[edges.source], target=place[edges.target]),
            attributes={key: _moved(column, place, kept) for key, column in graph.attributes.items()},
        ),
        place,
        ids,
    )


def _moved(column: SparseColumn, position: NDArray[np.int32], kept: NDArray[np.bool_]) -> SparseColumn:
    """Return an attribute column at new ids, without the removed nodes."""
    stays = kept[column.ids]
    values = column.values if stays.all() else [value for value, stay in zip(column.values, stays, strict=True) if stay]
    return SparseColumn(position[column.ids[stays]], values)
