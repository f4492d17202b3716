"""Attributes that roles find out, collected and then joined to a graph's own."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..columns import SparseColumn
from ..grouping import group_equal

__all__ = ["RESERVED", "Notes"]

# What roles note, and summary and viewer take at their word. A module's own attributes may be called the same and mean
# anything, so loaders keep them apart.
RESERVED = frozenset(
    """architecture experts fused_tensors head_dim heads hidden_size kv_heads layers model_type qk_head_dim role
    shared_experts slice_index slice_of tied_to top_k vocab_size""".split()  # noqa: SIM905
)


class Notes:
    """Attribute values for node ids; what the loader declared stays."""

    def __init__(self) -> None:
        self._found: dict[str, list[tuple[NDArray[np.int32], Sequence[Any]]]] = {}

    def add(self, key: str, ids: NDArray[np.int32], value: Any) -> None:
        """Give all of `ids` one value; None is left out."""
        if value is not None and len(ids):
            self._found.setdefault(key, []).append((ids, [value] * len(ids)))

    def add_each(self, key: str, ids: NDArray[np.int32], values: Sequence[Any]) -> None:
        """Give each of `ids` its own value."""
        if len(ids):
            self._found.setdefault(key, []).append((ids, values))

    def joined(self, declared: Mapping[str, SparseColumn]) -> dict[str, SparseColumn]:
        """Return all attribute columns, declared and found."""
        columns = dict(declared)
        for key, found in self._found.items():
            own = [(declared[key].ids, declared[key].values)] if key in declared else []
            ids = np.concatenate([ids for ids, _ in own + found])
            values = np.empty(len(ids), object)
            at = 0
            for part_ids, part_values in own + found:
                values[at : at + len(part_ids)] = part_values
                at += len(part_ids)
            first, _ = group_equal(ids)  # the first of equal ids is the declared one
            columns[key] = SparseColumn(ids[first].astype(np.int32), values[first].tolist())
        return columns
