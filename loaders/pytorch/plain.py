"""Plain pickles (pickle.dump, not torch.save) that hold a state dict of arrays or tensors, values and all."""

import io
import os
from typing import Any

from ...errors import InputError
from ..files import DAMAGED, input_error, read_at
from ..limits import LoadLimits
from ..untyped import is_tuple
from .inert_pickle import InertUnpickler, foreign_warning, pickle_file
from .pickled_arrays import array_globals
from .torch_globals import known_globals

__all__ = ["is_plain_pickle", "read_plain"]

_NEEDED = "a tensor that was pickled with its storage is needed"


def is_plain_pickle(head: bytes) -> bool:
    """Return whether a file begins as pickles of protocol 2 to 5 do."""
    return head[:1] == b"\x80" and 2 <= int.from_bytes(head[1:2], "little") <= 5


class _Storages:
    """Storages whose bytes stand in the pickle: they have a size but no place that could be mapped."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._sizes: dict[str, int] = {}

    def locate(self, key: str) -> tuple[int, int]:
        size = self._sizes.get(key)
        if size is None:
            raise input_error(self.path, f"has no data for the storage {key[:100]!r}", DAMAGED)
        return -1, size

    def take(self, data: Any) -> Any:
        """Return the description of a storage that ``torch.storage._load_from_bytes`` would make of these bytes."""
        if not isinstance(data, bytes | bytearray):
            raise input_error(self.path, "has a storage without bytes", _NEEDED)
        file = io.BytesIO(data)
        try:
            parts = [InertUnpickler(file, known_globals()).load() for _ in range(5)]  # as `legacy`, but of a storage
        except Exception as error:  # a damaged pickle raises nearly every type of error
            raise input_error(self.path, "has a damaged storage", _NEEDED) from error
        description = parts[3]
        if not is_tuple(description) or len(description) < 5:
            raise input_error(self.path, "has a storage of an unknown kind", _NEEDED)
        key = str(len(self._sizes))
        self._sizes[key] = max(len(data) - file.tell() - 8, 0)
        return (*description[:2], key, *description[3:5])


def read_plain(fd: int, path: str, limits: LoadLimits, warnings: list[str]) -> tuple[Any, _Storages]:
    """Return the object of an open file, and where its storages are.

    Raises
    ------
    InputError
        When it is damaged or larger than the limits: its values must be read to get to its names.
    """
    size = os.fstat(fd).st_size
    if size > limits.pickle_bytes:
        problem = f"is a pickle of {size:,} bytes, whose values must be read to see what they are"
        raise input_error(path, problem, f"at most {limits.pickle_bytes:,} are read: save it as safetensors")
    storages = _Storages(path)
    known = known_globals() | array_globals() | {"torch.storage._load_from_bytes": storages.take}
    unpickler = InertUnpickler(pickle_file(read_at(fd, size, 0)), known)
    try:
        root = unpickler.read(path)
    except InputError as error:
        if isinstance(error.__cause__, InputError):  # of a storage inside
            raise error.__cause__ from None
        raise
    if unpickler.foreign():
        warnings.append(foreign_warning(unpickler.foreign()))
    return root, storages
