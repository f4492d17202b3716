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
        Ids of nodes that branches take the place of, with all that is in them. Their edges go to what they
        were in, which gets their names as ports; their attributes go.

    Returns
    -------
    Rewritten
    """
    if not branches:
        return Rewritten(graph, np.arange(len(graph), dtype=np.int32), [])
    moves = _moves(graph, branches, removed)
    names, shapes = {s: k for k, s in enumerate(graph.names)}, {s: k for k, s in enumerate(graph.shapes)}
    new: dict[str, list[NDArray[Any]]] = {}
    for branch, spot in zip(branches, moves.spots, strict=True):
        for key, values in _columns(graph, branch, spot, moves.position, names, shapes).items():
            new.setdefault(key, []).append(values.ravel())
    spots = np.concatenate([spot.ravel() for spot in moves.spots])
    moved = {"parent": np.where(graph.parent < 0, -1, moves.position[graph.parent]), "size": moves.size}
    columns: dict[str, NDArray[Any]] = {}
    for key, blocks in new.items():
        source = getattr(graph, key)
        column = (moved[key].astype(source.dtype) if key in moved else source)[moves.origin]
        column[spots] = np.concatenate(blocks)
        columns[key] = column
    place, edges = moves.position.astype(np.int32), graph.edges
    return Rewritten(
        replace(
            graph,
            **columns,
            names=tuple(names),
            shapes=tuple(shapes),
            signature=graph.signature[moves.origin],
            edges=replace(
                edges,
                source=place[edges.source],
                target=place[edges.target],
                source_port=_port(graph, edges.source, edges.source_port, moves.kept),
                target_port=_port(graph, edges.target, edges.target_port, moves.kept),
            ),
            attributes={key: _moved(column, place, moves.kept) for key, column in graph.attributes.items()},
        ),
        place,
        [spot.astype(np.int32) for spot in moves.spots],
    )


@dataclass(frozen=True, slots=True)
class _Moves:
    """Where everything goes.

    Attributes
    ----------
    position : ndarray, shape (N,)
        New id of each old node; of a removed one, that of what it was in.
    kept : ndarray of bool, shape (N,)
    size : ndarray, shape (N,)
        New size of each old node's subtree.
    origin : ndarray
        Old id of each new node; anything where it is a branch's.
    spots : list of ndarray, shape (K, B)
        New ids of the branches' nodes.
    """

    position: Column
    kept: NDArray[np.bool_]
    size: Column
    origin: Column
    spots: list[Column]


def _moves(graph: ModelGraph, branches: Sequence[Branch], removed: NDArray[np.int32]) -> _Moves:
    n = len(graph)
    counts = [len(b.host) * len(b.names) for b in branches]
    start = np.cumsum([0, *counts])
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
    spots = before - gone[before] + rank

    kept = np.ones(n, bool)
    kept[removed] = False
    old = np.flatnonzero(kept)
    origin = np.zeros(n - len(removed) + total, np.int64)
    origin[position[old]] = old
    depth = graph.depth[removed]
    for deep in sorted(set(depth.tolist())):  # what a removed module was in before what was in the module
        ids = removed[depth == deep]
        position[ids] = position[graph.parent[ids]]

    grown = np.zeros(n + 1, np.int64)
    np.cumsum(np.bincount(host, minlength=n) - ~kept, out=grown[1:])
    size = graph.size + grown[np.arange(n) + graph.size] - grown[:-1]
    per_branch = [
        spots[first : first + count].reshape(len(b.host), -1)
        for b, first, count in zip(branches, start.tolist(), counts, strict=False)
    ]
    return _Moves(position, kept, size, origin, per_branch)


def _columns(
    graph: ModelGraph,
    branch: Branch,
    spot: Column,
    position: Column,
    names: dict[str, int],
    shapes: dict[tuple[int, ...], int],
) -> dict[str, NDArray[Any]]:
    """Return the columns of a branch's nodes; names and shapes that are new get the next codes."""
    k, count = len(branch.host), spot.size
    name_code = [names.setdefault(name, len(names)) for name in branch.names]
    shape_code = [-1 if shape is None else shapes.setdefault(shape, len(shapes)) for shape in branch.shapes]
    return {
        "parent": np.where(branch.parent < 0, position[branch.host][:, None], spot[:, np.maximum(branch.parent, 0)]),
        "size": np.tile(branch.size, k),
        "depth": graph.depth[branch.host][:, None] + branch.depth,
        "kind": np.tile(branch.kinds, k),
        "provenance": np.full(count, Provenance.DERIVED),
        "name_code": np.tile(name_code, k),
        "shape_code": np.tile(shape_code, k),
        **{key: branch.values.get(key, np.full(count, empty)) for key, empty in _EMPTY.items()},
    }


def _port(
    graph: ModelGraph, end: NDArray[np.int32], port: NDArray[np.int32], kept: NDArray[np.bool_]
) -> NDArray[np.int32]:
    """Return the ports of edges' ends: where an end is removed, its name says what of the host it was."""
    return np.where(~kept[end] & (port < 0), graph.name_code[end], port).astype(np.int32)


def _moved(column: SparseColumn, position: NDArray[np.int32], kept: NDArray[np.bool_]) -> SparseColumn:
    """Return an attribute column at new ids, without the removed nodes."""
    stays = kept[column.ids]
    values = column.values if stays.all() else [value for value, stay in zip(column.values, stays, strict=True) if stay]
    return SparseColumn(position[column.ids[stays]], values)
