"""A tree from dotted tensor names, with repeated blocks built once."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Fragment", "NameTable", "numeric_key", "tree_of_names"]

_FIRST_INDEX = re.compile(r"(?:^|\.)[0-9]+\.")
# Blocks nest by numbered parts (layers.3.experts.17.): deeper than this is not worth sharing.
_MAX_SHARED_NESTING = 16


class NameTable:
    """Interned strings: code -> name and back."""

    def __init__(self) -> None:
        self._codes: dict[str, int] = {}

    def code(self, name: str) -> int:
        """Return the code of `name`, adding it when new."""
        return self._codes.setdefault(name, len(self._codes))

    @property
    def names(self) -> tuple[str, ...]:
        """All names, by code."""
        return tuple(self._codes)


@dataclass(frozen=True, slots=True)
class Fragment:
    """A forest in pre-order, before it is part of a graph.

    Attributes
    ----------
    parent : ndarray of int32, shape (K,)
        Position of the parent in the fragment; -1 for a top node.
    size : ndarray of int32, shape (K,)
        Nodes in the subtree, itself included.
    depth : ndarray of int32, shape (K,)
        0 for a top node.
    name_code : ndarray of int32, shape (K,)
    leaf : ndarray of int32, shape (K,)
        Which of the names this node is (its position in the list), -1 for a module.
    """

    parent: NDArray[np.int32]
    size: NDArray[np.int32]
    depth: NDArray[np.int32]
    name_code: NDArray[np.int32]
    leaf: NDArray[np.int32]


def tree_of_names(names: Sequence[str], table: NameTable) -> Fragment:
    """Build the tree of dotted names; siblings keep the order of first appearance, numbered ones sort by number.

    Names are grouped by what stands before and in their first numbered part ("model.layers.3."). Equal
    lists of remainders give one shared block, so 58 equal layers of 256 equal experts cost one expert and
    one layer, and numpy repeats them (92k names: about 60 ms, against 600 ms for a dict trie).

    Raises
    ------
    ValueError
        When a name occurs twice.
    """
    return _Builder(table).build(tuple(names), 0)


class _Builder:
    def __init__(self, table: NameTable) -> None:
        self._table = table
        self._shared: dict[tuple[str, ...], Fragment] = {}

    def build(self, names: tuple[str, ...], nesting: int) -> Fragment:
        found = self._shared.get(names)
        if found is None:
            found = self._shared[names] = self._assemble(names, nesting)
        return found

    def _assemble(self, names: tuple[str, ...], nesting: int) -> Fragment:
        plain, groups = _split(names) if nesting < _MAX_SHARED_NESTING else (range(len(names)), {})
        trie = _Trie()
        for i in plain:
            trie.add(names[i].split("."), leaf=i, first=i)
        for prefix, (tails, ids) in groups.items():
            block = self.build(tuple(tails), nesting + 1)
            trie.mount(prefix[:-1].split("."), block, np.array(ids, np.int32))
        return trie.flatten(self._table)


def numeric_key(digits: str) -> tuple[int, str, str]:
    """Sort key of a decimal string, by value; never `int`, which refuses more than 4300 digits."""
    bare = digits.lstrip("0")
    return len(bare), bare, digits


def _split(names: tuple[str, ...]) -> tuple[list[int], dict[str, tuple[list[str], list[int]]]]:
    """Separate names without an inner number from groups that share a prefix up to their first one."""
    plain: list[int] = []
    groups: dict[str, tuple[list[str], list[int]]] = {}
    prefix, cut = "\0", 1
    tails: list[str] = []
    ids: list[int] = []
    for i, name in enumerate(names):
        if not name.startswith(prefix):  # neighbours mostly share it: the search runs once a block
            match = _FIRST_INDEX.search(name)
            if match is None:
                plain.append(i)
                continue
            cut = match.end()
            prefix = name[:cut]
            tails, ids = groups.setdefault(prefix, ([], []))
        tails.append(name[cut:])
        ids.append(i)
    return plain, groups


class _Trie:
    """The few nodes around shared blocks; children are dicts, so they keep insertion order."""

    def __init__(self) -> None:
        self._children: list[dict[str, int]] = [{}]
        self._leaf: list[int] = [-1]
        self._block: dict[int, tuple[Fragment, NDArray[np.int32]]] = {}
        self._first: list[int] = [-1]  # the first of the names below: what orders siblings

    def _walk(self, parts: list[str], first: int) -> int:
        node = 0
        for part in parts:
            children = self._children[node]
            child = children.get(part)
            if child is None:
                child = children[part] = len(self._children)
                self._children.append({})
                self._leaf.append(-1)
                self._first.append(first)
            elif first < self._first[child]:
                self._first[child] = first
            node = child
        return node

    def add(self, parts: list[str], leaf: int, first: int) -> None:
        node = self._walk(parts, first)
        if self._leaf[node] >= 0:
            raise ValueError(f"the name {'.'.join(parts)!r} occurs twice")
        self._leaf[node] = leaf

    def mount(self, parts: list[str], block: Fragment, ids: NDArray[np.int32]) -> None:
        self._block[self._walk(parts, int(ids[0]))] = (block, ids)

    def flatten(self, table: NameTable) -> Fragment:
        """Write the trie and its blocks out in pre-order."""
        parents: list[NDArray[np.int32]] = []
        sizes: list[NDArray[np.int32]] = []
        depths: list[NDArray[np.int32]] = []
        codes: list[NDArray[np.int32]] = []
        leaves: list[NDArray[np.int32]] = []
        one = np.empty(1, np.int32)
        # (node, its name, position of its parent, depth); a visit to None closes the subtree opened last
        todo = [(child, name, -1, 0) for name, child in reversed(self._ordered(0))]
        open_nodes: list[tuple[int, int]] = []  # (index into `sizes`, position) of the path to here
        position = 0

        def close(depth: int) -> None:
            while len(open_nodes) > depth:
                k, start = open_nodes.pop()
                sizes[k] = np.array([position - start], np.int32)

        while todo:
            node, name, parent, depth = todo.pop()
            close(depth)
            open_nodes.append((len(sizes), position))
            parents.append(np.array([parent], np.int32))
            sizes.append(one)
            depths.append(np.array([depth], np.int32))
            codes.append(np.array([table.code(name)], np.int32))
            leaves.append(np.array([self._leaf[node]], np.int32))
            here = position
            position += 1
            mounted = self._block.get(node)
            if mounted is not None:
                block, ids = mounted
                # A block's own -1 parents hang on this node; a trie node may have both a block and children.
                parents.append(np.where(block.parent < 0, here, block.parent + position).astype(np.int32))
                sizes.append(block.size)
                depths.append(block.depth + np.int32(depth + 1))
                codes.append(block.name_code)
                leaves.append(np.where(block.leaf < 0, -1, ids[block.leaf]).astype(np.int32))
                position += len(block.parent)
            todo.extend((child, part, here, depth + 1) for part, child in reversed(self._ordered(node)))
        close(0)
        return Fragment(*(np.concatenate(c) if c else np.empty(0, np.int32) for c in (parents, sizes, depths, codes, leaves)))

    def _ordered(self, node: int) -> list[tuple[str, int]]:
        children = list(self._children[node].items())
        if len(children) > 1:
            if all(name.isdecimal() for name, _ in children):
                children.sort(key=lambda item: numeric_key(item[0]))
            else:
                children.sort(key=lambda item: self._first[item[1]])
        return children
