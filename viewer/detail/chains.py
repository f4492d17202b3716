"""Long chains of containers with one child each: the cut goes through such a chain in one step, not link by link."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Chains", "before", "reached"]

_LONG = 8  # shorter chains are not worth it: what lies beyond their closed links would be looked at in vain


@dataclass(frozen=True, eq=False)
class Chains:
    """The chains of a tree whose nodes are numbered in pre-order.

    Attributes
    ----------
    end : ndarray of int64, shape (N,)
        The last node of the chain that a node is in: the links between have the numbers between. A node that is in no
        long chain is its own end.
    """

    end: NDArray[np.int64]

    @classmethod
    def of(cls, child_start: NDArray[np.int64], child_order: NDArray[np.int64]) -> "Chains | None":
        """Find the chains among drawn children as a `CutTree` has them; None where there are no long ones."""
        n = len(child_start) - 1
        goes_on = np.flatnonzero(np.diff(child_start) == 1)
        goes_on = goes_on[child_order[child_start[goes_on]] == goes_on + 1]
        ends = np.ones(n, bool)
        ends[goes_on] = False
        last = np.flatnonzero(ends)  # of every chain, the short ones too
        length = np.diff(last, prepend=-1)
        if length.max() < _LONG:
            return None
        end = np.arange(n)
        for stop, links in zip(last[length >= _LONG].tolist(), length[length >= _LONG].tolist(), strict=True):
            end[stop - links + 1 : stop + 1] = stop
        return cls(end)

    def links(self, nodes: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Return nodes, each followed by the rest of its chain.

        Returns
        -------
        links : ndarray of int64, shape (L,)
        of : ndarray of int64, shape (L,)
            The row in `nodes` of the first of each one's chain.
        start : ndarray of int64, shape (L,)
            The row in `links` of that.
        """
        count = self.end[nodes] - nodes + 1
        first = np.cumsum(count) - count
        of = np.repeat(np.arange(len(nodes)), count)
        start = first[of]
        return nodes[of] + np.arange(len(of)) - start, of, start


def before(values: NDArray[np.float64], start: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return for each link the sum of the values of those before it in its chain."""
    total = np.cumsum(values) - values
    return total - total[start]


def reached(passes: NDArray[np.bool_], start: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return the links before which every link of their chain lets one pass."""
    return before((~passes).astype(np.float64), start) == 0
