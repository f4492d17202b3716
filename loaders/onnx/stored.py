"""Where the data of tensors is, checked: in the file itself, or in files beside it, which are never opened."""

import os
import re
import stat
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path

from ...errors import InputError
from ..files import DAMAGED, input_error, not_regular, plain_text, unreadable
from .data_types import DATA_TYPES
from .parts import Tensor

__all__ = ["Storage", "Stored"]

_RAW, _TEXTS = 9, 6
_MAX_VARINT = 10
_NUMBER = re.compile(r"[0-9]{1,19}")
_LEAVES = re.compile(r"[/\\]|[A-Za-z]:" + (r"|.*:" if os.name == "nt" else ""))  # a root, a drive, an NTFS stream
_BLOBS = "blobs"


@dataclass(frozen=True, slots=True)
class Stored:
    """What is known of a tensor's data.

    Attributes
    ----------
    file : str or None
        Relative to the model's folder; None where there are no data.
    offset : int
        -1 where the values do not stand in a row.
    elements : int or None
        Stored ones, where the shape does not tell.
    """

    shape: tuple[int, ...]
    nbytes: int
    file: str | None
    offset: int
    elements: int | None = None


class Storage:
    """Checks where tensors say their data are.

    Parameters
    ----------
    path : str
        Of the model.

    Attributes
    ----------
    missing : dict of str to int
        Files that are not there, and how many tensors they would hold.
    bare : int
        Tensors without data, as files have whose weights were stripped.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._folder = Path(path).parent
        self._own = Path(path).name
        self._sizes: dict[str, int | None] = {}
        self._named: dict[str, str] = {}
        self.missing: dict[str, int] = {}
        self.bare = 0

    def look(self, tensor: Tensor) -> Stored:
        """Return where a tensor's data are.

        Raises
        ------
        InputError
            When shape, type and data contradict each other or the file, or lie outside the model's folder.
        """
        if tensor.sparse is not None:
            return self._sparse(tensor, *tensor.sparse)
        shape = self._shape(tensor.name, tensor.dims)
        elements = prod(shape)
        known = DATA_TYPES.get(tensor.data_type)
        size = None if known is None or not known[1] else -(-elements * known[1] // 8)
        if tensor.external is not None:
            return self._external(tensor, tensor.external, shape, size)
        if not tensor.source and elements:
            self.bare += 1
            return Stored(shape, 0, None, -1)
        if tensor.source == _TEXTS or (known is not None and not known[1]):
            if tensor.entries != elements:
                raise self._contradiction(tensor, f"{tensor.entries:,} texts", f"{elements:,}")
            return Stored(shape, tensor.length, self._own, -1)
        if size is None:
            return Stored(shape, tensor.length, self._own, tensor.start)
        self._check_length(tensor, elements, size)
        return Stored(shape, size, self._own, tensor.start)

    def warnings(self) -> list[str]:
        """Return what a user should know, one line each."""
        said: list[str] = []
        if self.missing:
            listed = ", ".join(plain_text(name, 120) for name in list(self.missing)[:50])
            lost = sum(self.missing.values())
            said.append(f"{len(self.missing)} external files are missing, which hold {lost:,} tensors: {listed}")
        if self.bare:
            said.append(f"{self.bare:,} tensors have no data in the file, only shapes")
        return said

    # ---------------------------------------------------------------- in the file
    def _shape(self, name: str, dims: list[int]) -> tuple[int, ...]:
        if any(d < 0 for d in dims) or prod(d for d in dims if d) >= 2**60:
            problem = f"tensor {plain_text(name, 120)!r} has the impossible shape {plain_text(str(dims), 120)}"
            raise input_error(self._path, problem, DAMAGED)
        return tuple(dims)

    def _check_length(self, tensor: Tensor, elements: int, size: int) -> None:
        bits = DATA_TYPES[tensor.data_type][1]
        if tensor.source == _RAW or tensor.start >= 0:  # the bytes of the values, as they are
            if tensor.length != size:
                raise self._contradiction(tensor, f"{tensor.length:,} bytes", f"{size:,}")
            return
        numbers = -(-elements * bits // 8) if bits in (2, 4) else elements * (2 if tensor.data_type in (14, 15) else 1)
        if tensor.source in (4, 10):  # floats one by one
            fits = tensor.entries + tensor.length // (4 if tensor.source == 4 else 8) == numbers
        else:  # a packed number takes one to ten bytes
            fits = (
                tensor.length <= _MAX_VARINT * (numbers - tensor.entries) and tensor.length >= numbers - tensor.entries
            )
        if not fits:
            held = f"{tensor.entries:,} numbers and {tensor.length:,} bytes of packed ones"
            raise self._contradiction(tensor, held, f"{numbers:,}")

    def _contradiction(self, tensor: Tensor, held: str, needed: str) -> InputError:
        name = DATA_TYPES[tensor.data_type][0] if tensor.data_type in DATA_TYPES else f"type {tensor.data_type}"
        problem = f"tensor {plain_text(tensor.name, 120)!r} {tensor.dims} of {name} holds {held}"
        return input_error(self._path, problem, f"its shape and type need {needed}")

    def _sparse(self, tensor: Tensor, indices: Tensor, dims: list[int]) -> Stored:
        shape = self._shape(tensor.name, dims)
        values = self.look(replace(tensor, sparse=None))
        positions = self.look(replace(indices, name=f"{tensor.name} (indices)"))
        count = prod(values.shape)
        if len(values.shape) != 1 or prod(positions.shape) not in (count, count * len(shape)) or count > prod(shape):
            problem = (
                f"sparse tensor {plain_text(tensor.name, 120)!r} {dims} has {tensor.dims} values at {indices.dims}"
            )
            raise input_error(self._path, problem, "each value needs one position")
        return Stored(shape, values.nbytes + positions.nbytes, values.file, values.offset, count)

    # ---------------------------------------------------------------- in other files
    def _external(self, tensor: Tensor, said: dict[str, str], shape: tuple[int, ...], size: int | None) -> Stored:
        file = self._inside(said.get("location", ""), tensor.name)
        offset, length = (self._number(tensor.name, key, said.get(key)) for key in ("offset", "length"))
        if size is not None and length is not None and length != size:
            raise self._contradiction(tensor, f"{length:,} bytes of {plain_text(file, 120)}", f"{size:,}")
        nbytes = next((n for n in (size, length) if n is not None), 0)
        available = self._size(file)
        if available is None:
            self.missing[file] = self.missing.get(file, 0) + 1
        elif (offset or 0) + nbytes > available:
            end = (offset or 0) + nbytes
            problem = f"tensor {plain_text(tensor.name, 120)!r} ends at byte {end:,} of {plain_text(file, 120)}"
            raise input_error(self._path, problem, f"that file has {available:,}")
        return Stored(shape, nbytes, file, offset or 0)

    def _number(self, name: str, key: str, value: str | None) -> int | None:
        if value is None:
            return None
        if not _NUMBER.fullmatch(value):
            problem = f"tensor {plain_text(name, 120)!r} has the external {key} {plain_text(value, 60)!r}"
            raise input_error(self._path, problem, "a number of bytes is needed")
        return int(value)

    def _inside(self, location: str, name: str) -> str:
        """Return the location as a plain relative path.

        Raises
        ------
        InputError
            When it leads out of the folder, by its text or by links.
        """
        known = self._named.get(location)
        if known is not None:
            return known
        parts = [part for part in re.split(r"[/\\]", location) if part not in ("", ".")]
        leaves = bool(_LEAVES.match(location)) or "\0" in location or ".." in parts
        if leaves or not parts or not self._stays(parts):
            problem = f"tensor {plain_text(name, 120)!r} has its data at {plain_text(location, 200)!r}"
            raise input_error(self._path, problem, "external data must lie in the model's folder")
        self._named[location] = "/".join(parts)
        return self._named[location]

    def _stays(self, parts: list[str]) -> bool:
        """Return whether links lead nowhere else.

        A hub cache links its files to the folder "blobs" of the same model.
        """
        home = Path(os.path.realpath(self._folder))
        place = Path(os.path.realpath(self._folder.joinpath(*parts[:-1])))
        if not place.is_relative_to(home):
            return False
        target = Path(os.path.realpath(self._folder.joinpath(*parts)))
        if target.is_relative_to(home):
            return True
        snapshots = next((folder for folder in home.parents if folder.name == "snapshots"), None)
        return snapshots is not None and target.parent == snapshots.parent / _BLOBS

    def _size(self, file: str) -> int | None:
        """Return the bytes of a file in the folder, None when it is not there. It is not opened."""
        if file not in self._sizes:
            path = str(self._folder / file)
            try:
                status = os.stat(path)  # noqa: PTH116
            except (FileNotFoundError, NotADirectoryError):
                self._sizes[file] = None
            except (OSError, ValueError) as error:
                raise unreadable(path, error) from error
            else:
                if not stat.S_ISREG(status.st_mode):
                    raise not_regular(path)
                self._sizes[file] = status.st_size
        return self._sizes[file]
