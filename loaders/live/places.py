"""Where values lie in memory: tensors are told apart by storage and view, as one storage may hold several."""

from typing import Any, NamedTuple

import torch
from torch.multiprocessing.reductions import StorageWeakRef

__all__ = ["Place", "Places", "Storages"]


class Place(NamedTuple):
    """A part of a storage."""

    storage: int
    view: tuple[Any, ...]


class Storages:
    """Gives tensors their places; while it lives, no storage gets the address of another one that is gone."""

    def __init__(self) -> None:
        self._refs: dict[int, Any] = {}

    def place(self, tensor: torch.Tensor) -> Place:
        """Return the place of a tensor."""
        ref: Any = StorageWeakRef(tensor.untyped_storage())
        self._refs.setdefault(ref.cdata, ref)
        return Place(ref.cdata, (tensor.storage_offset(), tensor.size(), tensor.stride()))


class Places:
    """Which value lies where, as of now."""

    def __init__(self) -> None:
        self.whole: dict[int, int] = {}
        self._views: dict[int, dict[tuple[Any, ...], int]] = {}

    def __contains__(self, place: Place) -> bool:
        return place.view in self._views.get(place.storage, {})

    def get(self, place: Place) -> int | None:
        """Return the value at a place: of the very view where that is known, else of the storage."""
        found = self._views.get(place.storage, {}).get(place.view)
        return self.whole.get(place.storage) if found is None else found

    def put(self, place: Place, value: int) -> None:
        """Note a new value, the latest of its storage."""
        self.whole[place.storage] = value
        self._views.setdefault(place.storage, {})[place.view] = value

    def see(self, place: Place, value: int) -> None:
        """Note that a value can be seen at a place, too."""
        self.whole.setdefault(place.storage, value)
        self._views.setdefault(place.storage, {})[place.view] = value

    def within(self, storage: int) -> set[int]:
        """Return all values in a storage."""
        found = set(self._views.get(storage, {}).values())
        return found | {self.whole[storage]} if storage in self.whole else found

    def overwrite(self, storage: int, value: int) -> None:
        """Note that somebody wrote into a storage: whoever looks into it sees something else."""
        self.whole[storage] = value
        self._views.pop(storage, None)
