"""Tensors added many at once: columns of a whole fragment, without a loop over its nodes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .dotted import Fragment
from .kinds import NodeKind, Provenance

__all__ = ["Bulk"]


@dataclass(slots=True)
class Bulk:
    """Tensors added by dotted names: a fragment and one value a name; `row` stands for all of them."""

    row: int
    fragment: Fragment
    shape_code: NDArray[np.int32]
    dtype_code: NDArray[np.int32]
    file_code: NDArray[np.int32]
    offset: NDArray[np.int64]
    nbytes: NDArray[np.int64]
    parameters: NDArray[np.int64]
    attributes: Mapping[int, Mapping[str, Any]]
    derived: bool

    def places(self, start: int) -> NDArray[np.int64]:
        """Return where each tensor is, in order of the names, when the fragment is placed from `start` on."""
        at = np.flatnonzero(self.fragment.leaf >= 0)
        places = np.empty(len(at), np.int64)
        places[self.fragment.leaf[at]] = at + start
        return places

    def columns(self, start: int, under: int, depth: int) -> dict[str, NDArray[Any]]:
        """Return the columns of the fragment's nodes, placed from `start` on under node `under`."""
        tree = self.fragment
        is_leaf = tree.leaf >= 0
        leaf = tree.leaf[is_leaf]

        def spread(values: NDArray[Any], nothing: int) -> NDArray[Any]:
            column = np.full(len(is_leaf), nothing, values.dtype)
            column[is_leaf] = values[leaf]
            return column

        return {
            "parent": np.where(tree.parent < 0, under, tree.parent + start),
            "size": tree.size,
            "depth": tree.depth + depth,
            "name_code": tree.name_code,
            "kind": np.where(is_leaf, NodeKind.TENSOR, NodeKind.MODULE),
            "provenance": np.full(len(is_leaf), Provenance.DERIVED if self.derived else Provenance.DECLARED),
            "shape_code": spread(self.shape_code, -1),
            "dtype_code": spread(self.dtype_code, -1),
            "file_code": spread(self.file_code, -1),
            "offset": spread(self.offset, -1),
            "bytes": spread(self.nbytes, 0),
            "elements": np.where(is_leaf, 0 if self.derived else -1, 0),
            "parameters": spread(self.parameters, 0),
        }
