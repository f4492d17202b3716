"""Where nodes that were made in any order stand depth first."""

import numpy as np
from numpy.typing import NDArray

from .dotted import numeric_key

__all__ = ["preorder"]


def preorder(
    parent: list[int], code: list[int], weights: list[int], names: tuple[str, ...]
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """Return the pre-order position, subtree size and depth of each row; parents come before children.

    Siblings keep their order, except that siblings whose names are all plain numbers sort by number.

    Parameters
    ----------
    parent, code : list of int
        Of each row: the row of its parent, and the position of its name in `names` (-1 for a fragment's).
    weights : list of int
        Nodes that each row stands for.
    """
    n = len(weights)
    size, depth, offset, used = list(weights), [0] * n, [0] * n, [1] * n
    for i in range(n - 1, 0, -1):
        size[parent[i]] += size[i]
    decimal = [name.isdecimal() for name in names]
    numbered: dict[int, list[int]] = {}
    plain: set[int] = set()
    for i in range(1, n):
        p = parent[i]
        depth[i] = depth[p] + 1
        offset[i] = used[p]
        used[p] += size[i]
        if code[i] < 0 or not decimal[code[i]]:
            plain.add(p)
        else:
            numbered.setdefault(p, []).append(i)
    for p, children in numbered.items():
        if p not in plain and len(children) > 1:
            at = 1
            for i in sorted(children, key=lambda i: numeric_key(names[code[i]])):
                offset[i] = at
                at += size[i]
    position = [0] * n
    for i in range(1, n):
        position[i] = position[parent[i]] + offset[i]
    return np.array(position, np.int32), np.array(size, np.int32), np.array(depth, np.int32)
