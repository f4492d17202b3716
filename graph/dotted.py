"""A tree from dotted tensor names, with repeated blocks built once."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

__all__ = ["Fragment", "NameTable", "TooManyNamesError", "numeric_key", "tree_of_names"]

_FIRST_INDEX = re.compile(r"(?:^|\.)[0-9]+\.")
# Blocks nest by numbered parts (layers.3.experts.17.): deeper than this is not worth sharing.
_MAX_SHARED_NESTING = 16


class TooManyNamesError(ValueError):
    """More different names than a table may hold."""


class NameTable:
    """Interned strings: code -> name and back.

    Parameters
    ----------
    most : int
        How many it may hold.
    """

    def __init__(self, most: int = 2**31) -> None:
        self._codes: dict[str, int] = {}
        self._most = most

    def code(self, name: str) -> int:
        """Return the code of `name`, adding it when new."""
        code = self._codes.setdefault(name, len(self._codes))
        if code >= self._most:
            raise TooManyNamesError(f"more than {self._most:,} different names")
        return code

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
        self._first_order: dict[frozenset[str], tuple[str, ...]] = {}

    def build(self, names: tuple[str, ...], nesting: int) -> Fragment:
        found = self._shared.get(names)
        if found is None:
            found = (self._in_known_order(names) if nesting else None) or self._assemble(names, nesting)
            self._shared[names] = found
        return found

    def _in_known_order(self, names: tuple[str, ...]) -> Fragment | None:
        """Return the block of the same names in another order, if there was one.

        A layer that is cut by the end of a shard has its names in another order than its neighbours; it is
        no other kind of layer for that.
        """
        key = frozenset(names)
        first = self._first_order.setdefault(key, names)
        if first is names or len(key) != len(names):
            return None
        place = {name: i for i, name in enumerate(names)}
        block = self._shared[first]
        moved = np.array([place[name] for name in first], np.int32)
        return replace(block, leaf=np.where(block.leaf < 0, -1, moved[block.leaf]).astype(np.int32))

    def _assemble(self, names: tuple[str, ...], nesting: int) -> Fragment:
        plain, groups = _split(names) if nesting < _MAX_SHARED_NESTING else (range(len(names)), {})
        trie = _Trie()
        for i in plain:
            trie.add(names[i].split("."), leaf=i, first=i)
        for prefix, (tails, ids) in groups.items():
            block = self.build(tuple(tails), nesting + 1)
            trie.mount(prefix[:-1].split("."), block, np.concatenate(ids))
        return trie.flatten(self._table)


def numeric_key(digits: str) -> tuple[int, str, str]:
    """Sort key of a decimal string, by value; never `int`, which refuses more than 4300 digits."""
    bare = digits.lstrip("0")
    return len(bare), bare, digits


def _split(names: tuple[str, ...]) -> tuple[list[int], dict[str, tuple[list[str], list[NDArray[np.int32]]]]]:
    """Separate names without an inner number from groups that share a prefix up to their first one."""
    plain: list[int] = []
    groups: dict[str, tuple[list[str], list[NDArray[np.int32]]]] = {}
    i, length = 0, 1
    while i < len(names):
        match = _FIRST_INDEX.search(names[i])
        if match is None:
            plain.append(i)
            i += 1
            continue
        cut = match.end()
        prefix = names[i][:cut]
        end = _run_end(names, i, prefix, length)
        length = end - i
        tails, ids = groups.setdefault(prefix, ([], []))
        tails += [name[cut:] for name in names[i:end]]
        ids.append(np.arange(i, end, dtype=np.int32))
        i = end
    return plain, groups


def _run_end(names: tuple[str, ...], start: int, prefix: str, guess: int) -> int:
    """Return the end of a run of names with this prefix that begins at `start` and may be `guess` long.

    Steps double while the prefix holds, and each step is checked as a whole: strings between two that
    share a prefix share it too, so the least and the greatest of a slice tell for all.
    """
    end, step = start + 1, max(1, guess - 1)
    while step:
        chunk = names[end : end + step]
        if chunk and chunk[-1].startswith(prefix) and min(chunk).startswith(prefix) and max(chunk).startswith(prefix):
            end += len(chunk)
            step *= 2
        else:
            step //= 2
    return end


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
        n = len(self._leaf) - 1 + sum(len(block.parent) for block, _ in self._block.values())
        parents, sizes, depths, codes, leaves = (np.empty(n, np.int32) for _ in range(5))
        todo = [(child, name, -1, 0) for name, child in reversed(self._ordered(0))]  # node, name, parent, depth
        opened: list[int] = []  # positions on the path to here
        here = 0
        while todo:
            node, name, parent, depth = todo.pop()
            for start in opened[depth:]:
                sizes[start] = here - start
            del opened[depth:]
            opened.append(here)
            parents[here], depths[here], codes[here], leaves[here] = parent, depth, table.code(name), self._leaf[node]
            todo.extend((child, part, here, depth + 1) for part, child in reversed(self._ordered(node)))
            parent = here
            here += 1
            if node in self._block:
                block, ids = self._block[node]
                at = slice(here, here + len(block.parent))
                parents[at] = np.where(block.parent < 0, parent, block.parent + here)
                sizes[at], codes[at] = block.size, block.name_code
                np.add(block.depth, depth + 1, out=depths[at])
                leaves[at] = np.where(block.leaf < 0, -1, ids[block.leaf])
                here = at.stop
        for start in opened:
            sizes[start] = here - start
        return Fragment(parents, sizes, depths, codes, leaves)

    def _ordered(self, node: int) -> list[tuple[str, int]]:
        children = list(self._children[node].items())
        if len(children) > 1:
            if all(name.isdecimal() for name, _ in children):
                children.sort(key=lambda item: numeric_key(item[0]))
            else:
                children.sort(key=lambda item: self._first[item[1]])
        return children
