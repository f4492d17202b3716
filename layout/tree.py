"""What the layout asks of a graph's tree, computed for all nodes at once."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..graph.hashing import mix, subtree_hashes
from ..graph.model_graph import ModelGraph
from .inlets import runs_of_only_children
from .lift import Lifted

__all__ = ["Tree", "survey"]

# Odd numbers without a pattern (digits of pi), that keep what is added up apart.
_MIXERS = (0x243F6A8885A308D3, 0x13198A2E03707345, 0xA4093822299F31D1, 0x082EFA98EC4E6C89)


@dataclass(frozen=True, eq=False)
class Tree:
    """A graph's tree with chains of only children folded into runs.

    A container with a single child costs a thin rim and nothing else, so a run (a node, its only child,
    that one's only child ...) is placed as one box whose members are nested rims in closed form. Then the
    number of levels to walk is that of the branching tree: a chain of 100,000 nodes is one level.

    Attributes
    ----------
    head, step : ndarray of int32, shape (N,)
        First node of the run that a node is in, and how far down the run it is. Runs are consecutive ids.
    tail : ndarray of int32, shape (N,)
        Last node of the run: a leaf, or the container whose children the run holds.
    heads : ndarray of int32, shape (H,)
        The heads of runs by level, then in pre-order: children of one container stand together. Only what is placed.
    level_start : ndarray of int64, shape (L + 1,)
        Level `k` is ``heads[level_start[k] : level_start[k + 1]]``.
    first : ndarray of int64, shape (N,)
        Where the children of a run's tail begin in `heads`; -1 for other nodes.
    index : ndarray of int32, shape (H,)
        Position among siblings of each entry of `heads`.
    count : ndarray of int64, shape (N,)
        Number of children that are placed.
    key : ndarray of uint64, shape (N,)
        Hash of a subtree's kinds, shapes, order, inner flow, and of what is hidden in it. Nodes with equal keys are
        drawn alike, whatever their names.
    """

    head: NDArray[np.int32]
    step: NDArray[np.int32]
    tail: NDArray[np.int32]
    heads: NDArray[np.int32]
    level_start: NDArray[np.int64]
    first: NDArray[np.int64]
    index: NDArray[np.int32]
    count: NDArray[np.int64]
    key: NDArray[np.uint64]

    def children(self, tail: int) -> NDArray[np.int32]:
        """Return the children of a run's tail that are placed, in model order."""
        start = int(self.first[tail])
        return self.heads[start : start + int(self.count[tail])] if start >= 0 else self.heads[:0]


def survey(graph: ModelGraph, lifted: Lifted, hidden: NDArray[np.bool_] | None = None) -> Tree:
    """Fold a graph's tree into runs and hash its subtrees.

    Parameters
    ----------
    graph : ModelGraph
    lifted : Lifted
        Flow between all siblings, hidden ones included.
    hidden : ndarray of bool, shape (N,), optional
        Nodes that are not placed; what is in a hidden one is hidden, too. Runs are those of the whole graph: what is
        left of a container with two children is no only child.
    """
    n = len(graph)
    ids = np.arange(n, dtype=np.int32)
    count = graph.child_count.astype(np.int64)
    streams = np.zeros(n, np.bool_)
    streams[lifted.owner[lifted.on_lane]] = True
    only = runs_of_only_children(graph, streams)
    head = np.maximum.accumulate(np.where(only, 0, ids))
    is_head = ~only
    run_start = np.flatnonzero(is_head).astype(np.int32)
    run_end = np.append(run_start[1:], n).astype(np.int32) - 1
    tail = np.repeat(run_end, run_end - run_start + 1)
    placed = count
    if hidden is not None:
        run_start = run_start[~hidden[run_start]]
        placed = np.bincount(graph.parent[1:][~hidden[1:]], minlength=n)

    # Levels of the folded tree: the depth less the only children on the way down.
    change = np.zeros(n + 1, np.int32)
    change[:-1][only] += 1
    np.subtract.at(change, ids[only] + graph.size[only], 1)
    level = (graph.depth - np.cumsum(change[:-1], dtype=np.int32))[run_start]
    small = level.astype(np.int16) if int(level.max()) < 2**15 else level  # numpy sorts 16 bits by radix
    order = np.argsort(small, kind="stable")
    heads = run_start[order]
    level_start = np.searchsorted(level[order], np.arange(int(level.max()) + 2)).astype(np.int64)

    parent = graph.parent[heads]
    begins = np.ones(len(heads), np.bool_)
    begins[1:] = parent[1:] != parent[:-1]
    position = np.arange(len(heads))
    start_of_family = np.maximum.accumulate(np.where(begins, position, 0))
    first = np.full(n, -1, np.int64)
    first[parent[begins][1:]] = position[begins][1:]  # without the root, which is nobody's child
    return Tree(
        head=head,
        step=ids - head,
        tail=tail,
        heads=heads,
        level_start=level_start,
        first=first,
        index=(position - start_of_family).astype(np.int32),
        count=placed,
        key=_keys(graph, lifted, count, hidden),
    )


def _keys(
    graph: ModelGraph, lifted: Lifted, count: NDArray[np.int64], hidden: NDArray[np.bool_] | None
) -> NDArray[np.uint64]:
    """Hash each subtree by kinds, shapes, order, flow and what is hidden; names do not matter here.

    The flow inside a container is added at the place of its owner, with its ends counted from there.
    """
    local = graph.shape_code.astype(np.uint64) * np.uint64(_MIXERS[0])
    local += graph.kind.astype(np.uint64) * np.uint64(_MIXERS[1])
    local += count.astype(np.uint64) * np.uint64(_MIXERS[2])
    if hidden is not None:
        local += hidden * np.uint64(_MIXERS[3])
    if len(lifted):
        owner = lifted.owner.astype(np.int64)
        source, target = (lifted.source - owner).astype(np.uint64), (lifted.target - owner).astype(np.uint64)
        ends = source * np.uint64(_MIXERS[0]) + target
        flow = mix(mix(ends) + lifted.kind.astype(np.uint64) * np.uint64(8) + lifted.provenance.astype(np.uint64))
        flow += mix(ends + np.uint64(1)) * lifted.group.astype(np.uint64)
        begins = np.flatnonzero(np.append(True, owner[1:] != owner[:-1]))
        local[owner[begins]] += np.add.reduceat(flow, begins)
    return subtree_hashes(graph.parent, graph.size, local)
