"""Natural sizes: how large a thing would be drawn if nothing had to fit into anything.

The unit is the square root of a tensor's dimension, so that a matrix of [2048, 7168] is 45 x 85 and
shapes can be compared by eye. Along u runs what comes out (the first dimension), along v what goes in.
"""

from collections.abc import Sequence
from math import prod, sqrt

import numpy as np
from numpy.typing import NDArray

from ..graph.kinds import NodeKind

__all__ = ["SLENDEREST", "STANDS", "footprints", "module_area", "rim"]

# No drawn tensor is more slender than this, or it would be a hair.
SLENDEREST = 12.0
# Rim that a run of only children leaves free, as a part of the smaller side, were the run endless.
_RIM = 0.03
# Kinds whose tensors stand as tall plates that fill their slot, whatever their proportions: vocabularies
# are so much longer than anything else that to scale they would be hairs, or the stack would shrink.
STANDS = np.isin(np.arange(256), (NodeKind.EMBEDDING, NodeKind.OUTPUT))  # by kind


def footprints(shapes: Sequence[tuple[int, ...]]) -> NDArray[np.float64]:
    """Return (u, v) of each shape; the last row is that of what has no shape.

    A vector is a bar that lies along u. Beyond two dimensions the first is u and the product of the
    others v, so a convolution [O, I, kh, kw] is O x (I * kh * kw). Leading ones are no dimension: a mask
    [1, 1, 1024, 1024] is a square.
    """
    sizes = np.empty((len(shapes) + 1, 2))
    sizes[-1] = 4.0, 3.0
    for k, shape in enumerate(shapes):
        while len(shape) > 2 and shape[0] == 1 and (len(shape) == 3 or shape[1] == 1):
            shape = shape[1:]
        u = sqrt(max(shape[0], 1)) if shape else 1.0
        v = sqrt(max(prod(shape[1:]), 1))
        sizes[k] = max(u, v / SLENDEREST), max(v, u / SLENDEREST)
    return sizes


def rim(step: NDArray[np.int32] | int) -> NDArray[np.float64]:
    """Return the rim between a run's head and its member at `step`, as a part of the smaller side.

    It grows ever slower, so that the last of 100,000 nested containers still has a size.
    """
    depth = np.asarray(step, np.float64)
    return _RIM * depth / (depth + 1.0)


def module_area(parameters: int, nodes: int) -> float:
    """Return the natural area of a module by what is in it, damped so that nothing is invisible."""
    return sqrt(max(parameters, 0)) + 4.0 * nodes**0.8
