"""PyTorch files from before 1.6 (or written with ``_use_new_zipfile_serialization=False``).

Five pickles one after the other (magic number, protocol, machine, the object, the storages' keys), then each
storage: its number of elements (8 bytes, little-endian) and its values. Before 0.1.10 it was a tar archive.
"""

import io
import os
from typing import Any, BinaryIO

from ..confinement import hand_over
from ..dtypes import BITS, TORCH_STORAGES
from ..files import input_error, not_the_file, read_at
from ..limits import LoadLimits
from ..registry import TORCH_LEGACY_MAGIC
from ..untyped import is_sequence, is_tuple
from .inert_pickle import InertUnpickler, foreign_warning
from .torch_globals import known_globals

__all__ = ["read_legacy"]

_MAGIC = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001
_CUT = "the file is cut short or damaged"
_ITEM_BYTES = {f"torch.{name}Storage": BITS[dtype] // 8 for name, dtype in TORCH_STORAGES.items()}
_ITEM_BYTES["torch.UntypedStorage"] = 1


class _File(io.RawIOBase):
    """The first bytes of an open file, for a reader that must not run on into a model's data."""

    def __init__(self, fd: int, path: str, limit: int) -> None:
        self._fd, self._path, self._left, self._limit = fd, path, limit, limit
        os.lseek(fd, 0, os.SEEK_SET)

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._limit - self._left

    def readinto(self, buffer: Any, /) -> int:
        if not self._left:
            raise input_error(self._path, "has a pickle that does not end", f"at most {self._limit:,} bytes are read")
        data = os.read(self._fd, min(len(buffer), self._left))
        buffer[: len(data)] = data
        self._left -= len(data)
        hand_over(len(data))
        return len(data)


class _Unpickler(InertUnpickler):
    """Remembers what storages the pickle names: only that tells how large their elements are."""

    def __init__(self, file: BinaryIO, known: dict[str, Any]) -> None:
        super().__init__(file, known)
        self.storages: dict[Any, Any] = {}

    def persistent_load(self, pid: Any, /) -> Any:
        if is_tuple(pid) and len(pid) >= 5 and isinstance(pid[1], str) and isinstance(pid[2], str | int):
            self.storages[pid[2]] = pid[1]
        return super().persistent_load(pid)


class _Storages:
    """Storages that follow each other after the pickles."""

    def __init__(self, path: str, places: dict[str, tuple[int, int]]) -> None:
        self.path = path
        self._places = places

    def locate(self, key: str) -> tuple[int, int]:
        place = self._places.get(key)
        if place is None:
            raise input_error(self.path, f"has no data for the storage {key!r}", _CUT)
        return place


def read_legacy(fd: int, path: str, limits: LoadLimits, warnings: list[str]) -> tuple[Any, _Storages]:
    """Return the object of an open file, and where its storages are.

    Raises
    ------
    InputError
        When it is no such file, or is damaged.
    """
    head = read_at(fd, 512, 0)
    not_the_file(path, head)
    if TORCH_LEGACY_MAGIC not in head[:32]:
        if head[257:262] == b"ustar":
            remedy = "open it with torch < 2 and torch.save() what torch.load() returns"
            raise input_error(path, "is a PyTorch tar archive of before 2017, which is not supported", remedy)
        raise input_error(path, "is no PyTorch file", "torch.save writes a zip archive or, before 1.6, a magic number")
    file = io.BufferedReader(_File(fd, path, limits.pickle_bytes))
    foreign: list[str] = []

    def read(unpickler: InertUnpickler) -> Any:
        found = unpickler.read(path)
        foreign.extend(unpickler.foreign())
        return found

    for wanted, what in ((_MAGIC, "magic number"), (_PROTOCOL, "protocol"), (None, "description of a machine")):
        found = read(InertUnpickler(file, {}))
        if wanted is not None and (type(found) is not int or found != wanted):
            raise input_error(path, f"has no {what} of torch.save", "the file is damaged or of another kind")
    unpickler = _Unpickler(file, known_globals())
    root = read(unpickler)
    keys = read(InertUnpickler(file, {}))
    if foreign:
        warnings.append(foreign_warning(list(dict.fromkeys(foreign))))
    places = _places(fd, path, file.tell(), keys, unpickler.storages)
    return root, _Storages(path, places)


def _places(fd: int, path: str, at: int, keys: Any, kinds: dict[Any, Any]) -> dict[str, tuple[int, int]]:
    """Return offset and bytes of each storage, in the order of `keys`."""
    size = os.fstat(fd).st_size
    places: dict[str, tuple[int, int]] = {}
    if not is_sequence(keys):
        raise input_error(path, "has no list of its storages", _CUT)
    for key in keys:
        item = _ITEM_BYTES.get(kinds.get(key)) if isinstance(key, str | int) else None  # pyright: ignore[reportArgumentType]
        if item is None or (isinstance(key, int) and not 0 <= key < 2**64):
            raise input_error(path, "has a storage whose type is not known", "a file that torch.save wrote is needed")
        count = read_at(fd, 8, at)
        nbytes = int.from_bytes(count, "little") * item
        if len(count) < 8 or nbytes > size - at - 8:
            raise input_error(path, f"is cut short in its storage {str(key)[:40]!r}", "download or copy it again")
        places[str(key)[:40]] = at + 8, nbytes
        at += 8 + nbytes
    if at != size:
        raise input_error(path, f"has {size - at:,} bytes after its last storage", _CUT)
    return places
