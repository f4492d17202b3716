"""What a router is asked for: which children of a container are to be joined, and which ways share a trunk."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["ADD", "NO_LANE", "READ", "SELF", "Links", "bundles"]

SELF = -1  # stands for the container itself as an end of a link
NO_LANE, READ, ADD = 0, 1, 2  # whether a link leads from, or to, the container's own residual stream
_FAN_IN = 4  # ways to one child that are joined; fewer keep their order at its side


@dataclass(frozen=True, eq=False)
class Links:
    """Ways to be found in one container, one row a way.

    Attributes
    ----------
    source, target : ndarray of int64, shape (m,)
        Children by position; `SELF` for the container.
    kind, provenance : ndarray of uint8, shape (m,)
    backward : ndarray of bool, shape (m,)
        Closes a cycle.
    inlet : ndarray of int64, shape (m,)
        Ways that enter the container with the same number carry the same.
    lane : ndarray of int64, shape (m,)
        `NO_LANE`, `READ` or `ADD`.
    leave, enter : ndarray of float64, shape (m,)
        Heights at which a stream must leave and enter, NaN for any.
    width : ndarray of float64, shape (m,)
        Of the ribbon of a stream; 0 for all else, which is as broad as there is room for.
    at : ndarray of float64, shape (m,)
        Where on its lower side a child is joined to the residual lane right below it, 0 to 1.
    """

    source: NDArray[np.int64]
    target: NDArray[np.int64]
    kind: NDArray[np.uint8]
    provenance: NDArray[np.uint8]
    backward: NDArray[np.bool_]
    inlet: NDArray[np.int64]
    lane: NDArray[np.int64]
    leave: NDArray[np.float64]
    enter: NDArray[np.float64]
    width: NDArray[np.float64]
    at: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.source)

    @property
    def plain(self) -> NDArray[np.bool_]:
        """Whether the router is free to choose the ends: the way is no part of a stream."""
        return (self.lane == NO_LANE) & (self.width == 0)


def bundles(links: Links) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the net of each link, and whether that gathers ways to one target.

    Ways from one source share a trunk that splits near the targets: it is one output. Where many come together in one
    child, they share the trunk to it instead, unless their source has even more to share.
    """
    plain = links.plain
    # What enters is told apart by what it carries. Numbered densely: these numbers are as far apart as node ids.
    _, origin = np.unique((links.source + 1) * (int(links.inlet.max()) + 1) + links.inlet, return_inverse=True)
    fan_out = np.bincount(origin[plain], minlength=int(origin.max()) + 1)[origin]
    fan_in = np.bincount(links.target[plain] + 1, minlength=int(links.target.max()) + 2)[links.target + 1]
    gathers = plain & (fan_in >= _FAN_IN) & (fan_in > fan_out)
    apart = int(origin.max()) + 1
    key = np.where(gathers, apart + links.target + 1, origin)
    key = np.where(plain, key, apart + int(links.target.max()) + 2 + np.arange(len(links)))
    _, net = np.unique(key, return_inverse=True)
    return net, gathers
